import pytest

from bench.full_lane import MOST_REQUESTS, NotFullError, Waiting, counted, markdown
from fairlane_cli.demo.request_log import Invocation, NotCountedError, Request


def a_request(service: str = "sqs", operation: str = "ChangeMessageVisibilityBatch", number: int = 0) -> Request:
    return Request(id=str(number), at=0.0, service=service, operation=operation, parameters={})


RUN = Invocation("dispatcher", 0.1, 0.5)


def test_requests_of_the_two_services_are_counted_by_operation() -> None:
    requests = [*[a_request()] * 6, a_request("dynamodb", "GetItem"), a_request("lambda", "Invoke")]
    found = counted(requests, [RUN] * 4, before=203, after=197, seconds=30)
    assert found == Waiting(
        200, 6, 30, {("sqs", "ChangeMessageVisibilityBatch"): 6, ("dynamodb", "GetItem"): 1}, dispatcher_runs=4
    )
    assert (found.sqs, found.dynamodb) == (10, 1)


def test_the_rate_is_for_each_waiting_task_and_minute() -> None:
    found = counted([], [], before=100, after=100, seconds=30)
    assert found.per_task_minute(50) == 1.0


def test_a_lane_that_ran_dry_was_not_full() -> None:
    with pytest.raises(NotFullError, match="ran dry"):
        counted([], [], before=10, after=0, seconds=60)


def test_more_requests_than_the_log_holds_are_not_believed() -> None:
    with pytest.raises(NotCountedError, match="spins"):
        counted([a_request()] * MOST_REQUESTS, [], before=200, after=200, seconds=60)


def test_markdown_has_sums_and_operations() -> None:
    lines = markdown(counted([a_request()] * 40, [RUN] * 60, before=100, after=100, seconds=60)).splitlines()
    assert "| SQS, all | 100 | 1.00 |" in lines
    assert "| sqs ChangeMessageVisibilityBatch | 40 | 0.40 |" in lines
    assert "| runs of the dispatcher (a receive each) | 60 | 0.60 |" in lines
