"""Runs real use cases step by step, in an order that a seed decides, in virtual time.

Each actor is a thread, but only one runs at a time: it hands over at `pause`, which the ports'
wrappers call around every call. So one seed is one schedule, and it can be run again.
"""

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

from tests.simulation.fakes.clock import VirtualClock

R = TypeVar("R")

NEVER = timedelta(days=36500)


class Crash(BaseException):
    """The process dies here. No production code may catch it."""


class Process:
    """What dies together: a gateway or dispatcher invocation, with all its threads."""

    def __init__(self, name: str, *, skew: timedelta = timedelta(), killed_at: datetime | None = None) -> None:
        self.name = name
        self.skew = skew
        self.killed_at = killed_at
        self.dead = False


class Actor:
    """One thread of a process, that runs when it is given the turn."""

    def __init__(self, call: Callable[[], object], process: Process, wake: datetime) -> None:
        self.call = call
        self.process = process
        self.wake = wake
        self.done = False
        self.turn = threading.Lock()
        self.turn.acquire()
        self.joined_by: Actor | None = None


class _Thread:
    """A thread that is used again: starting one costs more than a whole schedule's steps."""

    idle: ClassVar["list[_Thread]"] = []

    def __init__(self) -> None:
        self._job: Callable[[_Thread], None] | None = None
        self._ready = threading.Semaphore(0)
        threading.Thread(target=self._loop, daemon=True).start()

    @classmethod
    def run(cls, job: "Callable[[_Thread], None]") -> None:
        thread = cls.idle.pop() if cls.idle else cls()
        thread._job = job
        thread._ready.release()

    def _loop(self) -> None:
        while True:
            self._ready.acquire()
            if self._job is not None:
                self._job(self)


class Scheduler:
    """Actors by their wake-up time; among those that may run, the seed chooses."""

    def __init__(self, clock: VirtualClock, rng: random.Random) -> None:
        self.clock = clock
        self.rng = rng
        self.errors: list[BaseException] = []
        self.current: Actor | None = None
        self._actors: list[Actor] = []
        self._main = threading.Lock()
        self._main.acquire()
        self._horizon = clock()
        self._closing = False

    def start(self, call: Callable[[], object], process: Process, *, after: timedelta = timedelta()) -> Actor:
        """A new actor; it first runs when somebody pauses."""
        actor = Actor(call, process, self.clock() + after)
        self._actors.append(actor)
        _Thread.run(lambda thread: self._live(actor, thread))
        return actor

    def pause(self, duration: timedelta = timedelta()) -> None:
        """Let others run for so long. Raises Crash when the process died meanwhile."""
        actor = self._me()
        self._sleep(actor, self.clock() + duration)

    def join_any(self, actors: "list[Actor]") -> None:
        """Wait until one of them is done."""
        me = self._me()
        while not any(actor.done for actor in actors):
            for actor in actors:
                actor.joined_by = me
            self._sleep(me, self.clock() + NEVER)
        for actor in actors:
            actor.joined_by = None

    def within(self, process: Process, call: Callable[[], R]) -> R | Crash:
        """Run `call` as another process, as a client waits for a server; the Crash when that died."""
        me, own = self._me(), self._me().process
        me.process = process
        try:
            return call()
        except Crash as crash:
            if self._closing:
                raise
            return crash
        finally:
            me.process = own

    def wait_until(self, at: datetime) -> None:
        """Sleep; `wake` may end it earlier."""
        self._sleep(self._me(), at)

    def wake(self, actor: Actor, at: datetime) -> None:
        """Let the actor go on at `at`, or when it would have anyway."""
        actor.wake = min(actor.wake, max(at, self.clock()))

    def kill(self, process: Process) -> None:
        """The process dies: its actors raise Crash at their next turn."""
        process.dead = True
        for actor in self._actors:
            if actor.process is process:
                actor.wake = self.clock()

    def run(self, until: datetime) -> None:
        """Run all actors until then. Called from outside."""
        self._horizon = until
        if self._hand_over(None):
            self._main.acquire()
        self.clock.advance_to(until)

    def close(self) -> None:
        """End every actor, so that its thread can be used again."""
        self._closing = True
        for actor in self._actors:
            actor.process.dead = True
            actor.wake = self.clock()
        self.run(self.clock())

    # --- handing over -----------------------------------------------------------------------

    def _me(self) -> Actor:
        if self.current is None:
            raise RuntimeError("not inside an actor")
        return self.current

    def _sleep(self, actor: Actor, until: datetime) -> None:
        killed_at = actor.process.killed_at
        actor.wake = until if killed_at is None else min(until, killed_at)
        if actor.process.dead or self._closing:
            actor.wake = self.clock()
        if self._hand_over(actor):
            actor.turn.acquire()
        if killed_at is not None and self.clock() >= killed_at:
            self.kill(actor.process)
        if actor.process.dead or self._closing:
            raise Crash(actor.process.name)

    def _hand_over(self, me: Actor | None) -> bool:
        """Give the turn to the next; False when that is `me` itself (or nobody, for the main thread)."""
        following = self._next()
        if following is me:
            self.current = me
            return False
        self.current = following
        (self._main if following is None else following.turn).release()
        return True

    def _next(self) -> Actor | None:
        if not self._actors:
            return None
        first = min(actor.wake for actor in self._actors)
        if first > self._horizon:
            return None
        self.clock.advance_to(first)
        now = max(first, self.clock())
        ready = [actor for actor in self._actors if actor.wake <= now]
        return self.rng.choice(ready) if len(ready) > 1 else ready[0]

    def _live(self, actor: Actor, thread: _Thread) -> None:
        actor.turn.acquire()
        try:
            if not actor.process.dead:
                actor.call()
        except Crash:
            pass
        except BaseException as error:  # noqa: BLE001 - told by `errors`, checked after each schedule
            self.errors.append(error)
        actor.done = True
        self._actors.remove(actor)
        if actor.joined_by is not None:
            actor.joined_by.wake = self.clock()
        _Thread.idle.append(thread)
        self._hand_over(actor)
