"""EventBridge event patterns: whether one is well-formed, and where it is not.

AWS has the last word; this gives what it refuses a pointer and a reason, and it also holds where an
emulator takes everything. What a matcher means is not repeated here.
"""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from fairlane.domain.errors import FieldError, Refused

#: What a tenant's pattern may speak of: the other fields of the event are Fairlane's (decision 0001).
FIELDS = ("detail-type", "detail")
COMPARISONS = ("<", "<=", "=", ">=", ">")
LARGEST_NUMBER = 5e9
OR = "$or"

_Found = Iterator[FieldError]


def check_pattern(pattern: Mapping[str, Any], pointer: str) -> None:
    """Raises Refused (422) that names every wrong place."""
    errors = tuple(_pattern_errors(pattern, pointer))
    if errors:
        raise Refused("refused", f"{errors[0].pointer}: {errors[0].detail}", errors)


def _pattern_errors(pattern: Mapping[str, Any], pointer: str) -> _Found:
    for name in sorted(set(pattern) - set(FIELDS)):
        yield FieldError(f"{pointer}/{name}", "is not matched here: a pattern is over detail-type and detail")
    if "detail-type" in pattern:
        yield from _values(pattern["detail-type"], f"{pointer}/detail-type")
    if "detail" in pattern:
        if isinstance(pattern["detail"], Mapping):
            yield from _node(pattern["detail"], f"{pointer}/detail")
        else:
            yield FieldError(f"{pointer}/detail", "must be an object: names of the result event's attributes")


def _node(node: Mapping[str, Any], pointer: str) -> _Found:
    if not node:
        yield FieldError(pointer, "must not be empty: leave it out to match everything")
    for name, value in node.items():
        below = f"{pointer}/{name}"
        if name == OR:
            yield from _alternatives(value, below)
        elif isinstance(value, Mapping):
            yield from _node(value, below)
        else:
            yield from _values(value, below)


def _alternatives(value: Any, pointer: str) -> _Found:
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(each, Mapping) for each in value):  # noqa: PLR2004
        yield FieldError(pointer, "must be an array of at least two objects")
        return
    for index, each in enumerate(value):
        yield from _node(each, f"{pointer}/{index}")


def _values(values: Any, pointer: str) -> _Found:
    if not isinstance(values, list) or not values:
        yield FieldError(pointer, "must be an array of at least one value or matcher")
        return
    for index, value in enumerate(values):
        below = f"{pointer}/{index}"
        if isinstance(value, Mapping):
            yield from _matcher(value, below)
        elif isinstance(value, list):
            yield FieldError(below, "must be a string, a number, true, false, null or a matcher, not an array")


def _matcher(value: Mapping[str, Any], pointer: str) -> _Found:
    name = _only(value)
    if name is None or name not in MATCHERS:
        yield FieldError(pointer, f"must be one matcher of {', '.join(sorted(MATCHERS))}")
        return
    fits, wanted = MATCHERS[name]
    if not fits(value[name]):
        yield FieldError(f"{pointer}/{name}", f"must be {wanted}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) <= LARGEST_NUMBER


def _is_affix(value: Any) -> bool:
    return _is_text(value) or (_only(value) == "equals-ignore-case" and _is_text(value["equals-ignore-case"]))


def _is_exclusion(value: Any) -> bool:
    name = _only(value)
    if name is not None:
        inner = value[name]
        known = name in ("prefix", "suffix", "equals-ignore-case", "wildcard")
        return known and (_is_text(inner) or _is_list(inner, _is_text))
    return _is_text(value) or _is_number(value) or _is_list(value, _is_text) or _is_list(value, _is_number)


def _is_range(value: Any) -> bool:
    if not isinstance(value, list) or len(value) not in (2, 4):
        return False
    return all(operator in COMPARISONS for operator in value[::2]) and all(map(_is_number, value[1::2]))


def _is_network(value: Any) -> bool:
    try:
        ip_network(value, strict=False)
    except ValueError:
        return False
    return isinstance(value, str)


def _is_wildcard(value: Any) -> bool:
    return _is_text(value) and "**" not in value


def _is_list(value: Any, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and bool(value) and all(map(fits, value))


def _only(value: Any) -> str | None:
    return next(iter(value)) if isinstance(value, Mapping) and len(value) == 1 else None


#: Each matcher of EventBridge: whether an argument fits it, and what it wants.
MATCHERS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "prefix": (_is_affix, 'text, or {"equals-ignore-case": text}'),
    "suffix": (_is_affix, 'text, or {"equals-ignore-case": text}'),
    "equals-ignore-case": (_is_text, "text"),
    "wildcard": (_is_wildcard, "text with * that do not follow one another"),
    "anything-but": (_is_exclusion, "a text, a number, an array of one of these, or a matcher of texts"),
    "numeric": (_is_range, f"one or two pairs of a comparison ({', '.join(COMPARISONS)}) and a number"),
    "exists": (lambda value: isinstance(value, bool), "true or false"),
    "cidr": (_is_network, "an address range such as 10.0.0.0/24"),
}
