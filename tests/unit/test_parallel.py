import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane import parallel
from fairlane.parallel import Threads, one_by_one


@settings(deadline=None)
@given(st.lists(st.integers(), max_size=20))
def test_each_item_comes_once_with_its_index(items: list[int]) -> None:
    came = [pair for group in Threads(4)(lambda item: item * 2, items) for pair in group]

    assert sorted(came) == [(n, item * 2) for n, item in enumerate(items)]


def test_no_items_give_no_groups() -> None:
    assert list(Threads(2)(lambda item: item, [])) == []


def test_all_items_run_at_once() -> None:
    together = threading.Barrier(5, timeout=30)

    def meet(_: int) -> int:
        return together.wait()

    came = [pair for group in Threads(5)(meet, range(5)) for pair in group]

    assert sorted(place for _, place in came) == [0, 1, 2, 3, 4]


def test_a_fast_item_never_waits_for_a_slow_one() -> None:
    release = threading.Event()
    groups = Threads(2)(lambda item: item == 0 or release.wait(30), [0, 1])

    assert next(groups) == [(0, True)]
    release.set()
    assert list(groups) == [[(1, True)]]


def test_what_comes_close_together_is_handed_over_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "LINGER_S", 30)

    groups = list(Threads(4)(lambda item: item, range(4)))

    assert [len(group) for group in groups] == [4]


def test_an_exception_of_a_call_is_raised() -> None:
    def fail(_: int) -> int:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        list(Threads(2)(fail, [1]))


def test_one_by_one_is_one_group_in_order() -> None:
    assert list(one_by_one(str, [3, 1])) == [[(0, "3"), (1, "1")]]
