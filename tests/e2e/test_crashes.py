import psutil
import pytest

from tests.e2e.polling import eventually
from tests.e2e.tenancy import Tenancy

pytestmark = pytest.mark.e2e

LONG_DISPATCHER = "long-dispatcher"


def workers(tenant: Tenancy, function: str) -> list[psutil.Process]:
    """The processes in which the emulator runs a function of Fairlane's."""
    emulator = psutil.Process(tenant.stack.emulator["pid"])
    name = f"{tenant.stack.stack}-{function}"
    return [worker for worker in emulator.children(recursive=True) if _function_of(worker) == name]


def _function_of(worker: psutil.Process) -> str:
    try:
        return worker.environ().get("AWS_LAMBDA_FUNCTION_NAME", "")
    except psutil.Error:
        return ""  # has ended meanwhile


def test_a_task_ends_once_although_its_dispatcher_was_killed_while_it_ran(tenant: Tenancy) -> None:
    # A long timeout gives the lane the long dispatcher, which no other test uses: its death disturbs nobody.
    # The lane keeps it; so the second registration leaves a short lease to wait for.
    told = tenant.inbox("told")
    function = tenant.account.witness(tenant.name, timeout_s=10, tells=told)
    tenant.register_function(function, "witness", timeout=60)
    tenant.register_function(function, "witness", timeout=10)
    # SQS hides the message from the dead dispatcher's successor for minutes; here for seconds.
    queue = tenant.account.lane_queue_url(tenant.name)
    tenant.account.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "3"})
    results = tenant.subscribe()

    task_id = tenant.submit("witness", {"first_attempt_s": 8})
    told.wait_for(1)
    victims = eventually(lambda: workers(tenant, LONG_DISPATCHER))
    for victim in victims:
        victim.kill()
    assert tenant.api.get_task(task_id)["status"] == "running"

    task = tenant.wait(task_id, patience_s=90)
    assert (task["status"], task["attempt"]) == ("succeeded", 2)
    assert [moment["status"] for moment in task["timeline"]] == ["queued", "running", "running", "succeeded"]
    assert [event["attempt"] for event in told.look()] == [1, 2]
    results.wait_for(1)
    assert len({envelope["detail"]["id"] for envelope in results.look()}) == 1
