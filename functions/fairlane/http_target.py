"""An HTTP endpoint as a target: a POST of the structured CloudEvent, and what its answers mean.

Statuses: 2xx is the result; 429 and 503 say that there is no capacity now; 408, 425 and 5xx may pass; everything
else, redirects too, will be the same next time. No answer in time leaves it open: for HTTP, running means until
the deadline.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fairlane.answers import RESULT_LIMIT, cut, returned, too_large
from fairlane.domain.retry import requested_pause
from fairlane.domain.task import TaskError
from fairlane.events import event_json
from fairlane.ports.running import Clock
from fairlane.ports.targets import Answer, Raised, Started, Starting, Throttled, Unknown
from fairlane.ports.web import NoReply, NoReplyReason, Reply, Web

HEADERS = {
    "Content-Type": "application/cloudevents+json; charset=utf-8",
    "Accept": "application/json",
    "User-Agent": "fairlane",
}
ACCEPTED = 202
THROTTLES = {429, 503}
#: Request Timeout and Too Early: the only 4xx besides 429 that ask for a repeat.
MAY_PASS = {408, 425}
SERVER_ERRORS = range(500, 600)
#: So much of a refusal's body goes into the error's message.
TOLD_BYTES = 500


class HttpTarget:
    """`Target` and `Starter` on the web."""

    def __init__(self, web: Web, now: Clock) -> None:
        """`now` reads a `Retry-After` that is a date."""
        self._web = web
        self._now = now

    def call(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta) -> Answer:
        """POST the event and wait, `timeout` at most."""
        reply = self._post(target, event, timeout)
        return self._answer(reply) if isinstance(reply, Reply) else _unanswered(reply)

    def start(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta, name: str) -> Starting:
        """POST the event: 202 says that it will call back, another 2xx is the result at once."""
        del name
        reply = self._post(target, event, timeout)
        if isinstance(reply, Reply):
            return Started() if reply.status == ACCEPTED else self._answer(reply)
        return _unanswered(reply)

    def execution(self, target: Mapping[str, Any], name: str) -> None:
        """Nothing that could be looked at."""

    def _post(self, target: Mapping[str, Any], event: Mapping[str, Any], timeout: timedelta) -> Reply | NoReply:
        return self._web.post(
            target["http"]["url"],
            event_json(dict(event)).encode(),
            HEADERS,
            timeout=timeout,
            answer_limit=RESULT_LIMIT,
        )

    def _answer(self, reply: Reply) -> Answer:
        if reply.status // 100 == 2:  # noqa: PLR2004 - 2xx
            return too_large(len(reply.body) + 1) if reply.cut else returned(reply.body)
        error = TaskError(f"Http{reply.status}", cut(_message(reply)))
        if reply.status in THROTTLES:
            return Throttled(error, requested_pause(reply.retry_after, self._now()))
        return Raised(error, permanent=not (reply.status in MAY_PASS or reply.status in SERVER_ERRORS))


def _unanswered(missing: NoReply) -> Answer:
    error = TaskError(missing.reason.value, cut(missing.message))
    if missing.reason is NoReplyReason.TIMEOUT:
        return Unknown(error)
    return Raised(error, permanent=missing.reason is NoReplyReason.FORBIDDEN)


def _message(reply: Reply) -> str:
    told = reply.body[:TOLD_BYTES].decode("utf-8", "replace").strip()
    return f"the endpoint answered {reply.status}" + (f": {told}" if told else "")
