"""The Tasks table.

Every write is one conditional update with a fresh nonce. A refused condition comes with the
record as it was (`ReturnValuesOnConditionCheckFailure`), so no second read is needed; when that
record carries our own nonce, the SDK had repeated a write that had worked: success.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fairlane.aws import items
from fairlane.aws.clients import CONDITION_FAILED, error_code
from fairlane.aws.listing import page
from fairlane.domain.attention import Attention, Kind
from fairlane.domain.claiming import EARLY
from fairlane.domain.task import LONGEST_WAIT, OVERDUE, STEPS, Moment, Outcome, Status, Step, Task, Touch
from fairlane.domain.times import to_ms
from fairlane.ports.tasks import Created, Existing, Refusal, TaskPage, TaskQuery

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Each name is one half of a rule of `domain.claiming.judge`.
IS_THIS_TASK = "generation = :generation"
IS_DUE = "(#status IN (:scheduled, :queued, :retrying) AND (attribute_not_exists(next_at) OR next_at <= :soon))"
LEASE_IS_OVER = "(#status = :running AND lease_until < :now)"
DEADLINE_HAS_PASSED = "(#status = :waiting AND attention_at < :now)"
IS_OVERDUE = f"({LEASE_IS_OVER} OR {DEADLINE_HAS_PASSED})"
HAS_ATTEMPTS_LEFT = "attempt < max_attempts"
NOT_EXPIRED = "(claim > :zero OR attribute_not_exists(expires_at) OR expires_at > :now)"
MAY_CLAIM = f"{IS_THIS_TASK} AND ({IS_DUE} OR {LEASE_IS_OVER}) AND {HAS_ATTEMPTS_LEFT} AND {NOT_EXPIRED}"
IS_OUR_CLAIM = f"{IS_THIS_TASK} AND claim = :claim"
IS_UNDER_WAY = f"{IS_OUR_CLAIM} AND #status IN (:running, :waiting)"
IS_UNSTARTED = "#status = :waiting AND start_by < :now"

#: Words that DynamoDB reserves (or may): never written plainly in an expression.
_NAMES = ("#status", "#ttl", "#error", "#result")

CLAIM = (
    "SET #status = :running, attempt = attempt + :one, claim = claim + :one, lease_until = :lease,"
    " started_at = if_not_exists(started_at, :now), nonce = :nonce, #ttl = :ttl,"
    " timeline = list_append(timeline, :moments) REMOVE next_at, attention, attention_at, progress, progress_message"
)

NOTE = "SET timeline = list_append(timeline, :moments), nonce = :nonce"
#: The nonce in the condition: nothing else keeps the SDK from adding a moment twice.
MAY_NOTE = f"{IS_THIS_TASK} AND #status IN (:scheduled, :queued) AND nonce <> :nonce"


def _nonce() -> str:
    return secrets.token_urlsafe(9)


class DynamoTasks:
    """`TaskStore` on DynamoDB. The tenant is the first part of every key."""

    def __init__(self, client: "DynamoDBClient", table: str, *, nonce: Callable[[], str] = _nonce) -> None:
        """`nonce` makes a fresh text for each write."""
        self._client = client
        self._table = table
        self._nonce = nonce

    def create(self, task: Task) -> Created | Existing:
        """Put the record unless there is one."""
        nonce = self._nonce()
        item = items.new_item(task, nonce=nonce, ttl=_outliving(task, task.created_at))
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            old = _old_item(error)
            if old is None:
                raise
            return Created(task) if _is_ours(old, nonce) else Existing(items.task_of(old))
        return Created(task)

    def prolong(self, task: Task, *, now: datetime) -> bool:
        """Let an unended record live as long as a message sent now; False when the record is gone."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=items.task_key(task.tenant, task.id),
                UpdateExpression="SET #ttl = :ttl",
                ConditionExpression=f"{IS_THIS_TASK} AND attribute_not_exists(ended_at) AND #ttl < :ttl",
                ExpressionAttributeNames={"#ttl": "ttl"},
                ExpressionAttributeValues={
                    ":ttl": items.number(int(_outliving(task, now).timestamp())),
                    ":generation": items.number(task.generation),
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
            old = _old_item(error)  # refused: ended, or lives long enough, or is gone
            return old is not None and old["generation"] == items.number(task.generation)
        return True

    def get(self, tenant: str, task_id: str) -> Task | None:
        """The task with its result, read consistently."""
        answer = self._client.get_item(TableName=self._table, Key=items.task_key(tenant, task_id), ConsistentRead=True)
        return self.load_result(items.task_of(answer["Item"])) if "Item" in answer else None

    def load_result(self, task: Task) -> Task:
        """The task with the result that lies in an item of its own, if it does."""
        if task.result_claim is None or task.result_hash is None or task.result is not None:
            return task
        key = items.result_key(task, task.result_claim, task.result_hash)
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return task.with_result(answer["Item"]["result"]["S"]) if "Item" in answer else task

    def claim(
        self, tenant: str, task_id: str, *, generation: int, now: datetime, lease_until: datetime, detail: str = ""
    ) -> Task | Refusal:
        """Start an attempt: the conditions of `Step.CLAIM`. `detail` goes into the timeline."""
        values = {
            ":generation": items.number(generation),
            ":now": items.number(to_ms(now)),
            ":soon": items.number(to_ms(now + EARLY)),
            ":lease": items.number(to_ms(lease_until)),
            ":zero": items.number(0),
            ":one": items.number(1),
            ":ttl": items.number(int((now + LONGEST_WAIT).timestamp())),
            ":moments": {"L": [items.moment_value(Moment(now, Status.RUNNING, 0, detail), with_attempt=False)]},
        }
        for status in (Status.SCHEDULED, Status.QUEUED, Status.RETRYING, Status.RUNNING):
            values[f":{status.value}"] = {"S": status.value}
        return self._update(items.task_key(tenant, task_id), CLAIM, MAY_CLAIM, values)

    def commit(self, task: Task, outcome: Outcome) -> Task | Refusal:
        """Write how the attempt of `task.claim` came out. Fenced by the claim."""
        kept = self._keep_long_result(task, outcome)
        update, values = _commit_update(task, outcome, kept)
        condition, from_values = _from_condition(task, outcome)
        written = self._update(items.task_key(task.tenant, task.id), update, condition, values | from_values)
        if isinstance(written, Task) and kept is not None:
            return written.with_result(outcome.result)
        return written

    def note(self, tenant: str, task_id: str, *, generation: int, moment: Moment) -> Task | Refusal:
        """Add to the timeline of a task that waits for its first attempt."""
        values = {":generation": items.number(generation), ":moments": {"L": [items.moment_value(moment)]}}
        values |= {f":{status.value}": {"S": status.value} for status in (Status.SCHEDULED, Status.QUEUED)}
        return self._update(items.task_key(tenant, task_id), NOTE, MAY_NOTE, values)

    def touch(self, task: Task, touch: Touch) -> Task | Refusal:
        """Note something of the attempt `task.claim` while it is under way."""
        update, values = _touch_update(task, touch)
        condition = f"{IS_UNDER_WAY} AND {IS_UNSTARTED}" if touch.only_unstarted else IS_UNDER_WAY
        values |= {
            ":generation": items.number(task.generation),
            ":claim": items.number(task.claim),
            ":running": {"S": Status.RUNNING.value},
            ":waiting": {"S": Status.WAITING.value},
        }
        if touch.only_unstarted:
            values[":now"] = items.number(to_ms(touch.at))
        return self._update(items.task_key(task.tenant, task.id), update, condition, values)

    def page(self, tenant: str, query: TaskQuery) -> TaskPage:
        """One page of a tenant's tasks by creation time."""
        return page(self._client, self._table, tenant, query)

    def _keep_long_result(self, task: Task, outcome: Outcome) -> str | None:
        if outcome.result is None or len(outcome.result.encode()) <= items.INLINE_RESULT_BYTES:
            return None
        hashed = items.result_hash(outcome.result)
        self._client.put_item(
            TableName=self._table,
            Item=items.result_key(task, task.claim, hashed)
            | {
                "result": {"S": outcome.result},
                "ttl": items.number(int((outcome.at + timedelta(days=task.retention_days)).timestamp())),
            },
        )
        return hashed

    def _update(self, key: items.Item, update: str, condition: str, values: Mapping[str, Any]) -> Task | Refusal:
        nonce = self._nonce()
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={name: name[1:] for name in _NAMES if name in update + condition},
                ExpressionAttributeValues={**values, ":nonce": {"S": nonce}},
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
            old = _old_item(error)
            if old is None:
                return Refusal(None)
            return items.task_of(old) if _is_ours(old, nonce) else Refusal(items.task_of(old))
        return items.task_of(answer["Attributes"])


def _commit_update(task: Task, outcome: Outcome, kept: str | None) -> tuple[str, dict[str, Any]]:
    moment = Moment(outcome.at, outcome.status, task.attempt, outcome.detail)
    sets = {"#status": {"S": outcome.status.value}, "#ttl": _ttl_after(task, outcome)}
    if outcome.status.is_end:
        sets["ended_at"] = items.number(to_ms(outcome.at))
    if outcome.error is not None:
        sets["#error"] = {"L": [{"S": outcome.error.type}, {"S": outcome.error.message}]}
    if outcome.next_at is not None:
        sets["next_at"] = items.number(to_ms(outcome.next_at))
    removed = ["#error"] if outcome.step is Step.SUCCEED else []
    of_status = _of_status(task, outcome)
    sets |= {name: value for name, value in of_status.items() if value is not None}
    removed += [name for name, value in of_status.items() if value is None]
    if not outcome.counts:
        sets["attempt"] = items.number(task.attempt - 1)
    if kept is not None:
        sets |= {"result_claim": items.number(task.claim), "result_hash": {"S": kept}}
    elif outcome.result is not None:
        sets["#result"] = {"S": outcome.result}
    short = items.trimmed([*task.timeline, moment])
    append = "timeline = :moments" if short else "timeline = list_append(timeline, :moments)"
    values = {f":v{index}": value for index, value in enumerate(sets.values())}
    values[":moments"] = {"L": [items.moment_value(m) for m in short or [moment]]}
    assignments = ", ".join(f"{name} = :v{index}" for index, name in enumerate(sets))
    without = f" REMOVE {', '.join(removed)}" if removed else ""
    return f"SET nonce = :nonce, {assignments}, {append}{without}", values


def _of_status(task: Task, outcome: Outcome) -> dict[str, items.Item | None]:
    """What goes with the status that the outcome leads to, and must not outlive it (None)."""
    lease_until, start_by = outcome.lease_until, outcome.start_by
    heartbeat, execution = outcome.heartbeat, outcome.execution
    noted = items.attention_of(outcome.attention, task.id) if outcome.attention else {}
    return {
        "attention": noted.get("attention"),
        "attention_at": noted.get("attention_at"),
        "lease_until": items.number(to_ms(lease_until)) if lease_until else None,
        "start_by": items.number(to_ms(start_by)) if start_by else None,
        "heartbeat": items.number(heartbeat // timedelta(milliseconds=1)) if heartbeat else None,
        "execution": {"S": execution} if execution else None,
        "holds_slots": {"BOOL": True} if outcome.holds_slots else None,
    }


def _touch_update(task: Task, touch: Touch) -> tuple[str, dict[str, Any]]:
    sets: dict[str, items.Item] = {}
    if touch.start_by is not None:
        sets["start_by"] = items.number(to_ms(touch.start_by))
    if touch.progress is not None:
        sets["progress"] = {"N": repr(touch.progress)}
    if touch.message is not None:
        sets["progress_message"] = {"S": touch.message}
    if touch.wanted_at is not None:
        sets |= items.attention_of(Attention(Kind.DEADLINE, touch.wanted_at), task.id)
    values = {f":v{index}": value for index, value in enumerate(sets.values())}
    assignments = "".join(f", {name} = :v{index}" for index, name in enumerate(sets))
    removed = " REMOVE start_by" if touch.start_by is None else ""
    return f"SET nonce = :nonce{assignments}{removed}", values


def _from_condition(task: Task, outcome: Outcome) -> tuple[str, dict[str, Any]]:
    states = sorted(STEPS[outcome.step][0])
    condition = f"{IS_OUR_CLAIM} AND #status IN ({', '.join(f':from{i}' for i in range(len(states)))})"
    values: dict[str, Any] = {f":from{i}": {"S": status.value} for i, status in enumerate(states)}
    values |= {":generation": items.number(task.generation), ":claim": items.number(task.claim)}
    if outcome.step in OVERDUE:
        condition += f" AND {IS_OVERDUE}"
        values |= {":now": items.number(to_ms(outcome.at)), ":running": {"S": Status.RUNNING.value}}
        values[":waiting"] = {"S": Status.WAITING.value}
    return condition, values


def _ttl_after(task: Task, outcome: Outcome) -> items.Item:
    if outcome.status.is_end:
        return items.number(int((outcome.at + timedelta(days=task.retention_days)).timestamp()))
    return items.number(int((outcome.at + LONGEST_WAIT).timestamp()))


def _outliving(task: Task, sent_at: datetime) -> datetime:
    return max(sent_at, task.not_before or sent_at) + LONGEST_WAIT


def _old_item(error: ClientError) -> Mapping[str, Any] | None:
    if error_code(error) != CONDITION_FAILED:
        return None
    item: Mapping[str, Any] | None = error.response.get("Item")  # type: ignore[assignment]
    return item or None


def _is_ours(item: Mapping[str, Any], nonce: str) -> bool:
    return bool(item.get("nonce", {}).get("S") == nonce)
