"""Tasks as items of the Tasks table: there and back, through every history, and small."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.aws.items import TIME_SHARDS, Item, moment_value, new_item, task_of
from fairlane.aws.tasks import DynamoTasks
from fairlane.domain.names import task_id
from fairlane.domain.task import Moment, Status, Step, Task
from fairlane.domain.times import from_ms
from tests.unit.domain.building import NOW, a_task, after, an_outcome

times = st.integers(0, 4_102_444_800_000).map(from_ms)
maybe = st.none() | times


@st.composite
def new_tasks(draw: st.DrawFn) -> Task:
    """Whatever the gateway can record."""
    made_at = draw(times)
    text = st.text(min_size=1, max_size=20)
    status = draw(st.sampled_from([Status.QUEUED, Status.SCHEDULED]))
    return a_task(
        id=task_id("ada", draw(text), draw(text)),
        tenant=draw(st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)),
        type=draw(text),
        source=draw(text),
        event_id=draw(text),
        status=status,
        max_attempts=draw(st.integers(1, 100)),
        created_at=made_at,
        not_before=draw(maybe),
        next_at=draw(maybe),
        expires_at=draw(maybe),
        trace=draw(st.none() | st.dictionaries(st.sampled_from(["traceparent", "tracestate"]), text, min_size=1)),
        retention_days=draw(st.integers(1, 365)),
        timeline=(Moment(made_at, status, 0),),
    )


@settings(deadline=None)
@given(new_tasks())
def test_a_new_task_is_read_as_it_was_written(task: Task) -> None:
    assert task_of(new_item(task, nonce="n", ttl=NOW)) == task


@settings(deadline=None)
@given(st.text(max_size=10), st.text(max_size=10))
def test_every_task_lies_in_one_of_the_shards(source: str, event_id: str) -> None:
    task = a_task(id=task_id("ada", source, event_id))

    tenant, _, shard = new_item(task, nonce="n", ttl=NOW)["time_shard"]["S"].partition("#")

    assert tenant == "ada"
    assert int(shard) in range(TIME_SHARDS)


@settings(deadline=None)
@given(times, times)
def test_the_time_key_sorts_as_the_times_do(one: Any, other: Any) -> None:
    first, second = (a_task(created_at=at).time_key for at in (one, other))

    assert (first < second) == (one < other)


class OneItem:
    """A DynamoDB client with one item, that knows the expressions of `DynamoTasks` well enough to apply them."""

    def __init__(self, item: Item) -> None:
        self.item = item

    def update_item(self, **request: Any) -> dict[str, Any]:
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        sets, _, removes = request["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
        new = dict(self.item)
        for assignment in re.split(r", (?![^(]*\))", sets):
            name, _, text = assignment.strip().partition(" = ")
            new[names.get(name, name)] = self._value(text, values)
        for name in filter(None, removes.split(", ")):
            new.pop(names.get(name, name), None)
        self.item = new
        return {"Attributes": new}

    def put_item(self, **_: object) -> None:
        raise ClientError({"Error": {"Code": "Unexpected"}}, "PutItem")

    def _value(self, text: str, values: dict[str, Any]) -> Any:
        if text.startswith("list_append"):
            return {"L": self.item["timeline"]["L"] + values[":moments"]["L"]}
        if text.startswith("if_not_exists"):
            return self.item.get("started_at", values[":now"])
        if text.endswith("+ :one"):
            return {"N": str(int(self.item[text.partition(" ")[0]]["N"]) + 1)}
        return values[text]


def history(*steps: str, long_details: bool = False) -> tuple[Task, Item]:
    """What becomes of a task by `ok`, `fail`, `throttle` and `lost`, written as in production."""
    client = OneItem(new_item(a_task(max_attempts=100), nonce="nonce-of-12b", ttl=NOW))
    store = DynamoTasks(cast(Any, client), "tasks")
    task = task_of(client.item)
    for n, step in enumerate(steps):
        now = after(10 * n)
        lease = now + timedelta(seconds=5)
        claimed = store.claim("ada", task.id, generation=task.generation, now=now, lease_until=lease)
        assert isinstance(claimed, Task)
        task = claimed
        if step == "lost":
            continue
        detail = "x" * 200 if long_details else ""
        outcome = {
            "ok": an_outcome(Step.SUCCEED, at=after(10 * n + 1)),
            "fail": an_outcome(Step.RETRY, at=after(10 * n + 1), detail=detail),
            "throttle": an_outcome(Step.RETRY, at=after(10 * n + 1), counts=False, detail=detail),
        }[step]
        written = store.commit(task, outcome)
        assert isinstance(written, Task)
        task = written
    return task, client.item


def expected_attempts(*steps: str) -> list[int]:
    """The attempt of each line of the timeline."""
    attempt, lines = 0, [0]
    for step in steps:
        attempt += 1
        lines += [attempt] if step == "lost" else [attempt, attempt]
        attempt -= step == "throttle"
    return lines


steps = st.lists(st.sampled_from(["fail", "throttle", "lost"]), max_size=60)


@settings(deadline=None)
@given(steps, st.booleans())
def test_the_timeline_tells_each_lines_attempt_through_lost_and_throttled_ones(before: list[str], ended: bool) -> None:
    """A claim is written without its number; beyond 40 lines the middle is gone, the rest still true."""
    path = [*before, "ok"] if ended else before

    task, _ = history(*path)

    attempts, lines = expected_attempts(*path), [moment.attempt for moment in task.timeline]
    kept = len(lines[5:])
    assert lines == attempts[:5] + attempts[len(attempts) - kept :]
    assert task.attempt == sum(step != "throttle" for step in path)


@settings(deadline=None)
@given(steps)
def test_a_timeline_stays_short_but_for_the_lost_attempts_since_the_last_outcome(before: list[str]) -> None:
    task, _ = history(*before, "ok")

    assert len(task.timeline) <= 40
    assert task.timeline[0].status is Status.QUEUED
    assert task.timeline[-1].status is Status.SUCCEEDED


def size(item: Item) -> int:
    """As DynamoDB counts an item: names and values in UTF-8, numbers by their digits, 3 bytes a list and 1 a member."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Item) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return (len(content.lstrip("-").rstrip("0")) + 1) // 2 + 1
    if kind == "L":
        return 3 + sum(1 + _value_size(one) for one in content)
    if kind == "M":
        return 3 + sum(1 + len(name) + _value_size(one) for name, one in content.items())
    return 1


def test_a_typical_task_stays_under_one_write_unit_after_its_end() -> None:
    """The event is not in the item: what counts is its attributes, the timeline and a small result."""
    trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    event_id = "5c7f1b8e-2f1d-4c6e-9d0a-6b0f3a1c2d4e"
    task = a_task(tenant="a-tenant-of-acme", source="/orders/eu-west-1/shop", event_id=event_id, trace=trace)
    client = OneItem(new_item(task, nonce="nonce-of-12b", ttl=NOW))
    store = DynamoTasks(cast(Any, client), "tasks")
    for n, step in enumerate((Step.RETRY, Step.SUCCEED)):
        claimed = store.claim(task.tenant, task.id, generation=task.generation, now=after(n), lease_until=after(n + 30))
        assert isinstance(claimed, Task)
        result = '{"url":"https://example.com/a.png","bytes":48213}' if step is Step.SUCCEED else None
        store.commit(claimed, an_outcome(step, at=after(n + 0.5), result=result))

    assert size(client.item) < 1024


def test_a_result_under_a_claim_is_told_from_an_inline_one() -> None:
    item = new_item(a_task(), nonce="n", ttl=NOW) | {"result_claim": {"N": "2"}}

    assert (task_of(item).result, task_of(item).result_claim) == (None, 2)
    assert replace(task_of(item), result_claim=None) == a_task()


def test_a_line_without_detail_takes_no_room_for_one() -> None:
    short, long = (moment_value(Moment(NOW, Status.RUNNING, 1, detail)) for detail in ("", "why"))

    assert (len(short["L"]), len(long["L"])) == (3, 4)
