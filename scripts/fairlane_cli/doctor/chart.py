"""What the doctor looks at, asked of the API: everything once, the lanes twice, for only so a trend is seen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fairlane_client import Client
from fairlane_client.models import Explanation, FailedDelivery, Function, Lane, Subscription, Task, Usage

#: Tasks that were created since then tell how functions do.
RECENT = timedelta(hours=1)
#: Of each, at most so many are looked at.
MOST_TASKS = 300
MOST_DELIVERIES = 200
_PAGE = 100
#: Pages that are gone through to find one queued task; a page may be empty.
_MOST_PAGES = 10


@dataclass(frozen=True)
class LaneLooks:
    """One lane, seen twice."""

    first: Lane
    then: Lane

    @property
    def stands_still(self) -> bool:
        """Active, with messages, and nothing moved between the two looks."""
        looks = (self.first, self.then)
        idle = all(look["status"] == "active" and look["depth"] > 0 and not look["running"] for look in looks)
        return idle and self.then["depth"] >= self.first["depth"]


@dataclass(frozen=True)
class Chart:
    """All that was seen of one tenant."""

    at: datetime
    #: Between the two looks at lanes.
    apart_s: float
    lanes: Mapping[str, LaneLooks]
    functions: Sequence[Function]
    usage: Usage
    #: The newest first, of `RECENT`.
    tasks: Sequence[Task]
    subscriptions: Sequence[Subscription]
    #: Results that were given up.
    failed_deliveries: Sequence[FailedDelivery]
    #: Of lanes in which nothing moved: why one of their queued tasks waits; None when none is queued. A lane is left
    #: out when that could not be found out with a few requests.
    waiting: Mapping[str, Explanation | None] = field(default_factory=dict)


def take_chart(client: Client, now: Callable[[], datetime], sleep: Callable[[float], None], apart_s: float) -> Chart:
    """Looks and changes nothing."""
    first = {lane["lane"]: lane for lane in client.list_lanes()}
    sleep(apart_s)
    lanes = {lane["lane"]: LaneLooks(first.get(lane["lane"], lane), lane) for lane in client.list_lanes()}
    at = now()
    return Chart(
        at=at,
        apart_s=apart_s,
        lanes=lanes,
        functions=list(client.list_functions()),
        usage=client.get_usage(),
        tasks=_recent(client, at - RECENT),
        subscriptions=list(client.list_subscriptions()),
        failed_deliveries=_failed_deliveries(client),
        waiting=_waiting(client, lanes),
    )


def _recent(client: Client, since: datetime) -> list[Task]:
    found: list[Task] = []
    for task in client.list_tasks(created_after=since.isoformat(timespec="milliseconds")):
        found.append(task)
        if len(found) >= MOST_TASKS:
            break
    return found


def _failed_deliveries(client: Client) -> list[FailedDelivery]:
    found: list[FailedDelivery] = []
    for delivery in client.list_deliveries(status="failed"):
        found.append(delivery)
        if len(found) >= MOST_DELIVERIES:
            break
    return found


def _waiting(client: Client, lanes: Mapping[str, LaneLooks]) -> dict[str, Explanation | None]:
    found: dict[str, Explanation | None] = {}
    for name, looks in lanes.items():
        if looks.stands_still:
            queued, is_certain = _queued_task(client, name)
            if queued or is_certain:
                found[name] = client.explain_task(queued["id"]) if queued else None
    return found


def _queued_task(client: Client, lane: str) -> tuple[Task | None, bool]:
    """One that waits for its first attempt, and whether it is certain that there is none."""
    cursor = None
    for _ in range(_MOST_PAGES):
        page = client.task_page(lane=lane, status="queued", limit=_PAGE, cursor=cursor)
        if page["items"]:
            return page["items"][0], False
        cursor = page["cursor"]
        if cursor is None:
            return None, True
    return None, False
