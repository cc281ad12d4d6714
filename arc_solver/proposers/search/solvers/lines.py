"""Lines: rays from cells and objects, lines between equals, boxes around things.

Proposes strokes; which of them explain a task, and in what order they lie, is found next door.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.features import neighbor, ray_color
from arc_solver.proposers.search.solvers.anchors import Anchors, Crowd, cell_anchors, object_anchors
from arc_solver.proposers.search.solvers.joins import box_strokes
from arc_solver.proposers.search.solvers.strokes import NOTHING, Directions, Scene, Stroke

ORTHOGONAL = ((0, 1), (0, -1), (1, 0), (-1, 0))
DIAGONAL = ((1, 1), (1, -1), (-1, 1), (-1, -1))
GROUPS: tuple[Directions, ...] = (
    ((0, 1), (0, -1)),
    ((1, 0), (-1, 0)),
    ((1, 1), (-1, -1)),
    ((1, -1), (-1, 1)),
    ORTHOGONAL,
    DIAGONAL,
    ORTHOGONAL + DIAGONAL,
)
MAX_STEPS = 30
OWN = -2
"""As a colour to be met: the colour of the cell where the ray starts."""
MIN_SHARE = 0.2
"""Of the changed cells on its rays that a colour must explain to be tried."""


def line_strokes(scene: Scene, found: Sequence[Crowd]) -> Iterator[Stroke]:
    """Rays from cells and objects, and boxes around objects, as far as they do no obvious harm."""
    free = tuple(
        ~((a == b) & (a == scene.background)) for a, b in zip(scene.grids, scene.examples.outputs, strict=True)
    )
    anchors = [*cell_anchors(scene), *(one for crowd in found for one in object_anchors(crowd))]
    for one in anchors:
        yield from _rays(scene, one, free)
    for crowd in found:
        yield from box_strokes(scene, crowd)


@dataclass(frozen=True, slots=True)
class _Mode:
    """How far a ray goes: `first` and `period` in steps, and whether it stops at content."""

    first: int
    period: int
    stops: bool
    cost: float


MODES = (
    _Mode(1, 1, False, 0.0),
    _Mode(1, 1, True, 0.2),
    _Mode(2, 2, False, 0.5),
    _Mode(1, 2, False, 0.5),
    _Mode(3, 3, False, 0.7),
    _Mode(4, 4, False, 0.8),
)

Bools = NDArray[np.bool_]
Places = NDArray[np.intp]
Direction = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Filter:
    """A condition on a place and a direction: what `kind` sees, ahead (`sign` 1) or behind (-1), is `color`."""

    condition: str
    kind: str
    sign: int
    color: int
    cost: float


def _rays(scene: Scene, anchors: Anchors, free: Sequence[Bools]) -> Iterator[Stroke]:
    directions = anchors.directions or ORTHOGONAL + DIAGONAL
    for mode in MODES:
        if mode.period > 1 and anchors.place != "row, col":
            continue
        usable = {}
        for d in directions:
            bad, _ = _starts(scene, anchors.spots, d, mode.first, free)
            if not bad.any():
                cells = _ray_cells(scene, anchors.spots, None, d, mode, free)
                if cells is not None:
                    usable[d] = cells
        groups: list[tuple[Directions, list[RayCells]]] = [((d,), [cells]) for d, cells in usable.items()]
        groups += [(group, [usable[d] for d in group]) for group in GROUPS if usable.keys() >= set(group)]
        for group, found in groups:
            yield from _colored(scene, anchors, mode, group, (), found, 0.1 * (len(group) > 1))
        if len(anchors.head) == 1 and anchors.place == "row, col" and mode.period == 1:
            yield from _filtered_rays(scene, anchors, mode, free, set(usable))


def _filtered_rays(
    scene: Scene,
    anchors: Anchors,
    mode: _Mode,
    free: Sequence[Bools],
    usable: set[Direction],
) -> Iterator[Stroke]:
    starts = {d: _starts(scene, anchors.spots, d, 1, free) for d in ORTHOGONAL + DIAGONAL}
    ends = np.cumsum([len(s) for s in anchors.spots])[:-1]
    for group in (ORTHOGONAL, DIAGONAL):
        if usable.issuperset(group) or not any(good.any() for _, good in (starts[d] for d in group)):
            continue
        for one in _filters(scene):
            chosen = [_chosen(scene, anchors.spots, one, d) for d in group]
            if any((c & starts[d][0]).any() for c, d in zip(chosen, group, strict=True)):
                continue
            if not any((c & starts[d][1]).any() for c, d in zip(chosen, group, strict=True)):
                continue
            cells = [
                _ray_cells(scene, anchors.spots, np.split(c, ends), d, mode, free)
                for c, d in zip(chosen, group, strict=True)
            ]
            known = [rays for rays in cells if rays is not None]
            if len(known) == len(cells):
                yield from _colored(scene, anchors, mode, group, (one.condition,), known, one.cost)


def _filters(scene: Scene) -> Iterator[_Filter]:
    """Conditions on a place and a direction: what is seen ahead or behind, at once or further away."""
    yield _Filter("if neighbor(grid, -d_row, -d_col)[row, col] < 0:", "neighbor", -1, NOTHING, 0.7)
    for kind in ("ray_color", "neighbor") if len(scene.content) > 1 else ():
        yield _Filter(f"if {kind}(grid, d_row, d_col)[row, col] == grid[row, col]:", kind, 1, OWN, 0.8)
        yield _Filter(f"if {kind}(grid, -d_row, -d_col)[row, col] == grid[row, col]:", kind, -1, OWN, 0.9)
    for color in scene.content:
        for kind, cost in (("ray_color", 0.8), ("neighbor", 0.9)):
            yield _Filter(f"if {kind}(grid, d_row, d_col)[row, col] == {color}:", kind, 1, color, cost)
            yield _Filter(f"if {kind}(grid, -d_row, -d_col)[row, col] == {color}:", kind, -1, color, cost + 0.1)


def _chosen(scene: Scene, spots: Sequence[Places], one: _Filter, d: Direction) -> Bools:
    """Whether the condition holds, for every spot of every grid."""
    towards = one.sign * d[0], one.sign * d[1]
    maps = scene.memory.get((one.kind, towards))
    if maps is None:
        look = ray_color if one.kind == "ray_color" else neighbor
        maps = scene.memory[one.kind, towards] = [look(grid, *towards) for grid in scene.grids]
    met = np.concatenate([m[tuple(s.T)] for m, s in zip(maps, spots, strict=True)])
    own = np.concatenate([grid[tuple(s.T)] for grid, s in zip(scene.grids, spots, strict=True)])
    holds: Bools = met == (own if one.color == OWN else one.color)
    return holds


def _starts(
    scene: Scene, spots: Sequence[Places], d: Direction, first: int, free: Sequence[Bools]
) -> tuple[Bools, Bools]:
    """For every spot of every grid: is the first cell of its ray one that stays empty, and is it one that changes?"""
    bad, good = [], []
    for grid, output, places, allowed in zip(scene.grids, scene.examples.outputs, spots, free, strict=True):
        at = places + first * np.array(d)
        inside = ((at >= 0) & (at < allowed.shape)).all(axis=1)
        cells = tuple(np.where(inside[:, None], at, 0).T)
        bad.append(inside & ~allowed[cells])
        good.append(inside & (grid[cells] != output[cells]))
    return np.concatenate(bad), np.concatenate(good)


RayCells = list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]
"""For each grid rows, columns, and the numbers of the anchors that the cells belong to."""


def _ray_cells(
    scene: Scene,
    spots: Sequence[Places],
    chosen: Sequence[Bools] | None,
    d: Direction,
    mode: _Mode,
    free: Sequence[Bools],
) -> RayCells | None:
    """The cells of all rays in one direction; None if one is a cell that stays empty."""
    cells: RayCells = []
    steps = np.arange(1, MAX_STEPS)
    for index, (grid, places, allowed) in enumerate(zip(scene.grids, spots, free, strict=True)):
        numbers = np.arange(len(places)) if chosen is None else np.flatnonzero(chosen[index])
        rows = places[numbers, 0][:, None] + d[0] * steps
        cols = places[numbers, 1][:, None] + d[1] * steps
        inside = (rows >= 0) & (rows < grid.shape[0]) & (cols >= 0) & (cols < grid.shape[1])
        rows, cols = np.where(inside, rows, 0), np.where(inside, cols, 0)
        if mode.stops:
            inside &= ~np.logical_or.accumulate(grid[rows, cols] != scene.background, axis=1)
        inside[:, (steps < mode.first) | ((steps - mode.first) % mode.period != 0)] = False
        if not allowed[rows[inside], cols[inside]].all():
            return None
        cells.append((rows[inside], cols[inside], np.broadcast_to(numbers[:, None], inside.shape)[inside]))
    return cells


def _colored(
    scene: Scene,
    anchors: Anchors,
    mode: _Mode,
    group: Directions,
    inner: tuple[str, ...],
    cells: Sequence[RayCells],
    extra: float,
) -> Iterator[Stroke]:
    """The rays in each colour that changed cells could have from them."""
    if mode.period > 1 and max(np.bincount(n).max(initial=0) for one in cells for _, _, n in one) < 2:
        return
    wanted = _wanted(scene, cells)
    choices: list[tuple[str, Sequence[NDArray[np.int8]] | int, float]] = [
        (str(c), c, 0.3) for c in scene.colors if c in wanted
    ]
    choices += [(source, values, 0.1) for source, values in anchors.colors.items()] if wanted else []
    for source, values, cost in choices:
        maps = [np.full(grid.shape, NOTHING, dtype=np.int8) for grid in scene.grids]
        for one in cells:
            for index, (rows, cols, numbers) in enumerate(one):
                maps[index][rows, cols] = values if isinstance(values, int) else values[index][numbers]
        line = _line(scene, anchors.place, mode, source)
        total = 1.0 + anchors.cost + mode.cost + cost + extra
        yield Stroke(anchors.head, line, scene.joined(maps), total, group, inner)
    if len(group) > 1 and mode == MODES[0]:
        yield from _crossings(scene, anchors, group, inner, cells, 2.0 + anchors.cost + extra)


def _wanted(scene: Scene, cells: Sequence[RayCells]) -> set[int]:
    """The colours that a good share of the changed cells on the rays take."""
    counts = np.zeros(10, dtype=np.intp)
    for one in cells:
        for output, grid, (rows, cols, _) in zip(scene.examples.outputs, scene.grids, one, strict=True):
            seen = output[rows, cols]
            counts += np.bincount(seen[seen != grid[rows, cols]], minlength=10)
    return set(np.flatnonzero((counts > 0) & (counts >= MIN_SHARE * counts.sum())).tolist())


def _crossings(
    scene: Scene,
    anchors: Anchors,
    group: Directions,
    inner: tuple[str, ...],
    cells: Sequence[RayCells],
    cost: float,
) -> Iterator[Stroke]:
    """Cells that several rays meet in."""
    counts = [np.zeros(grid.shape, dtype=np.int16) for grid in scene.grids]
    for one in cells:
        for count, (rows, cols, _) in zip(counts, one, strict=True):
            np.add.at(count, (rows, cols), 1)
    crossed = np.concatenate([count.ravel() for count in counts]) > 1
    for color in set(scene.target[crossed & (scene.own != scene.target)].tolist()) & set(scene.colors):
        line = f"hits += draw_ray(np.zeros_like(grid), {anchors.place}, {{d}}, 1)"
        painted = np.where(crossed, color, NOTHING).astype(np.int8)
        before, after = ("hits = np.zeros_like(grid)",), (f"out = np.where(hits > 1, {color}, out)",)
        yield Stroke(anchors.head, line, painted, cost + 0.3, group, inner, before, after)


def _line(scene: Scene, place: str, mode: _Mode, color: str) -> str:
    if mode.period > 1:
        return f"for step in range({mode.first}, 30, {mode.period}):\n    out = paint_cell(out, {{step}}, {color})"
    if mode.stops:
        ray = f"ray = draw_ray_over(grid, {place}, {{d}}, {color}, {scene.background})"
        return f"{ray}\nout = np.where(ray != grid, ray, out)"
    return f"out = draw_ray(out, {place}, {{d}}, {color})"
