import zlib
from base64 import b64decode, b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import PayloadError
from demo import image_thumbnail
from png_reader import PngError, read_png
from tests.unit.samples.calling import GRAY, GRAY_ALPHA, PALETTE, RGB, RGBA, SAMPLES, a_chunk, a_png, an_event
from thumbnail import make_thumbnail

RED, BLUE, WHITE = b"\xff\0\0", b"\0\0\xff", b"\xff\xff\xff"


def rgba(png: bytes) -> list[bytes]:
    return list(read_png(png).rows())


def small(png: bytes, side: int) -> list[bytes]:
    return rgba(make_thumbnail(png, side).png)


# --- reading ----------------------------------------------------------------------------------------------------------


@st.composite
def pictures(draw: st.DrawFn) -> tuple[int, list[bytes], list[int]]:
    """Colour type, rows, and a filter for each."""
    colour_type = draw(st.sampled_from([GRAY, RGB, GRAY_ALPHA, RGBA]))
    row_bytes = SAMPLES[colour_type] * draw(st.integers(1, 6))
    # few different values: then the predictions often meet
    row = st.lists(st.sampled_from([0, 1, 7, 128, 254, 255]), min_size=row_bytes, max_size=row_bytes).map(bytes)
    rows = draw(st.lists(row, min_size=1, max_size=5))
    return colour_type, rows, draw(st.lists(st.integers(0, 4), min_size=len(rows), max_size=len(rows)))


@given(pictures())
def test_every_filter_is_undone_in_every_kind_of_picture(picture: tuple[int, list[bytes], list[int]]) -> None:
    colour_type, rows, filters = picture
    assert rgba(a_png(rows, colour_type=colour_type, filters=filters)) == rgba(a_png(rows, colour_type=colour_type))


@pytest.mark.parametrize(
    ("colour_type", "row", "expected"),
    [
        (GRAY, b"\x07", b"\x07\x07\x07\xff"),
        (GRAY_ALPHA, b"\x07\x80", b"\x07\x07\x07\x80"),
        (RGB, b"\x01\x02\x03", b"\x01\x02\x03\xff"),
        (RGBA, b"\x01\x02\x03\x04", b"\x01\x02\x03\x04"),
    ],
)
def test_each_kind_of_pixel_becomes_rgba(colour_type: int, row: bytes, expected: bytes) -> None:
    assert rgba(a_png([row], colour_type=colour_type)) == [expected]


def test_a_palette_gives_colours_and_transparency() -> None:
    png = a_png([b"\0\1\2"], colour_type=PALETTE, palette=RED + BLUE + WHITE, transparency=b"\x80")
    assert rgba(png) == [RED + b"\x80" + BLUE + b"\xff" + WHITE + b"\xff"]


def test_packed_pixels_may_come_in_several_chunks() -> None:
    png = a_png([RED * 2])
    start = png.index(b"IDAT") - 4
    packed = png[start + 8 : png.index(b"IEND") - 8]
    split = png[:start] + a_chunk(b"IDAT", packed[:5]) + a_chunk(b"IDAT", packed[5:]) + a_chunk(b"IEND", b"")
    assert rgba(split) == rgba(png)


A_PNG = a_png([RED * 2, BLUE * 2])


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        (b"", "not a PNG file"),
        (b"GIF89a", "not a PNG file"),
        (A_PNG[: len(A_PNG) // 2], "cut off"),
        (A_PNG[:-12], "cut off"),
        (A_PNG.replace(b"IDAT", b"IDAX"), "checksum"),
        (a_png([RED], depth=16), "16 bits"),
        (a_png([RED], interlace=1), "interlace 1"),
        (a_png([RED], width=0), "0 x 1 pixels"),
        (a_png([RED], width=50_000, height=50_000), "50000 x 50000 pixels"),
        (a_png([RED], height=2), "4 bytes of pixels instead of 8"),
        (a_png([b"\0"], colour_type=PALETTE), "without a palette"),
        (a_png([b"\5"], colour_type=PALETTE, palette=RED), "not among the 1 of the palette"),
        (A_PNG[:8] + a_chunk(b"IEND", b""), "without a proper header"),
        (A_PNG[:33] + a_chunk(b"IDAT", b"no zlib") + a_chunk(b"IEND", b""), "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_file_is_refused_in_words(file: bytes, complaint: str) -> None:
    with pytest.raises(PngError, match=rf"^PngError: .*{complaint}"):
        rgba(file)


def test_an_unknown_filter_is_refused() -> None:
    good = a_png([b"\1"], colour_type=GRAY)
    header = good[: good.index(b"IDAT") - 4]
    with pytest.raises(PngError, match="there is no filter 9"):
        rgba(header + a_chunk(b"IDAT", zlib.compress(b"\x09\x01")) + a_chunk(b"IEND", b""))


@given(st.integers(8, len(A_PNG) - 13), st.binary(min_size=1, max_size=4))
def test_no_damage_raises_anything_but_a_png_error(at: int, garbage: bytes) -> None:
    try:
        rgba(A_PNG[:at] + garbage + A_PNG[at + len(garbage) :])
    except PngError:
        return


# --- making small -----------------------------------------------------------------------------------------------------


def test_a_thumbnail_fits_its_square_and_keeps_the_proportions() -> None:
    made = make_thumbnail(a_png([RED * 40] * 10), 8)
    assert (made.source_width, made.source_height, made.width, made.height) == (40, 10, 8, 2)


def test_a_picture_is_never_enlarged() -> None:
    assert small(a_png([RED + BLUE]), 200) == [RED + b"\xff" + BLUE + b"\xff"]


def test_a_very_narrow_picture_keeps_a_pixel_of_width() -> None:
    made = make_thumbnail(a_png([RED] * 100), 8)
    assert (made.width, made.height) == (1, 8)


def test_a_thumbnail_pixel_is_the_mean_of_its_box() -> None:
    png = a_png([b"\0\x64", b"\x64\xc8"] * 8, colour_type=GRAY, filters=[0])
    wide = a_png([row * 8 for row in (b"\0\x64", b"\x64\xc8")] * 8, colour_type=GRAY)
    assert small(wide, 8) == [b"\x64\x64\x64\xff" * 8] * 8
    assert make_thumbnail(png, 8).height == 8


def test_a_pixel_on_an_edge_belongs_to_both_boxes_in_part() -> None:
    # three pixels to two: each box has one pixel and a half
    row = b"\0\x5a\xb4" * 4
    assert make_thumbnail(a_png([row] * 12, colour_type=GRAY), 8).width == 8
    assert small(a_png([row] * 12, colour_type=GRAY), 8)[0][:8] == b"\x1e\x1e\x1e\xff\x96\x96\x96\xff"


def test_what_is_transparent_gives_no_colour() -> None:
    rows = [(RED + b"\xff" + BLUE + b"\0") * 8] * 16
    assert small(a_png(rows, colour_type=RGBA), 8) == [(RED + b"\x80") * 8] * 8


@given(pictures(), st.integers(1, 8))
def test_a_thumbnail_is_a_png_of_the_size_it_says(picture: tuple[int, list[bytes], list[int]], side: int) -> None:
    colour_type, rows, filters = picture
    made = make_thumbnail(a_png(rows, colour_type=colour_type, filters=filters), side)
    read = rgba(made.png)
    assert (len(read), {len(row) for row in read}) == (made.height, {4 * made.width})
    assert max(made.width, made.height) <= side


def test_the_dominant_colours_come_with_their_shares() -> None:
    made = make_thumbnail(a_png([RED * 6 + BLUE * 2] * 4), 8)
    assert made.dominant_colours == [("#ff0000", 0.75), ("#0000ff", 0.25)]


def test_a_transparent_picture_has_no_colours() -> None:
    assert make_thumbnail(a_png([b"\1\2\3\0"], colour_type=RGBA), 8).dominant_colours == []


# --- the function -----------------------------------------------------------------------------------------------------


def result_of(data: object = None, **attributes: object) -> dict[str, Any]:
    return image_thumbnail({**an_event(data), **attributes}, None)


def test_a_picture_in_json_gives_its_thumbnail() -> None:
    encoded = b64encode(a_png([RED * 20] * 10)).decode()
    found = result_of({"name": "red.png", "png_base64": encoded, "side": 10})
    assert (found["name"], found["width"], found["height"]) == ("red.png", 20, 10)
    assert (found["thumbnail"]["width"], found["thumbnail"]["height"]) == (10, 5)
    assert rgba(b64decode(found["thumbnail"]["png_base64"])) == [(RED + b"\xff") * 10] * 5
    assert found["dominant_colours"] == [{"colour": "#ff0000", "share": 1.0}]


@pytest.mark.parametrize("side", [10, "10"])
def test_a_picture_as_the_body_takes_name_and_side_from_attributes(side: object) -> None:
    encoded = b64encode(a_png([RED * 20] * 20)).decode()
    found = result_of(data_base64=encoded, subject="red.png", thumbnailside=side)
    assert (found["name"], found["thumbnail"]["width"]) == ("red.png", 10)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"name": "a", "png_base64": "?"}, r"data\.png_base64 is not base64"),
        ({"name": "a"}, r"data\.png_base64 must be a string"),
        ({"name": "a", "png_base64": "", "side": 7}, r"data\.side must be at least 8"),
        ({"name": "a", "png_base64": "", "side": 257}, r"data\.side must be from 0 to 256"),
        ({"name": "a", "png_base64": "", "side": "big"}, r"data\.side must be a number"),
    ],
)
def test_bad_data_is_refused(data: object, complaint: str) -> None:
    with pytest.raises(PayloadError, match=complaint):
        result_of(data)
