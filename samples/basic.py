"""The simplest functions a tenant can have. Every place deploys them as STACK-target-<name>; tests rely on them."""

import time

from contract import Event, PayloadError, SampleError, data_of, log_call, number_of, text_of

#: Shorter than the Lambda's own timeout, so that it is not the timeout which ends it.
LONGEST_SLEEP_S = 9
LONGEST_PAUSE_S = 2
MOST_FAILURES = 1_000_000


class FlakyError(SampleError):
    """One of the failures that were asked for."""


def echo(event: Event, _context: object) -> object:
    """Returns the event's data (in base64 where it is not JSON or text)."""
    log_call("sample.echo", event)
    return event.get("data", event.get("data_base64"))


def sleep(event: Event, _context: object) -> float:
    """Sleeps `data.seconds` and returns them."""
    log_call("sample.sleep", event)
    seconds = number_of(data_of(event), "seconds", at_most=LONGEST_SLEEP_S)
    time.sleep(seconds)
    return seconds


def fail(event: Event, _context: object) -> None:
    """Raises an error of class name `data.error` with `data.message`, after `data.seconds`."""
    log_call("sample.fail", event)
    data = data_of(event)
    name = text_of(data, "error", at_most=128, default="SampleError")
    message = text_of(data, "message", at_most=10_000, default="")
    if not name.isprintable() or not name:
        raise PayloadError("data.error must be the name of a class")
    time.sleep(number_of(data, "seconds", at_most=LONGEST_PAUSE_S, default=0))
    raise type(name, (SampleError,), {})(message)


def flaky(event: Event, _context: object) -> int:
    """Fails on the first `data.failures` attempts, then returns the attempt."""
    log_call("sample.flaky", event)
    failures = number_of(data_of(event), "failures", at_most=MOST_FAILURES, default=0)
    attempt: int = event["attempt"]
    if attempt <= failures:
        raise FlakyError(f"attempt {attempt} fails, as the first {failures:g} shall")
    return attempt
