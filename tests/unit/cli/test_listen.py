"""`fairlane listen`: subscribes itself, believes what is signed, and leaves nothing behind."""

import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from fairlane.domain.signing import new_secret, signed_headers
from tests.unit.cli.running import NOW, Cli, ok, problem

SECRET = new_secret()
SUBSCRIPTION = {"name": "mine", "status": "active", "secret": SECRET}


def a_result(event_id: str = "e-1", status: str = "succeeded", **more: Any) -> dict[str, Any]:
    task = {"id": "t_1", "status": status, "result": {"n": 1}, "error": None}
    event = {"id": event_id, "type": f"fairlane.task.{status}", "time": "2026-11-23T20:00:00.000Z", "subject": "t_1"}
    return {**event, "tasktype": "resize", "data": {"task": task}, **more}


class Service:
    """Answers the command, and posts to the URL that it subscribes, as the deliverer would."""

    def __init__(self, cli: Cli) -> None:
        self.cli = cli
        self.statuses: list[int] = []
        self.posts: Callable[[str], None] = lambda _: None
        self.threads: list[threading.Thread] = []
        cli.with_local_stack()
        cli.with_saved_keys("acme")
        cli.on("GET /subscriptions/mine", problem(404, "not-found", "no"))
        cli.on("PUT /subscriptions/mine", self._put)
        cli.on("DELETE /subscriptions/mine", ok({}, 204))

    def post(self, url: str, body: bytes, **headers: str) -> None:
        answer = httpx.post(url, content=body, headers=headers, trust_env=False, timeout=10)
        self.statuses.append(answer.status_code)

    def deliver(self, url: str, event: dict[str, Any], secret: str = SECRET) -> None:
        body = json.dumps(event).encode()
        self.post(url, body, **signed_headers([secret], event["id"], NOW, body))

    def _put(self, request: httpx.Request) -> httpx.Response:
        url = json.loads(request.content)["target"]["webhook"]["url"]
        thread = threading.Thread(target=self._post_soon, args=(url,))
        thread.start()
        self.threads.append(thread)
        return ok(SUBSCRIPTION, 201)

    def _post_soon(self, url: str) -> None:
        while True:  # the command takes webhooks once it has the answer to its PUT
            self.post(url, b"{}")
            if self.statuses.pop() != 503:
                break
        self.posts(url)

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {request.url.path.partition('/v1')[2]}" for request in self.cli.requests]


@pytest.fixture
def service(cli: Cli) -> Iterator[Service]:
    service = Service(cli)
    yield service
    for thread in service.threads:
        thread.join()


def test_results_are_printed_as_they_come_and_the_subscription_goes(service: Service) -> None:
    def posts(url: str) -> None:
        service.deliver(url, a_result("1"))
        service.deliver(url, a_result("1"))
        service.deliver(url, a_result("2", "failed"))

    service.posts = posts
    ran = service.cli.run("listen", "--name", "mine", "--count", "2", "--json")
    assert ran.code == 0, ran
    assert [line["id"] for line in ran.lines] == ["1", "1", "2"]
    assert service.statuses == [204, 204, 204]
    assert service.asked == ["GET /subscriptions/mine", "PUT /subscriptions/mine", "DELETE /subscriptions/mine"]


def test_lines_into_a_pipe_have_tabs_and_a_repeat_is_marked(service: Service) -> None:
    def posts(url: str) -> None:
        service.deliver(url, a_result("1"))
        service.deliver(url, a_result("1"))
        service.deliver(url, a_result("2", test=True))

    service.posts = posts
    ran = service.cli.run("listen", "--name", "mine", "-n", "2")
    rows = [line.split("\t") for line in ran.stdout.splitlines()]
    assert [row[1:4] for row in rows] == [["succeeded", "resize", "t_1"]] * 3
    assert [row[-1] for row in rows] == ["", "again", "test"]


def test_what_is_not_signed_with_the_secret_is_refused_and_told(service: Service) -> None:
    def posts(url: str) -> None:
        service.deliver(url, a_result("forged"), secret=new_secret())
        service.deliver(url, a_result("1"))

    service.posts = posts
    ran = service.cli.run("listen", "--name", "mine", "-n", "1")
    assert service.statuses == [400, 204]
    assert "forged" not in ran.stdout
    assert "no signature fits" in ran.stderr


def test_filters_become_the_pattern(service: Service) -> None:
    service.posts = lambda url: service.deliver(url, a_result())
    service.cli.run("listen", "--name", "mine", "-n", "1", "--on", "failed", "--type", "resize")
    [body] = service.cli.bodies()
    assert body["pattern"] == {"detail-type": ["fairlane.task.failed"], "detail": {"tasktype": ["resize"]}}


def test_a_signal_ends_it_well(service: Service) -> None:
    service.posts = lambda _: os.kill(os.getpid(), signal.SIGTERM)
    ran = service.cli.run("listen", "--name", "mine")
    assert ran.code == 0
    assert service.asked[-1] == "DELETE /subscriptions/mine"


def test_it_takes_no_subscription_that_is_there(service: Service) -> None:
    service.cli.on("GET /subscriptions/mine", ok(SUBSCRIPTION))
    ran = service.cli.run("listen", "--name", "mine")
    assert ran.code == 2
    assert service.asked == ["GET /subscriptions/mine"]


def test_what_a_refused_put_may_have_left_is_removed(service: Service) -> None:
    service.cli.on("PUT /subscriptions/mine", problem(422, "refused", "no"))
    assert service.cli.run("listen", "--name", "mine").code == 1
    assert service.asked[-1] == "DELETE /subscriptions/mine"


def test_elsewhere_it_needs_a_url(cli: Cli) -> None:
    cli.with_tenant()
    ran = cli.run("listen")
    assert ran.code == 2
    assert "tunnel" in ran.stderr
    assert cli.requests == []


def test_a_port_that_is_taken_is_told(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = service.cli.run("listen", "--port", str(taken.getsockname()[1]))
    assert ran.code == 2
    assert "cannot be listened to" in ran.stderr
