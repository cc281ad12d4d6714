"""Stamps: the same small pattern around every marker.

A pattern is what changed cells at the same place relative to every marker have in common. Proposes strokes; which of
them explain a task, and in what order they lie, is found next door.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from arc_solver.proposers.search.solvers.anchors import Anchors, Crowd, cell_anchors, object_anchors
from arc_solver.proposers.search.solvers.strokes import NOTHING, Scene, Stroke

REACH = 4
MAX_LISTED = 8
SYMMETRIC = (
    ((-1, 0), (0, -1), (0, 1), (1, 0)),
    ((-1, -1), (-1, 1), (1, -1), (1, 1)),
    ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)),
)

Offset = tuple[int, int]
Shifted = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]
"""Cells at one place relative to their markers: indices into the flat scene, and numbers of grids and markers."""


def stamp_strokes(scene: Scene, found: Sequence[Crowd]) -> Iterator[Stroke]:
    """The pattern around each kind of marker, one stroke for each colour of the pattern and one for all."""
    corner_anchors = [one for crowd in found for one in object_anchors(crowd)]
    for anchors in (*cell_anchors(scene), *corner_anchors):
        pattern = _pattern(scene, anchors)
        parts: defaultdict[str, list[Offset]] = defaultdict(list)
        for offset, color in pattern.items():
            parts[color].append(offset)
        for color, offsets in parts.items():
            yield from _strokes(scene, anchors, dict.fromkeys(offsets, color))
        if len(parts) > 1 and set(parts).isdisjoint(anchors.colors):
            yield from _strokes(scene, anchors, pattern)


def _pattern(scene: Scene, anchors: Anchors) -> dict[Offset, str]:
    """Where around the markers something may be painted, and in which colour: a number or the source of one."""
    pattern: dict[Offset, str] = {}
    for offset in _promising(scene, anchors):
        shifted = _shifted(scene, anchors, offset)
        if shifted is None:
            continue
        cells, grids, numbers = shifted
        changed = scene.own[cells] != scene.target[cells]
        color = _color(scene, anchors, cells[changed], grids[changed], numbers[changed])
        if color is not None:
            pattern[offset] = color
    return pattern


def _promising(scene: Scene, anchors: Anchors) -> list[Offset]:
    """Places around the markers where no cell is empty and stays so, and some cell changes."""
    if "windows" not in scene.memory:
        scene.memory["windows"] = [
            (_windows((a == b) & (a == scene.background)), _windows(a != b))
            for a, b in zip(scene.grids, scene.examples.outputs, strict=True)
        ]
    harmed = np.zeros((2 * REACH + 1, 2 * REACH + 1), dtype=np.bool_)
    changed = harmed.copy()
    for spots, (empty, changing) in zip(anchors.spots, scene.memory["windows"], strict=True):
        at = tuple(spots.T)
        harmed |= empty[at].any(axis=0)
        changed |= changing[at].any(axis=0)
    return [(int(row) - REACH, int(col) - REACH) for row, col in np.argwhere(changed & ~harmed)]


def _windows(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The surroundings of every cell, shape (rows, columns, 2 * REACH + 1, 2 * REACH + 1)."""
    return sliding_window_view(np.pad(cells, REACH), (2 * REACH + 1, 2 * REACH + 1))


def _shifted(scene: Scene, anchors: Anchors, offset: Offset) -> Shifted | None:
    key = ("shifted", id(anchors), offset)
    if key not in scene.memory:
        cells, grids, numbers, start = [], [], [], 0
        for index, (grid, spots) in enumerate(zip(scene.grids, anchors.spots, strict=True)):
            at = spots + np.array(offset)
            inside = ((at >= 0) & (at < grid.shape)).all(axis=1)
            cells.append(start + at[inside, 0] * grid.shape[1] + at[inside, 1])
            numbers.append(np.flatnonzero(inside))
            grids.append(np.full(inside.sum(), index))
            start += grid.size
        joined = np.concatenate(cells), np.concatenate(grids), np.concatenate(numbers)
        scene.memory[key] = joined if len(joined[0]) else None
    found: Shifted | None = scene.memory[key]
    return found


def _color(
    scene: Scene,
    anchors: Anchors,
    cells: NDArray[np.intp],
    grids: NDArray[np.intp],
    numbers: NDArray[np.intp],
) -> str | None:
    """The colour that most changed cells agree on; a marker's own colour wins if it explains as many."""
    seen = scene.target[cells]
    (constant, count), *_ = Counter(seen.tolist()).most_common(1)
    best = str(constant)
    for source, values in anchors.colors.items():
        own = np.array([values[g][n] for g, n in zip(grids, numbers, strict=True)], dtype=np.int8)
        same = int(np.count_nonzero(own == seen))
        if same >= count and (same > count or len(set(own.tolist())) > 1):
            best, count = source, same
    return best if 2 * count >= len(cells) and best != str(scene.background) else None


def _strokes(scene: Scene, anchors: Anchors, pattern: dict[Offset, str]) -> Iterator[Stroke]:
    """The pattern as a whole, and what of it is connected with the marker."""
    connected = _connected(pattern)
    wholes = [connected] if anchors.directions else [set(pattern), connected]
    for offsets in dict.fromkeys(tuple(sorted(whole)) for whole in wholes if whole):
        chosen = {offset: pattern[offset] for offset in offsets}
        cost = anchors.cost + 1.0 + (0.4 if offsets in SYMMETRIC else _size_cost(scene, anchors, offsets))
        colors = sorted(set(chosen.values()))
        if len(offsets) <= MAX_LISTED and len(colors) == 1:
            row, col = anchors.place.split(", ")
            listed, line = _listed(row, col, offsets, colors[0])
            yield Stroke(anchors.head, line, _painted(scene, anchors, chosen), cost + 0.2, listed)
        elif set(colors).isdisjoint(anchors.colors):
            yield Stroke(anchors.head, _pasted(scene, anchors, chosen), _painted(scene, anchors, chosen), cost + 0.5)


def _size_cost(scene: Scene, anchors: Anchors, offsets: Sequence[Offset]) -> float:
    """Large patterns seen rarely are doubtful, and those that reach as far as was looked are cut-off lines."""
    rare = sum(map(len, anchors.spots)) <= len(scene.grids)
    cut_off = max(max(abs(row), abs(col)) for row, col in offsets) == REACH
    cost = 0.3 * min(len(offsets), 8) + 0.1 * max(0, len(offsets) - 8)
    return cost * (1.5 if rare else 1.0) + 4.0 * cut_off


def _connected(pattern: dict[Offset, str]) -> set[Offset]:
    reached: set[Offset] = set()
    frontier: list[Offset] = [(0, 0)]
    while frontier:
        row, col = frontier.pop()
        for d_row, d_col in SYMMETRIC[2]:
            place = row + d_row, col + d_col
            if place in pattern and place not in reached:
                reached.add(place)
                frontier.append(place)
    return reached | ({(0, 0)} & set(pattern))


def _listed(row: str, col: str, offsets: Sequence[Offset], color: str) -> tuple[tuple[Offset, ...], str]:
    if len(offsets) == 1:
        place = ", ".join(
            w + (f" {'+' if n > 0 else '-'} {abs(n)}" if n else "") for w, n in zip((row, col), offsets[0], strict=True)
        )
        return (), f"out = paint_cell(out, {place}, {color})"
    return tuple(offsets), f"out = paint_cell(out, {row} + d_row, {col} + d_col, {color})"


def _pasted(scene: Scene, anchors: Anchors, pattern: dict[Offset, str]) -> str:
    rows, cols = zip(*pattern, strict=True)
    top, left = min(rows), min(cols)
    painted = {int(color) for color in pattern.values()}
    clear = next(color for color in (scene.background, 0, *range(10)) if color not in painted)
    stamp = np.full((max(rows) - top + 1, max(cols) - left + 1), clear)
    for (row, col), color in pattern.items():
        stamp[row - top, col - left] = int(color)
    place = ", ".join(
        w + (f" {'+' if n > 0 else '-'} {abs(n)}" if n else "")
        for w, n in zip(anchors.place.split(", "), (top, left), strict=True)
    )
    return f"stamp = np.array({stamp.tolist()}, dtype=np.int8)\nout = paste_over(out, stamp, {place}, {clear})"


def _painted(scene: Scene, anchors: Anchors, pattern: dict[Offset, str]) -> NDArray[np.int8]:
    """The pattern around every marker, one marker after the other as the program does it."""
    places, markers, colors = [], [], []
    for offset, color in pattern.items():
        shifted = _shifted(scene, anchors, offset)
        if shifted is None:
            continue
        cells, grids, numbers = shifted
        own = anchors.colors.get(color)
        places.append(cells)
        markers.append(numbers)
        colors.append(
            np.full(len(cells), int(color), dtype=np.int8)
            if own is None
            else np.array([own[g][n] for g, n in zip(grids, numbers, strict=True)], dtype=np.int8)
        )
    painted = np.full(scene.own.shape, NOTHING, dtype=np.int8)
    order = np.argsort(np.concatenate(markers), kind="stable")
    painted[np.concatenate(places)[order]] = np.concatenate(colors)[order]
    return painted
