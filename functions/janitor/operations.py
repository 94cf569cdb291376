"""Bulk operations: run in slices, one page of tasks after the other.

After each page the cursor and the counts are saved under the version; whoever finds another version stops. A page
that was worked on but not saved is worked on again, which changes nothing more: a task that this operation has
cancelled says so in its timeline, and a redo's id is derived from the operation's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from fairlane.cancelling import Cancel, was_cancelled
from fairlane.domain.attention import Kind
from fairlane.domain.errors import Refused
from fairlane.domain.operation import Action, Operation, State
from fairlane.domain.task import Task
from fairlane.ports.attention import AttentionIndex
from fairlane.ports.operations import OperationStore
from fairlane.ports.running import Clock, Parallel
from fairlane.ports.tasks import TaskQuery, TaskStore
from fairlane.redoing import Redo
from fairlane.waking import Wake, Waking
from janitor.duties import PAGE, Allowance

#: Nobody has saved anything for so long: whoever ran it is gone.
ABANDONED = timedelta(minutes=1)
#: Refusals that only say "not now": the page is worked on again.
NOT_NOW = frozenset({"unavailable", "too-many-requests"})
PAUSE_S = 5
#: Runs in a row that did not get on; then the operation has failed.
MOST_TROUBLES = 100


class _Later(Exception):
    """The page cannot be finished now; perhaps after a pause."""

    def __init__(self, why: str, pause: timedelta) -> None:
        super().__init__(why)
        self.pause = pause


@dataclass(frozen=True)
class RunOperations:
    """The duty, and what a message that wakes the janitor asks for."""

    operations: OperationStore
    tasks: TaskStore
    attention: AttentionIndex
    cancel: Cancel
    redo: Redo
    waking: Waking
    parallel: Parallel
    now: Clock
    logger: Logger
    name: str = "operations"

    def __call__(self, allowance: Allowance) -> int:
        """Go on with operations that nobody goes on with; how many there were."""
        found = 0
        for page in allowance.pages(self.attention.noted(Kind.OPERATION, until=self.now()), size=1):
            for entry in page:
                self.run(entry.tenant, entry.name, until=allowance.until)
                found += 1
        return found

    def run(self, tenant: str, name: str, *, until: datetime) -> None:
        """Work on one operation until it has ended, or until then: a message continues it."""
        operation = self.operations.get(tenant, name)
        while operation is not None and operation.state is State.RUNNING:
            if self.now() >= until:
                self.waking(Wake(Kind.OPERATION, tenant, name))
                return
            try:
                following = self._page(operation)
            except _Later as later:
                self._note_trouble(operation, later)
                return
            operation = self._saved(following)

    def _page(self, operation: Operation) -> Operation:
        """The operation after one page more."""
        wanted = operation.filter
        query = TaskQuery(
            limit=PAGE,
            newest_first=False,
            after=operation.cursor,
            created_after=wanted.created_after,
            created_before=wanted.created_before,
            type=wanted.type,
            lane=wanted.lane,
            source=wanted.source,
        )
        page = self.tasks.page(operation.tenant, query)
        outcomes = self._act(operation, page.tasks)
        following = replace(
            operation,
            matched=operation.matched + len(outcomes),
            done=operation.done + sum(outcomes),
            failed=operation.failed + len(outcomes) - sum(outcomes),
            cursor=page.next_after or operation.cursor,
            troubles=0,
        )
        return following if page.next_after else replace(following, state=State.DONE, ended_at=self.now())

    def _act(self, operation: Operation, tasks: Sequence[Task]) -> list[bool]:
        """For each task that matches, whether the action worked. Raises _Later."""
        before = [task for task in tasks if was_cancelled(task, operation.mark)]
        matching = [task for task in tasks if operation.wants(task)]
        act = self._cancel if operation.action is Action.CANCEL else self._redo
        outcomes: list[Task | bool] = []
        for group in self.parallel(lambda task: act(operation, task), matching):
            outcomes += [outcome for _, outcome in group]
        ended = [outcome for outcome in outcomes if not isinstance(outcome, bool)]
        self.cancel.tell(ended)
        return [True] * (len(before) + len(ended)) + [outcome for outcome in outcomes if isinstance(outcome, bool)]

    def _cancel(self, operation: Operation, task: Task) -> Task | bool:
        """The cancelled task, whose end is still to be told; False when it has ended otherwise."""
        try:
            return self.cancel.commit(task, detail=operation.mark)
        except Refused as refused:
            return _refused(refused)

    def _redo(self, operation: Operation, task: Task) -> Task | bool:
        try:
            self.redo(task, operation.id)
        except Refused as refused:
            return _refused(refused)
        return True

    def _saved(self, following: Operation) -> Operation | None:
        """The next version; None: somebody else has run it, or has cancelled it."""
        if self.operations.save(following, again_at=self.now() + ABANDONED):
            return replace(following, version=following.version + 1)
        held = self.operations.get(following.tenant, following.id)
        if held is not None and held.state is State.CANCELLED and held.cursor != following.cursor:
            # what this page came to is counted all the same
            counted = replace(held, matched=following.matched, done=following.done, failed=following.failed)
            self.operations.save(replace(counted, cursor=following.cursor), again_at=self.now())
        return None

    def _note_trouble(self, operation: Operation, later: _Later) -> None:
        troubles = operation.troubles + 1
        stuck = replace(operation, troubles=troubles, error=str(later))
        if troubles >= MOST_TROUBLES:
            stuck = replace(stuck, state=State.FAILED, ended_at=self.now())
        about = {"action": "operation_stuck", "tenant": operation.tenant, "operation": operation.id}
        self.logger.warning("operation stuck", extra=about | {"reason": str(later), "troubles": troubles})
        if self.operations.save(stuck, again_at=self.now() + ABANDONED):
            self.waking(Wake(Kind.OPERATION, operation.tenant, operation.id), delay=later.pause)


def _refused(refused: Refused) -> bool:
    """False: this one cannot be done. Raises _Later where it only cannot be done now."""
    if refused.kind in NOT_NOW:
        wait = refused.headers.get("Retry-After", "")
        raise _Later(refused.detail, timedelta(seconds=int(wait) if wait.isdigit() else PAUSE_S)) from refused
    return False
