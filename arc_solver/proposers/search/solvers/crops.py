"""The part of the input that an output is made of: which object, and which cut of it.

Yields, for all inputs at once, the cut by every feature that singles one object out. Knows features of objects in
their scene; nothing of what happens to the cut afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from arc_solver.dsl.registry import Object
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers.formulas import FORMULA_ERRORS, Formula, formula, formulas, grids_of, values_of
from arc_solver.proposers.search.solvers.marked_parts import marked_parts
from arc_solver.proposers.search.solvers.size_law import relations
from arc_solver.proposers.search.values import signature

MAX_OBJECTS = 40
MAX_MARKED = 50
MAX_COMPARED = 14
"""Beyond so many objects they are not compared with each other."""
MAX_CROPS = 150
TIE_COST = 1.5

LISTS = formulas(
    "grid",
    (
        ("find_objects(grid, True, False)", 1.0),
        ("find_objects(grid, True, True)", 1.0),
        ("find_objects(grid, False, False)", 1.0),
        ("find_objects(grid, False, True)", 1.1),
        ("objects_by_color(grid)", 1.0),
        ("objects_on(grid, dominant_color(grid), True, True)", 1.3),
        ("objects_on(grid, dominant_color(grid), False, False)", 1.3),
        ("objects_by_color_on(grid, dominant_color(grid))", 1.4),
        ("color_regions(grid)", 1.2),
        ("[largest_rectangle(grid, color) for color in colors_by_count(grid)]", 1.6),
        ("find_objects(denoise(grid))", 1.6),
        ("objects_on(grid, separator_color(grid), False, True)", 1.2),
    ),
)
FEATURES = formulas(
    "obj, objs, grid",
    (
        ("obj.size", 0.5),
        ("obj.height * obj.width", 0.6),
        ("obj.height", 0.8),
        ("obj.width", 0.8),
        ("obj.row", 0.7),
        ("obj.bottom", 0.7),
        ("obj.col", 0.7),
        ("obj.right", 0.7),
        ("obj.size / obj.mask.size", 0.8),
        ("len(obj.colors)", 0.6),
        ("len(np.unique(crop_object(grid, obj)))", 0.8),
        ("np.count_nonzero(grid == obj.color)", 0.8),
        ("np.count_nonzero(crop_object(grid, obj) != obj.grid)", 0.8),
        ("np.count_nonzero(crop_object(grid, obj) == dominant_color(grid))", 1.0),
        ("np.count_nonzero(crop_object(grid, obj) != obj.color)", 0.9),
        ("len(find_objects(crop_object(grid, obj), True, False))", 1.0),
        ("count_holes(obj)", 0.7),
        ("is_mirrored(obj, False)", 0.8),
        ("is_mirrored(obj, True)", 0.8),
        ("is_mirrored(obj, False) and is_mirrored(obj, True)", 1.0),
        ("is_mirrored(obj, False) or is_mirrored(obj, True)", 1.0),
        ("is_rectangle(obj)", 0.7),
        ("is_frame(obj)", 0.7),
        ("is_frame(obj) * obj.size", 0.9),
        ("on_border(grid, obj)", 0.9),
        ("sum(other.size == obj.size for other in objs)", 0.9),
        ("sum(other.color == obj.color for other in objs)", 0.9),
        ("sum(other.grid.shape == obj.grid.shape for other in objs)", 1.0),
        ("sum(same_shape(other, obj) for other in objs)", 0.9),
        ("sum(np.array_equal(other.grid, obj.grid) for other in objs)", 0.9),
        ("sum(same_shape_turned(other, obj) for other in objs)", 1.1),
        ("sum(inside_box(other, obj) for other in objs)", 0.9),
        ("sum(inside_box(obj, other) for other in objs)", 1.1),
        ("np.count_nonzero(obj.grid)", 0.9),
    ),
)
SHRUNK = (
    "next({0}[::k, ::k] for k in range(15, 0, -1) if not any(n % k for n in {0}.shape)"
    " and np.array_equal(stretch({0}[::k, ::k], k, k), {0}))"
)
VIEWS = formulas(
    "obj, grid",
    (
        ("crop_object(grid, obj)", 0.5),
        ("obj.grid", 0.3),
        ("trim_border(crop_object(grid, obj))", 1.0),
        (SHRUNK.format("obj.grid"), 1.6),
    ),
)


@dataclass(frozen=True, slots=True)
class Crop:
    """A cut of every input.

    Attributes:
        statements: They define `obj` from `grid`.
        source: The cut, in terms of `obj` and `grid`.
        objects: The object chosen in every input.
        grids: The cut of every input.
        cost: Description length of all that.
    """

    statements: tuple[str, ...]
    source: str
    objects: tuple[Object, ...]
    grids: tuple[Grid, ...]
    cost: float


def crops(examples: Examples) -> list[Crop]:
    """Cuts whose sizes stand in one relation to the outputs' sizes, the simplest first, one for each behaviour.

    Args:
        examples: Any task.
    """
    found: dict[bytes, Crop] = {}
    for choice in choices(examples, _may_fit):
        for crop in _views(examples, choice):
            key = signature("grids", crop.grids) + signature("objects", crop.objects)
            if key not in found or crop.cost < found[key].cost:
                found[key] = crop
    return sorted(found.values(), key=lambda crop: (crop.cost, crop.statements, crop.source))[:MAX_CROPS]


@dataclass(frozen=True, slots=True)
class Choice:
    """One object of every input: statements that define `obj`, the objects, and what that costs."""

    statements: tuple[str, ...]
    objects: tuple[Object, ...]
    cost: float


def choices(examples: Examples, may_fit: Callable[[Examples, Sequence[Sequence[Object]]], bool]) -> Iterator[Choice]:
    """Every object that a feature singles out in every training input.

    Args:
        examples: Any task.
        may_fit: Whether a list of objects for each input is worth choosing from.
    """
    seen: set[bytes] = set()
    for one in _lists(examples):
        examples.check_time()
        lists = values_of(one, examples.inputs)
        if lists is None or not all(1 <= len(objects) <= MAX_OBJECTS for objects in lists):
            continue
        key = signature("objects", lists)
        if key in seen or not may_fit(examples, lists):
            continue
        seen.add(key)
        yield from _chosen(examples, one, (f"objs = {one.source}",), lists)
    for statements, parts, cost in marked_parts(examples):
        examples.check_time()
        if max(map(len, parts)) <= MAX_MARKED and may_fit(examples, parts):
            yield from _chosen(examples, formula("objs", "objs", cost), statements, parts)


def _lists(examples: Examples) -> Iterator[Formula]:
    yield from LISTS
    for color in set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs)):
        yield formula("grid", f"[color_object(grid, {color})]", 1.0)
        yield formula("grid", f"[largest_rectangle(grid, {color})]", 1.2)
        yield formula("grid", f"objects_in_color(grid, {color}, True)", 1.1)
        yield formula("grid", f"find_objects(remove_color(grid, {color}))", 1.6)


def _may_fit(examples: Examples, lists: Sequence[Sequence[Object]]) -> bool:
    """True if some relation of sizes is that of some part in every pair."""
    shared: set[Any] | None = None
    for objects, output in zip(lists, examples.outputs, strict=False):
        boxes = {(obj.height, obj.width) for obj in objects}
        boxes |= {(rows - 2, cols - 2) for rows, cols in boxes if min(rows, cols) > 2}
        here = {relation for box in boxes for relation in relations(box, output.shape)}
        shared = here if shared is None else shared & here
    return bool(shared)


def _chosen(examples: Examples, one: Formula, start: tuple[str, ...], lists: list[list[Object]]) -> Iterator[Choice]:
    before = start if one.source == "objs" else ()
    if all(len(objects) == 1 for objects in lists):
        yield Choice((*before, f"obj = {one.source}[0]"), tuple(objects[0] for objects in lists), one.cost)
        return
    n_most = max(map(len, lists))
    for feature in (*FEATURES, *_color_features(examples)):
        if n_most > MAX_COMPARED and "for other in" in feature.source:
            continue
        try:
            keys = [
                [feature.function(obj, objects, grid) for obj in objects]
                for objects, grid in zip(lists, examples.inputs, strict=True)
            ]
        except FORMULA_ERRORS:
            continue
        for word, extreme in (("max", max), ("min", min)):
            best = [[i for i, key in enumerate(row) if key == extreme(row)] for row in keys]
            if any(len(ties) > 1 for ties in best[: examples.n_train]):
                continue
            ties = sum(len(one) > 1 for one in best[examples.n_train :])
            statement = f"obj = {word}(objs, key=lambda obj: {feature.source})"
            chosen = tuple(objects[indices[0]] for objects, indices in zip(lists, best, strict=True))
            yield Choice((*start, statement), chosen, one.cost + feature.cost + 0.6 + TIE_COST * ties)
    for place, cost in ((0, 1.2), (-1, 1.4), (1, 2.0)):
        if all(len(objects) > 1 for objects in lists):
            statement = f"obj = {one.source}[{place}]"
            yield Choice((*before, statement), tuple(objects[place] for objects in lists), one.cost + cost)


def _color_features(examples: Examples) -> Iterator[Formula]:
    for color in set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs)):
        yield formula("obj, objs, grid", f"np.count_nonzero(crop_object(grid, obj) == {color})", 1.0)


def _views(examples: Examples, choice: Choice) -> Iterator[Crop]:
    for view in VIEWS:
        grids = grids_of(view, choice.objects, examples.inputs)
        if grids is None:
            continue
        pairs = zip(grids, examples.outputs, strict=False)
        if set.intersection(*(set(relations(grid.shape, output.shape)) for grid, output in pairs)):
            yield Crop(choice.statements, view.source, choice.objects, tuple(grids), choice.cost + view.cost)
