"""What a lane needs on AWS: its queue, who owns it, and the mapping to a dispatcher. And the results queue.

Every step is idempotent and named by what it is for. What of a lane should be there stands in its
document, in its tenant's, and in those of the functions that name it; nothing is decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.registry import Documents
from fairlane.domain import catalog, names
from fairlane.domain.concurrency import FEWEST, LARGEST_BATCH, FunctionLoad, LaneLoad, Scaling, scaling
from fairlane.ports.control import Provisioner, Queue

RESULTS_VISIBILITY_S = 90
#: A batch of results takes some 50 ms, so a few deliverers keep up with many dispatchers.
DISPATCHERS_A_DELIVERER = 4

Doc = Mapping[str, Any]


@dataclass(frozen=True)
class LaneSettings:
    """Names and ARNs that lanes are made with."""

    stack: str
    dispatcher: str
    long_dispatcher: str
    deliverer: str
    lane_redrive_arn: str
    lane_redrive_fifo_arn: str
    result_redrive_arn: str
    default_concurrency: int


@dataclass(frozen=True)
class MappingPlan:
    """What the mapping of a lane should be."""

    dispatcher: str
    scaling: Scaling
    enabled: bool


@dataclass(frozen=True)
class LaneQueues:
    """Brings AWS to what documents say, or removes it."""

    documents: Documents
    provisioning: Provisioner
    settings: LaneSettings

    # --- results --------------------------------------------------------------------------

    def results(self, tenant: str) -> dict[str, str]:
        """The tenant's results queue; its places, for the tenant's document."""
        name = names.results_queue(self.settings.stack, tenant)
        queue = self._queue(tenant, name, RESULTS_VISIBILITY_S, self.settings.result_redrive_arn)
        self._own(queue.name, {"tenant": tenant, "lane": "", "queue_url": "", "results_url": queue.url})
        return {"results_url": queue.url, "results_arn": queue.arn}

    def map_results(self, results_arn: str) -> bool:
        """The results queue's mapping; whether it is in force."""
        deliverers = max(FEWEST, self.settings.default_concurrency // DISPATCHERS_A_DELIVERER)
        return self.provisioning.mapping(results_arn, self.settings.deliverer, Scaling(LARGEST_BATCH, deliverers))

    def remove_results(self, tenant: str) -> None:
        """Mapping, queue and owner; nothing happens where nothing is."""
        self._remove(names.results_queue(self.settings.stack, tenant))

    # --- a lane ---------------------------------------------------------------------------

    def made(self, tenant: str, lane: str, doc: Doc, owner: Doc) -> dict[str, Any]:
        """The document with the places of the lane's queue, which is there with its owner."""
        visibility_s = catalog.LONG_VISIBILITY_S if doc["long"] else catalog.SHORT_VISIBILITY_S
        if doc.get("visibility_s") == visibility_s:
            return dict(doc)
        if "queue_url" in doc:  # AWS wants it above the function's timeout: before the mapping
            self.provisioning.set_visibility(doc["queue_url"], visibility_s)
            return {**doc, "visibility_s": visibility_s}
        name = names.lane_queue(self.settings.stack, tenant, lane, ordered=doc["ordered"])
        # an ordered queue's dead-letter queue must be ordered
        redrive_arn = self.settings.lane_redrive_fifo_arn if doc["ordered"] else self.settings.lane_redrive_arn
        queue = self._queue(tenant, name, visibility_s, redrive_arn)
        places = {"queue_url": queue.url, "results_url": owner["results_url"]}
        # who owns a queue is known before anything can come out of it
        self._own(queue.name, {"tenant": tenant, "lane": lane, **places})
        return {**doc, **places, "queue_arn": queue.arn, "visibility_s": visibility_s}

    def plan(self, lane: str, doc: Doc, owner: Doc, functions: Sequence[Doc]) -> MappingPlan:
        """What the lane's mapping should be."""
        return MappingPlan(
            dispatcher=self.settings.long_dispatcher if doc["long"] else self.settings.dispatcher,
            scaling=scaling(load_of(lane, doc, owner, functions), default=self.settings.default_concurrency),
            enabled=not (doc.get("paused") or owner.get("paused")),
        )

    def map(self, doc: Doc, plan: MappingPlan) -> bool:
        """The lane's mapping; whether it is in force."""
        return self.provisioning.mapping(doc["queue_arn"], plan.dispatcher, plan.scaling, enabled=plan.enabled)

    def is_empty(self, url: str | None) -> bool:
        """Whether a queue has nothing in any way, or is not there."""
        return url is None or self.provisioning.depth(url).is_empty

    def remove(self, tenant: str, lane: str, doc: Doc) -> None:
        """Mapping, queue and owner; nothing happens where nothing is."""
        self._remove(names.lane_queue(self.settings.stack, tenant, lane, ordered=doc["ordered"]))

    def _remove(self, name: str) -> None:
        arn = self.settings.lane_redrive_arn.rpartition(":")[0] + f":{name}"
        self.provisioning.delete_mapping(arn)
        url = self.provisioning.find_queue(name)
        if url is not None:
            self.provisioning.delete_queue(url)
        self.documents.delete(catalog.queue_partition(name), "queue")

    def _queue(self, tenant: str, name: str, visibility_timeout_s: int, redrive_arn: str) -> Queue:
        return self.provisioning.queue(
            name,
            visibility_timeout_s=visibility_timeout_s,
            redrive_arn=redrive_arn,
            tags={"fairlane:stack": self.settings.stack, "fairlane:tenant": tenant},
        )

    def _own(self, name: str, doc: Doc) -> None:
        partition = catalog.queue_partition(name)
        old = self.documents.find(partition, "queue")
        if old is None or any(old.doc.get(key) != value for key, value in doc.items()):
            self.documents.save(partition, "queue", doc, old)


def load_of(lane: str, doc: Doc, owner: Doc, functions: Sequence[Doc]) -> LaneLoad:
    """What bounds the lane's attempts."""
    return LaneLoad(
        concurrency=doc["concurrency"],
        tenant_concurrency=owner["limits"].get("concurrency"),
        rate=doc["rate"],
        burst=doc["burst"],
        functions=[FunctionLoad.of(function) for function in functions if function["lane"] == lane],
    )
