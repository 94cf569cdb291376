"""boto3 clients, made once per execution environment by `bootstrap`.

Time-outs are short because callers are waiting: API Gateway gives up after 29 s.
"""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

#: Ways in which AWS says "the conditional write was refused".
CONDITION_FAILED = "ConditionalCheckFailedException"

_SHORT = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=32,
)
_ONCE = _SHORT.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))


def dynamodb() -> "DynamoDBClient":
    """Amazon DynamoDB."""
    return boto3.client("dynamodb", config=_SHORT)


def dynamodb_once() -> "DynamoDBClient":
    """Amazon DynamoDB for writes that must not be repeated. Made when it is first needed: few tenants need it."""
    return boto3.client("dynamodb", config=_ONCE)


def sqs() -> "SQSClient":
    """Amazon SQS."""
    return boto3.client("sqs", config=_SHORT)


def events() -> "EventBridgeClient":
    """Amazon EventBridge."""
    return boto3.client("events", config=_SHORT)


def cloudwatch() -> Any:
    """Amazon CloudWatch, for reading metrics."""
    return boto3.client("cloudwatch", config=_SHORT)


def step_functions() -> Any:
    """AWS Step Functions."""
    return boto3.client("stepfunctions", config=_SHORT)


def control() -> "LambdaClient":
    """AWS Lambda for its control plane (mappings, configurations)."""
    return boto3.client("lambda", config=_SHORT)


def invoking(read_timeout_s: int) -> "LambdaClient":
    """AWS Lambda for invoking: never retried by the SDK, or a slow task would run twice.

    TCP keep-alive, because NATs and load balancers cut idle connections of long calls.
    """
    config = Config(
        connect_timeout=2,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=32,
        tcp_keepalive=True,
    )
    return boto3.client("lambda", config=config)


def error_code(error: Any) -> str:
    """The AWS error code of a botocore ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))
