"""The results as a picture: for each flood, which share of B to E's tasks had started after how long."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.noisy.results import ScenarioResult
from bench.noisy.scenarios import Condition
from bench.statistics import P99, percentile
from bench.svg import Drawing

_WIDTH, _PANEL, _TOP, _BOTTOM = 960, 250, 64, 44
_LEFT, _RIGHT = 56, 250
_PLOT_HEIGHT = 170
#: Shares are drawn by their distance from 1, for it is the last percents that matter.
_SHARES = (0.0, 0.5, 0.9, 0.99, 0.999)
_LEAST_S = 0.001
_KINDS = {
    Condition.ALONE: ("first", "alone"),
    Condition.BESIDE: ("second", "beside A"),
    Condition.ELSEWHERE: ("third", "A elsewhere"),
}


@dataclass(frozen=True)
class Axes:
    """Seconds (by powers of ten) and shares to places in the picture."""

    left: float
    right: float
    top: float
    bottom: float
    first_s: float
    last_s: float

    def x(self, seconds: float) -> float:
        reach = math.log10(self.last_s / self.first_s)
        part = math.log10(max(seconds, self.first_s) / self.first_s) / reach
        return self.left + min(1.0, part) * (self.right - self.left)

    def y(self, share: float) -> float:
        part = -math.log10(max(1 - share, 1 - _SHARES[-1])) / -math.log10(1 - _SHARES[-1])
        return self.bottom - part * (self.bottom - self.top)


def plot(results: Sequence[ScenarioResult], *, title: str) -> str:
    """An SVG document. Raises ValueError without results."""
    every = [wait for result in results for condition in Condition for wait in result.waits(condition)]
    first_s = 10 ** math.floor(math.log10(max(_LEAST_S, min(every))))
    last_s = 10 ** math.ceil(math.log10(max(every) * 1.01))
    drawing = Drawing(_WIDTH, _TOP + _PANEL * len(results), title, _described(results))
    drawing.rectangle(0.5, 0.5, _WIDTH - 1, drawing.height - 1, "paper")
    drawing.text((20, 30), title, "text strong")
    _legend(drawing)
    for number, result in enumerate(results):
        top = _TOP + number * _PANEL + 24.0
        axes = Axes(_LEFT, _WIDTH - _RIGHT, top, top + _PLOT_HEIGHT, first_s, last_s)
        _panel(drawing, axes, result)
    return drawing.document()


def steps(sorted_waits: Sequence[float]) -> list[tuple[float, float]]:
    """The share of tasks that had started, before and after each wait."""
    count = len(sorted_waits)
    return [
        point
        for number, wait in enumerate(sorted_waits)
        for point in ((wait, number / count), (wait, (number + 1) / count))
    ]


def _panel(drawing: Drawing, axes: Axes, result: ScenarioResult) -> None:
    drawing.text((axes.left, axes.top - 10), f"{result.flood.value}: A floods with {result.does}", "text")
    _grid(drawing, axes)
    rows = []
    for condition, (kind, name) in _KINDS.items():
        found = sorted(result.waits(condition))
        drawing.curve([(axes.x(wait), axes.y(share)) for wait, share in steps(found)], kind)
        at_p99 = percentile(found, P99)
        drawing.dot((axes.x(at_p99), axes.y(P99)), f"{kind}-dot")
        rows.append(f"{name}: 99 % within {at_p99 * 1000:.0f} ms")
    interval = result.p99.interval
    alone, beside = result.load(Condition.ALONE).busy, result.load(Condition.BESIDE).busy
    rows += [
        f"beside / alone: {result.p99.ratio:.2f} ({interval.low:.2f} to {interval.high:.2f})",
        f"goal {result.goal:g}: {result.verdict.value}",
        f"machine {alone:.0%} busy, beside A {beside:.0%}",
    ]
    for number, row in enumerate(rows):
        kind = "text" if number == len(_KINDS) else "faint"
        drawing.text((axes.right + 16, axes.top + 14 + 20 * number), row, kind)


def _grid(drawing: Drawing, axes: Axes) -> None:
    for share in _SHARES:
        y = axes.y(share)
        drawing.line((axes.left, y), (axes.right, y), "grid")
        drawing.text((axes.left - 8, y + 4), f"{share * 100:g} %", "faint end")
    exponent = round(math.log10(axes.first_s))
    while (seconds := 10.0**exponent) <= axes.last_s * 1.001:
        x = axes.x(seconds)
        drawing.line((x, axes.top), (x, axes.bottom), "grid")
        drawing.text(
            (x, axes.bottom + 18), f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s", "faint middle"
        )
        exponent += 1
    drawing.line((axes.left, axes.bottom), (axes.right, axes.bottom), "axis")


def _legend(drawing: Drawing) -> None:
    y = 50.0
    for x, kind, words in ((20, "first", "B to E alone"), (150, "second", "beside A's flood")):
        drawing.line((x, y - 4), (x + 24, y - 4), kind)
        drawing.text((x + 32, y), words, "faint")
    drawing.text(
        (300, y), "share of tasks whose first attempt has started, by the time since they were accepted", "faint"
    )


def _described(results: Sequence[ScenarioResult]) -> str:
    return " ".join(
        f"{result.flood.value}: 99 % of tasks start within {result.p99.base_s * 1000:.0f} ms alone and "
        f"{result.p99.other_s * 1000:.0f} ms beside the flood, a ratio of {result.p99.ratio:.2f}."
        for result in results
    )
