"""What of a task somebody must come back to: an entry of the sparse index `attention`.

A task that runs its plain way has none, and pays for none. It has one at most: each status wants another kind.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """Why an item is noted."""

    #: No message holds the task; the janitor sends one at that time.
    DUE = "due"
    #: A waiting task: without its callback (or a heartbeat) by then the attempt is over.
    DEADLINE = "deadline"
    #: An end that was committed without holding the lane message: its result may not have been sent.
    UNSENT = "unsent"
    #: A bulk operation that has not ended.
    OPERATION = "operation"


#: Kinds of tasks that have not ended, and that no lane message holds.
WITHOUT_MESSAGE = (Kind.DUE, Kind.DEADLINE)


@dataclass(frozen=True)
class Attention:
    """The entry: why, and from when on."""

    kind: Kind
    at: datetime
