from datetime import datetime

from fairlane.domain.admission import Drift, Meter
from fairlane.domain.drift import LASTS_OVER, LASTS_UNDER, Correction, judged
from fairlane.domain.times import to_ms
from tests.unit.domain.building import NOW, after

LATER = NOW + LASTS_OVER


def meter(backlog: int, *, admitted: int = 0, drift: Drift | None = None) -> Meter:
    return Meter(backlog=backlog, admitted=admitted, drift=drift)


def noted(excess: int, *, admitted: int = 0, at: datetime = NOW) -> Drift:
    return Drift(excess, to_ms(at), admitted)


def test_a_count_that_is_the_truth_is_left_alone() -> None:
    assert judged(meter(3), truth=3, now=NOW) is None
    assert judged(meter(3, drift=noted(2)), truth=3, now=after(60)) == Correction(0, None)


def test_a_difference_is_noted_first() -> None:
    assert judged(meter(5, admitted=7), truth=3, now=NOW) == Correction(0, noted(2, admitted=7))
    assert judged(meter(1), truth=3, now=NOW) == Correction(0, noted(-2))


def test_only_what_was_too_much_all_the_time_is_taken_off() -> None:
    lowest = judged(meter(4, drift=noted(3)), truth=3, now=after(60))

    assert lowest == Correction(0, noted(1))
    assert judged(meter(9, drift=noted(1)), truth=3, now=LATER) == Correction(-1, None)
    assert judged(meter(5, drift=noted(9)), truth=3, now=LATER) == Correction(-2, None)
    assert judged(meter(5, drift=noted(2)), truth=3, now=after(60)) is None


def test_what_was_admitted_meanwhile_may_be_on_its_way_and_is_not_taken_off() -> None:
    drift = noted(5, admitted=10)

    assert judged(meter(8, admitted=13, drift=drift), truth=3, now=LATER) == Correction(-2, None)
    begun_anew = Correction(0, noted(5, admitted=16, at=LATER))
    assert judged(meter(8, admitted=16, drift=drift), truth=3, now=LATER) == begun_anew


def test_too_little_is_believed_only_when_no_batch_can_still_hold_ended_tasks() -> None:
    drift = noted(-2)

    assert judged(meter(1, drift=drift), truth=3, now=LATER) is None
    assert judged(meter(1, drift=drift), truth=3, now=NOW + LASTS_UNDER) == Correction(2, None)
    assert judged(meter(1, drift=drift), truth=9, now=NOW + LASTS_UNDER) == Correction(2, None)


def test_a_difference_to_the_other_side_is_noted_anew() -> None:
    assert judged(meter(5, drift=noted(-2)), truth=3, now=LATER) == Correction(0, noted(2, at=LATER))
