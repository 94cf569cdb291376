"""The demo's work under way: threads that submit, a thread that receives, and the screen."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Thread

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from fairlane_cli.demo.aws import Aws
from fairlane_cli.demo.ledger import Ledger
from fairlane_cli.demo.onboarding import Onboarded, Queue
from fairlane_cli.demo.results import Lanes, receive_results
from fairlane_cli.demo.screen import Screen
from fairlane_cli.demo.submission import submit
from fairlane_client import Client, FairlaneError

_LOOK_S = 0.25
_DEPTHS_EVERY = 3
#: No result for so long: something is wrong. The longest backoff of the demo is 2 s.
STALL_S = 60.0

#: What a call to the API or to AWS may end with.
CALL_ERRORS = (FairlaneError, httpx.HTTPError, BotoCoreError, ClientError)


class DemoError(Exception):
    """The demo did not come to its end. `str()` is for people."""


@dataclass
class Running:
    """Work that was begun. Its threads end by themselves, and at once after `stop`."""

    ledger: Ledger
    stopped: Flag = field(default_factory=Flag)
    errors: list[Exception] = field(default_factory=list)
    _threads: list[Thread] = field(default_factory=list)

    def begin(self, what: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                what()
            except CALL_ERRORS as error:
                self.errors.append(error)

        thread = Thread(target=guarded, daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        self.stopped.set()
        for thread in self._threads:
            thread.join()


def do_work(onboarded: Sequence[Onboarded], *, api_url: str, aws: Aws, queue: Queue, ledger: Ledger, screen: Screen) -> None:
    """Submit everything and see it through. Raises DemoError when it cannot be."""
    running = Running(ledger)
    try:
        running.begin(lambda: _receive(running, aws, queue))
        for one in onboarded:
            running.begin(lambda one=one: _submit(running, one, api_url))
        _watch(running, aws, screen)
    finally:
        # the receiver ends when its poll is answered: what came twice is seen by then
        running.stop()


def _submit(running: Running, one: Onboarded, api_url: str) -> None:
    with Client(api_url, one.key) as client:
        for work in one.tenant.work:
            submit(
                work,
                client=client,
                key=one.key,
                answered=lambda event, answer: running.ledger.answered(one.tenant.name, event, answer),
                go_on=lambda: not running.stopped.is_set(),
            )


def _receive(running: Running, aws: Aws, queue: Queue) -> None:
    sqs = aws.sqs()
    while receive_results(sqs, queue.url, running.ledger.received) or not running.stopped.is_set():
        pass


def _watch(running: Running, aws: Aws, screen: Screen) -> None:
    lanes = Lanes(aws.sqs(), aws.stack)
    depths = {}
    ended, progress_at = 0, time.monotonic()
    for look in _every(_LOOK_S):
        rows = running.ledger.rows()
        if look % _DEPTHS_EVERY == 0:
            depths = {row.tenant: lanes.depth(row.tenant) for row in rows}
        complete = all(row.is_complete for row in rows)
        screen.show(rows, {} if complete else depths, last=complete)
        if complete:
            return
        if running.errors:
            raise DemoError(f"a call failed: {running.errors[0]}") from running.errors[0]
        now_ended = sum(row.ended for row in rows)
        if now_ended > ended:
            ended, progress_at = now_ended, time.monotonic()
        elif time.monotonic() - progress_at > STALL_S:
            raise DemoError(_stalled(running.ledger))


def _stalled(ledger: Ledger) -> str:
    missing = {account.tenant: len(account.missing) for account in ledger.accounts()}
    return f"no result came for {STALL_S:.0f} s; missing are {missing}"


def _every(seconds: float):
    look = 0
    while True:
        yield look
        look += 1
        time.sleep(seconds)
