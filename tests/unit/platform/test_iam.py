"""Least privilege: what each role may do, said once more and from the other side."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.unit.platform.cloudformation import functions, resources, samples, target

#: Statements about everything, with the reason why AWS leaves no choice.
EVERYTHING = {
    "CreateMappings": "CreateEventSourceMapping knows no resource; the condition names the functions",
    "ReadMetrics": "GetMetricData knows neither resource nor condition",
    "ListMappings": "ListEventSourceMappings knows neither resource nor condition",
}

#: What changes the infrastructure, or grants something: for the controller alone.
CONTROL_PLANE = [
    "*:Create*",
    "*:Delete*",
    "*:Put*Rule*",
    "*:PutTargets",
    "*:RemoveTargets",
    "*:Set*",
    "*:Tag*",
    "*:AddPermission",
    "*:RemovePermission",
    "*:UpdateEventSourceMapping",
    "iam:*",
    "sts:*",
]
#: These are named like it, and are of the data plane.
DATA_PLANE = {"logs:CreateLogStream", "sqs:DeleteMessage", "dynamodb:DeleteItem"}


def statements(role: str) -> Iterator[dict[str, Any]]:
    for policy in resources("AWS::IAM::Role")[role]["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def actions(role: str) -> set[str]:
    return {action for statement in statements(role) for action in listed(statement["Action"])}


def resource_text(resource: Any) -> str:
    """A resource as text: the ARN of a Sub, or `LogicalId.Arn`."""
    return str(resource if isinstance(resource, str) else next(iter(resource.values())))


ROLES = sorted(resources("AWS::IAM::Role"))


@pytest.mark.parametrize("name", functions())
def test_every_function_has_a_role_of_its_own_save_the_two_dispatchers(name: str) -> None:
    own = target(functions()[name]["Properties"]["Role"])
    assert own == name.removeprefix("Long").replace("Function", "Role")


@pytest.mark.parametrize("role", ROLES)
def test_roles_have_no_policies_but_those_written_here(role: str) -> None:
    assert set(resources("AWS::IAM::Role")[role]["Properties"]) == {"AssumeRolePolicyDocument", "Policies"}


@pytest.mark.parametrize("role", ROLES)
def test_actions_are_named_one_by_one(role: str) -> None:
    assert [action for action in actions(role) if "*" in action] == []


@pytest.mark.parametrize("role", ROLES)
def test_only_where_aws_offers_no_resource_everything_is_allowed(role: str) -> None:
    about_everything = {
        statement["Sid"]
        for statement in statements(role)
        if any(resource_text(each).rpartition(":")[2] == "*" for each in listed(statement["Resource"]))
    }
    allowed = set(EVERYTHING) | {"KeepMappings"} if role == "ControllerRole" else set()
    assert about_everything <= allowed


def test_mappings_can_be_made_and_changed_for_the_queue_fed_functions_only() -> None:
    bound = {statement["Sid"]: statement.get("Condition") for statement in statements("ControllerRole")}
    for sid in ("CreateMappings", "KeepMappings"):
        named = bound[sid]["ArnEquals"]["lambda:FunctionArn"]  # type: ignore[index]
        assert {target(arn) for arn in named} == {"DispatcherFunction", "LongDispatcherFunction", "DelivererFunction"}


def test_tenants_functions_can_be_opened_to_rules_only() -> None:
    (statement,) = (each for each in statements("ControllerRole") if "lambda:AddPermission" in each["Action"])
    assert statement["Condition"] == {"StringEquals": {"lambda:Principal": "events.amazonaws.com"}}


@pytest.mark.parametrize("role", [role for role in ROLES if role not in {"ControllerRole", "SampleRole"}])
def test_the_data_plane_has_no_right_to_change_the_infrastructure(role: str) -> None:
    found = {
        action
        for action in actions(role) - DATA_PLANE
        for pattern in CONTROL_PLANE
        if fnmatchcase(action.lower(), pattern.lower())
    }
    assert found == set()


def test_the_gateway_can_record_send_and_log_and_nothing_else() -> None:
    assert {action.split(":")[0] for action in actions("GatewayRole")} == {"dynamodb", "sqs", "states", "logs"}
    assert {action for action in actions("GatewayRole") if action.startswith("states:")} == {"states:StopExecution"}
    assert {action for action in actions("GatewayRole") if action.startswith("sqs:")} == {
        "sqs:SendMessage",
        "sqs:GetQueueAttributes",  # a new backlog begins with the depth, and explaining a task tells it
    }
    assert "dynamodb:DeleteItem" not in actions("GatewayRole")


@pytest.mark.parametrize("role", ["GatewayRole", "DispatcherRole", "DelivererRole", "JanitorRole"])
def test_the_data_plane_only_reads_the_registry(role: str) -> None:
    granted = {
        action
        for statement in statements(role)
        if "Registry.Arn" in map(resource_text, listed(statement["Resource"]))
        for action in listed(statement["Action"])
    }
    assert granted == {"dynamodb:GetItem", "dynamodb:Query"}


def test_the_deliverer_forgets_nothing_but_deliveries() -> None:
    (statement,) = (each for each in statements("DelivererRole") if "dynamodb:DeleteItem" in listed(each["Action"]))
    assert [resource_text(each) for each in listed(statement["Resource"])] == ["Deliveries.Arn"]


def test_rules_may_send_to_other_buses_and_never_back_to_the_results_bus() -> None:
    (allowed, denied) = statements("ForwarderRole")
    assert allowed["Action"] == denied["Action"] == "events:PutEvents"
    assert (denied["Effect"], resource_text(denied["Resource"])) == ("Deny", "Results.Arn")
    (passed,) = (each for each in statements("ControllerRole") if each["Action"] == "iam:PassRole")
    assert resource_text(passed["Resource"]) == "ForwarderRole.Arn"
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "events.amazonaws.com"}}


def test_samples_can_do_nothing_but_log() -> None:
    assert {target(sample["Properties"]["Role"]) for sample in samples().values()} == {"SampleRole"}
    assert {action.split(":")[0] for action in actions("SampleRole")} == {"logs"}
