"""Submitting: one event at a time at a steady rate, and a flood in batches. Both by the clock, not by the answers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, Thread

from bench.noisy.scenarios import Plan, Scenario
from bench.noisy.tenancy import FLOOD_TYPE, STEADY_TYPE, Tenant
from fairlane_client import new_event
from fairlane_client.models import Event as CloudEvent

_FLOOD_EVERY_S = 0.1


class BenchError(Exception):
    """The measurement is worth nothing. `str()` says why, for people."""


@dataclass
class Submitted:
    """What one tenant has submitted under one source."""

    source: str
    accepted: int = 0
    refused: int = 0
    #: From the request to its answer, for each request (s).
    took_s: list[float] = field(default_factory=list)


def steady(tenant: Tenant, source: str, moments: list[float], done: Submitted) -> None:
    """One event at each moment of the monotonic clock; a late one is made up for at once."""
    for number, moment in enumerate(moments):
        time.sleep(max(0.0, moment - time.monotonic()))
        began = time.monotonic()
        tenant.client.submit_event(new_event(STEADY_TYPE, {"n": number}, source=source, event_id=str(number)))
        done.took_s.append(round(time.monotonic() - began, 4))
        done.accepted += 1


def moments(plan: Plan, start: float, *, phase: float) -> list[float]:
    """When one of the steady tenants submits; `phase` from 0 to 1 keeps them apart from each other."""
    count = round(plan.stretch_s * plan.rate)
    return [start + (number + phase) / plan.rate for number in range(count)]


@contextmanager
def flood(tenant: Tenant, scenario: Scenario, plan: Plan, *, source: str, last_s: float) -> Iterator[Submitted]:
    """A floods while this is entered, at most `last_s`; what is not started by then expires."""
    done = Submitted(source)
    stopped = Event()
    errors: list[Exception] = []
    run = partial(_pour, tenant, scenario, plan, done, last_s, stopped)
    thread = Thread(target=partial(_guarded, run, errors), daemon=True)
    thread.start()
    try:
        yield done
    finally:
        stopped.set()
        thread.join()
    if errors:
        raise BenchError(f"the flood broke off: {errors[0]}") from errors[0]


def run_together(jobs: "list[partial[None]]") -> None:
    """Each in a thread of its own, to the end. Raises BenchError if one failed."""
    errors: list[Exception] = []
    threads = [Thread(target=partial(_guarded, job, errors), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise BenchError(f"submitting failed: {errors[0]}") from errors[0]


def _guarded(job: "partial[None]", errors: list[Exception]) -> None:
    try:
        job()
    except Exception as error:  # noqa: BLE001 - raised by the thread that waits for this one
        errors.append(error)


def _pour(tenant: Tenant, scenario: Scenario, plan: Plan, done: Submitted, last_s: float, stopped: Event) -> None:
    expires = (datetime.now(UTC) + timedelta(seconds=last_s)).isoformat(timespec="milliseconds")
    start = time.monotonic()
    sent = 0
    while not stopped.is_set():
        due = int((time.monotonic() - start + _FLOOD_EVERY_S) * plan.rate * plan.excess)
        batch = [_flood_event(scenario, done.source, number, expires) for number in range(sent, due)]
        for answer in tenant.client.submit_batch(batch) if batch else ():
            done.accepted += "id" in answer
            done.refused += "id" not in answer
        sent = due
        stopped.wait(_FLOOD_EVERY_S)


def _flood_event(scenario: Scenario, source: str, number: int, expires: str) -> CloudEvent:
    return new_event(FLOOD_TYPE, dict(scenario.data), source=source, event_id=str(number), expirytime=expires)
