"""The invariants over thousands of schedules. A failure names its seed: `Schedule(seed).run()` runs it again."""

import pytest

from tests.simulation.schedule import Schedule

CHUNKS, SEEDS_EACH = 10, 250
REACHED_WITHIN = 300
#: Seeds of rare ways: here a start is repeated.
RARE = (498,)

#: Every way a message or a task can go; a rule that no schedule reaches is not checked.
PATHS = {
    "a commit by a duplicate is explained": "an attempt holds the lease",
    "an attempt failed and is tried again": "ValueError: not today",
    "attempts ran out": "out of attempts",
    "an error was not retryable": "not retryable",
    "a target throttled": "throttled: no capacity",
    "a claim took too long": "throttled: the claim took too long to start the ca",
    "no answer came": "no answer",
    "the last attempt was lost": "lost",
    "a function was deleted": "no function",
    "a task expired unstarted": "not started before its expirytime",
    "a message came too early": "not due yet",
    "a backoff was met": "backoff",
    "an environment had too little time left": "too little time left in this environment",
    "the fence met a record that had changed": "the record changed meanwhile",
    "a backend was away during an attempt": "attempt failed",
    "a deferred attempt called back": "called back",
    "a deferred attempt called back too late": "called back: conflict",
    "a deferred attempt was not heard of before its deadline": "Timeout: no callback came before the deadline",
    "a deferred attempt fell silent": "HeartbeatTimeout: no heartbeat came in time",
    "a message met a task that waits": "it waits for its callback",
    "a message met a start that was not confirmed": "its start is not confirmed yet",
    "a start was repeated": "started again",
    "a message was received too often": "received too often",
    "an old message was renewed": "record prolonged",
    "a renewal failed": "renewal failed",
    "the bus refused a result": "InternalFailure",
    "a result could not be published": "not published",
    "a message could not be read": "not a message of Fairlane",
    "a message had no record": "no record of this task",
    "a limit held an attempt back": "waits",
    "a lane was paused": "the lane is paused",
    "a head of its partition key had not ended": "behind a task of its partition key that has not ended",
    "the slots could not be asked": "the slots could not be asked",
    "a task was cancelled": "cancelled",
    "a message met a cancelled task that was told": "cancelled, and told",
    "a cancel came too late": "a cancel refused: conflict",
    "a cancel was not told at once": "results not told",
    "an event was refused": "refused refused",
    "a task was not confirmed": "refused unavailable",
    "a tenant was over its submit rate": "short of submit_rate",
    "a tenant was over its backlog": "short of backlog",
    "a backlog was full": "a backlog was full",
    "a place was not given back": "not given back",
    "a leak was put right": "too much was counted",
}


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_schedule_keeps_the_invariants(chunk: int) -> None:
    seeds = range(chunk, CHUNKS * SEEDS_EACH, CHUNKS)
    broken = {seed: found for seed in seeds if (found := Schedule(seed).run())}

    assert broken == {}


def test_the_schedules_reach_every_path() -> None:
    missing = set(PATHS.values())
    for seed in (*RARE, *range(REACHED_WITHIN)):
        schedule = Schedule(seed)
        schedule.run()
        missing -= schedule.world.monitor.reached
        if not missing:
            break

    assert {path for path, sign in PATHS.items() if sign in missing} == set()


@pytest.mark.parametrize("seed", range(5))
def test_a_seed_is_one_schedule(seed: int) -> None:
    def told() -> list[tuple[str, str, object]]:
        schedule = Schedule(seed)
        schedule.run()
        return [(entry.tenant, entry.detail_type, entry.time) for entry in schedule.world.bus.accepted]

    assert told() == told()
