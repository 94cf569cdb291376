"""What the gates of an execution environment share, and the gates of one batch."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from aws_lambda_powertools import Logger

from dispatcher.limits import Limits
from fairlane.domain.slots import Slots
from fairlane.ports.running import Clock
from fairlane.ports.slots import SlotStore, Turns

#: Tenants whose shares, rates and back-pressure are remembered.
MOST_KNOWN = 1_000


@dataclass(frozen=True)
class Flow:
    """Flow control as the environment has it. `random` gives 0 <= x < 1; `new_id` names a lease."""

    store: SlotStore
    limits: Limits
    turns: Callable[[], Turns]
    now: Clock
    random: Callable[[], float]
    new_id: Callable[[], str]
    logger: Logger
    _known: OrderedDict[str, Slots] = field(default_factory=OrderedDict)

    def known(self, tenant: str) -> Slots:
        """What was last seen, without what changes too fast."""
        return self._known.get(tenant, Slots())

    def note(self, tenant: str, slots: Slots) -> None:
        """Remember what binds starts, so that the next batch's first write fits."""
        self._known[tenant] = slots.forgotten()
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
