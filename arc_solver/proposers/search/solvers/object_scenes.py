"""Ways to cut the grids of a task into objects.

Knows what an object may be; nothing of what happens to objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.objects import find_objects, objects_by_color
from arc_solver.dsl.registry import Color, Object
from arc_solver.dsl.scenes import color_regions, dominant_color, objects_in_color, objects_on
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Examples

MAX_OBJECTS = 60
MAX_SCENES = 9


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """One object of one input, with what is asked of it again and again.

    Attributes:
        obj: The object.
        grid: The input that it lies in.
        rows: The row of each of its cells, in reading order.
        cols: The column of each.
        colors: The colour of each.
        pair: Index of the input.
        background: The colour of empty cells there.
        color: Its most common colour.
        size: How many cells it has.
    """

    obj: Object
    grid: Grid
    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    colors: NDArray[np.int8]
    pair: int
    background: int
    color: int
    size: int

    @property
    def flat(self) -> NDArray[np.intp]:
        """Its cells as positions in the flattened input."""
        positions: NDArray[np.intp] = self.rows * self.grid.shape[1] + self.cols
        return positions


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One way to see every input as a list of objects.

    Attributes:
        expression: Python that gives the objects of `grid`.
        background: Python that gives the colour of empty cells of `grid`.
        things: For each input, training first, its objects in order.
        cost: How far-fetched it is.
        is_ground: True if the objects are made of what is background to other scenes.
    """

    expression: str
    background: str
    things: tuple[tuple[Thing, ...], ...]
    cost: float
    is_ground: bool

    def flat_things(self, n_pairs: int) -> list[Thing]:
        """All objects of the first `n_pairs` inputs."""
        return [thing for things in self.things[:n_pairs] for thing in things]


def scenes(examples: Examples) -> Iterator[Scene]:
    """The scenes of a task that differ, cheapest first; every input has objects and few of them."""
    seen: set[bytes] = set()
    n_found = 0
    for expression, find, background, cost, is_ground in sorted(_catalogue(examples), key=lambda one: one[3]):
        things = _things(examples.inputs, find, background[1])
        if things is None:
            continue
        identity = _identity(things, background[1], examples.inputs)
        if identity in seen:
            continue
        seen.add(identity)
        yield Scene(expression, background[0], things, cost, is_ground)
        n_found += 1
        if n_found == MAX_SCENES:
            return


Finder = Callable[[Grid], list[Object]]
Background = tuple[str, Callable[[Grid], int]]


def _catalogue(examples: Examples) -> Iterator[tuple[str, Finder, Background, float, bool]]:
    inputs = examples.inputs
    everywhere = sorted(set(range(10)).intersection(*(np.unique(grid).tolist() for grid in inputs)))
    dominant = {int(dominant_color(grid)) for grid in inputs}
    has_zero = 0 in everywhere
    main = _constant(0) if has_zero else _constant(next(iter(dominant))) if len(dominant) == 1 else _DOMINANT
    for diagonals, multicolor, cost in ((True, False, 0.5), (False, False, 0.6), (True, True, 0.7), (False, True, 0.8)):
        if has_zero:
            source = f"find_objects(grid, {diagonals}, {multicolor})"
            yield source, _finder(find_objects, diagonals, multicolor), main, cost, False
        if dominant != {0}:
            ground = _constant(next(iter(dominant))) if len(dominant) == 1 else _DOMINANT
            source = f"objects_on(grid, {ground[0]}, {diagonals}, {multicolor})"
            yield source, _finder_on(ground[1], diagonals, multicolor), ground, cost + 0.1 + 0.4 * has_zero, False
    yield "objects_by_color(grid)", objects_by_color, main, 0.9, False
    for color in everywhere:
        for diagonals in (True, False):
            is_ground = color == 0 or dominant == {color}
            if is_ground and diagonals:
                continue
            source = f"objects_in_color(grid, {color}, {diagonals})"
            cost = 0.8 + 0.05 * (not diagonals)
            yield source, _finder(objects_in_color, Color(color), diagonals), main, cost, is_ground
    yield "color_regions(grid)", color_regions, main, 1.0, True


def _constant(color: int) -> Background:
    return str(color), lambda grid: color


_DOMINANT: Background = ("dominant_color(grid)", lambda grid: int(dominant_color(grid)))


def _finder(find: Callable[..., list[Object]], *arguments: Any) -> Finder:
    return lambda grid: find(grid, *arguments)


def _finder_on(ground: Callable[[Grid], int], diagonals: bool, multicolor: bool) -> Finder:
    return lambda grid: objects_on(grid, Color(ground(grid)), diagonals, multicolor)


def _things(
    inputs: Sequence[Grid], find: Finder, ground: Callable[[Grid], int]
) -> tuple[tuple[Thing, ...], ...] | None:
    found = []
    for pair, grid in enumerate(inputs):
        objects = find(grid)
        if not 0 < len(objects) <= MAX_OBJECTS:
            return None
        found.append(tuple(_thing(obj, grid, pair, ground(grid)) for obj in objects))
    return tuple(found)


def _thing(obj: Object, grid: Grid, pair: int, background: int) -> Thing:
    rows, cols = np.nonzero(obj.mask)
    colors = obj.grid[obj.mask]
    return Thing(obj, grid, rows + obj.row, cols + obj.col, colors, pair, background, obj.color, len(rows))


def _identity(things: Sequence[Sequence[Thing]], ground: Callable[[Grid], int], inputs: Sequence[Grid]) -> bytes:
    """Equal for scenes with the same objects and the same background, whatever the order in which cells are told."""
    parts = [bytes([ground(grid)]) for grid in inputs]
    for one in things:
        parts.append(b"|".join(sorted(thing.flat.astype(np.int16).tobytes() for thing in one)))
    return b"/".join(parts)
