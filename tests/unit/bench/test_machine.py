import os

import pytest

from bench.machine import Load, LoadMeter, _Reading, load_between, mean_load
from tests.unit.bench.building import loads


def a_reading(at: float, *, idle_s: float, emulator_s: float = 0.0, own_s: float = 0.0) -> _Reading:
    return _Reading(at=at, idle_s=idle_s, total_s=2 * at, emulator_s=emulator_s, own_s=own_s)


def test_busy_is_what_was_not_idle_and_others_is_what_was_not_ours() -> None:
    before = a_reading(10, idle_s=8)
    after = a_reading(20, idle_s=18, emulator_s=4, own_s=5)
    assert load_between(before, after, cores=2) == Load(busy=0.5, others=0.25, emulator=0.4)


def test_others_never_have_less_than_nothing() -> None:
    load = load_between(a_reading(10, idle_s=0), a_reading(20, idle_s=19, own_s=2), cores=2)
    assert load.others == 0


def test_the_mean_of_loads_is_of_each_figure() -> None:
    assert mean_load(loads([0.25, 0.5])) == Load(busy=0.375, others=0.0, emulator=0.0)


def test_there_is_no_mean_of_nothing() -> None:
    with pytest.raises(ValueError, match="no loads"):
        mean_load([])


def test_a_busy_process_is_seen() -> None:
    meter = LoadMeter(os.getpid())
    with meter:
        sum(n * n for n in range(2_000_000))
    assert meter.load.emulator > 0
    assert 0 <= meter.load.others <= 1
