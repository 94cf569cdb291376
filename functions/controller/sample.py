"""The sample result event that tries out a subscription. Its attribute `test` tells it from a real one."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fairlane.domain.catalog import DEFAULT_LANE
from fairlane.domain.names import task_id
from fairlane.domain.task import ENDS, Moment, Status, Task
from fairlane.domain.times import rfc3339, to_ms
from fairlane.events import event_json, result_event
from fairlane.ports.bus import BusEntry
from fairlane.results import shown

TASK_TYPE = "fairlane.test"
_EVENT_TYPES = {f"fairlane.task.{end.value}": end for end in sorted(ENDS)}


def sample_entry(tenant: str, subscription: str, pattern: Mapping[str, Any], now: datetime) -> BusEntry:
    """A result that no task had, for this subscription alone; of an end that its pattern names, if it names one."""
    task = _sample_task(tenant, _end(pattern), now)
    event = result_event(
        tenant=tenant,
        task=shown(task),
        event_id=f"test-{task.result_event_id}",
        traceparent=None,
        tracestate=None,
        time=rfc3339(now) or "",
    )
    return BusEntry(tenant, str(event["type"]), event_json({**event, "test": True}), now, subscription)


def _end(pattern: Mapping[str, Any]) -> Status:
    named = [_EVENT_TYPES[each] for each in pattern.get("detail-type", ()) if each in list(_EVENT_TYPES)]
    return named[0] if named else Status.SUCCEEDED


def _sample_task(tenant: str, end: Status, now: datetime) -> Task:
    nonce = secrets.token_hex(8)
    return Task(
        tenant=tenant,
        id=task_id(tenant, f"/tenants/{tenant}", nonce),
        type=TASK_TYPE,
        source=f"/tenants/{tenant}",
        event_id=nonce,
        lane=DEFAULT_LANE,
        status=end,
        max_attempts=1,
        generation=to_ms(now),
        payload_hash="",
        created_at=now,
        started_at=now,
        ended_at=now,
        attempt=1,
        result='{"sample":true}' if end is Status.SUCCEEDED else None,
        timeline=(Moment(now, end, 1, "a sample, to try out a subscription"),),
    )
