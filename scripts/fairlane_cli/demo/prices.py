"""What AWS charges, as data, and what a number of requests costs by it. Who counts them is not known here.

List prices of us-east-1 in USD, without free tiers and discounts (DESIGN.md 9). SQS and EventBridge charge each
64 KB of a request as one: whoever counts has to count so (`billed_chunks`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

MILLION = 1_000_000
CHUNK_BYTES = 64 * 1024


class Billed(Enum):
    """A thing that is charged by number: its name for people, and USD per million."""

    API_REQUEST = ("API Gateway (REST) requests", 3.50)
    LAMBDA_REQUEST = ("Lambda requests", 0.20)
    LAMBDA_GB_SECOND = ("Lambda GB-seconds (arm64)", 13.3)
    SQS_REQUEST = ("SQS requests", 0.40)
    DYNAMODB_WRITE_UNIT = ("DynamoDB write units", 0.625)
    DYNAMODB_READ_UNIT = ("DynamoDB read units", 0.125)
    EVENTBRIDGE_EVENT = ("EventBridge events", 1.00)
    SCHEDULER_INVOCATION = ("Scheduler invocations", 1.00)
    STATE_TRANSITION = ("Step Functions transitions", 25.00)

    def __init__(self, label: str, usd_per_million: float) -> None:
        self.label = label
        self.usd_per_million = usd_per_million


@dataclass(frozen=True)
class Line:
    """One line of a bill, for each million tasks like those that were counted."""

    what: Billed
    per_task: float

    @property
    def usd(self) -> float:
        return self.per_task * self.what.usd_per_million


def bill(quantities: Mapping[Billed, float], *, tasks: int) -> list[Line]:
    """What a million tasks cost, in the order of `Billed`; what was not used is left out."""
    return [Line(what, quantities[what] / tasks) for what in Billed if quantities.get(what)]


def total_usd(lines: list[Line]) -> float:
    return sum(line.usd for line in lines)


def billed_chunks(size_bytes: int) -> int:
    """As how many requests (SQS) or events (EventBridge) one of this size is charged."""
    return max(1, -(-size_bytes // CHUNK_BYTES))
