"""The invariants over thousands of schedules. A failure names its seed: `violations_of(seed)` runs it again."""

import pytest

from tests.simulation.schedule import Schedule

CHUNKS, SEEDS_EACH = 20, 125


def violations_of(seed: int) -> list[str]:
    return Schedule(seed).run()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_schedule_keeps_the_invariants(chunk: int) -> None:
    broken = {seed: found for seed in range(chunk, CHUNKS * SEEDS_EACH, CHUNKS) if (found := violations_of(seed))}

    assert broken == {}
