"""Stamps: the same small pattern around every marker.

A pattern is what changed cells at the same place relative to every marker have in common. Proposes strokes; which of
them explain a task, and in what order they lie, is found next door.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, eq=False)
class _Surroundings:
    """What lies around the markers of one kind, M over all grids together.

    Attributes:
        anchors: The markers.
        cells: Where each place around each marker is in the flat scene, -1 outside the grid, shape (M, W, W).
        own: Source of a colour -> its value for each marker, shape (M,).
        order: The order in which markers of one grid are visited, shape (M,).
    """

    anchors: Anchors
    cells: NDArray[np.intp]
    own: dict[str, NDArray[np.int8]]
    order: NDArray[np.intp]

    def at(self, offset: Offset) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The cells at one place relative to their markers, and which markers have it inside the grid."""
        cells = self.cells[:, offset[0] + REACH, offset[1] + REACH]
        inside = cells >= 0
        return cells[inside], inside


def stamp_strokes(scene: Scene, found: Sequence[Crowd]) -> Iterator[Stroke]:
    """The pattern around each kind of marker, one stroke for each colour of the pattern and one for all."""
    windows = _index_windows(scene)
    corner_anchors = [one for crowd in found for one in object_anchors(crowd)]
    for anchors in (*cell_anchors(scene), *corner_anchors):
        around = _Surroundings(
            anchors,
            np.concatenate([w[tuple(spots.T)] for w, spots in zip(windows, anchors.spots, strict=True)]),
            {source: np.concatenate(values) for source, values in anchors.colors.items()},
            np.concatenate([np.arange(len(spots)) for spots in anchors.spots]),
        )
        pattern = _pattern(scene, around)
        parts: defaultdict[str, list[Offset]] = defaultdict(list)
        for offset, color in pattern.items():
            parts[color].append(offset)
        for color, offsets in parts.items():
            yield from _strokes(scene, around, dict.fromkeys(offsets, color))
        if len(parts) > 1 and set(parts).isdisjoint(anchors.colors):
            yield from _strokes(scene, around, pattern)


def _index_windows(scene: Scene) -> list[NDArray[np.intp]]:
    """For every cell of every grid the flat indices of its surroundings, -1 outside."""
    windows, start = [], 0
    for grid in scene.grids:
        numbers = np.arange(start, start + grid.size).reshape(grid.shape)
        padded = np.pad(numbers, REACH, constant_values=-1)
        windows.append(sliding_window_view(padded, (2 * REACH + 1, 2 * REACH + 1)))
        start += grid.size
    return windows


def _pattern(scene: Scene, around: _Surroundings) -> dict[Offset, str]:
    """Where around the markers something may be painted, and in which colour: a number or the source of one."""
    changed = np.append(scene.own != scene.target, False)
    empty = np.append((scene.own == scene.target) & (scene.own == scene.background), False)
    promising = changed[around.cells].any(axis=0) & ~empty[around.cells].any(axis=0)
    pattern: dict[Offset, str] = {}
    for row, col in np.argwhere(promising):
        offset = int(row) - REACH, int(col) - REACH
        color = _color(scene, around, offset, changed)
        if color is not None:
            pattern[offset] = color
    return pattern


def _color(scene: Scene, around: _Surroundings, offset: Offset, changed: NDArray[np.bool_]) -> str | None:
    """The colour that most changed cells agree on; a marker's own colour wins if it explains as many."""
    cells, inside = around.at(offset)
    changing = changed[cells]
    seen = scene.target[cells[changing]]
    counts = np.bincount(seen)
    constant, count = int(counts.argmax()), int(counts.max())
    best = str(constant)
    for source, values in around.own.items():
        own = values[inside][changing]
        same = int(np.count_nonzero(own == seen))
        if same >= count and (same > count or (own != own[0]).any()):
            best, count = source, same
    return best if 2 * count >= len(seen) and best != str(scene.background) else None


def _strokes(scene: Scene, around: _Surroundings, pattern: dict[Offset, str]) -> Iterator[Stroke]:
    """The pattern as a whole, and what of it is connected with the marker."""
    anchors = around.anchors
    connected = _connected(pattern)
    wholes = [connected] if anchors.directions else [set(pattern), connected]
    for offsets in dict.fromkeys(tuple(sorted(whole)) for whole in wholes if whole):
        chosen = {offset: pattern[offset] for offset in offsets}
        cost = anchors.cost + 1.0 + (0.4 if offsets in SYMMETRIC else _size_cost(scene, anchors, offsets))
        colors = sorted(set(chosen.values()))
        if len(offsets) <= MAX_LISTED and len(colors) == 1:
            row, col = anchors.place.split(", ")
            listed, line = _listed(row, col, offsets, colors[0])
            yield Stroke(anchors.head, line, _painted(scene, around, chosen), cost + 0.2, listed)
        elif set(colors).isdisjoint(anchors.colors):
            yield Stroke(anchors.head, _pasted(scene, anchors, chosen), _painted(scene, around, chosen), cost + 0.5)


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


def _painted(scene: Scene, around: _Surroundings, pattern: dict[Offset, str]) -> NDArray[np.int8]:
    """The pattern around every marker, one marker after the other as the program does it."""
    places, markers, colors = [], [], []
    for offset, color in pattern.items():
        cells, inside = around.at(offset)
        own = around.own.get(color)
        places.append(cells)
        markers.append(around.order[inside])
        colors.append(np.full(len(cells), int(color), dtype=np.int8) if own is None else own[inside])
    painted = np.full(scene.own.shape, NOTHING, dtype=np.int8)
    order = np.argsort(np.concatenate(markers), kind="stable")
    painted[np.concatenate(places)[order]] = np.concatenate(colors)[order]
    return painted
