from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from fairlane import cache
from fairlane.cache import CachedRegistry
from fairlane.ports.registry import Entry
from tests.simulation.fakes.registry import FakeRegistry


class CountingRegistry(FakeRegistry):
    """Counts reads."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.now = 0.0

    def get(self, partition: str, item: str) -> Entry | None:
        self.reads += 1
        return super().get(partition, item)

    def query(self, partition: str, prefix: str, *, limit: int, after: str | None = None) -> Sequence[Entry]:
        raise NotImplementedError


def made(ttl_s: float = 2.0) -> tuple[CountingRegistry, CachedRegistry]:
    registry = CountingRegistry()
    return registry, CachedRegistry(registry, ttl_s=ttl_s, monotonic=lambda: registry.now)


def entry(version: int = 1) -> Entry:
    return Entry("ada", "lane#default", {"version": version}, version)


def test_what_was_found_is_read_once_while_it_is_fresh() -> None:
    registry, cached = made()
    registry.put(entry(), expected=0)

    assert [cached.get("ada", "lane#default") for _ in range(3)] == [entry()] * 3
    assert registry.reads == 1


def test_a_change_is_seen_once_the_time_is_over() -> None:
    registry, cached = made()
    registry.put(entry(), expected=0)
    cached.get("ada", "lane#default")
    registry.put(entry(2), expected=1)

    registry.now = 1.999
    assert cached.get("ada", "lane#default") == entry()
    registry.now = 2.0
    assert cached.get("ada", "lane#default") == entry(2)


def test_a_deletion_is_seen_once_the_time_is_over_and_stays_so() -> None:
    registry, cached = made()
    registry.put(entry(), expected=0)
    cached.get("ada", "lane#default")
    registry.delete("ada", "lane#default")

    registry.now = 2.0
    assert cached.get("ada", "lane#default") is None
    registry.now = 0.0
    assert cached.get("ada", "lane#default") is None


def test_absence_is_never_cached() -> None:
    registry, cached = made()

    assert cached.get("ada", "lane#default") is None
    registry.put(entry(), expected=0)
    assert cached.get("ada", "lane#default") == entry()


def test_partitions_are_kept_apart() -> None:
    registry, cached = made()
    registry.put(entry(), expected=0)
    cached.get("ada", "lane#default")

    assert cached.get("bob", "lane#default") is None


def test_no_time_to_live_reads_each_time() -> None:
    registry, cached = made(ttl_s=0)
    registry.put(entry(), expected=0)

    for _ in range(3):
        cached.get("ada", "lane#default")

    assert registry.reads == 3


def test_the_oldest_entries_make_room() -> None:
    registry, cached = made()
    for n in range(cache.MOST_ENTRIES + 1):
        registry.put(Entry("ada", str(n), {}, 1), expected=0)
        cached.get("ada", str(n))
    reads = registry.reads

    cached.get("ada", str(cache.MOST_ENTRIES))
    assert registry.reads == reads
    cached.get("ada", "0")
    assert registry.reads == reads + 1


def test_threads_that_miss_the_same_document_read_it_once() -> None:
    registry, cached = made()
    registry.put(entry(), expected=0)
    others = 7
    together = Barrier(others + 1)

    def get(_: int) -> Entry | None:
        together.wait(timeout=10)
        return cached.get("ada", "lane#default")

    with ThreadPoolExecutor(others + 1) as pool:
        found = list(pool.map(get, range(others + 1)))

    assert found == [entry()] * (others + 1)
    assert registry.reads == 1
