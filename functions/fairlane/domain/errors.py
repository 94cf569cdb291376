"""What can go wrong, sorted by what the caller must do.

`Refused`: change something first (4xx). `Unavailable`: the same call may work later (503).
Anything else that is raised is a bug and is never turned into a 4xx.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """One wrong field. `pointer` is a JSON pointer into the body, or `#/headers/...`, `#/query/...`."""

    pointer: str
    detail: str


#: slug -> (HTTP status, title). The slug ends the problem's `type` URI and names the metric.
KINDS: Mapping[str, tuple[int, str]] = {
    "malformed": (400, "The request is malformed"),
    "unauthorized": (401, "No valid API key"),
    "forbidden": (403, "The key may not do this"),
    "not-found": (404, "Not found"),
    "method-not-allowed": (405, "Method not allowed"),
    "conflict": (409, "The state does not allow this"),
    "too-large": (413, "Too large"),
    "unsupported-media-type": (415, "Unsupported content type"),
    "refused": (422, "The request was understood and refused"),
    "too-many-requests": (429, "Over a limit"),
    "unavailable": (503, "Not confirmed, repeat it"),
}


@dataclass
class Refused(Exception):
    """An explicit refusal: a slug of `KINDS`, what is wrong and what to do about it."""

    kind: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Of a 429: which limit. It is counted by that in a metric of its own.
    reason: str = ""

    @property
    def status(self) -> int:
        """The HTTP status of the refusal."""
        return KINDS[self.kind][0]

    def __str__(self) -> str:
        """For logs."""
        return f"{self.kind}: {self.detail}"


class Unavailable(Refused):
    """A backend refused or did not confirm; repeating the call is safe."""

    def __init__(self, detail: str, *, retry_after_s: int = 1) -> None:
        """`retry_after_s` goes into the `Retry-After` header."""
        super().__init__("unavailable", detail, headers={"Retry-After": str(retry_after_s)})


def problem_document(refused: Refused) -> dict[str, Any]:
    """The refusal as an RFC 9457 problem document (body only)."""
    status, title = KINDS[refused.kind]
    document: dict[str, Any] = {
        "type": f"urn:fairlane:problem:{refused.kind}",
        "title": title,
        "status": status,
        "detail": refused.detail,
    }
    if refused.errors:
        document["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in refused.errors]
    return document
