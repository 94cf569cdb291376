"""Portable Network Graphics: rows of pixels out of a file. png_writer has the other way.

Read are 8 bits a sample, not interlaced: gray, gray with alpha, RGB, RGBA, palette (with its transparency).
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, repeat
from operator import add, and_
from struct import Struct
from struct import error as struct_error

from contract import SampleError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: What a small Lambda decodes in its time. Also ends files that claim to be huge before anything is unpacked.
MOST_PIXELS = 4_000_000

_GRAY, _RGB, _PALETTE, _GRAY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_SAMPLES = {_GRAY: 1, _RGB: 3, _PALETTE: 1, _GRAY_ALPHA: 2, _RGBA: 4}
#: Which sample red, green, blue (and alpha) are. A single transparent colour (tRNS) is taken for opaque.
_SOURCES = {_GRAY: (0, 0, 0), _GRAY_ALPHA: (0, 0, 0, 1), _RGB: (0, 1, 2)}
_HEADER = Struct(">IIBBBBB")
_LENGTH_AND_KIND = Struct(">I4s")
_CHECKSUM = Struct(">I")
_NONE, _SUB, _UP, _AVERAGE, _PAETH = range(5)


class PngError(SampleError):
    """Not a PNG file, or a damaged one, or of a kind that is not read."""


@dataclass(frozen=True)
class Header:
    """IHDR."""

    width: int
    height: int
    depth: int
    colour_type: int
    compression: int
    filtering: int
    interlace: int

    @property
    def samples(self) -> int:
        return _SAMPLES[self.colour_type]

    @property
    def row_bytes(self) -> int:
        return self.width * self.samples


@dataclass(frozen=True)
class Picture:
    """A file taken apart, its pixels still packed."""

    header: Header
    packed: bytes
    palette: bytes
    transparency: bytes

    def rows(self) -> Iterator[bytes]:
        """RGBA, row by row."""
        return map(_to_rgba(self), _unfiltered(self.header, _unpacked(self.header, self.packed)))


# --- reading ----------------------------------------------------------------------------------------------------------


def read_png(file: bytes) -> Picture:
    """Raises PngError. The pixels are looked at when the rows are asked for."""
    if not file.startswith(SIGNATURE):
        raise PngError("not a PNG file: it does not begin as one")
    chunks: dict[bytes, bytes] = {}
    packed = []
    for kind, content in _chunks(file):
        if kind == b"IDAT":
            packed.append(content)
        else:
            chunks[kind] = content
    header = _header(chunks.get(b"IHDR", b""))
    palette = chunks.get(b"PLTE", b"")
    if header.colour_type == _PALETTE and not palette:
        raise PngError("a palette picture without a palette")
    return Picture(header, b"".join(packed), palette, chunks.get(b"tRNS", b""))


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while True:
        try:
            length, kind = _LENGTH_AND_KIND.unpack_from(file, at)
            content = file[at + 8 : at + 8 + length]
            (checksum,) = _CHECKSUM.unpack_from(file, at + 8 + length)
        except struct_error:
            raise PngError(f"cut off after {len(file)} bytes") from None
        if checksum != zlib.crc32(kind + content):
            raise PngError(f"damaged: the checksum of {kind!r} is wrong")
        if kind == b"IEND":
            return
        yield kind, content
        at += 12 + length


def _header(content: bytes) -> Header:
    if len(content) != _HEADER.size:
        raise PngError("without a proper header")
    header = Header(*_HEADER.unpack(content))
    if header.depth != 8 or header.colour_type not in _SAMPLES or header.interlace:  # noqa: PLR2004 -- bits
        kind = f"{header.depth} bits, colour type {header.colour_type}, interlace {header.interlace}"
        raise PngError(f"of a kind that is not read ({kind}): 8 bits a sample and not interlaced are")
    if not 0 < header.width * header.height <= MOST_PIXELS:
        raise PngError(f"{header.width} x {header.height} pixels; 1 to {MOST_PIXELS} are taken")
    return header


def _unpacked(header: Header, packed: bytes) -> bytes:
    expected = header.height * (1 + header.row_bytes)
    try:
        pixels = zlib.decompressobj().decompress(packed, expected)
    except zlib.error as error:
        raise PngError(f"damaged: {error}") from None
    if len(pixels) != expected:
        raise PngError(f"damaged: {len(pixels)} bytes of pixels instead of {expected}")
    return pixels


def _unfiltered(header: Header, pixels: bytes) -> Iterator[bytes]:
    stride = 1 + header.row_bytes
    above = bytes(header.row_bytes)
    for start in range(0, len(pixels), stride):
        kind = pixels[start]
        if kind > _PAETH:
            raise PngError(f"damaged: there is no filter {kind}")
        above = _unfilter(kind, pixels[start + 1 : start + stride], above, header.samples)
        yield above


def _unfilter(kind: int, row: bytes, above: bytes, samples: int) -> bytes:
    """What can be is left to loops in C: a picture has millions of bytes."""
    if kind == _NONE:
        return row
    if kind == _UP:
        return _bytes(map(add, row, above))
    if kind == _SUB or (kind == _PAETH and not any(above)):
        out = bytearray(len(row))
        for sample in range(samples):
            out[sample::samples] = _bytes(accumulate(row[sample::samples]))
        return bytes(out)
    return _unfilter_average(row, above, samples) if kind == _AVERAGE else _unfilter_paeth(row, above, samples)


def _unfilter_average(row: bytes, above: bytes, samples: int) -> bytes:
    out = bytearray(row)
    for at, up in enumerate(above):
        left = out[at - samples] if at >= samples else 0
        out[at] = (row[at] + (left + up) // 2) & 255
    return bytes(out)


def _unfilter_paeth(row: bytes, above: bytes, samples: int) -> bytes:
    out = bytearray(len(row))
    for sample in range(samples):
        out[sample::samples] = _paeth_samples(row[sample::samples], above[sample::samples])
    return bytes(out)


def _paeth_samples(row: bytes, above: bytes) -> bytes:
    out = bytearray()
    left = corner = 0
    for value, up in zip(row, above, strict=True):
        if up == corner:  # then the prediction is left, as in most of a drawing
            predicted = left
        elif left == corner:
            predicted = up
        else:
            predicted = _paeth(left, up, corner)
        left = (value + predicted) & 255
        corner = up
        out.append(left)
    return bytes(out)


def _paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    to_left, to_up, to_corner = abs(estimate - left), abs(estimate - up), abs(estimate - corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner


def _bytes(values: Iterator[int]) -> bytes:
    return bytes(map(and_, values, repeat(255)))


# --- kinds of pixels --------------------------------------------------------------------------------------------------


def _to_rgba(picture: Picture) -> Callable[[bytes], bytes]:
    """What turns a row as it is in the file into RGBA."""
    kind = picture.header.colour_type
    if kind == _RGBA:
        return bytes
    if kind == _PALETTE:
        return _from_palette(picture.palette, picture.transparency)
    return _from_samples(picture.header.samples, _SOURCES[kind], picture.header.width)


def _from_samples(samples: int, sources: tuple[int, ...], width: int) -> Callable[[bytes], bytes]:
    def to_rgba(row: bytes) -> bytes:
        out = bytearray(b"\xff") * (4 * width)
        for into, sample in enumerate(sources):
            out[into::4] = row[sample::samples]
        return bytes(out)

    return to_rgba


def _from_palette(palette: bytes, transparency: bytes) -> Callable[[bytes], bytes]:
    entries = [palette[at : at + 3] for at in range(0, len(palette) - 2, 3)]
    alphas = transparency.ljust(len(entries), b"\xff")
    colours = [entry + alphas[index : index + 1] for index, entry in enumerate(entries)]

    def to_rgba(row: bytes) -> bytes:
        try:
            return b"".join(map(colours.__getitem__, row))
        except IndexError:
            raise PngError(f"damaged: a colour that is not among the {len(colours)} of the palette") from None

    return to_rgba
