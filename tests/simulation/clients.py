"""Clients: submit, repeat until they are answered, give up, send another payload under the same id."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fairlane.domain.errors import Refused
from fairlane.domain.times import rfc3339
from fairlane.events import Event
from gateway.submit import Accepted
from tests.simulation.faults import Outage
from tests.simulation.functions import new_process
from tests.simulation.monitor import said
from tests.simulation.scheduler import Crash
from tests.simulation.tenants import ORDERED, TYPES, SimulatedTenant
from tests.simulation.world import World

GATEWAY_LIVES = timedelta(seconds=29)
THEN = ("return", "return", "long", "flaky", "fail", "fatal")


@dataclass
class Clients:
    """All clients of one schedule, and what they were told."""

    world: World
    #: (tenant, task id) -> payload hash, of everything that was acknowledged.
    acknowledged: dict[tuple[str, str], str] = field(default_factory=dict)
    #: What was sent and neither acknowledged nor refused.
    abandoned: list[tuple[SimulatedTenant, Event]] = field(default_factory=list)
    at_work: int = 0
    latest_due: datetime = field(init=False)
    _refused_at: datetime = field(init=False)
    #: Chances of cancelling, apart, so that what a seed's clients submit stays the same.
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"cancel {self.world.seed}")  # noqa: S311 - a schedule, no secret
        self.latest_due = self.world.clock()
        self._refused_at = self.world.clock() - timedelta(days=1)

    def start(self) -> None:
        """Let them loose."""
        rng = self.world.rng
        for tenant in self.world.tenants:
            crowd = rng.randint(2, 5) if self._waits(tenant) else 0
            pool = [self._event(n) for n in range(rng.randint(1, 3) + crowd)]
            if crowd:
                self.submit(tenant, pool, tries=1000, after=rng.randrange(60))
            for _ in range(rng.randint(1, 2)):
                events = [rng.choice(pool) for _ in range(rng.randint(1, 3))]
                if rng.random() < 0.1:
                    events[0] = events[0] | {"data": {"then": "return", "another": True}}
                if "dedupkey" in events[0] and rng.random() < 0.5:
                    events[0] = events[0] | {"id": "another"}
                self.submit(tenant, events, tries=rng.choice((1, 2, 1000)), after=rng.randrange(60))
            if tenant.name in self.world.limited:
                self._crowd(tenant)
            for _ in range(self.chance.choice((0, 0, 1, 3))):
                self.cancel(tenant, after=timedelta(seconds=self.chance.uniform(0, 120)))

    def _crowd(self, tenant: SimulatedTenant) -> None:
        """More than the tenant's limits allow at once, by clients that never give up."""
        rng = self.world.rng
        for number in range(rng.randint(2, 5)):
            events = [self._event(10 * number + n) for n in range(10, 10 + rng.randint(1, 3))]
            self.submit(tenant, events, tries=1000, after=rng.randrange(60))

    def _waits(self, tenant: SimulatedTenant) -> bool:
        """Whether a crowd shall meet the limits on running; under those on submitting, it would not come so far."""
        return tenant.limits.is_tight and tenant.name not in self.world.limited

    def cancel(self, tenant: SimulatedTenant, *, after: timedelta) -> None:
        """A client that cancels a task of the tenant, whichever there is by then."""
        self.at_work += 1
        process = new_process("client", self.world.scheduler, self.world.rng, lives=timedelta(days=365))
        self.world.scheduler.start(lambda: self._cancel(tenant), process, after=after)

    def _cancel(self, tenant: SimulatedTenant) -> None:
        records = self.world.tasks.records
        known = sorted(task_id for owner, task_id in records if owner == tenant.name)
        if known:
            task = records[tenant.name, self.chance.choice(known)].task
            gateway = new_process("gateway", self.world.scheduler, self.world.rng, lives=GATEWAY_LIVES)

            def call() -> None:
                try:
                    self.world.cancel(gateway)(task)
                except Outage:
                    self.world.monitor.reached.add("a cancel without an answer")
                except Refused as refused:
                    self.world.monitor.reached.add(f"a cancel refused: {refused.kind}")

            self.world.scheduler.within(gateway, call)
        self.at_work -= 1

    def submit(self, tenant: SimulatedTenant, events: list[Event], *, tries: int, after: int = 0) -> None:
        """A client that submits these events, and gives up after so many tries."""
        self.at_work += 1
        process = new_process("client", self.world.scheduler, self.world.rng, lives=timedelta(days=365))
        self.world.scheduler.start(lambda: self._run(tenant, events, tries), process, after=timedelta(seconds=after))

    def _run(self, tenant: SimulatedTenant, events: list[Event], tries: int) -> None:
        waiting = list(events)
        for _ in range(tries):
            waiting = self._once(tenant, waiting)
            if not waiting:
                break
            longest = 5 if self._refused_at < self.world.clock() else 60
            self.world.scheduler.pause(timedelta(seconds=self.world.rng.uniform(0.1, longest)))
        self.abandoned += [(tenant, event) for event in waiting]
        self.at_work -= 1

    def _once(self, tenant: SimulatedTenant, events: list[Event]) -> list[Event]:
        """What has to be sent again."""
        scheduler = self.world.scheduler
        gateway = new_process("gateway", scheduler, self.world.rng, lives=GATEWAY_LIVES)

        def call() -> Sequence[Accepted | Refused]:
            try:
                return self.world.submit(gateway)(tenant.name, events).answers
            except Outage:
                return [Refused("unavailable", "503")] * len(events)

        answers = scheduler.within(gateway, call)
        if isinstance(answers, Crash):
            return events
        told = list(zip(events, answers, strict=True))
        return [event for event, answer in told if self._must_repeat(tenant, event, answer)]

    def _must_repeat(self, tenant: SimulatedTenant, event: Event, answer: Accepted | Refused) -> bool:
        if isinstance(answer, Refused):
            self.world.monitor.reached.add(f"refused {answer.kind}")
            self.world.monitor.reached.add(f"short of {answer.reason}")
            if answer.kind == "too-many-requests":
                self._refused_at = self.world.clock()
            return answer.kind in ("unavailable", "too-many-requests")
        key, payload = (tenant.name, answer.id), said(event)
        known = self.acknowledged.setdefault(key, payload)
        self.world.monitor.acknowledged_at.setdefault(key, self.world.clock())
        self.world.monitor.expect(known == payload, f"{answer.id} was acknowledged for two payloads")
        self.world.monitor.expect(key in self.world.tasks.records, f"{answer.id} was acknowledged without a record")
        return False

    def _event(self, n: int) -> Event:
        rng = self.world.rng
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"e{n}",
            "source": "/simulation",
            "type": rng.choice(list(TYPES)),
            "data": {"then": rng.choice(THEN)},
        }
        lane = rng.random()
        if lane < 0.3:
            event["lane"] = "bulk"
        elif lane < 0.5:
            event |= {"lane": ORDERED, "partitionkey": rng.choice("ab")}
        soon = self.world.clock() + timedelta(seconds=rng.randrange(1, 120))
        late = self.world.clock() + timedelta(days=rng.randrange(1, 20))
        kind = rng.random()
        if kind < 0.1:
            event["expirytime"] = rfc3339(soon)
        elif kind < 0.2:
            event["notbefore"] = rfc3339(soon)
        elif kind < 0.3:
            event["dedupkey"] = f"key {n}"
        elif kind < 0.33 and event.get("lane") != ORDERED:  # it would block its key for so long
            event["notbefore"] = rfc3339(late)
            self.latest_due = max(self.latest_due, late)
        return event
