import pytest

from fairlane.domain.errors import Refused
from fairlane.domain.targets import Home, Resource, check_allowed, lambda_function, queue

HOME = Home(stack="fairlane", region="eu-west-1", account="123456789012")
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:"
POINTER = "#/target/lambda"


def allowed(name: str, *patterns: str) -> bool:
    """Whether a tenant with these patterns may name that function."""
    try:
        check_allowed(lambda_function(name, HOME, POINTER), patterns, HOME, POINTER)
    except Refused:
        return False
    return True


def test_a_bare_name_is_a_function_of_this_deployments_account_and_region() -> None:
    assert lambda_function("resize", HOME, POINTER) == Resource(FUNCTION + "resize", "resize")


@pytest.mark.parametrize("qualifier", ["$LATEST", "live", "17"])
def test_a_qualifier_stays_in_the_arn_and_is_no_part_of_the_name(qualifier: str) -> None:
    named = Resource(f"{FUNCTION}resize:{qualifier}", "resize")

    assert lambda_function(f"resize:{qualifier}", HOME, POINTER) == named
    assert lambda_function(f"{FUNCTION}resize:{qualifier}", HOME, POINTER) == named


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_an_arn_of_any_partition_is_taken_as_it_is(partition: str) -> None:
    arn = f"arn:{partition}:lambda:us-east-1:999999999999:function:resize"

    assert lambda_function(arn, HOME, POINTER) == Resource(arn, "resize")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "a/b",
        "a*",
        "a\n",
        "resize:",
        ":live",
        "a:b:c",
        "x" * 141,
        "arn:aws:lambda:eu-west-1:123456789012:function:",
        "arn:aws:lambda:eu-west-1:1:function:resize",
        "arn:aws:sqs:eu-west-1:123456789012:resize",
        "arn:aws:lambda:eu-west-1:123456789012:layer:resize",
        "123456789012:function:resize",
        "https://example.com",
    ],
)
def test_what_names_no_function_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        lambda_function(text, HOME, POINTER)

    assert caught.value.status == 422


@pytest.mark.parametrize(
    ("name", "patterns", "expected"),
    [
        ("resize", ["*"], True),
        ("resize", [], False),
        ("resize", ["resize"], True),
        ("resize", ["other", "res*"], True),
        ("resize", ["*size"], True),
        ("resize", ["r*z*"], True),
        ("resize", ["size"], False),
        ("resize", ["resiz"], False),
        ("resize", ["Resize"], False),
        ("resize:live", ["resize"], True),
        ("resize", [FUNCTION + "resize"], True),
        ("resize", [FUNCTION + "*"], True),
        ("resize", ["arn:aws:lambda:us-east-1:123456789012:function:*"], False),
        ("resize", ["arn:*"], True),
        ("resize:live", [FUNCTION + "resize"], False),
        ("resize:live", [FUNCTION + "resize:*"], True),
    ],
)
def test_a_pattern_without_arn_fits_the_name_and_one_with_it_the_arn(
    name: str, patterns: list[str], expected: bool
) -> None:
    assert allowed(name, *patterns) is expected


@pytest.mark.parametrize("pattern", ["resi.e", "resi[z]e", "resize|x", "(resize)", "resiz.?", "\\w+", "resize$", "^r*"])
def test_characters_of_regular_expressions_stand_for_themselves(pattern: str) -> None:
    assert not allowed("resize", pattern)


@pytest.mark.parametrize("name", ["fairlane-gateway", "fairlane-dispatcher:live", f"{FUNCTION}fairlane-controller"])
@pytest.mark.parametrize("pattern", ["*", "fairlane-*", "arn:*", "fairlane-gateway"])
def test_fairlanes_own_functions_are_nobodys_targets(name: str, pattern: str) -> None:
    assert not allowed(name, pattern)


def test_functions_deployed_for_tenants_with_the_stack_may_be_named() -> None:
    assert allowed("fairlane-target-echo", "fairlane-target-*")


def test_a_name_that_only_resembles_the_stack_is_not_its_own() -> None:
    assert allowed("fairlanes", "*")


def test_the_refusal_does_not_tell_own_functions_from_others() -> None:
    refusals = []
    for name in ("fairlane-gateway", "somebody-elses"):
        with pytest.raises(Refused) as caught:
            check_allowed(lambda_function(name, HOME, POINTER), ["mine-*"], HOME, POINTER)
        refusals.append(caught.value)

    assert refusals[0] == refusals[1]
    assert (refusals[0].status, refusals[0].errors[0].pointer) == (422, POINTER)


def test_a_queue_is_named_by_its_arn() -> None:
    arn = "arn:aws:sqs:eu-west-1:123456789012:results.fifo"

    assert queue(arn, "#/target/sqs") == Resource(arn, "results.fifo")


@pytest.mark.parametrize(
    "text", ["results", "https://sqs.eu-west-1.amazonaws.com/1/results", "arn:aws:sns:eu-west-1:123456789012:t", ""]
)
def test_what_names_no_queue_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        queue(text, "#/target/sqs")


@pytest.mark.parametrize("name", ["fairlane-lane-ada-default", "fairlane-results-bob", "fairlane-dead-letters"])
def test_fairlanes_own_queues_are_nobodys_targets(name: str) -> None:
    with pytest.raises(Refused):
        check_allowed(queue(f"arn:aws:sqs:eu-west-1:123456789012:{name}", POINTER), ["*"], HOME, POINTER)
