"""What the doctor says."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is. Only a note leaves the tenant healthy."""

    PROBLEM = "problem"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing about one lane, function, limit or subscription."""

    level: Level
    #: Such as `lane bulk`.
    about: str
    what: str
    #: What would help: a command where there is one.
    remedy: str | None = None
    since: str | None = None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "level": self.level.value}


def sorted_by_level(findings: list[Finding]) -> list[Finding]:
    """The worst first; among equals as they were found."""
    return sorted(findings, key=lambda finding: list(Level).index(finding.level))


def is_healthy(findings: list[Finding]) -> bool:
    """Whether nothing needs anybody."""
    return all(finding.level is Level.NOTE for finding in findings)


def span(seconds: float) -> str:
    """A length of time, roughly."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def many(count: int, word: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{count} {word if count == 1 else word + 's'}"
