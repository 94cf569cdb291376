"""Portable Network Graphics: a file out of rows of RGBA pixels. png_reader has the other way."""

import zlib
from collections.abc import Iterator, Sequence
from itertools import repeat
from operator import and_, sub
from struct import pack

from png_reader import SIGNATURE

_RGB, _RGBA = 2, 6


def write_png(width: int, rows: Sequence[bytes]) -> bytes:
    """RGB where every pixel is opaque."""
    opaque = all(row[3::4].count(255) == width for row in rows)
    kept = [_without_alpha(row, width) for row in rows] if opaque else rows
    header = pack(">IIBBBBB", width, len(rows), 8, _RGB if opaque else _RGBA, 0, 0, 0)
    pixels = zlib.compress(b"".join(_filtered(kept, samples=3 if opaque else 4)), level=9)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _without_alpha(row: bytes, width: int) -> bytes:
    out = bytearray(3 * width)
    for sample in range(3):
        out[sample::3] = row[sample::4]
    return bytes(out)


def _filtered(rows: Sequence[bytes], *, samples: int) -> Iterator[bytes]:
    """Each row as the differences that promise to pack best: none, to the left, or to above."""
    above = bytes(len(rows[0]))
    for row in rows:
        left = _differences(row, bytes(samples) + row)
        candidates = (b"\0" + row, b"\1" + left, b"\2" + _differences(row, above))
        yield min(candidates, key=_roughness)
        above = row


def _differences(row: bytes, predicted: bytes) -> bytes:
    return bytes(map(and_, map(sub, row, predicted), repeat(255)))


def _roughness(row: bytes) -> int:
    # the customary estimate: the sum of the differences, those above 128 being negative
    return sum(min(value, 256 - value) for value in row[1:])


def _chunk(kind: bytes, content: bytes) -> bytes:
    return pack(">I", len(content)) + kind + content + pack(">I", zlib.crc32(kind + content))
