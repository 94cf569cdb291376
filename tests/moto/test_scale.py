"""A task costs the same requests beside many tenants and behind many tasks. `pytest -rP` shows the table.

Warm functions, full batches of 10, each tenant with the same load; `tests/scale` counts the same on fakes with
1,000 tenants and 100,000 tasks.
"""

from collections.abc import Sequence

import pytest

from tests.moto.counting import Counted, counted
from tests.moto.tenants import Tenant, an_event, make_tenant
from tests.moto.world import World

MOST_MORE = 1.05
BATCH = 20


def warm(world: World) -> None:
    world.registry_cache_s = 3600
    world.start()


def submit_batch(tenant: Tenant, number: int) -> None:
    events = [an_event(id=f"e-{number}-{n}") for n in range(BATCH)]
    assert tenant.world.submit_batch(tenant.key, events).status == 200


def drain(world: World) -> None:
    while sum(world.poll(function) for function in ("dispatcher", "deliverer")):
        pass


def cost_of(world: World, tenants: Sequence[Tenant]) -> Counted:
    """Each tenant submits two batches, then everything runs and is delivered."""
    warm(world)
    world.calls.made.clear()
    for number in range(2):
        for tenant in tenants:
            submit_batch(tenant, number)
    drain(world)
    found = counted(world.calls.made)
    assert len(world.functions.runs) == 2 * BATCH * len(tenants)
    world.functions.runs.clear()
    return found


def told(what: str, one: float, many: float) -> None:
    print(f"\n{what}: {one:.3f} and {many:.3f} requests a task, ratio {many / one:.3f} ({MOST_MORE})")  # noqa: T201 - to be quoted
    assert many <= MOST_MORE * one


def test_many_tenants_cost_no_more_a_task_than_one(world: World, acme: Tenant) -> None:
    one = cost_of(world, [acme])
    others = [make_tenant(world, f"tenant-{n}") for n in range(8)]
    for tenant in others:
        tenant.register()
        tenant.subscribe()
    many = cost_of(world, others)

    told("1 and 8 tenants", one.per_task(2 * BATCH), many.per_task(2 * BATCH * len(others)))
    assert many.write_units / len(others) <= MOST_MORE * one.write_units
    assert many.read_units / len(others) <= MOST_MORE * one.read_units


@pytest.mark.parametrize("batches", [8])
def test_a_task_behind_many_costs_no_more_than_one_behind_none(world: World, acme: Tenant, batches: int) -> None:
    warm(world)
    submit_batch(acme, 999)
    drain(world)  # so that both find the caches as they are
    world.calls.made.clear()
    for number in range(batches):
        submit_batch(acme, number)
        drain(world)
    alone = counted(world.calls.made)

    world.calls.made.clear()
    for number in range(batches, 2 * batches):
        submit_batch(acme, number)
    drain(world)
    behind = counted(world.calls.made)

    tasks = batches * BATCH
    told(f"{BATCH} and {tasks} queued", alone.per_task(tasks), behind.per_task(tasks))
    assert behind.write_units <= MOST_MORE * alone.write_units
