"""What holds for every primitive on every grid."""

from __future__ import annotations

import copy
import doctest
import importlib
import inspect
import pkgutil
import typing
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import arc_solver.dsl
from arc_solver.dsl import find_objects, flip_horizontal, repeating_tile, rotate_90, split_by_lines, tile, transpose
from arc_solver.dsl.registry import PRIMITIVES, Cells, Color, Count, Grid, Object, Places, primitive

WORDS = sorted(PRIMITIVES)
MODULES = [module.name for module in pkgutil.iter_modules(arc_solver.dsl.__path__)]

some_grids = st.one_of(
    arrays(np.int8, array_shapes(min_dims=2, max_dims=2, max_side=7), elements=st.integers(0, 3)),
    arrays(np.int8, array_shapes(min_dims=2, max_dims=2, max_side=5), elements=st.integers(0, 9)),
    arrays(
        np.int8, array_shapes(min_dims=2, max_dims=2, min_side=28, max_side=30), elements=st.just(1), fill=st.just(0)
    ),
)
some_objects = st.builds(find_objects, some_grids, st.booleans(), st.booleans())
VALUES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (Grid, some_grids),
    (Color, st.integers(0, 9)),
    (Count, st.integers(-1, 31)),
    (int, st.integers(-31, 31)),
    (bool, st.booleans()),
    (Object, some_objects.filter(bool).map(lambda objects: objects[0])),
    (list[Object], some_objects),
    (list[Grid], st.lists(some_grids, max_size=3)),
    (Cells, some_grids.map(lambda grid: grid > 1)),
]


def strategy_for(kind: Any) -> st.SearchStrategy[Any]:
    return next(strategy for known, strategy in VALUES if known == kind)


def is_a(kind: Any, value: Any) -> bool:
    if kind == Grid:
        sides_fit = value.ndim == 2 and min(value.shape) >= 1 and max(value.shape) <= 30
        return bool(
            value.dtype == np.int8 and value.flags.writeable and sides_fit and value.min() >= 0 and value.max() <= 9
        )
    if kind == Object:
        return is_a(Grid, value.grid) and value.mask.shape == value.grid.shape and type(value.row) is int
    if kind == Color:
        return type(value) is int and 0 <= value <= 9
    if kind == Count:
        return type(value) is int and value >= 0
    if kind in (bool, int):
        return type(value) is kind
    if kind == Cells:
        return isinstance(value, np.ndarray) and value.dtype == np.bool_
    if kind == Places:
        return all(type(number) is int for place in value for number in place)
    if typing.get_origin(kind) is list:
        return all(is_a(typing.get_args(kind)[0], one) for one in value)
    return isinstance(value, np.ndarray)


def frozen(value: Any) -> Any:
    """A copy to compare with: nested arrays become bytes."""
    if isinstance(value, np.ndarray):
        return value.shape, str(value.dtype), value.tobytes()
    if isinstance(value, Object):
        return frozen(value.grid), frozen(value.mask), value.row, value.col
    if isinstance(value, list):
        return [frozen(item) for item in value]
    return value


def arrays_in(value: Any) -> list[np.ndarray[Any, Any]]:
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, Object):
        return [value.grid, value.mask]
    return [array for item in value for array in arrays_in(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("name", WORDS)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_every_primitive_is_pure_deterministic_and_typed(name: str, data: st.DataObject) -> None:
    word = PRIMITIVES[name]
    arguments = [data.draw(strategy_for(kind)) for kind in word.argument_types]
    before = frozen(arguments)
    try:
        result = word.function(*arguments)
    except ValueError:
        assert frozen(arguments) == before
        return
    assert frozen(arguments) == before
    assert is_a(word.result_type, result)
    assert frozen(result) == frozen(word.function(*copy.deepcopy(arguments)))
    if word.result_type in (Grid, list[Grid]):
        shared = [np.shares_memory(a, b) for a in arrays_in(arguments) for b in arrays_in(result)]
        assert not any(shared)


@pytest.mark.parametrize("name", WORDS)
def test_read_only_grids_are_accepted(name: str) -> None:
    word = PRIMITIVES[name]
    grid = np.array([[0, 1, 1], [0, 0, 2], [1, 0, 0]], dtype=np.int8)
    grid.flags.writeable = False
    objects = find_objects(grid)
    pool: list[tuple[Any, Any]] = [
        (Grid, grid),
        (Object, objects[0]),
        (list[Object], objects),
        (list[Grid], [grid, grid]),
        (Cells, grid > 0),
    ]
    arguments = [next((value for known, value in pool if known == kind), 1) for kind in word.argument_types]
    try:
        word.function(*arguments)
    except ValueError as error:
        assert "read-only" not in str(error)  # noqa: PT017 - inapplicable is fine, writing to the input is not


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    vocabulary = {word.name: word.function for word in PRIMITIVES.values()} | {"np": np}
    assert doctest.testmod(importlib.import_module(f"arc_solver.dsl.{name}"), extraglobs=vocabulary).failed == 0


@pytest.mark.parametrize("name", WORDS)
def test_every_primitive_is_documented_by_an_example(name: str) -> None:
    text = inspect.getdoc(PRIMITIVES[name].function) or ""
    assert f"{name}(" in text.partition(">>>")[2]


def test_star_import_gives_the_vocabulary() -> None:
    scope: dict[str, Any] = {}
    exec("from arc_solver.dsl import *", scope)
    assert {*PRIMITIVES, "Grid", "Object"} == set(scope) - {"__builtins__"}


def test_a_name_is_taken_once() -> None:
    def rotate_90(grid: Grid) -> Grid:
        return grid

    with pytest.raises(ValueError, match="rotate_90"):
        primitive(rotate_90)


@given(some_grids)
def test_four_quarter_turns_are_none(grid: Grid) -> None:
    assert np.array_equal(rotate_90(rotate_90(rotate_90(rotate_90(grid)))), grid)


@given(some_grids)
def test_a_quarter_turn_is_two_reflections(grid: Grid) -> None:
    assert np.array_equal(rotate_90(grid), flip_horizontal(transpose(grid)))


@given(arrays(np.int8, (3, 2), elements=st.integers(0, 9)), st.integers(1, 4), st.integers(1, 4))
def test_the_tile_of_a_tiling_tiles_it(grid: Grid, rows: int, cols: int) -> None:
    tiled = tile(grid, Count(rows), Count(cols))
    smallest = repeating_tile(tiled)
    repeated = np.tile(smallest, (tiled.shape[0], tiled.shape[1]))[: tiled.shape[0], : tiled.shape[1]]
    assert np.array_equal(repeated, tiled)
    assert smallest.size <= grid.size


@given(some_grids, st.booleans())
def test_objects_partition_the_content(grid: Grid, diagonals: bool) -> None:
    background = 0 if (grid == 0).any() else np.bincount(grid.ravel()).argmax()
    covered = np.zeros(grid.shape, dtype=int)
    for obj in find_objects(grid, diagonals):
        area = slice(obj.row, obj.row + obj.mask.shape[0]), slice(obj.col, obj.col + obj.mask.shape[1])
        covered[area] += obj.mask
        assert (obj.grid[obj.mask] == grid[area][obj.mask]).all()
        assert (obj.grid[~obj.mask] == background).all()
    assert np.array_equal(covered, (grid != background).astype(int))


def test_panels_keep_their_place() -> None:
    grid = np.array([[1, 2, 5, 3], [5, 5, 5, 5], [4, 0, 5, 6]], dtype=np.int8)
    assert [panel.tolist() for panel in split_by_lines(grid)] == [[[1, 2]], [[3]], [[4, 0]], [[6]]]


def test_objects_compare_by_content() -> None:
    grid = np.array([[1, 0, 1]], dtype=np.int8)
    first, second = find_objects(grid)
    assert first == find_objects(grid)[0]
    assert first != second
    assert len({first, second, *find_objects(grid)}) == 2
