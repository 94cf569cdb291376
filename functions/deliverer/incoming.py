"""A batch of any of the deliverer's queues: each message to what handles its kind.

The kind comes from the queue that the message was first sent to: a results queue, a tenant's webhooks
queue, or the dead-letter queue of the rules. In a redrive queue all kinds may lie side by side.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from deliverer.posting import Posting
from fairlane.cache import CachedRegistry
from fairlane.domain.catalog import WEBHOOKS
from fairlane.received import Received, owner_of, partial_response, received_of

Record = dict[str, Any]


@dataclass(frozen=True)
class Incoming:
    """The use case: `results` takes records, the others messages and give back those that must stay."""

    results: Callable[[Sequence[Record]], dict[str, Any]]
    undelivered: Callable[[Sequence[Received]], list[Received]]
    webhooks: Callable[[Sequence[Posting]], list[Received]]
    registry: CachedRegistry
    undelivered_arn: str
    logger: Logger

    def __call__(self, records: Sequence[Record]) -> dict[str, Any]:
        """The partial batch response."""
        undelivered: list[Received] = []
        postings: list[Posting] = []
        results: list[Record] = []
        failed: list[Received] = []
        for record in records:
            message = received_of(record)
            if message.home_arn == self.undelivered_arn:
                undelivered.append(message)
                continue
            try:
                owner = owner_of(message, self.registry)
            except Exception:
                # the registry did not answer: this message comes again, its neighbours go on
                self.logger.exception("not delivered", extra={"action": "owner_not_read"})
                failed.append(message)
                continue
            if owner is not None and owner.kind == WEBHOOKS:
                postings.append(Posting(message, owner))
            else:
                results.append(record)
        failed += self.undelivered(undelivered) if undelivered else []
        failed += self.webhooks(postings) if postings else []
        failures: list[Any] = partial_response(failed)["batchItemFailures"]
        if results:
            failures += self.results(results)["batchItemFailures"]
        return {"batchItemFailures": failures}
