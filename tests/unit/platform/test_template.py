"""What the template must hold whoever edits it."""

import ast
import json
from dataclasses import fields
from typing import Any

import pytest

from controller import lane_queues, webhooks
from controller.routes import ROUTES as CONTROLLER_ROUTES
from fairlane import settings
from fairlane.domain import catalog
from fairlane.domain.errors import KINDS
from fairlane.http import Route
from gateway.routes import ROUTES as GATEWAY_ROUTES
from tests.unit.platform.cloudformation import ROOT, environment, functions, resources, samples, target, template

#: Where messages end that nothing can be done with; nothing comes after them.
LAST_QUEUES = ("DeadLetters",)
CONTROL_PLANE = ("tenants", "functions", "lanes", "subscriptions", "deliveries")
METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}


ALL_FUNCTIONS = functions() | samples()


def package(function: dict[str, Any]) -> str:
    """The package that a function's handler is in."""
    return str(function["Properties"]["Handler"]).split(".")[0]


@pytest.mark.parametrize("name", functions())
def test_the_environment_of_a_function_is_exactly_the_fields_of_its_settings(name: str) -> None:
    function = functions()[name]
    read = getattr(settings, f"{package(function).title()}Settings")
    wanted = {f"{settings.PREFIX}{field.name.upper()}" for field in fields(read)}
    assert {key for key in environment(function) if key.startswith(settings.PREFIX)} == wanted


@pytest.mark.parametrize("name", functions())
def test_a_function_logs_under_its_own_package_name(name: str) -> None:
    function = functions()[name]
    assert environment(function)["POWERTOOLS_SERVICE_NAME"] == package(function)


@pytest.mark.parametrize("name", ALL_FUNCTIONS)
def test_every_handler_is_a_function_in_a_module_that_exists(name: str) -> None:
    properties = ALL_FUNCTIONS[name]["Properties"]
    module, _, handler = properties["Handler"].rpartition(".")
    folder = properties.get("CodeUri", template()["Globals"]["Function"]["CodeUri"])
    tree = ast.parse((ROOT / folder / f"{module.replace('.', '/')}.py").read_text())
    assert handler in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def fed_by_queues() -> list[tuple[str, str]]:
    return [
        (name, target(event["Properties"]["Queue"]))
        for name, function in functions().items()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "SQS"
    ]


def test_every_queue_of_the_template_but_the_last_has_a_reader() -> None:
    assert set(fed_by_queues()) == {
        ("DispatcherFunction", "LaneRedrive"),
        ("DispatcherFunction", "LaneRedriveFifo"),
        ("DelivererFunction", "ResultRedrive"),
        ("DelivererFunction", "Undelivered"),
        ("JanitorFunction", "Wake"),
    }


@pytest.mark.parametrize(("function", "queue"), fed_by_queues())
def test_a_function_ends_before_its_messages_show_again(function: str, queue: str) -> None:
    visibility = resources("AWS::SQS::Queue")[queue]["Properties"]["VisibilityTimeout"]
    assert functions()[function]["Properties"]["Timeout"] < visibility


@pytest.mark.parametrize(
    ("function", "visibility_s"),
    [
        ("DispatcherFunction", catalog.SHORT_VISIBILITY_S),
        ("LongDispatcherFunction", catalog.LONG_VISIBILITY_S),
        ("DelivererFunction", lane_queues.RESULTS_VISIBILITY_S),
        ("DelivererFunction", webhooks.VISIBILITY_S),
    ],
)
def test_a_function_ends_before_messages_of_tenants_queues_show_again(function: str, visibility_s: int) -> None:
    assert functions()[function]["Properties"]["Timeout"] < visibility_s


@pytest.mark.parametrize("name", functions())
def test_queue_fed_functions_report_failures_message_by_message(name: str) -> None:
    for event in functions()[name]["Properties"].get("Events", {}).values():
        if event["Type"] == "SQS":
            assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("name", resources("AWS::SQS::Queue"))
def test_every_queue_has_a_dead_letter_queue_or_is_one(name: str) -> None:
    policy = resources("AWS::SQS::Queue")[name]["Properties"].get("RedrivePolicy")
    if name in (*LAST_QUEUES, "LaneRedriveFifo"):  # an ordered one would need another ordered one
        assert policy is None
    else:
        assert target(policy["deadLetterTargetArn"]) == "DeadLetters"
        assert policy["maxReceiveCount"] == 1000


@pytest.mark.parametrize("name", resources("AWS::SQS::Queue"))
def test_every_queue_keeps_messages_as_long_as_aws_allows_and_encrypts_them(name: str) -> None:
    properties = resources("AWS::SQS::Queue")[name]["Properties"]
    assert properties["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert properties["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("name", ["DeadLetters", "Undelivered"])
def test_an_alarm_watches_each_queue_that_should_stay_empty(name: str) -> None:
    watched = [
        alarm["Properties"]["Dimensions"][0]["Value"]
        for alarm in resources("AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["Namespace"] == "AWS/SQS"
    ]
    assert {"Fn::GetAtt": f"{name}.QueueName"} in watched


@pytest.mark.parametrize("name", functions())
def test_every_function_has_an_alarm_on_its_errors(name: str) -> None:
    watched = [
        target(alarm["Properties"]["Dimensions"][0]["Value"])
        for alarm in resources("AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["MetricName"] == "Errors"
    ]
    assert name in watched


@pytest.mark.parametrize("name", functions())
def test_every_function_has_a_log_group_that_forgets(name: str) -> None:
    function = functions()[name]
    logs = resources("AWS::Logs::LogGroup")[function["DependsOn"]]["Properties"]
    assert logs["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/{function['Properties']['FunctionName']['Fn::Sub']}"
    assert logs["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize("name", resources("AWS::DynamoDB::Table"))
def test_every_table_can_be_restored_and_forgets_by_ttl(name: str) -> None:
    properties = resources("AWS::DynamoDB::Table")[name]["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("name", ["Tasks", "Registry"])
def test_what_tenants_cannot_bring_again_outlives_the_stack(name: str) -> None:
    table = resources("AWS::DynamoDB::Table")[name]
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"
    assert table["UpdateReplacePolicy"] == "Retain"


def api() -> dict[str, Any]:
    properties: dict[str, Any] = resources("AWS::Serverless::Api")["Api"]["Properties"]
    return properties


def owner(path: str) -> str:
    """The function that all methods of an API path go to."""
    integrations = {
        method: operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        for method, operation in api()["DefinitionBody"]["paths"][path].items()
    }
    assert set(integrations) == METHODS
    (uri,) = set(integrations.values())
    return str(uri).split("${")[-1].split(".")[0]


def test_the_controller_serves_the_control_plane_and_the_gateway_all_the_rest() -> None:
    owners = {path: owner(path) for path in api()["DefinitionBody"]["paths"]}
    control = [f"/v1/{kind}{below}" for kind in CONTROL_PLANE for below in ("", "/{proxy+}")]
    assert owners == dict.fromkeys(("/", "/{proxy+}"), "GatewayFunction") | dict.fromkeys(control, "ControllerFunction")


def called(route: Route) -> str:
    return f"{route.method} {route.template}"


def served_by(path: str) -> str:
    """The function that API Gateway hands a path to: the longest match."""
    owned = {known.removesuffix("/{proxy+}"): owner(known) for known in api()["DefinitionBody"]["paths"]}
    matching = [known for known in owned if path == known or path.startswith(f"{known}/")]
    return owned[max(matching, key=len)]


@pytest.mark.parametrize("route", GATEWAY_ROUTES, ids=called)
def test_the_gateways_routes_reach_the_gateway(route: Route) -> None:
    assert served_by(route.template) == "GatewayFunction"


@pytest.mark.parametrize("route", CONTROLLER_ROUTES, ids=called)
def test_the_controllers_routes_reach_the_controller(route: Route) -> None:
    assert served_by(route.template) == "ControllerFunction"


@pytest.mark.parametrize("function", ["GatewayFunction", "ControllerFunction"])
def test_the_api_alone_may_call_what_serves_it(function: str) -> None:
    (permission,) = (
        each["Properties"]
        for each in resources("AWS::Lambda::Permission").values()
        if target(each["Properties"]["FunctionName"]) == function
    )
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${Api}/api/*")


@pytest.mark.parametrize("name", api()["GatewayResponses"])
def test_what_api_gateway_refuses_itself_is_a_problem_document_of_ours(name: str) -> None:
    response = api()["GatewayResponses"][name]
    assert response["ResponseParameters"]["Headers"]["Content-Type"] == "'application/problem+json'"
    (text,) = response["ResponseTemplates"].values()
    problem = json.loads(text.replace("$context.error.messageString", '"what was wrong"'))
    status, title = KINDS[problem["type"].removeprefix("urn:fairlane:problem:")]
    assert problem.keys() == {"type", "title", "status", "detail"}
    assert (problem["status"], problem["title"], response["StatusCode"]) == (status, title, str(status))


@pytest.mark.parametrize("name", ["THROTTLED", "QUOTA_EXCEEDED", "DEFAULT_5XX"])
def test_what_may_be_repeated_says_when(name: str) -> None:
    assert "Retry-After" in api()["GatewayResponses"][name]["ResponseParameters"]["Headers"]


def test_the_outputs_that_commands_and_documents_rely_on_are_there() -> None:
    assert set(template()["Outputs"]) == {
        "ApiId",
        "ApiUrl",
        "ControllerFunction",
        "DeadLettersQueueUrl",
        "ResultsBus",
        "SampleFunctions",
        "UndeliveredQueueUrl",
    }


def test_samples_are_deployed_only_where_they_are_asked_for() -> None:
    assert template()["Parameters"]["Samples"]["Default"] == "false"
    assert {sample["Condition"] for sample in samples().values()} == {"WithSamples"}
