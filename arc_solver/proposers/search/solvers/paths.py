"""Paths that leave a marker and change their direction: thrown back by the edges, or turned aside by what they meet.

Knows nothing of straight rays, nor of which strokes explain a task.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import Grid
from arc_solver.proposers.search.solvers.anchors import Anchors, cell_anchors
from arc_solver.proposers.search.solvers.strokes import NOTHING, Scene, Stroke

MAX_STARTS = 8
MAX_STEPS = 100
ORTHOGONAL = ((0, 1), (0, -1), (1, 0), (-1, 0))
DIAGONAL = ((1, 1), (1, -1), (-1, 1), (-1, -1))

Cell = tuple[int, int]
Turns = dict[int, str]
"""Colour that is met -> `right` or `left`."""
TURNED = {"right": "i, j = j, -i", "left": "i, j = -j, i"}


def path_strokes(scene: Scene) -> Iterator[Stroke]:
    """Paths from cells of each colour in each direction, and inwards from the edge that they stand on."""
    free = tuple(
        ~((a == b) & (a == scene.background)) for a, b in zip(scene.grids, scene.examples.outputs, strict=True)
    )
    for anchors in cell_anchors(scene):
        if max(map(len, anchors.spots)) > MAX_STARTS:
            continue
        for d in DIAGONAL:
            for across in (True, False):
                paths = [
                    [_bounced(grid, (int(r), int(c)), d, across) for r, c in spots]
                    for grid, spots in zip(scene.grids, anchors.spots, strict=True)
                ]
                yield from _colored(scene, anchors, paths, free, (d,), (), _bounce_lines(across), 2.0)
        yield from _turning(scene, anchors, free)
        yield from _hindered(scene, anchors, free)


def _hindered(scene: Scene, anchors: Anchors, free: Sequence[NDArray[np.bool_]]) -> Iterator[Stroke]:
    """Straight on, and at whatever is in the way turned, moved aside, or parted around it."""
    own = anchors.head[0].partition("== ")[2].partition(")")[0]
    if not set(scene.content) - ({int(own)} if own else set()):
        return
    in_line = [
        _is_in_line(grid, spots, scene.background) for grid, spots in zip(scene.grids, anchors.spots, strict=True)
    ]
    if not any(in_line):
        return
    for walk, lines, cost in _walks(scene.background):
        for d in ORTHOGONAL:
            paths = [
                [walk(grid, (int(r), int(c)), d, allowed) for r, c in spots]
                for grid, spots, allowed in zip(scene.grids, anchors.spots, free, strict=True)
            ]
            yield from _colored(scene, anchors, paths, free, (d,), (), lines, cost)
        inward = [
            [walk(grid, start, d, allowed) for start, d in _inwards(grid, spots)]
            for grid, spots, allowed in zip(scene.grids, anchors.spots, free, strict=True)
        ]
        if all(len(one) == len(spots) for one, spots in zip(inward, anchors.spots, strict=True)):
            condition = ("if neighbor(grid, -d_row, -d_col)[row, col] < 0:",)
            yield from _colored(scene, anchors, inward, free, ORTHOGONAL, condition, lines, cost + 0.4)


def _is_in_line(grid: Grid, spots: NDArray[np.intp], background: int) -> bool:
    """Whether something else lies in the row or column of a start."""
    content = grid != background
    return any(np.count_nonzero(content[r]) > 1 or np.count_nonzero(content[:, c]) > 1 for r, c in spots.tolist())


Walk = Callable[[Grid, Cell, Cell, NDArray[np.bool_]], list[Cell]]


def _walks(background: int) -> Iterator[tuple[Walk, str, float]]:
    for side in ("right", "left"):
        yield _walking(background, side, False), _walk_lines(background, TURNED[side]), 2.2
        sign, other = ("+", "-") if side == "right" else ("-", "+")
        yield _walking(background, side, True), _walk_lines(background, f"r, c = r {sign} j, c {other} i"), 2.2
    yield _parting(background), _parting_lines(background), 2.4


def _walking(background: int, side: str, stays: bool) -> Walk:
    """Turned to a side at every obstacle, or if `stays`, moved one cell to that side with the same direction."""

    def walk(grid: Grid, start: Cell, d: Cell, allowed: NDArray[np.bool_]) -> list[Cell]:
        (row, col), (i, j) = start, d
        path: list[Cell] = []
        for _ in range(MAX_STEPS):
            if not (0 <= row + i < grid.shape[0] and 0 <= col + j < grid.shape[1]):
                break
            turned = (j, -i) if side == "right" else (-j, i)
            if grid[row + i, col + j] == background:
                row, col = row + i, col + j
            elif stays:
                row, col = row + turned[0], col + turned[1]
            else:
                i, j = turned
            if 0 <= row < grid.shape[0] and 0 <= col < grid.shape[1] and (row, col) != start:
                path.append((row, col))
                if not allowed[row, col]:
                    break
        return path

    return walk


def _walk_lines(background: int, at_obstacle: str) -> str:
    return "\n".join(
        [
            "r, c, i, j = row, col, {d}",
            f"for _ in range({MAX_STEPS}):",
            "    if not (0 <= r + i < height(grid) and 0 <= c + j < width(grid)):",
            "        break",
            f"    if grid[r + i, c + j] == {background}:",
            "        r, c = r + i, c + j",
            "    else:",
            f"        {at_obstacle}",
            "    if (r, c) != (row, col):",
            "        out = paint_cell(out, r, c, {color})",
        ]
    )


def _parting(background: int) -> Walk:
    """Like falling water: at an obstacle to both sides, and on in the same direction wherever that is free."""

    def walk(grid: Grid, start: Cell, d: Cell, allowed: NDArray[np.bool_]) -> list[Cell]:
        n_rows, n_cols = grid.shape
        (i, j), flow = d, [start]
        for r, c in flow:
            if not (0 <= r + i < n_rows and 0 <= c + j < n_cols):
                continue
            is_free = grid[r + i, c + j] == background
            for row, col in [(r + i, c + j)] if is_free else [(r + j, c + i), (r - j, c - i)]:
                inside = 0 <= row < n_rows and 0 <= col < n_cols
                if inside and grid[row, col] == background and (row, col) not in flow:
                    flow.append((row, col))
                    if not allowed[row, col]:
                        return flow[1:]
        return flow[1:]

    return walk


def _parting_lines(background: int) -> str:
    return "\n".join(
        [
            "(i, j), flow = ({d}), [(row, col)]",
            f"free = grid == {background}",
            "for r, c in flow:",
            "    ahead = neighbor(grid, i, j)[r, c]",
            f"    ways = [(i, j)] if ahead == {background} else [(j, i), (-j, -i)] if ahead >= 0 else []",
            "    steps = [(r + a, c + b) for a, b in ways if neighbor(free.astype(np.int8), a, b)[r, c] == 1]",
            "    flow += [step for step in steps if step not in flow]",
            "for r, c in flow[1:]:",
            "    out = paint_cell(out, r, c, {color})",
        ]
    )


def _turning(scene: Scene, anchors: Anchors, free: Sequence[NDArray[np.bool_]]) -> Iterator[Stroke]:
    obstacles = [color for color in scene.content if f"== {color})" not in anchors.head[0]][:3]
    for sides in itertools.product((None, "right", "left"), repeat=len(obstacles)):
        turns = {color: side for color, side in zip(obstacles, sides, strict=True) if side is not None}
        if not turns:
            continue
        lines, cost = _turn_lines(turns), 2.2 + 0.4 * len(turns)
        for d in ORTHOGONAL:
            paths = [
                [_turned(grid, (int(r), int(c)), d, turns, allowed) for r, c in spots]
                for grid, spots, allowed in zip(scene.grids, anchors.spots, free, strict=True)
            ]
            yield from _colored(scene, anchors, paths, free, (d,), (), lines, cost)
        inward = [
            [_turned(grid, start, d, turns, allowed) for start, d in _inwards(grid, spots)]
            for grid, spots, allowed in zip(scene.grids, anchors.spots, free, strict=True)
        ]
        if all(len(one) == len(spots) for one, spots in zip(inward, anchors.spots, strict=True)):
            condition = ("if neighbor(grid, -d_row, -d_col)[row, col] < 0:",)
            yield from _colored(scene, anchors, inward, free, ORTHOGONAL, condition, lines, cost + 0.5)


def _inwards(grid: Grid, spots: NDArray[np.intp]) -> Iterator[tuple[Cell, Cell]]:
    """Starts on an edge, each with the direction away from it."""
    for row, col in spots.tolist():
        for d_row, d_col in ORTHOGONAL:
            if not (0 <= row - d_row < grid.shape[0] and 0 <= col - d_col < grid.shape[1]):
                yield (row, col), (d_row, d_col)


def _bounced(grid: Grid, start: Cell, d: Cell, across: bool) -> list[Cell]:
    """Diagonally until an edge ends it, thrown back by the two others: left and right if `across`."""
    (row, col), (d_row, d_col) = start, d
    path: list[Cell] = []
    while True:
        if across and not 0 <= col + d_col < grid.shape[1]:
            d_col = -d_col
        if not across and not 0 <= row + d_row < grid.shape[0]:
            d_row = -d_row
        row, col = row + d_row, col + d_col
        if not (0 <= row < grid.shape[0] and 0 <= col < grid.shape[1]):
            return path
        path.append((row, col))


def _bounce_lines(across: bool) -> str:
    turn = "    if not 0 <= c + j < width(grid):\n        j = -j\n"
    if not across:
        turn = "    if not 0 <= r + i < height(grid):\n        i = -i\n"
    step = "    r, c = r + i, c + j\n    out = paint_cell(out, r, c, {color})"
    return "r, c, i, j = row, col, {d}\nfor _ in range(60):\n" + turn + step


def _turned(grid: Grid, start: Cell, d: Cell, turns: Turns, allowed: NDArray[np.bool_]) -> list[Cell]:
    """Straight on, aside where a colour says so; given up at the first cell that must stay empty."""
    (row, col), (i, j) = start, d
    path: list[Cell] = []
    for _ in range(MAX_STEPS):
        if not (0 <= row + i < grid.shape[0] and 0 <= col + j < grid.shape[1]):
            break
        side = turns.get(int(grid[row + i, col + j]))
        if side is not None:
            i, j = (j, -i) if side == "right" else (-j, i)
            continue
        row, col = row + i, col + j
        path.append((row, col))
        if not allowed[row, col]:
            break
    return path


def _turn_lines(turns: Turns) -> str:
    lines = [
        "r, c, i, j = row, col, {d}",
        f"for _ in range({MAX_STEPS}):",
        "    if not (0 <= r + i < height(grid) and 0 <= c + j < width(grid)):",
        "        break",
    ]
    for number, (color, side) in enumerate(turns.items()):
        lines.append(f"    {'elif' if number else 'if'} grid[r + i, c + j] == {color}:")
        lines.append(f"        {TURNED[side]}")
    return "\n".join(
        [*lines, "    else:", "        r, c = r + i, c + j", "        out = paint_cell(out, r, c, {color})"]
    )


def _colored(
    scene: Scene,
    anchors: Anchors,
    paths: Sequence[Sequence[Sequence[Cell]]],
    free: Sequence[NDArray[np.bool_]],
    directions: tuple[Cell, ...],
    inner: tuple[str, ...],
    lines: str,
    cost: float,
) -> Iterator[Stroke]:
    if any(not allowed[cell] for one, allowed in zip(paths, free, strict=True) for path in one for cell in path):
        return
    choices: list[tuple[str, list[list[int]], float]] = [
        (str(color), [[color] * len(one) for one in paths], 0.3) for color in scene.colors
    ]
    choices += [(word, [v.tolist() for v in values], 0.1) for word, values in anchors.colors.items()]
    for word, values, extra in choices:
        maps = [np.full(grid.shape, NOTHING, dtype=np.int8) for grid in scene.grids]
        for painted, one, colors in zip(maps, paths, values, strict=True):
            for path, color in zip(one, colors, strict=True):
                for cell in path:
                    painted[cell] = color
        line = lines.replace("{color}", word)
        yield Stroke(anchors.head, line, scene.joined(maps), anchors.cost + cost + extra, directions, inner)
