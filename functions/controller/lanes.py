"""Lanes: a tenant's queue with its event source mapping, and the tenant's results queue.

In this version a tenant has the lane `default`. The registry's document of a lane says which
queue and dispatcher it has; `provision` brings AWS to that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller import bodies
from controller.registry import Documents
from fairlane.domain import catalog, names
from fairlane.domain.concurrency import FEWEST, LARGEST_BATCH, Scaling, scaling
from fairlane.domain.errors import Refused
from fairlane.ports import Entry, Provisioner, Queue

PREFIX = "lane#"
RESULTS_VISIBILITY_S = 90
#: A batch of results takes some 50 ms, so a few deliverers keep up with many dispatchers.
DISPATCHERS_A_DELIVERER = 4
DEFAULTS: Mapping[str, Any] = {"concurrency": None, "rate": None, "burst": None, "ordered": False, "weight": 1.0}


@dataclass(frozen=True)
class LaneSettings:
    """Names and ARNs that lanes are made with."""

    stack: str
    dispatcher: str
    long_dispatcher: str
    deliverer: str
    lane_redrive_arn: str
    result_redrive_arn: str
    default_concurrency: int


@dataclass(frozen=True)
class Lanes:
    """The use case."""

    documents: Documents
    provisioning: Provisioner
    settings: LaneSettings

    def put(self, tenant: str, lane: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Change; (status, lane)."""
        wanted = bodies.checked(bodies.LaneBody, body)
        if lane != catalog.DEFAULT_LANE:
            raise bodies.not_available("#/path/lane", "a lane besides `default`")
        if wanted["ordered"]:
            raise bodies.not_available("#/ordered", "an ordered lane")
        for name in ("rate", "burst"):
            if wanted[name] is not None:
                raise bodies.not_available(f"#/{name}", f"a lane's {name}")
        if (wanted["concurrency"] or FEWEST) < FEWEST:
            raise bodies.not_available("#/concurrency", "a concurrency of 1")
        old = self._entry(tenant, lane)
        doc = {**old.doc, **wanted}
        self._map(doc, self._tenant_concurrency(tenant))  # first: what cannot be put in force is not shown either
        return 200, self.shown(self.documents.save(tenant, catalog.lane_item(lane), doc, old))

    def get(self, tenant: str, lane: str) -> dict[str, Any]:
        """One, with what is in its queue. Raises Refused (404)."""
        return self.shown(self._entry(tenant, lane))

    def page(self, tenant: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """`{"items", "cursor"}`."""
        return self.documents.page(tenant, PREFIX, parameters, self.shown)

    def delete(self, tenant: str, lane: str) -> None:
        """The default lane stays as long as its tenant. Raises Refused (404, 409)."""
        self._entry(tenant, lane)
        raise Refused("conflict", f"The lane {lane} goes with its tenant and cannot be deleted alone.")

    def provision(self, tenant: str, *, tenant_concurrency: int | None) -> bool:
        """Make the tenant's queues and mappings; whether all of them are in force."""
        results = self._queue(
            tenant,
            names.results_queue(self.settings.stack, tenant),
            RESULTS_VISIBILITY_S,
            self.settings.result_redrive_arn,
        )
        old = self.documents.find(tenant, catalog.lane_item(catalog.DEFAULT_LANE))
        is_long = bool(old and old.doc.get("long"))
        queue = self._queue(
            tenant,
            names.lane_queue(self.settings.stack, tenant, catalog.DEFAULT_LANE),
            catalog.LONG_VISIBILITY_S if is_long else catalog.SHORT_VISIBILITY_S,
            self.settings.lane_redrive_arn,
        )
        # who owns a queue is known before anything can come out of it
        for one in (results, queue):
            self._own(one, tenant, queue, results)
        places = {"queue_url": queue.url, "queue_arn": queue.arn, "results_url": results.url}
        places["results_arn"] = results.arn
        doc = {**DEFAULTS, "long": False, **(old.doc if old else {}), **places}
        # written even when nothing changed: its version tells a PUT of the lane that came in between
        self.documents.save(tenant, catalog.lane_item(catalog.DEFAULT_LANE), doc, old)
        deliverers = max(FEWEST, self.settings.default_concurrency // DISPATCHERS_A_DELIVERER)
        delivered = self.provisioning.mapping(results.arn, self.settings.deliverer, Scaling(LARGEST_BATCH, deliverers))
        return self._map(doc, tenant_concurrency) and delivered

    def make_long(self, tenant: str, lane: str) -> None:
        """Give the lane the long dispatcher. Visibility first: AWS wants it above the function's timeout."""
        old = self._entry(tenant, lane)
        if old.doc.get("long"):
            return
        doc = {**old.doc, "long": True}
        self.provisioning.set_visibility(old.doc["queue_url"], catalog.LONG_VISIBILITY_S)
        self._map(doc, self._tenant_concurrency(tenant))
        self.documents.save(tenant, catalog.lane_item(lane), doc, old)

    def is_empty(self, tenant: str) -> bool:
        """Whether nothing waits, runs or is on its way to the bus."""
        return all(
            self.provisioning.depth(entry.doc[url]).is_empty
            for entry in self.documents.each(tenant, PREFIX)
            for url in ("queue_url", "results_url")
        )

    def remove(self, tenant: str) -> None:
        """Remove mappings, queues and documents of a drained tenant."""
        for entry in list(self.documents.each(tenant, PREFIX)):
            for kind in ("queue", "results"):
                arn = entry.doc[f"{kind}_arn"]
                self.provisioning.delete_mapping(arn)
                self.provisioning.delete_queue(entry.doc[f"{kind}_url"])
                self.documents.delete(catalog.queue_partition(arn.rpartition(":")[2]), "queue")
            self.documents.delete(tenant, entry.item)

    def shown(self, entry: Entry) -> dict[str, Any]:
        """The lane as the API shows it."""
        depth = self.provisioning.depth(entry.doc["queue_url"])
        return {
            "lane": entry.item.removeprefix(PREFIX),
            **{name: entry.doc[name] for name in DEFAULTS},
            "status": "active",
            "depth": depth.visible + depth.delayed,
            "running": depth.in_flight,
            "oldest_age": 0 if depth.is_empty else None,
            "created_at": entry.doc["created_at"],
            "updated_at": entry.doc["updated_at"],
            "not_enforced": ["weight"] if entry.doc["weight"] != DEFAULTS["weight"] else [],
        }

    def _entry(self, tenant: str, lane: str) -> Entry:
        return self.documents.get(tenant, catalog.lane_item(lane), f"lane {lane}")

    def _tenant_concurrency(self, tenant: str) -> int | None:
        entry = self.documents.find(catalog.TENANTS, tenant)
        return entry.doc["limits"].get("concurrency") if entry else None

    def _map(self, doc: Mapping[str, Any], tenant_concurrency: int | None) -> bool:
        """The tenant has one lane, so the tenant's concurrency bounds that lane's."""
        bounds = [bound for bound in (doc["concurrency"], tenant_concurrency) if bound is not None]
        dispatcher = self.settings.long_dispatcher if doc["long"] else self.settings.dispatcher
        wanted = scaling(min(bounds, default=None), default=self.settings.default_concurrency)
        return self.provisioning.mapping(doc["queue_arn"], dispatcher, wanted)

    def _queue(self, tenant: str, name: str, visibility_timeout_s: int, redrive_arn: str) -> Queue:
        return self.provisioning.queue(
            name,
            visibility_timeout_s=visibility_timeout_s,
            redrive_arn=redrive_arn,
            tags={"fairlane:stack": self.settings.stack, "fairlane:tenant": tenant},
        )

    def _own(self, one: Queue, tenant: str, queue: Queue, results: Queue) -> None:
        partition = catalog.queue_partition(one.name)
        doc = {"tenant": tenant, "lane": catalog.DEFAULT_LANE, "queue_url": queue.url, "results_url": results.url}
        old = self.documents.find(partition, "queue")
        if old is None or any(old.doc[name] != value for name, value in doc.items()):
            self.documents.save(partition, "queue", doc, old)
