"""A fact about every builder, over a few dozen seeds; the tested set is the set."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from arc_solver.dsl.objects import find_objects
from arc_solver.dsl.registry import Object
from arc_solver.omni.generators.registry import BUILDERS, HOLE

Array = np.ndarray
Rng = np.random.Generator

N_SEEDS = 30
FACTS: dict[str, Callable[[Rng], None]] = {}


def fact(check: Callable[[Rng], None]) -> Callable[[Rng], None]:
    assert check.__name__ not in FACTS
    FACTS[check.__name__] = check
    return check


def build(name: str, rng: Rng, *args: object, **kwargs: object) -> Array:
    return BUILDERS[name].function(rng, *args, **kwargs)


def ground(rows: int = 14, cols: int = 12, background: int = 0) -> Array:
    return np.full((rows, cols), background, dtype=np.int8)


def scene(rng: Rng, rows: int = 9, cols: int = 7, n_colors: int = 5) -> Array:
    return rng.integers(0, n_colors, (rows, cols)).astype(np.int8)


def objects(grid: Array) -> list[Object]:
    """Groups of cells that are neither 0 nor holes, corners connect; some 0 is added so that it is the background."""
    padded = np.pad(np.where(grid == HOLE, 0, grid), ((0, 1), (0, 0)))
    return find_objects(padded, multicolor=True)


def is_solid(obj: Object) -> bool:
    return bool(obj.mask.all())


def colors_of(array: Array) -> set[int]:
    return set(array.ravel().tolist())


def is_symmetric(array: Array, symmetry: str) -> bool:
    turns = {
        "mirror": [array[:, ::-1]],
        "flip": [array[::-1]],
        "both": [array[::-1], array[:, ::-1]],
        "half_turn": [np.rot90(array, 2)],
        "transpose": [array.T],
        "quarter_turn": [np.rot90(array)],
        "full": [array[::-1], array[:, ::-1], array.T],
    }
    return all(array.shape == turned.shape and (array == turned).all() for turned in turns[symmetry])


SYMMETRIES = ("mirror", "flip", "both", "half_turn", "transpose", "quarter_turn", "full")


def test_the_tested_set_is_the_set() -> None:
    assert set(FACTS) == set(BUILDERS)


# Grounds.


@fact
def blank(rng: Rng) -> None:
    grid = build("blank", rng, rows=(3, 5), cols=(7, 9), background=4)
    assert colors_of(grid) == {4}
    assert 3 <= grid.shape[0] <= 5
    assert 7 <= grid.shape[1] <= 9
    assert len(set(build("blank", rng, rows=(2, 30), cols=1, square=True).shape)) == 1


@fact
def random_cells(rng: Rng) -> None:
    grid = build("random_cells", rng, rows=8, cols=9, colors=[1, 2], share=0.5, background=7)
    assert colors_of(grid) == {1, 2, 7}
    assert colors_of(build("random_cells", rng, rows=5, cols=5, colors=[1, 2], share=1.0)) <= {1, 2}
    assert np.count_nonzero(build("random_cells", rng, rows=4, cols=4, colors=[3], share=0.0)) == 1


@fact
def stripes(rng: Rng) -> None:
    rows = build("stripes", rng, rows=12, cols=10, colors=[1, 2, 3], period=3)
    assert (rows == rows[:, :1]).all()
    assert (rows[3:] == rows[:-3]).all()
    assert rows[0, 0] != rows[1, 0]
    cols = build("stripes", rng, rows=12, cols=10, colors=[1, 2], period=2, thickness=2, direction="cols")
    assert (cols == cols[:1]).all()
    assert cols[0, 0] == cols[0, 1] != cols[0, 2]
    diagonal = build("stripes", rng, rows=6, cols=10, colors=[1, 2, 3], direction="diagonal")
    assert (diagonal[1:, 1:] == diagonal[:-1, :-1]).all()
    anti = build("stripes", rng, rows=6, cols=10, colors=[1, 2, 3], direction="antidiagonal")
    assert (anti[1:, :-1] == anti[:-1, 1:]).all()


@fact
def tiled(rng: Rng) -> None:
    grid = build("tiled", rng, rows=11, cols=13, colors=[1, 2, 3], tile_rows=3, tile_cols=4)
    assert (grid[3:] == grid[:-3]).all()
    assert (grid[:, 4:] == grid[:, :-4]).all()
    shifted = build("tiled", rng, rows=11, cols=13, colors=[1, 2, 3], tile_rows=3, tile_cols=4, shift=1)
    assert (shifted[3:, :-1] == shifted[:-3, 1:]).all()


@fact
def rings(rng: Rng) -> None:
    grid = build("rings", rng, rows=9, cols=12, colors=[1, 2, 3], thickness=2)
    assert is_symmetric(grid, "both")
    assert len(colors_of(grid[:2])) > 1 or len(colors_of(grid[:, 0])) == 1
    assert grid[0, 0] == grid[1, 1] != grid[2, 2]
    assert colors_of(grid[0]) == {int(grid[0, 0])}


@fact
def symmetric_pattern(rng: Rng) -> None:
    for symmetry in SYMMETRIES:
        for side in (6, 7):
            grid = build("symmetric_pattern", rng, rows=side, cols=side, colors=[1, 2], symmetry=symmetry)
            assert is_symmetric(grid, symmetry)
            assert colors_of(grid) <= {0, 1, 2}


@fact
def bands(rng: Rng) -> None:
    grid = build("bands", rng, rows=12, cols=7, colors=[1, 2], length=(2, 3))
    assert (grid == grid[:, :1]).all()
    changes = np.flatnonzero(np.diff(grid[:, 0]))
    assert set(np.diff(changes).tolist()) <= {2, 3}
    across = build("bands", rng, rows=12, cols=7, colors=[1, 2], direction="cols")
    assert (across == across[:1]).all()


# Shapes.


@fact
def drawing(rng: Rng) -> None:
    assert build("drawing", rng, rows=["1.2", ".0."]).tolist() == [[1, HOLE, 2], [HOLE, 0, HOLE]]


@fact
def random_shape(rng: Rng) -> None:
    shape = build("random_shape", rng, height=(2, 4), width=(2, 5), colors=[3, 4], share=0.7)
    (obj,) = find_objects(np.pad(np.where(shape == HOLE, 0, shape), ((0, 1), (0, 0))), False)
    assert obj.grid.shape == shape.shape
    assert shape.shape[0] <= 4
    assert shape.shape[1] <= 5
    assert len(colors_of(shape) - {HOLE}) == 1
    assert (build("random_shape", rng, height=3, width=3, colors=[3], share=0.5) == 3).sum() == round(0.5 * 9)


@fact
def sprite(rng: Rng) -> None:
    shape = build("sprite", rng, height=5, width=5, colors=[1, 2, 3], share=0.8)
    assert len(objects(shape)) == 1
    assert (shape != HOLE).sum() == 20
    assert len(colors_of(shape) - {HOLE}) > 1


@fact
def symmetric_shape(rng: Rng) -> None:
    for symmetry in SYMMETRIES:
        shape = build("symmetric_shape", rng, height=(3, 6), width=(3, 6), colors=[1, 2], symmetry=symmetry)
        assert is_symmetric(shape, symmetry)
        least = build("symmetric_shape", rng, height=(1, 6), width=(1, 6), colors=[1], symmetry=symmetry, share=0.0)
        assert 1 <= (least == 1).sum() <= 8


@fact
def box_shape(rng: Rng) -> None:
    shape = build("box_shape", rng, height=(3, 5), width=(3, 5), colors=[1, 2], inside=7)
    assert colors_of(shape[1:-1, 1:-1]) == {7}
    assert colors_of(np.concatenate([shape[0], shape[-1], shape[:, 0], shape[:, -1]])) in ({1}, {2})


@fact
def figure(rng: Rng) -> None:
    sizes = {"L": 9, "T": 9, "plus": 9, "X": 9, "U": 13, "line": 5, "square": 25, "box": 16, "stairs": 15, "Z": 9}
    for kind, n_cells in {**sizes, "diagonal": 5}.items():
        shape = build("figure", rng, kind=kind, size=5, colors=[6])
        assert (shape == 6).sum() == n_cells
        assert len(objects(shape)) == 1
    upright = build("figure", rng, kind="U", size=3, colors=[1], fixed=True)
    assert upright.tolist() == [[1, HOLE, 1], [1, HOLE, 1], [1, 1, 1]]
    plain = build("figure", rng, kind="L", size=3, colors=[1], fixed=True)
    assert plain.tolist() == [[1, HOLE, HOLE], [1, HOLE, HOLE], [1, 1, 1]]
    assert (build("figure", rng, kind="any", size=3, colors=[6]) == 6).any()


# Scattered objects.


@fact
def scatter_dots(rng: Rng) -> None:
    grid = build("scatter_dots", rng, ground(), n=4, colors=[1, 2])
    assert 1 <= np.count_nonzero(grid) <= 4
    assert len(objects(grid)) == np.count_nonzero(grid)


@fact
def scatter_rectangles(rng: Rng) -> None:
    grid = build("scatter_rectangles", rng, ground(), n=(2, 4), colors=[1, 2], height=(2, 3), width=4)
    found = objects(grid)
    assert 1 <= len(found) <= 4
    assert all(is_solid(obj) and obj.grid.shape in ((2, 4), (3, 4)) for obj in found)
    assert all(len(colors_of(obj.grid)) == 1 for obj in found)


@fact
def scatter_boxes(rng: Rng) -> None:
    for obj in objects(build("scatter_boxes", rng, ground(), n=3, colors=[1, 2], height=(3, 5), width=(3, 5))):
        assert colors_of(obj.grid[1:-1, 1:-1]) == {0}
        assert (obj.grid != 0).sum() == 2 * sum(obj.grid.shape) - 4


@fact
def scatter_filled_boxes(rng: Rng) -> None:
    for obj in objects(build("scatter_filled_boxes", rng, ground(), n=3, colors=[1], inside=[5, 6])):
        assert colors_of(obj.grid[1:-1, 1:-1]) in ({5}, {6})
        assert (obj.grid == 1).sum() == 2 * sum(obj.grid.shape) - 4


@fact
def scatter_marked_boxes(rng: Rng) -> None:
    for solid in (False, True):
        grid = build("scatter_marked_boxes", rng, ground(), n=1, colors=[1], marks=[5], n_marks=1, solid=solid)
        assert (grid == 5).sum() == 1
        (row, col), walls = np.argwhere(grid == 5)[0], np.argwhere(grid == 1)
        assert (walls.min(axis=0) < (row, col)).all()
        assert (walls.max(axis=0) > (row, col)).all()
        height, width = walls.max(axis=0) - walls.min(axis=0) + 1
        assert (grid == 1).sum() == (height * width - 1 if solid else 2 * (height + width) - 4)


@fact
def scatter_holed(rng: Rng) -> None:
    found = objects(build("scatter_holed", rng, ground(), n=2, colors=[1], holes=2, height=(5, 6), width=(5, 6)))
    assert found
    for obj in found:
        inverse = np.where(obj.grid == 0, 1, 0)
        holes = find_objects(inverse) if inverse.any() else []
        assert len(holes) == 2
        assert all(hole.mask.sum() == 1 for hole in holes)
        assert obj.mask[[0, -1]].all()
        assert obj.mask[:, [0, -1]].all()


@fact
def scatter_blobs(rng: Rng) -> None:
    found = objects(build("scatter_blobs", rng, ground(), n=3, colors=[1, 2], height=3, width=3, share=0.7))
    assert 1 <= len(found) <= 3
    assert all(obj.mask.sum() == 6 and len(colors_of(obj.grid) - {0}) == 1 for obj in found)


@fact
def scatter_sprites(rng: Rng) -> None:
    found = objects(build("scatter_sprites", rng, ground(), n=2, colors=[1, 2, 3], height=4, width=4, share=0.9))
    assert 1 <= len(found) <= 2
    assert all(obj.mask.sum() == 14 and len(colors_of(obj.grid) - {0}) > 1 for obj in found)


@fact
def scatter_figures(rng: Rng) -> None:
    found = objects(build("scatter_figures", rng, ground(), n=3, kind="plus", colors=[1, 2], size=3))
    assert 1 <= len(found) <= 3
    assert all(obj.mask.tolist() == [[False, True, False], [True] * 3, [False, True, False]] for obj in found)


@fact
def scatter_symmetric(rng: Rng) -> None:
    grid = build("scatter_symmetric", rng, ground(20, 20), n=1, colors=[1, 2], symmetry="both", multicolor=True)
    rows, cols = np.nonzero(grid)
    assert is_symmetric(grid[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1], "both")
    plain = build("scatter_symmetric", rng, ground(20, 20), n=1, colors=[1, 2])
    assert len(colors_of(plain) - {0}) == 1


@fact
def scatter_enclosures(rng: Rng) -> None:
    grid = build("scatter_enclosures", rng, ground(), n=1, colors=[3], size=(2, 4))
    rooms = find_objects(np.where(np.pad(grid, 1) == 0, 1, 0), False)
    assert len(rooms) == 2
    (obj,) = objects(grid)
    broken = build("scatter_enclosures", rng, ground(), n=1, colors=[3], size=1, openings=1)
    assert np.count_nonzero(broken) == 7
    assert max(obj.grid.shape) <= 6


@fact
def attach_to_border(rng: Rng) -> None:
    found = objects(build("attach_to_border", rng, ground(), n=3, colors=[1, 2], height=(2, 3), width=(2, 3)))
    assert 1 <= len(found) <= 3
    for obj in found:
        bottom, right = obj.row + obj.grid.shape[0], obj.col + obj.grid.shape[1]
        assert is_solid(obj)
        assert obj.row == 0 or obj.col == 0 or bottom == 14 or right == 12


# Copies.

CHAIR = np.array([[1, HOLE], [1, 2], [1, 1]], dtype=np.int8)
CHAIR_GRID = np.where(CHAIR == HOLE, 0, CHAIR)


def orientations(grid: Array) -> list[list[list[int]]]:
    return [np.rot90(turned, turns).tolist() for turned in (grid, grid.T) for turns in range(4)]


@fact
def scatter_copies(rng: Rng) -> None:
    found = objects(build("scatter_copies", rng, ground(), CHAIR, n=4))
    assert 1 <= len(found) <= 4
    assert all(obj.grid.tolist() == CHAIR_GRID.tolist() for obj in found)
    turned = objects(build("scatter_copies", rng, ground(), CHAIR, n=4, turn=True))
    assert all(obj.grid.tolist() in orientations(CHAIR_GRID) for obj in turned)


@fact
def scatter_recolored(rng: Rng) -> None:
    found = objects(build("scatter_recolored", rng, ground(), CHAIR, n=4, colors=[5, 6]))
    assert 1 <= len(found) <= 4
    assert all((obj.mask == (CHAIR != HOLE)).all() and colors_of(obj.grid) - {0} in ({5}, {6}) for obj in found)


@fact
def odd_one_out(rng: Rng) -> None:
    for odd in ("color", "cell", "orientation"):
        found = objects(build("odd_one_out", rng, ground(), CHAIR, n=3, odd=odd, color=8))
        different = [obj for obj in found if obj.grid.tolist() != CHAIR_GRID.tolist()]
        assert len(different) == 1
        expected = {"color": 5, "cell": 1, "orientation": 0}[odd]
        assert (different[0].grid == 8).sum() == expected


@fact
def copies_and_marks(rng: Rng) -> None:
    grid = build("copies_and_marks", rng, ground(), CHAIR, n=3, mark=8)
    found = objects(grid)
    assert (grid == 8).sum() == len(found)
    (whole,) = (obj for obj in found if obj.mask.sum() > 1)
    assert (whole.mask == (CHAIR != HOLE)).all()


@fact
def row_of_copies(rng: Rng) -> None:
    for direction, down, right in (("rows", 0, 3), ("cols", 4, 0), ("diagonal", 4, 3)):
        shape = np.full((3, 2), 5, dtype=np.int8)
        found = objects(build("row_of_copies", rng, ground(20, 20), shape, n=3, spacing=1, direction=direction))
        places = sorted((obj.row, obj.col) for obj in found)
        steps = {(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(places)}
        assert len(found) == 3
        assert steps == {(down, right)}
    cut = build("row_of_copies", rng, ground(20, 10), np.full((3, 4), 5, dtype=np.int8), n=3, spacing=0)
    assert (cut == 5).any(axis=1).sum() == 3
    assert (cut[:, -1] == 5).sum() == 3


# Lines.


@fact
def full_lines(rng: Rng) -> None:
    rows = build("full_lines", rng, ground(), n=3, colors=[1, 2], direction="rows", gap=2)
    lines = np.flatnonzero(rows[:, 0])
    assert (rows == rows[:, :1]).all()
    assert 1 <= len(lines) <= 3
    assert len(lines) == 1 or np.diff(lines).min() >= 3
    cols = build("full_lines", rng, ground(), n=1, colors=[1], direction="cols")
    assert (cols.sum(axis=0) == 14).sum() == 1
    assert np.count_nonzero(build("full_lines", rng, ground(), n=1, colors=[1])) == 14 + 12 - 1


@fact
def divide(rng: Rng) -> None:
    assert (build("divide", rng, ground(9, 7), color=5)[:, 3] == 5).all()
    grid = build("divide", rng, ground(9, 7), color=5, direction="both", centered=False)
    assert np.count_nonzero(grid) == 9 + 7 - 1
    assert grid[0, 0] == grid[-1, -1] == 0


@fact
def segments(rng: Rng) -> None:
    grid = build("segments", rng, ground(), n=3, colors=[1, 2], length=(2, 4), direction="cols")
    assert all(is_solid(obj) and obj.grid.shape in ((2, 1), (3, 1), (4, 1)) for obj in objects(grid))
    assert 1 <= len(objects(grid)) <= 3


@fact
def rays(rng: Rng) -> None:
    wall = ground()
    wall[5:9, 4:8] = 9
    grid = build("rays", rng, wall, n=3, colors=[1], length=8)
    assert (grid[wall == 9] == 9).all()
    (row, col) = np.argwhere(build("rays", rng, ground(), n=1, colors=[1], length=3) == 1).T
    assert len(row) == 3
    assert 0 in row or 0 in col or 13 in row or 11 in col


@fact
def diagonals(rng: Rng) -> None:
    (obj,) = objects(build("diagonals", rng, ground(), n=1, colors=[4], length=(1, 5), rising=False))
    assert (obj.mask == np.eye(len(obj.mask), dtype=bool)).all()
    assert obj.row == 0 or obj.col == 0
    rising = objects(build("diagonals", rng, ground(), n=1, colors=[4]))[0].mask
    assert rising.sum() == len(rising) == rising.shape[1]


@fact
def aligned_pairs(rng: Rng) -> None:
    grid = build("aligned_pairs", rng, ground(), n=1, colors=[4], direction="rows", distance=(3, 5))
    (row, other_row), (col, other_col) = np.nonzero(grid)
    assert row == other_row
    assert 3 <= other_col - col <= 5
    (_, _), (col, other_col) = np.nonzero(build("aligned_pairs", rng, ground(), n=1, colors=[4], direction="cols"))
    assert col == other_col
    assert np.count_nonzero(build("aligned_pairs", rng, ground(4, 4), n=1, colors=[4], distance=12)) == 2


@fact
def border_marks(rng: Rng) -> None:
    for side, edge in (("top", np.s_[0, :]), ("left", np.s_[:, 0]), ("bottom", np.s_[-1, :]), ("right", np.s_[:, -1])):
        grid = build("border_marks", rng, ground(), n=3, colors=[1, 2], side=side, gap=1)
        marks = np.flatnonzero(grid[edge])
        assert 2 <= len(marks) == np.count_nonzero(grid) <= 3
        assert np.diff(marks).min() >= 2
    assert build("border_marks", rng, ground(), n=1, colors=[1])[1:-1, 1:-1].sum() == 0


@fact
def path(rng: Rng) -> None:
    grid = build("path", rng, ground(), color=3, turns=(0, 4))
    assert len(find_objects(grid, False)) == 1
    assert 3 in grid[0]
    straight = np.flatnonzero(build("path", rng, ground(), color=3, turns=0, length=4).any(axis=0))
    assert len(straight) == 1


# Layouts.


@fact
def panels(rng: Rng) -> None:
    kwargs = {"down": 2, "across": 3, "rows": 3, "cols": 4, "line": 5, "colors": [1, 2]}

    def cut(grid: Array) -> list[Array]:
        assert grid.shape == (7, 14)
        assert colors_of(grid[3]) == colors_of(grid[:, [4, 9]]) == {5}
        return [grid[row : row + 3, col : col + 4] for row in (0, 4) for col in (0, 5, 10)]

    assert all(colors_of(cell) <= {0, 1, 2} for cell in cut(build("panels", rng, **kwargs)))
    for cell in cut(build("panels", rng, **kwargs, content="shapes")):
        assert len(objects(np.minimum(cell, 1))) == 1
    odd = [cell.tolist() for cell in cut(build("panels", rng, **{**kwargs, "colors": [1]}, content="odd"))]
    assert sorted(odd.count(cell) for cell in odd) in ([1, 5, 5, 5, 5, 5], [6] * 6)
    single = cut(build("panels", rng, **kwargs, content="single", share=1.0))
    assert sum(bool(cell.any()) for cell in single) == 1
    alike = cut(build("panels", rng, **kwargs, content="alike"))
    assert all(((cell != 0) == (alike[0] != 0)).all() and len(colors_of(cell) - {0}) <= 1 for cell in alike)
    own = cut(build("panels", rng, **kwargs, own_colors=True, share=1.0))
    assert [colors_of(cell) for cell in own] == [{1}, {2}] * 3


@fact
def cell_table(rng: Rng) -> None:
    grid = build("cell_table", rng, down=3, across=2, size=2, line=5, colors=[1, 2], share=0.5)
    assert grid.shape == (8, 5)
    assert colors_of(grid[2::3]) == colors_of(grid[:, 2::3]) == {5}
    for row in (0, 3, 6):
        for col in (0, 3):
            assert len(colors_of(grid[row : row + 2, col : col + 2])) == 1
    framed = build("cell_table", rng, down=3, across=2, size=2, line=5, colors=[1], framed=True)
    assert framed.shape == (10, 7)
    assert colors_of(framed[0]) == colors_of(framed[:, -1]) == {5}


@fact
def maze(rng: Rng) -> None:
    grid = build("maze", rng, rows=11, cols=13, wall=5, openings=0.0, closed=0.0)
    assert colors_of(grid) == {0, 5}
    assert colors_of(grid[[0, -1]]) == colors_of(grid[:, [0, -1]]) == {5}
    assert (grid[1::2, 1::2] == 0).all()
    # Every room but the first has one door; those of the first row and column may lead nowhere.
    assert len(find_objects(np.where(grid == 0, 1, 0), False)) <= 5 + 6
    shut = build("maze", rng, rows=11, cols=13, wall=5, openings=0.0, closed=1.0)
    assert (shut == 0).sum() == 5 * 6


@fact
def frame(rng: Rng) -> None:
    before = scene(rng)
    grid = build("frame", rng, before, color=8, thickness=2)
    assert (grid[2:-2, 2:-2] == before[2:-2, 2:-2]).all()
    assert (grid == 8).sum() == grid.size - 5 * 3


@fact
def colored_edges(rng: Rng) -> None:
    grid = build("colored_edges", rng, ground(), colors=[1, 2, 3, 4])
    sides = [colors_of(side[1:-1]) for side in (grid[0], grid[-1], grid[:, 0], grid[:, -1])]
    assert sorted(map(tuple, sides)) == [(1,), (2,), (3,), (4,)]
    assert colors_of(grid[1:-1, 1:-1]) == {0}
    pair = build("colored_edges", rng, ground(), colors=[1, 2], sides="left_right")
    assert np.count_nonzero(pair) == 28
    assert np.count_nonzero(build("colored_edges", rng, ground(9, 9), colors=[1], sides="one")) == 9


@fact
def corner_marks(rng: Rng) -> None:
    grid = build("corner_marks", rng, ground(), colors=[1, 2, 3, 4], inset=2)
    assert np.argwhere(grid).tolist() == [[2, 2], [2, 9], [11, 2], [11, 9]]
    assert colors_of(grid) == {0, 1, 2, 3, 4}


@fact
def color_key(rng: Rng) -> None:
    before = np.where(rng.random((10, 10)) < 0.3, 9, 0).astype(np.int8)
    grid = build("color_key", rng, before, n=2, colors=[1, 2, 3, 4, 5], corner="bottom_right")
    key = grid[-2:, -2:]
    assert len(colors_of(key)) == 4
    assert colors_of(grid[-3, -3:]) == colors_of(grid[-3:, -3]) == {0}
    single = build("color_key", rng, before, n=3, colors=[1, 2, 3], pairs=False)
    assert sorted(single[:3, 0].tolist()) == [1, 2, 3]


# Bars and piles.


@fact
def bars(rng: Rng) -> None:
    grid = build("bars", rng, ground(), n=4, colors=[1, 2], height=(1, 9), order="growing")
    heights = (grid != 0).sum(axis=0)
    tall = heights[heights > 0].tolist()
    assert len(tall) == 4
    assert tall == sorted(tall)
    assert (np.diff(grid != 0, axis=0, prepend=0) >= 0).all()
    left = build("bars", rng, ground(), n=2, colors=[1], height=(2, 4), thickness=2, side="left")
    assert (left[:, 0] != 0).sum() == 4
    assert not left[:, 4:].any()


@fact
def pile(rng: Rng) -> None:
    grid = build("pile", rng, ground(), colors=[1, 2], height=(1, 4)) != 0
    assert (grid[1:] >= grid[:-1]).all()
    assert 1 <= grid.sum(axis=0).min() <= grid.sum(axis=0).max() <= 4


@fact
def floor(rng: Rng) -> None:
    grid = build("floor", rng, ground(), color=4, thickness=2, side="right")
    assert (grid[:, -2:] == 4).all()
    assert not grid[:, :-2].any()
    gaps = build("floor", rng, ground(30, 30), color=4, gaps=0.5)
    assert 0 < np.count_nonzero(gaps) < 30


@fact
def row_of_colors(rng: Rng) -> None:
    grid = build("row_of_colors", rng, ground(), colors=[1, 2, 3], n=5, spacing=1)
    row = grid[0, ::2].tolist()
    assert np.count_nonzero(grid) == 5 == np.count_nonzero(row)
    assert all(a != b for a, b in pairwise(row) if b)


# Changes.


@fact
def add_noise(rng: Rng) -> None:
    before = scene(rng, 30, 30)
    after = build("add_noise", rng, before, share=0.2, colors=[8, 9])
    changed = after != before
    assert colors_of(after[changed]) == {8, 9}
    assert 0.05 < changed.mean() < 0.4


@fact
def damage(rng: Rng) -> None:
    before = np.where(rng.random((30, 30)) < 0.3, 9, 2).astype(np.int8)
    after = build("damage", rng, before, share=0.5)
    assert colors_of(after[after != before]) == {2}
    assert 0 < (after == 9).sum() < (before == 9).sum()


@fact
def recolor_cells(rng: Rng) -> None:
    before = np.where(rng.random((12, 12)) < 0.3, 9, 2).astype(np.int8)
    after = build("recolor_cells", rng, before, n=3, color=5)
    assert (after == 5).sum() == min(3, (before == 9).sum())
    assert (before[after == 5] == 9).all()


@fact
def hide_patch(rng: Rng) -> None:
    before = scene(rng, 12, 12)
    after = build("hide_patch", rng, before, n=1, color=8, height=3, width=(2, 4))
    (obj,) = find_objects(np.where(after == 8, 1, 0))
    assert is_solid(obj)
    assert obj.grid.shape[0] == 3
    assert (after[after != 8] == before[after != 8]).all()


@fact
def keep_part(rng: Rng) -> None:
    before = scene(rng, 9, 9) + np.int8(1)
    for side, kept in (("top", np.s_[:3]), ("left", np.s_[:, :3]), ("corner", np.s_[:3, :3])):
        after = build("keep_part", rng, before, n=3, side=side)
        assert (after[kept] == before[kept]).all()
        assert np.count_nonzero(after) == before[kept].size


@fact
def mirrored(rng: Rng) -> None:
    for symmetry in ("mirror", "flip", "both", "half_turn"):
        before = scene(rng)
        after = build("mirrored", rng, before, symmetry=symmetry)
        assert is_symmetric(after, symmetry)
        assert (after[:4, :3] == before[:4, :3]).all()


@fact
def turn_scene(rng: Rng) -> None:
    before = scene(rng)
    assert build("turn_scene", rng, before).tolist() in orientations(before)


@fact
def enlarged(rng: Rng) -> None:
    before = scene(rng, 4, 3)
    assert (build("enlarged", rng, before, factor=3) == np.kron(before, np.ones((3, 3)))).all()
    assert build("enlarged", rng, scene(rng, 20, 3), factor=3).shape == (20, 3)


@fact
def repeated(rng: Rng) -> None:
    before = scene(rng, 4, 3)
    after = build("repeated", rng, before, down=2, across=3)
    assert after.shape == (8, 9)
    assert all((after[row : row + 4, col : col + 3] == before).all() for row in (0, 4) for col in (0, 3, 6))
    assert build("repeated", rng, scene(rng, 20, 12), down=3, across=3).shape == (20, 24)


@fact
def padded(rng: Rng) -> None:
    before = scene(rng, 4, 3)
    assert (build("padded", rng, before, margin=2, background=7)[2:-2, 2:-2] == before).all()
    assert (build("padded", rng, before, margin=2, background=7) == 7).sum() == 8 * 7 - 12
    assert build("padded", rng, scene(rng, 29, 30), margin=(3, 5)).shape == (30, 30)


@fact
def joined(rng: Rng) -> None:
    first, second = scene(rng, 4, 3), scene(rng, 2, 5)
    after = build("joined", rng, first, second, line=9)
    assert (after[:, :3] == first).all()
    assert (after[:, 3] == 9).all()
    assert (after[:2, 4:] == second).all()
    below = build("joined", rng, first, second, line=9, direction="rows")
    assert below.shape == (4 + 1 + 2, 5)
    swapped = build("joined", rng, first, second, line=9, swap=True)
    assert 9 in (swapped[0, 3], swapped[0, 5])


@pytest.mark.parametrize(
    "name", ["blank", "random_cells", "stripes", "tiled", "rings", "symmetric_pattern", "bands", "maze"]
)
def test_a_ground_has_the_sides_asked_for(name: str) -> None:
    wanted = {"blank": {}, "maze": {"wall": 5}}.get(name, {"colors": [1, 2, 3]})
    rng = np.random.default_rng(0)
    assert build(name, rng, rows=4, cols=7, **wanted).shape == (4, 7)
    assert build(name, rng, rows=6, cols=3, **wanted, square=True).shape == (6, 6)


@pytest.mark.parametrize("name", sorted(FACTS))
def test_the_fact_holds(name: str) -> None:
    for seed in range(N_SEEDS):
        FACTS[name](np.random.default_rng(seed))
