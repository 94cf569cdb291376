"""The registry behind a cache of seconds, for warm instances.

Only what was found is cached: a new function, lane or key works at once, a change or a
revocation after `ttl_s` at most.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import RLock

from fairlane.ports.registry import Entry, RegistryReader

#: A warm instance serves many tenants; the oldest entries go first.
MOST_ENTRIES = 5_000
#: Locks for reading; two documents rarely share one.
STRIPES = 32


class CachedRegistry:
    """`get` from memory while fresh.

    Threads that miss the same document at once read it once: a batch's messages are of one lane and
    mostly of one function, so without that each cold batch would read both ten times.
    """

    def __init__(
        self,
        registry: RegistryReader,
        *,
        ttl_s: float,
        monotonic: Callable[[], float] = time.monotonic,
        lock: Callable[[], AbstractContextManager[object]] = RLock,
    ) -> None:
        """`ttl_s` 0 reads each time. `lock` is another one where threads are not the operating system's."""
        self._registry = registry
        self._ttl_s = ttl_s
        self._monotonic = monotonic
        self._reading = [lock() for _ in range(STRIPES)]
        self._guard = RLock()
        self._found: OrderedDict[tuple[str, str], tuple[float, Entry]] = OrderedDict()

    def get(self, partition: str, item: str) -> Entry | None:
        """The document, at most `ttl_s` old, or None (never cached)."""
        key = (partition, item)
        fresh = self._fresh(key)
        if fresh is not None:
            return fresh
        with self._reading[hash(key) % STRIPES]:
            fresh = self._fresh(key)  # somebody else has read it while we waited
            if fresh is not None:
                return fresh
            return self._read(key)

    def _fresh(self, key: tuple[str, str]) -> Entry | None:
        held = self._found.get(key)
        return held[1] if held is not None and held[0] > self._monotonic() else None

    def _read(self, key: tuple[str, str]) -> Entry | None:
        until = self._monotonic() + self._ttl_s
        entry = self._registry.get(*key)
        with self._guard:
            self._found.pop(key, None)
            if entry is not None:
                self._found[key] = (until, entry)
                while len(self._found) > MOST_ENTRIES:
                    self._found.popitem(last=False)
        return entry
