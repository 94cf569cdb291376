"""What is seen while the demo runs: a live table on a terminal, a line every few seconds elsewhere."""

import time
from collections.abc import Mapping, Sequence
from typing import Protocol, Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from fairlane_cli.demo.ledger import Row, quantile
from fairlane_cli.demo.results import Depth

PLAIN_INTERVAL_S = 2.0
_OVERALL_BAR_WIDTH = 36


class Screen(Protocol):
    """Shows how the work stands, as often as it is told."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *raised: object) -> None: ...

    def show(self, rows: Sequence[Row], depths: Mapping[str, Depth], *, last: bool = False) -> None:
        """`last`: in any case, as it is the last."""


def screen_for(console: Console, does: Mapping[str, str]) -> Screen:
    return LiveScreen(console, does) if console.is_terminal else PlainScreen(console)


class LiveScreen:
    """A table that changes in place."""

    def __init__(self, console: Console, does: Mapping[str, str]) -> None:
        """`does` says of each tenant what it does."""
        self._does = does
        self._live = Live(console=console, auto_refresh=False)
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._live.__exit__(None, None, None)

    def show(self, rows: Sequence[Row], depths: Mapping[str, Depth], *, last: bool = False) -> None:  # noqa: ARG002
        seconds = time.monotonic() - self._started
        self._live.update(live_view(rows, depths, self._does, seconds), refresh=True)


class PlainScreen:
    """For logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = self._shown = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def show(self, rows: Sequence[Row], depths: Mapping[str, Depth], *, last: bool = False) -> None:
        now = time.monotonic()
        if last or now - self._shown >= PLAIN_INTERVAL_S:
            self._shown = now
            self._console.print(plain_view(rows, depths, now - self._started), soft_wrap=True)


def live_view(
    rows: Sequence[Row], depths: Mapping[str, Depth], does: Mapping[str, str], seconds: float
) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("\ntenant", no_wrap=True)
    for title in ("tasks", "queued", "running", "done", "failed", "retried"):
        table.add_column(f"\n{title}", justify="right", no_wrap=True)
    table.add_column("wait:\nmedian", justify="right", no_wrap=True)
    table.add_column("\np95", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, ratio=1)
    for row in rows:
        depth = depths.get(row.tenant, Depth())
        table.add_row(
            Text(row.tenant, style="bold"),
            str(row.accepted),
            _figure(depth.queued, "blue"),
            _figure(depth.running, "cyan"),
            _figure(row.succeeded, "green"),
            _figure(row.failed, "red"),
            _figure(row.retried, "yellow"),
            seconds_text(row.wait_s(0.5)),
            seconds_text(row.wait_s(0.95)),
            ProgressBar(total=row.planned, completed=row.ended),
        )
    what = Table.grid(padding=(0, 1))
    for row in rows:
        what.add_row(Text(row.tenant, style="bold"), Text(does.get(row.tenant, ""), style="dim"))
    return Group(what, table, _overall(rows, seconds))


def _overall(rows: Sequence[Row], seconds: float) -> RenderableType:
    planned, ended = sum(row.planned for row in rows), sum(row.ended for row in rows)
    line = Table.grid(padding=(0, 2))
    line.add_row(
        Text("results received", style="bold"),
        ProgressBar(total=planned, completed=ended, width=_OVERALL_BAR_WIDTH),
        f"{ended} of {planned}",
        f"{seconds:.0f} s",
    )
    return line


def plain_view(rows: Sequence[Row], depths: Mapping[str, Depth], seconds: float) -> str:
    parts = []
    for row in rows:
        depth = depths.get(row.tenant, Depth())
        parts.append(
            f"{row.tenant}: {row.accepted} tasks, {depth.queued} queued, {depth.running} running, "
            f"{row.succeeded} done, {row.failed} failed, wait {seconds_text(row.wait_s(0.5))}"
        )
    return f"{seconds:5.1f} s  " + " | ".join(parts)


def _figure(number: int, style: str) -> Text:
    return Text(str(number), style=style if number else "dim")


def seconds_text(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def overall_wait_s(rows: Sequence[Row], share: float) -> float | None:
    return quantile(sorted(wait for row in rows for wait in row.waits_s), share)
