"""The catalogue of cell features: boolean conditions and colours that a rule about cells may speak of.

Knows nothing of how rules are chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl import components, features
from arc_solver.grids import Grid

MAX_VALUES = 9
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))


@dataclass(frozen=True, slots=True)
class CellMaps:
    """One feature on every grid.

    Attributes:
        expression: Python that computes it from `grid`.
        maps: Its value for each input, of the input's shape.
        cost: How far-fetched it is.
        is_color: True if its values are colours, which a rule may paint.
    """

    expression: str
    maps: tuple[NDArray[Any], ...]
    cost: float
    is_color: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    """A condition on cells.

    Attributes:
        expression: Python that computes a boolean array from `grid`.
        values: Its value at every training cell, pair after pair, shape (n_cells,).
        test_values: The same at the cells of the test inputs.
        cost: How far-fetched it is.
    """

    expression: str
    values: NDArray[np.bool_]
    test_values: NDArray[np.bool_]
    cost: float


def cell_maps(grids: Sequence[Grid]) -> Iterator[CellMaps]:
    """Every feature of the catalogue, on these grids."""
    yield CellMaps("grid", tuple(grids), 0.2, True)
    colors = [color for color in range(1, 10) if 2 * sum((grid == color).any() for grid in grids) >= len(grids)]
    for function, arguments, cost, is_color in _catalogue(colors):
        yield _of(function, arguments, grids, cost, is_color)
    for vertical in (False, True):
        position = _of(features.position, (vertical, False), grids, 1.5)
        for modulus in (2, 3):
            yield CellMaps(f"{position.expression} % {modulus}", tuple(m % modulus for m in position.maps), 1.5)
    for d_row, d_col in DIRECTIONS[:4]:
        distance = _of(features.ray_distance, (d_row, d_col), grids, 1.6)
        yield distance
        yield CellMaps(f"{distance.expression} % 2", tuple(m % 2 for m in distance.maps), 1.7)
    sums = [np.indices(grid.shape).sum(axis=0) for grid in grids]
    yield CellMaps("np.indices(grid.shape).sum(axis=0) % 2", tuple(s % 2 for s in sums), 1.8)
    yield from _mirrored(grids)


def _catalogue(colors: Sequence[int]) -> Iterator[tuple[Callable[..., NDArray[Any]], tuple[Any, ...], float, bool]]:
    for d_row, d_col in DIRECTIONS:
        yield features.neighbor, (d_row, d_col), 1.2, False
        yield features.ray_color, (d_row, d_col), 1.2 if d_row * d_col == 0 else 1.5, True
    for diagonal in (False, True):
        yield features.neighbors_alike, (diagonal,), 1.2, False
        yield features.neighbors_filled, (diagonal,), 1.2, False
        yield components.component_colors, (diagonal,), 1.5, False
        yield components.component_color, (diagonal, False), 1.5, True
        yield components.component_color, (diagonal, True), 1.5, True
        for by_color in (True, False):
            for function, cost in _COMPONENT_FEATURES:
                yield function, (diagonal, by_color), cost + 0.1 * diagonal + 0.2 * (not by_color), False
    for vertical in (False, True):
        yield features.line_filled, (vertical,), 1.5, False
        yield features.line_empty, (vertical,), 1.6, False
        yield features.position, (vertical, False), 1.6, False
        yield features.position, (vertical, True), 1.6, False
    yield features.edge_distance, (), 1.5, False
    for vertical in (False, True):
        for from_end in (False, True):
            yield features.line_end_color, (vertical, from_end), 1.4, True
    for by_color in (True, False):
        for vertical in (False, True):
            yield components.component_place, (by_color, vertical, False), 1.6, False
            yield components.component_place, (by_color, vertical, True), 1.7, False
    for together in (False, True):
        for turn in range(4):
            yield components.mirrored_components, (together, turn), 1.5, True
    for diagonal in (False, True):
        yield components.box_color, (diagonal,), 1.5, True
        yield features.content_distance, (diagonal,), 1.5, False
    for color in colors:
        for diagonal in (False, True):
            yield features.neighbors_of, (color, diagonal), 1.4, False
            yield features.line_count, (color, diagonal), 1.4, False
    yield features.color_rank, (False,), 1.3, False
    yield features.color_rank, (True,), 1.3, False
    for rank in (0, 1, -1):
        yield features.ranked_color, (rank,), 1.3, True


_COMPONENT_FEATURES: tuple[tuple[Callable[..., NDArray[Any]], float], ...] = (
    (components.component_size, 1.0),
    (components.component_on_edge, 1.0),
    (components.component_rank, 1.1),
    (components.component_rank_up, 1.1),
    (components.component_holes, 1.1),
    (components.component_height, 1.3),
    (components.component_width, 1.3),
    (components.component_fills_box, 1.2),
    (components.component_twins, 1.4),
    (components.component_symmetric, 1.4),
)


def _of(
    function: Callable[..., NDArray[Any]],
    arguments: tuple[Any, ...],
    grids: Sequence[Grid],
    cost: float,
    is_color: bool = False,
) -> CellMaps:
    expression = f"{function.__name__}({', '.join(['grid', *map(repr, arguments)])})"
    return CellMaps(expression, tuple(function(grid, *arguments) for grid in grids), cost, is_color)


def _mirrored(grids: Sequence[Grid]) -> Iterator[CellMaps]:
    yield CellMaps("np.fliplr(grid)", tuple(np.fliplr(grid) for grid in grids), 1.3, True)
    yield CellMaps("np.flipud(grid)", tuple(np.flipud(grid) for grid in grids), 1.3, True)
    yield CellMaps("np.rot90(grid, 2)", tuple(np.rot90(grid, 2) for grid in grids), 1.4, True)
    if all(grid.shape[0] == grid.shape[1] for grid in grids):
        yield CellMaps("grid.T", tuple(grid.T for grid in grids), 1.3, True)
        yield CellMaps("np.rot90(grid)", tuple(np.rot90(grid) for grid in grids), 1.5, True)


def literals(maps: Sequence[CellMaps], n_train: int) -> list[Literal]:
    """Conditions made from the features, without duplicates on the training cells; the cheapest of equals stays.

    Args:
        maps: The features.
        n_train: How many of the grids are training inputs.
    """
    found: dict[bytes, Literal] = {}
    for literal in _all_literals(maps, n_train):
        if literal.values.all() or not literal.values.any():
            continue
        key = np.packbits(literal.values).tobytes() + np.packbits(literal.test_values).tobytes()
        if key not in found or literal.cost < found[key].cost:
            found[key] = literal
    return list(found.values())


def _all_literals(maps: Sequence[CellMaps], n_train: int) -> Iterator[Literal]:
    for feature in maps:
        train, test = _flat(feature.maps[:n_train]), _flat(feature.maps[n_train:])
        values = np.unique(train).tolist()
        if len(values) <= 1:
            continue
        ordered = not feature.is_color and "neighbor(" not in feature.expression
        for value in values if len(values) <= MAX_VALUES else values[:3]:
            yield Literal(f"({feature.expression} == {value})", train == value, test == value, feature.cost)
            yield Literal(f"({feature.expression} != {value})", train != value, test != value, feature.cost + 0.3)
        if ordered and len(values) > 2:
            for value in values[1:] if len(values) <= MAX_VALUES else values[1:4]:
                yield Literal(f"({feature.expression} >= {value})", train >= value, test >= value, feature.cost + 0.4)
                yield Literal(f"({feature.expression} < {value})", train < value, test < value, feature.cost + 0.4)
    yield from _agreements(maps, n_train)
    yield from _comparisons(maps, n_train)


def _agreements(maps: Sequence[CellMaps], n_train: int) -> Iterator[Literal]:
    rays = {feature.expression: feature for feature in maps if feature.expression.startswith("ray_color")}
    own = maps[0]
    for d_row, d_col in ((0, 1), (1, 0), (1, 1), (1, -1)) if rays else ():
        one, other = rays[f"ray_color(grid, {d_row}, {d_col})"], rays[f"ray_color(grid, {-d_row}, {-d_col})"]
        yield _agreement(one, other, n_train)
    for feature in maps[1:]:
        if feature.is_color:
            yield _agreement(own, feature, n_train)


def _comparisons(maps: Sequence[CellMaps], n_train: int) -> Iterator[Literal]:
    """Which half of the grid, or of its component, a cell lies in; the middle; the diagonals."""
    named = {feature.expression: feature for feature in maps}
    for start, end in _PLACES:
        if start in named and end in named:
            pairs = list(zip(named[start].maps, named[end].maps, strict=True))
            cost = named[start].cost
            for sign, compare in (("<", np.less), (">", np.greater), ("==", np.equal)):
                holds = [compare(a, b) for a, b in pairs]
                yield Literal(f"({start} {sign} {end})", _flat(holds[:n_train]), _flat(holds[n_train:]), cost)


_PLACES = (
    ("position(grid, False, False)", "position(grid, False, True)"),
    ("position(grid, True, False)", "position(grid, True, True)"),
    ("position(grid, True, False)", "position(grid, False, False)"),
    ("position(grid, True, False)", "position(grid, False, True)"),
    ("component_place(grid, True, False, False)", "component_place(grid, True, False, True)"),
    ("component_place(grid, True, True, False)", "component_place(grid, True, True, True)"),
    ("component_place(grid, True, True, False)", "component_place(grid, True, False, False)"),
)


def _agreement(one: CellMaps, other: CellMaps, n_train: int) -> Literal:
    same = [a == b for a, b in zip(one.maps, other.maps, strict=True)]
    expression = f"({one.expression} == {other.expression})"
    return Literal(expression, _flat(same[:n_train]), _flat(same[n_train:]), max(one.cost, other.cost) + 0.3)


def _flat(maps: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([m.ravel() for m in maps])
