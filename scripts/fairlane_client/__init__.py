"""Fairlane's Python client: `Client` with blocking calls, `AsyncClient` with awaited ones, the same methods on both.

    with Client(api_url, key) as fairlane:
        accepted = fairlane.submit_event(new_event("thumbnail", {"path": "a.jpg"}, source="/camera/1"))
        task = fairlane.wait_for_task(accepted["id"], timeout_s=60)

Documents are plain dictionaries, typed in `models`; what fails raises a `FairlaneError` (`errors`).
"""

from fairlane_client.asynchronous import AsyncClient
from fairlane_client.errors import (
    ConflictError,
    FairlaneError,
    ForbiddenError,
    IllegalNameError,
    MalformedError,
    NotFoundError,
    ProblemError,
    RefusedError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
    WaitTimeoutError,
)
from fairlane_client.events import new_event
from fairlane_client.flow import Pacing, RetryPolicy
from fairlane_client.models import ENDS
from fairlane_client.synchronous import Client

__all__ = [
    "ENDS",
    "AsyncClient",
    "Client",
    "ConflictError",
    "FairlaneError",
    "ForbiddenError",
    "IllegalNameError",
    "MalformedError",
    "NotFoundError",
    "Pacing",
    "ProblemError",
    "RefusedError",
    "RetryPolicy",
    "TooLargeError",
    "TooManyRequestsError",
    "UnauthorizedError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "WaitTimeoutError",
    "new_event",
]
