"""The whole demo: stack up, tenants, work, results, figures, stack down."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from fairlane_cli.demo import summary
from fairlane_cli.demo.aws import Aws
from fairlane_cli.demo.checks import check_all
from fairlane_cli.demo.ledger import Ledger
from fairlane_cli.demo.metering import Meter, Usage
from fairlane_cli.demo.onboarding import Onboarded, Queue, make_results_queue, onboard
from fairlane_cli.demo.request_log import NotCountedError
from fairlane_cli.demo.screen import screen_for
from fairlane_cli.demo.showcase import show_results
from fairlane_cli.demo.tenants import DemoTenant, demo_tenants
from fairlane_cli.demo.work import CALL_ERRORS, Demo, DemoError
from fairlane_cli.failures import ExitCode
from fairlane_cli.place import KEYS_FILE
from fairlane_cli.saved_keys import SavedKey, SavedKeys
from fairlane_cli.stack import DeployedStack, StackOptions, down, status, up
from fairlane_client import Client

_PLAIN_WIDTH = 120


def run_demo(*, keep: bool) -> int:
    """The exit code. Whatever happens, the stack is brought down again: unless `keep`, or it was up before.

    Raises StackError when the stack does not come up (it is down again then).
    """
    console = _console()
    options = _options()
    was_up = status(options).healthy
    demo = _Run(console, options)
    try:
        return demo.whole()
    except KeyboardInterrupt:
        console.print("\ninterrupted", style="bold yellow")
        return ExitCode.INTERRUPTED
    except (DemoError, *CALL_ERRORS) as error:
        console.print(Text(f"\nThe demo failed: {error}", style="bold red"))
        console.print(f"Logs: {options.state.path / 'log'}")
        return ExitCode.REFUSED
    finally:
        demo.leave(keep=keep, was_up=was_up)


def _console() -> Console:
    """Into a file or a pipe the tables are as wide as they like."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


def _options() -> StackOptions:
    """The stack that the other commands use, FAIRLANE_STATE included."""
    state_dir = os.environ.get("FAIRLANE_STATE")
    return StackOptions(state_dir=Path(state_dir)) if state_dir else StackOptions()


class _Run:
    """One run, and how long its parts took."""

    def __init__(self, console: Console, options: StackOptions) -> None:
        self._console = console
        self._options = options
        self._stack: DeployedStack | None = None
        self._durations: dict[str, float] = {}
        self._name = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")

    def whole(self) -> int:
        with self._part("local stack", "A local AWS (MiniStack) with Fairlane deployed to it by SAM"):
            self._stack = stack = up(self._options, self._step)
        tenants = demo_tenants(self._name)
        aws = Aws(stack)
        with self._part("tenants", "Three tenants, made through the API"):
            queue = make_results_queue(aws.sqs())
            onboarded = self._onboard(tenants, stack, queue)
        ledger = Ledger({tenant.name: tenant.submits for tenant in tenants}, source=f"/demo/{self._name}/")
        usage = self._work(onboarded, stack=stack, aws=aws, queue=queue, ledger=ledger)
        self._heading("Some of the results")
        show_results(self._console, ledger)
        self._heading("Summary")
        checks = list(check_all(onboarded, ledger, stack=stack, sqs=aws.sqs()))
        self._show_figures(ledger, usage)
        summary.show_checks(self._console, checks)
        return ExitCode.DONE if all(check.kept for check in checks) else ExitCode.REFUSED

    def leave(self, *, keep: bool, was_up: bool) -> None:
        """Down again, or a word on what to do with it. Told even when the run ended early."""
        if (keep or was_up) and self._stack:
            why = "" if keep else ", as it was up before"
            self._console.print(f"\nThe stack stays up{why}. Look around, and end it with: fairlane down", style="bold")
            self._console.print("  fairlane tasks list --tenant gallery --limit 5\n  fairlane tenants list")
            return
        started = time.monotonic()
        if down(self._options, self._step):
            self._durations["down"] = time.monotonic() - started
            (self._options.state.path / KEYS_FILE).unlink(missing_ok=True)  # of tenants that are gone
        self._console.print(f"\nThe local stack is down. {summary.times(self._durations)}", style="dim")

    def _onboard(self, tenants: list[DemoTenant], stack: DeployedStack, queue: Queue) -> list[Onboarded]:
        saved_keys = SavedKeys(self._options.state.path / KEYS_FILE, stack.api_url)
        onboarded = []
        with Client(stack.api_url, stack.admin_key) as platform:
            for tenant in tenants:
                one = onboard(tenant, platform=platform, stack=stack, results=queue)
                saved_keys.save(tenant.name, SavedKey(one.keyid, one.key))
                self._step(f"{tenant.name} with {' and '.join(tenant.functions)}")
                onboarded.append(one)
        return onboarded

    def _work(
        self, onboarded: list[Onboarded], *, stack: DeployedStack, aws: Aws, queue: Queue, ledger: Ledger
    ) -> Usage | None:
        """See all the work through; what it used of AWS, where that can be told."""
        events = sum(one.tenant.submits for one in onboarded)
        does = {one.tenant.name: one.tenant.does for one in onboarded}
        heading = f"{events} CloudEvents of real files, over HTTP; results over EventBridge to SQS"
        with self._counting(aws) as meter:
            with self._part("work", heading), screen_for(self._console, does) as screen:
                Demo(stack.api_url, aws, queue, ledger, screen).do_work(onboarded)
            return meter.read() if meter else None

    @contextmanager
    def _counting(self, aws: Aws) -> Iterator[Meter | None]:
        meter = Meter(aws)
        try:
            meter.start()
        except NotCountedError as error:
            self._step(f"AWS requests are not counted here: {error}")
            yield None
            return
        try:
            yield meter
        finally:
            meter.stop()

    def _show_figures(self, ledger: Ledger, usage: Usage | None) -> None:
        rows = ledger.rows()
        tasks = sum(row.accepted for row in rows)
        self._console.print(summary.totals(rows, self._durations["work"]))
        if usage:
            self._console.print(summary.requests_table(usage, tasks=tasks))
            self._console.print(summary.price_table(usage, tasks=tasks))
        self._console.print()

    @contextmanager
    def _part(self, name: str, heading: str) -> Iterator[None]:
        self._heading(heading)
        started = time.monotonic()
        yield
        self._durations[name] = time.monotonic() - started

    def _heading(self, text: str) -> None:
        self._console.print()
        self._console.rule(Text(text, style="bold"), align="left", style="dim")

    def _step(self, text: str) -> None:
        self._console.print(Text(f"  {text}"), soft_wrap=True)
