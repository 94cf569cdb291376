"""Submitting a chained task: the gateway, invoked directly."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from fairlane.ports.web import NoReply, NoReplyReason, Reply

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class GatewayInvocation:
    """`Submitter` on the gateway's Lambda function. The client is made when it is first needed: few tenants chain."""

    def __init__(self, client: Callable[[], "LambdaClient"], function: str) -> None:
        """`function` is the gateway's name."""
        self._make = client
        self._client: LambdaClient | None = None
        self._function = function

    def submit(self, tenant: str, event: Mapping[str, Any]) -> Reply | NoReply:
        """As over HTTP: 202, 200 for a duplicate, else a refusal."""
        self._client = self._client or self._make()
        payload = json.dumps({"fairlane": "submit", "tenant": tenant, "event": event})
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=payload.encode())
            if answer.get("FunctionError"):
                return NoReply(NoReplyReason.BROKEN, "the gateway failed")
            told = json.loads(answer["Payload"].read())
        except (ClientError, BotoCoreError, ValueError) as error:
            return NoReply(NoReplyReason.UNREACHABLE, type(error).__name__)
        detail = str(told["body"].get("detail", ""))
        return Reply(told["status"], detail.encode(), told["headers"].get("Retry-After"))
