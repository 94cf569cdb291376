from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from bench.noisy import plot, table
from bench.noisy.plot import Axes, steps
from bench.svg import Drawing
from tests.unit.bench.building import a_result

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own


def test_a_drawing_is_a_well_formed_document_whatever_its_texts() -> None:
    drawing = Drawing(100, 50, "a < b & c", 'said "so"')
    drawing.text((1.25, 2), "<script> & 'more'")
    drawing.curve([(0, 0), (1.26, 2)], "first")
    root = parsed(drawing.document())
    assert root.attrib["viewBox"] == "0 0 100 50"
    assert [element.text for element in root if element.tag != f"{SVG}style"][:3] == [
        "a < b & c",
        'said "so"',
        "<script> & 'more'",
    ]
    assert root.find(f"{SVG}polyline").attrib["points"] == "0,0 1.3,2"  # type: ignore[union-attr]


def test_a_curve_rises_by_one_part_at_each_wait() -> None:
    assert steps([1.0, 3.0]) == [(1.0, 0.0), (1.0, 0.5), (3.0, 0.5), (3.0, 1.0)]


def test_axes_have_powers_of_ten_at_equal_distances() -> None:
    axes = Axes(left=0, right=300, top=0, bottom=300, first_s=0.001, last_s=1.0)
    assert [axes.x(seconds) for seconds in (0.0001, 0.001, 0.01, 0.1, 1, 10)] == pytest.approx(
        [0, 0, 100, 200, 300, 300]
    )
    assert [axes.y(share) for share in (0, 0.9, 0.99, 0.999, 1)] == pytest.approx([300, 200, 100, 0, 0])


def test_the_plot_has_a_panel_of_three_curves_for_each_flood() -> None:
    root = parsed(plot.plot([a_result(0.02, 0.05), a_result(0.02, 0.02)], title="Waits"))
    assert len(root.findall(f"{SVG}polyline")) == 6
    texts = [text.text or "" for text in root.findall(f"{SVG}text")]
    assert "beside / alone: 2.50 (2.50 to 2.50)" in texts
    assert "beside A: 99 % within 50 ms" in texts
    description = root.find(f"{SVG}desc")
    assert description is not None
    assert "a ratio of 2.50" in (description.text or "")


def test_every_curve_stays_inside_of_the_picture() -> None:
    root = parsed(plot.plot([a_result(0.0, 7.0)], title="Waits"))
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for curve in root.findall(f"{SVG}polyline"):
        for point in curve.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


def test_the_table_says_ratios_and_verdicts() -> None:
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    with console.file:
        console.print(table.drawn([a_result(0.02, 0.05)], "Waits"))
    shown = console.export_text()
    assert "2.50 (2.50 to 2.50)" in shown
    assert "1.3: missed" in shown


def test_markdown_has_a_column_for_each_flood() -> None:
    lines = table.markdown([a_result(0.02, 0.05), a_result()]).splitlines()
    assert {line.count("|") for line in lines} == {4}
    assert "| 99 %, beside over alone | 2.50 (2.50 to 2.50) | 1.00 (1.00 to 1.00) |" in lines
