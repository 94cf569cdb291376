"""Why a task is where it is, in words and as data: plain rules over a snapshot of what bears on it.

`snapshot` is what they look at, `waits` and `limits` find what an unended task waits for, `ends` tells why an ended one
ended, `estimates` says when it may go on, and `explaining` puts it together. No storage here.
"""

from fairlane.domain.explanation.explaining import explain, explanation_view
from fairlane.domain.explanation.snapshot import LaneDepth, Snapshot
from fairlane.domain.explanation.waits import Reason, Wait

__all__ = ["LaneDepth", "Reason", "Snapshot", "Wait", "explain", "explanation_view"]
