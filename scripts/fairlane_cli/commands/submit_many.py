"""Submitting a stream of events: answers in the order of the input, progress, and what came of it in numbers."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fairlane_cli.event_input import Entry
from fairlane_cli.output import plain
from fairlane_cli.session import Session
from fairlane_client import FairlaneError
from fairlane_client.models import Answer, Event

Advance = Callable[[], None]


@dataclass
class Tally:
    """What came of a stream, in numbers."""

    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    without_id: int = 0
    unsuccessful: int = 0
    #: Line and task, to wait for.
    tasks: list[tuple[int, str]] = field(default_factory=list)


def submit_many(
    session: Session, found: Iterable[Entry], complete: Callable[[Event], Event], *, batch: int, wait: bool
) -> Tally:
    """Submit them all. With `wait`, wait for the end of each and print tasks instead of answers."""
    tally = Tally()
    with _progress(session, "submitting") as advance:
        try:
            for entry, answer in _answers(session, found, complete, tally, batch):
                _count(tally, entry, answer, wait=wait)
                _print_answer(session, entry, answer, wait=wait)
                advance()
        except (FairlaneError, KeyboardInterrupt):
            answered = tally.accepted + tally.duplicates
            session.output.note(f"stopped after {answered} events; those that have ids can be submitted again")
            raise
    if wait:
        _wait(session, tally)
    return tally


def _answers(
    session: Session, found: Iterable[Entry], complete: Callable[[Event], Event], tally: Tally, batch: int
) -> Iterator[tuple[Entry, Answer]]:
    """An answer to each entry, in order; those that are no events are answered here and never sent."""
    unanswered: deque[Entry] = deque()

    def events() -> Iterator[Event]:
        for entry in found:
            if entry.event is None:
                unanswered.append(entry)
                continue
            tally.without_id += "id" not in entry.event
            event = complete(entry.event)
            unanswered.append(Entry(entry.number, event))
            yield event

    def bad_ones() -> Iterator[tuple[Entry, Answer]]:
        while unanswered and (problem := unanswered[0].problem) is not None:
            yield unanswered.popleft(), {"error": problem}

    for answer in session.client.submit_stream(events(), batch_events=batch):
        yield from bad_ones()
        yield unanswered.popleft(), answer
    yield from bad_ones()


def _count(tally: Tally, entry: Entry, answer: Answer, *, wait: bool) -> None:
    if "error" in answer:
        tally.refused += 1
        return
    tally.duplicates += answer["duplicate"]
    tally.accepted += not answer["duplicate"]
    if wait:
        tally.tasks.append((entry.number, answer["id"]))


def _print_answer(session: Session, entry: Entry, answer: Answer, *, wait: bool) -> None:
    output = session.output
    if output.as_json:
        if "error" in answer or not wait:
            output.json_line({"line": entry.number, "event_id": entry.event_id, **answer})
    elif "error" in answer:
        problem = answer["error"]
        detail = problem.get("detail") or problem["title"]
        output.note(f"{entry.number}: {plain(detail)} ({problem['status']})")
    elif not output.for_people and not wait:
        output.line(entry.number, entry.event_id, answer["id"], answer["status"])


def _wait(session: Session, tally: Tally) -> None:
    output = session.output
    with _progress(session, "waiting", total=len(tally.tasks)) as advance:
        for number, task_id in tally.tasks:
            task = session.client.wait_for_task(task_id)
            tally.unsuccessful += task["status"] != "succeeded"
            if output.as_json:
                output.json_line({"line": number, **task})
            elif not output.for_people:
                output.line(number, task["event_id"], task_id, task["status"])
            advance()
    if tally.tasks:
        succeeded = len(tally.tasks) - tally.unsuccessful
        output.note(f"{succeeded} succeeded, {tally.unsuccessful} did not")


@contextmanager
def _progress(session: Session, what: str, total: int | None = None) -> Iterator[Advance]:
    """A bar on stderr, when somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    shown = session.output.shows_progress
    with Progress(*columns, console=session.output.errors, disable=not shown) as progress:
        bar = progress.add_task(what, total=total)

        def advance() -> None:
            progress.advance(bar)

        yield advance
        if total is None:
            progress.update(bar, total=progress.tasks[0].completed)
