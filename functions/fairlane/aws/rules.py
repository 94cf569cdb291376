"""EventBridge rules of subscriptions on the results bus.

The tenant is AND-ed through `resources`, which Fairlane sets and no tenant's pattern can mention:
whatever stands in a pattern's `detail` (even `$or` over `tenant`), other tenants' events never match.
An event whose `resources` names the subscription itself matches whatever the pattern says.
Quotas (AWS, 2026): 300 rules a bus, 5 targets a rule, patterns of 2,048 characters.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fairlane.aws.bus import SOURCE
from fairlane.aws.clients import error_code
from fairlane.domain.errors import FieldError, Refused, Unavailable
from fairlane.domain.names import rule_target, subscription_resource, subscription_rule, tenant_resource
from fairlane.ports.control import RuleTarget

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient

#: EventBridge retries for a day, then the event goes to the `undelivered` queue.
RETRY: Any = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 24 * 3600}
PATTERN_LIMIT = 2_048
NOT_THERE = "ResourceNotFoundException"


class Rules:
    """One rule for each subscription; its name stands for tenant and subscription."""

    def __init__(
        self,
        events: "EventBridgeClient",
        functions: "LambdaClient",
        *,
        bus: str,
        undelivered_arn: str,
        forwarder_arn: str,
    ) -> None:
        """`undelivered_arn`: the dead-letter queue of every rule; `forwarder_arn`: the role for other buses."""
        self._events = events
        self._lambda = functions
        self._bus = bus
        self._undelivered_arn = undelivered_arn
        self._forwarder_arn = forwarder_arn

    def put(self, tenant: str, name: str, pattern: Mapping[str, Any], target: RuleTarget) -> str:
        """Make the rule what the subscription says; its ARN. Raises Refused for a pattern that AWS does not take.

        No event is lost between old and new: the new target stands beside the old one before the pattern
        changes, and the old one goes last.
        """
        rule = subscription_rule(tenant, name)
        full = full_pattern(tenant, name, pattern)
        wanted, about = self._target(tenant, name, target), f"Fairlane: subscription {name} of tenant {tenant}"
        if target.kind == "lambda":  # first: what refuses the target must leave the rule as it was
            self._permit(target.arn, rule, self._arn(rule))
        present = self._target_ids(rule)
        if not present:
            arn = self._put_rule(rule, full, about)
            self._put_target(rule, wanted)
            return arn
        self._put_target(rule, wanted)
        try:
            arn = self._put_rule(rule, full, about)
        except Refused:
            self._remove_targets(rule, {wanted["Id"]} - present)
            raise
        self._remove_targets(rule, present - {wanted["Id"]})
        return arn

    def forget(self, tenant: str, name: str, target: RuleTarget) -> None:
        """Take back what a target that the subscription no longer has was permitted."""
        if target.kind == "lambda":
            self._forbid(target.arn, subscription_rule(tenant, name))

    def delete(self, tenant: str, name: str, target: RuleTarget | None) -> None:
        """Remove the rule; nothing happens where there is none."""
        rule = subscription_rule(tenant, name)
        self._remove_targets(rule, self._target_ids(rule))
        try:
            self._events.delete_rule(Name=rule, EventBusName=self._bus)
        except ClientError as error:
            if error_code(error) != NOT_THERE:
                raise
        if target:
            self.forget(tenant, name, target)

    def _put_rule(self, rule: str, pattern: str, description: str) -> str:
        try:
            return self._events.put_rule(
                Name=rule,
                EventBusName=self._bus,
                EventPattern=pattern,
                State="ENABLED",
                Description=description,
            )["RuleArn"]
        except ClientError as error:
            raise _translated(error) from error

    def _put_target(self, rule: str, target: Any) -> None:
        answer = self._events.put_targets(Rule=rule, EventBusName=self._bus, Targets=[target])
        if answer.get("FailedEntryCount"):
            raise Unavailable("EventBridge did not take the subscription's target: repeat this.")

    def _remove_targets(self, rule: str, ids: set[str]) -> None:
        if ids:
            self._events.remove_targets(Rule=rule, EventBusName=self._bus, Ids=sorted(ids))

    def _target_ids(self, rule: str) -> set[str]:
        """Ids of the rule's targets; none as well when there is no such rule (MiniStack does not tell)."""
        try:
            found = self._events.list_targets_by_rule(Rule=rule, EventBusName=self._bus)
        except ClientError as error:
            if error_code(error) == NOT_THERE:
                return set()
            raise
        return {target["Id"] for target in found["Targets"]}

    def _arn(self, rule: str) -> str:
        _, partition, _, region, account, _ = self._undelivered_arn.split(":")
        return f"arn:{partition}:events:{region}:{account}:rule/{self._bus}/{rule}"

    def _target(self, tenant: str, name: str, target: RuleTarget) -> Any:
        made: dict[str, Any] = {
            "Id": rule_target(target.arn),
            "Arn": target.arn,
            "DeadLetterConfig": {"Arn": self._undelivered_arn},
        }
        if target.kind == "event_bus":  # takes no retry policy; the default is the same: a day, 185 times
            made["RoleArn"] = self._forwarder_arn
        else:
            made["RetryPolicy"] = RETRY
        if target.kind == "webhook":
            made["InputTransformer"] = _for_webhook(name)
        if target.arn.endswith(".fifo"):
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


def full_pattern(tenant: str, name: str, pattern: Mapping[str, Any]) -> str:
    """The tenant's events that match, and whatever is for this subscription alone (tests, what is sent again)."""
    either = [
        {**pattern, "resources": [tenant_resource(tenant)]},
        {"resources": [subscription_resource(tenant, name)]},
    ]
    full = json.dumps({"source": [SOURCE], "$or": either}, separators=(",", ":"))
    if len(full) > PATTERN_LIMIT:
        raise _refused("/pattern", f"has {len(full)} characters with what Fairlane adds; EventBridge takes 2048")
    return full


def _for_webhook(name: str) -> Any:
    """All webhooks of a tenant share a queue: the message tells whose it is, and whether it was sent again."""
    return {
        "InputPathsMap": {"event": "$.detail", "resources": "$.resources"},
        "InputTemplate": f'{{"subscription":"{name}","resources":<resources>,"event":<event>}}',
    }


def _translated(error: ClientError) -> Exception:
    code, message = error_code(error), error.response.get("Error", {}).get("Message", "")
    if code == "InvalidEventPatternException" or (code == "ValidationException" and "attern" in message):
        return _refused("/pattern", f"is no EventBridge event pattern: {message[:300]}")
    if code == "LimitExceededException":
        return Refused("conflict", "The results bus has as many rules as its quota allows: the platform must raise it.")
    return error


def _refused(pointer: str, detail: str) -> Refused:
    return Refused("refused", f"{pointer} {detail}.", (FieldError(f"#{pointer}", detail),))
