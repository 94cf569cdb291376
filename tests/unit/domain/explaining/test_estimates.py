"""When a task may go on: bounds where they are known, null where they are not."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlane.domain.explanation import LaneDepth, Snapshot, explain
from fairlane.domain.explanation.estimates import PICKED_UP, Estimate
from fairlane.domain.rate import Rate
from fairlane.domain.slots import Slots, lane_scope
from fairlane.domain.task import Status
from tests.unit.domain.explaining.building import BROKEN, FUNCTION, LANE, NOW, a_snapshot, a_task, ago, later

BULK = lane_scope("bulk")


def estimated(snapshot: Snapshot) -> Estimate:
    found = explain(snapshot).estimate
    assert found is not None
    return found


def test_with_nothing_before_it_a_task_starts_within_seconds() -> None:
    assert estimated(a_snapshot()) == Estimate("start", NOW, NOW + PICKED_UP, "nothing is before it")


def test_a_due_task_starts_at_its_time() -> None:
    found = estimated(a_snapshot(a_task(Status.SCHEDULED, next_at=later(90))))
    assert (found.earliest, found.latest) == (later(90), later(90) + PICKED_UP)


def test_a_backoff_ends_at_its_time() -> None:
    found = estimated(a_snapshot(a_task(Status.RETRYING, next_at=later(7), error=BROKEN)))
    assert (found.earliest, found.latest) == (later(7), later(7) + PICKED_UP)


@pytest.mark.parametrize("doc", ["tenant", "lane", "function"])
def test_nobody_knows_when_a_pause_ends(doc: str) -> None:
    docs = {"tenant": {"paused": True}, "lane": {**LANE, "paused": True}, "function": {**FUNCTION, "paused": True}}
    found = estimated(a_snapshot(a_task(Status.SCHEDULED, next_at=later(9)), **{doc: docs[doc]}))
    assert (found.earliest, found.latest) == (None, None)


def test_an_attempt_is_over_when_its_lease_is() -> None:
    found = estimated(a_snapshot(a_task(Status.RUNNING, lease_until=later(40))))
    assert found == Estimate("outcome", NOW, later(40), "the attempt is given up then")


def test_a_deferred_attempt_is_over_at_its_deadline() -> None:
    task = a_task(Status.WAITING, lease_until=later(600))
    assert estimated(a_snapshot(task)).latest == later(600)


def test_when_a_lost_attempt_is_noticed_is_not_known_exactly() -> None:
    found = estimated(a_snapshot(a_task(Status.RUNNING, lease_until=ago(3))))
    assert (found.of, found.latest) == ("outcome", None)


def test_messages_before_it_without_a_limit_say_nothing_about_the_latest_start() -> None:
    found = estimated(a_snapshot(depth=LaneDepth(12, 0, 0)))
    assert (found.earliest, found.latest) == (NOW, None)
    assert found.basis == "how long the 12 before it take is not known"


def test_under_a_reached_concurrency_the_function_s_timeout_bounds_it() -> None:
    lane = {**LANE, "concurrency": 4}
    found = estimated(a_snapshot(lane=lane, slots=Slots(used={BULK: 4}), depth=LaneDepth(7, 4, 0)))
    assert found.latest == NOW + 3 * timedelta(seconds=30) + PICKED_UP
    assert found.basis.startswith("if the 11 before it are not retried")


def test_under_a_rate_the_rate_bounds_it() -> None:
    rate = Rate(per_s=2, burst=1)
    slots = Slots(arrivals={BULK: rate.after(1, None, NOW)})
    found = estimated(a_snapshot(lane={**LANE, "rate": 2, "burst": 1}, slots=slots, depth=LaneDepth(19, 0, 0)))
    assert found.earliest == later(0.5)
    assert found.latest == later(0.5) + timedelta(seconds=10) + PICKED_UP


def test_without_the_depth_the_latest_start_is_not_known() -> None:
    assert estimated(a_snapshot(depth=None)).latest is None


def test_a_task_that_may_expire_does_not_start_after_that() -> None:
    found = estimated(a_snapshot(a_task(expires_at=later(5))))
    assert (found.latest, found.basis) == (later(5), "it expires if it has not started by then")


def test_an_ended_task_has_no_estimate() -> None:
    assert explain(a_snapshot(a_task(Status.SUCCEEDED))).estimate is None


@given(
    st.sampled_from([Status.QUEUED, Status.SCHEDULED, Status.RETRYING]),
    st.integers(min_value=-100, max_value=100),
    st.integers(min_value=0, max_value=10_000),
    st.integers(min_value=1, max_value=9),
    st.integers(min_value=0, max_value=9),
)
def test_the_earliest_start_is_never_before_now_nor_after_the_latest(
    status: Status, due: int, ready: int, limit: int, used: int
) -> None:
    task = a_task(status, next_at=later(due), error=BROKEN)
    lane = {**LANE, "concurrency": limit}
    found = estimated(a_snapshot(task, lane=lane, slots=Slots(used={BULK: used}), depth=LaneDepth(ready, 0, 0)))
    assert found.earliest is not None
    assert found.earliest >= NOW
    assert found.latest is None or found.earliest <= found.latest
