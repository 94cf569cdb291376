"""The results bus in memory."""

from collections.abc import Callable, Sequence

from fairlane.ports.bus import BusEntry


class FakeBus:
    """`ResultsBus`: keeps what it accepted; `refuse` gives an error code for an entry that it does not take."""

    def __init__(self, refuse: Callable[[BusEntry], str | None] = lambda _: None) -> None:
        self.accepted: list[BusEntry] = []
        self.refuse = refuse

    def publish(self, entries: Sequence[BusEntry]) -> Sequence[str | None]:
        codes = [self.refuse(entry) for entry in entries]
        self.accepted += [entry for entry, code in zip(entries, codes, strict=True) if code is None]
        return codes
