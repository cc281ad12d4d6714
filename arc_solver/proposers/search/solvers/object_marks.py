"""What an object may put on the grid: its own cells in another colour, holes, boxes, rings, rays, copies of itself.

Every mark is Python that paints it and a function that foresees which cells that touches. Knows nothing of which
objects do it or in which colour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.arrays import enclosed
from arc_solver.dsl.registry import Object
from arc_solver.proposers.search.solvers.object_scenes import Thing

Positions = NDArray[np.intp]
"""Cells of a grid by their place in its flattened cells."""
NOWHERE: Positions = np.zeros(0, dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A way to paint cells because of one object.

    Attributes:
        source: Python that gives `{out}` with the mark in `{color}`.
        touched: The cells that it paints.
        cost: How far-fetched it is.
        over_content: True if it may paint over what is not background.
        frame: Statements and headers of blocks before the painting.
        copied: Python that gives `{out}` with the mark in the object's own colours, if there is such a thing.
        shown: The cells that it paints and the colours that `copied` gives them.
        is_filling: True if it makes sense for an area of background too.
        sees_input: True if it is drawn on the input, not on what has been drawn so far, so that rays do not stop rays.
    """

    source: str
    touched: Callable[[Thing], Positions]
    cost: float
    over_content: bool = False
    frame: tuple[str, ...] = ()
    copied: str | None = None
    shown: Callable[[Thing], tuple[Positions, NDArray[np.int8]]] | None = None
    is_filling: bool = False
    sees_input: bool = False


def own_cells() -> Mark:
    """The object's own cells."""
    source = "paint_object({out}, recolor_object(obj, {color}))"
    return Mark(source, lambda thing: thing.flat, 0.3, over_content=True, is_filling=True)


def marks() -> Iterator[Mark]:
    """Marks that leave the object where it is, its own cells apart."""
    yield from _areas()
    yield from _rays()
    yield from _spots()


def _areas() -> Iterator[Mark]:
    holes = "paint_cells({out}, enclosed_cells(object_cells(grid, obj), 1), {color})"
    yield Mark(holes, _holes, 0.8, over_content=True)
    yield Mark("fill_inside({out}, obj, {color})", _inside, 0.6, over_content=True, is_filling=True)
    yield Mark("surround({out}, obj, {color})", _box_ring(1), 0.6, over_content=True)
    box = "fill_box({out}, obj.row, obj.col, obj.bottom, obj.right, {color})"
    yield Mark(box, _box, 0.9, over_content=True)
    yield Mark("fill_box({out}, obj.row - 1, obj.col - 1, obj.bottom + 1, obj.right + 1, {color})", _wide_box, 1.1)
    thick = "n = max(obj.mask.shape) // 2"
    halo = "fill_box({out}, obj.row - n, obj.col - n, obj.bottom + n, obj.right + n, {color})"
    yield Mark(halo, _halo, 1.3, frame=(thick,))
    edge = "draw_box({out}, obj.row, obj.col, obj.bottom, obj.right, {color})"
    yield Mark(edge, _box_ring(0), 0.9, over_content=True, is_filling=True)
    yield Mark("paint_cells({out}, grow_cells(object_cells(grid, obj)), {color})", _grown(True), 0.9)
    yield Mark("paint_cells({out}, grow_cells(object_cells(grid, obj), False), {color})", _grown(False), 1.0)
    for source, half in _HALVES:
        yield Mark(f"fill_box({{out}}, {source}, {{color}})", _bar(half), 1.2, over_content=True)
    inner = "paint_cells({out}, object_cells(grid, obj) & ~grow_cells(~object_cells(grid, obj)), {color})"
    yield Mark(inner, _inner(True), 1.0, over_content=True, is_filling=True)
    rim = "paint_cells({out}, object_cells(grid, obj) & grow_cells(~object_cells(grid, obj)), {color})"
    yield Mark(rim, _inner(False), 1.0, over_content=True, is_filling=True)


def _holes(thing: Thing) -> Positions:
    obj = thing.obj
    if min(obj.mask.shape) < 3 or obj.mask.all():
        return NOWHERE
    rows, cols = np.nonzero(enclosed(~obj.mask))
    return inside_positions(thing, rows + obj.row, cols + obj.col)


def _inside(thing: Thing) -> Positions:
    obj = thing.obj
    return _rectangle(thing, obj.row + 1, obj.col + 1, obj.bottom - 1, obj.right - 1)


def _box(thing: Thing) -> Positions:
    obj = thing.obj
    return _rectangle(thing, obj.row, obj.col, obj.bottom, obj.right)


def _wide_box(thing: Thing) -> Positions:
    obj = thing.obj
    return _rectangle(thing, obj.row - 1, obj.col - 1, obj.bottom + 1, obj.right + 1)


def _halo(thing: Thing) -> Positions:
    """A rim half as thick as the object."""
    obj, n = thing.obj, max(thing.obj.mask.shape) // 2
    return _rectangle(thing, obj.row - n, obj.col - n, obj.bottom + n, obj.right + n)


def _box_ring(away: int) -> Callable[[Thing], Positions]:
    def ring(thing: Thing) -> Positions:
        obj = thing.obj
        top, left, bottom, right = obj.row - away, obj.col - away, obj.bottom + away, obj.right + away
        outer = _rectangle(thing, top, left, bottom, right)
        rows, cols = np.divmod(outer, thing.grid.shape[1])
        ring_cells: Positions = outer[(rows == top) | (rows == bottom) | (cols == left) | (cols == right)]
        return ring_cells

    return ring


def _grown(diagonals: bool) -> Callable[[Thing], Positions]:
    steps = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if diagonals or not (a and b)]

    def grown(thing: Thing) -> Positions:
        rows = np.concatenate([thing.rows + d_row for d_row, _ in steps])
        cols = np.concatenate([thing.cols + d_col for _, d_col in steps])
        return inside_positions(thing, rows, cols)

    return grown


def _inner(wanted: bool) -> Callable[[Thing], Positions]:
    def inner(thing: Thing) -> Positions:
        if wanted and min(thing.obj.mask.shape) < 3 and not _at_edge(thing):
            return NOWHERE
        n_rows, n_cols = thing.grid.shape
        # Beyond the edge of the grid nothing grows in, as in `grow_cells`.
        own = np.ones((n_rows + 2, n_cols + 2), dtype=np.bool_)
        own[1:-1, 1:-1] = False
        own[thing.rows + 1, thing.cols + 1] = True
        deep = np.ones(len(thing.rows), dtype=np.bool_)
        for d_row in (0, 1, 2):
            for d_col in (0, 1, 2):
                deep &= own[thing.rows + d_row, thing.cols + d_col]
        chosen: Positions = thing.flat[deep == wanted]
        return chosen

    return inner


def _at_edge(thing: Thing) -> bool:
    obj, (n_rows, n_cols) = thing.obj, thing.grid.shape
    return obj.row == 0 or obj.col == 0 or obj.bottom == n_rows - 1 or obj.right == n_cols - 1


DIRECTIONS: tuple[tuple[tuple[tuple[int, int], ...], float], ...] = (
    (((0, 1),), 0.9),
    (((0, -1),), 0.9),
    (((1, 0),), 0.9),
    (((-1, 0),), 0.9),
    (((0, 1), (0, -1)), 0.9),
    (((1, 0), (-1, 0)), 0.9),
    (((0, 1), (0, -1), (1, 0), (-1, 0)), 1.0),
    (((1, 1), (1, -1), (-1, 1), (-1, -1)), 1.1),
    (((1, 1), (-1, -1)), 1.1),
    (((1, -1), (-1, 1)), 1.1),
    (((1, 1),), 1.1),
    (((1, -1),), 1.1),
    (((-1, 1),), 1.1),
    (((-1, -1),), 1.1),
    (((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)), 1.2),
)


def _rays() -> Iterator[Mark]:
    for steps, cost in DIRECTIONS:
        loops = ["for row, col in obj.cells:"]
        step = f"{steps[0][0]}, {steps[0][1]}"
        if len(steps) > 1:
            loops.append(f"for d_row, d_col in {steps}:")
            step = "d_row, d_col"
        to_edge = f"draw_ray({{out}}, row, col, {step}, {{color}})"
        until_contact = f"draw_ray_over({{out}}, row, col, {step}, {{color}}, BACKGROUND)"
        yield Mark(to_edge, _ray_cells(steps, False), cost, frame=tuple(loops))
        stopped = _ray_cells(steps, True)
        yield Mark(until_contact, stopped, cost + 0.1, True, tuple(loops), sees_input=True)
        if len(steps) > 1:
            middle = f"draw_ray({{out}}, *obj.center, {step}, {{color}})"
            yield Mark(middle, _center_rays(steps), cost + 0.2, frame=tuple(loops[1:]))
    for corner, d_row, d_col in _CORNERS:
        source = f"draw_ray({{out}}, {corner}, {d_row}, {d_col}, {{color}})"
        yield Mark(source, _corner_ray(d_row, d_col), 1.1)
    corners = (
        "for row, d_row in ((obj.row, -1), (obj.bottom, 1)):",
        "for col, d_col in ((obj.col, -1), (obj.right, 1)):",
    )
    yield Mark("draw_ray({out}, row, col, d_row, d_col, {color})", _corner_rays, 1.2, frame=corners)


_CORNERS = (
    ("obj.row, obj.col", -1, -1),
    ("obj.row, obj.right", -1, 1),
    ("obj.bottom, obj.col", 1, -1),
    ("obj.bottom, obj.right", 1, 1),
)


def _ray_cells(steps: tuple[tuple[int, int], ...], until_contact: bool) -> Callable[[Thing], Positions]:
    def touched(thing: Thing) -> Positions:
        found = [ray_positions(thing, thing.rows, thing.cols, d_row, d_col, until_contact) for d_row, d_col in steps]
        return np.concatenate(found)

    return touched


def _center_rays(steps: tuple[tuple[int, int], ...]) -> Callable[[Thing], Positions]:
    def touched(thing: Thing) -> Positions:
        row, col = (np.array([place]) for place in thing.obj.center)
        return np.concatenate([ray_positions(thing, row, col, d_row, d_col, False) for d_row, d_col in steps])

    return touched


def _corner_ray(d_row: int, d_col: int) -> Callable[[Thing], Positions]:
    def touched(thing: Thing) -> Positions:
        row = np.array([thing.obj.row if d_row < 0 else thing.obj.bottom])
        col = np.array([thing.obj.col if d_col < 0 else thing.obj.right])
        return ray_positions(thing, row, col, d_row, d_col, False)

    return touched


def _corner_rays(thing: Thing) -> Positions:
    return np.concatenate([_corner_ray(d_row, d_col)(thing) for _, d_row, d_col in _CORNERS])


def ray_positions(thing: Thing, rows: Any, cols: Any, d_row: int, d_col: int, until_contact: bool) -> Positions:
    """The cells of the rays from these cells; `until_contact`: as long as they are background."""
    n_rows, n_cols = thing.grid.shape
    reach = max(n_rows, n_cols) if d_row and d_col else n_rows if d_row else n_cols
    away = np.arange(1, reach)
    at_rows, at_cols = rows[:, None] + away * d_row, cols[:, None] + away * d_col
    inside = (at_rows >= 0) & (at_rows < n_rows) & (at_cols >= 0) & (at_cols < n_cols)
    if until_contact:
        inside &= thing.grid[at_rows % n_rows, at_cols % n_cols] == thing.background
        inside = np.logical_and.accumulate(inside, axis=1)
    positions: Positions = (at_rows * n_cols + at_cols)[inside]
    return positions


def _spots() -> Iterator[Mark]:
    center = "paint_cell({out}, *obj.center, {color})"
    yield Mark(center, lambda thing: np.array([_place(thing, *thing.obj.center)]), 0.8, True, is_filling=True)
    corners = (
        "for row in (obj.row, obj.bottom):",
        "for col in (obj.col, obj.right):",
    )
    yield Mark("paint_cell({out}, row, col, {color})", _box_corners(0), 1.2, True, corners, is_filling=True)
    outside = (
        "for row in (obj.row - 1, obj.bottom + 1):",
        "for col in (obj.col - 1, obj.right + 1):",
    )
    yield Mark("paint_cell({out}, row, col, {color})", _box_corners(1), 1.2, False, outside)
    for corner, d_row, d_col in _CORNERS:
        row, col = corner.split(", ")
        source = f"paint_cell({{out}}, {_moved(row, d_row)}, {_moved(col, d_col)}, {{color}})"
        yield Mark(source, _corner_cell(d_row, d_col), 1.0)
    for sides, side in _SIDES:
        yield Mark(f"fill_box({{out}}, {sides}, {{color}})", _bar(side), 1.0)
    plus = "for d_row, d_col in ((0, 1), (0, -1), (1, 0), (-1, 0)):"
    arm = "paint_cell({out}, obj.center[0] + d_row, obj.center[1] + d_col, {color})"
    yield Mark(arm, _plus, 1.2, frame=(plus,))
    ends = "draw_line({out}, *obj.cells[0], *obj.cells[-1], {color})"
    yield Mark(ends, _between_ends, 1.0)


Box = tuple[int, int, int, int]

_SIDES: tuple[tuple[str, Callable[[Object], Box]], ...] = (
    ("obj.row - 1, obj.col, obj.row - 1, obj.right", lambda o: (o.row - 1, o.col, o.row - 1, o.right)),
    ("obj.bottom + 1, obj.col, obj.bottom + 1, obj.right", lambda o: (o.bottom + 1, o.col, o.bottom + 1, o.right)),
    ("obj.row, obj.col - 1, obj.bottom, obj.col - 1", lambda o: (o.row, o.col - 1, o.bottom, o.col - 1)),
    ("obj.row, obj.right + 1, obj.bottom, obj.right + 1", lambda o: (o.row, o.right + 1, o.bottom, o.right + 1)),
    ("obj.center[0], obj.col, obj.center[0], obj.right", lambda o: (o.center[0], o.col, o.center[0], o.right)),
    ("obj.row, obj.center[1], obj.bottom, obj.center[1]", lambda o: (o.row, o.center[1], o.bottom, o.center[1])),
)


def _bar(side: Callable[[Object], Box]) -> Callable[[Thing], Positions]:
    return lambda thing: _rectangle(thing, *side(thing.obj))


def _plus(thing: Thing) -> Positions:
    row, col = thing.obj.center
    return inside_positions(thing, row + np.array([0, 0, 1, -1]), col + np.array([1, -1, 0, 0]))


def _between_ends(thing: Thing) -> Positions:
    """The straight line from the first to the last cell, in reading order."""
    d_row, d_col = int(thing.rows[-1] - thing.rows[0]), int(thing.cols[-1] - thing.cols[0])
    steps = max(abs(d_row), abs(d_col))
    if abs(d_row) not in (0, steps) or abs(d_col) not in (0, steps):
        return NOWHERE
    away = np.arange(steps + 1)
    return inside_positions(thing, thing.rows[0] + away * np.sign(d_row), thing.cols[0] + away * np.sign(d_col))


_HALVES: tuple[tuple[str, Callable[[Object], Box]], ...] = (
    (
        "obj.row, obj.col, obj.row + obj.height // 2 - 1, obj.right",
        lambda o: (o.row, o.col, o.row + o.height // 2 - 1, o.right),
    ),
    (
        "obj.bottom - obj.height // 2 + 1, obj.col, obj.bottom, obj.right",
        lambda o: (o.bottom - o.height // 2 + 1, o.col, o.bottom, o.right),
    ),
    (
        "obj.row, obj.col, obj.bottom, obj.col + obj.width // 2 - 1",
        lambda o: (o.row, o.col, o.bottom, o.col + o.width // 2 - 1),
    ),
    (
        "obj.row, obj.right - obj.width // 2 + 1, obj.bottom, obj.right",
        lambda o: (o.row, o.right - o.width // 2 + 1, o.bottom, o.right),
    ),
)


def _moved(name: str, step: int) -> str:
    return f"{name} {'+' if step > 0 else '-'} {abs(step)}"


def _box_corners(away: int) -> Callable[[Thing], Positions]:
    def touched(thing: Thing) -> Positions:
        obj = thing.obj
        rows = np.array([obj.row - away, obj.row - away, obj.bottom + away, obj.bottom + away])
        cols = np.array([obj.col - away, obj.right + away, obj.col - away, obj.right + away])
        return inside_positions(thing, rows, cols)

    return touched


def _corner_cell(d_row: int, d_col: int) -> Callable[[Thing], Positions]:
    def touched(thing: Thing) -> Positions:
        row = thing.obj.row - 1 if d_row < 0 else thing.obj.bottom + 1
        col = thing.obj.col - 1 if d_col < 0 else thing.obj.right + 1
        return inside_positions(thing, np.array([row]), np.array([col]))

    return touched


def _place(thing: Thing, row: int, col: int) -> int:
    return int(row * thing.grid.shape[1] + col)


def inside_grid(thing: Thing, rows: Any, cols: Any) -> NDArray[np.bool_]:
    """Which cells lie in the grid."""
    n_rows, n_cols = thing.grid.shape
    inside: NDArray[np.bool_] = (rows >= 0) & (rows < n_rows) & (cols >= 0) & (cols < n_cols)
    return inside


def inside_positions(thing: Thing, rows: Any, cols: Any) -> Positions:
    """The positions of cells, those outside the grid left out."""
    positions: Positions = (rows * thing.grid.shape[1] + cols)[inside_grid(thing, rows, cols)]
    return positions


def _rectangle(thing: Thing, top: int, left: int, bottom: int, right: int) -> Positions:
    n_rows, n_cols = thing.grid.shape
    rows = np.arange(max(top, 0), min(bottom, n_rows - 1) + 1)
    cols = np.arange(max(left, 0), min(right, n_cols - 1) + 1)
    positions: Positions = (rows[:, None] * n_cols + cols).ravel()
    return positions
