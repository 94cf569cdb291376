"""The commands of `python -m bench`."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from bench import deliveries as all_deliveries
from bench.full_lane import FullLanePlan, NotFullError, drawn, measure
from bench.noisy import plot, table
from bench.noisy.load import BenchError
from bench.noisy.results import ScenarioResult, Verdict
from bench.noisy.runs import run_plan
from bench.noisy.scenarios import Flood, Isolation, Plan
from bench.noisy.scenarios import quick as quickened
from bench.stacks import one_stack, two_stacks
from fairlane_cli.demo.request_log import NotCountedError
from fairlane_cli.demo.work import CALL_ERRORS
from fairlane_cli.failures import ExitCode
from fairlane_cli.stack import ROOT, StackError

app = typer.Typer(
    help="Measurements on the local stack. Results of note stand in docs/benchmarks.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)

_PLAIN_WIDTH = 120

StateDirectory = Annotated[
    Path, typer.Option("--state-dir", metavar="DIR", help="Where the bench's own stack keeps its files.")
]
Into = Annotated[
    Path | None, typer.Option("--into", metavar="DIR", help="Also write table, plot and samples (JSON) there.")
]
Quick = Annotated[bool, typer.Option("--quick", help="One short round: shows that it works, proves nothing.")]


@app.callback()
def _root() -> None:
    pass


@app.command()
def noisy(  # noqa: PLR0913 - every parameter is an option of the command
    *,
    isolation: Annotated[Isolation, typer.Option(help="How the tenants are kept apart.")] = Isolation.DEDICATED,
    flood: Annotated[list[Flood] | None, typer.Option(help="Only this flood. May be repeated. Default: all.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Stretches of each condition.")] = Plan.rounds,
    stretch: Annotated[float, typer.Option(metavar="S", min=2, help="Seconds of a stretch.")] = Plan.stretch_s,
    rate: Annotated[float, typer.Option(min=0.1, help="Tasks per second of each of B to E.")] = Plan.rate,
    excess: Annotated[float, typer.Option(min=1, help="A submits so many times as much.")] = Plan.excess,
    quick: Quick = False,
    into: Into = None,
    state_dir: StateDirectory = ROOT / ".fairlane" / "bench",
) -> None:
    """What tenants B to E wait alone, and beside tenant A who floods with 20 times its share.

    Stretches alternate: alone, beside A, and with A flooding another Fairlane on the same emulator, which shows what
    the machine costs without Fairlane. Exit code 0: measured; 1: the measurement is worth nothing, and why
    (no flood arrived, a task of B to E failed); 6: a goal is missed although the machine was not full.
    """
    plan = Plan(isolation, tuple(flood or Flood), rounds, stretch, rate, excess)
    plan = quickened(plan) if quick else plan
    console = _console()
    results: list[ScenarioResult] = []
    try:
        with _ending(console), two_stacks(state_dir, _dim(console)) as (stack, other):
            for result in run_plan(plan, stack, other, lambda text: console.print(Text(text))):
                results.append(result)
                if into:  # a long run may be killed
                    _write(into, plan, results)
    finally:  # a flood that could not be measured takes nothing from those that could
        if results:
            _show(plan, results)
    if any(result.verdict is Verdict.MISSED for result in results):
        raise typer.Exit(ExitCode.UNSUCCESSFUL)


def _show(plan: Plan, results: list[ScenarioResult]) -> None:
    out = _out()
    out.print(table.drawn(results, f"Wait of tenants B to E, {plan.isolation.value} isolation"))
    for result in results:
        for doubt in result.doubts:
            out.print(Text(f"{result.flood.value}: {doubt}", style="yellow"))


@app.command("full-lane")
def full_lane(
    *,
    waiting: Annotated[int, typer.Option(min=10, help="Tasks that wait.")] = FullLanePlan.waiting,
    concurrency: Annotated[int, typer.Option(min=1, help="Of the lane.")] = FullLanePlan.concurrency,
    counted: Annotated[float, typer.Option(metavar="S", min=10, help="Seconds to count for.")] = FullLanePlan.counted_s,
    state_dir: StateDirectory = ROOT / ".fairlane" / "bench",
) -> None:
    """What tasks cost that wait in a full lane: requests for each, in a minute.

    Exit code 1: it could not be counted, and why.
    """
    console = _console()
    with _ending(console), one_stack(state_dir, _dim(console)) as stack:
        found = measure(
            FullLanePlan(waiting, concurrency, counted_s=counted), stack, lambda text: console.print(Text(text))
        )
    _out().print(drawn(found))


@app.command()
def deliveries(
    *,
    results: Annotated[int, typer.Option(min=1, max=100_000, help="So many tasks, hence results.")] = 2_000,
    patience: Annotated[float, typer.Option(metavar="S", help="Give up when nothing new came for so long.")] = 120.0,
    state_dir: StateDirectory = ROOT / ".fairlane" / "bench",
) -> None:
    """Results to a queue, a webhook and an event bus: how many are missing, and how many come twice.

    Exit code 0: none is missing; 6: some are. Duplicates are allowed and counted.
    """
    console = _console()
    with _ending(console), one_stack(state_dir, _dim(console)) as stack:
        counts = all_deliveries.measure(stack, results, lambda text: console.print(Text(text)), patience_s=patience)
    _out().print(all_deliveries.drawn(counts))
    if not all(count.is_complete for count in counts):
        raise typer.Exit(ExitCode.UNSUCCESSFUL)


def _write(into: Path, plan: Plan, results: list[ScenarioResult]) -> None:
    into.mkdir(parents=True, exist_ok=True)
    name = f"noisy-neighbour-{plan.isolation.value}"
    title = f"Wait of tenants B to E beside a noisy neighbour, {plan.isolation.value} isolation"
    (into / f"{name}.svg").write_text(plot.plot(results, title=title), encoding="utf-8")
    (into / f"{name}.md").write_text(table.markdown(results), encoding="utf-8")
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rounds": plan.rounds,
        "stretch_s": plan.stretch_s,
        "rate": plan.rate,
        "excess": plan.excess,
        "concurrency": plan.concurrency,
        "results": [result.document() for result in results],
    }
    (into / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


@contextmanager
def _ending(console: Console) -> Iterator[None]:
    """What cannot be measured ends the program with a reason."""
    try:
        yield
    except (BenchError, NotCountedError, NotFullError, StackError, *CALL_ERRORS) as error:
        console.print(Text(f"The measurement is worth nothing: {error}", style="bold red"))
        raise typer.Exit(ExitCode.REFUSED) from error
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def _dim(console: Console) -> Callable[[str], None]:
    return lambda text: console.print(Text(text, style="dim"))


def _out() -> Console:
    """Results go to stdout; into a pipe as wide as they like."""
    return Console() if Console().is_terminal else Console(width=_PLAIN_WIDTH)


def _console() -> Console:
    """Progress goes to stderr, so that the table can be piped."""
    return Console(stderr=True, highlight=False, soft_wrap=True)
