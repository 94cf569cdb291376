import io

import pytest
from rich.console import Console

from fairlane_cli.demo import summary
from fairlane_cli.demo.checks import Check
from fairlane_cli.demo.ledger import Ledger
from fairlane_cli.demo.metering import Usage
from fairlane_cli.demo.prices import Billed
from fairlane_cli.demo.results import Depth
from fairlane_cli.demo.screen import LiveScreen, PlainScreen, live_view, plain_view, screen_for, seconds_text
from fairlane_cli.demo.showcase import show_results
from tests.unit.demo.building import RUN, a_result, a_task

DEPTHS = {"acme": Depth(queued=4, running=3)}


def a_ledger() -> Ledger:
    ledger = Ledger({"acme": 10}, source=RUN)
    ledger.answered("acme", {"id": "1"}, {"id": "t_1", "status": "queued", "duplicate": False})
    ledger.received(a_result(a_task("t_1")))
    ledger.received(a_result(a_task("t_2", status="failed")))
    return ledger


def a_console(*, terminal: bool = False, width: int = 100) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, color_system=None)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_live_table_has_a_line_for_each_tenant_that_fits_the_terminal(width: int) -> None:
    console = a_console(width=width)
    console.print(live_view(a_ledger().rows(), DEPTHS, {"acme": "makes things"}, 12.3))
    text = printed(console)
    (line,) = (line for line in text.splitlines() if line.strip().startswith("acme ") and "makes" not in line)
    assert line.split()[:9] == ["acme", "1", "4", "3", "1", "1", "0", "1.0", "s"]
    assert "2 of 10" in text
    assert "\u2026" not in text
    assert max(map(len, text.splitlines())) <= width


def test_without_a_terminal_the_same_figures_stand_in_a_line() -> None:
    line = plain_view(a_ledger().rows(), DEPTHS, 12.3)
    assert line == " 12.3 s  acme: 1 tasks, 4 queued, 3 running, 1 done, 1 failed, wait 1.0 s"


def test_the_plain_screen_does_not_print_at_every_look_but_the_last() -> None:
    console = a_console()
    rows = a_ledger().rows()
    with PlainScreen(console) as screen:
        screen.show(rows, DEPTHS)
        assert printed(console) == ""
        screen.show(rows, DEPTHS, last=True)
    assert "acme: 1 tasks" in printed(console)


def test_the_live_screen_ends_with_what_was_shown_last() -> None:
    console = a_console(terminal=True)
    with LiveScreen(console, {}) as screen:
        screen.show(a_ledger().rows(), DEPTHS, last=True)
    assert "2 of 10" in printed(console)


@pytest.mark.parametrize(("terminal", "expected"), [(True, LiveScreen), (False, PlainScreen)])
def test_the_screen_fits_what_is_written_to(*, terminal: bool, expected: type) -> None:
    assert isinstance(screen_for(a_console(terminal=terminal), {}), expected)


@pytest.mark.parametrize(("seconds", "text"), [(None, "-"), (0.0123, "12 ms"), (1.26, "1.3 s")])
def test_durations_are_told_in_a_fitting_unit(seconds: float | None, text: str) -> None:
    assert seconds_text(seconds) == text


def test_the_summary_tells_the_price_with_and_without_this_machines_seconds() -> None:
    used = Usage({("sqs", "SendMessage"): 3}, {"gateway": 2}, {Billed.SQS_REQUEST: 5, Billed.LAMBDA_GB_SECOND: 1})
    console = a_console()
    console.print(summary.price_table(used, tasks=2))
    text = printed(console)
    told = {line.rsplit(maxsplit=1)[0].strip(): line.split()[-1] for line in text.splitlines() if line.strip()}
    assert told["all requests, units and events"] == "1.00"
    assert told["with GB-seconds as they took here"] == "7.65"
    console.print(summary.requests_table(used, tasks=2))
    assert "1.50" in printed(console)


def test_a_check_that_failed_says_what_was_found_instead() -> None:
    console = a_console()
    summary.show_checks(console, [Check("all is well"), Check("nothing is lost", "two are")])
    assert printed(console).split("\n")[:3] == ["  \u2713 all is well", "  \u2717 nothing is lost", "    but: two are"]


def test_results_can_be_shown_when_there_are_none() -> None:
    console = a_console()
    show_results(console, Ledger({"compilers": 0, "library": 0, "gallery": 0}, source=RUN))
    assert "0 modules" in printed(console)
