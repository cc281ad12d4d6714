"""What can be said of an object: measures, predicates over them, and the colours that it refers to.

Knows nothing of actions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from arc_solver.dsl.coloring import least_common_color, most_common_color
from arc_solver.dsl.features import ray_color
from arc_solver.dsl.objects import count_holes
from arc_solver.dsl.registry import Object
from arc_solver.dsl.relations import inside_box, is_frame, is_line, is_mirrored, on_border, same_shape, touching
from arc_solver.grids import Grid
from arc_solver.proposers.search.solvers.object_scenes import Scene, Thing

MAX_EQUALS = 6
MAX_LIMITS = 8
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


@dataclass(frozen=True, slots=True)
class Predicate:
    """A yes or no to every object of a scene.

    Attributes:
        expression: Python in terms of `obj`, `objects` and `grid`.
        train: Bit i is set if it holds for the i-th training object.
        test: The same for the objects of the test inputs.
        cost: How far-fetched it is.
    """

    expression: str
    train: int
    test: int
    cost: float


def columns(scene: Scene) -> list[Column]:
    """Every measure that is not the same for all objects."""
    found = []
    for expression, measure, cost in _MEASURES:
        values = tuple(measure(thing, things) for things in scene.things for thing in things)
        if len(set(values)) > 1:
            found.append(Column(expression, values, cost))
    return found


def predicates(scene: Scene, table: Sequence[Column], n_train: int) -> list[Predicate]:
    """Predicates over the measures, the cheapest for each way to divide all objects, cheapest first."""
    n_train_things = len(scene.flat_things(n_train))
    everyone = (1 << n_train_things) - 1
    kept: dict[tuple[int, int], Predicate] = {}
    for expression, answers, cost in _questions(scene, table):
        bits = _bits(answers)
        train, test = bits & everyone, bits >> n_train_things
        if train in (0, everyone):
            continue
        one = Predicate(expression, train, test, cost)
        if (train, test) not in kept or kept[train, test].cost > cost:
            kept[train, test] = one
    return sorted(kept.values(), key=lambda one: (one.cost, one.expression))


def _bits(answers: Sequence[Any]) -> int:
    return sum(1 << index for index, answer in enumerate(answers) if answer)


def _questions(scene: Scene, table: Sequence[Column]) -> Iterator[tuple[str, list[bool], float]]:
    for column in table:
        values = column.values
        if isinstance(values[0], bool):
            yield column.expression, list(values), column.cost
            yield f"not {column.expression}", [not value for value in values], column.cost + 0.1
            continue
        distinct = sorted(set(values))
        for value in distinct if len(distinct) <= MAX_EQUALS else ():
            yield f"{column.expression} == {value}", [one == value for one in values], column.cost + 0.3
            yield f"{column.expression} != {value}", [one != value for one in values], column.cost + 0.4
        if column.expression in _COLOR_MEASURES:
            continue
        for value in distinct[1 : MAX_LIMITS + 1]:
            yield f"{column.expression} >= {value}", [one >= value for one in values], column.cost + 0.6
            yield f"{column.expression} < {value}", [one < value for one in values], column.cost + 0.6
        if column.expression in _EXTREME:
            yield from _extremes(scene, column)
        if column.expression in _EVEN:
            yield f"{column.expression} % 2 == 0", [one % 2 == 0 for one in values], column.cost + 0.6
            yield f"{column.expression} % 2 == 1", [one % 2 == 1 for one in values], column.cost + 0.6
    yield from _same_colors(scene)


def _extremes(scene: Scene, column: Column) -> Iterator[tuple[str, list[bool], float]]:
    other = column.expression.replace("obj", "o")
    for word, extreme in (("max", max), ("min", min)):
        answers: list[bool] = []
        start = 0
        for things in scene.things:
            part = column.values[start : start + len(things)]
            start += len(things)
            best = extreme(part)
            answers.extend(value == best for value in part)
        source = f"{word}({other} for o in objects)"
        yield f"{column.expression} == {source}", answers, column.cost + 0.8
        yield f"{column.expression} != {source}", [not answer for answer in answers], column.cost + 0.9


def _same_colors(scene: Scene) -> Iterator[tuple[str, list[bool], float]]:
    """Whether the object has a colour that its grid points out."""
    for expression, color_of, cost in _GRID_COLORS:
        answers: list[bool] = []
        for things in scene.things:
            color = color_of(things[0].grid)
            answers.extend(thing.color == color for thing in things)
        yield f"obj.color == {expression}", answers, cost + 0.4
        yield f"obj.color != {expression}", [not answer for answer in answers], cost + 0.5


def color_sources(scene: Scene) -> list[Column]:
    """Colours that each object refers to, `NO_COLOR` where it refers to none."""
    found = []
    for expression, color_of, cost in _GRID_COLORS:
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


_GRID_COLORS: tuple[tuple[str, Callable[[Grid], int], float], ...] = (
    ("least_common_color(grid)", _grid_color(least_common_color), 0.8),
    ("most_common_color(grid)", _grid_color(most_common_color), 0.8),
    ("grid[0, 0]", lambda grid: int(grid[0, 0]), 0.8),
    ("grid[0, -1]", lambda grid: int(grid[0, -1]), 0.9),
    ("grid[-1, 0]", lambda grid: int(grid[-1, 0]), 0.9),
    ("grid[-1, -1]", lambda grid: int(grid[-1, -1]), 0.9),
)


def _n_same_shape(thing: Thing, things: Sequence[Thing]) -> int:
    return sum(same_shape(other.obj, thing.obj) for other in things)


def _size_rank(thing: Thing, things: Sequence[Thing]) -> int:
    return sorted({other.size for other in things}, reverse=True).index(thing.size)


def _n_cells_of_color(thing: Thing, things: Sequence[Thing]) -> int:
    return int(np.count_nonzero(thing.grid == thing.color))


def _n_corners(thing: Thing, things: Sequence[Thing]) -> int:
    """How many corners of its box belong to it."""
    return int(thing.obj.mask[[0, 0, -1, -1], [0, -1, 0, -1]].sum())


def _holds_another(thing: Thing, things: Sequence[Thing]) -> bool:
    return any(inside_box(other.obj, thing.obj) for other in things if other is not thing)


def _lies_in_another(thing: Thing, things: Sequence[Thing]) -> bool:
    return any(inside_box(thing.obj, other.obj) for other in things if other is not thing)


def _touches_another(thing: Thing, things: Sequence[Thing]) -> bool:
    obj = thing.obj
    return any(_boxes_touch(obj, o.obj) and touching(obj, o.obj) for o in things if o.color != thing.color)


def _boxes_touch(first: Object, second: Object) -> bool:
    rows_near = first.row <= second.bottom + 1 and second.row <= first.bottom + 1
    return rows_near and first.col <= second.right + 1 and second.col <= first.right + 1


_MEASURES: tuple[tuple[str, Measure, float], ...] = (
    ("obj.size", lambda thing, things: thing.size, 0.4),
    ("obj.color", lambda thing, things: thing.color, 0.3),
    ("obj.height", lambda thing, things: thing.obj.height, 0.6),
    ("obj.width", lambda thing, things: thing.obj.width, 0.6),
    ("max(obj.mask.shape)", lambda thing, things: max(thing.obj.mask.shape), 0.9),
    ("min(obj.mask.shape)", lambda thing, things: min(thing.obj.mask.shape), 0.9),
    ("obj.mask.size", lambda thing, things: thing.obj.mask.size, 0.9),
    ("obj.height > obj.width", lambda thing, things: thing.obj.height > thing.obj.width, 0.9),
    ("obj.height == obj.width", lambda thing, things: thing.obj.height == thing.obj.width, 0.8),
    ("obj.row", lambda thing, things: thing.obj.row, 1.3),
    ("obj.col", lambda thing, things: thing.obj.col, 1.3),
    ("obj.bottom", lambda thing, things: thing.obj.bottom, 1.4),
    ("obj.right", lambda thing, things: thing.obj.right, 1.4),
    ("obj.colors[-1]", lambda thing, things: thing.obj.colors[-1], 0.8),
    ("np.count_nonzero(grid == obj.color)", _n_cells_of_color, 1.1),
    ("int(obj.mask[[0, 0, -1, -1], [0, -1, 0, -1]].sum())", _n_corners, 1.2),
    ("count_holes(obj)", lambda thing, things: int(count_holes(thing.obj)), 0.6),
    ("len(obj.colors)", lambda thing, things: len(thing.obj.colors), 0.6),
    ("is_rectangle(obj)", lambda thing, things: bool(thing.obj.mask.all()), 0.5),
    ("is_line(obj)", lambda thing, things: is_line(thing.obj), 0.6),
    ("is_frame(obj)", lambda thing, things: is_frame(thing.obj), 0.6),
    ("is_mirrored(obj, False)", lambda thing, things: is_mirrored(thing.obj, False), 0.7),
    ("is_mirrored(obj, True)", lambda thing, things: is_mirrored(thing.obj, True), 0.7),
    ("on_border(grid, obj)", lambda thing, things: on_border(thing.grid, thing.obj), 0.5),
    ("sum(same_shape(o, obj) for o in objects)", _n_same_shape, 1.2),
    (
        "sum(o.color == obj.color for o in objects)",
        lambda thing, things: sum(other.color == thing.color for other in things),
        1.2,
    ),
    (
        "sum(o.size == obj.size for o in objects)",
        lambda thing, things: sum(other.size == thing.size for other in things),
        1.2,
    ),
    ("sorted({o.size for o in objects}, reverse=True).index(obj.size)", _size_rank, 1.2),
    ("any(inside_box(o, obj) for o in objects if o != obj)", _holds_another, 1.2),
    ("any(inside_box(obj, o) for o in objects if o != obj)", _lies_in_another, 1.2),
    ("any(touching(obj, o) for o in objects if o.color != obj.color)", _touches_another, 1.3),
)
POSITIONS = frozenset({"obj.row", "obj.col", "obj.bottom", "obj.right"})
"""Measures of which hardly anything else than a choice of extremes depends."""
_COLOR_MEASURES = frozenset({"obj.color", "obj.colors[-1]"})
_EXTREME = frozenset(
    {"obj.size", "obj.height", "obj.width", "obj.mask.size", "obj.row", "obj.col", "obj.bottom", "obj.right"}
    | {"count_holes(obj)", "len(obj.colors)"}
)
_EVEN = frozenset({"obj.size", "obj.height", "obj.width", "max(obj.mask.shape)", "obj.row", "obj.col"})


def _color_within(thing: Thing, things: Sequence[Thing]) -> int:
    """The most common colour in its box apart from the background and its own."""
    obj = thing.obj
    counts = np.bincount(thing.grid[obj.row : obj.bottom + 1, obj.col : obj.right + 1].ravel(), minlength=10)
    counts[[thing.background, thing.color]] = 0
    return int(counts.argmax()) if counts.any() else NO_COLOR


def _color_around(thing: Thing, things: Sequence[Thing]) -> int:
    """The most common colour next to its cells."""
    n_rows, n_cols = thing.grid.shape
    near = np.zeros((n_rows + 2, n_cols + 2), dtype=np.bool_)
    for d_row in (0, 1, 2):
        for d_col in (0, 1, 2):
            near[thing.rows + d_row, thing.cols + d_col] = True
    near = near[1:-1, 1:-1]
    near[thing.rows, thing.cols] = False
    counts = np.bincount(thing.grid[near], minlength=10)
    return int(counts.argmax()) if counts.any() else NO_COLOR


def _touching_color(thing: Thing, things: Sequence[Thing]) -> int:
    obj = thing.obj
    for other in things:
        if other.color != thing.color and _boxes_touch(obj, other.obj) and touching(obj, other.obj):
            return other.color
    return NO_COLOR


def _twin_color(thing: Thing, things: Sequence[Thing]) -> int:
    for other in things:
        if other.color != thing.color and same_shape(other.obj, thing.obj):
            return other.color
    return NO_COLOR


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


def _ray(d_row: int, d_col: int) -> Measure:
    def seen(thing: Thing, things: Sequence[Thing]) -> int:
        return int(_seen_from(thing.grid.tobytes(), thing.grid.shape[1], d_row, d_col)[thing.obj.row, thing.obj.col])

    return seen


@functools.lru_cache(maxsize=64)
def _seen_from(cells: bytes, width: int, d_row: int, d_col: int) -> Grid:
    return ray_color(np.frombuffer(cells, dtype=np.int8).reshape(-1, width), d_row, d_col)


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
    ("ray_color(grid, 0, 1)[obj.row, obj.col]", _ray(0, 1), 1.6),
    ("ray_color(grid, 0, -1)[obj.row, obj.col]", _ray(0, -1), 1.6),
    ("ray_color(grid, 1, 0)[obj.row, obj.col]", _ray(1, 0), 1.6),
    ("ray_color(grid, -1, 0)[obj.row, obj.col]", _ray(-1, 0), 1.6),
    ("obj.size", lambda thing, things: thing.size if thing.size < 10 else NO_COLOR, 1.2),
    ("count_holes(obj)", lambda thing, things: int(count_holes(thing.obj)) or NO_COLOR, 1.2),
)
