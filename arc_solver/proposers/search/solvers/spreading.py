"""Strokes that go on and on: floods, falling water, shapes and bands repeated until the edge, rings around rings.

Knows nothing of paths that turn, nor of which strokes explain a task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.features import neighbor
from arc_solver.dsl.registry import Object
from arc_solver.dsl.relations import grow_cells
from arc_solver.dsl.scenes import colors_by_count
from arc_solver.grids import Grid
from arc_solver.proposers.search.solvers.anchors import Crowd
from arc_solver.proposers.search.solvers.joins import box_distance
from arc_solver.proposers.search.solvers.strokes import NOTHING, Scene, Stroke

MAX_GAP = 2
MAX_PERIOD = 4
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))

Bools = NDArray[np.bool_]


def spreading_strokes(scene: Scene, found: Sequence[Crowd]) -> Iterator[Stroke]:
    """Every stroke of the family."""
    yield from _floods(scene)
    yield from _alternating_floods(scene)
    yield from _continued_bands(scene)
    for crowd in found:
        yield from _ring_strokes(scene, crowd)
        yield from _repeat_strokes(scene, crowd)


def _floods(scene: Scene) -> Iterator[Stroke]:
    """From all cells of a colour through the background, by sides, by corners too, or downhill."""
    spreads: tuple[tuple[str, Callable[[Bools, Bools], Bools], float], ...] = (
        ("grow_cells(cells, False)", lambda cells, free: grow_cells(cells, False), 1.8),
        ("grow_cells(cells, True)", lambda cells, free: grow_cells(cells, True), 1.9),
        *((_side_source(side), _spread_to(side), 2.4) for side in range(4)),
    )
    for seed in scene.content:
        for source, spread, cost in spreads:
            maps = [_flooded(grid == seed, grid == scene.background, spread) for grid in scene.grids]
            cells = np.concatenate([m.ravel() for m in maps])
            if not cells.any() or scene.is_harmed(cells):
                continue
            before = (
                f"free, cells = grid == {scene.background}, grid == {seed}",
                "for _ in range(100):",
                f"    cells = cells | {source} & free",
            )
            for color in scene.colors:
                painted = np.where(cells, color, NOTHING).astype(np.int8)
                line = f"out = paint_cells(out, cells & free, {color})"
                yield Stroke((), line, painted, cost + 0.3, (), (), before)


def _alternating_floods(scene: Scene) -> Iterator[Stroke]:
    """Two colours that spread through the background by turns: next to the one grows the other."""
    for source, values, cost in _color_pairs(scene):
        for diagonals in (False, True):
            maps = [
                _alternated(grid, scene.background, pair, diagonals)
                for grid, pair in zip(scene.grids, values, strict=True)
            ]
            painted = scene.joined(maps)
            if scene.is_hopeless(painted):
                continue
            free = f"(cells == {scene.background})"
            before = (
                f"one, two = {source}",
                "cells = grid",
                "for _ in range(100):",
                f"    after_one, after_two = [grow_cells(cells == c, {diagonals}) & {free} for c in (one, two)]",
                "    cells = np.where(after_one, two, np.where(after_two, one, cells))",
            )
            line = f"out = np.where(grid == {scene.background}, cells, out)"
            yield Stroke((), line, painted, 2.6 + cost + 0.1 * diagonals, (), (), before)


def _color_pairs(scene: Scene) -> Iterator[tuple[str, list[tuple[int, int]], float]]:
    pairs = [(one, two) for i, one in enumerate(scene.content) for two in scene.content[i + 1 :]]
    for pair in pairs if len(scene.content) <= 4 else ():
        yield f"{pair}", [pair] * len(scene.grids), 0.5
    ranked = [colors_by_count(grid) for grid in scene.grids]
    if all(len(colors) > 2 for colors in ranked) and len({tuple(colors[-2:]) for colors in ranked}) > 1:
        yield "colors_by_count(grid)[-2:]", [(colors[-2], colors[-1]) for colors in ranked], 0.3


def _alternated(grid: Grid, background: int, colors: tuple[int, int], diagonals: bool) -> Grid:
    one, two = colors
    cells = grid
    while True:
        free = cells == background
        after_one, after_two = (grow_cells(cells == color, diagonals) & free for color in colors)
        grown = np.where(after_one, two, np.where(after_two, one, cells)).astype(np.int8)
        if (grown == cells).all():
            return np.where(grid == cells, NOTHING, cells).astype(np.int8)
        cells = grown


SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1))


def _side_source(side: int) -> str:
    d_row, d_col = SIDES[side]
    return f"(neighbor(cells.astype(np.int8), {-d_row}, {-d_col}) == 1)"


def _spread_to(side: int) -> Callable[[Bools, Bools], Bools]:
    d_row, d_col = SIDES[side]
    return lambda cells, free: neighbor(cells.astype(np.int8), -d_row, -d_col) == 1


def _flooded(cells: Bools, free: Bools, spread: Callable[[Bools, Bools], Bools]) -> Bools:
    seeds = cells
    while True:
        grown: Bools = cells | (spread(cells, free) & free)
        if (grown == cells).all():
            return grown & ~seeds
        cells = grown


def _continued_bands(scene: Scene) -> Iterator[Stroke]:
    """The content as a band that goes on with its own period, down, up, right or left."""
    for vertical in (True, False):
        for ways, words in (((1,), "forward"), ((-1,), "backward"), ((1, -1), "both ways")):
            maps = [_continued(grid, scene.background, vertical, ways) for grid in scene.grids]
            if any(m is None for m in maps):
                continue
            painted = scene.joined([m for m in maps if m is not None])
            view = "grid" if vertical else "grid.T"
            before = (
                f"lines = np.flatnonzero(({view} != {scene.background}).any(axis=1))",
                f"band = {view}[lines[0] : lines[-1] + 1]",
                "n = next(n for n in range(1, len(band) + 1) if (band[n:] == band[: len(band) - n]).all())",
            )
            start = {"forward": "lines[0]", "backward": "0", "both ways": "0"}[words]
            stop = {"forward": f"len({view})", "backward": "lines[-1] + 1", "both ways": f"len({view})"}[words]
            target = "out[line]" if vertical else "out[:, line]"
            line = f"{target} = band[(line - lines[0]) % n]"
            yield Stroke((f"for line in range({start}, {stop}):",), line, painted, 3.0, (), (), before)


def _continued(grid: Grid, background: int, vertical: bool, ways: Sequence[int]) -> Grid | None:
    view = grid if vertical else grid.T
    lines = np.flatnonzero((view != background).any(axis=1))
    if not len(lines):
        return None
    band = view[lines[0] : lines[-1] + 1]
    n = next(n for n in range(1, len(band) + 1) if (band[n:] == band[: len(band) - n]).all())
    painted = np.full(view.shape, NOTHING, dtype=np.int8)
    first = 0 if -1 in ways else int(lines[0])
    last = len(view) if 1 in ways else int(lines[-1]) + 1
    for line in range(first, last):
        painted[line] = band[(line - lines[0]) % n]
    return painted if vertical else painted.T


def _ring_strokes(scene: Scene, crowd: Crowd) -> Iterator[Stroke]:
    """Box after box around each object up to the edge."""
    if any(len(one) > 4 for one in crowd.objects):
        return
    for period in range(2, MAX_PERIOD + 1):
        for first in range(1, period + 1):
            cells = _all_rings(scene, crowd, first, period)
            if cells is None:
                continue
            corners = "obj.row - n, obj.col - n, obj.bottom + n, obj.right + n"
            head = (*crowd.head, f"for n in range({first}, 30, {period}):")
            sources = {str(c): np.where(cells, c, NOTHING).astype(np.int8) for c in scene.colors}
            for source, values in crowd.colors.items():
                if all(len(one) == 1 for one in crowd.objects):
                    by_grid = [np.full(g.shape, v[0], dtype=np.int8) for g, v in zip(scene.grids, values, strict=True)]
                    sources[source] = np.where(cells, scene.joined(by_grid), NOTHING).astype(np.int8)
            for source, painted in sources.items():
                yield Stroke(head, f"out = draw_box(out, {corners}, {source})", painted, crowd.cost + 2.0)


def _all_rings(scene: Scene, crowd: Crowd, first: int, period: int) -> Bools | None:
    """The rings of every grid as one array; None if a cell that stays empty lies on one."""
    found = []
    for grid, output, objects in zip(scene.grids, scene.examples.outputs, crowd.objects, strict=True):
        cells = _rings(grid, objects, first, period)
        if (cells & (grid == output) & (grid == scene.background)).any():
            return None
        found.append(cells.ravel())
    return np.concatenate(found)


def _rings(grid: Grid, objects: Sequence[Object], first: int, period: int) -> Bools:
    cells = np.zeros(grid.shape, dtype=np.bool_)
    for o in objects:
        distance = box_distance(grid, o)
        cells |= (distance >= first) & ((distance - first) % period == 0)
    return cells


def _repeat_strokes(scene: Scene, crowd: Crowd) -> Iterator[Stroke]:
    """Copies of an object in one direction up to the edge, its own size and a gap apart."""
    if any(len(one) > 6 for one in crowd.objects) or not any(o.size > 1 for one in crowd.objects for o in one):
        return
    for gap in range(MAX_GAP + 1):
        for d in DIRECTIONS:
            painted = _all_repeated(scene, crowd, d, gap)
            if painted is None:
                continue
            size = [f"obj.{word} + {gap}" if gap else f"obj.{word}" for word in ("height", "width")]
            steps = ", ".join(
                "0" if not s else f"{'' if s > 0 else '-'}n * ({w})" for s, w in zip(d, size, strict=True)
            )
            head = (*crowd.head, "for n in range(1, 30):")
            yield Stroke(head, f"out = paint_object(out, move_object(obj, {steps}))", painted, crowd.cost + 2.2)
    for gap in range(MAX_GAP + 1):
        yield from _seeded(scene, crowd, gap)


def _all_repeated(scene: Scene, crowd: Crowd, d: tuple[int, int], gap: int) -> Grid | None:
    """The copies of every grid as one array; None if a cell that stays empty lies under one."""
    found = []
    for grid, output, objects in zip(scene.grids, scene.examples.outputs, crowd.objects, strict=True):
        empty = (grid == output) & (grid == scene.background)
        for o in objects:
            if empty[_cells_of(grid, o, d[0] * (o.height + gap), d[1] * (o.width + gap))].any():
                return None
        painted = _repeated(grid, objects, d, gap, None)
        if ((painted != NOTHING) & empty).any():
            return None
        found.append(painted)
    return scene.joined(found)


def _seeded(scene: Scene, crowd: Crowd, gap: int) -> Iterator[Stroke]:
    """Copies in every direction in which a cell of another colour lies on the next copy, in that colour."""
    maps = []
    for grid, one in zip(scene.grids, crowd.objects, strict=True):
        painted = np.full(grid.shape, NOTHING, dtype=np.int8)
        for o in one:
            for d in DIRECTIONS:
                place = _cells_of(grid, o, d[0] * (o.height + gap), d[1] * (o.width + gap))
                seeds = grid[place]
                seeds = seeds[seeds != scene.background]
                if len(seeds) and seeds[0] != o.color:
                    again = _repeated(grid, (o,), d, gap, int(seeds[0]))
                    painted = np.where(again != NOTHING, again, painted).astype(np.int8)
        maps.append(painted)
    joined = scene.joined(maps)
    if scene.is_hopeless(joined):
        return
    listed = ", ".join(map(str, DIRECTIONS))
    head = (*crowd.head, f"for d_row, d_col in ({listed}):")
    steps = f"step = d_row * (obj.height + {gap}), d_col * (obj.width + {gap})"
    line = (
        f"{steps}\n"
        "seeds = grid[object_cells(grid, move_object(obj, *step))]\n"
        f"seeds = seeds[seeds != {scene.background}]\n"
        "if len(seeds) and seeds[0] != obj.color:\n"
        "    for n in range(1, 30):\n"
        "        copy = move_object(obj, n * step[0], n * step[1])\n"
        "        out = paint_object(out, recolor_object(copy, seeds[0]))"
    )
    yield Stroke(head, line, joined, crowd.cost + 4.0)


def _cells_of(grid: Grid, o: Object, rows: int, cols: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    at = np.argwhere(o.mask) + np.array([o.row + rows, o.col + cols])
    at = at[((at >= 0) & (at < grid.shape)).all(axis=1)]
    return at[:, 0], at[:, 1]


def _repeated(grid: Grid, objects: Sequence[Object], d: tuple[int, int], gap: int, color: int | None) -> Grid:
    painted = np.full(grid.shape, NOTHING, dtype=np.int8)
    for o in objects:
        for n in range(1, 30):
            rows, cols = n * d[0] * (o.height + gap), n * d[1] * (o.width + gap)
            place = _cells_of(grid, o, rows, cols)
            if not len(place[0]):
                break
            at = place[0] - o.row - rows, place[1] - o.col - cols
            painted[place] = o.grid[at] if color is None else color
    return painted
