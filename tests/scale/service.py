"""The use cases over fakes, one warm instance of each function, every request counted."""

import itertools
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, cast

from aws_lambda_powertools import Logger

from deliverer.batch import Deliver
from dispatcher.attempt import Attempts
from dispatcher.batch import Dispatch
from dispatcher.flow import Flow
from dispatcher.limits import Limits
from fairlane.admission import Admission
from fairlane.backlog import Backlog
from fairlane.cache import CachedRegistry
from fairlane.domain import catalog
from fairlane.parallel import one_by_one
from fairlane.ports.registry import Entry
from fairlane.ports.targets import Returned
from fairlane.turns import NoTurns
from gateway.submit import Submit
from tests.scale.counting import BUS, METERS, QUEUES, REGISTRY, SLOTS, TASKS, Bill, Counting
from tests.scale.queues import LongQueues
from tests.simulation.fakes.admission import FakeAdmission, FakeDepths
from tests.simulation.fakes.attention import FakeEvents
from tests.simulation.fakes.bus import FakeBus
from tests.simulation.fakes.clock import VirtualClock
from tests.simulation.fakes.dedup import FakeDedup
from tests.simulation.fakes.registry import FakeRegistry
from tests.simulation.fakes.slots import FakeSlots
from tests.simulation.fakes.tasks import FakeTasks
from tests.simulation.tenants import SimulatedLimits, SimulatedTenant, register

TTL_S = 2.0
#: Each tenant's lane and results have a batch of 10 so often, however many tenants there are.
PACE = timedelta(seconds=1)
LIVES = timedelta(seconds=60)
PLENTY = 10_000
EVERY_LIMIT = SimulatedLimits(PLENTY, {"default": (PLENTY, None, None)}, {"quick": PLENTY})
SUBMIT_LIMITS = {"submit_rate": 1_000_000, "submit_burst": 1_000_000, "backlog": 1_000_000}


class _Silent:
    """A logger."""

    def info(self, *_: object, **__: object) -> None: ...

    warning = error = info

    def exception(self, message: str, **_: object) -> None:
        raise AssertionError(message)


class _Instant:
    """`Target`: returns at once."""

    def call(self, *_: object, **__: object) -> Returned:
        return Returned("{}")


class Service:
    """`limited`: with every limit there is, too high to be met."""

    def __init__(self, tenants: int, *, limited: bool = False) -> None:
        self.clock = VirtualClock()
        self.bill = Bill()
        self.tasks = FakeTasks()
        self.queues = LongQueues(self.clock)
        self.registry = FakeRegistry()
        self.bus = FakeBus()
        nowhere = (self.queues.add("s-redrive"), 1000)
        self._step = PACE / (2 * tenants)
        limits = EVERY_LIMIT if limited else SimulatedLimits()
        names = [f"tenant-{number}" for number in range(tenants)]
        self.tenants = [
            register(name, self.registry, cast(Any, self.queues), nowhere, nowhere, limits) for name in names
        ]
        if limited:
            for name in names:
                self._limit_submitting(name)
        self._wire()

    def submit(self, tenant: SimulatedTenant, count: int) -> None:
        """One request with so many new events."""
        self.clock.advance(self._step)
        events = [
            {"specversion": "1.0", "id": f"e{next(self._ids)}", "source": "/s", "type": "quick", "data": {}}
            for _ in range(count)
        ]
        answers = self._submit(tenant.name, events).answers
        assert not any(getattr(answer, "duplicate", True) for answer in answers)

    def dispatch(self, tenant: SimulatedTenant) -> int:
        """One batch of the tenant's lane; how many messages it had."""
        return self._poll(tenant.queue_url, lambda records: self._dispatch(records, deadline=self.clock() + LIVES))

    def deliver(self, tenant: SimulatedTenant) -> int:
        """One batch of the tenant's results."""
        return self._poll(tenant.results_url, self._deliver)

    def forget(self) -> None:
        """The ended tasks and what was told of them, to save memory."""
        assert all(held.task.status.is_end for held in self.tasks.records.values())
        self.tasks.records.clear()
        self.bus.accepted.clear()

    def _poll(self, url: str, handle: Callable[[list[dict[str, Any]]], dict[str, Any]]) -> int:
        self.clock.advance(self._step)
        records = self.queues.receive(url)
        if not records:
            return 0
        failed = {failure["itemIdentifier"] for failure in handle(records)["batchItemFailures"]}
        done = [record["messageId"] for record in records if record["messageId"] not in failed]
        self.queues.delete(url, done)
        self.bill.add({"sqs": 1 + bool(done)})  # the receive and the delete
        return len(records)

    def _limit_submitting(self, name: str) -> None:
        held = self.registry.get(catalog.TENANTS, name)
        assert held is not None
        doc = {**held.doc, "limits": {**held.doc["limits"], **SUBMIT_LIMITS}}
        self.registry.put(Entry(catalog.TENANTS, name, doc, held.version + 1), expected=held.version)

    def _cached(self) -> CachedRegistry:
        counted = cast(Any, Counting(self.registry, REGISTRY, self.bill))
        return CachedRegistry(counted, ttl_s=TTL_S, monotonic=lambda: self.clock().timestamp(), lock=nullcontext)

    def _wire(self) -> None:
        self._ids = itertools.count()
        logger = cast(Logger, _Silent())
        tasks: Any = Counting(self.tasks, TASKS, self.bill)
        queues: Any = Counting(self.queues, QUEUES, self.bill)
        meters: Any = Counting(FakeAdmission(), METERS, self.bill)
        slots: Any = Counting(FakeSlots(), SLOTS, self.bill)
        bus: Any = Counting(self.bus, BUS, self.bill)
        by_name = {tenant.name: [tenant.queue_url] for tenant in self.tenants}
        depths = FakeDepths(by_name.__getitem__, self.queues.depth)
        registry = self._cached()
        self._submit = Submit(
            tasks=tasks,
            events=FakeEvents(),
            dedup=FakeDedup(),
            queues=queues,
            registry=registry,
            admission=Admission(meters, depths, self.clock, logger),
            now=self.clock,
            parallel=one_by_one,
            logger=logger,
        )
        registry = self._cached()
        ids = itertools.count()
        flow = Flow(
            store=slots,
            limits=Limits(registry),
            turns=NoTurns,
            now=self.clock,
            random=lambda: 0.5,
            new_id=lambda: f"h{next(ids)}",
            logger=logger,
        )
        deferring: Any = None  # no function here is deferred
        self._dispatch = Dispatch(
            attempts=Attempts(tasks, FakeEvents(), cast(Any, _Instant()), deferring, registry, self.clock, lambda: 0.5),
            flow=flow,
            tasks=tasks,
            queues=queues,
            registry=registry,
            backlog=Backlog(meters, registry, self.clock, logger),
            parallel=one_by_one,
            now=self.clock,
            logger=logger,
            dead_letters_url="none",
        )
        self._deliver = Deliver(
            bus=bus,
            queues=queues,
            registry=self._cached(),
            random=lambda: 0.5,
            logger=logger,
            dead_letters_url="none",
        )


def drain(service: Service, tenants: Sequence[SimulatedTenant], told: Callable[[int], None]) -> None:
    """Run and deliver all, one batch of each tenant in turn."""
    busy = list(tenants)
    while busy:
        busy = [tenant for tenant in busy if service.dispatch(tenant)]
        for tenant in busy:
            told(service.deliver(tenant))
