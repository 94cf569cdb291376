"""One schedule: tenants, clients, queues, mappings and faults, all decided by a seed."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Protocol, TypeVar, cast

from aws_lambda_powertools import Logger

from deliverer.batch import Deliver
from dispatcher.attempt import Attempts
from dispatcher.batch import Dispatch
from dispatcher.deferring import Deferring
from dispatcher.flow import Flow
from dispatcher.limits import Limits
from fairlane.admission import Admission
from fairlane.backlog import Backlog
from fairlane.cache import CachedRegistry
from fairlane.cancelling import Cancel
from fairlane.domain.admission import SubmitLimits
from fairlane.domain.catalog import TENANTS
from fairlane.domain.task import Task
from fairlane.events import Event
from fairlane.healing import Healing
from fairlane.own_slots import OwnSlots
from fairlane.ports.bus import BusEntry
from fairlane.ports.running import Clock
from fairlane.telling import Telling
from fairlane.token_keys import TokenKeys
from fairlane.unheld import Unheld
from gateway.callbacks import Callbacks
from gateway.submit import Submit
from janitor.due import SendDue
from janitor.duties import Rounds
from janitor.overdue import EndOverdue
from janitor.unsent import SendUnsent
from tests.simulation import tenants
from tests.simulation.fakes.admission import FakeAdmission, FakeDepths
from tests.simulation.fakes.attention import FakeAttention, FakeEvents
from tests.simulation.fakes.bus import FakeBus
from tests.simulation.fakes.clock import VirtualClock
from tests.simulation.fakes.dedup import FakeDedup
from tests.simulation.fakes.queues import FakeQueues, Held
from tests.simulation.fakes.registry import FakeRegistry
from tests.simulation.fakes.slots import FakeSlots
from tests.simulation.fakes.tasks import FakeTasks
from tests.simulation.faults import (
    Chaos,
    Faults,
    Outage,
    faulty_admission,
    faulty_attention,
    faulty_bus,
    faulty_dedup,
    faulty_events,
    faulty_queues,
    faulty_registry,
    faulty_slots,
    faulty_tasks,
)
from tests.simulation.functions import SimulatedTarget, new_process
from tests.simulation.monitor import Monitor
from tests.simulation.scheduler import NEVER, Actor, Process, Scheduler
from tests.simulation.workers import NoExecutions, SimulatedStarter, Worker

T = TypeVar("T")
R = TypeVar("R")

Handler = Callable[[list[dict[str, Any]], Process], dict[str, Any]]
DISPATCHER_LIVES = timedelta(seconds=60)


class MakeMeters(Protocol):
    """The meters of a world: a mutant puts its own in."""

    def __call__(self, on_write: Any) -> FakeAdmission: ...


class MakeTasks(Protocol):
    """The store of a world: a mutant puts its own in."""

    def __call__(self, on_write: Any) -> FakeTasks: ...


@dataclass(frozen=True)
class Parts:
    """What a mutant may replace."""

    tasks: MakeTasks = FakeTasks
    meters: MakeMeters = FakeAdmission
    backlog: type[Backlog] = Backlog
    healing: type[Healing] = Healing
    dispatch: type[Dispatch] = Dispatch
    deliver: type[Deliver] = Deliver
    submit: type[Submit] = Submit
    slots: type[FakeSlots] = FakeSlots
    telling: type[Telling] = Telling
    due: type[SendDue] = SendDue


class World:
    """The service over fakes. `clients.py` submits to it, `schedule.py` runs it."""

    def __init__(self, seed: int, parts: Parts) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - a schedule, no secret
        self.seed = seed
        self._ids = random.Random(f"ids {seed}")  # noqa: S311 - a schedule, no secret
        self.parts = parts
        self.clock = VirtualClock()
        self.scheduler = Scheduler(self.clock, self.rng)
        self.monitor = Monitor()
        self.chaos = Chaos(
            crash=self.rng.choice((0.0, 0.01, 0.03, 0.08)),
            outage=self.rng.choice((0.0, 0.02, 0.08)),
            stall=self.rng.choice((0.0, 0.0, 0.01, 0.04)),
        )
        self.tasks = parts.tasks(self._on_write)
        self.meters = parts.meters(lambda _tenant, _meter: self._wake_healing())
        self.events = FakeEvents()
        self.attention = FakeAttention(self.tasks)
        self.dedup = FakeDedup()
        self.slots = parts.slots()
        self.bus = FakeBus(self._bus_refuses)
        self.registry = FakeRegistry()
        tenants.make_token_key(self.registry)
        self.workers_at_work = 0
        self.queues = FakeQueues(self.clock, pick=self._shuffled, stays_visible=self._delivered_twice)
        self.queues.on_send = self._on_send
        self.monitor.before = self._before
        self._pollers: dict[str, Actor] = {}
        #: The mappings stand still until then: nothing is received.
        self.down_until = self.clock()
        self.dead_letters = self.queues.add("s-dead-letters")
        most = self.rng.choice((3, 8, 1000))
        self.lane_redrive = self.queues.add("s-lane-redrive")
        self.result_redrive = self.queues.add("s-result-redrive")
        self.tenants = [
            tenants.register(
                name,
                self.registry,
                self.queues,
                (self.lane_redrive, most),
                (self.result_redrive, most),
                tenants.SimulatedLimits.of(self.rng),
            )
            for name in ("ada", "bob")
        ]
        chance = random.Random(f"limits {seed}")  # noqa: S311 - a schedule, no secret
        #: Tenants with limits on submitting.
        self.limited = {"bob"} if tenants.limit(chance, self.registry, "bob") else set()
        self.lane_queues = [self.lane_redrive, *(url for one in self.tenants for url in one.lanes.values())]
        self.result_queues = [self.result_redrive, *(one.results_url for one in self.tenants)]
        for url in self.lane_queues:
            self._start_poller(url, self._dispatch)
        for url in self.result_queues:
            self._start_poller(url, self._deliver)
        self._minutes_of_healing = self.scheduler.start(self._heal_each_minute, Process("schedule"))
        self._minutes = self.scheduler.start(self._schedule_janitor, Process("schedule"))

    @property
    def is_idle(self) -> bool:
        noted = any(one.task.attention for one in self.tasks.records.values())
        return not noted and not any(self.queues.queues[url].held for url in self.lane_queues + self.result_queues)

    # --- processes --------------------------------------------------------------------------

    def submit(self, process: Process) -> Submit:
        """The gateway, in a process."""
        faults = self._faults(process)
        return self.parts.submit(
            tasks=faulty_tasks(self.tasks, faults),
            events=faulty_events(self.events, faults),
            dedup=faulty_dedup(self.dedup, faults),
            queues=faulty_queues(self.queues, faults),
            registry=self._cached(faults),
            admission=Admission(
                faulty_admission(self.meters, faults), self._depths(), self._clock_of(process), self._logger
            ),
            new_id=lambda: f"{self._ids.getrandbits(64)}",
            now=self._clock_of(process),
            parallel=SimulatedParallel(self.scheduler, process),
            logger=self._logger,
        )

    def cancel(self, process: Process) -> Cancel:
        """Cancelling by a gateway, in a process."""
        faults, now = self._faults(process), self._clock_of(process)
        tasks, registry, parallel = faulty_tasks(self.tasks, faults), self._cached(faults), self._parallel(process)
        attention, queues = faulty_attention(self.attention, faults), faulty_queues(self.queues, faults)
        telling = self.parts.telling(tasks, attention, queues, registry, parallel)
        backlog = self.parts.backlog(faulty_admission(self.meters, faults), registry, now, self._logger)
        return Cancel(tasks, telling, backlog, now, self._logger)

    def _parallel(self, process: Process) -> "SimulatedParallel":
        return SimulatedParallel(self.scheduler, process)

    def _dispatch(self, records: list[dict[str, Any]], process: Process) -> dict[str, Any]:
        faults, now = self._faults(process), self._clock_of(process)
        tasks, registry = faulty_tasks(self.tasks, faults), self._cached(faults)
        target = SimulatedTarget(self.scheduler, self.rng, self.chaos, faults, self.monitor, self.tasks)
        starter = SimulatedStarter(self.scheduler, self.rng, self.chaos, faults, self.monitor, self.tasks, self.hire)
        events = faulty_events(self.events, faults)
        deferring = Deferring(tasks, events, starter, TokenKeys(registry, registry), self._own_slots(faults), now)
        dispatch = self.parts.dispatch(
            attempts=Attempts(tasks, events, target, deferring, registry, now, self.rng.random),
            flow=self._flow(process, registry, faults),
            tasks=tasks,
            queues=faulty_queues(self.queues, faults),
            registry=registry,
            backlog=self.parts.backlog(faulty_admission(self.meters, faults), registry, now, self._logger),
            parallel=SimulatedParallel(self.scheduler, process),
            now=now,
            logger=self._logger,
            dead_letters_url=self.dead_letters,
        )
        return dispatch(records, deadline=now() + DISPATCHER_LIVES)

    def _own_slots(self, faults: Faults) -> OwnSlots:
        return OwnSlots(faulty_slots(self.slots, faults), self._logger)

    def _flow(self, process: Process, registry: CachedRegistry, faults: Faults) -> Flow:
        return Flow(
            store=faulty_slots(self.slots, faults),
            limits=Limits(registry),
            turns=lambda: SimulatedTurns(self.scheduler),
            now=self._clock_of(process),
            random=self.rng.random,
            new_id=lambda: f"{self.rng.getrandbits(32):x}",
            logger=self._logger,
        )

    def _deliver(self, records: list[dict[str, Any]], process: Process) -> dict[str, Any]:
        faults = self._faults(process)
        deliver = self.parts.deliver(
            bus=faulty_bus(self.bus, faults),
            queues=faulty_queues(self.queues, faults),
            registry=self._cached(faults),
            random=self.rng.random,
            logger=self._logger,
            dead_letters_url=self.dead_letters,
        )
        return deliver(records)

    def _heal_each_minute(self) -> None:
        """The janitor's duty, as long as it has something to do."""
        elsewhere = self.attention.without_message
        while True:
            if all(
                meter.drift is None and meter.backlog == self._depths().unended(tenant) + elsewhere(tenant)
                for tenant, meter in self.meters.meters.items()
                if meter.backlog is not None
            ):
                self.scheduler.wait_until(self.clock() + NEVER)
            self.scheduler.pause(timedelta(minutes=1))
            process = new_process("janitor", self.scheduler, self.rng, lives=DISPATCHER_LIVES)
            self.scheduler.start(partial(self._heal, process), process)

    def _heal(self, process: Process) -> None:
        faults = self._faults(process)
        store = faulty_admission(self.meters, faults)
        healing = self.parts.healing(
            store, self._depths(), self.attention.without_message, self._clock_of(process), self._logger
        )
        for tenant in self.tenants:
            entry = self.registry.get(TENANTS, tenant.name)
            limits = SubmitLimits.of(entry.doc) if entry else None
            if limits is not None:
                with suppress(Outage):
                    healing.heal(tenant.name, limits)

    def _before(self, tenant: str, task_id: str, generation: int) -> list[str]:
        """Tasks that were sent before this one under its key and have not ended."""
        wanted = (task_id, str(generation))
        for sent in self.queues.in_order.values():
            named = [(one.attributes.get("task", ""), one.attributes.get("generation")) for one in sent]
            if wanted in named:
                earlier = [(self.tasks.get(tenant, name), gen) for name, gen in named[: named.index(wanted)]]
                return [t.id for t, gen in earlier if t and not t.status.is_end and str(t.generation) == gen]
        return []

    def _depths(self) -> FakeDepths:
        lanes = {one.name: [*one.lanes.values(), self.lane_redrive] for one in self.tenants}
        return FakeDepths(lanes.__getitem__, lambda url: len(self.queues.queues[url].held))

    def _on_write(self, old: Task | None, new: Task) -> None:
        self.monitor.on_write(old, new)
        if new.attention is not None:
            self.scheduler.wake(self._minutes, new.attention.at - timedelta(minutes=20))
        if new.status.is_end:
            self._wake_healing()
        entry = self.registry.get(TENANTS, new.tenant)
        limit = entry.doc["limits"].get("backlog") if entry else None
        if old is None and limit is not None:
            mine = [held.task for (tenant, _), held in self.tasks.records.items() if tenant == new.tenant]
            self.monitor.on_create([*mine, new], limit, self.clock())

    def _wake_healing(self) -> None:
        self.scheduler.wake(self._minutes_of_healing, self.clock() + timedelta(minutes=1))

    @property
    def _logger(self) -> Logger:
        return cast(Logger, self.monitor)

    def janitor(self, process: Process) -> Rounds:
        """The janitor, in a process."""
        faults, now, parallel = (
            self._faults(process),
            self._clock_of(process),
            SimulatedParallel(self.scheduler, process),
        )
        tasks, registry = faulty_tasks(self.tasks, faults), self._cached(faults)
        attention, queues = faulty_attention(self.attention, faults), faulty_queues(self.queues, faults)
        logger = cast(Logger, self.monitor)
        telling = self.parts.telling(tasks, attention, queues, registry, parallel)
        events = faulty_events(self.events, faults)
        backlog = self.parts.backlog(faulty_admission(self.meters, faults), registry, now, self._logger)
        unheld = Unheld(
            tasks, attention, events, queues, registry, telling, backlog, self._own_slots(faults), now, self.rng.random
        )
        due = self.parts.due(tasks, events, attention, queues, registry, parallel, now, logger)
        overdue = EndOverdue(tasks, attention, unheld, NoExecutions(), parallel, now, logger)
        return Rounds((SendUnsent(tasks, attention, telling, parallel, now, logger), due, overdue), now, logger)

    def callbacks(self, process: Process) -> Callbacks:
        """The gateway as deferred attempts call it back, in a process."""
        faults, now = self._faults(process), self._clock_of(process)
        tasks, registry = faulty_tasks(self.tasks, faults), self._cached(faults)
        attention, queues = faulty_attention(self.attention, faults), faulty_queues(self.queues, faults)
        parallel = SimulatedParallel(self.scheduler, process)
        telling = Telling(tasks, attention, queues, registry, parallel)
        events = faulty_events(self.events, faults)
        backlog = self.parts.backlog(faulty_admission(self.meters, faults), registry, now, self._logger)
        unheld = Unheld(
            tasks, attention, events, queues, registry, telling, backlog, self._own_slots(faults), now, self.rng.random
        )
        return Callbacks(tasks, unheld, TokenKeys(registry, registry), now)

    def hire(self, event: Event) -> None:
        """Whoever was started does its work, whoever dies meanwhile."""
        self.workers_at_work += 1
        process = new_process("worker", self.scheduler, self.rng, lives=timedelta(days=365))
        worker = Worker(self.scheduler, self.rng, self.monitor, self.callbacks, event)

        def work() -> None:
            worker.run()
            self.workers_at_work -= 1

        self.scheduler.start(work, process)

    def _faults(self, process: Process) -> Faults:
        return Faults(self.scheduler, self.rng, self.chaos, process)

    def _cached(self, faults: Faults) -> CachedRegistry:
        registry = faulty_registry(self.registry, faults)
        return CachedRegistry(registry, ttl_s=2, monotonic=lambda: self.clock().timestamp(), lock=nullcontext)

    def _clock_of(self, process: Process) -> Clock:
        return lambda: self.clock() + process.skew

    def _schedule_janitor(self) -> None:
        """Each minute, as long as there is something to come back to within the next twenty."""
        while True:
            wanted = [held.task.attention.at for held in self.tasks.records.values() if held.task.attention]
            first = min(wanted, default=self.clock() + NEVER) - timedelta(minutes=20)
            self.scheduler.wait_until(max(first, self.clock() + timedelta(minutes=1)))
            process = new_process("janitor", self.scheduler, self.rng, lives=DISPATCHER_LIVES)
            self.scheduler.start(partial(self._round, process), process)

    def _round(self, process: Process) -> None:
        self.janitor(process)(self.clock() + process.skew + DISPATCHER_LIVES)

    # --- event source mappings --------------------------------------------------------------

    def _start_poller(self, url: str, handler: Handler) -> None:
        self._pollers[url] = self.scheduler.start(lambda: self._poll(url, handler), Process(f"mapping of {url}"))

    def _poll(self, url: str, handler: Handler) -> None:
        while True:
            if self.down_until > self.clock():
                self.scheduler.wait_until(self.down_until)
            records = self.queues.receive(url, self.rng.randint(1, 10))
            if records:
                process = new_process("invocation", self.scheduler, self.rng, lives=DISPATCHER_LIVES)
                self.scheduler.start(partial(self._invoke, url, handler, records, process), process)
                self.scheduler.pause(timedelta(milliseconds=self.rng.randrange(50)))
            else:
                following = self.queues.queues[url].next_visible_at()
                self.scheduler.wait_until(following or self.clock() + NEVER)

    def _invoke(self, url: str, handler: Handler, records: list[dict[str, Any]], process: Process) -> None:
        try:
            response = handler(records, process)
        except Outage:
            return  # Lambda tells an error: the whole batch comes again
        failed = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed and self.rng.random() >= self.chaos.outage:
                self._delete(url, record["messageId"])

    def _delete(self, url: str, message_id: str) -> None:
        gone = self.queues.delete(url, message_id)
        self._wake_healing()  # what lies there may have been as much as was counted, by chance
        if gone is not None and url in self.lane_queues:
            owner = next(one for one in self.tenants if gone.home_arn.rpartition(":")[2] in one.queue_names)
            record = self.tasks.get(owner.name, gone.message.attributes.get("task", ""))
            self.monitor.on_delete(gone, record, self.queues, self.lane_queues)

    # --- what SQS and EventBridge do of their own accord ---------------------------------------

    def _on_send(self, url: str, visible_at: Any) -> None:
        if url in self._pollers:
            self.scheduler.wake(self._pollers[url], visible_at)

    def _shuffled(self, held: list[Held]) -> list[Held]:
        return self.rng.sample(held, len(held))

    def _delivered_twice(self) -> bool:
        return self.rng.random() < self.chaos.outage

    def _bus_refuses(self, _entry: BusEntry) -> str | None:
        return "InternalFailure" if self.rng.random() < self.chaos.outage else None


class SimulatedTurns:
    """`Turns` between the scheduler's actors: only one runs at a time, so the lock is none."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._waiting: list[Actor] = []

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def wait(self, longest: timedelta) -> bool:
        me = self._scheduler.current
        if me is None:
            raise RuntimeError("not inside an actor")
        self._waiting.append(me)
        try:
            self._scheduler.pause(longest)
        finally:
            self._waiting.remove(me)
        return True

    def tell(self) -> None:
        for actor in self._waiting:
            self._scheduler.wake(actor, self._scheduler.clock())


class SimulatedParallel:
    """`Parallel` whose calls the scheduler interleaves."""

    def __init__(self, scheduler: Scheduler, process: Process) -> None:
        self._scheduler = scheduler
        self._process = process

    def __call__(self, call: Callable[[T], R], items: Sequence[T]) -> Iterator[list[tuple[int, R]]]:
        if len(items) == 1:
            yield [(0, call(items[0]))]
            return
        came: dict[int, Callable[[], R]] = {}

        def run(n: int) -> None:
            try:
                outcome = call(items[n])
                came[n] = lambda: outcome
            except Exception as error:  # noqa: BLE001 - raised below, in the caller's thread
                came[n] = partial(_raise, error)

        pending = {n: self._scheduler.start(partial(run, n), self._process) for n in range(len(items))}
        while pending:
            self._scheduler.join_any(list(pending.values()))
            group = [(n, came[n]()) for n in pending if n in came]
            pending = {n: actor for n, actor in pending.items() if n not in came}
            yield group


def _raise(error: Exception) -> Any:
    raise error
