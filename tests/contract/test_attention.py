"""What no lane message holds: the sparse index, and the events that outlive their messages."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from fairlane.domain.attention import Attention, Kind
from fairlane.domain.task import Status, Step, Task
from fairlane.ports.attention import Noted
from fairlane.ports.tasks import Refusal
from tests.contract.places import Tables, an_id
from tests.contract.test_tasks import LEASE, claim, claimed, committed, make
from tests.unit.domain.building import DEADLINE, LONG, NOW, a_task, after, an_outcome


def noted(tables: Tables, kind: Kind, tenant: str, *, until_s: float = 1e9) -> list[Noted]:
    """The entries of one tenant, as every test has its own."""
    return [one for one in tables.attention.noted(kind, until=after(until_s)) if one.tenant == tenant]


def entry(task: Task) -> Noted:
    assert task.attention is not None
    return Noted(task.tenant, task.id, task.attention)


def test_a_task_on_its_plain_way_is_never_noted(tables: Tables) -> None:
    task = make(tables)
    running = claimed(tables, task)
    retrying = committed(tables, running, an_outcome(Step.RETRY))
    ended = committed(tables, claimed(tables, retrying, after(5)), an_outcome(Step.SUCCEED))

    assert [one.attention for one in (task, running, retrying, ended)] == [None] * 4
    assert [noted(tables, kind, task.tenant) for kind in Kind] == [[]] * len(Kind)


def test_entries_come_by_time_until_a_time(tables: Tables) -> None:
    tenant = tables.tenant()
    for n in (3, 1, 2, 4):
        due = Attention(Kind.DUE, after(n))
        tables.tasks.create(a_task(tenant=tenant, id=an_id(n), attention=due, next_at=after(n)))

    found = noted(tables, Kind.DUE, tenant, until_s=3)

    assert [(one.name, one.attention.at) for one in found] == [(an_id(n), after(n)) for n in (1, 2, 3)]
    assert noted(tables, Kind.UNSENT, tenant) == []


def test_more_entries_than_a_page_are_all_found(tables: Tables) -> None:
    tenant = tables.tenant()
    for n in range(250):
        due = Attention(Kind.DUE, after(n % 7))
        tables.tasks.create(a_task(tenant=tenant, id=an_id(n), attention=due))

    found = noted(tables, Kind.DUE, tenant)

    assert {one.name for one in found} == {an_id(n) for n in range(250)}
    assert [one.attention.at for one in found] == sorted(one.attention.at for one in found)


def test_a_tenant_that_is_noted_at_any_time_is_told_from_one_that_is_not(tables: Tables) -> None:
    task = make(tables, attention=Attention(Kind.DUE, after(1e9)))
    other = make(tables)

    assert tables.attention.holds(task.tenant)
    assert not tables.attention.holds(other.tenant)


def test_tasks_that_no_message_holds_are_counted(tables: Tables) -> None:
    tenant = tables.tenant()
    for n in range(3):
        tables.tasks.create(a_task(tenant=tenant, id=an_id(n), attention=Attention(Kind.DUE, after(1e9))))
    committed(tables, make(tables), an_outcome(Step.CANCEL).unsent())

    assert tables.attention.without_message(tenant) == 3


def test_the_claim_takes_the_entry_back(tables: Tables) -> None:
    task = make(tables, attention=Attention(Kind.DUE, NOW))

    assert claimed(tables, task).attention is None
    assert noted(tables, Kind.DUE, task.tenant) == []


def test_an_entry_is_settled_unless_it_has_changed(tables: Tables) -> None:
    task = make(tables, attention=Attention(Kind.DUE, after(60)))
    other = replace(entry(task), attention=Attention(Kind.DUE, after(59)))

    tables.attention.settle(other)
    assert noted(tables, Kind.DUE, task.tenant) == [entry(task)]
    tables.attention.settle(entry(task))
    tables.attention.settle(entry(task))

    assert noted(tables, Kind.DUE, task.tenant) == []
    assert tables.tasks.get(task.tenant, task.id) == replace(task, attention=None)


def test_an_entry_is_postponed_unless_it_has_changed(tables: Tables) -> None:
    task = make(tables, attention=Attention(Kind.DUE, after(60)))

    tables.attention.postpone(entry(task), after(90))
    tables.attention.postpone(entry(task), after(120))
    tables.attention.settle(entry(task))

    assert [one.attention.at for one in noted(tables, Kind.DUE, task.tenant)] == [after(90)]


def test_nothing_is_made_of_an_entry_whose_task_is_gone(tables: Tables) -> None:
    task = a_task(tenant=tables.tenant(), attention=Attention(Kind.UNSENT, NOW))

    tables.attention.settle(entry(task))
    tables.attention.postpone(entry(task), after(1))

    assert tables.tasks.get(task.tenant, task.id) is None


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.QUEUED])
def test_a_task_that_has_not_started_is_cancelled_and_its_end_noted_in_one_write(
    tables: Tables, status: Status
) -> None:
    due = Attention(Kind.DUE, after(60)) if status is Status.SCHEDULED else None
    task = make(tables, status=status, attention=due)

    ended = committed(tables, task, an_outcome(Step.CANCEL, at=after(1)).unsent())

    assert (ended.status, ended.ended_at) == (Status.CANCELLED, after(1))
    assert ended.attention == Attention(Kind.UNSENT, after(1))
    assert noted(tables, Kind.UNSENT, task.tenant) == [entry(ended)]
    assert noted(tables, Kind.DUE, task.tenant) == []
    assert claim(tables, task, after(90)) == Refusal(ended)


def test_a_running_task_is_cancelled_and_its_outcome_discarded(tables: Tables) -> None:
    running = claimed(tables, make(tables))

    ended = committed(tables, running, an_outcome(Step.CANCEL, at=after(1)).unsent())

    assert (ended.status, ended.lease_until) == (Status.CANCELLED, None)
    assert tables.tasks.commit(running, an_outcome(Step.SUCCEED)) == Refusal(ended)


def test_a_cancel_that_was_overtaken_by_a_claim_is_refused(tables: Tables) -> None:
    task = make(tables)
    running = claimed(tables, task)

    assert tables.tasks.commit(task, an_outcome(Step.CANCEL).unsent()) == Refusal(running)


def test_a_cancel_keeps_what_was_written_since_it_read_the_task(tables: Tables) -> None:
    running = claimed(tables, make(tables))
    committed(tables, running, an_outcome(Step.RETRY, detail="again"))

    ended = committed(tables, running, an_outcome(Step.CANCEL, at=after(2)))

    statuses = [moment.status for moment in ended.timeline]
    assert statuses == [Status.QUEUED, Status.RUNNING, Status.RETRYING, Status.CANCELLED]


def test_an_attempt_that_is_handed_over_waits_under_its_deadline(tables: Tables) -> None:
    waiting = committed(tables, claimed(tables, make(tables)), an_outcome(Step.DEFER))

    assert (waiting.status, waiting.lease_until) == (Status.WAITING, NOW + LONG)
    assert [one.attention.at for one in noted(tables, Kind.DEADLINE, waiting.tenant)] == [NOW + DEADLINE]
    assert claim(tables, waiting, after(1000)) == Refusal(waiting)


@pytest.mark.parametrize("step", [Step.SUCCEED, Step.FAIL, Step.CANCEL])
def test_a_waiting_task_can_end(tables: Tables, step: Step) -> None:
    waiting = committed(tables, claimed(tables, make(tables)), an_outcome(Step.DEFER))

    ended = committed(tables, waiting, an_outcome(step, at=after(3)).unsent())

    assert (ended.status.is_end, ended.lease_until) == (True, None)
    assert noted(tables, Kind.DEADLINE, waiting.tenant) == []
    assert noted(tables, Kind.UNSENT, waiting.tenant) == [entry(ended)]


@pytest.mark.parametrize("step", [Step.TIME_OUT, Step.LOSE])
def test_a_waiting_task_is_given_up_only_after_its_deadline(tables: Tables, step: Step) -> None:
    waiting = committed(tables, claimed(tables, make(tables)), an_outcome(Step.DEFER))
    deadline_s = DEADLINE.total_seconds()

    assert tables.tasks.commit(waiting, an_outcome(step, at=after(deadline_s))) == Refusal(waiting)
    assert isinstance(tables.tasks.commit(waiting, an_outcome(step, at=after(deadline_s + 1))), Task)


def test_a_retry_without_a_message_stays_noted_until_its_message_is_sent(tables: Tables) -> None:
    waiting = committed(tables, claimed(tables, make(tables)), an_outcome(Step.DEFER))

    retrying = committed(tables, waiting, an_outcome(Step.TIME_OUT, at=after(100), next_at=after(105)))

    assert (retrying.status, retrying.attempt) == (Status.RETRYING, 1)
    assert noted(tables, Kind.DUE, waiting.tenant) == [entry(retrying)]
    assert claimed(tables, retrying, after(105)).attempt == 2


def test_a_task_tells_whose_event_it_runs_again(tables: Tables) -> None:
    task = make(tables, redo_of=an_id(7))

    assert tables.tasks.get(task.tenant, task.id) == task


@pytest.mark.parametrize("size", [10, 300_000, 1_000_000])
def test_an_event_is_kept_at_any_size(tables: Tables, size: int) -> None:
    task = make(tables)
    text = '{"data":"' + Random(1).randbytes(size // 2).hex() + 'ü"}'  # noqa: S311 - incompressible, no secret

    tables.events.keep(task, "an older text of the same", until=after(1e6))
    tables.events.keep(task, text, until=after(1e6))

    assert tables.events.load(task) == text


def test_an_event_belongs_to_its_tenant_task_generation_and_payload(tables: Tables) -> None:
    task = make(tables)
    tables.events.keep(task, "{}", until=NOW + timedelta(days=1))

    assert tables.events.load(replace(task, generation=1)) is None
    assert tables.events.load(replace(task, payload_hash="another")) is None
    assert tables.events.load(replace(task, id=an_id(8))) is None
    assert tables.events.load(replace(task, tenant=tables.tenant())) is None


def test_a_lease_that_is_over_times_out_no_running_task(tables: Tables) -> None:
    running = claimed(tables, make(tables))

    assert tables.tasks.commit(running, an_outcome(Step.TIME_OUT, at=after(LEASE + 1))) == Refusal(running)
