"""The gate of a batch: an attempt passes it with its slots, waits before it, or is held back.

One lease holds the slots of a batch's messages of one lane. They are taken by one write for all, used again as soon
as an attempt ends, and given back when nobody here wants them. While one thread writes, the others wait
for their turn; no port is called under the lock.

What if the process dies: its lease ends by itself, and whoever meets it then takes its slots back.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from dispatcher.flow import Flow
from dispatcher.hand import Hand, Permit
from dispatcher.limits import Paused
from fairlane.domain.patience import FIRST_LOOK, LAST_LOOK, hidden, next_look, patience
from fairlane.domain.pressure import shrunk
from fairlane.domain.slots import Block, Cause, Change, Slots, Terms, function_scope
from fairlane.ports.slots import Changed

#: Writes in a row, each by what the last one's refusal has shown.
TRIES = 4
#: When the slots could not be asked.
AFTER_TROUBLE = timedelta(seconds=5)
SOON = timedelta(seconds=1)
#: A wait that is shorter is not worth a word.
NOTICEABLE = timedelta(milliseconds=100)
SHORTEST_PAUSE = timedelta(milliseconds=5)


@dataclass(frozen=True, eq=False)
class Need:
    """What one message wants to start; not after `latest`. `received` is how often it came."""

    task_type: str
    timeout: timedelta
    latest: datetime
    received: int


@dataclass(frozen=True)
class Held:
    """May not start: come back then. `cause` is short, for metrics."""

    until: datetime
    reason: str
    cause: str = ""

    @property
    def is_limit(self) -> bool:
        """Whether a limit, or a pause, is the reason."""
        return bool(self.cause)


class _Do(Enum):
    """What a thread that is not admitted does next, outside the lock."""

    WRITE = "write"
    LOOK = "look"


@dataclass(eq=False)
class _Waiting:
    """Since when somebody waits, and what for."""

    since: datetime
    block: Block | None = None


class Gate:
    """One for each lane in a batch."""

    def __init__(self, tenant: str, lane: str, flow: Flow) -> None:
        """`expect` tells it of every message before the first one enters."""
        self.tenant = tenant
        self.lane = lane
        self._flow = flow
        self._turns = flow.turns()
        self._hand = Hand(flow.new_id(), flow.known(tenant))
        #: Who wants to start under which terms, in the batch's order.
        self._wanted: dict[Need, Terms] = {}
        self._longest = timedelta()
        self._running: Counter[str] = Counter()
        self._is_busy = False
        self._is_unsure = False
        self._trouble_until: datetime | None = None
        self._interval = FIRST_LOOK
        self._look_at: datetime | None = None

    def expect(self, need: Need) -> None:
        """A message of the batch: the first write takes slots for all of them."""
        terms = self._flow.limits.of(self.tenant, self.lane, need.task_type)
        self._longest = max(self._longest, need.timeout)
        if isinstance(terms, Terms):
            self._wanted[need] = terms

    def enter(self, need: Need) -> Permit | Held:
        """Wait for a slot, if that is worth it. A permit goes back by `leave`."""
        waiting = _Waiting(self._flow.now())
        try:
            while True:
                terms = self._flow.limits.of(self.tenant, self.lane, need.task_type)
                if isinstance(terms, Paused):
                    return self._paused(need, terms)
                with self._turns:
                    step = self._step(need, terms, waiting)
                if isinstance(step, Permit | Held):
                    return step
                if not self._go_on(step):
                    return self._held(need, waiting.block)
        finally:
            self.pass_by(need)

    def pass_by(self, need: Need) -> None:
        """It does not want to start (any more)."""
        with self._turns:
            self._wanted.pop(need, None)
            self._turns.tell()

    def leave(self, need: Need, permit: Permit) -> None:
        """The attempt has ended, or its outcome is not known."""
        with self._turns:
            self._running[need.task_type] -= 1
            self._hand.release(permit)
            self._turns.tell()

    def settle(self, *, last: bool = False) -> None:
        """Give back what nobody here wants; `last` when the batch is over. Never raises."""
        with self._turns:
            if self._is_busy:
                return
            self._is_busy = True
        self._do(self._give_back_all if last else self._give_back)

    def strained(self, task_type: str) -> None:
        """The target has refused or not answered: its function's concurrency shrinks. Never raises."""
        self._take_turn()
        self._do(lambda: self._shrink(task_type))

    def hand_over(self, permit: Permit, name: str, until: datetime) -> bool:
        """Move the permit's slots to a lease of that name, which outlives the batch. False: not confirmed."""
        self._take_turn()
        return self._do(lambda: self._move(permit, name, until)) and not permit.scopes

    # --- under the lock: what to do -------------------------------------------------------------

    def _step(self, need: Need, terms: Terms, waiting: _Waiting) -> "Permit | Held | _Do | timedelta":
        now = self._flow.now()
        self._wanted[need] = terms
        if now > need.latest:
            return self._held(need, waiting.block)
        permit = self._hand.admit(terms, need.timeout, now)
        if permit is not None:
            self._running[need.task_type] += 1
            permit.detail = _said(waiting, now)
            return permit
        if self._trouble_until is not None:
            return Held(self._trouble_until, "the slots could not be asked")
        if self._is_busy:
            return LAST_LOOK
        made = self._hand.plan(list(self._wanted.values()), self._longest, now)
        if self._hand.is_worth(made, self._longest, now):
            self._is_busy = True
            return _Do.WRITE
        waiting.block = made.blocks[list(self._wanted).index(need)]
        return SHORTEST_PAUSE if waiting.block is None else self._wait(need, waiting.block, waiting.since, now)

    def _wait(self, need: Need, block: Block, since: datetime, now: datetime) -> Held | _Do | timedelta:
        wait = patience(block.cause, holds_some=self._hand.in_use[block.scope] > 0)
        ends = min(since + wait, need.latest)
        if now >= ends:
            return self._held(need, block)
        wake = min(ends, now + LAST_LOOK, *([block.until] if block.until else []))
        if self._hand.others_hold(block.scope) or block.cause is Cause.SHARE:
            self._look_at = self._look_at or now + self._interval
            if now >= self._look_at:
                self._is_busy, self._look_at, self._interval = True, None, next_look(self._interval)
                return _Do.LOOK
            wake = min(wake, self._look_at)
        return max(SHORTEST_PAUSE, wake - now)

    # --- outside the lock: doing it, one at a time ------------------------------------------------

    def _go_on(self, step: _Do | timedelta) -> bool:
        """False where nobody can wait."""
        if isinstance(step, timedelta):
            with self._turns:
                return self._turns.wait(step)
        self._do(self._take if step is _Do.WRITE else self._look)
        return True

    def _take_turn(self) -> None:
        with self._turns:
            while self._is_busy:
                self._turns.wait(LAST_LOOK)
            self._is_busy = True

    def _do(self, call: Callable[[], None]) -> bool:
        """Make the call and let the next one have its turn; whether it went well."""
        try:
            call()
        except Exception:
            self._flow.logger.exception("slots not asked", extra={"action": "slots_failed", "tenant": self.tenant})
            self._is_unsure = True
            self._trouble_until = self._flow.now() + AFTER_TROUBLE
            return False
        finally:
            with self._turns:
                self._is_busy = False
                self._turns.tell()
        return True

    def _take(self) -> None:
        for _ in range(TRIES):
            with self._turns:
                now = self._flow.now()
                made = self._hand.plan(list(self._wanted.values()), self._longest, now)
                if not self._hand.is_worth(made, self._longest, now):
                    return
            if self._write(made.change):
                with self._turns:
                    self._hand.won(made, now)
                return

    def _look(self) -> None:
        self._learn(self._flow.store.look(self.tenant))

    def _give_back_all(self) -> None:
        if self._is_unsure:
            self._look()
        self._give_back()

    def _give_back(self) -> None:
        for _ in range(TRIES):
            with self._turns:
                made = self._hand.surplus(list(self._wanted.values()), self._longest, self._flow.now())
            if made is None or self._write(made):
                return

    def _shrink(self, task_type: str) -> None:
        limit, scope = self._flow.limits.of_function(self.tenant, task_type), function_scope(task_type)
        for _ in range(2):
            slots = self._hand.slots
            running = max(self._running[task_type], slots.used.get(scope, 0))
            known = slots.pressures.get(scope)
            made = shrunk(known, running=running, limit=limit, now=self._flow.now())
            if made is None or self._write(Change(pressures={scope: (known, made)})):
                return

    def _move(self, permit: Permit, name: str, until: datetime) -> None:
        with self._turns:
            made = self._hand.moving(permit, name, until)
        if made is None or self._write(made):
            with self._turns:
                self._hand.release(permit)
                permit.scopes = ()

    def _write(self, change: Change) -> bool:
        answer = self._flow.store.change(self.tenant, change)
        self._learn(answer.slots)
        return isinstance(answer, Changed)

    def _learn(self, slots: Slots) -> None:
        with self._turns:
            self._hand.learn(slots)
        self._flow.note(self.tenant, slots)

    def _held(self, need: Need, block: Block | None) -> Held:
        now = self._flow.now()
        if block is None:
            return Held(now + SOON, "too little time left in this environment")
        until = now + hidden(block.cause, need.received, self._flow.random)
        return Held(max(until, block.until or until), f"waits: {block}", block.cause.value)

    def _paused(self, need: Need, paused: Paused) -> Held:
        cause = Cause.FUNCTION if paused.is_of_function else None
        until = self._flow.now() + hidden(cause, need.received, self._flow.random)
        return Held(until, f"the {paused.what} is paused", "pause")


def _said(waiting: _Waiting, now: datetime) -> str:
    waited = now - waiting.since
    if waiting.block is None or waited < NOTICEABLE:
        return ""
    return f"waited {waited.total_seconds():.1f} s: {waiting.block}"
