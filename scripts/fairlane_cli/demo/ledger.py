"""What has become of the demo's tasks, as their tenants learn it: from answers and from result events.

The books only: nothing is received or shown here. Threads may write and read at once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from fairlane_client.models import Answer, Event, Task

SUCCEEDED, FAILED = "succeeded", "failed"


@dataclass
class Account:
    """One tenant's tasks. Results may come before the answer to the submission does."""

    tenant: str
    #: How many events are going to be submitted.
    planned: int
    #: Event ids by task id.
    accepted: dict[str, str] = field(default_factory=dict)
    #: Event ids that were refused, and why.
    refused: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    result_ids: dict[str, str] = field(default_factory=dict)
    duplicates: int = 0
    #: What must not be: said in words.
    violations: list[str] = field(default_factory=list)

    @property
    def ended(self) -> Counter[str]:
        """Tasks by their end."""
        return Counter(task["status"] for task in self.tasks.values())

    @property
    def retried(self) -> int:
        return sum(task["attempt"] > 1 for task in self.tasks.values())

    @property
    def missing(self) -> list[str]:
        """Accepted tasks whose result has not come."""
        return [task_id for task_id in self.accepted if task_id not in self.tasks]

    @property
    def is_complete(self) -> bool:
        return len(self.accepted) + len(self.refused) == self.planned and not self.missing

    def waits_s(self) -> list[float]:
        """From acceptance to the first start, in order of length."""
        return sorted(wait for task in self.tasks.values() if (wait := wait_s(task)) is not None)

    def of_type(self, task_type: str, status: str = SUCCEEDED) -> list[Task]:
        return [task for task in self.tasks.values() if (task["type"], task["status"]) == (task_type, status)]


@dataclass(frozen=True)
class Row:
    """An account in figures, at one moment."""

    tenant: str
    planned: int
    accepted: int
    refused: int
    succeeded: int
    failed: int
    retried: int
    duplicates: int
    is_complete: bool
    waits_s: Sequence[float]

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed

    def wait_s(self, share: float) -> float | None:
        return quantile(self.waits_s, share)


class Ledger:
    """The accounts of all tenants."""

    def __init__(self, planned: Mapping[str, int], *, source: str) -> None:
        """`source` begins the source of every event of this run; results of other tasks are none of ours."""
        self._accounts = {tenant: Account(tenant, count) for tenant, count in planned.items()}
        self._source = source
        self._lock = Lock()

    def accounts(self) -> Sequence[Account]:
        return list(self._accounts.values())

    def of(self, tenant: str) -> Account:
        return self._accounts[tenant]

    def answered(self, tenant: str, event: Event, answer: Answer) -> None:
        """What an event was answered with."""
        account = self._accounts[tenant]
        event_id = str(event["id"])
        with self._lock:
            if "error" in answer:
                account.refused[event_id] = answer["error"].get("detail") or answer["error"]["title"]
                return
            if answer["duplicate"]:
                account.violations.append(f"{event_id} was taken for a duplicate")
            account.accepted[answer["id"]] = event_id

    def received(self, result: Mapping[str, Any]) -> None:
        """A result event (the CloudEvent)."""
        task: Task = result["data"]["task"]
        if not task["source"].startswith(self._source):
            return
        account = self._accounts[result["tenant"]]
        with self._lock:
            first = account.result_ids.setdefault(task["id"], result["id"])
            account.duplicates += task["id"] in account.tasks
            account.tasks.setdefault(task["id"], task)
            account.violations += _violations(result, task, first_id=first)

    def rows(self) -> list["Row"]:
        """How each tenant's tasks stand at this moment."""
        with self._lock:
            return [_row(account) for account in self._accounts.values()]


def _row(account: Account) -> Row:
    ended = account.ended
    succeeded = ended[SUCCEEDED]
    return Row(
        tenant=account.tenant,
        planned=account.planned,
        accepted=len(account.accepted),
        refused=len(account.refused),
        succeeded=succeeded,
        failed=ended.total() - succeeded,
        retried=account.retried,
        duplicates=account.duplicates,
        is_complete=account.is_complete,
        waits_s=account.waits_s(),
    )


def _violations(result: Mapping[str, Any], task: Task, *, first_id: str) -> list[str]:
    expected = {
        "id": first_id,
        "source": f"/tenants/{result['tenant']}",
        "subject": task["id"],
        "type": f"fairlane.task.{task['status']}",
        "tasktype": task["type"],
    }
    return [
        f"result of {task['id']}: {name} is {result.get(name)!r}, not {value!r}"
        for name, value in expected.items()
        if result.get(name) != value
    ]


def wait_s(task: Task) -> float | None:
    """From acceptance to the first start; None for a task that never started."""
    started = next((moment["at"] for moment in task["timeline"] if moment["status"] == "running"), task["started_at"])
    if started is None:
        return None
    return (_moment(started) - _moment(task["created_at"])).total_seconds()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The least value that `share` of all do not exceed; None of nothing."""
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * int(share * 100) // 100) - 1)]
