from collections import Counter

import pytest

from fairlane_client import new_event
from fairlane_client.models import Accepted
from tests.e2e.aws import Inbox
from tests.e2e.tenancy import NewTenant, Tenancy

pytestmark = pytest.mark.e2e

EACH = 150
PATIENCE_S = 120


def submit_many(tenant: Tenancy) -> dict[str, str]:
    """Id of each task -> the status that it shall end with. Some fail, some fail at first."""
    tenant.register("echo")
    tenant.register("flaky")
    tenant.register("fail", retry={"max_attempts": 1})
    kinds = ["fail" if n % 25 == 0 else "flaky" if n % 15 == 7 else "echo" for n in range(EACH)]
    data = {"failures": 1, "error": "E", "message": "m"}
    answers = tenant.api.submit_batch(
        [new_event(kind, data, source="/load", event_id=str(n)) for n, kind in enumerate(kinds)]
    )
    expected: dict[str, str] = {}
    for kind, answer in zip(kinds, answers, strict=True):
        accepted: Accepted = answer  # type: ignore[assignment] # else the lookup fails
        expected[accepted["id"]] = "failed" if kind == "fail" else "succeeded"
    return expected


def results_by_task(inbox: Inbox) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for envelope in inbox.look():
        found.setdefault(envelope["detail"]["subject"], set()).add(envelope["detail"]["id"])
    return found


def test_three_hundred_tasks_of_two_tenants_each_end_with_exactly_one_result(new_tenant: NewTenant) -> None:
    tenants = [new_tenant(), new_tenant()]
    inboxes = [tenant.subscribe() for tenant in tenants]
    expected = [submit_many(tenant) for tenant in tenants]
    assert [len(one) for one in expected] == [EACH, EACH]
    for tenant, inbox, wanted in zip(tenants, inboxes, expected, strict=True):
        inbox.wait_for(EACH, patience_s=PATIENCE_S)
        ended = {task["id"]: task["status"] for task in tenant.api.list_tasks(source="/load")}
        assert ended == wanted
        found = results_by_task(inbox)
        assert found.keys() == wanted.keys()
        assert Counter(len(ids) for ids in found.values()) == {1: EACH}
        assert {envelope["detail"]["tenant"] for envelope in inbox.received} == {tenant.name}
