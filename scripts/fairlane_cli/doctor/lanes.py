"""Lanes: paused, stuck, on their way, or with a backlog that grows or shrinks."""

from collections.abc import Iterator, Mapping
from typing import Any

from fairlane_cli.doctor.chart import Chart, LaneLooks
from fairlane_cli.doctor.findings import Finding, Level, many, span
from fairlane_client.models import Explanation, Lane

#: Fewer waiting messages are no backlog.
BACKLOG = 10
#: A backlog that takes longer than this is worth a warning.
LONG_DRAIN_S = 3_600


def examine(chart: Chart) -> Iterator[Finding]:
    """All lanes."""
    for name, looks in chart.lanes.items():
        if looks.then["status"] != "active":
            yield from _not_active(name, looks.then)
        elif looks.stands_still:
            yield _still(name, looks.then, chart)
        else:
            yield from _backlog(name, looks, chart.apart_s)


def _not_active(name: str, lane: Mapping[str, Any]) -> Iterator[Finding]:
    waiting = f"; {many(lane['depth'], 'message')} wait in it" if lane["depth"] else ""
    match lane["status"]:
        case "paused":
            by_tenant = lane.get("paused_by") == "tenant"
            what = "the tenant is paused" if by_tenant else "it is paused"
            remedy = "the platform: fairlane tenants resume TENANT" if by_tenant else f"fairlane lanes resume {name}"
            yield Finding(Level.WARNING, _lane(name), f"{what}{waiting}", remedy, lane.get("paused_at"))
        case "provisioning":
            remedy = f"fairlane lanes show {name}: it takes up to two minutes. If it stays so, tell the platform's team"
            yield Finding(Level.WARNING, _lane(name), f"it is being provisioned: nothing runs yet{waiting}", remedy)
        case "draining":
            yield Finding(Level.NOTE, _lane(name), f"it is being deleted and takes no new tasks{waiting}")
        case other:
            yield Finding(Level.WARNING, _lane(name), f"its status is {other}{waiting}")


def _still(name: str, lane: Lane, chart: Chart) -> Finding:
    """Nothing moved: because nothing could, or because nothing had to."""
    still = f"{many(lane['depth'], 'message')} wait, and none was started within {chart.apart_s:.0f} s"
    if name not in chart.waiting:
        return Finding(Level.WARNING, _lane(name), still, f"fairlane tasks list --lane {name} --status queued")
    explanation = chart.waiting[name]
    if explanation is None:
        return Finding(Level.NOTE, _lane(name), f"{still}: no task of it is queued, they are not due yet")
    what = f"{still}. Task {explanation['id']}: {explanation['summary']}"
    return Finding(Level.PROBLEM, _lane(name), what, _remedy(explanation))


def _remedy(explanation: Explanation) -> str:
    remedies = [wait["remedy"] for wait in explanation["waits_for"] if wait["remedy"] and wait["kind"] != "queue"]
    if remedies:
        return remedies[0]
    return "the platform's team looks whether the lane's event source mapping is enabled, and at the dispatcher"


def _backlog(name: str, looks: LaneLooks, apart_s: float) -> Iterator[Finding]:
    depth = looks.then["depth"]
    if depth < BACKLOG or apart_s <= 0:
        return
    growth = (depth - looks.first["depth"]) / apart_s
    if growth > 0:
        what = f"{depth} messages wait, {growth:.1f} a second more than start: at this pace it never drains"
        remedy = (
            f"raise its concurrency or rate (fairlane lanes put {name}), or submit less; fairlane usage says what binds"
        )
        yield Finding(Level.WARNING, _lane(name), what, remedy)
    elif growth < 0:
        drain_s = depth / -growth
        level = Level.WARNING if drain_s > LONG_DRAIN_S else Level.NOTE
        what = f"{depth} messages wait, {-growth:.1f} a second fewer: empty in about {span(drain_s)} at this pace"
        yield Finding(level, _lane(name), what)
    else:
        yield Finding(
            Level.NOTE, _lane(name), f"{depth} messages wait, neither more nor fewer than {apart_s:.0f} s ago"
        )


def _lane(name: str) -> str:
    return f"lane {name}"
