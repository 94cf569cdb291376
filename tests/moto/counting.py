"""What the AWS calls of a test came to: requests, DynamoDB units, and their list price."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.moto.calls import Call
from tests.moto.units import Meter

SQS_BILLED_BYTES = 64 * 1024
#: USD per million (us-east-1).
PRICES = {"sqs": 0.40, "write": 0.625, "read": 0.125}


@dataclass(frozen=True)
class Counted:
    """Of all tasks together."""

    requests: Counter[str]
    write_units: float
    read_units: float

    def per_task(self, tasks: int) -> float:
        """Requests of any kind."""
        return sum(self.requests.values()) / tasks

    def usd_per_million(self, tasks: int) -> float:
        """Of DynamoDB and SQS; what Lambda, API Gateway and EventBridge cost does not depend on limits or numbers."""
        sqs = sum(count for name, count in self.requests.items() if name.startswith("sqs."))
        total = self.write_units * PRICES["write"] + self.read_units * PRICES["read"] + sqs * PRICES["sqs"]
        return total / tasks


def counted(calls: Iterable[Call]) -> Counted:
    """The calls, without receives that found nothing: those are the mappings' idle cost, whatever happens."""
    meter = Meter()
    requests: Counter[str] = Counter()
    for call in calls:
        if call.name.endswith("ReceiveMessage") and "Messages" not in call.answer:
            continue
        requests[call.name] += _billed(call)
        if call.name.startswith("dynamodb."):
            meter.add(call)
    return Counted(requests, meter.write_units, meter.read_units)


def _billed(call: Call) -> int:
    """SQS bills each 64 KB of a request's payload."""
    if not call.name.startswith("sqs."):
        return 1
    bodies = [entry.get("MessageBody", "") for entry in call.params.get("Entries", [])]
    bodies += [message["Body"] for message in call.answer.get("Messages", [])]
    return max(1, math.ceil(sum(len(body.encode()) for body in bodies) / SQS_BILLED_BYTES))
