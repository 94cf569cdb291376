"""A task as an item of the Tasks table, and back.

DynamoDB bills by the whole item, attribute names included: names are short words, times are
integers in ms, and the timeline is a list of lists. A typical item stays below 1 KB.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from fairlane.domain.attention import Attention, Kind
from fairlane.domain.task import Moment, Status, Task, TaskError, Undelivered
from fairlane.domain.times import from_ms, to_ms

#: Number of partitions of a tenant in the index by time; a hot index partition throttles the table.
TIME_SHARDS = 4
#: A result up to this many bytes lies in the task's item, a longer one in an item of its own.
INLINE_RESULT_BYTES = 4_096
#: A timeline that grows longer loses its middle.
TIMELINE_HEAD, TIMELINE_TAIL = 5, 35

Item = dict[str, Any]


def task_key(tenant: str, task_id: str) -> Item:
    """Primary key of the task."""
    return {"pk": {"S": f"{tenant}#{task_id}"}}


def result_hash(result: str) -> str:
    """What tells one result from another."""
    return blake2b(result.encode(), digest_size=9).hexdigest()


def result_key(task: Task, claim: int, hashed: str) -> Item:
    """Primary key of a long result: no other attempt, and no other callback of the same one, overwrites it."""
    return {"pk": {"S": f"{task.tenant}#{task.id}#result#{task.generation}#{claim}#{hashed}"}}


def time_shard(tenant: str, shard: int) -> str:
    """Partition of the index by time."""
    return f"{tenant}#{shard}"


def shard_of(name: str) -> int:
    """Which of the `TIME_SHARDS` partitions an id belongs to."""
    return int(name[-2:], 36) % TIME_SHARDS if name[-2:].isalnum() else 0


def attention_shard(kind: Kind, shard: int) -> str:
    """Partition of the index `attention`."""
    return f"{kind}#{shard}"


def attention_of(attention: Attention, name: str) -> Item:
    """The two attributes by which the item of a task or an operation stands in the index `attention`."""
    return {
        "attention": {"S": attention_shard(attention.kind, shard_of(name))},
        "attention_at": number(to_ms(attention.at)),
    }


def number(value: int) -> Item:
    """A DynamoDB number."""
    return {"N": str(value)}


def new_item(task: Task, *, nonce: str, ttl: datetime) -> Item:
    """The item of a task that was just submitted."""
    item = task_key(task.tenant, task.id) | {
        "time_shard": {"S": time_shard(task.tenant, shard_of(task.id))},
        "time_key": {"S": task.time_key},
        "type": {"S": task.type},
        "source": {"S": task.source},
        "event_id": {"S": task.event_id},
        "lane": {"S": task.lane},
        "status": {"S": task.status.value},
        "attempt": number(task.attempt),
        "max_attempts": number(task.max_attempts),
        "claim": number(task.claim),
        "generation": number(task.generation),
        "hash": {"S": task.payload_hash},
        "keep": number(task.retention_days),
        "timeline": {"L": [moment_value(m) for m in task.timeline]},
        "nonce": {"S": nonce},
        "ttl": number(int(ttl.timestamp())),
    }
    for name, at in (("not_before", task.not_before), ("expires_at", task.expires_at), ("next_at", task.next_at)):
        if at is not None:
            item[name] = number(to_ms(at))
    if task.attention is not None:
        item |= attention_of(task.attention, task.id)
    if task.redo_of is not None:
        item["redo_of"] = {"S": task.redo_of}
    if task.trace:
        item["trace"] = {"M": {name: {"S": value} for name, value in task.trace.items()}}
    return item


def moment_value(moment: Moment, *, with_attempt: bool = True) -> Item:
    """One line of the timeline. A claim does not know its attempt before the write: see `_timeline`."""
    attempt = number(moment.attempt) if with_attempt else {"NULL": True}
    parts: list[Item] = [number(to_ms(moment.at)), {"S": moment.status.value}, attempt]
    return {"L": [*parts, {"S": moment.detail}] if moment.detail else parts}


def trimmed(timeline: Sequence[Moment]) -> list[Moment] | None:
    """The timeline without its middle, when it has grown too long; else None."""
    if len(timeline) <= TIMELINE_HEAD + TIMELINE_TAIL:
        return None
    return [*timeline[:TIMELINE_HEAD], *timeline[-TIMELINE_TAIL:]]


def task_of(item: Mapping[str, Any]) -> Task:
    """The task of an item."""
    tenant, _, task_id = item["pk"]["S"].partition("#")
    generation = int(item["generation"]["N"])
    attempt = int(item["attempt"]["N"])
    return Task(
        tenant=tenant,
        id=task_id,
        type=item["type"]["S"],
        source=item["source"]["S"],
        event_id=item["event_id"]["S"],
        lane=item["lane"]["S"],
        status=Status(item["status"]["S"]),
        max_attempts=int(item["max_attempts"]["N"]),
        generation=generation,
        payload_hash=item["hash"]["S"],
        created_at=from_ms(generation),
        attempt=attempt,
        claim=int(item["claim"]["N"]),
        started_at=_time(item, "started_at"),
        ended_at=_time(item, "ended_at"),
        not_before=_time(item, "not_before"),
        expires_at=_time(item, "expires_at"),
        next_at=_time(item, "next_at"),
        lease_until=_time(item, "lease_until"),
        attention=_attention(item),
        start_by=_time(item, "start_by"),
        heartbeat=timedelta(milliseconds=int(item["heartbeat"]["N"])) if "heartbeat" in item else None,
        execution=_text(item, "execution"),
        holds_slots="holds_slots" in item,
        progress=float(item["progress"]["N"]) if "progress" in item else None,
        progress_message=_text(item, "progress_message"),
        result=item["result"]["S"] if "result" in item else None,
        result_claim=int(item["result_claim"]["N"]) if "result_claim" in item else None,
        result_hash=_text(item, "result_hash"),
        error=TaskError(item["error"]["L"][0]["S"], item["error"]["L"][1]["S"]) if "error" in item else None,
        timeline=_timeline(item["timeline"]["L"], attempt),
        trace={name: value["S"] for name, value in item["trace"]["M"].items()} if "trace" in item else None,
        retention_days=int(item["keep"]["N"]),
        redo_of=item["redo_of"]["S"] if "redo_of" in item else None,
        undelivered=_undelivered(item),
    )


def _undelivered(item: Mapping[str, Any]) -> Undelivered | None:
    """Written by `DynamoDeliveries`; an empty set does not exist in DynamoDB."""
    if "undelivered" not in item:
        return None
    attempts, error = item["delivery"]["L"]
    return Undelivered(frozenset(item["undelivered"]["SS"]), int(attempts["N"]), error["S"])


def _attention(item: Mapping[str, Any]) -> Attention | None:
    if "attention" not in item:
        return None
    kind, _, _ = item["attention"]["S"].partition("#")
    return Attention(Kind(kind), from_ms(int(item["attention_at"]["N"])))


def _text(item: Mapping[str, Any], name: str) -> str | None:
    return item[name]["S"] if name in item else None


def _time(item: Mapping[str, Any], name: str) -> datetime | None:
    return from_ms(int(item[name]["N"])) if name in item else None


def _timeline(values: Sequence[Mapping[str, Any]], attempt: int) -> tuple[Moment, ...]:
    """Read backwards: a claim's attempt is that of what followed it, one less than a claim right after it."""
    moments: list[Moment] = []
    for value in reversed(values):
        at, status, stored, *detail = value["L"]
        known = int(stored["N"]) if "N" in stored else None
        attempt = attempt if known is None else known
        moments.append(Moment(from_ms(int(at["N"])), Status(status["S"]), attempt, detail[0]["S"] if detail else ""))
        if known is None:
            attempt -= 1
    return tuple(reversed(moments))
