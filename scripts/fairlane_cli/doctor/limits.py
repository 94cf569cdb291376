"""Limits that are used up while something waits for them, and back-pressure."""

from collections.abc import Iterator

from fairlane_cli.doctor.chart import Chart
from fairlane_cli.doctor.findings import Finding, Level
from fairlane_client.models import Used

NEARLY = 0.8


def examine(chart: Chart) -> Iterator[Finding]:
    """Of the tenant, its lanes and its functions."""
    usage = chart.usage["usage"]
    some_wait = any(looks.then["depth"] for looks in chart.lanes.values())
    if some_wait and _is_full(usage["concurrency"]):
        yield _full(
            "tenant", usage["concurrency"], "the platform raises it: fairlane tenants put TENANT --concurrency N"
        )
    for name, lane in usage["lanes"].items():
        waiting = chart.lanes[name].then["depth"] if name in chart.lanes else 0
        if waiting and _is_full(lane["concurrency"]):
            yield _full(f"lane {name}", lane["concurrency"], f"fairlane lanes put {name} --concurrency N raises it")
    for name, function in usage["functions"].items():
        if function["pressure"] is not None:
            what = f"its target was overloaded: for now {function['pressure']} at once are tried"
            remedy = "give the target more capacity; it recovers by itself, by one a second"
            yield Finding(Level.WARNING, f"function {name}", what, remedy)
        elif some_wait and _is_full(function["concurrency"]):
            remedy = f"fairlane functions put {name} --concurrency N raises it"
            yield _full(f"function {name}", function["concurrency"], remedy)
    yield from _submitting(chart)


def _submitting(chart: Chart) -> Iterator[Finding]:
    usage = chart.usage["usage"]
    limit, used = usage["backlog"]["limit"], usage["backlog"]["used"]
    if limit and used is not None and used >= NEARLY * limit:
        is_full = used >= limit
        what = f"{used} of {limit} unended tasks" + (": submits are refused (429) until some end" if is_full else "")
        remedy = "see its lanes; the platform may raise limits.backlog"
        yield Finding(Level.PROBLEM if is_full else Level.WARNING, "backlog", what, remedy)
    submit = usage["submit"]
    if submit["available"] is not None and submit["available"] < 1:
        what = f"the submit rate of {submit['rate']:g} a second is used up: submits are refused (429) for a moment"
        yield Finding(Level.WARNING, "submitting", what, "submit in batches and slower, or ask the platform for more")


def _is_full(used: Used) -> bool:
    return used["limit"] is not None and used["used"] is not None and used["used"] >= used["limit"]


def _full(about: str, used: Used, remedy: str) -> Finding:
    return Finding(Level.WARNING, about, f"all {used['limit']} at once are in use, and tasks wait", remedy)
