"""Queues and event source mappings of tenants: made, changed and removed by the controller alone.

Everything is idempotent: names are derived, and what exists is brought to what it should be.
Quotas (AWS, 2026): event source mappings have no fixed number but 15 control-plane requests a
second; queues are unlimited; a deleted queue's name is blocked for 60 s.
"""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fairlane.aws.clients import error_code
from fairlane.aws.depths import depth
from fairlane.domain.concurrency import Scaling
from fairlane.domain.errors import Unavailable
from fairlane.domain.names import FIFO
from fairlane.ports.control import Asynchronous, FunctionFacts, Queue
from fairlane.ports.queues import Depth

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

RETENTION_S = 14 * 24 * 3600
#: The most that SQS allows: receives grow for reasons that are nobody's fault.
MAX_RECEIVES = 1_000
#: States in which AWS takes no update; each lasts up to a minute.
CHANGING = {"Creating", "Updating", "Enabling", "Disabling", "Deleting"}
#: High throughput: limits and deduplication count for each message group, that is for each key of a tenant.
FIFO_ATTRIBUTES = {
    "FifoQueue": "true",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "messageGroup",
    "FifoThroughputLimit": "perMessageGroupId",
}
ENABLED = "Enabled"
#: Of asynchronous calls, where AWS is told nothing.
DEFAULT_RETRIES, DEFAULT_EVENT_AGE_S = 2, 6 * 3600
GONE = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "ResourceNotFoundException"}


class Provisioning:
    """Makes what a tenant needs."""

    def __init__(self, sqs: "SQSClient", functions: "LambdaClient") -> None:
        """Clients with control-plane rights."""
        self._sqs = sqs
        self._lambda = functions

    def queue(self, name: str, *, visibility_timeout_s: int, redrive_arn: str, tags: dict[str, str]) -> Queue:
        """The queue of that name with these settings."""
        attributes: Any = {
            "VisibilityTimeout": str(visibility_timeout_s),
            "MessageRetentionPeriod": str(RETENTION_S),
            "SqsManagedSseEnabled": "true",
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": redrive_arn, "maxReceiveCount": MAX_RECEIVES}),
        }
        if name.endswith(FIFO):
            attributes |= FIFO_ATTRIBUTES
        try:
            url = self._sqs.create_queue(QueueName=name, Attributes=attributes, tags=tags)["QueueUrl"]
        except ClientError as error:
            if "QueueDeletedRecently" in error_code(error):
                raise Unavailable(f"The queue {name} was deleted less than 60 s ago.", retry_after_s=60) from error
            if error_code(error) not in ("QueueAlreadyExists", "QueueNameExists"):
                raise
            url = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return Queue(name, url, arn)

    def let_rules_send(self, queue: Queue, rules_arn: str) -> None:
        """Let EventBridge rules of that ARN pattern send to the queue, and nobody else by its policy."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue.arn,
            "Condition": {"ArnLike": {"aws:SourceArn": rules_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy})

    def find_queue(self, name: str) -> str | None:
        """URL of the queue of that name, if there is one."""
        try:
            return self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except ClientError as error:
            if error_code(error) in GONE:
                return None
            raise

    def set_visibility(self, url: str, visibility_timeout_s: int) -> None:
        """Change the queue's visibility timeout."""
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(visibility_timeout_s)})

    def depth(self, url: str) -> Depth:
        """What is in the queue; zeros when it is gone."""
        return depth(self._sqs, url)

    def delete_queue(self, url: str) -> None:
        """Remove the queue; nothing happens where there is none."""
        try:
            self._sqs.delete_queue(QueueUrl=url)
        except ClientError as error:
            if error_code(error) not in GONE:
                raise

    def mapping(self, queue_arn: str, function: str, scaling: Scaling, *, enabled: bool = True) -> bool:
        """Map the queue to the function with these settings; whether that is in force.

        A mapping that is still changing takes no update: then False, and the caller comes again.
        """
        found = self._mapping_of(queue_arn)
        wanted: Any = {
            "FunctionName": function,
            "BatchSize": scaling.batch_size,
            "ScalingConfig": {"MaximumConcurrency": scaling.maximum_concurrency},
        }
        if found is None:
            found = self._lambda.create_event_source_mapping(
                EventSourceArn=queue_arn,
                FunctionResponseTypes=["ReportBatchItemFailures"],
                Enabled=enabled,
                **wanted,
            )
        elif found.get("State") in CHANGING:
            return False
        elif not _fits(found, wanted) or (found.get("State") == ENABLED) != enabled:
            found = self._update(found["UUID"], {**wanted, "Enabled": enabled})
        state = found.get("State") if found else None
        return bool(state == (ENABLED if enabled else "Disabled"))

    def _update(self, uuid: str, wanted: Any) -> Any:
        """The mapping as it then is; None when it was changing already."""
        try:
            return self._lambda.update_event_source_mapping(UUID=uuid, **wanted)
        except ClientError as error:
            if error_code(error) == "ResourceInUseException":
                return None
            raise

    def delete_mapping(self, queue_arn: str) -> None:
        """Remove the queue's mapping; nothing happens where there is none."""
        found = self._mapping_of(queue_arn)
        if found is not None and found.get("State") != "Deleting":
            self._lambda.delete_event_source_mapping(UUID=found["UUID"])

    def function(self, name: str) -> FunctionFacts | None:
        """What AWS says of a tenant's function; None when there is none, or it may not be seen."""
        try:
            found: Any = self._lambda.get_function_configuration(FunctionName=name)
        except ClientError as error:
            if error_code(error) in ("ResourceNotFoundException", "AccessDeniedException", "ValidationException"):
                return None
            raise
        tenancy = found.get("TenancyConfig") or {}
        return FunctionFacts(int(found["Timeout"]), tenancy.get("TenantIsolationMode") == "PER_TENANT")

    def asynchronous(self, name: str, *, longest_event_age_s: int) -> Asynchronous:
        """How asynchronous calls are repeated. Where nothing is set: not at all, and not after that time."""
        try:
            found: Any = self._lambda.get_function_event_invoke_config(FunctionName=name)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            found = self._lambda.put_function_event_invoke_config(
                FunctionName=name, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=longest_event_age_s
            )
        return Asynchronous(
            found.get("MaximumRetryAttempts", DEFAULT_RETRIES),
            found.get("MaximumEventAgeInSeconds", DEFAULT_EVENT_AGE_S),
        )

    def _mapping_of(self, queue_arn: str) -> Any:
        found = self._lambda.list_event_source_mappings(EventSourceArn=queue_arn)["EventSourceMappings"]
        return found[0] if found else None


def _fits(found: Any, wanted: Any) -> bool:
    return bool(
        found.get("FunctionArn", "").rpartition(":")[2] == wanted["FunctionName"].rpartition(":")[2]
        and found.get("BatchSize") == wanted["BatchSize"]
        and found.get("ScalingConfig") == wanted["ScalingConfig"]
    )
