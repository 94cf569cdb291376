"""Some of the results, so that one sees that the work was real."""

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from rich import box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from fairlane_cli.demo.half_blocks import draw
from fairlane_cli.demo.ledger import FAILED, Account, Ledger
from fairlane_cli.demo.tenants import (
    CODE_METRICS,
    DOCUMENT_SCAN,
    DOCUMENT_STATISTICS,
    IMAGE_THUMBNAIL,
    SMALL_SIDE,
)
from fairlane_client.models import Task

_SHOWN = 5
_PICTURES = 3
_GAP = 3
_MESSAGE = 70

Result = Mapping[str, Any]


def show_results(console: Console, ledger: Ledger) -> None:
    for part in _parts(console, ledger):
        console.print(part)
        console.print()


def _parts(console: Console, ledger: Ledger) -> Iterator[RenderableType]:
    yield complex_functions(_results(ledger.of("compilers"), CODE_METRICS))
    yield reading_table(_results(ledger.of("library"), DOCUMENT_STATISTICS))
    yield pictures(_results(ledger.of("gallery"), IMAGE_THUMBNAIL), console)
    yield failures(ledger.accounts())
    yield retries(ledger.of("library").of_type(DOCUMENT_SCAN))


def _results(account: Account, task_type: str) -> list[Result]:
    return [cast("Result", task["result"]) for task in account.of_type(task_type)]


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for n, column in enumerate(columns):
        table.add_column(column, justify="left" if n == 0 else "right", no_wrap=n > 0)
    return table


def _titled(title: str, table: Table) -> RenderableType:
    """A title that may be wider than its table."""
    return Group(Text(title, style="bold"), table)


def complex_functions(modules: Sequence[Result]) -> RenderableType:
    """Of the modules that were measured, those with the most complex functions."""
    lines = sum(module["lines"] for module in modules)
    functions = sum(module["functions"] for module in modules)
    title = f"compilers: {len(modules)} modules, {lines} lines, {functions} functions; the most complex ones"
    table = _table("function", "in", "line", "lines", "complexity")
    found = [(module["most_complex"], module["path"]) for module in modules if module["most_complex"]]
    for function, path in sorted(found, key=lambda each: -each[0]["complexity"])[:_SHOWN]:
        complexity = str(function["complexity"])
        table.add_row(function["name"], path, str(function["line"]), str(function["lines"]), complexity)
    return _titled(title, table)


def reading_table(documents: Sequence[Result]) -> RenderableType:
    """The easiest and the hardest to read."""
    words = sum(document["words"] for document in documents)
    ease = "reading ease (Flesch: 60 plain, 30 hard)"
    table = _table("document", "words", "a sentence", ease)
    ranked = sorted(documents, key=lambda document: -document["reading_ease"])
    for document in [*ranked[:3], *ranked[3:][-3:]]:
        table.add_row(
            document["title"],
            str(document["words"]),
            f"{document['words_per_sentence']:.1f}",
            f"{document['reading_ease']:.1f}",
        )
    return _titled(f"library: {len(documents)} documents, {words} words; the easiest and the hardest to read", table)


def pictures(results: Sequence[Result], console: Console) -> RenderableType:
    """A few small thumbnails, drawn side by side; where there are no colours, in words."""
    in_colour = console.color_system is not None
    chosen = _richest_of_each_kind(results)[: max(1, console.width // (SMALL_SIDE + _GAP)) if in_colour else None]
    title = Text(f"gallery: {len(results)} thumbnails, such as", style="bold")
    if not in_colour:
        return Group(title, *(Text(f"  {_caption(result)}") for result in chosen))
    drawn = [Group(draw(b64decode(result["thumbnail"]["png_base64"])), _legend(result)) for result in chosen]
    return Group(title, Text(), Columns(drawn, padding=(0, _GAP)))


def _richest_of_each_kind(results: Sequence[Result]) -> list[Result]:
    """Small ones with much to show; of files named alike (sizes of one picture) only one."""
    small = [result for result in results if max(_size(result["thumbnail"])) <= SMALL_SIDE]
    ranked = sorted(small, key=lambda result: len(result["thumbnail"]["png_base64"]))
    of_kind = {result["name"].partition("_")[0]: result for result in ranked}
    return list(of_kind.values())[:_PICTURES]


def _size(picture: Result) -> tuple[int, int]:
    return picture["width"], picture["height"]


def _caption(result: Result) -> str:
    width, height = _size(result)
    small = result["thumbnail"]
    colours = ", ".join(each["colour"] for each in result["dominant_colours"])
    return f"{result['name']}: {width} x {height} to {small['width']} x {small['height']}; {colours}"


def _legend(result: Result) -> Text:
    width, height = _size(result)
    legend = Text(f"{result['name'].removesuffix('.png')[:SMALL_SIDE]}\n", style="dim")
    legend.append(f"{width} x {height} ")
    for each in result["dominant_colours"]:
        legend.append("\u2588\u2588", style=each["colour"])
    return legend


def failures(accounts: Sequence[Account]) -> RenderableType:
    """Bad input, as it was meant to be."""
    table = _table("task", "tenant", "error")
    table.columns[1].justify = table.columns[2].justify = "left"
    table.columns[2].no_wrap = False
    for account in accounts:
        for task in account.tasks.values():
            if task["status"] == FAILED and task["error"]:
                error = task["error"]
                text = Text(error["type"], style="red").append(f": {error['message'][:_MESSAGE]}", style="default")
                table.add_row(task["event_id"], account.tenant, text)
    return _titled("failed at once and for good, as their input was bad", table)


def retries(scans: Sequence[Task]) -> RenderableType:
    attempts = ", ".join(str(task["attempt"]) for task in sorted(scans, key=lambda task: task["event_id"]))
    text = Text("retried with backoff until they succeeded: ", style="bold")
    return text.append(f"{len(scans)} scans of the library, in {attempts} attempts", style="not bold")
