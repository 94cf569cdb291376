"""The tenants' webhook endpoints: what was posted to each, and what it answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fairlane.domain.times import utc_now
from fairlane.ports.web import NoReply, NoReplyReason, Reply
from tests.moto.calls import Calls

POST = "web.Post"
Answer = Callable[[], Reply | NoReply]


@dataclass(frozen=True)
class Posted:
    """One request that an endpoint got."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


def answering(status: int, *, retry_after: str | None = None) -> Answer:
    return lambda: Reply(status, b"", retry_after)


def hanging() -> NoReply:
    return NoReply(NoReplyReason.TIMEOUT, "timed out")


@dataclass
class FakeWeb:
    """`Web`, by the URLs' scripts: answers one after the other, the last for ever; else 200."""

    calls: Calls
    scripts: dict[str, list[Answer]] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout: timedelta, answer_limit: int
    ) -> Reply | NoReply:
        assert timeout <= timedelta(seconds=30)
        assert answer_limit <= 100_000
        with self.calls.around(POST):
            self.posted.append(Posted(url, headers, body, utc_now()))
            answers = self.scripts.get(url) or [answering(200)]
            return (answers.pop(0) if len(answers) > 1 else answers[0])()

    def to(self, url: str) -> list[Posted]:
        return [each for each in self.posted if each.url == url]
