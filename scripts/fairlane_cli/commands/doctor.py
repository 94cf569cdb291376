"""`fairlane doctor`: what is wrong with a tenant, and what helps."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer
from rich.text import Text

from fairlane_cli.command import command
from fairlane_cli.doctor import delivering, lanes, limits, work
from fairlane_cli.doctor.chart import Chart, take_chart
from fairlane_cli.doctor.findings import Finding, Level, is_healthy, many, sorted_by_level
from fairlane_cli.failures import CliError, ExitCode
from fairlane_cli.output import Output, plain
from fairlane_cli.session import Access, Session

_STYLES = {Level.PROBLEM: "bold red", Level.WARNING: "yellow", Level.NOTE: "dim"}
_APART_S = 5.0

Tenant = Annotated[
    str | None, typer.Argument(metavar="TENANT", help="Whose saved key to use. Default: as for other commands.")
]
Apart = Annotated[
    float, typer.Option("--look-for", metavar="S", min=1, help="Seconds between the two looks at lanes: shows trends.")
]


def add_command(app: typer.Typer) -> None:
    command(app, "doctor", Access.TENANT)(doctor)


def doctor(session: Session, whose: Tenant = None, *, look_for: Apart = _APART_S) -> None:
    """Find what is wrong with a tenant: lanes, limits, functions, results. With what helps.

    Exit code 0 when it is healthy, 6 when something needs somebody. Changes nothing. The key needs the scopes read and
    manage.
    """
    if whose:
        _choose(session, whose)
    session.output.note(f"looking at the lanes for {look_for:g} s ...")
    wiring = session.wiring
    chart = take_chart(session.client, wiring.now, wiring.sleep, look_for)
    found = diagnose(chart)
    if session.output.as_json:
        session.output.json(_document(chart, found))
    else:
        _print(session.output, chart, found)
    if not is_healthy(found):
        raise typer.Exit(ExitCode.UNSUCCESSFUL)


def diagnose(chart: Chart) -> list[Finding]:
    """Everything that there is to say, the worst first."""
    parts = (lanes.examine, limits.examine, work.examine, delivering.examine)
    return sorted_by_level([finding for examine in parts for finding in examine(chart)])


def _choose(session: Session, tenant: str) -> None:
    if session.chosen.tenant not in (None, tenant):
        raise CliError("TENANT and --tenant name two tenants: give one of them.")
    session.chosen = replace(session.chosen, tenant=tenant)


def _document(chart: Chart, found: Sequence[Finding]) -> dict[str, object]:
    return {
        "healthy": is_healthy(list(found)),
        "findings": [finding.document() for finding in found],
        "looked_at": {
            "lanes": len(chart.lanes),
            "functions": len(chart.functions),
            "tasks": len(chart.tasks),
            "subscriptions": len(chart.subscriptions),
        },
        "checked_at": chart.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _print(output: Output, chart: Chart, found: Sequence[Finding]) -> None:
    looked = ", ".join(
        many(count, word)
        for count, word in (
            (len(chart.lanes), "lane"),
            (len(chart.functions), "function"),
            (len(chart.tasks), "recent task"),
            (len(chart.subscriptions), "subscription"),
        )
    )
    healthy = is_healthy(list(found))
    head = Text("healthy", style="bold green") if healthy else Text("not healthy", style="bold red")
    output.console.print(head.append(f"  ({looked})", style="not bold dim"))
    for finding in found:
        line = Text(f"{finding.level.value:<8}", style=_STYLES[finding.level])
        line.append(f"{plain(finding.about)}: {plain(finding.what)}", style="not bold not dim")
        if finding.since:
            line.append(f", since {plain(finding.since)}", style="dim")
        output.console.print(line, soft_wrap=True)
        if finding.remedy:
            output.console.print(
                Text("        -> ", style="green").append(plain(finding.remedy), style="not dim"), soft_wrap=True
            )
