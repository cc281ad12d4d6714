"""Colours that an object refers to: its own, a neighbour's, a marker's, that of an edge of the grid.

Knows nothing of what is painted in them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.coloring import least_common_color, most_common_color
from arc_solver.dsl.features import ray_color
from arc_solver.dsl.objects import count_holes
from arc_solver.dsl.registry import Object
from arc_solver.dsl.relations import inside_box, same_shape, touching
from arc_solver.grids import Grid
from arc_solver.proposers.search.solvers.object_scenes import Scene, Thing

NO_COLOR = -1

Measure = Callable[[Thing, Sequence[Thing]], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One measure of every object of a scene.

    Attributes:
        expression: Python in terms of `obj`, `objects` and `grid`.
        values: Its value for each object, training inputs first.
        cost: How far-fetched it is.
    """

    expression: str
    values: tuple[Any, ...]
    cost: float


def color_sources(scene: Scene) -> list[Column]:
    """Colours that each object refers to, `NO_COLOR` where it refers to none."""
    found = []
    for expression, color_of, cost in GRID_COLORS:
        values = [color_of(things[0].grid) for things in scene.things for _ in things]
        found.append(Column(expression, tuple(values), cost))
    for expression, measure, cost in _COLORS:
        values = [measure(thing, things) for things in scene.things for thing in things]
        found.append(Column(expression.replace("BACKGROUND", scene.background), tuple(values), cost))
    kept: dict[tuple[int, ...], Column] = {}
    for column in found:
        if column.values not in kept or kept[column.values].cost > column.cost:
            kept[column.values] = column
    return sorted(kept.values(), key=lambda one: (one.cost, one.expression))


def _grid_color(color_of: Callable[[Grid], int]) -> Callable[[Grid], int]:
    def found(grid: Grid) -> int:
        try:
            return int(color_of(grid))
        except ValueError:
            return NO_COLOR

    return found


GRID_COLORS: tuple[tuple[str, Callable[[Grid], int], float], ...] = (
    ("least_common_color(grid)", _grid_color(least_common_color), 0.8),
    ("most_common_color(grid)", _grid_color(most_common_color), 0.8),
    ("grid[0, 0]", lambda grid: int(grid[0, 0]), 0.8),
    ("grid[0, -1]", lambda grid: int(grid[0, -1]), 0.9),
    ("grid[-1, 0]", lambda grid: int(grid[-1, 0]), 0.9),
    ("grid[-1, -1]", lambda grid: int(grid[-1, -1]), 0.9),
)


def boxes_touch(first: Object, second: Object) -> bool:
    rows_near = first.row <= second.bottom + 1 and second.row <= first.bottom + 1
    return rows_near and first.col <= second.right + 1 and second.col <= first.right + 1


def seen_in(d_row: int, d_col: int) -> Measure:
    def seen(thing: Thing, things: Sequence[Thing]) -> int:
        return int(seen_from(thing.grid.tobytes(), thing.grid.shape[1], d_row, d_col)[thing.obj.row, thing.obj.col])

    return seen


@functools.lru_cache(maxsize=64)
def seen_from(cells: bytes, width: int, d_row: int, d_col: int) -> Grid:
    """`ray_color` of a grid, remembered."""
    return ray_color(np.frombuffer(cells, dtype=np.int8).reshape(-1, width), d_row, d_col)


def _color_within(thing: Thing, things: Sequence[Thing]) -> int:
    """The most common colour in its box apart from the background and its own."""
    obj = thing.obj
    counts = np.bincount(thing.grid[obj.row : obj.bottom + 1, obj.col : obj.right + 1].ravel(), minlength=10)
    counts[[thing.background, thing.color]] = 0
    return int(counts.argmax()) if counts.any() else NO_COLOR


def near_cells(thing: Thing) -> NDArray[np.bool_]:
    """The cells next to its own, corners included."""
    n_rows, n_cols = thing.grid.shape
    near = np.zeros((n_rows + 2, n_cols + 2), dtype=np.bool_)
    for d_row in (0, 1, 2):
        for d_col in (0, 1, 2):
            near[thing.rows + d_row, thing.cols + d_col] = True
    near = near[1:-1, 1:-1]
    near[thing.rows, thing.cols] = False
    return near


def _color_around(thing: Thing, things: Sequence[Thing]) -> int:
    """The most common colour next to its cells."""
    counts = np.bincount(thing.grid[near_cells(thing)], minlength=10)
    return int(counts.argmax()) if counts.any() else NO_COLOR


def _touching_color(thing: Thing, things: Sequence[Thing]) -> int:
    obj = thing.obj
    for other in things:
        if other.color != thing.color and boxes_touch(obj, other.obj) and touching(obj, other.obj):
            return other.color
    return NO_COLOR


def _twin_color(thing: Thing, things: Sequence[Thing]) -> int:
    for other in things:
        if other.color != thing.color and same_shape(other.obj, thing.obj):
            return other.color
    return NO_COLOR


def _container_color(thing: Thing, things: Sequence[Thing]) -> int:
    return next((o.color for o in things if o is not thing and inside_box(thing.obj, o.obj)), NO_COLOR)


def _content_color(thing: Thing, things: Sequence[Thing]) -> int:
    return next((o.color for o in things if o is not thing and inside_box(o.obj, thing.obj)), NO_COLOR)


def _nearest_color(thing: Thing, things: Sequence[Thing]) -> int:
    others = [other for other in things if other is not thing]
    return min(others, key=lambda other: _distance(other.obj, thing.obj)).color if others else NO_COLOR


def _distance(first: Object, second: Object) -> int:
    return abs(first.center[0] - second.center[0]) + abs(first.center[1] - second.center[1])


def _edge(line: slice, above: bool) -> Measure:
    def seen(thing: Thing, things: Sequence[Thing]) -> int:
        obj, grid = thing.obj, thing.grid
        part = grid[line, obj.col : obj.right + 1] if above else grid[obj.row : obj.bottom + 1, line]
        return int(part.max())

    return seen


_COLORS: tuple[tuple[str, Measure, float], ...] = (
    ("obj.color", lambda thing, things: thing.color, 0.3),
    ("obj.colors[-1]", lambda thing, things: thing.obj.colors[-1], 0.5),
    ("grid[obj.center]", lambda thing, things: int(thing.grid[thing.obj.center]), 0.8),
    ("largest_object(objects).color", lambda _, things: max(things, key=lambda o: o.size).color, 0.9),
    ("smallest_object(objects).color", lambda _, things: min(things, key=lambda o: o.size).color, 0.9),
    ("grid[obj.row, 0]", lambda thing, things: int(thing.grid[thing.obj.row, 0]), 0.9),
    ("grid[obj.row, -1]", lambda thing, things: int(thing.grid[thing.obj.row, -1]), 1.0),
    ("grid[0, obj.col]", lambda thing, things: int(thing.grid[0, thing.obj.col]), 0.9),
    ("grid[-1, obj.col]", lambda thing, things: int(thing.grid[-1, thing.obj.col]), 1.0),
    (
        "next(c for c in colors_by_count(crop_object(grid, obj)) if c not in (BACKGROUND, obj.color))",
        _color_within,
        1.5,
    ),
    ("np.bincount(grid[grow_cells(object_cells(grid, obj)) & ~object_cells(grid, obj)]).argmax()", _color_around, 1.5),
    ("next(o.color for o in objects if o.color != obj.color and touching(o, obj))", _touching_color, 1.5),
    ("next(o.color for o in objects if o.color != obj.color and same_shape(o, obj))", _twin_color, 1.6),
    ("next(o.color for o in objects if o != obj and inside_box(obj, o))", _container_color, 1.4),
    ("next(o.color for o in objects if o != obj and inside_box(o, obj))", _content_color, 1.4),
    (
        "min((o for o in objects if o != obj), key=lambda o: abs(o.center[0] - obj.center[0])"
        " + abs(o.center[1] - obj.center[1])).color",
        _nearest_color,
        2.0,
    ),
    ("grid[0, obj.col : obj.right + 1].max()", _edge(slice(0, 1), True), 1.2),
    ("grid[-1, obj.col : obj.right + 1].max()", _edge(slice(-1, None), True), 1.3),
    ("grid[obj.row : obj.bottom + 1, 0].max()", _edge(slice(0, 1), False), 1.2),
    ("grid[obj.row : obj.bottom + 1, -1].max()", _edge(slice(-1, None), False), 1.3),
    ("ray_color(grid, 0, 1)[obj.row, obj.col]", seen_in(0, 1), 1.6),
    ("ray_color(grid, 0, -1)[obj.row, obj.col]", seen_in(0, -1), 1.6),
    ("ray_color(grid, 1, 0)[obj.row, obj.col]", seen_in(1, 0), 1.6),
    ("ray_color(grid, -1, 0)[obj.row, obj.col]", seen_in(-1, 0), 1.6),
    ("obj.size", lambda thing, things: thing.size if thing.size < 10 else NO_COLOR, 1.2),
    ("count_holes(obj)", lambda thing, things: int(count_holes(thing.obj)) or NO_COLOR, 1.2),
)
