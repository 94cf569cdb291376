"""The roles of template.yaml suffice for the whole path: run once on an emulator that enforces them.

What it cannot judge is allowed besides, and listed with the reason; tests/unit/platform/test_iam.py reads those
statements. Event source mappings poll without their function's role here.
"""

import json
from collections.abc import Iterator

import boto3
import httpx
import pytest

from fairlane_cli.stack import DeployedStack, StackOptions, down, up
from fairlane_client import Client, new_event

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("least-privilege")]

#: Role -> what this emulator (MiniStack 1.5.33) denies although the template allows it.
NOT_JUDGED = {
    # conditions: it does not know the keys lambda:FunctionArn and lambda:Principal
    # rules' targets: it looks for the bus instead of the rule
    "ControllerRole": [
        "lambda:CreateEventSourceMapping",
        "lambda:UpdateEventSourceMapping",
        "lambda:DeleteEventSourceMapping",
        "lambda:GetEventSourceMapping",
        "lambda:AddPermission",
        "lambda:RemovePermission",
        "events:ListTargetsByRule",
        "events:PutTargets",
        "events:RemoveTargets",
    ],
    # batches: AWS asks for the right to the single call
    "GatewayRole": ["sqs:SendMessageBatch"],
    "DispatcherRole": ["sqs:SendMessageBatch", "sqs:ChangeMessageVisibilityBatch"],
    "DelivererRole": ["sqs:SendMessageBatch", "sqs:ChangeMessageVisibilityBatch"],
}


@pytest.fixture(scope="module")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    options = StackOptions(tmp_path_factory.mktemp("enforcing"), emulator_settings={"AUTH": "true"})
    try:
        deployed = up(options, print)
        allow_what_is_not_judged(deployed)
        yield deployed
    finally:
        down(options, print)


def session(deployed: DeployedStack) -> boto3.Session:
    return boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name=deployed.region,
    )


def allow_what_is_not_judged(deployed: DeployedStack) -> None:
    iam = session(deployed).client("iam", endpoint_url=deployed.aws_endpoint_url)
    names = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    for role, actions in NOT_JUDGED.items():
        (name,) = (each for each in names if role in each)
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="not-judged", PolicyDocument=document)


def test_the_roles_suffice_from_the_first_tenant_to_the_last_result(enforcing: DeployedStack) -> None:
    health = httpx.get(f"{enforcing.aws_endpoint_url}/_ministack/health", trust_env=False).json()
    assert health["auth"] == "enabled"

    sqs = session(enforcing).client("sqs", endpoint_url=enforcing.aws_endpoint_url)
    subscriber = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=subscriber, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    with Client(enforcing.api_url, enforcing.admin_key) as platform:
        platform.put_tenant("acme", {"isolation": "dedicated", "targets": ["fairlane-target-*", arn]})
        assert platform.wait_for_tenant("acme", timeout_s=30)["status"] == "active"
        key = platform.create_key("acme", scopes=["submit", "read", "manage"], label="test")

    with Client(enforcing.api_url, key["key"]) as acme:
        acme.put_function("flaky", {"target": {"lambda": enforcing.functions["flaky"]}, "retry": {"base": 0.1}})
        acme.put_subscription("queue", {"pattern": {}, "target": {"sqs": arn}})
        acme.put_subscription("function", {"pattern": {}, "target": {"lambda": enforcing.functions["echo"]}})
        accepted = acme.submit_event(new_event("flaky", {"failures": 1}, source="/test"))
        task = acme.wait_for_task(accepted["id"], timeout_s=60)
        assert (task["status"], task["attempt"]) == ("succeeded", 2)
        assert acme.get_lane("default")["status"] == "active"
        assert [each["id"] for each in acme.list_tasks()] == [accepted["id"]]
        (message,) = sqs.receive_message(QueueUrl=subscriber, WaitTimeSeconds=20)["Messages"]
        assert json.loads(message["Body"])["detail"]["subject"] == accepted["id"]
        acme.delete_subscription("queue")
        acme.delete_subscription("function")
        acme.delete_function("flaky")
    assert denials(enforcing) == []


def denials(deployed: DeployedStack) -> list[str]:
    """What Fairlane's functions have logged of refused calls."""
    logs = session(deployed).client("logs", endpoint_url=deployed.aws_endpoint_url)
    pages = logs.get_paginator("filter_log_events")
    return [
        event["message"]
        for function in ("gateway", "controller", "dispatcher", "long-dispatcher", "deliverer")
        for page in pages.paginate(logGroupName=f"/aws/lambda/fairlane-{function}")
        for event in page["events"]
        if "AccessDenied" in event["message"]
    ]
