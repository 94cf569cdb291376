"""One seed, one schedule: a time of chaos, then calm, then the question whether every promise was kept."""

from collections import Counter
from datetime import timedelta

from fairlane.domain import catalog
from fairlane.domain.task import Task
from fairlane.ports.queues import Message
from tests.simulation.clients import Clients
from tests.simulation.scheduler import Process
from tests.simulation.tenants import put_function, put_lane
from tests.simulation.world import Parts, World

CHAOS_LASTS = timedelta(seconds=150)
#: Once it is calm, everything has its end within this: due times, visibility, leases, backoffs.
BOUND = timedelta(hours=1)
#: A process that stands still between passing the gate and its call starts that much later.
STALLED = timedelta(seconds=90)
#: Longer than a record lives whose message was never sent.
FORGOTTEN = timedelta(days=16)
GARBAGE = ("no JSON", '"no event"', '{"specversion":"1.0","id":"x","source":"/x","type":"quick"}')


class Schedule:
    """Runs one seed. `violations` is empty when every invariant held."""

    def __init__(self, seed: int, parts: Parts | None = None) -> None:
        self.world = World(seed, parts or Parts())
        self.clients = Clients(self.world)
        self._garbage: set[str] = set()

    def run(self) -> list[str]:
        """The violations."""
        world = self.world
        try:
            self.clients.start()
            self._disturb()
            world.scheduler.run(world.clock() + CHAOS_LASTS)
            world.scheduler.run(world.down_until)
            world.chaos.calm_down()
            self._settle()
            self._check()
            if world.rng.random() < 0.3:
                self._forget()
        finally:
            world.scheduler.close()
        if world.tasks.prolonged:
            world.monitor.reached.add("record prolonged")
        world.monitor.violations += [f"an error that nobody expects: {error!r}" for error in world.scheduler.errors]
        return world.monitor.violations

    def _disturb(self) -> None:
        """What happens besides: garbage in queues, a deleted function, a long outage."""
        rng, scheduler = self.world.rng, self.world.scheduler
        operator = Process("operator")
        for happens, chance in (
            (self._send_garbage, 0.1),
            (self._delete_function, 0.2),
            (self._outage, 0.1),
            (self._pause_lane, 0.1),
        ):
            if rng.random() < chance:
                scheduler.start(happens, operator, after=timedelta(seconds=rng.randrange(90)))

    def _send_garbage(self) -> None:
        world = self.world
        body = world.rng.choice(GARBAGE)
        tenant = world.rng.choice(world.tenants)
        url = world.rng.choice((tenant.queue_url, tenant.results_url))
        attributes = {"task": "t_unknown", "generation": "1"} if world.rng.random() < 0.5 else {}
        world.queues.send(url, [Message(body, attributes)])
        self._garbage.add(body)

    def _delete_function(self) -> None:
        world = self.world
        tenant = world.rng.choice(world.tenants)
        world.registry.delete(tenant.name, catalog.function_item("doomed"))
        world.scheduler.pause(timedelta(seconds=20))
        if world.rng.random() < 0.5:
            put_function(world.registry, tenant, "doomed")

    def _pause_lane(self) -> None:
        """Nothing of it may start meanwhile, but for what was stalled right before its call."""
        world = self.world
        tenant = world.rng.choice(world.tenants)
        put_lane(world.registry, tenant, "default", paused=True)
        begins = world.clock() + STALLED
        world.scheduler.pause(timedelta(seconds=200))
        world.monitor.pauses.append((tenant.name, "default", (begins, world.clock())))
        put_lane(world.registry, tenant, "default")

    def _outage(self) -> None:
        """Nothing is received for so long that messages grow old."""
        world = self.world
        world.down_until = world.clock() + timedelta(days=11)
        world.scheduler.wait_until(world.down_until)
        world.tasks.expire(world.clock())

    def _settle(self) -> None:
        world, until = self.world, max(self.world.clock(), self.clients.latest_due) + BOUND
        while world.clock() < until and not (world.is_idle and self.clients.at_work == 0):
            world.scheduler.run(world.clock() + timedelta(minutes=5))
        world.monitor.expect(self.clients.at_work == 0, "clients were not answered in time")
        for url, queue in world.queues.queues.items():
            if url != world.dead_letters:
                world.monitor.expect(not queue.held, f"{len(queue.held)} messages were left in {url}")

    def _check(self) -> None:
        world = self.world
        for tenant, task_id in self.clients.acknowledged:
            self._check_ended(world.tasks.get(tenant, task_id), task_id)
        ended = [held.task for held in world.tasks.records.values() if held.task.status.is_end]
        world.monitor.check_limits({tenant.name: tenant.limits for tenant in world.tenants})
        self._check_slots()
        world.monitor.check_results(world.bus.accepted, ended)
        world.monitor.check_dead_letters(list(world.queues.messages(world.dead_letters)), self._garbage)

    def _check_slots(self) -> None:
        """4: in the end nothing is in use, but for what the dead have left, which anybody takes back."""
        world = self.world
        late = world.clock() + BOUND
        for tenant in world.tenants:
            found = world.slots.look(tenant.name)
            counted = sum((Counter(lease.counts) for lease in found.leases.values()), Counter[str]())
            world.monitor.expect(dict(counted) == dict(found.used), f"counters {found.used} of leases {counted}")
            alive = [name for name, lease in found.leases.items() if lease.until >= late]
            world.monitor.expect(not alive, f"slots are held for ever: {alive}")

    def _check_ended(self, task: Task | None, task_id: str) -> None:
        """1: acknowledged means durable."""
        has_ended = task is not None and task.status.is_end
        self.world.monitor.expect(has_ended, f"{task_id} was acknowledged and is {task.status if task else 'gone'}")

    def _forget(self) -> None:
        """1: what was half-accepted goes away by itself, and a client that comes back is served."""
        world = self.world
        world.scheduler.run(max(world.clock(), self.clients.latest_due) + FORGOTTEN)
        world.tasks.expire(world.clock())
        left = [held.task.id for held in world.tasks.records.values() if not held.task.status.is_end]
        world.monitor.expect(not left, f"half-accepted for ever: {left}")
        for tenant, event in self.clients.abandoned:
            self.clients.submit(tenant, [event], tries=1000)
        self.clients.abandoned.clear()
        self._settle()
        self._check()
