"""Builders for the samples' tests: events as a function is called with them, and PNG files of every kind."""

import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
SAMPLES = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}

Rows = Sequence[bytes]


def an_event(data: object = None, *, attempt: int = 1, **attributes: object) -> dict[str, Any]:
    """What a function is called with (API.md)."""
    return {
        "specversion": "1.0",
        "id": "1",
        "source": "/tests",
        "type": "sample",
        **({} if data is None else {"data": data}),
        "tenant": "acme",
        "taskid": "t_1",
        "attempt": attempt,
        "deadline": "2026-11-23T20:00:00.000Z",
        **attributes,
    }


def a_png(
    rows: Rows,
    *,
    colour_type: int = RGB,
    filters: Sequence[int] = (0,),
    palette: bytes = b"",
    transparency: bytes = b"",
    **lies: int,
) -> bytes:
    """A PNG file of these rows of samples; `filters` are used in turn. `lies` stand in its header instead."""
    samples = SAMPLES[colour_type]
    told = {"width": len(rows[0]) // samples, "height": len(rows), "depth": 8, "interlace": 0, **lies}
    above = bytes(len(rows[0]))
    packed = b""
    for at, row in enumerate(rows):
        kind = filters[at % len(filters)]
        packed += bytes([kind]) + _filtered(row, above, samples, PREDICTIONS[kind])
        above = row
    size_and_depth = (told["width"], told["height"], told["depth"])
    header = struct.pack(">IIBBBBB", *size_and_depth, colour_type, 0, 0, told["interlace"])
    chunks = [(b"IHDR", header), (b"PLTE", palette), (b"tRNS", transparency), (b"IDAT", zlib.compress(packed))]
    body = b"".join(a_chunk(kind, content) for kind, content in chunks if content)
    return b"\x89PNG\r\n\x1a\n" + body + a_chunk(b"IEND", b"")


def a_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _filtered(row: bytes, above: bytes, samples: int, predict: Callable[[int, int, int], int]) -> bytes:
    out = bytearray()
    for at, value in enumerate(row):
        left = row[at - samples] if at >= samples else 0
        corner = above[at - samples] if at >= samples else 0
        out.append((value - predict(left, above[at], corner)) % 256)
    return bytes(out)


def _paeth(left: int, up: int, corner: int) -> int:
    """As the specification has it: the nearest to left + up - corner, in this order."""
    estimate = left + up - corner
    return min((left, up, corner), key=lambda value: abs(estimate - value))


PREDICTIONS: Sequence[Callable[[int, int, int], int]] = (
    lambda _left, _up, _corner: 0,
    lambda left, _up, _corner: left,
    lambda _left, up, _corner: up,
    lambda left, up, _corner: (left + up) // 2,
    _paeth,
)
