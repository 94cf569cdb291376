"""Where a stack is deployed to. Another place is another endpoint and other parameters, nothing else."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Emulated:
    """An emulator of AWS behind one endpoint: no account, made-up credentials."""

    endpoint_url: str
    region: str = "us-east-1"
    #: Of template.yaml, as this place needs them.
    parameters: Mapping[str, str] = field(default_factory=dict)

    def api_url(self, api_id: str) -> str:
        """Base of the deployed API; the output ApiUrl has AWS's own host."""
        return f"{self.endpoint_url}/_aws/execute-api/{api_id}/api"

    def environment(self) -> dict[str, str]:
        """For AWS tools."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def cloudformation(self) -> "CloudFormationClient":
        return self._session().client("cloudformation", endpoint_url=self.endpoint_url, config=_CONFIG)

    def functions(self) -> "LambdaClient":
        return self._session().client("lambda", endpoint_url=self.endpoint_url, config=_CONFIG)

    def sqs(self) -> "SQSClient":
        return self._session().client("sqs", endpoint_url=self.endpoint_url, config=_CONFIG)

    def events(self) -> "EventBridgeClient":
        return self._session().client("events", endpoint_url=self.endpoint_url, config=_CONFIG)

    def s3(self) -> "S3Client":
        return self._session().client("s3", endpoint_url=self.endpoint_url, config=_CONFIG)

    def _session(self) -> boto3.Session:
        return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=self.region)  # noqa: S106


#: No proxy: the endpoint is on this machine.
_CONFIG = Config(proxies={}, s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=60)


def local(endpoint_url: str) -> Emulated:
    """The emulator on this machine: small, with the sample functions."""
    machine = platform.machine().lower()
    return Emulated(
        endpoint_url,
        parameters={
            "Architecture": "arm64" if machine in {"arm64", "aarch64"} else "x86_64",
            "AllowPrivateTargets": "true",
            "Samples": "true",
            # each parallel invocation is a process here
            "DispatcherConcurrency": "4",
        },
    )
