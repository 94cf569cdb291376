"""What can go wrong with a stack, said so that a person knows what to do next."""

from pathlib import Path

LOG_LINES_SHOWN = 15


class StackError(Exception):
    """The stack could not be brought where it was asked to be. `str()` is for people: what, the log's end, what now."""

    def __init__(self, what: str, *, remedy: str = "", log: Path | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.log = log

    def __str__(self) -> str:
        parts = [self.what]
        if self.log:
            parts += [*(f"  | {line}" for line in tail(self.log)), f"The whole log: {self.log}"]
        if self.remedy:
            parts.append(self.remedy)
        return "\n".join(parts)


def tail(log: Path, lines: int = LOG_LINES_SHOWN) -> list[str]:
    """The last lines of a log that say something; none where there is no log."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-lines:]
