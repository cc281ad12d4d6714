"""Shapes of the input copied to markers: centred on them, or laid on them with the cell of the marker's colour.

Knows nothing of patterns that are the same in every pair, nor of which strokes explain a task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.registry import Object
from arc_solver.proposers.search.solvers.anchors import Crowd
from arc_solver.proposers.search.solvers.strokes import NOTHING, Scene, Stroke

Places = Sequence[Sequence[tuple[int, int]]]


def copy_strokes(scene: Scene, found: Sequence[Crowd]) -> Iterator[Stroke]:
    """The largest object of each kind, copied to all cells of a colour outside it or to all other objects."""
    for crowd in found:
        if len(crowd.head) > 1 or "largest" in crowd.head[0] or not all(crowd.objects):
            continue
        shapes = [max(one, key=lambda o: o.size) for one in crowd.objects]
        if min(shape.size for shape in shapes) < 3:
            continue
        source = crowd.head[0].removeprefix("for obj in ").removesuffix(":")
        before = (f"shape = largest_object({source})",)
        for loop, places, colors, extra in _markers(scene, crowd, shapes):
            for anchor, at, cost in _anchor_points(shapes, places, scene):
                painted = _copied(scene, shapes, places, at, None)
                place = f"row - ({anchor[0]} - shape.row), col - ({anchor[1]} - shape.col)"
                line = f"out = paint_object(out, place_object(shape, {place}))"
                yield Stroke(loop, line, painted, 2.5 + crowd.cost + cost + extra, (), (), before)
                recolored = _copied(scene, shapes, places, at, colors)
                line = f"out = paint_object(out, recolor_object(place_object(shape, {place}), grid[row, col]))"
                yield Stroke(loop, line, recolored, 3.0 + crowd.cost + cost + extra, (), (), before)


def _markers(
    scene: Scene, crowd: Crowd, shapes: Sequence[Object]
) -> Iterator[tuple[tuple[str, ...], Places, Sequence[NDArray[np.int8]], float]]:
    outside = []
    for grid, shape in zip(scene.grids, shapes, strict=True):
        free = grid != scene.background
        box = free[shape.row : shape.bottom + 1, shape.col : shape.right + 1]
        box &= ~shape.mask
        outside.append(free)
    kinds: list[tuple[str, list[NDArray[np.bool_]], float]] = [("", outside, 0.0)]
    for color in scene.content:
        cells = [free & (grid == color) for free, grid in zip(outside, scene.grids, strict=True)]
        kinds.append((f" & (grid == {color})", cells, 0.3))
    for condition, masks, cost in kinds:
        places = [[(int(r), int(c)) for r, c in np.argwhere(mask)] for mask in masks]
        if all(places) and max(map(len, places)) <= 20:
            colors = [
                np.array([grid[p] for p in one], dtype=np.int8) for grid, one in zip(scene.grids, places, strict=True)
            ]
            words = (
                f"(grid != {scene.background}) & ~object_cells(grid, shape)"
                if not condition
                else f"~object_cells(grid, shape){condition}"
            )
            yield (f"for row, col in np.argwhere({words}):",), places, colors, 0.8 + cost


def _anchor_points(
    shapes: Sequence[Object], places: Places, scene: Scene
) -> Iterator[tuple[tuple[str, str], list[tuple[int, int]], float]]:
    """Which cell of the shape comes to lie on a marker, in source and for each grid relative to the shape's corner."""
    if all(s.height % 2 and s.width % 2 for s in shapes):
        yield ("shape.center[0]", "shape.center[1]"), [(s.height // 2, s.width // 2) for s in shapes], 0.3
    corners: tuple[tuple[tuple[str, str], Callable[[Object], tuple[int, int]]], ...] = (
        (("shape.row", "shape.col"), lambda s: (0, 0)),
        (("shape.row", "shape.right"), lambda s: (0, s.width - 1)),
        (("shape.bottom", "shape.col"), lambda s: (s.height - 1, 0)),
        (("shape.bottom", "shape.right"), lambda s: (s.height - 1, s.width - 1)),
    )
    for words, at in corners:
        yield words, [at(s) for s in shapes], 0.3


def _copied(
    scene: Scene,
    shapes: Sequence[Object],
    places: Places,
    at: Sequence[tuple[int, int]],
    colors: Sequence[NDArray[np.int8]] | None,
) -> NDArray[np.int8]:
    maps = []
    for index, (grid, shape, one) in enumerate(zip(scene.grids, shapes, places, strict=True)):
        painted = np.full(grid.shape, NOTHING, dtype=np.int8)
        rows, cols = np.nonzero(shape.mask)
        for number, (row, col) in enumerate(one):
            to_rows, to_cols = rows + row - at[index][0], cols + col - at[index][1]
            inside = (to_rows >= 0) & (to_rows < grid.shape[0]) & (to_cols >= 0) & (to_cols < grid.shape[1])
            values = shape.grid[rows, cols] if colors is None else np.full(len(rows), colors[index][number])
            painted[to_rows[inside], to_cols[inside]] = values[inside]
        maps.append(painted)
    return scene.joined(maps)
