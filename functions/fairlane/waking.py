"""Messages that wake the janitor before its next minute.

They hold nothing that is not noted in `attention` as well: one that is lost costs a minute, one too many nothing.
"""

import json
from dataclasses import dataclass
from datetime import timedelta

from fairlane.domain.attention import Kind
from fairlane.ports.queues import Message, Queues

#: SQS delays a message 15 minutes at most.
LONGEST_DELAY = timedelta(minutes=15)


@dataclass(frozen=True)
class Wake:
    """What to come back to: a task or an operation."""

    kind: Kind
    tenant: str
    name: str


@dataclass(frozen=True)
class Waking:
    """Sends them."""

    queues: Queues
    url: str

    def __call__(self, wake: Wake, *, delay: timedelta = timedelta()) -> bool:
        """Wake the janitor then; whether the queue confirmed it, which nothing depends on."""
        body = json.dumps({"wake": wake.kind.value, "tenant": wake.tenant, "name": wake.name})
        return all(self.queues.send(self.url, [Message(body, {}, min(delay, LONGEST_DELAY))]))


def wake_of(body: str) -> Wake | None:
    """What a message asks for; None when it is none of ours."""
    try:
        said = json.loads(body)
        return Wake(Kind(said["wake"]), str(said["tenant"]), str(said["name"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
