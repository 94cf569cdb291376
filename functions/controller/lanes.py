"""Lanes: made, changed, paused, drained. A lane is one queue of one tenant with its own flow control.

The registry is told the intent first; `converge` brings AWS to it however often it is called (by
the request, by GET of what is on its way, and by the schedule for all that is marked). What AWS
refuses or has not done yet never fails a request whose intent is written: the schedule goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller import bodies
from controller.lane_convergence import FUNCTIONS, NEW, PREFIX, LaneConvergence, name_of
from controller.lane_queues import Doc
from controller.lane_view import LaneView
from controller.marks import Marks
from controller.registry import Documents
from fairlane.domain import catalog
from fairlane.domain.errors import Refused, Unavailable
from fairlane.domain.times import rfc3339
from fairlane.ports.registry import Entry
from fairlane.ports.running import Clock

#: Each has a queue and a mapping of its own, and a mapping polls for 0.26 USD a month (docs/architecture.md, quotas).
MOST_LANES = 50
#: Of more functions than these the names are not told.
FEW_NAMES = 10


@dataclass(frozen=True)
class Lanes:
    """The use case."""

    documents: Documents
    view: LaneView
    marks: Marks
    convergence: LaneConvergence
    now: Clock

    # --- requests -------------------------------------------------------------------------

    def put(self, tenant: str, lane: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Create or change; (status, lane)."""
        wanted = bodies.checked(bodies.LaneBody, body)
        owner = self.owner(tenant)
        old = self.documents.find(tenant, catalog.lane_item(lane))
        is_new = old is None or catalog.is_drained(old.doc)
        self._check_put(lane, wanted, old, owner)
        mark = self.marks.put(tenant, lane)
        doc = {**(old.doc if old else {}), **(NEW if is_new else {}), **wanted, "drained_since": None}
        doc["long"] = bool(old and old.doc["long"])
        entry = self.documents.save(tenant, catalog.lane_item(lane), doc, old)
        entry = self.convergence.marked(entry, mark) or entry
        if entry.doc["status"] == "provisioning":
            return 202, self.view(entry, owner)
        return (201 if is_new else 200), self.view(entry, owner)

    def get(self, tenant: str, lane: str) -> dict[str, Any]:
        """One, with what is in its queue; what is on its way is moved on first. Raises Refused (404)."""
        entry = self._visible(tenant, lane)
        if entry.doc["status"] != "active":
            moved, _ = self.convergence.quietly(entry)
            if moved is None or catalog.is_drained(moved.doc):
                raise _no_lane(lane)
            entry = moved
        return self.view(entry, self.owner(tenant, whatever=True))

    def page(self, tenant: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """`{"items", "cursor"}`."""
        owner = self.owner(tenant, whatever=True)
        page = self.documents.page(tenant, PREFIX, parameters, lambda entry: entry)
        there = [entry for entry in page["items"] if not catalog.is_drained(entry.doc)]
        return {**page, "items": self.view.all(there, owner)}

    def delete(self, tenant: str, lane: str) -> tuple[int, dict[str, Any] | None]:
        """Drain and remove; (204, None) when nothing is in it, (202, lane) while something is."""
        entry = self._visible(tenant, lane)
        if entry.doc["status"] != "draining":
            self._check_delete(tenant, lane)
            self.marks.put(tenant, lane)  # until it is gone
            entry = self.documents.save(
                tenant, entry.item, {**entry.doc, "status": "draining", "drained_since": None}, entry
            )
        left, _ = self.convergence.quietly(entry)
        if left is None or catalog.is_drained(left.doc):
            return 204, None
        return 202, self.view(left, self.owner(tenant, whatever=True))

    def pause(self, tenant: str, lane: str, *, paused: bool) -> dict[str, Any]:
        """Stop or restart starting tasks. The flag binds; the mapping follows, if need be by the schedule."""
        entry = self._visible(tenant, lane)
        if bool(entry.doc.get("paused")) != paused:
            mark = self.marks.put(tenant, lane)
            entry = self.documents.save(tenant, entry.item, with_pause(entry.doc, paused, self.now()), entry)
            entry = self.convergence.marked(entry, mark) or entry
        return self.view(entry, self.owner(tenant, whatever=True))

    # --- for functions ----------------------------------------------------------

    def owner(self, tenant: str, *, whatever: bool = False) -> Entry:
        """The tenant. Raises Refused (404; 409, 503 unless it is ready for lanes)."""
        owner = self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        if whatever:
            return owner
        if owner.doc["status"] == "draining":
            raise Refused("conflict", "This tenant is being deleted.")
        if "results_url" not in owner.doc:
            raise Unavailable("This tenant is being provisioned: repeat this.", retry_after_s=5)
        return owner

    def check_named(self, tenant: str, lane: str) -> Entry:
        """The lane that a function names. Raises Refused (422) unless it takes tasks."""
        entry = self.documents.find(tenant, catalog.lane_item(lane))
        if entry is None or catalog.is_drained(entry.doc):
            raise bodies.refused("#/lane", f"there is no lane {lane}: PUT /v1/lanes/{lane} makes it")
        if entry.doc["status"] == "draining":
            raise bodies.refused("#/lane", f"the lane {lane} is being deleted")
        return entry

    def make_long(self, tenant: str, lanes: Sequence[Entry]) -> None:
        """Give lanes the long dispatcher, for good: tasks of a long function may lie in them ever after."""
        for entry in lanes:
            if entry.doc["long"] and entry.doc.get("visibility_s") == catalog.LONG_VISIBILITY_S:
                continue  # else somebody died on the way there
            mark = self.marks.put(tenant, name_of(entry))
            changed = self.documents.save(tenant, entry.item, {**entry.doc, "long": True}, entry)
            self.convergence.marked(changed, mark)

    # --- checks -----------------------------------------------------------------------------

    def _visible(self, tenant: str, lane: str) -> Entry:
        entry = self.documents.find(tenant, catalog.lane_item(lane))
        if entry is None or catalog.is_drained(entry.doc):
            raise _no_lane(lane)
        return entry

    def _check_put(self, lane: str, wanted: Doc, old: Entry | None, owner: Entry) -> None:
        if old is None:
            if len(self.convergence.each(owner.item)) >= MOST_LANES:
                raise Refused("conflict", f"A tenant may have {MOST_LANES} lanes: delete one first.")
            return
        drained, same = catalog.is_drained(old.doc), old.doc["ordered"] == wanted["ordered"]
        if old.doc["status"] == "removing" or (drained and not same):
            raise Unavailable(f"A deleted lane {lane} is still being removed: repeat this.", retry_after_s=60)
        if old.doc["status"] == "draining" and not drained:
            raise Refused("conflict", f"The lane {lane} is being deleted: wait until it is empty.")
        if not same:
            raise Refused(
                "conflict",
                f"Whether the lane {lane} is ordered cannot be changed, as its queue is of another type: make another"
                " lane, move the functions to it and delete this one, which drains it.",
            )

    def _check_delete(self, tenant: str, lane: str) -> None:
        if lane == catalog.DEFAULT_LANE:
            raise Refused("conflict", f"The lane {lane} goes with its tenant and cannot be deleted alone.")
        named = [
            entry.item.removeprefix(FUNCTIONS)
            for entry in self.documents.each(tenant, FUNCTIONS)
            if entry.doc["lane"] == lane
        ]
        if named:
            more = f" and {len(named) - FEW_NAMES} more" if len(named) > FEW_NAMES else ""
            listed = ", ".join(named[:FEW_NAMES]) + more
            raise Refused("conflict", f"Functions name the lane {lane}: {listed}. Move or delete them first.")


def with_pause(doc: Doc, paused: bool, now: datetime) -> dict[str, Any]:  # noqa: FBT001 - the flag is the point
    """A document of a lane, function or tenant, paused or not."""
    return {**doc, "paused": paused, "paused_at": rfc3339(now) if paused else None}


def _no_lane(lane: str) -> Refused:
    return Refused("not-found", f"There is no lane {lane}.")
