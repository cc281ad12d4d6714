"""Where an object points: to its thin side, its odd cells, its gaps, away from what it touches, to the nearest edge.

An aim is Python that finds directions and the cells to start from. Knows nothing of what follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arc_solver.proposers.search.solvers.object_colors import near_cells, seen_from
from arc_solver.proposers.search.solvers.object_scenes import Scene, Thing

MAX_COLORS = 3

Ray = tuple[int, int, int, int]
"""Row, column, and the direction from there."""
Rays = Callable[[Thing], list[Ray]]
Bools = NDArray[np.bool_]
SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))
CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
GROUPS = (*((d,) for d in (*SIDES, *CORNERS)), SIDES[:2], SIDES[2:], SIDES, CORNERS, (*SIDES, *CORNERS))


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """A way to find directions.

    Attributes:
        frame: Statements that set `row, col, d_row, d_col`, and a condition that there is a direction.
        rays: What they are set to for an object.
        cost: How far-fetched it is.
        is_gap: True if the cells to start from are gaps of the object.
        other: Python of a colour of the object that is not the one that points, with a function for it.
    """

    frame: tuple[str, ...]
    rays: Rays
    cost: float
    is_gap: bool = False
    other: tuple[str, Callable[[Thing], int]] | None = None


def aims(scene: Scene) -> Iterator[Aim]:
    """Every aim that objects of a scene may have."""
    ground = [things[0].background for things in scene.things]
    colors = [
        color
        for color in set(range(10)).intersection(*(np.unique(things[0].grid).tolist() for things in scene.things))
        if color not in ground
    ][:MAX_COLORS]
    own = "object_cells(grid, obj)"
    odd = f"{own} & (grid == obj.colors[-1])"
    beside = f"grow_cells({own}, False) & ~{own} & (grid != BACKGROUND)"
    around = f"grow_cells({own}) & ~{own} & (grid != BACKGROUND)"
    yield from _both_ways(own, lambda thing: (thing.rows, thing.cols), 1.0)
    is_mixed = any(len(thing.obj.colors) > 1 for things in scene.things for thing in things)
    if is_mixed:
        yield from _both_ways(odd, _odd_cells, 1.2)
        yield from _rim_aims(scene, colors)
    yield from _both_ways(beside, _beside, 1.4)
    yield from _both_ways(around, _around, 1.4)
    yield from _both_ways(f"(grid != BACKGROUND) & ~{own}", _others, 1.5)
    for color in colors:
        yield from _both_ways(f"grid == {color}", _in_color(color), 1.4)
    yield _gap_aim()
    yield from _edge_aims()
    yield from _seeing_aims(colors)


Cells = Callable[[Thing], tuple[NDArray[np.intp], NDArray[np.intp]]]

_START = "row, col = (obj.center[0], obj.bottom, obj.row)[d_row], (obj.center[1], obj.right, obj.col)[d_col]"


def _both_ways(source: str, cells: Cells, cost: float) -> Iterator[Aim]:
    """From the middle of the object's box towards the mean of some cells, and the other way."""
    for sign, word in ((1, ""), (-1, "-")):
        frame = (
            f"cells = np.argwhere({source})",
            "middle = np.array([obj.row + obj.bottom, obj.col + obj.right])",
            f"d_row, d_col = {word}np.sign((2 * cells - middle).sum(axis=0))",
            _START,
            "if d_row or d_col:",
        )
        yield Aim(frame, _towards(cells, sign), cost)


def _towards(cells: Cells, sign: int) -> Rays:
    def rays(thing: Thing) -> list[Ray]:
        rows, cols = cells(thing)
        obj = thing.obj
        d_row = sign * int(np.sign(2 * rows.sum() - len(rows) * (obj.row + obj.bottom)))
        d_col = sign * int(np.sign(2 * cols.sum() - len(cols) * (obj.col + obj.right)))
        return [_from_end(thing, d_row, d_col)] if d_row or d_col else []

    return rays


def _from_end(thing: Thing, d_row: int, d_col: int) -> Ray:
    obj = thing.obj
    row, col = obj.center
    return (row, obj.bottom, obj.row)[d_row], (col, obj.right, obj.col)[d_col], d_row, d_col


def _odd_cells(thing: Thing) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    odd = thing.colors == thing.obj.colors[-1]
    return thing.rows[odd], thing.cols[odd]


def _beside(thing: Thing) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    n_rows, n_cols = thing.grid.shape
    near = np.zeros((n_rows + 2, n_cols + 2), dtype=np.bool_)
    for d_row, d_col in SIDES:
        near[thing.rows + 1 + d_row, thing.cols + 1 + d_col] = True
    near = near[1:-1, 1:-1] & (thing.grid != thing.background)
    near[thing.rows, thing.cols] = False
    rows, cols = np.nonzero(near)
    return rows, cols


def _around(thing: Thing) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows, cols = np.nonzero(near_cells(thing) & (thing.grid != thing.background))
    return rows, cols


def _others(thing: Thing) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    others = thing.grid != thing.background
    others[thing.rows, thing.cols] = False
    rows, cols = np.nonzero(others)
    return rows, cols


def _in_color(color: int) -> Cells:
    def cells(thing: Thing) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        rows, cols = np.nonzero(thing.grid == color)
        return rows, cols

    return cells


_OUTWARDS = (
    "d_row = int(row == obj.bottom) - int(row == obj.row)",
    "d_col = int(col == obj.right) - int(col == obj.col)",
    "if d_row or d_col:",
)


def _rim_aims(scene: Scene, colors: Sequence[int]) -> Iterator[Aim]:
    """Outwards from each odd cell on the rim of the object's box."""
    kinds: list[tuple[str, Callable[[Thing], Bools], tuple[str, Callable[[Thing], int]] | None]] = [
        ("obj.grid == obj.colors[-1]", lambda thing: thing.obj.grid == thing.obj.colors[-1], None)
    ]
    for color in colors:
        rest = f"next(c for c in obj.colors if c != {color})"
        kinds.append((f"obj.grid == {color}", _is_color(color), (rest, _other_than(color))))
    for source, chosen, other in kinds:
        loop = f"for row, col in np.argwhere(obj.mask & ({source})) + (obj.row, obj.col):"
        yield Aim((loop, *_OUTWARDS), _outwards(chosen, True), 1.3, False, other)


def _is_color(color: int) -> Callable[[Thing], Bools]:
    return lambda thing: thing.obj.grid == color


def _other_than(color: int) -> Callable[[Thing], int]:
    return lambda thing: next((c for c in thing.obj.colors if c != color), color)


def _gap_aim() -> Aim:
    loop = "for row, col in np.argwhere(~obj.mask) + (obj.row, obj.col):"
    return Aim((loop, *_OUTWARDS), _outwards(lambda thing: ~thing.obj.mask, False), 1.2, True)


def _outwards(chosen: Callable[[Thing], Bools], own: bool) -> Rays:
    def rays(thing: Thing) -> list[Ray]:
        obj = thing.obj
        if obj.mask.all() and not own:
            return []
        found = []
        last_row, last_col = obj.mask.shape[0] - 1, obj.mask.shape[1] - 1
        for r, c in np.argwhere(chosen(thing) & obj.mask if own else chosen(thing)).tolist():
            d_row, d_col = (r == last_row) - (r == 0), (c == last_col) - (c == 0)
            if d_row or d_col:
                found.append((obj.row + r, obj.col + c, d_row, d_col))
        return found

    return rays


def _edge_aims() -> Iterator[Aim]:
    """To the nearest edge, and away from it; from the middle of the grid outwards, and inwards."""
    sides = "sides = [obj.row, height(grid) - 1 - obj.bottom, obj.col, width(grid) - 1 - obj.right]"
    middle = "np.sign([obj.row + obj.bottom - height(grid) + 1, obj.col + obj.right - width(grid) + 1])"
    for sign, word in ((1, ""), (-1, "-")):
        nearest = f"d_row, d_col = {word}np.array({SIDES})[np.argmin(sides)]"
        yield Aim((sides, nearest, _START), _to_edge(sign), 1.4)
        yield Aim((f"d_row, d_col = {word}{middle}", _START, "if d_row or d_col:"), _from_middle(sign), 1.3)


def _to_edge(sign: int) -> Rays:
    def rays(thing: Thing) -> list[Ray]:
        obj, (n_rows, n_cols) = thing.obj, thing.grid.shape
        sides = [obj.row, n_rows - 1 - obj.bottom, obj.col, n_cols - 1 - obj.right]
        d_row, d_col = SIDES[sides.index(min(sides))]
        return [_from_end(thing, sign * d_row, sign * d_col)]

    return rays


def _from_middle(sign: int) -> Rays:
    def rays(thing: Thing) -> list[Ray]:
        obj, (n_rows, n_cols) = thing.obj, thing.grid.shape
        d_row = sign * int(np.sign(obj.row + obj.bottom - n_rows + 1))
        d_col = sign * int(np.sign(obj.col + obj.right - n_cols + 1))
        return [_from_end(thing, d_row, d_col)] if d_row or d_col else []

    return rays


def _seeing_aims(colors: Sequence[int]) -> Iterator[Aim]:
    """To those sides where the first thing ahead has the object's colour or a certain one, or where nothing is."""
    kinds: list[tuple[str, Callable[[Thing], int]]] = [
        ("obj.color", lambda thing: thing.color),
        ("BACKGROUND", lambda thing: thing.background),
        *((str(color), _constant(color)) for color in colors),
    ]
    for word, color_of in kinds:
        loop = f"for d_row, d_col in {SIDES}:"
        condition = f"if ray_color(grid, d_row, d_col)[row, col] == {word}:"
        yield Aim((loop, _START, condition), _seeing(color_of), 1.4)


def _constant(color: int) -> Callable[[Thing], int]:
    return lambda thing: color


def _seeing(color_of: Callable[[Thing], int]) -> Rays:
    def rays(thing: Thing) -> list[Ray]:
        cells, width = thing.grid.tobytes(), thing.grid.shape[1]
        every = [_from_end(thing, *d) for d in SIDES]
        wanted = color_of(thing)
        return [(r, c, dr, dc) for r, c, dr, dc in every if seen_from(cells, width, dr, dc)[r, c] == wanted]

    return rays


def fixed_aims() -> Iterator[Aim]:
    """The same directions for every object."""
    for group in GROUPS:
        first = f"d_row, d_col = {group[0]}" if len(group) == 1 else f"for d_row, d_col in {group}:"
        yield Aim((first, _START), _fixed(group), 0.8 + 0.1 * (len(group) > 1))


def _fixed(group: Sequence[tuple[int, int]]) -> Rays:
    return lambda thing: [_from_end(thing, *d) for d in group]
