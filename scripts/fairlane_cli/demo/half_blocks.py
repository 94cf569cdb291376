"""A small PNG drawn in the terminal: each character is two pixels, one above the other.

Reads what the demo's own function writes (RGB or RGBA, filters none, left and above), and no other PNG.
"""

import struct
import zlib
from collections.abc import Iterator

from rich.color import Color
from rich.style import Style
from rich.text import Text

_SIGNATURE_BYTES = 8
_UPPER_HALF = "\u2580"
_OPAQUE = 255
_NONE, _LEFT, _ABOVE = range(3)
_RGBA = 6

Pixel = tuple[int, ...]
"""Red, green, blue."""


def draw(png: bytes) -> Text:
    """Transparent pixels as if on white. Raises ValueError for a PNG of another kind."""
    rows = pixels(png)
    if len(rows) % 2:
        rows.append([(_OPAQUE,) * 3] * len(rows[0]))
    lines = (_line(upper, lower) for upper, lower in zip(rows[::2], rows[1::2], strict=True))
    return Text("\n", no_wrap=True).join(lines)


def _line(upper: list[Pixel], lower: list[Pixel]) -> Text:
    line = Text()
    for above, below in zip(upper, lower, strict=True):
        style = Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below))
        line.append(_UPPER_HALF, style)
    return line


def pixels(png: bytes) -> list[list[Pixel]]:
    """Raises ValueError."""
    chunks = list(_chunks(png))
    width, _, depth, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    samples = 4 if kind == _RGBA else 3
    if depth != 8:  # noqa: PLR2004 -- bits a sample
        raise ValueError("not a thumbnail of the demo")
    packed = b"".join(content for name, content in chunks if name == b"IDAT")
    rows = _unfiltered(zlib.decompress(packed), width * samples, samples)
    return [[_on_white(row[at : at + samples]) for at in range(0, len(row), samples)] for row in rows]


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = _SIGNATURE_BYTES
    while at < len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        yield name, png[at + 8 : at + 8 + length]
        at += 12 + length


def _unfiltered(content: bytes, row_bytes: int, samples: int) -> Iterator[bytes]:
    above = bytes(row_bytes)
    for start in range(0, len(content), 1 + row_bytes):
        kind, row = content[start], bytearray(content[start + 1 : start + 1 + row_bytes])
        if kind not in {_NONE, _LEFT, _ABOVE}:
            raise ValueError("not a thumbnail of the demo")
        for at in range(row_bytes if kind else 0):
            left = row[at - samples] if at >= samples else 0
            row[at] = (row[at] + (left if kind == _LEFT else above[at])) & 255
        above = bytes(row)
        yield above


def _on_white(samples: bytes) -> Pixel:
    alpha = samples[3] if len(samples) > 3 else _OPAQUE  # noqa: PLR2004 -- red, green, blue
    return tuple((value * alpha + _OPAQUE * (_OPAQUE - alpha)) // _OPAQUE for value in samples[:3])
