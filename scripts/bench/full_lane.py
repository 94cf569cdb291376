"""What tasks cost that wait in a full lane: requests to SQS and DynamoDB, counted from the emulator's request log.

The lane runs one task at a time, or few. What these cost is in the count, and small beside many that wait.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.table import Table

from fairlane_cli.demo.aws import Aws
from fairlane_cli.demo.request_log import Invocation, NotCountedError, Request, RequestLog, invocations
from fairlane_cli.stack import DeployedStack
from fairlane_client import Client, new_event

Report = Callable[[str], None]

TENANT, TASK_TYPE = "bench-full-lane", "long"
#: The longest that the sample sleeps.
RUNS_S = 9
#: MiniStack keeps so many requests; more were made than can be counted.
MOST_REQUESTS = 10_000
COUNTED = ("dynamodb", "sqs")
_BATCH = 100
_READY_S = 60


class NotFullError(Exception):
    """The lane was not full: what was counted is not what was asked for. `str()` is for people."""


@dataclass(frozen=True)
class FullLanePlan:
    """Sizes."""

    waiting: int = 200
    #: Attempts at once that the lane allows.
    concurrency: int = 1
    #: Until the burst of the submission is over.
    settle_s: float = 20.0
    counted_s: float = 60.0


@dataclass(frozen=True)
class Waiting:
    """What was counted while a lane was full."""

    #: On average.
    waiting: float
    #: Tasks that ended meanwhile.
    ended: int
    seconds: float
    #: By service and operation.
    requests: Mapping[tuple[str, str], int]
    #: Runs of the dispatcher: AWS's poller has received a batch for each, and deletes what it has done.
    dispatcher_runs: int

    def per_task_minute(self, count: float) -> float:
        """So much for each waiting task in a minute."""
        return count / self.waiting / (self.seconds / 60)

    @property
    def sqs(self) -> int:
        """With the poller's receives, which the emulator makes without requests."""
        return self.dispatcher_runs + sum(count for (service, _), count in self.requests.items() if service == "sqs")

    @property
    def dynamodb(self) -> int:
        return sum(count for (service, _), count in self.requests.items() if service == "dynamodb")


def measure(plan: FullLanePlan, stack: DeployedStack, report: Report) -> Waiting:
    """Fill the lane, let it settle, count. Raises NotFullError, NotCountedError."""
    with _tenant(stack, plan) as client:
        report(
            f"{plan.waiting + plan.concurrency} tasks of {RUNS_S} s into a lane that runs {plan.concurrency} at once"
        )
        events = [
            new_event(TASK_TYPE, {"seconds": RUNS_S}, source="/bench/full-lane", event_id=str(number))
            for number in range(plan.waiting + plan.concurrency)
        ]
        for start in range(0, len(events), _BATCH):
            client.submit_batch(events[start : start + _BATCH])
        report(f"settling for {plan.settle_s:g} s")
        time.sleep(plan.settle_s)
        log = RequestLog(stack.aws_endpoint_url)
        log.start()
        try:
            before, since = _left(client), time.time()
            report(f"{before} wait; counting for {plan.counted_s:g} s")
            time.sleep(plan.counted_s)
            seconds, after = time.time() - since, _left(client)
            requests = log.requests(since=since)
        finally:
            log.stop()
        runs = invocations(Aws(stack).logs(), f"{stack.stack}-dispatcher", since=since)
    return counted(requests, runs, before=before - plan.concurrency, after=after - plan.concurrency, seconds=seconds)


def counted(
    requests: Sequence[Request], runs: Sequence[Invocation], *, before: int, after: int, seconds: float
) -> Waiting:
    """Adds it up; `before` and `after` is how many waited.

    Raises NotFullError when the lane ran dry, NotCountedError when there were too many to count.
    """
    if len(requests) >= MOST_REQUESTS:
        raise NotCountedError(f"at least {MOST_REQUESTS} requests in {seconds:.0f} s: the lane spins")
    if after < 1:
        raise NotFullError("the lane ran dry while requests were counted")
    by_operation = Counter((each.service, each.operation) for each in requests if each.service in COUNTED)
    return Waiting((before + after) / 2, before - after, seconds, by_operation, len(runs))


def drawn(found: Waiting) -> Table:
    """For a terminal."""
    table = Table(title=f"A full lane: {found.waiting:.0f} waiting tasks, {found.ended} ended in {found.seconds:.0f} s")
    for title in ("request", "a minute", "for each waiting task, a minute"):
        table.add_column(title, justify="left" if title == "request" else "right")
    for name, count in rows(found):
        table.add_row(name, f"{count * 60 / found.seconds:.0f}", f"{found.per_task_minute(count):.2f}")
    return table


def markdown(found: Waiting) -> str:
    """For docs/benchmarks.md."""
    lines = ["| request | a minute | for each waiting task, a minute |", "| --- | ---: | ---: |"]
    lines += [
        f"| {name} | {count * 60 / found.seconds:.0f} | {found.per_task_minute(count):.2f} |"
        for name, count in rows(found)
    ]
    return "\n".join(lines) + "\n"


def rows(found: Waiting) -> list[tuple[str, int]]:
    """Names and counts: the sums, then what they are made of."""
    single = [(f"{service} {operation}", count) for (service, operation), count in sorted(found.requests.items())]
    return [
        ("SQS, all", found.sqs),
        ("DynamoDB, all", found.dynamodb),
        *single,
        ("runs of the dispatcher (a receive each)", found.dispatcher_runs),
    ]


@contextmanager
def _tenant(stack: DeployedStack, plan: FullLanePlan) -> Iterator[Client]:
    with Client(stack.api_url, stack.admin_key) as platform:
        platform.put_tenant(TENANT, {"targets": sorted(stack.functions.values())})
        platform.wait_for_tenant(TENANT, timeout_s=_READY_S)
        key = platform.create_key(TENANT, ["submit", "read", "manage"], label="bench")["key"]
    with Client(stack.api_url, key) as client:
        client.put_lane("default", {"concurrency": plan.concurrency})
        client.put_function(TASK_TYPE, {"target": {"lambda": stack.functions["sleep"]}, "retry": {"max_attempts": 1}})
        yield client


def _left(client: Client) -> int:
    """Messages in the lane, in whatever state."""
    lane = client.get_lane("default")
    return lane["depth"] + lane["running"]
