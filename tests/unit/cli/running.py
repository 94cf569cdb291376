"""Runs the command line in an empty folder against a service that answers as each test says."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner

from fairlane_cli.main import app
from fairlane_cli.session import Wiring

LOCAL_API = "http://127.0.0.1:4566/_aws/execute-api/abc/api"
OTHER_API = "https://api.example/stage"
ADMIN_KEY = "fl_adminadminadmina_" + "a" * 43
TENANT_KEY = "fl_tenanttenanttena_" + "t" * 43
NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)

Answer = httpx.Response | Callable[[httpx.Request], httpx.Response]


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.stdout.splitlines()]


@dataclass
class Cli:
    """One folder, one environment, one service. `on` says what the service answers."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    on_a_terminal: bool = False
    width: int = 200

    def on(self, request: str, *answers: Answer) -> None:
        """`request` is like `GET /tasks`. Answers are given one after the other, the last for ever."""
        self.answers[request] = list(answers)

    def run(self, *arguments: str, stdin: str | bytes | None = None) -> Ran:
        wiring = Wiring(
            environment=self.environment,
            cwd=lambda: self.folder,
            transport=httpx.MockTransport(self._answer),
            sleep=self.pauses.append,
            now=lambda: NOW,
        )
        looks: dict[str, str | None] = {
            "FORCE_COLOR": None,
            "NO_COLOR": "1",
            "COLUMNS": str(self.width),
            "TERM": "xterm",
        }
        looks["TTY_COMPATIBLE"] = "1" if self.on_a_terminal else "0"
        ran = CliRunner().invoke(app, list(arguments), input=stdin, env=looks, obj=wiring)
        if ran.exception and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return Ran(ran.exit_code, ran.stdout, ran.stderr)

    def with_local_stack(self) -> None:
        """As after `fairlane up`."""
        functions = {"echo": "fairlane-target-echo", "sleep": "fairlane-target-sleep"}
        document = {"api_url": LOCAL_API, "admin_key": ADMIN_KEY, "functions": functions}
        self.write(".fairlane/local.json", document)

    def with_saved_keys(self, *tenants: str, api: str = LOCAL_API) -> None:
        keys = {tenant: {"keyid": f"keyof{tenant}", "key": f"fl_{tenant}_secret"} for tenant in tenants}
        self.write(".fairlane/keys.json", {api: keys})

    def with_tenant(self) -> None:
        """As a tenant's client elsewhere is set up."""
        self.environment |= {"FAIRLANE_API": OTHER_API, "FAIRLANE_KEY": TENANT_KEY}

    def write(self, name: str, document: object) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return file

    def saved(self) -> Any:
        return json.loads((self.folder / ".fairlane/keys.json").read_text(encoding="utf-8"))

    @property
    def keys_used(self) -> list[str]:
        return [request.headers["authorization"].removeprefix("Bearer ") for request in self.requests]

    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests if request.content]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answers = self.answers[f"{request.method} {request.url.path.partition('/v1')[2]}"]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return answer(request)


def ok(document: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=document)


def page(*items: object, cursor: str | None = None) -> httpx.Response:
    return ok({"items": items, "cursor": cursor})


def problem(status: int, kind: str, detail: str, **more: object) -> httpx.Response:
    document = {"type": f"urn:fairlane:problem:{kind}", "title": kind, "status": status, "detail": detail, **more}
    return httpx.Response(status, json=document)


def a_task(task_id: str = "t_1", status: str = "succeeded", **more: object) -> dict[str, Any]:
    started = None if status in {"queued", "scheduled"} else "2026-11-23T19:59:01.000Z"
    ended = "2026-11-23T19:59:03.500Z" if status in {"succeeded", "failed"} else None
    task: Mapping[str, object] = {
        "id": task_id,
        "type": "resize",
        "source": "/tests",
        "event_id": "e1",
        "lane": "default",
        "status": status,
        "attempt": 1,
        "max_attempts": 3,
        "created_at": "2026-11-23T19:59:00.000Z",
        "started_at": started,
        "ended_at": ended,
        "result": {"n": 1} if status == "succeeded" else None,
        "error": {"type": "ValueError", "message": "too small"} if status == "failed" else None,
        "timeline": [{"at": "2026-11-23T19:59:00.000Z", "status": status, "attempt": 1, "detail": ""}],
    }
    return {**task, **more}


def a_tenant(name: str = "acme", status: str = "active") -> dict[str, Any]:
    return {
        "tenant": name,
        "isolation": "dedicated",
        "limits": {},
        "targets": ["*"],
        "retention_days": 30,
        "status": status,
        "created_at": "2026-11-23T19:59:00.000Z",
        "updated_at": "2026-11-23T19:59:00.000Z",
    }


def a_new_key(keyid: str = "abcdefghijklmnop") -> dict[str, Any]:
    return {
        "keyid": keyid,
        "key": f"fl_{keyid}_secret",
        "scopes": ["submit", "read", "manage"],
        "label": None,
        "created_at": "2026-11-23T19:59:00.000Z",
        "expires_at": None,
    }
