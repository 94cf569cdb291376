import pytest

from fairlane_cli.demo.ledger import Account, Ledger, quantile, wait_s
from fairlane_client import new_event
from fairlane_client.models import Answer, Event
from tests.unit.demo.building import RUN, a_result, a_task


def a_ledger(planned: int = 1) -> Ledger:
    return Ledger({"acme": planned}, source=RUN)


def acme(ledger: Ledger) -> Account:
    return ledger.of("acme")


def an_event(event_id: str = "1") -> Event:
    return new_event("code.metrics", {}, source=f"{RUN}acme", event_id=event_id)


def accepted(task_id: str = "t_1", *, duplicate: bool = False) -> Answer:
    return {"id": task_id, "status": "queued", "duplicate": duplicate}


def test_the_work_is_complete_when_each_accepted_task_has_its_result() -> None:
    ledger = a_ledger(planned=2)
    ledger.answered("acme", an_event("1"), accepted("t_1"))
    ledger.received(a_result(a_task("t_1")))
    assert not acme(ledger).is_complete
    ledger.answered("acme", an_event("2"), accepted("t_2"))
    assert acme(ledger).missing == ["t_2"]
    ledger.received(a_result(a_task("t_2")))
    assert acme(ledger).is_complete


def test_a_result_may_come_before_the_answer_to_the_submission() -> None:
    ledger = a_ledger()
    ledger.received(a_result(a_task("t_1")))
    ledger.answered("acme", an_event(), accepted("t_1"))
    assert acme(ledger).is_complete
    assert acme(ledger).violations == []


def test_a_refused_event_needs_no_result() -> None:
    ledger = a_ledger()
    problem = {"type": "urn:fairlane:problem:refused", "title": "Refused", "status": 422, "detail": "no such type"}
    ledger.answered("acme", an_event("1"), {"error": problem})  # type: ignore[typeddict-item] # the rest is optional
    assert acme(ledger).is_complete
    assert acme(ledger).refused == {"1": "no such type"}


def test_a_result_that_comes_twice_counts_once_and_as_a_duplicate() -> None:
    ledger = a_ledger()
    for _ in range(2):
        ledger.received(a_result(a_task("t_1")))
    assert acme(ledger).ended == {"succeeded": 1}
    assert acme(ledger).duplicates == 1
    assert acme(ledger).violations == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "another"},
        {"source": "/tenants/other"},
        {"subject": "t_2"},
        {"type": "fairlane.task.failed"},
        {"tasktype": "other"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_repeated_result_that_says_something_else_is_a_violation(wrong: dict[str, object]) -> None:
    ledger = a_ledger()
    ledger.received(a_result(a_task("t_1")))
    ledger.received(a_result(a_task("t_1"), **wrong))
    (violation,) = acme(ledger).violations
    assert next(iter(wrong)) in violation


def test_a_new_event_that_is_taken_for_a_duplicate_is_a_violation() -> None:
    ledger = a_ledger()
    ledger.answered("acme", an_event("1"), accepted(duplicate=True))
    assert acme(ledger).violations == ["1 was taken for a duplicate"]


def test_results_of_other_runs_are_none_of_ours() -> None:
    ledger = a_ledger()
    ledger.received(a_result(a_task("t_9", source="/demo/earlier/acme")))
    assert acme(ledger).tasks == {}


def test_a_row_tells_ends_retries_and_waits() -> None:
    ledger = a_ledger(planned=3)
    ledger.received(a_result(a_task("t_1", attempt=2)))
    ledger.received(a_result(a_task("t_2", status="failed")))
    (row,) = ledger.rows()
    assert (row.succeeded, row.failed, row.ended, row.retried, row.is_complete) == (1, 1, 2, 1, False)
    assert row.waits_s == [1.0, 1.0]


def test_the_wait_of_a_retried_task_ends_with_its_first_start() -> None:
    again = {"at": "2026-11-23T20:00:09.000Z", "status": "running", "attempt": 2, "detail": ""}
    task = a_task()
    assert wait_s({**task, "timeline": [*task["timeline"], again]}) == 1.0  # type: ignore[list-item] # a plain dictionary


def test_a_task_that_never_started_has_no_wait() -> None:
    assert wait_s(a_task(started_at=None, timeline=[])) is None


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2.0), (0.75, 3.0), (0.95, 4.0), (1, 4.0), (0.01, 1.0)])
def test_a_quantile_is_the_least_value_that_the_share_does_not_exceed(share: float, expected: float) -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], share) == expected


def test_nothing_has_no_quantile() -> None:
    assert quantile([], 0.5) is None
