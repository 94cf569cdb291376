"""EventBridge rules of subscriptions on the results bus.

The tenant is AND-ed through `resources`, which the deliverer sets and no tenant's pattern can
mention: whatever stands in a pattern's `detail` (even `$or` over `tenant`), other tenants' events
never match. Quotas (AWS, 2026): 300 rules a bus, 5 targets a rule, patterns of 2,048 characters.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fairlane.aws.bus import SOURCE
from fairlane.aws.clients import error_code
from fairlane.domain.errors import FieldError, Refused, Unavailable
from fairlane.domain.names import subscription_rule, tenant_resource

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient

TARGET_ID = "subscriber"
#: EventBridge retries for a day, then the event goes to the `undelivered` queue.
RETRY: Any = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 24 * 3600}
PATTERN_LIMIT = 2_048
NOT_THERE = "ResourceNotFoundException"


class Rules:
    """One rule for each subscription; its name stands for tenant and subscription."""

    def __init__(self, events: "EventBridgeClient", functions: "LambdaClient", bus: str, undelivered_arn: str) -> None:
        """`undelivered_arn`: the dead-letter queue of every rule's target."""
        self._events = events
        self._lambda = functions
        self._bus = bus
        self._undelivered_arn = undelivered_arn

    def put(self, tenant: str, name: str, pattern: Mapping[str, Any], target: Mapping[str, str]) -> str:
        """Make the rule what the subscription says; its ARN. Raises Refused for a pattern that AWS does not take."""
        rule = subscription_rule(tenant, name)
        full = json.dumps(
            {**pattern, "source": [SOURCE], "resources": [tenant_resource(tenant)]}, separators=(",", ":")
        )
        if len(full) > PATTERN_LIMIT:
            raise _refused("/pattern", f"has {len(full)} characters with what Fairlane adds; EventBridge takes 2048")
        if "lambda" in target:  # first: what refuses the target must leave the rule as it was
            self._permit(target["lambda"], rule, self._arn(rule))
        try:
            arn = self._events.put_rule(
                Name=rule,
                EventBusName=self._bus,
                EventPattern=full,
                State="ENABLED",
                Description=f"Fairlane: subscription {name} of tenant {tenant}",
            )["RuleArn"]
        except ClientError as error:
            raise _translated(error) from error
        answer = self._events.put_targets(Rule=rule, EventBusName=self._bus, Targets=[self._target(tenant, target)])
        if answer.get("FailedEntryCount"):
            raise Unavailable("EventBridge did not take the subscription's target: repeat this.")
        return arn

    def forget(self, tenant: str, name: str, target: Mapping[str, str]) -> None:
        """Take back what a target that the subscription no longer has was permitted."""
        if "lambda" in target:
            self._forbid(target["lambda"], subscription_rule(tenant, name))

    def delete(self, tenant: str, name: str, target: Mapping[str, str] | None) -> None:
        """Remove the rule; nothing happens where there is none."""
        rule = subscription_rule(tenant, name)
        try:
            self._events.remove_targets(Rule=rule, EventBusName=self._bus, Ids=[TARGET_ID])
            self._events.delete_rule(Name=rule, EventBusName=self._bus)
        except ClientError as error:
            if error_code(error) != NOT_THERE:
                raise
        if target:
            self.forget(tenant, name, target)

    def _arn(self, rule: str) -> str:
        _, partition, _, region, account, _ = self._undelivered_arn.split(":")
        return f"arn:{partition}:events:{region}:{account}:rule/{self._bus}/{rule}"

    def _target(self, tenant: str, target: Mapping[str, str]) -> Any:
        arn = next(iter(target.values()))
        made: dict[str, Any] = {
            "Id": TARGET_ID,
            "Arn": arn,
            "RetryPolicy": RETRY,
            "DeadLetterConfig": {"Arn": self._undelivered_arn},
        }
        if arn.endswith(".fifo"):
            made["SqsParameters"] = {"MessageGroupId": tenant}
        return made

    def _permit(self, function: str, rule: str, rule_arn: str) -> None:
        try:
            self._lambda.add_permission(
                FunctionName=function,
                StatementId=f"fairlane-{rule}",
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=rule_arn,
            )
        except ClientError as error:
            if error_code(error) == NOT_THERE:
                raise _refused("/target/lambda", "is no function that exists") from error
            if error_code(error) == "PolicyLengthExceededException":
                raise Refused("conflict", "The function's policy is full: too many subscriptions call it.") from error
            if error_code(error) != "ResourceConflictException":  # permitted before
                raise

    def _forbid(self, function: str, rule: str) -> None:
        try:
            self._lambda.remove_permission(FunctionName=function, StatementId=f"fairlane-{rule}")
        except ClientError as error:
            if error_code(error) != NOT_THERE:
                raise


def _translated(error: ClientError) -> Exception:
    code, message = error_code(error), error.response.get("Error", {}).get("Message", "")
    if code == "InvalidEventPatternException" or (code == "ValidationException" and "attern" in message):
        return _refused("/pattern", f"is no EventBridge event pattern: {message[:300]}")
    if code == "LimitExceededException":
        return Refused("conflict", "The results bus has as many rules as its quota allows: the platform must raise it.")
    return error


def _refused(pointer: str, detail: str) -> Refused:
    return Refused("refused", f"{pointer} {detail}.", (FieldError(f"#{pointer}", detail),))
