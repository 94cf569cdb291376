"""Builders for the doctor's tests: a healthy tenant, and what a test changes of it."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from fairlane_cli.commands.doctor import diagnose
from fairlane_cli.doctor.chart import Chart, LaneLooks
from fairlane_cli.doctor.findings import Finding
from fairlane_client.models import Explanation, FailedDelivery, Function, Lane, Subscription, Task, Usage
from tests.unit.cli.running import NOW, a_task

NOTHING_USED: Mapping[str, Any] = {"limit": None, "used": None}


def a_lane(name: str = "default", **fields: Any) -> Lane:
    lane = {"lane": name, "status": "active", "depth": 0, "running": 0, "oldest_age": 0, "not_enforced": []}
    return cast("Lane", {**lane, **fields})


def looks(first: Mapping[str, Any], then: Mapping[str, Any] | None = None) -> LaneLooks:
    return LaneLooks(a_lane(**first), a_lane(**(first if then is None else then)))


def a_usage(**usage: Any) -> Usage:
    nothing = {"submit": {"rate": None, "burst": None, "available": None}, "backlog": NOTHING_USED}
    empty = {**nothing, "concurrency": NOTHING_USED, "lanes": {}, "functions": {}}
    return cast("Usage", {"at": "", "limits": {}, "usage": {**empty, **usage}})


def used(limit: int, count: int) -> dict[str, Any]:
    return {"limit": limit, "used": count}


def lane_usage(limit: int, count: int) -> dict[str, Any]:
    return {"concurrency": used(limit, count), "share": None, "rate": None, "burst": None}


def a_function(task_type: str = "resize", **fields: Any) -> Function:
    return cast("Function", {"type": task_type, "concurrency": None, **fields})


def a_subscription(name: str = "all", **fields: Any) -> Subscription:
    return cast("Subscription", {"name": name, "status": "active", "reason": None, **fields})


def a_delivery(subscription: str = "all", **fields: Any) -> FailedDelivery:
    delivery = {"id": "d", "subscription": subscription, "error": "410 Gone", "failed_at": "2026-11-23T19:00:00.000Z"}
    return cast("FailedDelivery", {**delivery, **fields})


def tasks(count: int, status: str = "succeeded", **fields: Any) -> list[Task]:
    return [cast("Task", a_task(f"t_{status}{n}", status, **fields)) for n in range(count)]


def an_explanation(*waits: tuple[str, str | None]) -> Explanation:
    found = {"id": "t_9", "summary": "Queued for 9 min: no reason."}
    return cast("Explanation", {**found, "waits_for": [{"kind": kind, "remedy": remedy} for kind, remedy in waits]})


def a_chart(**fields: Any) -> Chart:
    healthy: dict[str, Any] = {
        "at": NOW,
        "apart_s": 5.0,
        "lanes": {"default": looks({})},
        "functions": [a_function()],
        "usage": a_usage(),
        "tasks": tasks(3),
        "subscriptions": [a_subscription()],
        "failed_deliveries": [],
        "waiting": {},
    }
    return Chart(**{**healthy, **fields})


def found(**fields: Any) -> Sequence[Finding]:
    return diagnose(a_chart(**fields))


def the_finding(**fields: Any) -> Finding:
    """The only one."""
    (finding,) = found(**fields)
    return finding
