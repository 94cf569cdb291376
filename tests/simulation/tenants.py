"""Tenants of the simulation, as the registry holds them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fairlane.domain import catalog
from fairlane.ports.registry import Entry
from fairlane.token_keys import DEPLOYMENT, TOKEN_KEYS
from tests.simulation.fakes.queues import FakeQueues
from tests.simulation.fakes.registry import FakeRegistry

#: Task type -> timeout (s), attempts.
TYPES = {
    "quick": (3.0, 3),
    "slow": (50.0, 2),
    "once": (10.0, 1),
    "doomed": (5.0, 3),
    "deferred": (90.0, 3),
    "beating": (200.0, 2),
}
#: What deferred functions have besides.
DEFERRED: dict[str, dict[str, Any]] = {
    "deferred": {"mode": "deferred"},
    "beating": {"mode": "deferred", "heartbeat_timeout": 40.0},
}
LANES = ("default", "bulk", "keyed")
#: Its tasks have a `partitionkey`.
ORDERED = "keyed"


@dataclass(frozen=True)
class SimulatedLimits:
    """Of a tenant; lanes by name as (concurrency, rate, burst), functions by type."""

    tenant: int | None = None
    lanes: Mapping[str, tuple[int | None, float | None, int | None]] = field(default_factory=dict)
    functions: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_tight(self) -> bool:
        """Whether there is any."""
        return bool(self.tenant or self.lanes or self.functions)

    @classmethod
    def of(cls, rng: random.Random) -> "SimulatedLimits":
        """None, few or many."""
        if rng.random() < 0.8:
            return cls()
        rates = (None, None, (0.2, 1), (1.0, 3))
        lanes = {}
        for lane in LANES:
            concurrency = rng.choice((None, None, 1, 2, 3))
            lanes[lane] = (concurrency, *(rng.choice(rates) or (None, None)))
        functions = {kind: rng.choice((1, 2)) for kind in TYPES if rng.random() < 0.2}
        return cls(rng.choice((None, None, 1, 2, 4)), lanes, functions)


@dataclass(frozen=True)
class SimulatedTenant:
    name: str
    queue_url: str
    results_url: str
    lanes: Mapping[str, str]
    limits: SimulatedLimits

    @property
    def queue_names(self) -> set[str]:
        """Of its lanes."""
        return {url.rpartition("/")[2] for url in self.lanes.values()}


def register(
    name: str,
    registry: FakeRegistry,
    queues: FakeQueues,
    lane_redrive: tuple[str, int],
    result_redrive: tuple[str, int],
    limits: SimulatedLimits,
) -> SimulatedTenant:
    """A tenant with its queues and functions."""
    plain = [lane for lane in LANES if lane != ORDERED]
    lanes = {lane: queues.add(f"s-lane-{name}-{lane}", redrive=lane_redrive) for lane in plain}
    lanes[ORDERED] = queues.add(f"s-lane-{name}-{ORDERED}.fifo")
    results_url = queues.add(f"s-results-{name}", redrive=result_redrive)
    tenant = SimulatedTenant(name, lanes["default"], results_url, lanes, limits)
    document = {"status": "active", "limits": {"concurrency": limits.tenant}, "retention_days": 90}
    _put(registry, catalog.TENANTS, name, document)
    for lane, url in lanes.items():
        put_lane(registry, tenant, lane)
        owner = {"tenant": name, "lane": lane, "queue_url": url, "results_url": results_url}
        for owned in (url, results_url):
            _put(registry, catalog.queue_partition(owned.rpartition("/")[2]), "queue", owner)
    for task_type in TYPES:
        put_function(registry, tenant, task_type)
    return tenant


def limit(rng: random.Random, registry: FakeRegistry, name: str) -> bool:
    """Give some tenants limits on submitting, small enough to be met; whether it has got some."""
    if rng.random() < 0.6:
        return False
    limits = {"backlog": rng.choice((None, 1, 1, 2, 3)), "submit_rate": rng.choice((None, 0.2, 1))}
    limits["submit_burst"] = rng.choice((None, 1, 2)) if limits["submit_rate"] else None
    held = registry.get(catalog.TENANTS, name)
    if held is not None:
        registry.put(
            Entry(catalog.TENANTS, name, {**held.doc, "limits": {**held.doc["limits"], **limits}}, 2), expected=1
        )
    return any(limits.values())


def put_lane(registry: FakeRegistry, tenant: SimulatedTenant, lane: str, *, paused: bool = False) -> None:
    concurrency, rate, burst = tenant.limits.lanes.get(lane, (None, None, None))
    document = {
        "queue_url": tenant.lanes[lane],
        "results_url": tenant.results_url,
        "concurrency": concurrency,
        "rate": rate,
        "burst": burst,
    }
    _put(registry, tenant.name, catalog.lane_item(lane), document | {"paused": paused})


def put_function(registry: FakeRegistry, tenant: SimulatedTenant, task_type: str) -> None:
    timeout, attempts = TYPES[task_type]
    document = {
        "target": {"lambda": f"{tenant.name}-{task_type}"},
        "timeout": timeout,
        "retry": {"max_attempts": attempts, "base": 1, "cap": 20, "non_retryable": ["Fatal"]},
        "lane": "default",
        "concurrency": tenant.limits.functions.get(task_type),
        **DEFERRED.get(task_type, {}),
    }
    _put(registry, tenant.name, catalog.function_item(task_type), document)


def make_token_key(registry: FakeRegistry) -> None:
    """The key that signs task tokens."""
    _put(registry, DEPLOYMENT, TOKEN_KEYS, {"keys": [{"id": "one", "secret": "c2VjcmV0"}]})


def _put(registry: FakeRegistry, partition: str, item: str, doc: dict[str, Any]) -> None:
    held = registry.get(partition, item)
    version = held.version if held else 0
    registry.put(Entry(partition, item, doc, version + 1), expected=version)
