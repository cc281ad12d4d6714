"""Outputs that are one of the parts of the input: find the feature by which the part was chosen.

Works on lists that the enumerator found (objects, panels, halves); knows features of parts, nothing of how the lists
were made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.objects import crop_object, find_objects
from arc_solver.dsl.registry import Object
from arc_solver.grids import Grid, grid_key
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.values import Value

MAX_LISTS = 60
TICKS_PER_CALL = 2

Feature = Callable[[Grid], Any]
Transform = Callable[[Grid], NDArray[np.int8]]

FEATURES: tuple[tuple[str, Feature, float], ...] = (
    ("np.count_nonzero(part)", lambda part: int(np.count_nonzero(part)), 0.5),
    ("part.size", lambda part: part.size, 0.6),
    ("len(np.unique(part))", lambda part: len(np.unique(part)), 0.6),
    ("np.count_nonzero(part) / part.size", lambda part: np.count_nonzero(part) / part.size, 0.8),
    ("part.shape[0]", lambda part: part.shape[0], 0.8),
    ("part.shape[1]", lambda part: part.shape[1], 0.8),
    ("len(find_objects(part, True, False))", lambda part: len(find_objects(part, True, False)), 0.8),
    ("len(find_objects(part, False, False))", lambda part: len(find_objects(part, False, False)), 0.9),
    ("int(part.max())", lambda part: int(part.max()), 1.3),
    ("np.array_equal(part, part[:, ::-1])", lambda part: bool(np.array_equal(part, part[:, ::-1])), 0.8),
    ("np.array_equal(part, part[::-1])", lambda part: bool(np.array_equal(part, part[::-1])), 0.8),
    ("np.array_equal(part, part.T)", lambda part: bool(np.array_equal(part, part.T)), 0.9),
)
SHAPE_FEATURES: tuple[tuple[str, Feature, float], ...] = (
    ("part.tobytes()", grid_key, 0.5),
    ("(part > 0).tobytes()", lambda part: bytes(part.shape) + (part > 0).tobytes(), 0.5),
    ("part.shape", lambda part: part.shape, 0.7),
    ("int(part.max())", lambda part: int(part.max()), 0.7),
    ("np.count_nonzero(part)", lambda part: int(np.count_nonzero(part)), 0.9),
    ("len(np.unique(part))", lambda part: len(np.unique(part)), 0.9),
    ("len(find_objects(part, True, False))", lambda part: len(find_objects(part, True, False)), 1.0),
)
AFTERWARDS: tuple[tuple[str, Transform, float], ...] = (
    ("part", lambda part: part, 0.0),
    ("np.fliplr(part)", np.fliplr, 0.8),
    ("np.flipud(part)", np.flipud, 0.8),
    ("part.T", lambda part: part.T, 0.9),
    ("np.rot90(part, 2)", lambda part: np.rot90(part, 2), 0.9),
    ("np.rot90(part)", np.rot90, 0.9),
    ("np.rot90(part, 3)", lambda part: np.rot90(part, 3), 0.9),
)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of every input as grids, with the statement that makes them."""

    statement: str
    parts: tuple[tuple[Grid, ...], ...]
    cost: float


def solve(examples: Examples, lists: Sequence[Value]) -> Iterator[Draft]:
    """Choose a part by the greatest or least of a feature, or by a feature that no other part has.

    Args:
        examples: Any task.
        lists: Values of the types `grids` and `objects` on the same inputs.
    """
    for candidate in _part_lists(examples, lists):
        if min(len(parts) for parts in candidate.parts) < 1 or max(len(parts) for parts in candidate.parts) < 2:
            continue
        for after, transform, after_cost in AFTERWARDS:
            wanted = _wanted(candidate.parts, examples.outputs, transform)
            if wanted is None:
                continue
            for choice, cost in _choices(candidate.parts, wanted, examples):
                body = (candidate.statement, choice, f"return {after}")
                yield examples.draft("selection", body, candidate.cost + cost + after_cost)
            break


def _part_lists(examples: Examples, lists: Sequence[Value]) -> Iterator[_Parts]:
    for value in lists[:MAX_LISTS]:
        cost = value.cost / TICKS_PER_CALL
        if value.type_name == "grids":
            yield _Parts(f"parts = {value.expression}", tuple(tuple(one) for one in value.results), cost)
        else:
            grids = tuple(tuple(obj.grid for obj in one) for one in value.results)
            yield _Parts(f"parts = [obj.grid for obj in {value.expression}]", grids, cost + 0.1)
            if all(_inside(grid, obj) for grid, one in zip(examples.inputs, value.results, strict=True) for obj in one):
                crops = (
                    tuple(crop_object(grid, obj) for obj in one)
                    for grid, one in zip(examples.inputs, value.results, strict=True)
                )
                statement = f"parts = [crop_object(grid, obj) for obj in {value.expression}]"
                yield _Parts(statement, tuple(crops), cost + 0.3)


def _inside(grid: Grid, obj: Object) -> bool:
    rows, cols = obj.grid.shape
    return obj.row >= 0 and obj.col >= 0 and obj.row + rows <= grid.shape[0] and obj.col + cols <= grid.shape[1]


def _wanted(
    parts: Sequence[Sequence[Grid]], outputs: Sequence[Grid], transform: Transform
) -> list[frozenset[int]] | None:
    """For every training pair the parts that give its output; None if some pair has none."""
    wanted = []
    for candidates, output in zip(parts, outputs, strict=False):
        right = frozenset(i for i, part in enumerate(candidates) if np.array_equal(transform(part), output))
        if not right:
            return None
        wanted.append(right)
    return wanted


def _choices(
    parts: Sequence[Sequence[Grid]], wanted: Sequence[frozenset[int]], examples: Examples
) -> Iterator[tuple[str, float]]:
    """Statements that choose a right part in every training pair, with their costs."""
    for source, feature, cost in (*FEATURES, *_color_features(examples)):
        keys = [[feature(part) for part in one] for one in parts[: len(wanted)]]
        for word, extreme in (("max", max), ("min", min)):
            best = [[i for i, key in enumerate(one) if key == extreme(one)] for one in keys]
            if all(right.issuperset(found) for right, found in zip(wanted, best, strict=True)):
                yield f"part = {word}(parts, key=lambda part: {source})", 1.0 + cost
    for source, feature, cost in SHAPE_FEATURES:
        keys = [[feature(part) for part in one] for one in parts[: len(wanted)]]
        counts = [[one.count(key) for key in one] for one in keys]
        for word, extreme in (("min", min), ("max", max)):
            best = [[i for i, count in enumerate(one) if count == extreme(one)] for one in counts]
            if all(right.issuperset(found) for right, found in zip(wanted, best, strict=True)):
                listing = f"[{source} for part in parts]"
                yield f"part = {word}(parts, key=lambda part: {listing}.count({source}))", 1.3 + cost


def _color_features(examples: Examples) -> Iterator[tuple[str, Feature, float]]:
    for color in range(10):
        if all((grid == color).any() for grid in examples.inputs):
            yield f"np.count_nonzero(part == {color})", _counter_of(color), 1.0


def _counter_of(color: int) -> Feature:
    return lambda part: int(np.count_nonzero(part == color))
