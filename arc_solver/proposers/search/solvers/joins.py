"""Strokes without a direction: cells between equals, crossings, boxes around things, colours changed throughout.

Knows nothing of rays, nor of which strokes explain a task.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.registry import Color, Object
from arc_solver.dsl.relations import between_cells
from arc_solver.grids import Grid
from arc_solver.proposers.search.solvers.anchors import Crowd
from arc_solver.proposers.search.solvers.strokes import NOTHING, Scene, Stroke

MAX_MARGIN = 3

Maps = list[NDArray[np.bool_]]


def plain_strokes(scene: Scene) -> Iterator[Stroke]:
    """Strokes about colours alone, not about objects."""
    yield from _fills(scene)
    yield from _connections(scene)
    yield from _diagonal_connections(scene)
    yield from _crossings(scene)


def _fills(scene: Scene) -> Iterator[Stroke]:
    """Cells of one colour in another, or erased."""
    for color in scene.content:
        cells = scene.own == color
        for new in np.unique(scene.target[cells]).tolist():
            if new != color:
                painted = np.where(cells, new, NOTHING).astype(np.int8)
                yield Stroke((), f"out = paint_cells(out, grid == {color}, {new})", painted, 0.8)
    empty = scene.own == scene.background
    if not (empty & (scene.target == scene.background)).any():
        for color in scene.colors:
            painted = np.where(empty, color, NOTHING).astype(np.int8)
            yield Stroke((), f"out = paint_cells(out, grid == {scene.background}, {color})", painted, 0.8)
    if set(scene.content) - set(scene.target.tolist()):
        painted = np.where(scene.own != scene.background, scene.background, NOTHING).astype(np.int8)
        yield Stroke((), f"out = paint_cells(out, grid != {scene.background}, {scene.background})", painted, 0.8)


def _connections(scene: Scene) -> Iterator[Stroke]:
    for vertical in (False, True):
        every: Maps = [between_cells(grid, Color(scene.background), vertical) for grid in scene.grids]
        expression = f"between_cells(grid, {scene.background}, {vertical})"
        yield from _constants(scene, every, expression, 1.2)
        by_color = [_between_equals(scene, grid, vertical) for grid in scene.grids]
        same = "between_cells((grid == color).astype(np.int8), 0, " + f"{vertical})"
        head = ("for color in colors_by_count(grid)[1:]:",)
        yield Stroke(head, f"out = paint_cells(out, {same}, color)", scene.joined(by_color), 2.0)
        for color in scene.colors:
            painted = np.where(scene.joined(by_color) != NOTHING, color, NOTHING).astype(np.int8)
            yield Stroke(head, f"out = paint_cells(out, {same}, {color})", painted, 2.2)
        for color in scene.content:
            cells: Maps = [between_cells((grid == color).astype(np.int8), Color(0), vertical) for grid in scene.grids]
            yield from _constants(scene, cells, f"between_cells((grid == {color}).astype(np.int8), 0, {vertical})", 1.6)


def _between_equals(scene: Scene, grid: Grid, vertical: bool) -> Grid:
    """The colour between equal cells of a row or column; the rarest colour is drawn last."""
    painted = np.full(grid.shape, NOTHING, dtype=np.int8)
    for color in np.argsort(-np.bincount(grid.ravel(), minlength=10), kind="stable").tolist():
        if color != scene.background and (grid == color).any():
            painted[between_cells((grid == color).astype(np.int8), Color(0), vertical)] = color
    return painted


def _diagonal_connections(scene: Scene) -> Iterator[Stroke]:
    for color in scene.content:
        maps: Maps = []
        for grid in scene.grids:
            cells = np.argwhere(grid == color)
            if len(cells) > 12:
                break
            maps.append(_diagonals(grid, cells.tolist(), cells.tolist()))
        else:
            places = f"np.argwhere(grid == {color})"
            head = (f"for row, col in {places}:", f"for to_row, to_col in {places}:")
            inner = ("if abs(to_row - row) == abs(to_col - col):",)
            for new in scene.colors:
                painted = np.where(np.concatenate([m.ravel() for m in maps]), new, NOTHING).astype(np.int8)
                yield Stroke(head, f"out = draw_line(out, row, col, to_row, to_col, {new})", painted, 2.5, (), inner)
    if len(scene.content) > 1 and max(np.count_nonzero(grid != scene.background) for grid in scene.grids) <= 40:
        painted = scene.joined([_own_diagonals(scene, grid) for grid in scene.grids])
        head = (
            f"for row, col in np.argwhere(grid != {scene.background}):",
            "for to_row, to_col in np.argwhere(grid == grid[row, col]):",
        )
        line = "out = draw_line(out, row, col, to_row, to_col, grid[row, col])"
        yield Stroke(head, line, painted, 2.4, (), ("if abs(to_row - row) == abs(to_col - col):",))


def _own_diagonals(scene: Scene, grid: Grid) -> Grid:
    painted = np.full(grid.shape, NOTHING, dtype=np.int8)
    for row, col in np.argwhere(grid != scene.background):
        color = grid[row, col]
        painted[_diagonals(grid, [(row, col)], np.argwhere(grid == color).tolist())] = color
    return painted


def _diagonals(grid: Grid, starts: Sequence[Sequence[int]], ends: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    found = np.zeros(grid.shape, dtype=np.bool_)
    for row, col in starts:
        for to_row, to_col in ends:
            if abs(to_row - row) == abs(to_col - col):
                steps = np.arange(abs(to_row - row) + 1)
                found[row + steps * np.sign(to_row - row), col + steps * np.sign(to_col - col)] = True
    return found


def _crossings(scene: Scene) -> Iterator[Stroke]:
    """Cells with one colour in their row and one in their column."""
    kinds = [(f"(grid == {color})", [grid == color for grid in scene.grids]) for color in scene.content]
    kinds.append((f"(grid != {scene.background})", [grid != scene.background for grid in scene.grids]))
    for one, across in kinds:
        for other, down in kinds:
            maps: Maps = [
                np.logical_and(a.any(axis=1, keepdims=True), b.any(axis=0, keepdims=True))
                for a, b in zip(across, down, strict=True)
            ]
            expression = f"{one}.any(axis=1, keepdims=True) & {other}.any(axis=0, keepdims=True)"
            yield from _constants(scene, maps, expression, 1.8)


def _constants(scene: Scene, maps: Maps, expression: str, cost: float) -> Iterator[Stroke]:
    cells = np.concatenate([m.ravel() for m in maps])
    for color in scene.colors:
        painted = np.where(cells, color, NOTHING).astype(np.int8)
        yield Stroke((), f"out = paint_cells(out, {expression}, {color})", painted, cost + 0.3)


def box_strokes(scene: Scene, crowd: Crowd) -> Iterator[Stroke]:
    """Frames and full boxes around objects, or within them, at a distance."""
    distances = [[box_distance(grid, o) for o in one] for grid, one in zip(scene.grids, crowd.objects, strict=True)]
    if any(scene.background in np.unique(o.grid) for one in crowd.objects for o in one):
        margins = range(-MAX_MARGIN, MAX_MARGIN + 1)
    else:
        margins = range(1, MAX_MARGIN + 1) if all(o.size == 1 for one in crowd.objects for o in one) else range(-2, 4)
    for margin in margins:
        for name, full in (("draw_box", False), ("fill_box", True)):
            maps = [_boxed(grid, one, margin, full) for grid, one in zip(scene.grids, distances, strict=True)]
            yield from _box_colors(scene, crowd, scene.joined(maps), name, margin)


def box_distance(grid: Grid, o: Object) -> NDArray[np.intp]:
    """Steps from each cell to the rim of the object's box, negative within it: the box `n` away is where it is `n`."""
    rows, cols = np.ogrid[: grid.shape[0], : grid.shape[1]]
    down, across = np.maximum(o.row - rows, rows - o.bottom), np.maximum(o.col - cols, cols - o.right)
    distance: NDArray[np.intp] = np.maximum(down, across)
    return distance


def _boxed(grid: Grid, distances: Sequence[NDArray[np.intp]], margin: int, full: bool) -> NDArray[np.int8]:
    """The number of the object whose box covers each cell, `NOTHING` where none does."""
    numbers = np.full(grid.shape, NOTHING, dtype=np.int8)
    for index, distance in enumerate(distances):
        numbers[distance <= margin if full else distance == margin] = index
    return numbers


def _box_colors(scene: Scene, crowd: Crowd, numbers: NDArray[np.int8], name: str, margin: int) -> Iterator[Stroke]:
    covered = numbers != NOTHING
    if not covered.any() or scene.is_harmed(covered):
        return
    sign = f"- {margin}" if margin > 0 else f"+ {-margin}"
    other = f"+ {margin}" if margin > 0 else f"- {-margin}"
    words = ", ".join(w if not margin else f"{w} {sign if i < 2 else other}" for i, w in enumerate(crowd.corners))
    cost = crowd.cost + 1.2 + 0.2 * abs(margin)
    for color in scene.colors:
        painted = np.where(covered, color, NOTHING).astype(np.int8)
        yield Stroke(crowd.head, f"out = {name}(out, {words}, {color})", painted, cost + 0.3)
    ends = np.cumsum([0, *(grid.size for grid in scene.grids)])
    for source, values in crowd.colors.items():
        parts = [np.append(own, NOTHING)[numbers[a:b]] for own, a, b in zip(values, ends[:-1], ends[1:], strict=True)]
        yield Stroke(
            crowd.head, f"out = {name}(out, {words}, {source})", np.concatenate(parts).astype(np.int8), cost + 0.1
        )
