"""The truth table of `judge`: what becomes of a message whose claim was refused."""

import pytest

from fairlane.domain.claiming import Ended, Expired, Lost, NoRecord, NotYet, TryAgain, Verdict, judge
from fairlane.domain.task import ENDS, Status, Task
from tests.unit.domain.building import NOW, a_task, after


def judged(task: Task | None, generation: int | None = None) -> Verdict:
    return judge(task, generation=generation or (task.generation if task else 1), now=NOW)


def test_without_a_record_nothing_runs() -> None:
    assert isinstance(judged(None), NoRecord)


@pytest.mark.parametrize("status", list(Status))
def test_a_record_of_another_generation_is_another_task(status: Status) -> None:
    assert isinstance(judged(a_task(status=status), generation=1), NoRecord)


@pytest.mark.parametrize("status", sorted(ENDS))
def test_an_ended_task_only_tells_its_end_again(status: Status) -> None:
    task = a_task(status=status, expires_at=after(-1), lease_until=after(10), attempt=3)

    assert judged(task) == Ended(task)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SCHEDULED])
@pytest.mark.parametrize(("expires_s", "expired"), [(-1, True), (0, True), (0.001, False)])
def test_what_was_never_claimed_expires_at_its_time(status: Status, expires_s: float, expired: bool) -> None:
    task = a_task(status=status, expires_at=after(expires_s))

    assert judged(task) == (Expired(task) if expired else TryAgain())


def test_what_was_claimed_once_never_expires() -> None:
    task = a_task(status=Status.RETRYING, claim=1, expires_at=after(-1))

    assert judged(task) == TryAgain()


@pytest.mark.parametrize("lease_s", [0, 0.001, 60])
@pytest.mark.parametrize("attempt", [1, 3])
def test_a_live_lease_hides_the_message_until_its_end(lease_s: float, attempt: int) -> None:
    task = a_task(status=Status.RUNNING, claim=1, attempt=attempt, lease_until=after(lease_s))

    assert judged(task) == NotYet(after(lease_s), "an attempt holds the lease")


@pytest.mark.parametrize(("attempt", "lost"), [(1, False), (2, False), (3, True)])
def test_when_the_lease_is_over_the_last_attempt_is_lost_and_others_are_tried_again(attempt: int, lost: bool) -> None:
    task = a_task(status=Status.RUNNING, claim=5, attempt=attempt, lease_until=after(-0.001))

    assert judged(task) == (Lost(task) if lost else TryAgain())


@pytest.mark.parametrize(("status", "reason"), [(Status.SCHEDULED, "not due yet"), (Status.RETRYING, "backoff")])
@pytest.mark.parametrize(("next_s", "early"), [(60, True), (1.001, True), (1, False), (0, False), (-60, False)])
def test_before_its_time_the_message_is_hidden_until_then(
    status: Status, reason: str, next_s: float, early: bool
) -> None:
    task = a_task(status=status, claim=1 if status is Status.RETRYING else 0, next_at=after(next_s))

    assert judged(task) == (NotYet(after(next_s), reason) if early else TryAgain())


def test_what_expires_before_it_is_due_is_hidden_until_it_expires() -> None:
    task = a_task(status=Status.SCHEDULED, next_at=after(60), expires_at=after(30))

    assert judged(task) == NotYet(after(30), "not due yet")


def test_a_record_that_allows_the_claim_by_now_is_tried_again() -> None:
    assert judged(a_task()) == TryAgain()
