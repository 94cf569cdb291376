"""Targets of several kinds on the whole path: the dispatcher with the real ones over a web that tests script."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

import dispatcher.bootstrap
from fairlane.domain.task import TaskError
from fairlane.domain.times import utc_now
from fairlane.http_target import HttpTarget
from fairlane.ports.targets import Throttled
from fairlane.ports.web import NoReply, NoReplyReason, Reply
from fairlane.target_kinds import TargetByKind
from tests.moto.endings import assert_one_end
from tests.moto.tenants import ECHO, Tenant
from tests.moto.world import World

ENDPOINT = {"http": {"url": "https://example.com/hook"}}


@dataclass
class ScriptedWeb:
    """`Web` that answers from a list, then always 200."""

    replies: list[Reply | NoReply] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],  # noqa: ARG002
        *,
        timeout: timedelta,  # noqa: ARG002
        answer_limit: int,  # noqa: ARG002
    ) -> Reply | NoReply:
        assert url == ENDPOINT["http"]["url"]
        self.bodies.append(body)
        return self.replies.pop(0) if self.replies else Reply(200, b'{"ok":true}')


@pytest.fixture
def web(world: World, monkeypatch: pytest.MonkeyPatch) -> ScriptedWeb:
    made = ScriptedWeb()
    target = TargetByKind({"lambda": lambda: world.functions, "http": lambda: HttpTarget(made, utc_now)})
    made_dispatch = dispatcher.bootstrap.dispatch()
    calling = replace(made_dispatch, attempts=replace(made_dispatch.attempts, target=target))
    monkeypatch.setattr(dispatcher.bootstrap, "dispatch", lambda: calling)
    return made


def run_to_the_end(world: World, tenant: Tenant) -> dict[str, object]:
    assert tenant.register("call", target=ENDPOINT, retry={"base": 1, "cap": 1}).status == 201
    task_id = tenant.submit(type="call").body["id"]
    world.settle(step=timedelta(seconds=1))
    task: dict[str, object] = tenant.task(task_id)
    return task


def test_an_endpoint_gets_the_event_and_its_answer_is_the_result(world: World, acme: Tenant, web: ScriptedWeb) -> None:
    task = run_to_the_end(world, acme)

    assert (task["status"], task["result"], task["attempt"]) == ("succeeded", {"ok": True}, 1)
    assert all(name in web.bodies[0] for name in (b'"taskid"', b'"attempt":1', b'"deadline"', b'"tenant":"acme"'))


def test_a_5xx_and_a_reset_are_attempts_and_a_404_is_the_end(world: World, acme: Tenant, web: ScriptedWeb) -> None:
    web.replies = [Reply(500, b""), NoReply(NoReplyReason.BROKEN, "reset"), Reply(404, b"gone")]
    task = run_to_the_end(world, acme)

    assert (task["status"], task["attempt"]) == ("failed", 3)
    assert task["error"] == {"type": "Http404", "message": "the endpoint answered 404: gone"}
    assert len(web.bodies) == 3


def test_a_time_out_keeps_the_task_until_its_lease_ends(world: World, acme: Tenant, web: ScriptedWeb) -> None:
    web.replies = [NoReply(NoReplyReason.TIMEOUT, "timed out")]
    started = utc_now()
    task = run_to_the_end(world, acme)

    assert (task["status"], task["attempt"], len(web.bodies)) == ("succeeded", 2, 2)
    assert utc_now() - started > timedelta(seconds=30)


def test_no_capacity_is_no_attempt_and_the_endpoint_is_left_alone_as_long_as_it_asks(
    world: World, acme: Tenant, web: ScriptedWeb
) -> None:
    web.replies = [Reply(503, b"", "600")]
    started = utc_now()
    task = run_to_the_end(world, acme)

    assert (task["status"], task["attempt"], len(web.bodies)) == ("succeeded", 1, 2)
    assert utc_now() - started >= timedelta(seconds=600)


def test_a_throttle_with_a_pause_holds_for_any_kind(world: World, acme: Tenant) -> None:
    answers = [Throttled(TaskError("Busy", "later"), timedelta(seconds=300))]
    world.functions.scripts[ECHO] = lambda _: answers.pop() if answers else Throttled(TaskError("x", ""))
    task_id = acme.submit().body["id"]
    world.poll("dispatcher")
    world.pass_time(seconds=295)
    assert world.poll("dispatcher") == 0
    world.functions.scripts.clear()
    world.settle()
    assert_one_end(acme, task_id, runs=2)
