"""Drafts: generator programs being written, and the choices that are made when one is drawn.

A draft collects calls and writes them down as text. Sides, counts, and colours are drawn here, once a program; what
varies from grid to grid stays a range in the text. Knows nothing of families.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from arc_solver.grids import MAX_SIDE, N_COLORS
from arc_solver.omni.generators.canvas import below, grown_cells, shuffled
from arc_solver.omni.generators.registry import BUILDERS

_T = TypeVar("_T")
Bounds = int | tuple[int, int]

_SAME_SIZE_RATE = 0.5
_SQUARE_RATE = 0.65
_BLACK_RATE = 0.85
"""Share of programs whose background is 0."""


@dataclass(frozen=True, slots=True)
class Name:
    """The value of an earlier line, as an argument."""

    text: str


SHAPE = Name("shape")
OTHER = Name("other")


class Draft:
    """A program under construction.

    Attributes:
        rng: Source of every choice.
        max_cells: No grid of the program may have more cells.
        background: Colour of the ground.
        side: Shorter side of the largest scene that the program starts with, once `sides` was called.
    """

    def __init__(self, rng: np.random.Generator, max_cells: int) -> None:
        self.rng = rng
        self.max_cells = max_cells
        self.background = 0 if rng.random() < _BLACK_RATE else below(rng, N_COLORS)
        self.side = 1
        self._palette = [color for color in shuffled(rng, range(N_COLORS)) if color != self.background]
        if self.background and self.chance(0.7):
            self._palette.remove(0)
        self._lines: list[tuple[str, str]] = []

    # The text.

    def start(self, name: str, **arguments: Any) -> None:
        """`grid = name(rng, ...)`"""
        self._add("grid", name, "rng", arguments)

    def then(self, name: str, **arguments: Any) -> None:
        """`grid = name(rng, grid, ...)`"""
        self._add("grid", name, "rng, grid", arguments)

    def shape(self, name: str, **arguments: Any) -> None:
        """`shape = name(rng, ...)`; `SHAPE` stands for it in later calls."""
        self._add("shape", name, "rng", arguments)

    def other(self, name: str, **arguments: Any) -> None:
        """`other = name(rng, ...)`; `OTHER` stands for it in later calls."""
        self._add("other", name, "rng", arguments)

    def ground(self, low: int = 6, high: int = MAX_SIDE) -> None:
        """A blank scene."""
        self.start("blank", **self.sides(low, high), background=self.background)

    def source(self) -> str:
        """The program; its last call is returned."""
        *lines, (_, last) = self._lines
        body = [f"    {target} = {call}" for target, call in lines]
        return "\n".join(["def generate(rng):", *body, f"    return {last}"]) + "\n"

    def _add(self, target: str, name: str, first: str, arguments: dict[str, Any]) -> None:
        word = BUILDERS[name]
        unknown = set(arguments) - set(word.parameters)
        if unknown:
            raise KeyError(f"{name} takes no {unknown}")
        written = [
            f"{key}={_written(value)}"
            for key, value in arguments.items()
            if key not in word.defaults or value != word.defaults[key]
        ]
        self._lines.append((target, f"{name}({', '.join([first, *written])})"))

    # The choices.

    def chance(self, rate: float) -> bool:
        """True at this rate."""
        return bool(self.rng.random() < rate)

    def choice(self, *values: _T) -> _T:
        """One of the values."""
        return values[below(self.rng, len(values))]

    def number(self, low: int, high: int) -> int:
        """A number of low..high; `low` where `high` is less."""
        return low + below(self.rng, high - low + 1) if high > low else low

    def bounds(self, low: int, high: int, varied_rate: float = 0.8) -> Bounds:
        """A range within low..high, or one number."""
        first, second = self.number(low, high), self.number(low, high)
        if first == second or not self.chance(varied_rate):
            return first
        return min(first, second), max(first, second)

    def size(self, low: int, high: int, share: float = 0.5) -> Bounds:
        """`bounds`, but at most `share` of the scene's shorter side, and at least `low`."""
        return self.bounds(low, max(low, min(high, int(self.side * share))))

    def count(self, fewest: int, most: int, area: int = 12) -> Bounds:
        """A range of numbers of objects that each need about `area` cells; at least `fewest`, or 1."""
        room = max(1, self.side * self.side // area)
        low, high = min(fewest, room), min(most, max(room, 1))
        first, second = self.number(low, high), self.number(low, high)
        return first if first == second else (min(first, second), max(first, second))

    def share(self, low: float, high: float) -> float:
        """A share of low..high, two digits."""
        return round(low + (high - low) * float(self.rng.random()), 2)

    def colors(self, fewest: int, most: int) -> list[int]:
        """Sorted different colours that nobody else of this program was given, while there are any."""
        n = self.number(fewest, most)
        taken, self._palette = self._palette[:n], self._palette[n:] + self._palette[:n]
        return sorted(taken)

    def color(self) -> int:
        """A colour that nobody else of this program was given, while there are any."""
        return self.colors(1, 1)[0]

    def sides(self, low: int = 6, high: int = MAX_SIDE, max_cells: int | None = None) -> dict[str, Any]:
        """Arguments `rows` and `cols` (and `square`) such that no grid has more than `max_cells` cells."""
        limit = self.max_cells if max_cells is None else max_cells
        first, second = self._side(low, high), self._side(low, high)
        if self.chance(_SQUARE_RATE):
            second = first
        while first * second > limit:
            first, second = (first - 1, second) if first >= second else (first, second - 1)
        self.side = min(first, second)
        if self.chance(_SAME_SIZE_RATE):
            return {"rows": first, "cols": second}
        rows = self._varied(first, low)
        if first == second and not isinstance(rows, int):
            return {"rows": rows, "cols": rows, "square": True}
        return {"rows": rows, "cols": self._varied(second, low)}

    def drawing(self, height: int, width: int, colors: Sequence[int]) -> list[str]:
        """A connected drawing of at most this size, for the builder of that name."""
        cells = grown_cells(self.rng, height, width, self.number(max(2, height * width // 2), height * width - 1), True)
        rows = [["."] * (max(col for _, col in cells) + 1) for _ in range(max(row for row, _ in cells) + 1)]
        for row, col in cells:
            rows[row][col] = str(colors[below(self.rng, len(colors))])
        return ["".join(row) for row in rows]

    def _side(self, low: int, high: int) -> int:
        # The smaller of two, so that most scenes have about a dozen rows and a few thirty.
        return min(self.number(low, high), self.number(low, high))

    def _varied(self, side: int, low: int) -> Bounds:
        smallest = max(min(low, side), side - self.number(1, 6))
        return side if smallest == side else (smallest, side)


def _written(value: Any) -> str:
    if isinstance(value, Name):
        return value.text
    if isinstance(value, list) and value and isinstance(value[0], str):
        return "[" + ", ".join(map(_written, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else repr(value)
