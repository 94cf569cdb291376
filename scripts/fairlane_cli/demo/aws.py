"""AWS as the stack's owner sees it: that is here, the emulator. What is asked of it stands in the other modules."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from fairlane_cli.stack import DeployedStack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

#: No proxy: the endpoint is on this machine.
_CONFIG = Config(proxies={}, connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 2})


class Aws:
    """Clients for one stack. They may be shared by threads."""

    def __init__(self, stack: DeployedStack) -> None:
        self._stack = stack
        environment = stack.environment()
        self._session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=stack.region,
        )

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self._stack.stack

    @property
    def endpoint_url(self) -> str:
        return self._stack.aws_endpoint_url

    def sqs(self) -> "SQSClient":
        return self._session.client("sqs", endpoint_url=self.endpoint_url, config=_CONFIG)

    def dynamodb(self) -> "DynamoDBClient":
        return self._session.client("dynamodb", endpoint_url=self.endpoint_url, config=_CONFIG)

    def logs(self) -> Any:
        """CloudWatch Logs (its type stubs are not installed)."""
        return self._session.client("logs", endpoint_url=self.endpoint_url, config=_CONFIG)
