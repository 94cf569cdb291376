"""The allocator in the janitor: ceilings of lanes where the platform is short."""

from typing import Any

from fairlane.aws.slots import DynamoSlots
from tests.moto.stack import client
from tests.moto.tenants import Tenant, an_event
from tests.moto.world import World


def shares(tenant: Tenant) -> dict[str, int]:
    slots = DynamoSlots(client("dynamodb"), tenant.world.stack.ref("Quotas")).look(tenant.name)
    return {scope.partition(".")[2]: share for scope, share in slots.shares.items()}


def with_capacity(world: World, capacity: int) -> None:
    world.stack._refs["PlatformCapacity"] = str(capacity)
    world.start()


def submit(tenant: Tenant, count: int) -> None:
    reply: Any = tenant.world.submit_batch(tenant.key, [an_event(id=f"e-{number}") for number in range(count)])
    assert reply.status == 200


def test_shares_follow_the_weights_and_are_redistributed(world: World, acme: Tenant, globex: Tenant) -> None:
    with_capacity(world, 8)
    assert acme.ask("PUT", "/v1/lanes/default", body={"weight": 3}).status == 200
    submit(acme, 20)
    submit(globex, 20)

    assert world.tidy()["shares"] == 2
    assert (shares(acme), shares(globex)) == ({"default": 6}, {"default": 2})
    assert world.tidy()["shares"] == 0

    while world.depth(globex.lane_arn):
        world.poll("dispatcher")
        submit_more = world.depth(acme.lane_arn) == 0
        if submit_more:
            acme.world.submit_batch(acme.key, [an_event(id=f"more-{n}") for n in range(20)])
    world.tidy()
    assert shares(globex) == {}
    world.settle()
    world.tidy()
    assert (shares(acme), shares(globex)) == ({}, {})


def test_without_a_capacity_the_janitor_writes_no_shares(world: World, acme: Tenant) -> None:
    submit(acme, 20)
    assert world.tidy()["shares"] == 0
    assert shares(acme) == {}
