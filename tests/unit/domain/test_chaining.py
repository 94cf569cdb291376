"""How many tasks of a chain were before, whatever stands there."""

from typing import Any

import pytest

from fairlane.domain.chaining import HOPS, chained_event, hops_of

RESULT = {"id": "t_1-7", "type": "fairlane.task.succeeded", "subject": "t_1", "data": {"task": {"id": "t_1"}}}


@pytest.mark.parametrize(
    ("value", "hops"),
    [(1, 1), (16, 16), ("3", 3), (0, 0), (-1, 0), (True, 0), ("x", 0), ("", 0), ("٣", 0), (10**9, 1_000), ("9" * 9, 0)],
)
def test_hops_are_a_small_number_or_none(value: Any, hops: int) -> None:
    assert hops_of({HOPS: value}) == hops
    assert hops_of({}) == 0


def test_the_chained_event_carries_id_data_and_trace_of_the_result() -> None:
    event = chained_event(RESULT | {"traceparent": "00"}, tenant="acme", subscription="c", target={"type": "next"})

    assert event == {
        "specversion": "1.0",
        "id": "t_1-7",
        "source": "/tenants/acme/subscriptions/c",
        "type": "next",
        "datacontenttype": "application/json",
        "subject": "t_1",
        "traceparent": "00",
        HOPS: 1,
        "data": {"task": {"id": "t_1"}},
    }


def test_a_lane_is_named_and_hops_grow() -> None:
    target = {"type": "next", "lane": "slow"}
    event = chained_event(RESULT | {HOPS: 4}, tenant="acme", subscription="c", target=target)

    assert (event["lane"], event[HOPS]) == ("slow", 5)
