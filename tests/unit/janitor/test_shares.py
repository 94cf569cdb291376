from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from fairlane.domain import catalog
from fairlane.domain.slots import lane_scope
from fairlane.ports.queues import Depth
from fairlane.ports.registry import Entry
from janitor.duties import Allowance
from janitor.shares import IDLE_ROUNDS, AllocateShares
from tests.simulation.fakes.clock import VirtualClock
from tests.simulation.fakes.registry import FakeRegistry
from tests.simulation.fakes.slots import FakeSlots


@dataclass
class Depths:
    """`Depths` as the test says, and how often it was asked."""

    by_url: dict[str, int] = field(default_factory=dict)
    asked: int = 0

    def unended(self, tenant: str) -> int:
        raise NotImplementedError(tenant)

    def of(self, queue_url: str) -> Depth:
        self.asked += 1
        return Depth(self.by_url.get(queue_url, 0), 0, 0)


class Platform:
    """Tenants with lanes, and a janitor."""

    def __init__(self, capacity: int) -> None:
        self.clock = VirtualClock()
        self.registry = FakeRegistry()
        self.slots = FakeSlots()
        self.depths = Depths()
        self.capacity = capacity
        self.start()

    def start(self) -> None:
        """A cold instance."""
        logger = Logger()
        self.duty = AllocateShares(self.slots, self.depths, self.registry, self.capacity, self.clock, logger)

    def add(self, tenant: str, lane: str = "default", *, concurrency: int | None = None, **doc: Any) -> None:
        about = {"limits": {"concurrency": concurrency}, "isolation": doc.pop("isolation", "dedicated")}
        if self.registry.get(catalog.TENANTS, tenant) is None:
            self.registry.put(Entry(catalog.TENANTS, tenant, about, 1), expected=0)
        lane_doc = {"queue_url": f"{tenant}/{lane}", **doc}
        self.registry.put(Entry(tenant, catalog.lane_item(lane), lane_doc, 1), expected=0)

    def round(self, **work: int) -> int:
        """A minute later, with so much work in default lanes (`tenant=` or `tenant__lane=`)."""
        self.clock.advance(timedelta(minutes=1))
        self.depths.by_url = {"/".join((*name.split("__"), "default")[:2]): depth for name, depth in work.items()}
        return self.duty(Allowance(self.clock() + timedelta(minutes=1), self.clock))

    def shares(self, tenant: str) -> dict[str, int]:
        return {scope.partition(".")[2]: share for scope, share in self.slots.look(tenant).shares.items()}


@pytest.fixture
def platform() -> Platform:
    made = Platform(30)
    for tenant in ("ada", "bob", "cyd"):
        made.add(tenant)
    return made


def test_a_contended_platform_is_shared_by_weight() -> None:
    platform = Platform(40)
    platform.add("ada", weight=1.0)
    platform.add("bob", weight=3.0)

    platform.round(ada=500, bob=500)

    assert (platform.shares("ada"), platform.shares("bob")) == ({"default": 10}, {"default": 30})


def test_an_idle_lanes_share_goes_to_the_others_in_the_next_round(platform: Platform) -> None:
    platform.round(ada=500, bob=500, cyd=500)
    assert [platform.shares(tenant) for tenant in ("ada", "bob", "cyd")] == [{"default": 10}] * 3

    platform.round(ada=500, bob=500)

    assert [platform.shares(tenant) for tenant in ("ada", "bob", "cyd")] == [{"default": 15}, {"default": 15}, {}]


def test_shares_go_when_there_is_enough_for_all(platform: Platform) -> None:
    platform.round(ada=500, bob=500)
    assert platform.round(ada=5, bob=5) == 2

    assert (platform.shares("ada"), platform.shares("bob")) == ({}, {})


def test_only_changes_are_written(platform: Platform) -> None:
    assert platform.round(ada=500, bob=500) == 2
    assert platform.round(ada=400, bob=600) == 0


def test_an_instance_that_remembers_nothing_takes_back_what_another_has_left(platform: Platform) -> None:
    platform.round(ada=500, bob=500)
    platform.start()

    platform.round()

    assert (platform.shares("ada"), platform.shares("bob")) == ({}, {})


def test_the_share_of_a_lane_with_a_long_name_goes_too() -> None:
    platform = Platform(10)
    name = "a-lane-with-a-name-that-is-cut-in-the-item"
    platform.add("ada", name)
    platform.add("bob")
    platform.depths.by_url = {f"ada/{name}": 500, "bob/default": 500}
    platform.duty(Allowance(platform.clock() + timedelta(minutes=1), platform.clock))
    assert set(platform.slots.look("ada").shares) == {lane_scope(name)}

    platform.round()

    assert platform.shares("ada") == {}


def test_the_lanes_of_a_tenant_have_no_more_together_than_its_concurrency() -> None:
    platform = Platform(30)
    for lane in ("x", "y"):
        platform.add("ada", lane, concurrency=4)
    platform.add("bob")

    platform.round(ada__x=500, ada__y=500, bob=500)

    assert (platform.shares("ada"), platform.shares("bob")) == ({"x": 2, "y": 2}, {"default": 26})


def test_paused_lanes_and_lanes_of_pooled_tenants_get_no_share(platform: Platform) -> None:
    platform.add("dan", paused=True)
    platform.add("eve", isolation="pooled")

    platform.round(ada=500, bob=500, dan=500, eve=500)

    assert (platform.shares("dan"), platform.shares("eve")) == ({}, {})
    assert platform.shares("ada") == {"default": 15}


def test_without_a_capacity_nothing_is_looked_at() -> None:
    platform = Platform(0)
    platform.add("ada")

    assert platform.round(ada=500) == 0
    assert (platform.depths.asked, platform.slots.looks) == (0, 0)


def test_idle_lanes_are_looked_at_by_turns_and_found_in_time(platform: Platform) -> None:
    platform.round()
    platform.depths.asked = 0
    for _ in range(IDLE_ROUNDS):
        platform.round()
    assert platform.depths.asked == 3

    for _ in range(IDLE_ROUNDS + 1):
        platform.round(ada=500, bob=500, cyd=500)
    assert [platform.shares(tenant) for tenant in ("ada", "bob", "cyd")] == [{"default": 10}] * 3
