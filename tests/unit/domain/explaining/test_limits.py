"""Each limit that may be reached, with its text: the bounds are those of the dispatcher's slots."""

import pytest

from fairlane.domain.explanation import LaneDepth, Reason, Snapshot, explain, explanation_view
from fairlane.domain.pressure import Pressure
from fairlane.domain.rate import Rate
from fairlane.domain.slots import TENANT as TENANT_SCOPE
from fairlane.domain.slots import Lease, Slots, function_scope, lane_scope
from fairlane.domain.task import Status
from tests.unit.domain.explaining.building import (
    FUNCTION,
    LANE,
    NOW,
    TENANT,
    a_snapshot,
    a_task,
    ago,
    later,
    reasons,
    the_wait,
)

BULK, PRINT = lane_scope("bulk"), function_scope("print")
ALL_SCOPES = (TENANT_SCOPE, BULK, PRINT)


def used(count: int, *scopes: str, **more: object) -> Slots:
    return Slots(used=dict.fromkeys(scopes, count), **more)  # type: ignore[arg-type]


def limited(limit: int, slots: Slots, **fields: object) -> Snapshot:
    docs = {
        "tenant": {**TENANT, "limits": {"concurrency": limit}},
        "lane": {**LANE, "concurrency": limit},
        "function": {**FUNCTION, "concurrency": limit},
    }
    return a_snapshot(slots=slots, **{**docs, **fields})


def test_the_tenant_s_concurrency() -> None:
    wait = the_wait(limited(5, used(5, TENANT_SCOPE)))
    assert (wait.reason, wait.limit, wait.used) == (Reason.TENANT_CONCURRENCY, 5, 5)
    assert wait.what == "the tenant may run 5 at once, and does"
    assert "limits.concurrency" in (wait.remedy or "")


def test_the_lane_s_concurrency() -> None:
    wait = the_wait(limited(1, used(1, BULK)))
    assert (wait.reason, wait.limit, wait.used) == (Reason.LANE_CONCURRENCY, 1, 1)
    assert (wait.what, wait.remedy) == (
        "the lane bulk may run 1 at once, and does",
        "raise its concurrency (PUT /v1/lanes/bulk)",
    )


def test_the_function_s_concurrency() -> None:
    wait = the_wait(limited(2, used(2, PRINT)))
    assert (wait.reason, wait.limit, wait.used) == (Reason.FUNCTION_CONCURRENCY, 2, 2)
    assert "PUT /v1/functions/print" in (wait.remedy or "")


def test_a_share_below_the_lane_s_own_concurrency() -> None:
    wait = the_wait(limited(9, used(3, BULK, shares={BULK: 3})))
    assert (wait.reason, wait.limit, wait.used) == (Reason.LANE_SHARE, 3, 3)
    assert wait.what.startswith("the platform's capacity is shared out, 3 at once to the lane bulk")


def test_back_pressure_with_its_beginning() -> None:
    pressure = Pressure(value=1.0, at=NOW, since=ago(40), peak=8, throttles=12)
    wait = the_wait(a_snapshot(slots=used(1, PRINT, pressures={PRINT: pressure})))
    assert (wait.reason, wait.limit, wait.used, wait.since) == (Reason.BACK_PRESSURE, 1, 1, ago(40))
    assert wait.what == "the target of print was overloaded: for now 1 at once is tried"


def test_the_lane_s_rate_until_the_next_start() -> None:
    rate = Rate(per_s=0.5, burst=1)
    slots = Slots(arrivals={BULK: rate.after(1, None, NOW)})
    wait = the_wait(a_snapshot(lane={**LANE, "rate": 0.5, "burst": 1}, slots=slots))
    assert (wait.reason, wait.limit, wait.until) == (Reason.LANE_RATE, 0.5, later(2))
    assert wait.what == "the lane bulk may start 0.5 a second, and has"


def test_a_rate_with_starts_left_is_no_wait() -> None:
    assert reasons(a_snapshot(lane={**LANE, "rate": 5, "burst": 5})) == []


def test_every_limit_that_is_reached_is_told_from_the_tenant_s_to_the_function_s() -> None:
    assert reasons(limited(4, used(4, *ALL_SCOPES))) == [
        Reason.TENANT_CONCURRENCY,
        Reason.LANE_CONCURRENCY,
        Reason.FUNCTION_CONCURRENCY,
    ]


@pytest.mark.parametrize("count", [0, 3])
def test_a_limit_that_is_not_reached_is_no_wait(count: int) -> None:
    assert reasons(limited(4, used(count, *ALL_SCOPES))) == []


def test_what_a_dead_holder_had_is_free() -> None:
    slots = used(4, *ALL_SCOPES, leases={"dead": Lease(ago(1), 3, dict.fromkeys(ALL_SCOPES, 1))})
    assert reasons(limited(4, slots)) == []
    alive = used(4, *ALL_SCOPES, leases={"alive": Lease(later(1), 3, dict.fromkeys(ALL_SCOPES, 1))})
    assert len(reasons(limited(4, alive))) == 3


def test_under_a_limit_hidden_messages_may_be_before_it_too_for_they_wait_for_the_same() -> None:
    depth = LaneDepth(ready=2, hidden=30, delayed=9)
    limit, queue = explain(limited(1, used(1, BULK), depth=depth)).waits
    assert (limit.reason, queue.reason, queue.used) == (Reason.LANE_CONCURRENCY, Reason.QUEUE, 32)
    free = limited(1, used(0, BULK), depth=depth)
    assert the_wait(free).used == 2
    assert explanation_view(free)["position"]["ahead_at_most"] == 2


def test_other_lanes_and_functions_do_not_count() -> None:
    assert reasons(limited(1, used(1, lane_scope("other"), function_scope("other")))) == []


def test_what_runs_waits_for_no_limit() -> None:
    task = a_task(Status.RUNNING, lease_until=later(5))
    assert reasons(limited(1, used(1, *ALL_SCOPES), task=task)) == [Reason.ATTEMPT]


def test_a_retry_waits_for_limits_too() -> None:
    assert reasons(limited(1, used(1, BULK), task=a_task(Status.RETRYING))) == [Reason.LANE_CONCURRENCY]


def test_without_documents_no_limit_is_invented() -> None:
    found = explain(a_snapshot(tenant=None, lane=None, function=None, slots=used(9, *ALL_SCOPES)))
    assert [wait.reason for wait in found.waits] == [Reason.NO_FUNCTION, Reason.NO_LANE]
