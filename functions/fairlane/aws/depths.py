"""How much lies in a tenant's lane queues, as SQS tells it: approximately."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from fairlane.aws.clients import error_code
from fairlane.domain.catalog import lane_item
from fairlane.ports.queues import Depth
from fairlane.ports.registry import RegistryReader

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

MOST_LANES = 1_000
GONE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
COUNTS: tuple["QueueAttributeNameType", ...] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class SqsDepths:
    """`Depths` on SQS; which lanes there are comes from the registry."""

    def __init__(self, client: "SQSClient", registry: RegistryReader, also: Sequence[str] = ()) -> None:
        """`registry` is not cached: this is asked rarely. `also`: queues of all, where a task may lie besides."""
        self._client = client
        self._registry = registry
        self._also = also

    def unended(self, tenant: str) -> int:
        """Messages in all of the tenant's lane queues, in any state."""
        lanes = self._registry.query(tenant, lane_item(""), limit=MOST_LANES)
        urls = {str(lane.doc["queue_url"]) for lane in lanes if lane.doc.get("queue_url")}
        return sum(depth(self._client, url).messages for url in urls | set(self._also))

    def of(self, queue_url: str) -> Depth:
        """What is in one queue; zeros when it is gone."""
        return depth(self._client, queue_url)


def depth(client: "SQSClient", url: str) -> Depth:
    """What is in the queue; zeros when it is gone."""
    try:
        counts = client.get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNTS))["Attributes"]
    except ClientError as error:
        if error_code(error) in GONE:
            return Depth(0, 0, 0)
        raise
    visible, in_flight, delayed = (int(counts.get(name, 0)) for name in COUNTS)
    return Depth(visible, in_flight, delayed)
