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
from arc_solver.omni.generators.canvas import below, shuffled
from arc_solver.omni.generators.registry import BUILDERS

_T = TypeVar("_T")
Bounds = int | tuple[int, int]

_SAME_SIZE_RATE = 0.5
_SQUARE_RATE = 0.5


@dataclass(frozen=True, slots=True)
class _Name:
    """The value of an earlier line, as an argument."""

    text: str


SHAPE = _Name("shape")


class Draft:
    """A program under construction."""

    def __init__(self, rng: np.random.Generator, max_cells: int) -> None:
        self.rng = rng
        self.max_cells = max_cells
        self.background = 0 if rng.random() < 0.8 else below(rng, N_COLORS)
        self._palette = [color for color in shuffled(rng, range(N_COLORS)) if color != self.background]
        if self.background and rng.random() < 0.7:
            self._palette = [color for color in self._palette if color]
        self._lines: list[tuple[str, str]] = []

    # -- the text

    def start(self, name: str, **arguments: Any) -> None:
        """`grid = name(rng, ...)`"""
        self._add("grid", name, "rng", arguments)

    def then(self, name: str, **arguments: Any) -> None:
        """`grid = name(rng, grid, ...)`"""
        self._add("grid", name, "rng, grid", arguments)

    def shape(self, name: str, **arguments: Any) -> None:
        """`shape = name(rng, ...)`; `SHAPE` names it in later calls."""
        self._add("shape", name, "rng", arguments)

    def source(self) -> str:
        """The program; its last call is returned."""
        *lines, (_, last) = self._lines
        body = [f"    {target} = {call}" for target, call in lines]
        return "\n".join(["def generate(rng):", *body, f"    return {last}"]) + "\n"

    def _add(self, target: str, name: str, first: str, arguments: dict[str, Any]) -> None:
        if not set(arguments) <= set(BUILDERS[name].parameters):
            raise KeyError(f"{name} has no {set(arguments) - set(BUILDERS[name].parameters)}")
        written = [f"{key}={_written(value)}" for key, value in arguments.items()]
        self._lines.append((target, f"{name}({', '.join([first, *written])})"))

    # -- the choices

    def chance(self, rate: float) -> bool:
        """True at this rate."""
        return bool(self.rng.random() < rate)

    def choice(self, values: Sequence[_T]) -> _T:
        """One of the values."""
        return values[below(self.rng, len(values))]

    def number(self, low: int, high: int) -> int:
        """A number of low..high."""
        return low + below(self.rng, high - low + 1) if high > low else low

    def bounds(self, low: int, high: int, varied_rate: float = 0.8) -> Bounds:
        """A range within low..high, or one number."""
        first, second = self.number(low, high), self.number(low, high)
        if first == second or not self.chance(varied_rate):
            return first
        return min(first, second), max(first, second)

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

    def sides(self, low: int = 5, high: int = MAX_SIDE) -> dict[str, Any]:
        """Arguments `rows` and `cols` (and `square`) such that no grid has more than `max_cells` cells."""
        first, second = self._side(low, high), self._side(low, high)
        if self.chance(_SQUARE_RATE):
            second = first
        while first * second > self.max_cells and max(first, second) > 1:
            first, second = (first - 1, second) if first >= second else (first, second - 1)
        if self.chance(_SAME_SIZE_RATE):
            return {"rows": first, "cols": second}
        rows, cols = self._below(first, low), self._below(second, low)
        return {"rows": rows, "cols": cols, "square": True} if rows == cols else {"rows": rows, "cols": cols}

    def _side(self, low: int, high: int) -> int:
        # The smaller of two, so that most scenes have about a dozen rows and a few thirty.
        return min(self.number(low, high), self.number(low, high))

    def _below(self, side: int, low: int) -> Bounds:
        smallest = max(min(low, side), side - self.number(1, 6))
        return side if smallest == side else (smallest, side)


def _written(value: Any) -> str:
    if isinstance(value, _Name):
        return value.text
    return f'"{value}"' if isinstance(value, str) else repr(value)
