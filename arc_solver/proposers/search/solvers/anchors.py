"""Where strokes start: cells of a colour, corners and centres of objects, the odd cells in them.

Knows what a place is called in source, nothing of what is drawn there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.registry import Object
from arc_solver.dsl.scenes import objects_by_color_on, objects_on
from arc_solver.proposers.search.solvers.strokes import Scene

MAX_CELLS = 60
MAX_OBJECTS = 25

Spots = tuple[NDArray[np.intp], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """Places of one kind in every training input.

    Attributes:
        head: Loops that visit them.
        place: Row and column in source, such as `row, col`.
        spots: Rows and columns for each grid, shape (n, 2).
        colors: Source of a place's own colour -> the colours, aligned with `spots`; empty if all have the same.
        cost: Description length.
        directions: Which directions make sense from there; None for all.
    """

    head: tuple[str, ...]
    place: str
    spots: Spots
    colors: dict[str, tuple[NDArray[np.int8], ...]]
    cost: float
    directions: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Objects of one kind in every training input, with the loop that visits them.

    Attributes:
        head: The loop, with conditions.
        objects: The objects of each grid.
        colors: Source of an object's colour -> the colours, aligned with `objects`.
        cost: Description length.
        corners: Source of the first and last row and column, in the order top, left, bottom, right.
    """

    head: tuple[str, ...]
    objects: tuple[tuple[Object, ...], ...]
    colors: dict[str, tuple[NDArray[np.int8], ...]]
    cost: float
    corners: tuple[str, str, str, str] = ("obj.row", "obj.col", "obj.bottom", "obj.right")


def cell_anchors(scene: Scene) -> Iterator[Anchors]:
    """The cells of each colour, and all cells that are not background with their own colours."""
    for color in scene.content:
        spots = tuple(np.argwhere(grid == color) for grid in scene.grids)
        if max(map(len, spots)) <= MAX_CELLS:
            head = (f"for row, col in np.argwhere(grid == {color}):",)
            yield Anchors(head, "row, col", spots, _ranked(scene, spots), 0.6)
    if len(scene.content) > 1:
        spots = tuple(np.argwhere(grid != scene.background) for grid in scene.grids)
        if max(map(len, spots)) <= MAX_CELLS:
            own = tuple(grid[tuple(at.T)] for grid, at in zip(scene.grids, spots, strict=True))
            head = (f"for row, col in np.argwhere(grid != {scene.background}):",)
            yield Anchors(head, "row, col", spots, {"grid[row, col]": own} | _ranked(scene, spots), 0.5)


def _ranked(scene: Scene, items: Sequence[Sized]) -> dict[str, tuple[NDArray[np.int8], ...]]:
    """Colours of the whole grid for every item in it."""
    return {
        word: tuple(np.full(len(one), color, dtype=np.int8) for one, color in zip(items, colors, strict=True))
        for word, colors in scene.ranked_colors().items()
    }


def crowds(scene: Scene) -> Iterator[Crowd]:
    """Objects by every way to tell them apart, and by what they have in common; no two crowds alike."""
    seen: set[bytes] = set()
    for source, found, cost in _segmentations(scene):
        if found is None:
            continue
        for condition, chosen, extra in _filtered(scene, source, found):
            key = b"|".join(b"%d,%d:" % (o.row, o.col) + o.mask.tobytes() for one in chosen for o in one)
            if not any(chosen) or key in seen:
                continue
            seen.add(key)
            head = condition if condition and condition[0].startswith("for") else (f"for obj in {source}:", *condition)
            yield Crowd(head, chosen, _own_colors(chosen) | _ranked(scene, chosen), cost + extra)


def _segmentations(scene: Scene) -> Iterator[tuple[str, tuple[tuple[Object, ...], ...] | None, float]]:
    background = scene.background
    for diagonals, multicolor in ((False, False), (True, False), (False, True), (True, True)):
        arguments = (", True" if diagonals else ", False") + (", True" if multicolor else "")
        found = [tuple(objects_on(grid, background, diagonals, multicolor)) for grid in scene.grids]  # type: ignore[arg-type]
        fits = max(map(len, found)) <= MAX_OBJECTS
        yield f"objects_on(grid, {background}{arguments})", tuple(found) if fits else None, 0.8
    by_color = tuple(tuple(objects_by_color_on(grid, background)) for grid in scene.grids)  # type: ignore[arg-type]
    yield f"objects_by_color_on(grid, {background})", by_color, 0.8


def _filtered(
    scene: Scene, source: str, found: Sequence[Sequence[Object]]
) -> Iterator[tuple[tuple[str, ...], tuple[tuple[Object, ...], ...], float]]:
    yield (), tuple(map(tuple, found)), 0.0
    yield ("if obj.size == 1:",), tuple(tuple(o for o in one if o.size == 1) for one in found), 0.4
    yield ("if obj.size > 1:",), tuple(tuple(o for o in one if o.size > 1) for one in found), 0.4
    if all(found) and max(map(len, found)) > 1:
        largest = tuple((max(one, key=lambda o: o.size),) for one in found)
        yield (f"for obj in [largest_object({source})]:",), largest, 0.3
    if len(scene.content) > 1:
        for color in scene.content:
            chosen = tuple(tuple(o for o in one if o.color == color) for one in found)
            yield (f"if obj.color == {color}:",), chosen, 0.4


def _own_colors(objects: Sequence[Sequence[Object]]) -> dict[str, tuple[NDArray[np.int8], ...]]:
    most = tuple(np.array([o.color for o in one], dtype=np.int8) for one in objects)
    least = tuple(np.array([o.colors[-1] for o in one], dtype=np.int8) for one in objects)
    if len({int(c) for one in (*most, *least) for c in one}) == 1:
        return {}
    colors = {"obj.color": most}
    if any((a != b).any() for a, b in zip(most, least, strict=True)):
        colors["obj.colors[-1]"] = least
    return colors


CORNERS = (
    ("obj.row, obj.col", lambda o: (o.row, o.col), (-1, -1)),
    ("obj.row, obj.right", lambda o: (o.row, o.right), (-1, 1)),
    ("obj.bottom, obj.col", lambda o: (o.bottom, o.col), (1, -1)),
    ("obj.bottom, obj.right", lambda o: (o.bottom, o.right), (1, 1)),
)


def object_anchors(crowd: Crowd) -> Iterator[Anchors]:
    """Corners and centres of objects of more than a cell, and their cells of the rarest colour."""
    if all(o.size == 1 for one in crowd.objects for o in one):
        return
    for place, at, direction in CORNERS:
        yield Anchors(crowd.head, place, _spots(crowd, at), crowd.colors, crowd.cost + 0.3, (direction,))
    if all(o.height % 2 and o.width % 2 for one in crowd.objects for o in one):
        head = (*crowd.head, "for row, col in [obj.center]:")
        yield Anchors(head, "row, col", _spots(crowd, lambda o: o.center), crowd.colors, crowd.cost + 0.2)
    if "obj.colors[-1]" in crowd.colors and all(len(o.colors) > 1 for one in crowd.objects for o in one):
        yield _odd_cells(crowd)


def _spots(crowd: Crowd, at: object) -> Spots:
    assert callable(at)
    return tuple(np.array([at(o) for o in one], dtype=np.intp).reshape(-1, 2) for one in crowd.objects)


def _odd_cells(crowd: Crowd) -> Anchors:
    spots, colors = [], []
    for one in crowd.objects:
        at = [np.argwhere(o.mask & (o.grid == o.colors[-1])) + np.array([o.row, o.col]) for o in one]
        spots.append(np.concatenate([np.zeros((0, 2), dtype=np.intp), *at]))
        colors.append(np.array([o.colors[-1] for o, cells in zip(one, at, strict=True) for _ in cells], dtype=np.int8))
    loop = "for row, col in np.argwhere(object_cells(grid, obj) & (grid == obj.colors[-1])):"
    return Anchors((*crowd.head, loop), "row, col", tuple(spots), {"obj.colors[-1]": tuple(colors)}, crowd.cost + 0.8)
