import json

from fairlane.ports.bus import BusEntry
from tests.contract.places import BusPlace
from tests.unit.domain.building import NOW


def entry(n: int) -> BusEntry:
    return BusEntry("ada", "fairlane.task.succeeded", json.dumps({"n": n}), NOW)


def test_what_the_bus_accepted_is_told_and_passed_on(bus: BusPlace) -> None:
    assert bus.bus.publish([entry(1), entry(2)]) == [None, None]

    assert sorted(json.loads(detail)["n"] for detail in bus.accepted()) == [1, 2]


def test_more_than_a_request_takes_is_published_in_several(bus: BusPlace) -> None:
    assert bus.bus.publish([entry(n) for n in range(12)]) == [None] * 12


def test_nothing_to_publish_is_nothing_told(bus: BusPlace) -> None:
    assert list(bus.bus.publish([])) == []
