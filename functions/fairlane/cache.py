"""The registry behind a cache of seconds, for warm instances.

Only what was found is cached: a new function, lane or key works at once, a change or a
revocation after `ttl_s` at most.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from fairlane.ports import Entry, RegistryReader

#: A warm instance serves many tenants; the oldest entries go first.
MOST_ENTRIES = 5_000


class CachedRegistry:
    """`get` from memory while fresh. Thread-safe: a race costs a second read, never a wrong answer."""

    def __init__(
        self, registry: RegistryReader, *, ttl_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`ttl_s` 0 reads each time."""
        self._registry = registry
        self._ttl_s = ttl_s
        self._monotonic = monotonic
        self._found: OrderedDict[tuple[str, str], tuple[float, Entry]] = OrderedDict()

    def get(self, partition: str, item: str) -> Entry | None:
        """The document, at most `ttl_s` old, or None (never cached)."""
        key = (partition, item)
        held = self._found.get(key)
        now = self._monotonic()
        if held is not None and held[0] > now:
            return held[1]
        entry = self._registry.get(partition, item)
        if entry is None:
            self._found.pop(key, None)
            return None
        self._found[key] = (now + self._ttl_s, entry)
        while len(self._found) > MOST_ENTRIES:
            self._found.popitem(last=False)
        return entry
