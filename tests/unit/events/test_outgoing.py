"""What a function is called with, and what tells an end."""

from typing import Any

import pytest

from fairlane.domain.errors import Refused
from fairlane.events import function_event, result_event
from tests.unit.events.sending import an_event, structured

TASK = {"id": "t_abc", "type": "resize", "status": "succeeded", "lane": "default", "result": {"width": 5}}


def a_result(**changes: Any) -> dict[str, Any]:
    return result_event(
        **{
            "tenant": "acme",
            "task": TASK,
            "event_id": "t_abc-1",
            "traceparent": None,
            "tracestate": None,
            "time": "2026-11-23T20:00:00.000Z",
            **changes,
        }
    )


def test_a_function_gets_the_event_with_our_own_attributes() -> None:
    submitted = an_event(data={"width": 5}, lane="fast")

    event = function_event(submitted, tenant="acme", task_id="t_abc", attempt=2, deadline="2026-11-23T20:00:00.000Z")

    assert event == {
        **submitted,
        "tenant": "acme",
        "taskid": "t_abc",
        "attempt": 2,
        "deadline": "2026-11-23T20:00:00.000Z",
    }
    assert "tenant" not in submitted


def test_what_a_function_gets_is_no_event_that_can_be_submitted() -> None:
    event = function_event(an_event(), tenant="acme", task_id="t_abc", attempt=2, deadline="2026-11-23T20:00:00Z")

    with pytest.raises(Refused) as caught:
        structured(event)

    assert caught.value.status == 422


def test_a_result_tells_the_task_and_its_end() -> None:
    assert a_result() == {
        "specversion": "1.0",
        "id": "t_abc-1",
        "source": "/tenants/acme",
        "type": "fairlane.task.succeeded",
        "datacontenttype": "application/json",
        "subject": "t_abc",
        "time": "2026-11-23T20:00:00.000Z",
        "lane": "default",
        "tasktype": "resize",
        "tenant": "acme",
        "data": {"task": TASK},
    }


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled", "expired"])
def test_the_type_of_a_result_is_the_end(status: str) -> None:
    assert a_result(task={**TASK, "status": status})["type"] == f"fairlane.task.{status}"


def test_a_result_carries_the_trace_of_the_task() -> None:
    event = a_result(traceparent="00-1", tracestate="a=1")

    assert (event["traceparent"], event["tracestate"]) == ("00-1", "a=1")
