"""Drawing SVG with the standard library: shapes in, one document out. Knows nothing of what is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

_FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
#: Light and dark, as the documents' other pictures.
_STYLE = """\
  .paper { fill: #ffffff; stroke: #d0d7de }
  .text { fill: #1f2328 } .faint { fill: #59636e; font-size: 11.5px } .strong { font-weight: 600 }
  .middle { text-anchor: middle } .end { text-anchor: end }
  .grid { stroke: #d0d7de; stroke-width: 1 } .axis { stroke: #8c959f; stroke-width: 1 }
  .first { stroke: #218bff; fill: none; stroke-width: 2 } .second { stroke: #bc4c00; fill: none; stroke-width: 2 }
  .third { stroke: #8c959f; fill: none; stroke-width: 1.5; stroke-dasharray: 4 3 }
  .first-dot { fill: #218bff } .second-dot { fill: #bc4c00 } .third-dot { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; stroke: #3d444d } .text { fill: #f0f6fc } .faint { fill: #9198a1 }
    .grid { stroke: #2a313c } .axis { stroke: #656c76 }
    .first { stroke: #4493f8 } .second { stroke: #ffa657 }
    .first-dot { fill: #4493f8 } .second-dot { fill: #ffa657 }
  }"""


@dataclass
class Drawing:
    """Collects shapes; their look is given by the classes of the style sheet."""

    width: int
    height: int
    title: str
    description: str
    _shapes: list[str] = field(default_factory=list)

    def rectangle(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        self._add("rect", {"x": x, "y": y, "width": width, "height": height, "rx": 6, "class": kind})

    def line(self, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
        self._add("line", {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1], "class": kind})

    def curve(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """Straight pieces from point to point."""
        self._add("polyline", {"points": " ".join(f"{_number(x)},{_number(y)}" for x, y in points), "class": kind})

    def dot(self, centre: tuple[float, float], kind: str) -> None:
        self._add("circle", {"cx": centre[0], "cy": centre[1], "r": 4, "class": kind})

    def text(self, at: tuple[float, float], words: str, kind: str = "text") -> None:
        self._add("text", {"x": at[0], "y": at[1], "class": kind}, words)

    def document(self) -> str:
        """The whole file."""
        shapes = "\n".join(f"  {shape}" for shape in self._shapes)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" role="img" '
            f'aria-labelledby="title desc" font-family="{_FONT}" font-size="13">\n'
            f'  <title id="title">{escape(self.title)}</title>\n'
            f'  <desc id="desc">{escape(self.description)}</desc>\n'
            f"  <style>\n{_STYLE}\n  </style>\n{shapes}\n</svg>\n"
        )

    def _add(self, tag: str, attributes: Mapping[str, object], words: str = "") -> None:
        written = " ".join(f"{name}={quoteattr(_number(value))}" for name, value in attributes.items())
        self._shapes.append(f"<{tag} {written}>{escape(words)}</{tag}>" if words else f"<{tag} {written}/>")


def _number(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
