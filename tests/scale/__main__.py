"""`python -m tests.scale`: what a task costs beside many tenants, behind many tasks, and under every limit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.scale.scenarios import REQUEST, PerTask, many_tenants, one_queue

MOST_MORE = 1.05
LIMITS_MAY_COST_USD = 0.3
PLAIN_WIDTH = 140
SHORT_QUEUE = 20 * REQUEST

Pair = tuple[PerTask, PerTask]


def main(
    tenants: Annotated[int, typer.Option(min=1, help="How many tenants to compare with one.")] = 1_000,
    queued: Annotated[int, typer.Option(min=2 * REQUEST, help="How many queued tasks to compare with 100.")] = 100_000,
) -> None:
    """Count AWS requests and DynamoDB units per task: real use cases over fakes, each port's call as its one request.

    Batches are full and functions warm; each tenant submits requests of 100 and has a batch of 10 run each second, so
    that its documents are read as often for each task as those of a single tenant. Exit code 1 when a ratio is above
    1.05 or limits cost more than 0.3 USD a million tasks.
    """
    queued -= queued % REQUEST
    console = Console(stderr=True)
    with _progress(console, 3 * tenants * REQUEST + 3 * queued) as told:
        pairs = [
            (many_tenants(1, told=told), many_tenants(tenants, told=told)),
            (one_queue(min(queued, SHORT_QUEUE), REQUEST, told=told), one_queue(queued, queued, told=told)),
        ]
        limited = [
            (pairs[0][1], many_tenants(tenants, limited=True, told=told)),
            (pairs[1][1], one_queue(queued, queued, limited=True, told=told)),
        ]
    out = Console() if Console().is_terminal else Console(width=PLAIN_WIDTH)
    out.print(_table(pairs, limited))
    ratios = [many.requests / one.requests for one, many in pairs]
    more = [after.usd_per_million - before.usd_per_million for before, after in limited]
    if max(ratios) > MOST_MORE or max(more) > LIMITS_MAY_COST_USD:
        raise typer.Exit(1)


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """Tasks that have been delivered; silent where nobody looks."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("tasks", total=total)
        yield lambda count: progress.advance(task, count)


def _table(pairs: list[Pair], limited: list[Pair]) -> Table:
    table = Table(box=None, pad_edge=False, title="Per task")
    for title in (
        "",
        "tasks",
        "DynamoDB",
        "write units",
        "read units",
        "SQS",
        "requests",
        "USD per million",
        "compared",
    ):
        table.add_column(title, justify="left" if not title else "right")
    for one, many in pairs:
        _add(table, one, "")
        _add(table, many, f"x {many.requests / one.requests:.3f} (x {MOST_MORE})")
    for before, after in limited:
        _add(table, after, f"+ {after.usd_per_million - before.usd_per_million:.3f} USD (+ {LIMITS_MAY_COST_USD})")
    return table


def _add(table: Table, row: PerTask, compared: str) -> None:
    figures = (row.dynamodb, row.write_units, row.read_units, row.sqs, row.requests, row.usd_per_million)
    table.add_row(row.what, f"{row.tasks:,}", *(f"{figure:.3f}" for figure in figures), compared)


if __name__ == "__main__":
    typer.run(main)
