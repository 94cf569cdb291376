"""What each call of a port costs at AWS: requests and DynamoDB units, by the adapters' one request a call.

That an adapter makes just these requests, and that items stay under 1 KB (one unit a write), is what
`tests/moto/test_budgets.py` counts with the real ones.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Messages or entries of one request.
BATCH = 10
#: USD per million (us-east-1).
PRICES = {"write units": 0.625, "read units": 0.125, "sqs": 0.40}


def _read(*_: Any) -> dict[str, float]:
    return {"dynamodb": 1, "read units": 1}


def _write(*_: Any) -> dict[str, float]:
    return {"dynamodb": 1, "write units": 1}


def _create(*_: Any) -> dict[str, float]:
    return {"dynamodb": 1, "write units": 2}  # the item and its entry in `by_time`


def _batches(_url: Any, messages: Any) -> dict[str, float]:
    return {"sqs": math.ceil(len(messages) / BATCH)}


def _publish(entries: Any) -> dict[str, float]:
    return {"events": math.ceil(len(entries) / BATCH)}


def _nothing(*_: Any) -> dict[str, float]:
    return {}


Rule = Callable[..., Mapping[str, float]]
TASKS: Mapping[str, Rule] = {
    "create": _create,
    "claim": _write,
    "commit": _write,
    "get": _read,
    "prolong": _write,
    "load_result": _nothing,  # short results lie in the task's item
}
METERS: Mapping[str, Rule] = {"look": _read, "start": _write, "take": _write, "give_back": _write}
SLOTS: Mapping[str, Rule] = {"look": _read, "change": _write}
REGISTRY: Mapping[str, Rule] = {"get": _read}
QUEUES: Mapping[str, Rule] = {"send": _batches, "hide": _batches}
BUS: Mapping[str, Rule] = {"publish": _publish}


@dataclass
class Bill:
    """What everything came to so far."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, costs: Mapping[str, float]) -> None:
        for name, count in costs.items():
            self.counts[name] += count  # type: ignore[assignment] # a Counter of floats

    @property
    def requests(self) -> float:
        return sum(self.counts[name] for name in ("dynamodb", "sqs", "events"))

    @property
    def usd(self) -> float:
        """Per million of what it is divided by; without what numbers and limits do not change."""
        return sum(self.counts[name] * price for name, price in PRICES.items())


class Counting:
    """A port whose calls are counted. A call that has no rule must not be made."""

    def __init__(self, real: object, rules: Mapping[str, Rule], bill: Bill) -> None:
        self._real = real
        self._rules = rules
        self._bill = bill

    def __getattr__(self, name: str) -> Any:
        method, rule = getattr(self._real, name), self._rules[name]

        def call(*args: Any, **more: Any) -> Any:
            self._bill.add(rule(*args))
            return method(*args, **more)

        return call
