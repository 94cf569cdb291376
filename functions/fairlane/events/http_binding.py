"""The CloudEvents HTTP binding, 1.0.2: header values and media types. What they mean is not here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from fairlane.events.problems import Problems, Unfit, header_pointer, refused_field

Headers = Sequence[tuple[str, str]]

ATTRIBUTE_PREFIX = "ce-"
MAX_MEDIA_TYPE_CHARS = 256

#: A list by its nature (W3C Trace Context): two such headers mean the same as their values joined.
_LISTS = frozenset({"tracestate"})
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_WELL_QUOTED = re.compile(rf'(?:[^"]|{_QUOTED})*')
_QUOTED_STRING = re.compile(_QUOTED)
_ESCAPED = re.compile(r"\\(.)")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")

_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_PARAMETER = rf"({_WORD})=({_WORD}|{_QUOTED})"
_PARAMETERS = re.compile(rf";[ \t]*(?:{_PARAMETER}[ \t]*)?")
_MEDIA_TYPE = re.compile(rf"({_WORD}/{_WORD})[ \t]*((?:;[ \t]*(?:{_PARAMETER}[ \t]*)?)*)")


@dataclass(frozen=True)
class MediaType:
    """A media type in lower case, and its charset where it names one."""

    name: str
    charset: str | None

    @property
    def is_json(self) -> bool:
        return self.name.endswith(("/json", "+json"))

    @property
    def is_text(self) -> bool:
        return self.name.startswith("text/")

    @property
    def is_utf8(self) -> bool:
        """Whether its text can be read as UTF-8; so it is where no charset is named."""
        return self.charset in {None, "utf-8", "utf8", "us-ascii"}


def media_type(text: str) -> MediaType:
    """Raises Unfit for what is no media type (RFC 2046, RFC 9110)."""
    match = _MEDIA_TYPE.fullmatch(text) if len(text) <= MAX_MEDIA_TYPE_CHARS else None
    if match is None:
        raise Unfit(f"must be a media type of at most {MAX_MEDIA_TYPE_CHARS} characters: type/subtype")
    charsets = [value.strip('"').lower() for name, value in _PARAMETERS.findall(match[2]) if name.lower() == "charset"]
    return MediaType(match[1].lower(), charsets[0] if charsets else None)


def content_type(headers: Headers) -> str | None:
    """The Content-Type as it was sent, or None. Raises Refused when there are two."""
    values = [value.strip(" \t") for name, value in headers if name.lower() == "content-type"]
    if len(values) > 1:
        raise refused_field("malformed", header_pointer("content-type"), "must be sent once")
    return values[0] or None if values else None


def has_attributes(headers: Headers) -> bool:
    return any(name.lower().startswith(ATTRIBUTE_PREFIX) for name, _ in headers)


def header_attributes(headers: Headers) -> dict[str, str]:
    """The attributes of an event in binary mode, decoded. Raises Refused with every bad header."""
    attributes: dict[str, str] = {}
    problems = Problems()
    for header, value in headers:
        name = header.lower().removeprefix(ATTRIBUTE_PREFIX)
        if name == header.lower():
            continue
        if name in attributes:
            problems.add(header_pointer(header.lower()), Unfit("must be sent once"))
            continue
        try:
            attributes[name] = _attribute(name, value)
        except Unfit as unfit:
            problems.add(header_pointer(header.lower()), unfit)
    problems.raise_any()
    return attributes


def _attribute(name: str, value: str) -> str:
    if name == "datacontenttype":
        raise Unfit("must not be sent: the Content-Type header says it")
    text = decoded(value)
    # Any proxy may join repeated headers with a comma (RFC 9110, 5.3). Which of the two the client meant
    # cannot be told; a space of its own it must have percent-encoded.
    if name not in _LISTS and ", " in _QUOTED_STRING.sub("", value):
        raise Unfit("must be sent once; if the comma is part of the value, write the space after it as %20")
    return text


def decoded(value: str) -> str:
    """A header's value: unquoted, then percent-decoded once. Raises Unfit."""
    if not (value.replace("\t", " ").isascii() and value.replace("\t", " ").isprintable()):
        raise Unfit("must be printable ASCII: percent-encode the UTF-8 bytes of other characters")
    if not _WELL_QUOTED.fullmatch(value):
        raise Unfit("must close its double quote: write a literal one as %22")
    text = _QUOTED_STRING.sub(_unquoted, value.strip(" \t"))
    if _BAD_PERCENT.search(text):
        raise Unfit("must have two hexadecimal digits after each %: write a literal one as %25")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError as undecodable:
        raise Unfit("must percent-decode to valid UTF-8") from undecodable


def _unquoted(quoted: re.Match[str]) -> str:
    return _ESCAPED.sub(r"\1", quoted[0][1:-1])
