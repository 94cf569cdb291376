"""Functions: what runs a task type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller import bodies
from controller.function_targets import FunctionTargets
from controller.lanes import Lanes
from controller.registry import Documents
from fairlane.domain import catalog
from fairlane.domain.errors import Refused
from fairlane.domain.names import check_name
from fairlane.ports import Entry

PREFIX = "function#"
MOST_FUNCTIONS = 1_000


@dataclass(frozen=True)
class Functions:
    """The use case."""

    documents: Documents
    targets: FunctionTargets
    lanes: Lanes

    def put(self, tenant: str, task_type: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Register or change; (status, function)."""
        if isinstance(body.get("lane"), str):
            check_name(body["lane"], "lane", pointer="#/lane")
        wanted = bodies.checked(bodies.FunctionBody, body)
        if wanted["mode"] == "deferred":
            raise bodies.not_available("#/mode", "the deferred mode")
        owner = self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        if owner.doc["status"] == "draining":
            raise Refused("conflict", "This tenant is being deleted.")
        self._check_lane(tenant, wanted["lane"])
        wanted |= self.targets.checked(wanted, owner.doc["targets"])
        old = self.documents.find(tenant, catalog.function_item(task_type))
        if old is None and sum(1 for _ in self.documents.each(tenant, PREFIX)) >= MOST_FUNCTIONS:
            raise Refused("conflict", f"A tenant may have {MOST_FUNCTIONS} functions: delete one first.")
        if wanted["timeout"] > catalog.SHORT_TIMEOUT_S:
            self.lanes.make_long(tenant, wanted["lane"])  # before any of its tasks can be claimed
        entry = self.documents.save(tenant, catalog.function_item(task_type), wanted, old)
        return (200 if old else 201), shown(entry)

    def get(self, tenant: str, task_type: str) -> dict[str, Any]:
        """One. Raises Refused (404)."""
        return shown(self.documents.get(tenant, catalog.function_item(task_type), f"function {task_type}"))

    def page(self, tenant: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """`{"items", "cursor"}`."""
        return self.documents.page(tenant, PREFIX, parameters, shown)

    def delete(self, tenant: str, task_type: str) -> None:
        """Unregister; tasks of it that are still queued fail with `UnknownFunction`."""
        self.get(tenant, task_type)
        self.documents.delete(tenant, catalog.function_item(task_type))

    def _check_lane(self, tenant: str, lane: str) -> None:
        if self.documents.find(tenant, catalog.lane_item(lane)) is None:
            raise bodies.refused("#/lane", f"there is no lane {lane}")


def shown(entry: Entry) -> dict[str, Any]:
    """The function as the API shows it."""
    names = ("target", "mode", "timeout", "retry", "lane", "concurrency", "created_at", "updated_at")
    not_enforced = ["concurrency"] if entry.doc["concurrency"] is not None else []
    return {
        "type": entry.item.removeprefix(PREFIX),
        **{name: entry.doc[name] for name in names},
        "retain": entry.doc.get("retain", False),
        "not_enforced": not_enforced,
    }
