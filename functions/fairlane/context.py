"""The part of Lambda's context object that handlers use."""

from typing import Protocol


class Context(Protocol):
    """AWS Lambda's invocation context."""

    def get_remaining_time_in_millis(self) -> int:
        """Until this invocation is killed."""
