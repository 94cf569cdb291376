from tests.moto.tenants import Tenant
from tests.moto.world import World


def test_a_submitted_task_runs_once_and_its_result_reaches_the_subscriber(world: World, acme: Tenant) -> None:
    reply = acme.submit()
    assert (reply.status, reply.body["status"], reply.body["duplicate"]) == (202, "queued", False)
    world.settle()
    task = acme.task(reply.body["id"])
    assert (task["status"], task["result"], task["attempt"]) == ("succeeded", {"ok": True}, 1)
    [result] = acme.results()
    assert result["data"]["task"] == task
    assert len(world.functions.runs) == 1
