"""The invariants, watched while a schedule runs. Numbers are those of the design's list."""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from fairlane.domain.task import Status, Task
from fairlane.domain.task_tokens import _grant
from fairlane.events import Event, payload_hash
from fairlane.ports.bus import BusEntry
from fairlane.ports.queues import Message
from tests.simulation.fakes.queues import FakeQueues, Held
from tests.simulation.faults import Outage
from tests.simulation.tenants import SimulatedLimits

#: From the start of a function's run to its end.
Span = tuple[datetime, datetime]
#: From taking a start to the call: what the gate allows, what the target takes, and clocks that differ.
LATE_START_S = 2 + 2 + 2.1
#: What Fairlane adds to the event that a function gets.
ADDED = frozenset({"tenant", "taskid", "attempt", "deadline", "tasktoken"})
#: What may differ between events of one `dedupkey`.
KEYED = frozenset({"id", "source", "dedupwindow"})
#: Longer than a permit may be on its way to its record.
SETTLED = timedelta(seconds=60)


def said(event: Event) -> str:
    """The hash of what repeats of an event have in common."""
    ignored = ADDED | KEYED if "dedupkey" in event else ADDED
    return payload_hash({name: value for name, value in event.items() if name not in ignored})


class Monitor:
    """Collects violations; never raises, or production code would catch what it raises."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        #: Reasons and details that came up: which paths this schedule took.
        self.reached: set[str] = set()
        #: (tenant, task id) -> when a client was first told that it is accepted.
        self.acknowledged_at: dict[tuple[str, str], datetime] = {}
        #: What was sent before a task in its group of an ordered lane and has not ended.
        self.before: Callable[[str, str, int], list[str]] = lambda _tenant, _task, _generation: []
        #: (tenant, lane, from when to when it was paused).
        self.pauses: list[tuple[str, str, Span]] = []
        #: (tenant, lane, task type, when it was called, its span), of every run.
        self._all: list[tuple[str, str, str, datetime, Span]] = []
        #: Tokens that were given out, by task: one for each attempt.
        self.tokens: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        self._runs: dict[tuple[str, str, int], list[Span]] = defaultdict(list)

    def expect(self, holds: bool, violation: str) -> None:
        if not holds:
            self.violations.append(violation)

    # --- while it runs ----------------------------------------------------------------------

    def on_write(self, old: Task | None, new: Task) -> None:
        """3: an end never changes; attempts stay within their number."""
        self.reached.add(new.timeline[-1].detail[:50])
        self.expect(new.attempt <= new.max_attempts, f"{new.id} has attempt {new.attempt} of {new.max_attempts}")
        if old is not None:
            self.expect(not old.status.is_end, f"{new.id} was {old.status} and became {new.status}")
            self.expect(old.claim <= new.claim <= old.claim + 1, f"{new.id}: claim {old.claim} became {new.claim}")

    def on_create(self, tasks: list[Task], limit: int, now: datetime) -> None:
        """4: a tenant has no more tasks that have not ended than its backlog allows.

        A record whose client vanished is no task; its place is free again after two minutes. When that client comes
        back all the same, its task has no place of its own and gives back another's (decision 0016): one more each.
        """
        unended = [one.id for one in tasks if not one.status.is_end and self._counts(one, now)]
        if len(unended) == limit:
            self.reached.add("a backlog was full")
        late = sum(not self._counts(one, now) for one in tasks)
        self.expect(len(unended) <= limit + late, f"{len(unended)} tasks have not ended, of {limit}: {unended}")

    def _counts(self, task: Task, now: datetime) -> bool:
        told = self.acknowledged_at.get((task.tenant, task.id), now)
        return told - task.created_at <= SETTLED

    def on_start(
        self, event: Mapping[str, Any], function: str, record: Task | None, span: Span, called: datetime
    ) -> None:
        """4, 5: no two attempts of one task at once, no more than allowed, only what was recorded, for its tenant."""
        tenant, task_id = event["tenant"], event["taskid"]
        if record is None:
            self.violations.append(f"{task_id} ran without a record")
            return
        self.expect(said(dict(event)) == record.payload_hash, f"{task_id} ran with another payload")
        self.expect(function.startswith(f"{tenant}-"), f"{task_id} of {tenant} ran {function}")
        before = self.before(tenant, task_id, record.generation)
        self.expect(not before, f"{task_id} overtook {before}")
        self._all.append((tenant, record.lane, record.type, called, span))
        runs = self._runs[tenant, task_id, record.generation]
        for start, end in runs:
            apart = span[0] >= end or span[1] <= start
            self.expect(apart, f"{task_id} ran twice at once: {start} to {end} and from {span[0]}")
        runs.append(span)
        self.expect(len(runs) <= record.max_attempts, f"{task_id} ran {len(runs)} times of {record.max_attempts}")

    def on_deferred_start(self, event: Mapping[str, Any], function: str, record: Task | None) -> None:
        """5: only what was recorded and committed as waiting is started, for its tenant; not too often."""
        tenant, task_id = event["tenant"], event["taskid"]
        if record is None:
            self.violations.append(f"{task_id} was started without a record")
            return
        self.expect(said(dict(event)) == record.payload_hash, f"{task_id} was started with another payload")
        self.expect(function.startswith(f"{tenant}-"), f"{task_id} of {tenant} started {function}")
        # a start that comes late, or again, may meet a later attempt: its own must have been committed
        grant = _grant(event["tasktoken"].split(".")[2])
        is_own = grant is not None and grant.claim == record.claim
        too_early = is_own and record.status is Status.RUNNING
        self.expect(not too_early, f"{task_id} was started before it was committed as waiting")
        self.tokens[tenant, task_id, record.generation].add(event["tasktoken"])
        started = len(self.tokens[tenant, task_id, record.generation])
        self.expect(started <= record.max_attempts, f"{task_id} was started {started} times of {record.max_attempts}")

    def on_delete(self, gone: Held, record: Task | None, queues: FakeQueues, kept_in: list[str]) -> None:
        """2: the only message of a task that has not ended is never deleted."""
        if record is None or record.status.is_end or not _is_of(gone.message, record):
            return
        if record.attention is not None:  # the janitor comes back to it
            return
        left = [one for url in kept_in for one in queues.messages(url) if _is_of(one, record)]
        self.expect(bool(left), f"the only message of {record.id} was deleted while it was {record.status}")

    # --- logging, as production code does it -------------------------------------------------

    def info(self, _message: str, *, extra: Mapping[str, Any]) -> None:
        about = str(extra.get("reason") or extra.get("status") or extra.get("code"))
        self.reached.add(about.partition(":")[0].partition(" (")[0])

    warning = info
    error = info

    def exception(self, message: str, *, extra: Mapping[str, Any]) -> None:  # noqa: ARG002 - a logger's signature
        error = sys.exc_info()[1]
        self.expect(isinstance(error, Outage), f"{message}: {error!r}")
        self.reached.add(message)

    # --- in the end -------------------------------------------------------------------------

    def check_limits(self, limits: Mapping[str, SimulatedLimits]) -> None:
        """4: at no instant more attempts than tenant, lane and function allow; no faster than the lane's rate."""
        for tenant, of in limits.items():
            mine = [run for run in self._all if run[0] == tenant]
            self._check_overlap(f"tenant {tenant}", of.tenant, [span for *_, span in mine])
            for task_type, limit in of.functions.items():
                self._check_overlap(
                    f"{tenant}-{task_type}", limit, [s for _, _, kind, _, s in mine if kind == task_type]
                )
            for lane, (concurrency, rate, burst) in of.lanes.items():
                self._check_overlap(
                    f"{tenant}-{lane}", concurrency, [span for _, name, *_, span in mine if name == lane]
                )
                calls = sorted(called for _, name, _, called, _ in mine if name == lane)
                if rate is not None and burst is not None:
                    self._check_rate(f"{tenant}-{lane}", calls, rate, burst)
        for tenant, lane, (begins, ends) in self.pauses:
            started = [run for run in self._all if run[:2] == (tenant, lane) and begins < run[3] < ends]
            self.expect(not started, f"{len(started)} attempts of the paused {tenant}-{lane} started")

    def _check_overlap(self, what: str, limit: int | None, spans: list[Span]) -> None:
        if limit is None:
            return
        running = 0
        # what ends at an instant ends before what starts then
        for _, step in sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans]):
            running += step
            if running > limit:
                self.violations.append(f"{running} attempts of {what} at once, {limit} are allowed")
                return

    def _check_rate(self, what: str, calls: list[datetime], rate: float, burst: int) -> None:
        for n, first in enumerate(calls):
            for m in range(n, len(calls)):
                window = (calls[m] - first).total_seconds() + LATE_START_S
                self.expect(m - n + 1 <= burst + rate * window, f"{m - n + 1} starts of {what} in {window} s")

    def check_results(self, accepted: list[BusEntry], ended: list[Task]) -> None:
        """3, 5: one result id per task, the same bytes each time, for its tenant; each end was told."""
        told: dict[str, set[str]] = defaultdict(set)
        for entry in accepted:
            event = json.loads(entry.detail)
            told[event["id"]].add(entry.detail)
            self.expect(event["tenant"] == entry.tenant, f"a result of {event['tenant']} went to {entry.tenant}")
        for event_id, details in told.items():
            self.expect(len(details) == 1, f"{event_id} was told in {len(details)} ways")
        for task in ended:
            mine = told.get(task.result_event_id)
            self.expect(mine is not None, f"the end of {task.id} was never told")
            for detail in mine or ():
                self.expect(json.loads(detail)["data"]["task"]["status"] == task.status, f"{task.id} was told wrongly")

    def check_dead_letters(self, messages: list[Message], unprocessable: set[str]) -> None:
        """7: what cannot be processed lies there with its reason, and nothing else does."""
        for message in messages:
            self.expect(bool(message.attributes.get("reason")), f"buried without a reason: {message.body}")
            self.expect(message.body in unprocessable, f"buried: {message.attributes.get('reason')}: {message.body}")
        buried = {message.body for message in messages}
        self.expect(unprocessable <= buried, f"dropped silently: {sorted(unprocessable - buried)}")


def _is_of(message: Message, task: Task) -> bool:
    return message.attributes.get("task") == task.id and message.attributes.get("generation") == str(task.generation)
