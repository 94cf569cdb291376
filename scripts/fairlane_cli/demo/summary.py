"""The figures at the end: tasks, waits, checks, AWS requests, and what a million such tasks cost."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from fairlane_cli.demo.checks import Check
from fairlane_cli.demo.ledger import Row
from fairlane_cli.demo.metering import Usage
from fairlane_cli.demo.prices import Billed, bill, total_usd
from fairlane_cli.demo.screen import overall_wait_s, seconds_text

HOW_COUNTED = """\
Counted from the first submission to the last result: requests by the emulator's request log (MiniStack's CloudTrail), \
runs and GB-seconds by the REPORT lines in the functions' logs, DynamoDB units by the size of each item written, \
SQS and EventBridge by 64 KB. For each batch that a queue fed to a function, one receive and one delete are added: \
AWS's pollers make them by requests, the emulator's does not. Not counted: the tenants' own functions, making the \
tenants, idle polling (0.26 USD a month for each queue with a mapping), log storage. GB-seconds are what this machine \
took, cold starts included, with all functions on a few cores: AWS is quicker."""


def show_checks(console: Console, checks: Sequence[Check]) -> None:
    for check in checks:
        mark = Text("  \u2713 ", style="green") if check.kept else Text("  \u2717 ", style="bold red")
        console.print(mark.append(check.what, style="default"))
        if not check.kept:
            console.print(Text(f"    but: {check.found}", style="red"))


def totals(rows: Sequence[Row], work_s: float) -> RenderableType:
    """Tasks and waits, a line for each tenant and one for all."""
    table = _table("tasks", "tenant", "sent", "succeeded", "failed", "retried", "wait: median", "p95", "longest")
    for row in rows:
        shares = [seconds_text(row.wait_s(share)) for share in (0.5, 0.95, 1)]
        figures = (row.accepted, row.succeeded, row.failed, row.retried)
        table.add_row(row.tenant, *map(str, figures), *shares)
    sums = [sum(each) for each in zip(*((r.accepted, r.succeeded, r.failed, r.retried) for r in rows), strict=True)]
    shares = [seconds_text(overall_wait_s(rows, share)) for share in (0.5, 0.95, 1)]
    table.add_section()
    table.add_row("all", *map(str, sums), *shares, style="bold")
    note = (
        f"{sums[0]} tasks in {work_s:.1f} s: {sums[0] / work_s:.1f} a second. Wait: from acceptance to the first start."
    )
    return Group(table, Text(note, style="dim"))


def requests_table(usage: Usage, *, tasks: int) -> RenderableType:
    """What was asked of AWS."""
    table = _table("AWS requests", "service", "request", "number", "a task")
    table.columns[1].justify = "left"
    for (service, operation), number in sorted(usage.requests.items()):
        table.add_row(service, operation, str(number), f"{number / tasks:.2f}")
    for function, number in usage.runs.items():
        table.add_row("lambda", f"run of {function}", str(number), f"{number / tasks:.2f}")
    return table


def price_table(usage: Usage, *, tasks: int) -> RenderableType:
    """What a million such tasks cost, by AWS's price list."""
    lines = bill(usage.quantities, tasks=tasks)
    table = _table("price per million tasks like these (us-east-1 list)", "", "a task", "USD a million", "USD")
    time_usd = sum(line.usd for line in lines if line.what is Billed.LAMBDA_GB_SECOND)
    for line in lines:
        table.add_row(line.what.label, f"{line.per_task:.3f}", f"{line.what.usd_per_million:.3f}", f"{line.usd:.2f}")
    table.add_section()
    table.add_row("all requests, units and events", "", "", f"{total_usd(lines) - time_usd:.2f}", style="bold")
    table.add_row("with GB-seconds as they took here", "", "", f"{total_usd(lines):.2f}")
    return Group(table, Text(HOW_COUNTED, style="dim"))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for n, column in enumerate(columns):
        table.add_column(column, justify="left" if n == 0 else "right", no_wrap=True)
    return table


def times(durations: Mapping[str, float]) -> str:
    return ", ".join(f"{what} {seconds:.1f} s" for what, seconds in durations.items())
