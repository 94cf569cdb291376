"""What a task costs on the happy path, counted: DESIGN.md's budgets. `pytest -rP` shows the table.

200-byte event, full batches of 10, warm functions. What the caches read once is counted in. The time that the
functions take is not counted here (it is measured, not counted), so the price is that of the requests.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

import pytest

from tests.moto.calls import Call
from tests.moto.limits import set_limits
from tests.moto.tenant_functions import raises
from tests.moto.tenants import ECHO, Tenant, an_event
from tests.moto.test_limits import limit
from tests.moto.units import Meter, item_size
from tests.moto.world import World

TASKS = 100
SQS_BILLED_BYTES = 64 * 1024
#: USD per million (us-east-1).
PRICES = {"sqs": 0.40, "write": 0.625, "read": 0.125, "lambda": 0.20, "http": 3.50, "event": 1.00}


@dataclass(frozen=True)
class Cost:
    """Of one task."""

    write_units: float
    read_units: float
    sqs: float
    invocations: float
    http: float
    events: float
    largest_item: int

    @property
    def usd_per_million(self) -> float:
        return (
            self.write_units * PRICES["write"]
            + self.read_units * PRICES["read"]
            + self.sqs * PRICES["sqs"]
            + self.invocations * PRICES["lambda"]
            + self.http * PRICES["http"]
            + self.events * PRICES["event"]
        )


def sqs_requests(call: Call) -> int:
    """SQS bills each 64 KB of a request's payload."""
    bodies = [entry.get("MessageBody", "") for entry in call.params.get("Entries", [])]
    bodies += [message["Body"] for message in call.answer.get("Messages", [])]
    return max(1, math.ceil(sum(len(body.encode()) for body in bodies) / SQS_BILLED_BYTES))


def run_all(world: World, requests: int) -> Cost:
    """Let the tasks that were submitted run and be delivered; what everything since `clear` has cost."""
    invocations = requests
    for function in ("dispatcher", "deliverer"):
        for _ in range(TASKS // 10):
            assert world.poll(function) == 10
            invocations += 1
    meter = Meter()
    known = {"dynamodb", "sqs", "eventbridge"}
    made = [call for call in world.calls.made if not call.name.endswith("ReceiveMessage") or "Messages" in call.answer]
    assert {call.name.partition(".")[0] for call in made} == known
    for call in made:
        if call.name.startswith("dynamodb."):
            meter.add(call)
    return Cost(
        write_units=meter.write_units / TASKS,
        read_units=meter.read_units / TASKS,
        sqs=sum(sqs_requests(call) for call in made if call.name.startswith("sqs.")) / TASKS,
        invocations=invocations / TASKS,
        http=requests / TASKS,
        events=sum(len(call.params["Entries"]) for call in made if call.name == "eventbridge.PutEvents") / TASKS,
        largest_item=meter.largest_item,
    )


def event_of_200_bytes(number: int) -> dict[str, Any]:
    event = an_event(id=f"order-{number:06}", source="/shop/orders", time="2026-11-24T12:00:00Z", data={"text": ""})
    event["data"]["text"] = "x" * (200 - len(json.dumps(event, separators=(",", ":"))))
    assert len(json.dumps(event, separators=(",", ":"))) == 200
    return event


@pytest.fixture
def warm(world: World, acme: Tenant) -> Tenant:
    """Functions that keep what they read of the registry."""
    world.registry_cache_s = 3600
    world.start()
    world.calls.made.clear()
    return acme


def submit_singly(world: World, tenant: Tenant) -> int:
    for n in range(TASKS):
        assert world.submit(tenant.key, event_of_200_bytes(n)).status == 202
    return TASKS


def submit_batched(world: World, tenant: Tenant) -> int:
    assert world.submit_batch(tenant.key, [event_of_200_bytes(n) for n in range(TASKS)]).status == 200
    return 1


@pytest.mark.parametrize(
    ("submit", "most_sqs", "most_invocations", "most_usd"),
    [(submit_singly, 1.7, 1.25, 9.0), (submit_batched, 0.8, 0.25, 4.5)],
    ids=["single", "batched"],
)
def test_a_task_stays_within_its_budget(
    world: World, warm: Tenant, submit: Any, most_sqs: float, most_invocations: float, most_usd: float
) -> None:
    cost = run_all(world, submit(world, warm))
    print(f"\n{submit.__name__}, per task (budget):")  # noqa: T201 - the figures are to be quoted
    for name, figure, budget in (
        ("DynamoDB write units", cost.write_units, 4.2),
        ("DynamoDB read units", cost.read_units, 0.3),
        ("SQS requests", cost.sqs, most_sqs),
        ("Lambda requests", cost.invocations, most_invocations),
        ("requests' list price, USD per million", cost.usd_per_million, most_usd),
    ):
        print(f"  {name:<40}{figure:8.3f}  ({budget})")  # noqa: T201 - the same
        assert figure <= budget, name
    print(f"  {'largest item, bytes':<40}{cost.largest_item:8}  (1024)")  # noqa: T201 - the same
    assert cost.events == 1
    assert cost.largest_item <= 1024
    assert len(world.functions.runs) == TASKS


@pytest.mark.parametrize("submit", [submit_singly, submit_batched], ids=["single", "batched"])
def test_limits_on_submitting_cost_a_fraction_of_a_write(world: World, acme: Tenant, submit: Any) -> None:
    set_limits(acme, submit_rate=5_000, submit_burst=5_000, backlog=100_000)
    world.registry_cache_s = 3600
    world.start()
    acme.submit()  # starts the meter
    world.settle()
    world.calls.made.clear()
    run_all(world, submit(world, acme))
    meter = Meter()
    for call in world.calls.made:
        if str(call.params.get("TableName", "")).endswith("Quotas"):
            meter.add(call)
    usd = (meter.write_units * PRICES["write"] + meter.read_units * PRICES["read"]) / TASKS
    print(f"\nlimits on submitting, {submit.__name__}: {usd:.3f} USD per million (0.15)")  # noqa: T201 - to be quoted
    assert usd <= 0.15  # half of what limits may cost; slots take the other


def test_limits_at_tenant_lane_and_function_cost_one_take_and_one_give_back_a_batch(world: World, warm: Tenant) -> None:
    plain = run_all(world, submit_batched(world, warm))
    limit(warm, tenant=100, lane=50, function=20)
    world.start()
    world.calls.made.clear()
    events = [event_of_200_bytes(TASKS + n) for n in range(TASKS)]
    assert world.submit_batch(warm.key, events).status == 200
    limited = run_all(world, 1)

    more = limited.usd_per_million - plain.usd_per_million
    print(f"\nlimits at tenant, lane and function: {more:.3f} USD per million more (0.3)")  # noqa: T201 - to be quoted
    assert limited.write_units - plain.write_units <= 0.2 + 1e-9
    assert more <= 0.15  # submitting under limits may take the other half of 0.3
    assert limited.largest_item <= 1024


def test_a_retry_costs_two_writes_and_no_send(world: World, warm: Tenant) -> None:
    world.functions.scripts[ECHO] = raises(times=1)
    warm.submit()
    world.settle()
    meter = Meter()
    for call in world.calls.made:
        if call.function == "dispatcher" and call.name.startswith("dynamodb."):
            meter.add(call)
    assert meter.write_units == 4
    assert world.calls.names("dispatcher").count("sqs.SendMessageBatch") == 1


def test_a_duplicate_costs_one_write_and_one_send(world: World, warm: Tenant) -> None:
    warm.submit()
    world.calls.made.clear()
    warm.submit()
    assert world.calls.names("gateway") == ["dynamodb.PutItem", "sqs.SendMessageBatch"]


# --- the computation itself -----------------------------------------------------------------------


def test_sizes_are_those_of_the_developer_guide() -> None:
    assert item_size({"pk": {"S": "ä"}}) == 2 + 2
    assert item_size({"n": {"N": "1234"}}) == 1 + 3
    assert item_size({"n": {"N": "-100"}}) == 1 + 3
    assert item_size({"f": {"BOOL": True}, "z": {"NULL": True}}) == 4
    assert item_size({"l": {"L": [{"S": "ab"}, {"N": "7"}]}}) == 1 + 3 + (1 + 2) + (1 + 2)
    assert item_size({"m": {"M": {"a": {"S": "b"}}}}) == 1 + 3 + 1 + 1 + 1
