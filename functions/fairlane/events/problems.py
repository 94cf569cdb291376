"""What is wrong with an event: collected field by field, refused at once.

How a refusal becomes an HTTP answer is not here but in `fairlane.domain.errors`.
"""

from collections.abc import Iterable
from urllib.parse import quote

from fairlane.domain.errors import FieldError, Refused

#: An event can be wrong in many places; an answer tells this many of them.
MAX_ERRORS_TOLD = 20
#: A pointer leads through names that the client chose; it is cut here.
MAX_POINTER_CHARS = 256

#: RFC 3986: what may stand in a fragment beside letters and digits, without the pointer's own "~" and "/".
_FRAGMENT_SAFE = "!$&'()*+,;=:@?-._~"


class Unfit(ValueError):
    """Why a value does not fit, as a sentence whose subject is the field."""

    kind = "malformed"


class NotYours(Unfit):
    """The name belongs to Fairlane: well-formed, but refused."""

    kind = "refused"


class Problems:
    """The wrong fields of one event. Malformed ones outweigh refused ones (400 before 422)."""

    def __init__(self) -> None:
        self._found: list[tuple[str, FieldError]] = []

    def add(self, where: str, cause: Unfit) -> None:
        self._found.append((cause.kind, FieldError(where, str(cause))))

    def raise_any(self) -> None:
        """Raises Refused when anything was added."""
        if not self._found:
            return
        kinds = {kind for kind, _ in self._found}
        errors = [error for _, error in self._found]
        more = f" ({len(errors) - 1} more, see errors.)" if len(errors) > 1 else ""
        raise Refused(
            "malformed" if "malformed" in kinds else "refused",
            f"{errors[0].pointer} {errors[0].detail}.{more}",
            tuple(errors[:MAX_ERRORS_TOLD]),
        )


def refused_field(kind: str, where: str, detail: str) -> Refused:
    """The refusal of a whole request or event because of one field."""
    return Refused(kind, f"{where} {detail}.", (FieldError(where, detail),))


def pointer(path: Iterable[str | int]) -> str:
    """A JSON pointer as a URI fragment (RFC 6901, section 6)."""
    return ("#" + "".join(f"/{_step(step)}" for step in path))[:MAX_POINTER_CHARS]


def header_pointer(name: str) -> str:
    return pointer(["headers", name])


def _step(step: str | int) -> str:
    escaped = str(step)[:MAX_POINTER_CHARS].replace("~", "~0").replace("/", "~1")
    return quote(escaped, safe=_FRAGMENT_SAFE, errors="replace")
