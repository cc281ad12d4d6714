"""The metrics of a run as one picture: losses, solve rates and the learning rate over the steps, as SVG text.

Knows nothing of files, nor of what the figures mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

Point = tuple[float, float]

_WIDTH, _PANEL_HEIGHT = 900, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 210, 34, 34
_MAX_POINTS = 600
# The palette's colours that show on white, the strongest contrasts first.
_COLORS = ("#0074d9", "#ff4136", "#2ecc40", "#ff851b", "#870c25", "#f012be", "#39a0c9", "#8a8a00", "#555555")
_FAINT = "#b9d6f2"


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a panel.

    Attributes:
        name: For the legend.
        points: (step, value), in rising order of steps.
        color: Of the line.
        marked: Whether each point gets a dot.
    """

    name: str
    points: tuple[Point, ...]
    color: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram.

    Attributes:
        title: Above it, with the unit.
        curves: Its lines; those without points are left out.
        top: Fixed end of the vertical axis; None for what the curves need.
        logarithmic: Whether the vertical axis is.
    """

    title: str
    curves: tuple[Curve, ...]
    top: float | None = None
    logarithmic: bool = False


def metrics_svg(records: Sequence[Mapping[str, Any]]) -> str:
    """The picture of a run's metrics, as `recording.Recorder` writes them."""
    panels = [panel for panel in metrics_panels(records) if any(curve.points for curve in panel.curves)]
    steps = [float(record["step"]) for record in records]
    span = (min(steps), max(max(steps), min(steps) + 1.0))
    height = _PANEL_HEIGHT * len(panels)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    style = (
        "<style>text{font:12px sans-serif;fill:#333} .t{font-weight:bold} polyline{fill:none;stroke-width:1.6} "
        ".g{stroke:#e3e3e3} .a{stroke:#888}</style>"
    )
    paper = f'<path fill="#fff" d="M0 0H{_WIDTH}V{height}H0z"/>'
    parts = [line for index, panel in enumerate(panels) for line in _draw(panel, span, index * _PANEL_HEIGHT)]
    return "\n".join([f"{head}>{style}{paper}", *parts, "</svg>", ""])


def metrics_panels(records: Sequence[Mapping[str, Any]]) -> list[Panel]:
    """What is drawn: training loss, held-out loss and solve rate by learning task, learning rate."""
    steps = [float(record["step"]) for record in records]
    losses = _numbers(steps, [record.get("loss") for record in records])
    training = (
        Curve("each step", thinned(losses), _FAINT),
        Curve("mean of 50 steps", thinned(smoothed(losses, 50)), _COLORS[0]),
    )
    rates = _numbers(steps, [record.get("lr") for record in records])
    solved = [
        {recipe: n_solved / n_asked for recipe, (n_solved, n_asked) in record.get("solved", {}).items()}
        for record in records
    ]
    held_out = [record.get("held_out", {}) for record in records]
    # A learning task has the same colour in every panel.
    recipes = sorted({recipe for values in (*held_out, *solved) for recipe in values})
    return [
        Panel("training loss, nats a token", training, logarithmic=True),
        Panel("held-out loss, nats a token of the answer", _by_recipe(steps, held_out, recipes), logarithmic=True),
        Panel("held-out tasks solved, share", _by_recipe(steps, solved, recipes), top=1.0),
        Panel("learning rate", (Curve("at the end", thinned(rates), _COLORS[0]),)),
    ]


def smoothed(points: Sequence[Point], n_steps: int) -> tuple[Point, ...]:
    """The mean of each point's value and of those before it, `n_steps` together at most."""
    total = 0.0
    means = []
    for index, (step, value) in enumerate(points):
        total += value
        if index >= n_steps:
            total -= points[index - n_steps][1]
        means.append((step, total / min(index + 1, n_steps)))
    return tuple(means)


def thinned(points: Sequence[Point], most: int = _MAX_POINTS) -> tuple[Point, ...]:
    """At most `most` points, the last one among them."""
    if len(points) <= most:
        return tuple(points)
    last = len(points) - 1
    return tuple(points[index * last // (most - 1)] for index in range(most))


def _numbers(steps: Sequence[float], values: Sequence[float | None]) -> list[Point]:
    return [(step, value) for step, value in zip(steps, values, strict=True) if value is not None]


def _by_recipe(
    steps: Sequence[float], values: Sequence[Mapping[str, float]], recipes: Sequence[str]
) -> tuple[Curve, ...]:
    return tuple(
        Curve(
            recipe,
            thinned([(step, value[recipe]) for step, value in zip(steps, values, strict=True) if recipe in value]),
            _COLORS[index % len(_COLORS)],
            marked=True,
        )
        for index, recipe in enumerate(recipes)
    )


class _Axes:
    """Where a step and a value lie in the picture."""

    def __init__(self, panel: Panel, span: tuple[float, float], y0: int) -> None:
        self.logarithmic = panel.logarithmic and all(v > 0 for curve in panel.curves for _, v in curve.points)
        self.span, self.y0 = span, y0
        values = [value for curve in panel.curves for _, value in curve.points]
        if self.logarithmic:
            self.low, self.high = min(values) / 1.05, max(values) * 1.05
        else:
            self.low, self.high = 0.0, panel.top or max(max(values) * 1.05, 1e-12)

    def x(self, step: float) -> float:
        first, last = self.span
        return _LEFT + (step - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        room = _PANEL_HEIGHT - _TOP - _BOTTOM
        return self.y0 + _TOP + room * (1.0 - (value - low) / (high - low))

    def ticks(self) -> list[float]:
        """Round numbers on the vertical axis."""
        if not self.logarithmic:
            return round_numbers(self.low, self.high)
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        decades = [digit * 10.0**exponent for exponent in exponents for digit in (1, 2, 5)]
        inside = [tick for tick in decades if self.low <= tick <= self.high]
        return inside if len(inside) > 1 else [t for t in round_numbers(self.low, self.high) if t >= self.low]


def round_numbers(low: float, high: float, n: int = 5) -> list[float]:
    """About `n` numbers from `low` to `high` that are 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / n
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]


def _draw(panel: Panel, span: tuple[float, float], y0: int) -> list[str]:
    axes = _Axes(panel, span, y0)
    right, bottom = _WIDTH - _RIGHT, y0 + _PANEL_HEIGHT - _BOTTOM
    parts = [f'<text class="t" x="{_LEFT}" y="{y0 + 22}">{escape(panel.title)}</text>']
    for tick in axes.ticks():
        y = axes.y(tick)
        parts.append(f'<path class="g" d="M{_LEFT} {y:.1f}H{right}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:.4g}</text>')
    for tick in round_numbers(*span, n=6):
        if tick == int(tick):
            parts.append(f'<path class="a" d="M{axes.x(tick):.1f} {bottom}v4"/>')
            parts.append(f'<text x="{axes.x(tick):.1f}" y="{bottom + 18}" text-anchor="middle">{tick:,.0f}</text>')
    parts.append(f'<path class="a" fill="none" d="M{_LEFT} {y0 + _TOP}V{bottom}H{right}"/>')
    parts.append(f'<text x="{right + 38}" y="{bottom + 18}">step</text>')
    curves = [curve for curve in panel.curves if curve.points]
    for row, curve in enumerate(curves):
        parts.extend(_draw_curve(curve, axes))
        y = y0 + _TOP + 8 + 16 * row
        parts.append(f'<path stroke="{curve.color}" stroke-width="3" d="M{right + 14} {y}h18"/>')
        last = f"{curve.points[-1][1]:.3g}"
        parts.append(f'<text x="{right + 38}" y="{y + 4}">{escape(curve.name)}: {last}</text>')
    return parts


def _draw_curve(curve: Curve, axes: _Axes) -> list[str]:
    places = [(axes.x(step), axes.y(value)) for step, value in curve.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [f'<polyline stroke="{curve.color}" points="{path}"/>']
    if curve.marked:
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{curve.color}"/>' for x, y in places]
    return parts
