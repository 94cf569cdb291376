"""From HTTP requests to use cases and back: one entry for each action of `routes.ROUTES`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from controller.deliveries import Deliveries
from controller.functions import Functions
from controller.keys import Keys
from controller.lanes import Lanes
from controller.subscriptions import Subscriptions
from controller.tenants import Tenants
from fairlane.domain.names import check_name, check_task_type
from fairlane.http import Action, Answer, Request


class _OfTenant(Protocol):
    """Functions, lanes and subscriptions are served alike."""

    def put(self, tenant: str, name: str, body: Mapping[str, Any], /) -> tuple[int, dict[str, Any]]: ...
    def get(self, tenant: str, name: str, /) -> dict[str, Any]: ...
    def page(self, tenant: str, parameters: Mapping[str, str], /) -> dict[str, Any]: ...
    def delete(self, tenant: str, name: str, /) -> tuple[int, dict[str, Any] | None] | None: ...


class _Pausable(Protocol):
    def pause(self, tenant: str, name: str, /, *, paused: bool) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Actions:
    """The controller's actions."""

    tenants: Tenants
    keys: Keys
    functions: Functions
    lanes: Lanes
    subscriptions: Subscriptions
    deliveries: Deliveries

    def table(self) -> Mapping[str, Action]:
        """By the names of the routes."""
        return {
            "list_tenants": lambda request: Answer(200, self.tenants.page(request.query)),
            "put_tenant": lambda request: Answer(*self.tenants.put(_tenant(request), request.json_object())),
            "get_tenant": lambda request: Answer(200, self.tenants.get(_tenant(request))),
            "delete_tenant": lambda request: Answer(202, self.tenants.delete(_tenant(request))),
            "pause_tenant": lambda request: Answer(200, self.tenants.pause(_tenant(request), paused=True)),
            "resume_tenant": lambda request: Answer(200, self.tenants.pause(_tenant(request), paused=False)),
            "list_keys": lambda request: Answer(200, self.keys.page(_tenant(request), request.query)),
            "create_key": lambda request: Answer(201, self.keys.create(_tenant(request), request.json_object())),
            "delete_key": self.delete_key,
            **_of_tenant("function", self.functions, _task_type),
            **_pausable("function", self.functions, _task_type),
            **_of_tenant("lane", self.lanes, _lane),
            **_pausable("lane", self.lanes, _lane),
            **_of_tenant("subscription", self.subscriptions, _subscription),
            **{
                f"{verb}_subscription": _on_subscription(act)
                for verb, act in (
                    ("test", self.subscriptions.test),
                    ("rotate", self.subscriptions.rotate),
                    ("resume", self.subscriptions.resume),
                )
            },
            "list_deliveries": lambda r: Answer(200, self.deliveries.page(r.caller.tenant, r.query)),
            "redrive_deliveries": lambda r: Answer(202, self.deliveries.redrive(r.caller.tenant, r.json_object())),
        }

    def delete_key(self, request: Request) -> Answer:
        """DELETE /v1/tenants/{tenant}/keys/{keyid}."""
        self.keys.delete(_tenant(request), request.params["keyid"][:64])
        return Answer(204)


def _tenant(request: Request) -> str:
    return check_name(request.params["tenant"], "tenant")


def _subscription(request: Request) -> str:
    return check_name(request.params["name"], "name")


def _on_subscription(act: Callable[[str, str], dict[str, Any]]) -> Action:
    return lambda request: Answer(200, act(request.caller.tenant, _subscription(request)))


def _task_type(request: Request) -> str:
    return check_task_type(request.params["type"])


def _lane(request: Request) -> str:
    return check_name(request.params["lane"], "lane")


def _of_tenant(kind: str, use_case: _OfTenant, name: Callable[[Request], str]) -> dict[str, Action]:
    def put(request: Request) -> Answer:
        return Answer(*use_case.put(request.caller.tenant, name(request), request.json_object()))

    def get(request: Request) -> Answer:
        return Answer(200, use_case.get(request.caller.tenant, name(request)))

    def page(request: Request) -> Answer:
        return Answer(200, use_case.page(request.caller.tenant, request.query))

    def delete(request: Request) -> Answer:
        return Answer(*(use_case.delete(request.caller.tenant, name(request)) or (204,)))

    return {f"put_{kind}": put, f"get_{kind}": get, f"list_{kind}s": page, f"delete_{kind}": delete}


def _pausable(kind: str, use_case: _Pausable, name: Callable[[Request], str]) -> dict[str, Action]:
    def pause(request: Request) -> Answer:
        return Answer(200, use_case.pause(request.caller.tenant, name(request), paused=True))

    def resume(request: Request) -> Answer:
        return Answer(200, use_case.pause(request.caller.tenant, name(request), paused=False))

    return {f"pause_{kind}": pause, f"resume_{kind}": resume}
