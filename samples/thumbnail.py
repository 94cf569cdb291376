"""A picture made small: every pixel of the thumbnail is the mean of the box of pixels that it stands for."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from png_reader import read_png
from png_writer import write_png

DOMINANT_COLOURS = 3
#: Colours are counted as one when their samples agree in the upper bits.
_KEPT_BITS = 0xE0

Sums = list[int]
"""Of one row of thumbnail pixels, one after the other: red, green and blue, each times alpha, and alpha."""


@dataclass(frozen=True)
class Thumbnail:
    source_width: int
    source_height: int
    width: int
    height: int
    png: bytes
    #: `#rrggbb` and its share of what is visible, most of it first.
    dominant_colours: list[tuple[str, float]]


@dataclass(frozen=True)
class Box:
    """The source pixels that one thumbnail pixel stands for, along one side.

    The first and the last of them belong to it in part: weights say how much, in parts of `whole`.
    """

    first: int
    last: int
    first_weight: int
    last_weight: int
    whole: int

    def sum(self, values: Sequence[int]) -> int:
        """Sums up `values`, one for each source pixel, by their weights."""
        inner = self.whole * sum(values[self.first + 1 : self.last])
        return self.first_weight * values[self.first] + inner + self.last_weight * values[self.last]

    def weights(self) -> Iterator[tuple[int, int]]:
        """Source pixels and their weights, in order."""
        yield self.first, self.first_weight
        yield from ((at, self.whole) for at in range(self.first + 1, self.last))
        if self.last_weight:
            yield self.last, self.last_weight


def make_thumbnail(png: bytes, side: int) -> Thumbnail:
    """Fitted into a square of `side` pixels; never enlarged. Raises PngError."""
    picture = read_png(png)
    source_width, source_height = picture.header.width, picture.header.height
    scale = min(1.0, side / max(source_width, source_height))
    width, height = max(1, round(source_width * scale)), max(1, round(source_height * scale))
    rows = list(_scaled(picture.rows(), _boxes(source_width, width), _boxes(source_height, height)))
    return Thumbnail(source_width, source_height, width, height, write_png(width, rows), dominant_colours(rows))


def _boxes(source: int, target: int) -> list[Box]:
    """For `target` <= `source` pixels. A unit of length is here such that a source pixel has `target` of them."""
    boxes = []
    for start in range(0, source * target, source):
        end = start + source
        first, last = start // target, (end - 1) // target
        first_weight = min(end, (first + 1) * target) - start
        last_weight = end - last * target if last > first else 0
        boxes.append(Box(first, last, first_weight, last_weight, target))
    return boxes


def _scaled(rows: Iterator[bytes], columns: list[Box], lines: list[Box]) -> Iterator[bytes]:
    pixel = columns[0].sum([1] * (columns[0].last + 1)) * lines[0].sum([1] * (lines[0].last + 1))
    numbered = ((at, _column_sums(row, columns)) for at, row in enumerate(rows))
    at, sums = next(numbered)
    for line in lines:
        total = [0] * len(sums)
        for wanted, weight in line.weights():
            if wanted > at:
                at, sums = next(numbered)
            total = [before + weight * value for before, value in zip(total, sums, strict=True)]
        yield _means(total, pixel)


def _column_sums(row: bytes, columns: list[Box]) -> Sums:
    red, green, blue, alpha = channels = [row[sample::4] for sample in range(4)]
    if alpha.count(255) == len(alpha):
        opaque = columns[0].sum([255] * (columns[0].last + 1))
        return [value for box in columns for value in (*(255 * box.sum(c) for c in (red, green, blue)), opaque)]
    # what is transparent must not colour what is beside it
    weighted = [[value * a for value, a in zip(channel, alpha, strict=True)] for channel in channels[:3]]
    return [box.sum(channel) for box in columns for channel in (*weighted, alpha)]


def _means(total: Sums, pixel: int) -> bytes:
    """RGBA; `pixel` is the weight of all that a thumbnail pixel stands for."""
    out = bytearray()
    for at in range(0, len(total), 4):
        alpha = total[at + 3]
        out += bytes(_rounded(value, alpha) for value in total[at : at + 3])
        out.append(_rounded(alpha, pixel))
    return bytes(out)


def _rounded(value: int, divisor: int) -> int:
    return (value + divisor // 2) // divisor if divisor else 0


def dominant_colours(rows: Sequence[bytes]) -> list[tuple[str, float]]:
    """Of rows of RGBA. Empty where nothing is visible."""
    alike: defaultdict[tuple[int, int, int], Sums] = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        for red, green, blue, alpha in zip(row[0::4], row[1::4], row[2::4], row[3::4], strict=True):
            sums = alike[red & _KEPT_BITS, green & _KEPT_BITS, blue & _KEPT_BITS]
            sums[0] += red * alpha
            sums[1] += green * alpha
            sums[2] += blue * alpha
            sums[3] += alpha
    visible = sum(sums[3] for sums in alike.values())
    ranked = sorted((sums for sums in alike.values() if sums[3]), key=lambda sums: -sums[3])
    return [(_colour(sums), round(sums[3] / visible, 3)) for sums in ranked[:DOMINANT_COLOURS]]


def _colour(sums: Sums) -> str:
    return "#" + "".join(f"{_rounded(value, sums[3]):02x}" for value in sums[:3])
