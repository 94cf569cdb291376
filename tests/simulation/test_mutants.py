"""The simulation can fail: break one rule of the service, and a few hundred schedules notice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from deliverer.batch import Deliver
from dispatcher.batch import Dispatch
from dispatcher.gates import Gates
from dispatcher.hand import Hand, Permit
from dispatcher.limits import Limits
from fairlane.backlog import Backlog
from fairlane.domain.admission import SubmitLimits
from fairlane.domain.errors import Refused
from fairlane.domain.rate import Rate
from fairlane.domain.slots import Change, Lease, Slots, Terms
from fairlane.domain.task import Outcome, Status, Step, Task
from fairlane.events import Event
from fairlane.healing import Healing
from fairlane.ports.admission import Short, Taken
from fairlane.ports.attention import Noted
from fairlane.ports.tasks import Refusal
from fairlane.telling import Telling
from gateway.submit import Accepted, Submit, Submitted
from janitor.due import SendDue
from tests.simulation.fakes.admission import FakeAdmission
from tests.simulation.fakes.slots import FakeSlots
from tests.simulation.fakes.tasks import FakeTasks
from tests.simulation.faults import Outage
from tests.simulation.schedule import Schedule
from tests.simulation.world import Parts

MOST_SEEDS = 400


class CommitsWithoutFence(FakeTasks):
    def may_commit(self, held: Task, task: Task, outcome: Outcome) -> bool:  # noqa: ARG002
        return held.generation == task.generation


class ClaimsUnderALiveLease(FakeTasks):
    def lease_is_over(self, task: Task, now: datetime) -> bool:  # noqa: ARG002
        return task.status is Status.RUNNING


class ClaimsWithoutCounting(FakeTasks):
    def has_attempts_left(self, task: Task) -> bool:  # noqa: ARG002
        return True


class ClaimsWithShortLeases(FakeTasks):
    def claim(
        self, tenant: str, task_id: str, *, generation: int, now: datetime, lease_until: datetime, detail: str = ""
    ) -> Task | Refusal:
        short = lease_until - timedelta(seconds=25)
        claimed = super().claim(tenant, task_id, generation=generation, now=now, lease_until=short, detail=detail)
        return replace(claimed, lease_until=lease_until) if isinstance(claimed, Task) else claimed


class EndsAtAnotherTimeEachRead(FakeTasks):
    reads = 0

    def load_result(self, task: Task) -> Task:
        self.reads += 1
        shifted = timedelta(milliseconds=self.reads)
        return super().load_result(replace(task, ended_at=task.ended_at + shifted) if task.ended_at else task)


class NeverForgets(FakeTasks):
    def expire(self, now: datetime) -> None:
        """Records that nobody sent a message for stay for ever."""


class DeletesWhatIsHidden(Dispatch):
    def _keep(self, hidden: Sequence[Any]) -> list[Any]:
        return [one.message for one in hidden if "lease" not in str(getattr(one.disposition, "reason", ""))]


class DeletesBeforeTheResultIsConfirmed(Dispatch):
    def _publish(self, ended: Sequence[Any]) -> list[Any]:
        super()._publish(ended)
        return []


class NeverWorks(Dispatch):
    def __call__(self, records: Sequence[dict[str, Any]], *, deadline: datetime) -> dict[str, Any]:  # noqa: ARG002
        raise Outage("always")


class DropsWhatItCannotRead(Dispatch):
    def _bury(self, one: Any, why: Any) -> list[Any]:  # noqa: ARG002
        return []


class DeletesResultsThatTheBusRefused(Deliver):
    def __call__(self, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
        super().__call__(records)
        return {"batchItemFailures": []}


class AcknowledgesWithoutConfirmation(Submit):
    def _send_all(self, recorded: Mapping[int, Any], answers: dict[int, Accepted | Refused]) -> None:
        super()._send_all(dict(recorded), answers)
        for index, one in recorded.items():
            answers[index] = Accepted(one.task.id, one.task.status.value, one.duplicate)


class DuplicatesNeverSend(Submit):
    def _record_one(self, prepared: Any) -> Any:
        recorded = super()._record_one(prepared)
        return replace(recorded, must_send=not recorded.duplicate)


class IgnoresTheLane(Submit):
    def __call__(self, tenant: str, events: Sequence[Event | Refused]) -> Submitted:
        """Another tenant's task."""
        return super().__call__("bob" if tenant == "ada" else tenant, events)


class TakesWhatIsNotThere(FakeAdmission):
    def take(self, tenant: str, limits: SubmitLimits, count: int, *, now: datetime, is_full: bool) -> Taken | Short:
        return super().take(tenant, replace(limits, backlog=10**6), count, now=now, is_full=is_full)


class GivesPlacesBackTwice(Backlog):
    def ended(self, tenants: Iterable[str]) -> None:
        super().ended([*tenants] * 2)


class GivesPlacesBackForEveryEnd(Dispatch):
    def _publish(self, ended: Sequence[Any]) -> list[Any]:
        told = [replace(one, disposition=replace(one.disposition, committed=True)) for one in ended]
        return super()._publish(told)


class NeverGivesPlacesBack(Backlog):
    def ended(self, tenants: Iterable[str]) -> None:
        """Nor does anybody else."""


class NeverHeals(Healing):
    def heal(self, tenant: str, limits: SubmitLimits) -> bool:  # noqa: ARG002
        return False


class HealsWhatIsOnItsWay(Healing):
    def heal(self, tenant: str, limits: SubmitLimits) -> bool:  # noqa: ARG002
        meter = self.store.look(tenant)
        if meter is not None and meter.backlog is not None:
            self.store.correct(
                tenant, meter, by=self.depths.unended(tenant) - meter.backlog, drift=None, now=self.now()
            )
        return True


class TakesMoreThanThereIs(FakeSlots):
    def stays_below(self, found: Slots, change: Change) -> bool:  # noqa: ARG002
        return True


class GivesBackTwice(FakeSlots):
    def leases_are_there(self, found: Slots, change: Change) -> bool:  # noqa: ARG002
        return True


class IgnoresTheOrder(Dispatch):
    def _run_row(self, row: list[Any], gates: Gates) -> list[Any]:
        return [self._run(job, gates) for job in row]


class LetsNextOvertake(Dispatch):
    def _keep(self, hidden: Sequence[Any]) -> list[Any]:
        """A head that is sent again comes last."""
        heads = [one for one in hidden if one.message.is_ordered and "behind" not in one.disposition.reason]
        kept = super()._keep([one for one in hidden if one not in heads])
        return kept + [one.message for one in heads if not self._renew(one, self.now())]


class CancelsWithoutAMark(FakeTasks):
    def commit(self, task: Task, outcome: Outcome) -> Task | Refusal:
        cancels = outcome.step is Step.CANCEL
        return super().commit(task, replace(outcome, attention=None) if cancels else outcome)


class CancelsWithoutFence(FakeTasks):
    def may_commit(self, held: Task, task: Task, outcome: Outcome) -> bool:
        is_theirs = outcome.step is Step.SUCCEED and held.status is Status.CANCELLED
        return is_theirs or super().may_commit(held, task, outcome)


class SettlesBeforeItTells(Telling):
    def __call__(self, ended: Sequence[Task]) -> list[Task]:
        for task in ended:
            self._settle(task)
        return super().__call__(ended)


class SettlesWithoutSending(SendDue):
    def send(self, page: Sequence[Noted]) -> int:
        for entry in page:
            self.attention.settle(entry)
        return len(page)


MUTANTS = {
    "a cancel that leaves no mark": Parts(tasks=CancelsWithoutAMark),
    "an outcome that replaces a cancel": Parts(tasks=CancelsWithoutFence),
    "a mark taken back before the end is told": Parts(telling=SettlesBeforeItTells),
    "a due task that nobody sends": Parts(due=SettlesWithoutSending),
    "a backlog limit that does not limit": Parts(meters=TakesWhatIsNotThere),
    "a place given back twice": Parts(backlog=GivesPlacesBackTwice),
    "a place given back by who only met the end": Parts(dispatch=GivesPlacesBackForEveryEnd),
    "a place that is lost": Parts(backlog=NeverGivesPlacesBack, healing=NeverHeals),
    "a leak that nobody puts right": Parts(healing=NeverHeals),
    "a count put right too soon": Parts(healing=HealsWhatIsOnItsWay),
    "a commit without its fence": Parts(tasks=CommitsWithoutFence),
    "a claim under a live lease": Parts(tasks=ClaimsUnderALiveLease),
    "a claim that does not count attempts": Parts(tasks=ClaimsWithoutCounting),
    "a lease shorter than the attempt": Parts(tasks=ClaimsWithShortLeases),
    "results that differ when told again": Parts(tasks=EndsAtAnotherTimeEachRead),
    "records that stay for ever": Parts(tasks=NeverForgets),
    "a message deleted before its task has ended": Parts(dispatch=DeletesWhatIsHidden),
    "a message deleted before its result was confirmed": Parts(dispatch=DeletesBeforeTheResultIsConfirmed),
    "a dispatcher that never works": Parts(dispatch=NeverWorks),
    "garbage dropped silently": Parts(dispatch=DropsWhatItCannotRead),
    "a refused result deleted": Parts(deliver=DeletesResultsThatTheBusRefused),
    "an acknowledgement before the queue's": Parts(submit=AcknowledgesWithoutConfirmation),
    "a duplicate that trusts the first send": Parts(submit=DuplicatesNeverSend),
    "a tenant that reaches another": Parts(submit=IgnoresTheLane),
    "a key whose tasks do not wait for each other": Parts(dispatch=IgnoresTheOrder),
    "a head that comes last": Parts(dispatch=LetsNextOvertake),
    "slots taken without looking at the limit": Parts(slots=TakesMoreThanThereIs),
    "slots given back twice": Parts(slots=GivesBackTwice),
}


def _takes_back_live_leases(slots: Slots, now: datetime) -> dict[str, Lease]:
    return {name: lease for name, lease in slots.leases.items() if lease.until - timedelta(seconds=60) < now}


def _forgets_who_may_run(hand: Hand, permit: Permit) -> None:
    hand.in_use.subtract(permit.scopes)


def _uses_a_slot_for_all(hand: Hand, terms: Terms, timeout: timedelta, now: datetime) -> Permit | None:
    permit = _ADMIT(hand, terms, timeout, now)
    if permit is not None:
        hand.in_use.subtract(permit.scopes)
    return permit


_ADMIT = Hand.admit
#: Rules in plain Python that a mutant replaces: (class, name, replacement).
BROKEN_RULES: dict[str, tuple[type, str, Any]] = {
    "a live lease taken back": (Slots, "expired", _takes_back_live_leases),
    "the slot of an unknown outcome given to another": (Hand, "release", _forgets_who_may_run),
    "one slot used by many": (Hand, "admit", _uses_a_slot_for_all),
    "a rate that gives its burst each time": (Rate, "available", lambda rate, *_: rate.burst),
    "a pause that nobody minds": (Limits, "_pause", lambda *_: None),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_simulation_catches(mutant: str) -> None:
    caught_by = next((seed for seed in range(MOST_SEEDS) if Schedule(seed, MUTANTS[mutant]).run()), None)

    assert caught_by is not None
    assert Schedule(caught_by).run() == []


@pytest.mark.parametrize("rule", BROKEN_RULES)
def test_the_simulation_catches_a_broken_rule(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(*BROKEN_RULES[rule])
        caught_by = next((seed for seed in range(MOST_SEEDS) if Schedule(seed).run()), None)

    assert caught_by is not None
    assert Schedule(caught_by).run() == []
