import pytest

from fairlane_client import NotFoundError, RefusedError, new_event
from tests.e2e.tenancy import SOURCE, NewTenant, Tenancy

pytestmark = pytest.mark.e2e


@pytest.fixture
def ours(new_tenant: NewTenant) -> Tenancy:
    return new_tenant()


@pytest.fixture
def theirs(new_tenant: NewTenant) -> Tenancy:
    return new_tenant()


def test_one_event_of_two_tenants_is_two_tasks_and_each_sees_its_own(ours: Tenancy, theirs: Tenancy) -> None:
    event = new_event("echo", {"n": 1}, source=SOURCE, dedupkey="same")
    ids: list[str] = []
    for tenant in (ours, theirs):
        tenant.register("echo")
        accepted = tenant.api.submit_event(event)
        assert accepted["duplicate"] is False
        ids.append(accepted["id"])
    our_task, their_task = ids
    for tenant, own, foreign in ((ours, our_task, their_task), (theirs, their_task, our_task)):
        assert tenant.wait(own)["status"] == "succeeded"
        assert [task["id"] for task in tenant.api.list_tasks()] == [own]
        with pytest.raises(NotFoundError) as missing:
            tenant.api.get_task(foreign)
        assert missing.value.problem["detail"] == f"There is no task {foreign}."


def test_a_function_of_another_tenant_is_not_there(ours: Tenancy, theirs: Tenancy) -> None:
    ours.register("echo", "private")
    with pytest.raises(NotFoundError):
        theirs.api.get_function("private")
    with pytest.raises(NotFoundError):
        theirs.api.delete_function("private")
    with pytest.raises(RefusedError) as refused:
        theirs.submit("private")
    assert refused.value.problem["errors"][0]["pointer"] == "#/type"
    assert list(theirs.api.list_functions()) == []
    assert ours.run("private")["status"] == "succeeded"


def test_subscriptions_of_the_same_name_are_each_tenants_own(ours: Tenancy, theirs: Tenancy) -> None:
    for tenant in (ours, theirs):
        tenant.register("echo")
    our_results, their_results = ours.subscribe("same"), theirs.subscribe("same")
    theirs.api.delete_subscription("same")
    with pytest.raises(NotFoundError):
        theirs.api.get_subscription("same")
    task = ours.submit("echo")
    their_task = theirs.run("echo")
    (envelope,) = our_results.wait_for(1)
    assert envelope["detail"]["subject"] == task
    assert their_results.about(their_task["id"]) == []


def test_no_pattern_reaches_the_results_of_another_tenant(ours: Tenancy, theirs: Tenancy) -> None:
    ours.register("echo")
    fence = ours.subscribe("fence")
    spying: list[dict[str, object]] = [
        {},
        {"detail-type": [{"prefix": ""}]},
        {"detail": {"tenant": [ours.name]}},
        {"detail": {"tenant": [{"anything-but": [theirs.name]}]}},
        {"detail": {"$or": [{"tenant": [ours.name]}, {"tenant": [theirs.name]}]}},
        {"detail": {"source": [f"/tenants/{ours.name}"]}},
    ]
    spies = [theirs.subscribe(f"spy-{number}", pattern) for number, pattern in enumerate(spying)]
    ours.submit("echo")
    fence.wait_for(1)
    assert [spy.look() for spy in spies] == [[] for _ in spying]


def test_a_key_never_leads_to_another_tenants_lane(ours: Tenancy, theirs: Tenancy) -> None:
    ours.api.put_lane("default", {"concurrency": 7})
    assert theirs.api.get_lane("default")["concurrency"] is None
    assert ours.api.get_lane("default")["concurrency"] == 7


def test_a_tenant_has_its_own_limits(new_tenant: NewTenant) -> None:
    small, large = new_tenant(limits={"payload_bytes": 300}), new_tenant()
    for tenant in (small, large):
        tenant.register("echo")
    event = new_event("echo", "x" * 300, source=SOURCE)
    assert large.api.submit_event(event)["duplicate"] is False
    answer = small.api.submit_batch([new_event("echo", "x", source=SOURCE), event])
    assert "error" not in answer[0]
    assert "error" in answer[1]
    assert answer[1]["error"]["status"] == 413
