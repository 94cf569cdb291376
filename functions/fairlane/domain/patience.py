"""How long an attempt that may not start waits in process, and for how long its message is hidden then.

Waiting in process is back-pressure onto the mapping: who waits receives nothing. So where nothing else of the lane
could run, it is worth its while; where another function could, the message makes way soon.
"""

from collections.abc import Callable
from datetime import timedelta

from fairlane.domain.slots import Cause

FOR_THE_LANE = timedelta(seconds=20)
FOR_A_FUNCTION = timedelta(seconds=2)
#: Reading the slots again: after this, and each time so much later, up to the last.
FIRST_LOOK, SLOWER, LAST_LOOK = timedelta(milliseconds=200), 1.5, timedelta(seconds=2)
#: (first, longest) time in hiding; doubled with each receive.
AFTER_THE_LANE = (1.0, 10.0)
AFTER_A_FUNCTION = (1.0, 30.0)
AFTER_A_PAUSE = (5.0, 30.0)


def patience(cause: Cause, *, holds_some: bool) -> timedelta:
    """How long to wait. Who holds one of the slots itself will have it back, and waits longer."""
    if not cause.is_of_function:
        return FOR_THE_LANE if not holds_some else timedelta(hours=1)
    return FOR_THE_LANE if holds_some else FOR_A_FUNCTION


def hidden(cause: Cause | None, received: int, random: Callable[[], float]) -> timedelta:
    """For how long to hide a message that was received so often, for that cause (None: a pause). With jitter."""
    if cause is None:
        first, longest = AFTER_A_PAUSE
    else:
        first, longest = AFTER_A_FUNCTION if cause.is_of_function else AFTER_THE_LANE
    ceiling = min(longest, first * 2.0 ** min(max(0, received - 1), 10))
    return timedelta(seconds=ceiling * (0.5 + random() / 2))


def next_look(interval: timedelta) -> timedelta:
    """The interval that follows."""
    return min(LAST_LOOK, interval * SLOWER)
