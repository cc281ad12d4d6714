"""Trails: what a cell leaves behind step by step, to its sides too, such as zigzags, beams with wings and cones.

Which cells a trail has is read off the outputs, as a pattern that repeats along the way. Knows nothing of paths that
turn, nor of which strokes explain a task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arc_solver.proposers.search.solvers.anchors import Anchors, cell_anchors
from arc_solver.proposers.search.solvers.strokes import NOTHING, Directions, Scene, Stroke

MAX_STARTS = 15
MAX_SIDE = 3
MAX_PERIOD = 4
REACH = 30
ORTHOGONAL = ((0, 1), (0, -1), (1, 0), (-1, 0))
INWARDS = "if neighbor(grid, -d_row, -d_col)[row, col] < 0:"

Places = NDArray[np.intp]
Cone = tuple[str, Callable[[int], Sequence[int]], float]
CONES: tuple[Cone, ...] = (
    ("range(-step, step + 1)", lambda n: range(-n, n + 1), 0.6),
    ("range(-step, step + 1, 2)", lambda n: range(-n, n + 1, 2), 0.8),
    ("range(step + 1)", lambda n: range(n + 1), 0.7),
    ("range(-step, 1)", lambda n: range(-n, 1), 0.7),
    ("range(-(step // 2), step // 2 + 1)", lambda n: range(-(n // 2), n // 2 + 1), 0.9),
)
"""Sides that a trail has at each step: as Python, as a function of the step, and what it costs."""


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """Starts with their directions.

    Attributes:
        directions: What is visited for every start.
        inner: Conditions under which it is followed.
        starts: Grid, row, column, direction, and the start's number in its grid, shape (n, 6).
        cost: How far-fetched it is.
    """

    directions: Directions
    inner: tuple[str, ...]
    starts: Places
    cost: float


def trail_strokes(scene: Scene) -> Iterator[Stroke]:
    """Trails of cells of each colour, in each direction or away from the edge that they stand on."""
    for anchors in cell_anchors(scene):
        if max(map(len, anchors.spots)) > MAX_STARTS:
            continue
        for way in _ways(scene, anchors):
            cells = _Cells.along(scene, way)
            if cells.changes.any():
                yield from _patterned(scene, anchors, way, cells)
                yield from _cones(scene, anchors, way, cells)


def _ways(scene: Scene, anchors: Anchors) -> Iterator[_Way]:
    spots = [(g, row, col, n) for g, one in enumerate(anchors.spots) for n, (row, col) in enumerate(one.tolist())]
    for d in ORTHOGONAL:
        yield _Way((d,), (), np.array([(g, r, c, *d, n) for g, r, c, n in spots], dtype=np.intp), 0.0)
    shapes = [grid.shape for grid in scene.grids]
    inward = [
        (g, r, c, *d, n)
        for g, r, c, n in spots
        for d in ORTHOGONAL
        if not (0 <= r - d[0] < shapes[g][0] and 0 <= c - d[1] < shapes[g][1])
    ]
    if len({d for *_, d_row, d_col, _ in inward for d in [(d_row, d_col)]}) > 1:
        yield _Way(ORTHOGONAL, (INWARDS,), np.array(inward, dtype=np.intp), 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Every cell near every way, as flat arrays: where, from which start, at which step, how far to the side.

    Attributes:
        at: Positions among all training cells.
        start: Number of the row of `starts` that it belongs to.
        step: How many steps along the way.
        side: How far to the side, downwards or to the right positive.
        changes: Whether it changes.
        stays: Whether it is empty and stays so.
    """

    at: Places
    start: Places
    step: Places
    side: Places
    changes: NDArray[np.bool_]
    stays: NDArray[np.bool_]

    @classmethod
    def along(cls, scene: Scene, way: _Way, reach: int = MAX_SIDE) -> _Cells:
        """The cells up to `reach` to both sides of the ways."""
        offsets = np.cumsum([0, *(grid.size for grid in scene.grids)])[:-1]
        sizes = np.array([grid.shape for grid in scene.grids])
        steps, sides = np.arange(1, REACH)[None, :, None], np.arange(-reach, reach + 1)[None, None, :]
        grid, row, col, d_row, d_col = (way.starts[:, i, None, None] for i in range(5))
        rows = row + d_row * steps + np.abs(d_col) * sides
        cols = col + d_col * steps + np.abs(d_row) * sides
        heights, widths = sizes[grid, 0], sizes[grid, 1]
        inside = (rows >= 0) & (rows < heights) & (cols >= 0) & (cols < widths)
        at = (offsets[grid] + rows * widths + cols)[inside]
        start, step, side = (
            np.broadcast_to(one, inside.shape)[inside]
            for one in (np.arange(len(way.starts))[:, None, None], steps, sides)
        )
        changes = scene.own[at] != scene.target[at]
        return cls(at, start, step, side, changes, ~changes & (scene.own[at] == scene.background))


def _patterned(scene: Scene, anchors: Anchors, way: _Way, cells: _Cells) -> Iterator[Stroke]:
    """Patterns of the shortest periods that paint no cell that stays empty."""
    seen: set[bytes] = set()
    for period in range(1, MAX_PERIOD + 1):
        keys = (cells.step % period) * (2 * MAX_SIDE + 1) + cells.side + MAX_SIDE
        n_keys = period * (2 * MAX_SIDE + 1)
        good = np.bincount(keys[cells.changes], minlength=n_keys) >= 2
        good &= np.bincount(keys[cells.stays], minlength=n_keys) == 0
        if not good.any() or cells.step.max() < 2 * period:
            continue
        for source, values, cost in _colors(scene, anchors, way):
            right = scene.target[cells.at] == values[cells.start]
            chosen = good & (
                2 * np.bincount(keys[cells.changes & right], minlength=n_keys)
                > np.bincount(keys[cells.changes], minlength=n_keys)
            )
            pattern = _pattern(chosen, period)
            if sum(map(len, pattern)) < 2 and period == 1:
                continue
            hit = chosen[keys]
            painted = np.full(scene.own.shape, NOTHING, dtype=np.int8)
            painted[cells.at[hit]] = values[cells.start[hit]]
            if not hit.any() or painted.tobytes() in seen:
                continue
            seen.add(painted.tobytes())
            sides = f"{pattern}[step % {period}]" if period > 1 else repr(pattern[0])
            total = 1.2 + anchors.cost + way.cost + cost + 0.4 * period + 0.1 * sum(map(len, pattern))
            yield _stroke(anchors, way, sides, source, painted, total)


def _pattern(chosen: NDArray[np.bool_], period: int) -> list[tuple[int, ...]]:
    sides = chosen.reshape(period, 2 * MAX_SIDE + 1)
    return [tuple((np.flatnonzero(one) - MAX_SIDE).tolist()) for one in sides]


def _cones(scene: Scene, anchors: Anchors, way: _Way, near: _Cells) -> Iterator[Stroke]:
    """Trails that widen on their way."""
    straight = near.side == 0
    if near.stays[straight & (near.step == 2)].any() or not (near.changes & (near.side != 0)).any():
        return
    cells = _Cells.along(scene, way, REACH)
    for sides, at_step, cost in CONES:
        table = np.zeros((REACH, 2 * REACH + 1), dtype=np.bool_)
        for step in range(1, REACH):
            table[step, np.array(at_step(step)) + REACH] = True
        hit = table[cells.step, cells.side + REACH]
        if (hit & cells.stays).any() or not (hit & cells.changes).any():
            continue
        for source, values, extra in _colors(scene, anchors, way):
            painted = np.full(scene.own.shape, NOTHING, dtype=np.int8)
            painted[cells.at[hit]] = values[cells.start[hit]]
            yield _stroke(anchors, way, sides, source, painted, 1.2 + anchors.cost + way.cost + cost + extra)


def _colors(scene: Scene, anchors: Anchors, way: _Way) -> Iterator[tuple[str, NDArray[np.int8], float]]:
    """Source of a colour, its value for every start, and what it costs."""
    for source, values in anchors.colors.items():
        own = [values[grid][number] for grid, number in way.starts[:, [0, 5]].tolist()]
        yield source, np.array(own, dtype=np.int8), 0.1
    for color in scene.colors:
        yield str(color), np.full(len(way.starts), color, dtype=np.int8), 0.3


def _stroke(anchors: Anchors, way: _Way, sides: str, source: str, painted: NDArray[np.int8], cost: float) -> Stroke:
    if len(way.directions) > 1:
        row, col = "row + step * d_row + side * abs(d_col)", "col + step * d_col + side * abs(d_row)"
    else:
        d_row, d_col = way.directions[0]
        words = {1: "{} + step", -1: "{} - step", 0: "{} + side"}
        row, col = words[d_row].format("row"), words[d_col].format("col")
    line = (
        f"for step in range(1, {REACH}):\n"
        f"    for side in {sides}:\n"
        f"        out = paint_cell(out, {row}, {col}, {source})"
    )
    return Stroke(anchors.head, line, painted, cost, way.directions, way.inner)
