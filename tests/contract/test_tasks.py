from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from fairlane.domain.task import LONGEST_WAIT, Moment, Outcome, Status, Step, Task
from fairlane.ports.tasks import Created, Existing, Refusal, TaskQuery
from tests.contract.places import Tables, an_id
from tests.unit.domain.building import BOOM, NOW, a_task, after, an_outcome

LEASE = 30.0


def make(tables: Tables, **changes: Any) -> Task:
    """A record of a new tenant."""
    made = tables.tasks.create(a_task(tenant=tables.tenant(), **changes))
    assert isinstance(made, Created)
    return made.task


def claim(tables: Tables, task: Task, at: datetime = NOW, *, lease: float = LEASE) -> Task | Refusal:
    until = at + timedelta(seconds=lease)
    return tables.tasks.claim(task.tenant, task.id, generation=task.generation, now=at, lease_until=until)


def claimed(tables: Tables, task: Task, at: datetime = NOW) -> Task:
    got = claim(tables, task, at)
    assert isinstance(got, Task), got
    return got


def committed(tables: Tables, task: Task, outcome: Outcome) -> Task:
    got = tables.tasks.commit(task, outcome)
    assert isinstance(got, Task), got
    return got


def test_a_record_is_put_once_and_read_as_it_was_put(tables: Tables) -> None:
    task = make(tables, trace={"traceparent": "00-1"}, expires_at=after(60), not_before=after(5), next_at=after(5))

    again = tables.tasks.create(replace(task, payload_hash="another"))

    assert again == Existing(task)
    assert tables.tasks.get(task.tenant, task.id) == task


def test_a_task_is_found_by_its_own_tenant_only(tables: Tables) -> None:
    task = make(tables)

    assert tables.tasks.get(tables.tenant(), task.id) is None


def test_a_claim_starts_an_attempt_under_a_lease(tables: Tables) -> None:
    task = claimed(tables, make(tables), after(1))

    assert (task.status, task.attempt, task.claim) == (Status.RUNNING, 1, 1)
    assert (task.started_at, task.lease_until) == (after(1), after(1 + LEASE))
    assert [(m.at, m.status, m.attempt) for m in task.timeline] == [
        (NOW, Status.QUEUED, 0),
        (after(1), Status.RUNNING, 1),
    ]
    assert tables.tasks.get(task.tenant, task.id) == task


def test_a_claim_needs_a_record_of_its_generation(tables: Tables) -> None:
    task = make(tables)

    assert claim(tables, replace(task, generation=1)) == Refusal(task)
    assert claim(tables, replace(task, id=an_id(1))) == Refusal(None)


def test_a_live_lease_refuses_the_claim_and_one_that_is_over_allows_it(tables: Tables) -> None:
    task = make(tables)
    first = claimed(tables, task)

    assert claim(tables, task, after(LEASE)) == Refusal(first)
    second = claimed(tables, task, after(LEASE + 0.001))
    assert (second.attempt, second.claim, second.started_at) == (2, 2, NOW)
    assert [m.attempt for m in second.timeline] == [0, 1, 2]


def test_no_claim_beyond_the_last_attempt(tables: Tables) -> None:
    task = make(tables, max_attempts=1)
    first = claimed(tables, task)

    assert claim(tables, task, after(LEASE + 1)) == Refusal(first)


@pytest.mark.parametrize(("early_s", "allowed"), [(0, True), (1, True), (1.001, False), (5, False)])
def test_no_claim_before_the_due_time_but_for_a_second(tables: Tables, early_s: float, allowed: bool) -> None:
    task = make(tables, status=Status.SCHEDULED, not_before=after(60), next_at=after(60))

    got = claim(tables, task, after(60 - early_s))

    assert isinstance(got, Task) is allowed
    if isinstance(got, Task):
        assert got.next_at is None


def test_no_claim_of_a_task_that_expired_unstarted(tables: Tables) -> None:
    task = make(tables, expires_at=after(60))

    assert claim(tables, task, after(60)) == Refusal(task)
    assert isinstance(claim(tables, task, after(59.999)), Task)


def test_expiry_binds_the_first_claim_only(tables: Tables) -> None:
    task = make(tables, expires_at=after(10))
    claimed(tables, task)

    assert claimed(tables, task, after(LEASE + 1)).attempt == 2


def test_success_is_an_end_with_its_result(tables: Tables) -> None:
    retried = committed(tables, claimed(tables, make(tables)), an_outcome(Step.RETRY, detail="again"))
    running = claimed(tables, retried, after(5))

    ended = committed(tables, running, an_outcome(Step.SUCCEED, at=after(6)))

    assert (ended.status, ended.result, ended.ended_at) == (Status.SUCCEEDED, '{"n":1}', after(6))
    assert (ended.error, ended.lease_until) == (None, None)
    assert tables.tasks.get(ended.tenant, ended.id) == ended


def test_failure_is_an_end_with_its_error(tables: Tables) -> None:
    ended = committed(tables, claimed(tables, make(tables)), an_outcome(Step.FAIL, detail="out of attempts"))

    assert (ended.status, ended.error, ended.result) == (Status.FAILED, BOOM, None)
    assert (ended.timeline[-1].attempt, ended.timeline[-1].detail) == (1, "out of attempts")


def test_a_retry_waits_and_keeps_the_attempt_and_the_error(tables: Tables) -> None:
    waiting = committed(tables, claimed(tables, make(tables)), an_outcome(Step.RETRY))

    assert (waiting.status, waiting.attempt, waiting.next_at) == (Status.RETRYING, 1, after(5))
    assert isinstance(claim(tables, waiting, after(3.9)), Refusal)
    again = claimed(tables, waiting, after(5))
    assert (again.attempt, again.error) == (2, BOOM)


def test_a_time_is_kept_in_whole_milliseconds(tables: Tables) -> None:
    outcome = an_outcome(Step.RETRY, next_at=after(5) + timedelta(microseconds=1400))

    assert committed(tables, claimed(tables, make(tables)), outcome).next_at == after(5.001)


def test_a_throttle_gives_the_attempt_back_but_never_the_claim(tables: Tables) -> None:
    waiting = committed(tables, claimed(tables, make(tables)), an_outcome(Step.RETRY, counts=False))

    assert (waiting.attempt, waiting.claim) == (0, 1)
    again = claimed(tables, waiting, after(5))
    assert (again.attempt, again.claim) == (1, 2)
    assert [m.attempt for m in again.timeline] == [0, 1, 1, 1]


@pytest.mark.parametrize("step", [Step.SUCCEED, Step.FAIL, Step.RETRY])
def test_the_fence_discards_a_late_attempt(tables: Tables, step: Step) -> None:
    task = make(tables)
    late = claimed(tables, task)
    current = claimed(tables, task, after(LEASE + 1))

    assert tables.tasks.commit(late, an_outcome(step)) == Refusal(current)


@pytest.mark.parametrize("step", list(Step)[1:])
def test_nothing_follows_an_end(tables: Tables, step: Step) -> None:
    ended = committed(tables, claimed(tables, make(tables)), an_outcome(Step.SUCCEED))

    assert tables.tasks.commit(ended, an_outcome(step, at=after(100))) == Refusal(ended)
    assert claim(tables, ended, after(100)) == Refusal(ended)


def test_a_lost_attempt_ends_the_task_only_when_its_lease_is_over(tables: Tables) -> None:
    running = claimed(tables, make(tables, max_attempts=1))

    assert tables.tasks.commit(running, an_outcome(Step.LOSE, at=after(LEASE))) == Refusal(running)
    assert committed(tables, running, an_outcome(Step.LOSE, at=after(LEASE + 1))).status is Status.FAILED


def test_expiry_ends_only_what_was_never_claimed(tables: Tables) -> None:
    task = make(tables, expires_at=after(10))
    running = claimed(tables, task)

    assert tables.tasks.commit(task, an_outcome(Step.EXPIRE, at=after(20))) == Refusal(running)
    unstarted = make(tables, expires_at=after(10))
    assert committed(tables, unstarted, an_outcome(Step.EXPIRE, at=after(20))).status is Status.EXPIRED


def test_a_commit_needs_a_record(tables: Tables) -> None:
    running = claimed(tables, make(tables))

    assert tables.tasks.commit(replace(running, id=an_id(2)), an_outcome(Step.SUCCEED)) == Refusal(None)


def test_a_long_result_is_read_back_and_a_late_one_never_replaces_it(tables: Tables) -> None:
    long, other = f'"{"x" * 9_000}"', f'"{"y" * 9_000}"'
    task = make(tables)
    late = claimed(tables, task)
    running = claimed(tables, task, after(LEASE + 1))

    ended = committed(tables, running, an_outcome(Step.SUCCEED, result=long))
    refused = tables.tasks.commit(late, an_outcome(Step.SUCCEED, result=other))

    assert (ended.result, ended.result_claim) == (long, 2)
    assert isinstance(refused, Refusal)
    assert refused.task is not None
    assert tables.tasks.load_result(refused.task) == ended
    assert tables.tasks.get(task.tenant, task.id) == ended


def test_a_timeline_that_grows_long_loses_its_middle(tables: Tables) -> None:
    task = make(tables)
    for n in range(21):
        running = claimed(tables, task, after(10 * n))
        task = committed(
            tables, running, an_outcome(Step.RETRY, at=after(10 * n + 1), counts=False, next_at=after(10 * n + 2))
        )

    assert len(task.timeline) == 40
    assert [m.at for m in task.timeline[:5]] == [NOW, NOW, after(1), after(10), after(11)]
    assert task.timeline[-1].at == after(201)
    assert {m.attempt for m in task.timeline[1:]} == {1}


def test_an_unended_record_outlives_its_message_and_an_end_its_retention(tables: Tables) -> None:
    task = make(tables, status=Status.SCHEDULED, not_before=after(60), next_at=after(60), retention_days=7)
    assert tables.ttl(task.tenant, task.id) == int((after(60) + LONGEST_WAIT).timestamp())

    assert tables.tasks.prolong(task, now=after(3600))
    assert tables.ttl(task.tenant, task.id) == int((after(3600) + LONGEST_WAIT).timestamp())

    running = claimed(tables, task, after(7200))
    assert tables.ttl(task.tenant, task.id) == int((after(7200) + LONGEST_WAIT).timestamp())

    committed(tables, running, an_outcome(Step.FAIL, at=after(7200)))
    assert tables.ttl(task.tenant, task.id) == int((after(7200) + timedelta(days=7)).timestamp())


def test_prolonging_never_shortens_and_tells_whether_the_record_is_there(tables: Tables) -> None:
    task = make(tables)
    tables.tasks.prolong(task, now=after(3600))

    assert tables.tasks.prolong(task, now=after(60))
    assert tables.ttl(task.tenant, task.id) == int((after(3600) + LONGEST_WAIT).timestamp())
    assert not tables.tasks.prolong(replace(task, generation=1), now=NOW)
    assert not tables.tasks.prolong(replace(task, id=an_id(3)), now=NOW)


def test_a_page_shows_the_tenants_tasks_by_time_and_the_next_one_goes_on(tables: Tables) -> None:
    tenant = tables.tenant()
    for n in range(5):
        made_at = after(n)
        tables.tasks.create(a_task(tenant=tenant, id=an_id(n), created_at=made_at, type="odd" if n % 2 else "even"))

    first = tables.tasks.page(tenant, TaskQuery(limit=2))
    second = tables.tasks.page(tenant, TaskQuery(limit=2, after=first.next_after))
    third = tables.tasks.page(tenant, TaskQuery(limit=2, after=second.next_after))

    pages = [[task.created_at for task in page.tasks] for page in (first, second, third)]
    assert pages == [[after(4), after(3)], [after(2), after(1)], [after(0)]]
    assert third.next_after is None
    odd = tables.tasks.page(tenant, TaskQuery(limit=5, newest_first=False, type="odd"))
    assert [task.id for task in odd.tasks] == [an_id(1), an_id(3)]
    within = tables.tasks.page(tenant, TaskQuery(limit=5, created_after=after(0), created_before=after(3)))
    assert [task.id for task in within.tasks] == [an_id(2), an_id(1)]


def test_a_task_that_waits_says_why_once_for_each_note(tables: Tables) -> None:
    task = a_task(tenant=tables.tenant(), id=an_id(1))
    tables.tasks.create(task)
    moment = Moment(after(1), Status.QUEUED, 0, "waits: lane concurrency 2")

    noted = tables.tasks.note(task.tenant, task.id, generation=task.generation, moment=moment)
    assert isinstance(noted, Task)
    assert noted.timeline == (*task.timeline, moment)
    assert isinstance(tables.tasks.note(task.tenant, task.id, generation=1, moment=moment), Refusal)

    until = after(60)
    claimed = tables.tasks.claim(
        task.tenant, task.id, generation=task.generation, now=after(2), lease_until=until, detail="waited 3.2 s"
    )
    assert isinstance(claimed, Task)
    assert claimed.timeline[-1] == Moment(after(2), Status.RUNNING, 1, "waited 3.2 s")
    assert isinstance(tables.tasks.note(task.tenant, task.id, generation=task.generation, moment=moment), Refusal)
