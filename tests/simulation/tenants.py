"""Tenants of the simulation, as the registry holds them."""

import random
from dataclasses import dataclass
from typing import Any

from fairlane.domain import catalog
from fairlane.ports import Entry
from tests.simulation.fakes.queues import FakeQueues
from tests.simulation.fakes.registry import FakeRegistry

#: Task type -> timeout (s), attempts.
TYPES = {"quick": (3.0, 3), "slow": (50.0, 2), "once": (10.0, 1), "doomed": (5.0, 3)}


@dataclass(frozen=True)
class SimulatedTenant:
    name: str
    queue_url: str
    results_url: str


def register(
    name: str,
    registry: FakeRegistry,
    queues: FakeQueues,
    lane_redrive: tuple[str, int],
    result_redrive: tuple[str, int],
) -> SimulatedTenant:
    """A tenant with its queues and functions."""
    tenant = SimulatedTenant(
        name,
        queues.add(f"s-lane-{name}-default", redrive=lane_redrive),
        queues.add(f"s-results-{name}", redrive=result_redrive),
    )
    owner = {"tenant": name, "lane": "default", "queue_url": tenant.queue_url, "results_url": tenant.results_url}
    _put(registry, catalog.TENANTS, name, {"status": "active", "limits": {}, "retention_days": 90})
    _put(registry, name, catalog.lane_item("default"), {"queue_url": tenant.queue_url})
    for url in (tenant.queue_url, tenant.results_url):
        _put(registry, catalog.queue_partition(url.rpartition("/")[2]), "queue", owner)
    for task_type in TYPES:
        put_function(registry, name, task_type)
    return tenant


def limit(rng: random.Random, registry: FakeRegistry, name: str) -> bool:
    """Give some tenants limits on submitting, small enough to be met; whether it has got some."""
    if rng.random() < 0.6:
        return False
    limits = {"backlog": rng.choice((None, 1, 1, 2, 3)), "submit_rate": rng.choice((None, 0.2, 1))}
    limits["submit_burst"] = rng.choice((None, 1, 2)) if limits["submit_rate"] else None
    held = registry.get(catalog.TENANTS, name)
    if held is not None:
        registry.put(Entry(catalog.TENANTS, name, {**held.doc, "limits": limits}, 2), expected=1)
    return any(limits.values())


def put_function(registry: FakeRegistry, tenant: str, task_type: str) -> None:
    timeout, attempts = TYPES[task_type]
    document = {
        "target": {"lambda": f"{tenant}-{task_type}"},
        "timeout": timeout,
        "retry": {"max_attempts": attempts, "base": 1, "cap": 20, "non_retryable": ["Fatal"]},
        "lane": "default",
    }
    _put(registry, tenant, catalog.function_item(task_type), document)


def _put(registry: FakeRegistry, partition: str, item: str, doc: dict[str, Any]) -> None:
    registry.put(Entry(partition, item, doc, 1), expected=0)
