"""Limits hold at every instant while dispatchers are killed, and no slot is lost for good."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from fairlane_client import new_event
from tests.e2e.aws import Envelope
from tests.e2e.polling import eventually
from tests.e2e.tenancy import NewTenant, Tenancy
from tests.e2e.test_crashes import LONG_DISPATCHER, workers

pytestmark = pytest.mark.e2e

TENANT_LIMIT = 4
#: Task type -> most at once.
LIMITS = {"one": 1, "two": 2, "five": 5}
EACH = {"one": 6, "two": 9, "five": 12}
RUNS_S = 0.4
#: When a dispatcher is killed, after the first task has ended (s).
KILLED_AFTER_S = (0.5, 2.5)
#: A dead dispatcher's slots come back after the function's timeout (3 s) and 25 s.
PATIENCE_S = 100


def overlap(spans: Sequence[Envelope]) -> int:
    """Most of them at any instant."""
    running = most = 0
    for _, step in sorted([(span["start"], 1) for span in spans] + [(span["end"], -1) for span in spans]):
        running += step
        most = max(most, running)
    return most


@pytest.fixture
def limited(new_tenant: NewTenant) -> Tenancy:
    """A tenant of its own dispatcher (the long one, which hardly anybody else has), whose messages come back soon."""
    tenant = new_tenant(limits={"concurrency": TENANT_LIMIT})
    told = tenant.inbox("told")
    function = tenant.account.recorder(tenant.name, runs_s=RUNS_S, tells=told)
    tenant.register_function(function, "one", timeout=60)
    for task_type, limit in LIMITS.items():
        tenant.register_function(function, task_type, timeout=3, concurrency=limit)
    queue = tenant.account.lane_queue_url(tenant.name)
    tenant.account.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "5"})
    return tenant


def kill_a_dispatcher(tenant: Tenancy) -> None:
    for victim in eventually(lambda: workers(tenant, LONG_DISPATCHER))[:1]:
        victim.kill()


def test_no_limit_is_ever_exceeded_though_dispatchers_are_killed(limited: Tenancy) -> None:
    told = limited.inbox("told")
    kinds = [kind for kind, count in EACH.items() for _ in range(count)]
    answers: Any = limited.api.submit_batch([new_event(kind, source="/limits") for kind in kinds])
    told.wait_for(1)
    begun = time.monotonic()
    for after in KILLED_AFTER_S:
        eventually(lambda after=after: time.monotonic() - begun > after)  # type: ignore[misc] # a default is no argument
        kill_a_dispatcher(limited)

    tasks = [limited.wait(answer["id"], patience_s=PATIENCE_S) for answer in answers]
    assert {task["status"] for task in tasks} == {"succeeded"}

    spans = told.look()
    assert len(spans) >= len(kinds)
    assert overlap(spans) <= TENANT_LIMIT
    assert overlap(spans) >= 2  # else nothing was tried
    for kind, limit in LIMITS.items():
        assert overlap(of(spans, kind)) <= limit
    eventually(lambda: all_free(limited), patience_s=40)


def of(spans: Sequence[Envelope], kind: str) -> list[Envelope]:
    return [span for span in spans if span["type"] == kind]


def all_free(tenant: Tenancy) -> bool:
    """Whether no slot is in use. What the dead have left is taken back by whoever comes next."""
    item = tenant.account.slots(tenant.name)
    if any(name.startswith("x.") for name in item):
        tenant.run("five")
        item = tenant.account.slots(tenant.name)
    return not any(value.get("N", "0") != "0" for value in item.values())
