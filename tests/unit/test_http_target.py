"""What the answers of an HTTP endpoint mean."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from fairlane.answers import RESULT_LIMIT
from fairlane.domain.task import TaskError
from fairlane.http_target import HttpTarget
from fairlane.ports.targets import Answer, Raised, Returned, Throttled, Unknown
from fairlane.ports.web import NoReply, NoReplyReason, Reply
from fairlane.target_kinds import TargetByKind
from tests.unit.domain.building import NOW

URL = "https://example.com/hook"


@dataclass
class OneReply:
    """`Web` that always answers the same."""

    reply: Reply | NoReply
    posts: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout: timedelta, answer_limit: int
    ) -> Reply | NoReply:
        assert (timeout, answer_limit) == (timedelta(seconds=3), RESULT_LIMIT)
        self.posts.append((url, body, headers))
        return self.reply


def answer_to(reply: Reply | NoReply) -> Answer:
    return HttpTarget(OneReply(reply), lambda: NOW).call(
        {"http": {"url": URL}}, {"id": "1"}, timeout=timedelta(seconds=3)
    )


def test_the_structured_event_is_posted() -> None:
    web = OneReply(Reply(200, b""))
    event = {"specversion": "1.0", "id": "1", "taskid": "t_1", "attempt": 2, "deadline": "later", "data": {"n": "ä"}}
    HttpTarget(web, lambda: NOW).call({"http": {"url": URL}}, event, timeout=timedelta(seconds=3))

    ((url, body, headers),) = web.posts
    assert (url, json.loads(body)) == (URL, event)
    assert headers["Content-Type"].startswith("application/cloudevents+json")


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_any_2xx_with_json_is_the_result(status: int) -> None:
    assert answer_to(Reply(status, b' {"n": 1} ')) == Returned('{"n":1}')


@pytest.mark.parametrize("status", [200, 204])
def test_nothing_is_null(status: int) -> None:
    assert answer_to(Reply(status, b"")) == Returned("null")


@pytest.mark.parametrize("body", [b"<html>", b"NaN", b"\xff", b"{"])
def test_a_2xx_that_is_no_json_is_an_invalid_result_and_tried_again(body: bytes) -> None:
    answer = answer_to(Reply(200, body))

    assert isinstance(answer, Raised)
    assert (answer.error.type, answer.permanent) == ("InvalidResult", False)


def test_a_result_that_is_too_large_is_the_end() -> None:
    answer = answer_to(Reply(200, b"1" * RESULT_LIMIT, cut=True))

    assert isinstance(answer, Raised)
    assert (answer.error.type, answer.permanent) == ("ResultTooLarge", True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("retry_after", "seconds"), [(None, 0), ("7", 7), ("never", 0)])
def test_429_and_503_say_no_capacity_and_for_how_long(status: int, retry_after: str | None, seconds: int) -> None:
    answer = answer_to(Reply(status, b"busy", retry_after))

    assert answer == Throttled(
        TaskError(f"Http{status}", f"the endpoint answered {status}: busy"), timedelta(seconds=seconds)
    )


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        *((301, True), (302, True), (307, True), (308, True), (103, True)),
        *((400, True), (401, True), (403, True), (404, True), (409, True), (410, True), (413, True), (422, True)),
        *((408, False), (425, False), (500, False), (501, False), (502, False), (504, False), (599, False)),
    ],
)
def test_what_may_pass_is_tried_again_and_the_rest_is_the_end(status: int, permanent: bool) -> None:
    answer = answer_to(Reply(status, b"no\xff" * 1000))

    assert isinstance(answer, Raised)
    assert (answer.error.type, answer.permanent) == (f"Http{status}", permanent)
    assert len(answer.error.message) < 700


@pytest.mark.parametrize(
    ("reason", "permanent"),
    [(NoReplyReason.FORBIDDEN, True), (NoReplyReason.UNREACHABLE, False), (NoReplyReason.BROKEN, False)],
)
def test_no_answer_that_is_certain_is_an_error(reason: NoReplyReason, permanent: bool) -> None:
    answer = answer_to(NoReply(reason, "why"))

    assert answer == Raised(TaskError(reason.value, "why"), permanent=permanent)


def test_no_answer_in_time_leaves_it_open() -> None:
    assert answer_to(NoReply(NoReplyReason.TIMEOUT, "timed out")) == Unknown(TaskError("Timeout", "timed out"))


def test_the_kind_of_a_target_says_who_calls_it() -> None:
    class Echo:
        def call(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta) -> Answer:  # noqa: ARG002
            return Returned(json.dumps(target))

    targets = TargetByKind({"http": Echo})
    told = targets.call({"http": {}, "per_tenant": False}, {}, timeout=timedelta(1))
    unknown = targets.call({"fax": "1"}, {}, timeout=timedelta(1))

    assert told == Returned('{"http": {}, "per_tenant": false}')
    assert isinstance(unknown, Raised)
    assert (unknown.error.type, unknown.permanent) == ("UnknownTarget", False)
