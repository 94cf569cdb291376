from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from fairlane_cli.demo.half_blocks import draw, pixels
from png_writer import write_png


@given(st.integers(1, 5).flatmap(lambda width: st.lists(st.binary(min_size=4 * width, max_size=4 * width), min_size=1)))
def test_what_the_demos_function_writes_is_read_pixel_by_pixel(rows: list[bytes]) -> None:
    opaque = [b"".join(row[at : at + 3] + b"\xff" for at in range(0, len(row), 4)) for row in rows]
    expected = [[tuple(row[at : at + 3]) for at in range(0, len(row), 4)] for row in opaque]
    assert pixels(write_png(len(rows[0]) // 4, opaque)) == expected


def test_transparent_pixels_are_shown_on_white() -> None:
    row = b"\xff\0\0\0" + b"\0\0\0\x80"
    assert pixels(write_png(2, [row])) == [[(255, 255, 255), (127, 127, 127)]]


def test_two_pixels_share_a_character_and_an_odd_last_row_is_filled_with_white() -> None:
    png = write_png(1, [b"\xff\0\0\xff", b"\0\xff\0\xff", b"\0\0\xff\xff"])
    console = Console(color_system="truecolor", force_terminal=True, width=10)
    with console.capture() as captured:
        console.print(draw(png))
    upper, lower = captured.get().splitlines()
    assert "38;2;255;0;0;48;2;0;255;0" in upper
    assert "38;2;0;0;255;48;2;255;255;255" in lower
    assert "\u2580" in upper
    assert "\u2580" in lower
