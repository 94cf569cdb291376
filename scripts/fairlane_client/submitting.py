"""Submitting many events: batches that fit, an answer for each event, in order.

Submitting is deduplicated by `source` and `id`, so everything here may be sent again: whole requests
(`retrying`), and single events of a batch that the service could not confirm.
"""

from collections.abc import Iterator, Sequence
from typing import cast

from fairlane_client import calls
from fairlane_client.call import json_body
from fairlane_client.errors import MalformedError, MiscountError, TooLargeError
from fairlane_client.events import BATCH_EVENTS, Batch, halves
from fairlane_client.flow import END, Emit, Flow, Pacing, Pause, Take
from fairlane_client.models import Answer, Event
from fairlane_client.retrying import perform

#: Statuses of single events in a batch that may pass.
_PASSING = frozenset({429, 503})


def submit_batch(pacing: Pacing, events: Sequence[Event]) -> Flow[list[Answer]]:
    """Submit events, split into as many requests as they need. The answers are in the order of the events."""
    answers: list[Answer] = []
    for texts in _batches(events):
        answers += yield from _submit(pacing, texts)
    return answers


def submit_stream(pacing: Pacing, *, batch_events: int = BATCH_EVENTS) -> Flow[None]:
    """Submit events as they come, and give an answer for each, in order. Holds one batch in memory.

    Waits for a full batch (or the end of the input) before it sends: a slow source wants small batches.
    Whatever the caller does not iterate over is not submitted.
    """
    batch = Batch()
    while (event := (yield Take())) is not END:
        text = json_body(cast("Event", event))
        if not batch.takes(text, most=min(batch_events, BATCH_EVENTS)):
            yield from _emit(pacing, batch)
            batch = Batch()
        batch.add(text)
        if len(batch.texts) >= batch_events:
            yield from _emit(pacing, batch)
            batch = Batch()
    yield from _emit(pacing, batch)


def _emit(pacing: Pacing, batch: Batch) -> Flow[None]:
    if batch.texts:
        for answer in (yield from _submit(pacing, batch.texts)):
            yield Emit(answer)


def _batches(events: Sequence[Event]) -> Iterator[list[bytes]]:
    batch = Batch()
    for text in map(json_body, events):
        if not batch.takes(text, most=BATCH_EVENTS):
            yield batch.texts
            batch = Batch()
        batch.add(text)
    if batch.texts:
        yield batch.texts


def _submit(pacing: Pacing, texts: Sequence[bytes]) -> Flow[list[Answer]]:
    """Answers to one request's worth of events, after sending those again that may pass."""
    answers = list((yield from _post(pacing, texts)))
    tries = 1
    while again := [n for n, answer in enumerate(answers) if _may_pass(answer)]:
        pause_s = pacing.retry.pause_s(tries, retry_after_s=None, jitter=pacing.jitter)
        if pause_s is None:
            break
        yield Pause(pause_s)
        repeated = yield from _post(pacing, [texts[n] for n in again])
        for n, answer in zip(again, repeated, strict=True):
            answers[n] = answer
        tries += 1
    return answers


def _post(pacing: Pacing, texts: Sequence[bytes]) -> Flow[Sequence[Answer]]:
    """One request; in halves when it is refused as a whole, so that one bad event refuses itself alone."""
    try:
        answers = (yield from perform(pacing, calls.post_batch(texts)))["items"]
    except (MalformedError, TooLargeError) as error:
        if len(texts) == 1:
            return [{"error": error.problem}]
    else:
        if len(answers) != len(texts):
            raise MiscountError(sent=len(texts), answered=len(answers))
        return answers
    first, second = halves(texts)
    return [*(yield from _post(pacing, first)), *(yield from _post(pacing, second))]


def _may_pass(answer: Answer) -> bool:
    return "error" in answer and answer["error"].get("status") in _PASSING
