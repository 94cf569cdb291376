"""The demo's work under way: threads that submit, a thread that receives, and the screen."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event as Flag
from threading import Thread

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from fairlane_cli.demo.aws import Aws
from fairlane_cli.demo.ledger import Ledger, Row
from fairlane_cli.demo.onboarding import Onboarded, Queue
from fairlane_cli.demo.results import Depth, Lanes, receive_results
from fairlane_cli.demo.screen import Screen
from fairlane_cli.demo.submission import submit
from fairlane_client import Client, FairlaneError

#: No result for so long: something is wrong, even on a busy machine. The longest backoff of the demo is 2 s.
STALL_S = 120.0
_LOOK_S = 0.25
_LANES_S = 0.7
_JOIN_S = 5.0

#: What a call to the API or to AWS may end with.
CALL_ERRORS = (FairlaneError, httpx.HTTPError, BotoCoreError, ClientError)


class DemoError(Exception):
    """The demo did not come to its end. `str()` is for people."""


@dataclass
class Threads:
    """They end by themselves, or soon after `stop`; what a call of theirs ended with is kept."""

    stopped: Flag = field(default_factory=Flag)
    errors: list[Exception] = field(default_factory=list)
    _threads: list[Thread] = field(default_factory=list)

    def begin(self, what: Callable[[], None]) -> None:
        thread = Thread(target=self._guarded, args=(what,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        self.stopped.set()
        for thread in self._threads:
            thread.join(_JOIN_S)

    def _guarded(self, what: Callable[[], None]) -> None:
        try:
            what()
        except CALL_ERRORS as error:
            self.errors.append(error)


@dataclass(frozen=True)
class Demo:
    """What the work needs of the outside."""

    api_url: str
    aws: Aws
    queue: Queue
    ledger: Ledger
    screen: Screen

    def do_work(self, onboarded: Sequence[Onboarded]) -> None:
        """Submit everything and see it through. Raises DemoError when that cannot be."""
        threads = Threads()
        try:
            threads.begin(partial(self._receive, threads))
            for one in onboarded:
                threads.begin(partial(self._submit, threads, one))
            self._watch(threads)
        finally:
            threads.stop()
        # what comes twice comes soon
        while receive_results(self.aws.sqs(), self.queue.url, self.ledger.received):
            pass

    def _submit(self, threads: Threads, one: Onboarded) -> None:
        answered = partial(self.ledger.answered, one.tenant.name)
        with Client(self.api_url, one.key) as client:
            for work in one.tenant.work:
                go_on = partial(_is_clear, threads.stopped)
                submit(work, client=client, key=one.key, answered=answered, go_on=go_on)

    def _receive(self, threads: Threads) -> None:
        sqs = self.aws.sqs()
        while not threads.stopped.is_set():
            receive_results(sqs, self.queue.url, self.ledger.received)

    def _look_into_lanes(self, threads: Threads, depths: dict[str, Depth]) -> None:
        lanes = Lanes(self.aws.sqs(), self.aws.stack)
        while not threads.stopped.wait(_LANES_S):
            depths |= {row.tenant: lanes.depth(row.tenant) for row in self.ledger.rows()}

    def _watch(self, threads: Threads) -> None:
        depths: dict[str, Depth] = {}
        # in a thread, so that the screen does not stand still while a busy machine answers
        threads.begin(partial(self._look_into_lanes, threads, depths))
        stall = _Stall(time.monotonic())
        while True:
            rows = self.ledger.rows()
            if all(row.is_complete for row in rows):
                self.screen.show(rows, {}, last=True)
                return
            self.screen.show(rows, depths)
            if threads.errors:
                raise DemoError(f"a call failed: {threads.errors[0]}") from threads.errors[0]
            stall.check(rows, time.monotonic())
            time.sleep(_LOOK_S)


def _is_clear(flag: Flag) -> bool:
    return not flag.is_set()


@dataclass
class _Stall:
    """Whether there still is progress."""

    since: float
    _ended: int = 0

    def check(self, rows: Sequence[Row], now: float) -> None:
        """Raises DemoError."""
        ended = sum(row.ended for row in rows)
        if ended > self._ended:
            self._ended, self.since = ended, now
        elif now - self.since > STALL_S:
            missing = ", ".join(f"{row.tenant}: {row.planned - row.ended}" for row in rows)
            raise DemoError(f"no result came for {STALL_S:.0f} s. Still missing: {missing}")
