"""Functions: what runs a task type."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller import bodies
from controller.function_targets import FunctionTargets
from controller.lane_queues import Doc
from controller.lanes import Lanes, with_pause
from controller.marks import Mark
from controller.registry import Documents
from controller.token_keys import KeysOfTokens
from fairlane.domain import catalog
from fairlane.domain.errors import Refused
from fairlane.domain.names import check_name
from fairlane.domain.pressure import Pressure
from fairlane.domain.slots import Slots, function_scope
from fairlane.domain.times import rfc3339
from fairlane.ports.registry import Entry
from fairlane.ports.running import Clock
from fairlane.ports.slots import SlotStore

PREFIX = "function#"
MOST_FUNCTIONS = 1_000


@dataclass(frozen=True)
class Functions:
    """The use case."""

    documents: Documents
    targets: FunctionTargets
    token_keys: KeysOfTokens
    lanes: Lanes
    slots: SlotStore
    now: Clock

    def put(self, tenant: str, task_type: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Register or change; (status, function)."""
        if isinstance(body.get("lane"), str):
            check_name(body["lane"], "lane", pointer="#/lane")
        wanted = bodies.checked(bodies.FunctionBody, body)
        owner = self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        if owner.doc["status"] == "draining":
            raise Refused("conflict", "This tenant is being deleted.")
        lane = self.lanes.check_named(tenant, wanted["lane"])
        wanted |= self.targets.checked(wanted, owner.doc["targets"])
        others = {entry.item: entry for entry in self.documents.each(tenant, PREFIX)}
        old = others.pop(catalog.function_item(task_type), None)
        if old is None and len(others) >= MOST_FUNCTIONS:
            raise Refused("conflict", f"A tenant may have {MOST_FUNCTIONS} functions: delete one first.")
        if wanted["mode"] == "deferred":
            self.token_keys.ensure()  # before any of its tasks can be claimed
        if catalog.is_long(wanted["timeout"], wanted["mode"]):
            # before any of its tasks can be claimed; of a function that was short they may lie in any lane
            was_short = old is not None and not catalog.is_long(old.doc["timeout"], old.doc["mode"])
            self.lanes.make_long(tenant, self.lanes.convergence.each(tenant) if was_short else [lane])
        pause = {name: old.doc[name] for name in ("paused", "paused_at") if old and name in old.doc}
        entry = self._save(tenant, task_type, {**wanted, **pause}, old, [each.doc for each in others.values()])
        return (200 if old else 201), self._shown(tenant)(entry)

    def get(self, tenant: str, task_type: str) -> dict[str, Any]:
        """One. Raises Refused (404)."""
        entry = self.documents.get(tenant, catalog.function_item(task_type), f"function {task_type}")
        return self._shown(tenant)(entry)

    def page(self, tenant: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """`{"items", "cursor"}`."""
        return self.documents.page(tenant, PREFIX, parameters, self._shown(tenant))

    def delete(self, tenant: str, task_type: str) -> None:
        """Unregister; tasks of it that are still queued fail with `UnknownFunction`."""
        old = self.documents.get(tenant, catalog.function_item(task_type), f"function {task_type}")
        others = [entry.doc for entry in self.documents.each(tenant, PREFIX) if entry.item != old.item]
        marks = self._marked(tenant, [*others, old.doc], others)
        self.documents.delete(tenant, old.item)
        self.lanes.convergence.follow(marks)

    def pause(self, tenant: str, task_type: str, *, paused: bool) -> dict[str, Any]:
        """Stop or restart starting its tasks. Lanes go on: their other tasks pass it by."""
        entry = self.documents.get(tenant, catalog.function_item(task_type), f"function {task_type}")
        if bool(entry.doc.get("paused")) != paused:
            entry = self.documents.save(tenant, entry.item, with_pause(entry.doc, paused, self.now()), entry)
        return self._shown(tenant)(entry)

    def _save(self, tenant: str, task_type: str, doc: Doc, old: Entry | None, others: Sequence[Doc]) -> Entry:
        """Write it; the mappings of lanes whose bounds it changes follow."""
        before = [*others, old.doc] if old else others
        marks = self._marked(tenant, before, [*others, doc])
        entry = self.documents.save(tenant, catalog.function_item(task_type), doc, old)
        self.lanes.convergence.follow(marks)
        return entry

    def _marked(self, tenant: str, before: Sequence[Doc], after: Sequence[Doc]) -> list[Mark]:
        lanes = self.lanes.convergence
        return lanes.mark_all(tenant, lanes.refitted(tenant, before, after))

    def _shown(self, tenant: str) -> Callable[[Entry], dict[str, Any]]:
        """How a function is shown, with what is in use of the tenant's slots: read once for all of a page."""
        slots, now = self.slots.look(tenant), self.now()
        return lambda entry: shown(entry, slots, now)


def shown(entry: Entry, slots: Slots, now: datetime) -> dict[str, Any]:
    """The function as the API shows it. `running` is null where nothing counts it: without a limit or pressure."""
    names = ("target", "mode", "timeout", "heartbeat_timeout", "retry", "lane", "concurrency")
    times = ("created_at", "updated_at")
    task_type = entry.item.removeprefix(PREFIX)
    scope = function_scope(task_type)
    pressure = pressure_view(slots.pressures.get(scope), now)
    is_counted = entry.doc["concurrency"] is not None or pressure is not None
    return {
        "type": task_type,
        **{name: entry.doc.get(name) for name in names + times},
        "retain": entry.doc.get("retain", False),
        "running": slots.used.get(scope, 0) if is_counted else None,
        "pressure": pressure,
        "paused": bool(entry.doc.get("paused")),
        "paused_at": entry.doc.get("paused_at"),
        "not_enforced": [],
    }


def pressure_view(pressure: Pressure | None, now: datetime) -> dict[str, Any] | None:
    """Back-pressure as the API shows it; None when there is none (any more)."""
    if pressure is None or pressure.is_over(now):
        return None
    return {
        "concurrency": pressure.concurrency(now),
        "since": rfc3339(pressure.since),
        "throttles": pressure.throttles,
    }
