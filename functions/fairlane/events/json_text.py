"""JSON as it can be exchanged: what Python's parser would let pass is found and named here.

Python accepts NaN, turns 1e400 into infinity, keeps the last of two members of one name and lone
surrogates. Each of them would be something else, or an error, at the next reader.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import isinf

from fairlane.domain.errors import FieldError
from fairlane.events.problems import Unfit, pointer

#: How deep arrays and objects may be nested.
MAX_DEPTH = 64
#: A double ends at 309 digits; beyond, readers in other languages get infinity.
MAX_DIGITS = 308

_TOO_DEEP = f"must not be nested deeper than {MAX_DEPTH} arrays and objects"
#: What gives JSON its structure. A string's closing quote is optional, so that none is scanned twice.
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},]', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


@dataclass(frozen=True)
class Flaw:
    """Stands in a parsed document for what cannot be exchanged; `member` when it is one of an object."""

    reason: str
    member: str | None = None


def read_json(raw: bytes) -> object:
    """The value, with a `Flaw` wherever there is one: see `flaw_in`. Raises Unfit when it is not JSON."""
    try:
        return _parsed(_text(raw))
    except RecursionError as bomb:
        raise Unfit(_TOO_DEEP) from bomb


def read_json_array(raw: bytes, *, most: int) -> object:
    """The same, but an item of the outermost array that is nested beyond reading is a `Flaw` in its place.

    Then no more than `most` items are read, for telling them apart takes a while.
    """
    text = _text(raw)
    try:
        return _parsed(text)
    except RecursionError:
        return [_parsed_item(item) for item in islice(_items(text), most)]


def flaw_in(value: object, name: str) -> FieldError | None:
    """The first flaw in a value that `name` points to. Memory grows with the depth alone."""
    path: list[str | int] = []
    levels: list[Iterator[tuple[str | int, object]]] = [iter([(name, value)])]
    while levels:
        member = next(levels[-1], None)
        if member is None:
            levels.pop()
            del path[-1:]
            continue
        path.append(member[0])
        flaw = _flaw(member[0], member[1], depth=len(levels))
        if flaw:
            return FieldError(pointer(path if flaw.member is None else [*path, flaw.member]), flaw.reason)
        if isinstance(member[1], dict | list):
            levels.append(iter(_members(member[1])))
        else:
            path.pop()
    return None


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as undecodable:
        raise Unfit(f"must be UTF-8: byte {undecodable.start} is not") from undecodable


def _parsed(text: str) -> object:
    try:
        value: object = _DECODER.decode(text)
    except json.JSONDecodeError as broken:
        raise Unfit(f"must be JSON: {broken.msg} at line {broken.lineno}, column {broken.colno}") from broken
    return value


def _parsed_item(text: str) -> object:
    try:
        return _parsed(text)
    except RecursionError:
        return Flaw(_TOO_DEEP)


def _items(text: str) -> Iterator[str]:
    """The texts of the items of an array, told by brackets and commas alone."""
    if not text.lstrip().startswith("["):
        raise Unfit(_TOO_DEEP)
    depth, start = 0, text.index("[") + 1
    for token in _STRUCTURE.finditer(text):
        depth += _STEPS.get(token[0], 0)
        if depth == 0 or (depth == 1 and token[0] == ","):
            yield text[start : token.start()]
            start = token.end()
        if depth == 0:
            break
    if depth or text[start - 1 :].strip() != "]":
        raise Unfit(_TOO_DEEP)


def _members(container: dict[str, object] | list[object]) -> Iterable[tuple[str | int, object]]:
    return container.items() if isinstance(container, dict) else enumerate(container)


def _flaw(key: str | int, value: object, *, depth: int) -> Flaw | None:
    if isinstance(value, Flaw):
        return value
    if depth > MAX_DEPTH and isinstance(value, dict | list):
        return Flaw(_TOO_DEEP)
    if (isinstance(value, str) and _has_surrogate(value)) or (isinstance(key, str) and _has_surrogate(key)):
        return Flaw("must not have an unpaired surrogate: it is no character")
    return None


def _has_surrogate(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _object(pairs: list[tuple[str, object]]) -> dict[str, object] | Flaw:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    return Flaw("must be there once: two members of the object have this name", _repeated(pairs))


def _repeated(pairs: list[tuple[str, object]]) -> str:
    counts = Counter(name for name, _ in pairs)
    return next(name for name in counts if counts[name] > 1)


def _float(text: str) -> float | Flaw:
    number = float(text)
    return Flaw("must be a number that a double can hold") if isinf(number) else number


def _int(text: str) -> int | Flaw:
    return int(text) if len(text) <= MAX_DIGITS else Flaw(f"must have at most {MAX_DIGITS} digits")


def _constant(text: str) -> Flaw:
    return Flaw(f"must be a JSON value: {text} is none")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_constant)
