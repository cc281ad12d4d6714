"""What can be said of an object: measures, and predicates over them.

Knows nothing of actions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from arc_solver.dsl.objects import count_holes
from arc_solver.dsl.relations import inside_box, is_frame, is_line, is_mirrored, on_border, same_shape, touching
from arc_solver.proposers.search.solvers.object_colors import (
    GRID_COLORS,
    Column,
    Measure,
    boxes_touch,
    near_cells,
    seen_in,
)
from arc_solver.proposers.search.solvers.object_scenes import Scene, Thing

MAX_EQUALS = 6
MAX_LIMITS = 8
MAX_COLORS = 5
PLACE_COST = 1.5


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
    for expression, measure, cost in (*_MEASURES, *_measures_of_colors(scene)):
        values = tuple(measure(thing, things) for things in scene.things for thing in things)
        if len(set(values)) > 1:
            found.append(Column(expression, values, cost))
    return found


def _measures_of_colors(scene: Scene) -> Iterator[tuple[str, Measure, float]]:
    """Measures that speak of one of the colours that every input has."""
    grids = [things[0].grid for things in scene.things]
    everywhere = set(range(10)).intersection(*(np.unique(grid).tolist() for grid in grids))
    for color in sorted(everywhere)[:MAX_COLORS]:
        if all(thing.color == color for things in scene.things for thing in things):
            continue
        yield f"np.count_nonzero(crop_object(grid, obj) == {color})", _n_within(color), 1.2
        beside = f"bool((grow_cells(object_cells(grid, obj)) & (grid == {color})).any())"
        yield beside, _is_beside(color), 1.4


def _n_within(color: int) -> Measure:
    def counted(thing: Thing, things: Sequence[Thing]) -> int:
        obj = thing.obj
        return int(np.count_nonzero(thing.grid[obj.row : obj.bottom + 1, obj.col : obj.right + 1] == color))

    return counted


def _is_beside(color: int) -> Measure:
    def beside(thing: Thing, things: Sequence[Thing]) -> bool:
        return thing.color == color or color in thing.colors or bool((thing.grid[near_cells(thing)] == color).any())

    return beside


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
        if column.expression in POSITIONS:
            yield from _extremes(scene, column)
            column = replace(column, cost=column.cost + PLACE_COST)
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
    for expression, color_of, cost in GRID_COLORS:
        answers: list[bool] = []
        for things in scene.things:
            color = color_of(things[0].grid)
            answers.extend(thing.color == color for thing in things)
        yield f"obj.color == {expression}", answers, cost + 0.4
        yield f"obj.color != {expression}", [not answer for answer in answers], cost + 0.5


def _n_same_shape(thing: Thing, things: Sequence[Thing]) -> int:
    return sum(same_shape(other.obj, thing.obj) for other in things)


def _size_rank(thing: Thing, things: Sequence[Thing]) -> int:
    return sorted({other.size for other in things}, reverse=True).index(thing.size)


def _n_cells_of_color(thing: Thing, things: Sequence[Thing]) -> int:
    return int(np.count_nonzero(thing.grid == thing.color))


def _n_corners(thing: Thing, things: Sequence[Thing]) -> int:
    """How many corners of its box belong to it."""
    return int(thing.obj.mask[[0, 0, -1, -1], [0, -1, 0, -1]].sum())


def _n_with_neighbors(least: int, most: int) -> Measure:
    """Counts the object's cells that have so many neighbours of their colour."""

    def counted(thing: Thing, things: Sequence[Thing]) -> int:
        mask = np.pad(thing.obj.mask, 1)
        alike = mask[:-2, 1:-1].astype(int) + mask[2:, 1:-1] + mask[1:-1, :-2] + mask[1:-1, 2:]
        return int(np.count_nonzero(thing.obj.mask & (alike >= least) & (alike <= most)))

    return counted


def _holds_another(thing: Thing, things: Sequence[Thing]) -> bool:
    return any(inside_box(other.obj, thing.obj) for other in things if other is not thing)


def _lies_in_another(thing: Thing, things: Sequence[Thing]) -> bool:
    return any(inside_box(thing.obj, other.obj) for other in things if other is not thing)


def _touches_another(thing: Thing, things: Sequence[Thing]) -> bool:
    obj = thing.obj
    return any(boxes_touch(obj, o.obj) and touching(obj, o.obj) for o in things if o.color != thing.color)


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
    (
        "(neighbors_of(obj.mask * 1, 1, False)[obj.mask] == 1).sum()",
        _n_with_neighbors(1, 1),
        1.3,
    ),
    (
        "(neighbors_of(obj.mask * 1, 1, False)[obj.mask] > 2).sum()",
        _n_with_neighbors(3, 4),
        1.3,
    ),
    ("obj.size - obj.height - obj.width", lambda thing, things: thing.size - sum(thing.obj.mask.shape), 1.2),
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
    ("obj.mask.size - obj.size", lambda thing, things: thing.obj.mask.size - thing.size, 0.9),
    (
        "any(o.row == obj.row for o in objects if o != obj)",
        lambda thing, things: any(o.obj.row == thing.obj.row for o in things if o is not thing),
        1.4,
    ),
    (
        "any(o.col == obj.col for o in objects if o != obj)",
        lambda thing, things: any(o.obj.col == thing.obj.col for o in things if o is not thing),
        1.4,
    ),
    ("any(inside_box(o, obj) for o in objects if o != obj)", _holds_another, 1.2),
    ("any(inside_box(obj, o) for o in objects if o != obj)", _lies_in_another, 1.2),
    ("ray_color(grid, 0, 1)[obj.row, obj.col]", seen_in(0, 1), 1.5),
    ("ray_color(grid, 0, -1)[obj.row, obj.col]", seen_in(0, -1), 1.5),
    ("ray_color(grid, 1, 0)[obj.row, obj.col]", seen_in(1, 0), 1.5),
    ("ray_color(grid, -1, 0)[obj.row, obj.col]", seen_in(-1, 0), 1.5),
    ("any(touching(obj, o) for o in objects if o.color != obj.color)", _touches_another, 1.3),
)
POSITIONS = frozenset({"obj.row", "obj.col", "obj.bottom", "obj.right"})
"""Measures of which hardly anything else than a choice of extremes depends."""
_COLOR_MEASURES = frozenset(
    {
        "obj.color",
        "obj.colors[-1]",
        "ray_color(grid, 0, 1)[obj.row, obj.col]",
        "ray_color(grid, 0, -1)[obj.row, obj.col]",
    }
    | {"ray_color(grid, 1, 0)[obj.row, obj.col]", "ray_color(grid, -1, 0)[obj.row, obj.col]"}
)
_EXTREME = frozenset({"obj.size", "obj.height", "obj.width", "obj.mask.size", "count_holes(obj)", "len(obj.colors)"})
_EVEN = frozenset({"obj.size", "obj.height", "obj.width", "max(obj.mask.shape)", "obj.row", "obj.col"})
