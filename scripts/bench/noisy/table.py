"""The results as a table: for the terminal, and as Markdown for docs/benchmarks.md."""

from collections.abc import Callable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from bench.noisy.results import Comparison, ScenarioResult, Verdict
from bench.noisy.scenarios import Condition
from bench.statistics import MEDIAN, P99, percentile

_STYLES = {Verdict.HELD: "green", Verdict.MISSED: "bold red", Verdict.OPEN: "yellow"}


def _interval(comparison: Comparison) -> str:
    return f"{comparison.ratio:.2f} ({comparison.interval.low:.2f} to {comparison.interval.high:.2f})"


def _each(read: Callable[[ScenarioResult, Condition], str]) -> Callable[[ScenarioResult], str]:
    return lambda result: " / ".join(read(result, condition) for condition in Condition)


def _wait(share: float) -> Callable[[ScenarioResult], str]:
    return _each(lambda result, condition: f"{percentile(result.waits(condition), share) * 1000:.0f}")


#: "/" parts the conditions: alone, beside A, A elsewhere.
ROWS: Mapping[str, Callable[[ScenarioResult], str]] = {
    "A floods with": lambda result: result.does,
    "tasks of B to E": _each(lambda result, condition: str(len(result.waits(condition)))),
    "median wait (ms)": _wait(MEDIAN),
    "99 % wait (ms)": _wait(P99),
    "median, beside over alone": lambda result: _interval(result.median),
    "99 %, beside over alone": lambda result: _interval(result.p99),
    "... by round": lambda result: f"{min(result.p99.rounds):.2f} to {max(result.p99.rounds):.2f}",
    "99 %, elsewhere over alone": lambda result: _interval(result.machine_p99),
    "99 %, beside over elsewhere": lambda result: _interval(result.fairlane_p99),
    "99 % of submits (ms)": _each(lambda result, condition: f"{percentile(result.submits(condition), P99) * 1000:.0f}"),
    "machine busy": _each(lambda result, condition: f"{result.load(condition).busy:.0%}"),
    "... with other programs": _each(lambda result, condition: f"{result.load(condition).others:.0%}"),
    "emulator (cores)": _each(lambda result, condition: f"{result.load(condition).emulator:.2f}"),
    "goal": lambda result: f"{result.goal:g}: {result.verdict.value}",
}


def drawn(results: Sequence[ScenarioResult], title: str) -> Table:
    """For a terminal: one column for each scenario, as there are more figures than scenarios."""
    table = Table(title=title, title_justify="left", header_style="bold", pad_edge=False)
    table.add_column("alone / beside A / A elsewhere", style="dim", no_wrap=True)
    for result in results:
        table.add_column(result.flood.value, justify="right", overflow="fold")
    for name, read in ROWS.items():
        styles = [_STYLES[result.verdict] if name == "goal" else "" for result in results]
        table.add_row(name, *(Text(read(result), style) for result, style in zip(results, styles, strict=True)))
    return table


def markdown(results: Sequence[ScenarioResult]) -> str:
    """The same as a Markdown table."""
    lines = [
        "| alone / beside A / A elsewhere | " + " | ".join(result.flood.value for result in results) + " |",
        "| --- |" + " --- |" * len(results),
    ]
    lines += [f"| {name} | " + " | ".join(map(read, results)) + " |" for name, read in ROWS.items()]
    return "\n".join(lines) + "\n"
