"""Same-size tasks where rooms are painted: areas of the background, by their form, their walls and what lies in them.

A room is a connected area of the background; its walls are the cells around it. Knows nothing of what is painted into
which room; rules are learnt next door.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from arc_solver.dsl.scenes import objects_in_color
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import NAMES
from arc_solver.proposers.search.solvers.lattice_features import Feature
from arc_solver.proposers.search.solvers.told import painted_drafts, started

STAGE = "rooms"
MAX_ROOMS = 60
MAX_CELLS = 6_000
START_COST = 1.5
MAX_COST = 11.0

FAR = re.compile(r"^\((?!grid |wall_color |rarest ).* ([6-9]|\d\d)\)$")
"""Conditions on a number that nobody would name."""


def _told(name: str, value: str, cost: float, is_color: bool = False) -> Feature:
    """A number of each room, told of all its cells; 0 elsewhere."""
    return Feature(name, (f"{name} = sum(object_cells(grid, room) * {value} for room in rooms)",), cost, is_color)


def _of_walls(name: str, value: str, cost: float, is_color: bool = False) -> Feature:
    """The same of a room's walls, an array of colours."""
    line = f"{name} = sum(object_cells(grid, room) * {value} for room, wall in zip(rooms, walls))"
    return Feature(name, (line,), cost, is_color)


def features(ground: int) -> tuple[Feature, ...]:
    """What is told of rooms; 1 is added to what may be 0 in a room."""
    around = "grid[grow_cells(object_cells(grid, room), False) & ~object_cells(grid, room)]"
    corners = (
        "[grow_cells(inside) & ~grow_cells(inside, False) for room in rooms for inside in [object_cells(grid, room)]]"
    )
    crossing = (
        f"filled = neighbors_of(grid != {ground}, True, False)",
        "inside = [object_cells(grid, room) for room in rooms]",
        f"corners = {corners}",
        "crossing = sum(cells * (1 + filled[at].max(initial=0)) for cells, at in zip(inside, corners))",
    )
    return (
        Feature("grid", (), 0.2, True),
        Feature("walls", (f"walls = [{around} for room in rooms]",), 9.0),
        _told("size", "room.size", 1.0),
        _told("square", "(1 + (is_rectangle(room) and room.height == room.width))", 1.0),
        _told("rectangle", "(1 + is_rectangle(room))", 0.8),
        _told("tall", "room.height", 1.1),
        _told("wide", "room.width", 1.1),
        _told("at_edge", "(1 + on_border(grid, room))", 0.8),
        _told("odd", "(1 + room.size % 2)", 1.1),
        _told("large", "(1 + (room.size == max(o.size for o in rooms)))", 0.9),
        _told("small", "(1 + (room.size == min(o.size for o in rooms)))", 0.9),
        _told("n_alike", "sum(same_shape(room, o) for o in rooms)", 1.2),
        _told("pillars", "(1 + count_holes(room))", 1.0),
        _told("n_colors", "len(np.unique(crop_object(grid, room)))", 1.1),
        _told("rarest", "least_common_color(crop_object(grid, room))", 1.2, True),
        Feature("crossing", crossing, 1.2),
        _told("mirrored", "(1 + is_mirrored(room, True) + 2 * is_mirrored(room, False))", 1.2),
        _told("order", "(1 + rooms.index(room))", 1.4),
        _of_walls("wall_color", "np.bincount(wall).argmax()", 0.8, True),
        _of_walls("n_walls", "len(set(wall.tolist()))", 1.0),
        Feature("ring", ("ring = content_distance(grid, True)",), 1.2),
        Feature("np.indices(grid.shape).sum(axis=0) % 2", (), 1.3),
        Feature("edge_distance(grid)", (), 1.2),
    )


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain what is painted on the background by the room that it is painted in.

    Args:
        examples: Any; nothing is yielded unless sizes stay and only background is painted, in few rooms.
    """
    if not examples.same_size() or sum(grid.size for grid in examples.train_inputs) > MAX_CELLS:
        return
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    grounds = {int(color) for a, b in pairs for color in np.unique(a[a != b])}
    if len(grounds) != 1 or any((a == b).all() for a, b in pairs):
        return
    ground = grounds.pop()
    for diagonals in (False, True):
        counts = [len(objects_in_color(grid, ground, diagonals)) for grid in examples.inputs]  # type: ignore[arg-type]
        if not all(0 < count <= MAX_ROOMS for count in counts) or max(counts) < 2:
            continue
        spaces = [NAMES | {"grid": grid} for grid in examples.inputs]
        lines = (f"rooms = objects_in_color(grid, {ground}, {diagonals})",)
        start = started(lines, START_COST + 0.3 * diagonals, spaces, features(ground))
        if start is not None:
            yield from painted_drafts(examples, STAGE, start, MAX_COST, FAR)
