"""Same-size tasks in which colours change places: in an order that the grid tells, or each object for itself.

Knows orders of colours (by frequency, from outside to inside, by first cell) and ways to change places; nothing of
shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from arc_solver.dsl.scenes import colors_by_count
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.object_scenes import Scene, scenes

STAGE = "palettes"
MAX_DRAFTS = 6

Colors = list[int]


def _diagonal(part: Grid) -> Colors:
    """The colours along the diagonal up to the middle: from outside to inside, where rings are nested."""
    return list(dict.fromkeys(np.diagonal(part)[: (min(part.shape) + 1) // 2].tolist()))


def _rows(part: Grid) -> Colors:
    return list(dict.fromkeys(part.ravel().tolist()))


def _columns(part: Grid) -> Colors:
    return list(dict.fromkeys(part.T.ravel().tolist()))


ORDERS: tuple[tuple[str, Callable[[Grid], Sequence[int]], float], ...] = (
    ("colors_by_count({part})", colors_by_count, 0.5),
    ("list(dict.fromkeys(np.diagonal({part})[:(min({part}.shape) + 1) // 2].tolist()))", _diagonal, 0.9),
    ("list(dict.fromkeys({part}.ravel().tolist()))", _rows, 0.8),
    ("list(dict.fromkeys({part}.T.ravel().tolist()))", _columns, 0.9),
    ("sorted(set({part}.ravel().tolist()))", lambda part: sorted(set(part.ravel().tolist())), 0.8),
)
CHANGES: tuple[tuple[str, Callable[[Colors], Colors], float], ...] = (
    ("old[::-1]", lambda old: old[::-1], 0.3),
    ("old[1:] + old[:1]", lambda old: old[1:] + old[:1], 0.5),
    ("old[-1:] + old[:-1]", lambda old: old[-1:] + old[:-1], 0.5),
    ("old[1::-1] + old[2:]", lambda old: old[1::-1] + old[2:], 0.6),
    ("old[:-2] + old[:-3:-1]", lambda old: old[:-2] + old[:-3:-1], 0.7),
    ("old[:1] * len(old)", lambda old: old[:1] * len(old), 0.5),
    ("old[-1:] * len(old)", lambda old: old[-1:] * len(old), 0.5),
    ("old[1:] + old[-1:]", lambda old: old[1:] + old[-1:], 0.7),
    ("old[:1] + old[:-1]", lambda old: old[:1] + old[:-1], 0.7),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain the outputs by colours that change places.

    Args:
        examples: Any; nothing is yielded unless outputs have their inputs' sizes, and no colour that is new.
    """
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    if not examples.same_size() or any(set(np.unique(b)) - set(np.unique(a)) for a, b in pairs):
        return
    if any(np.array_equal(a, b) for a, b in pairs):
        return
    found = [*_in_grids(examples), *_in_objects(examples)]
    yield from sorted(found, key=lambda draft: (draft.cost, draft.source))[:MAX_DRAFTS]


def _in_grids(examples: Examples) -> Iterator[Draft]:
    """The whole grid; the background may keep its colour."""
    for kept in ((), (0,)):
        for source, order, cost in ORDERS:
            for change, changed, extra in CHANGES:
                if all(
                    np.array_equal(_exchanged(grid, grid, order, changed, kept), output)
                    for grid, output in zip(examples.train_inputs, examples.outputs, strict=True)
                ):
                    body = (*_lines(source.format(part="grid"), change, kept), "return np.array(table)[grid]")
                    yield examples.draft(STAGE, body, 1.5 + cost + extra + 0.2 * len(kept))


def _lines(order: str, change: str, kept: Sequence[int]) -> tuple[str, ...]:
    unkept = f"[c for c in {order} if c != {kept[0]}]" if kept else order
    return (f"old = {unkept}", f"names = dict(zip(old, {change}))", "table = [names.get(c, c) for c in range(10)]")


def _exchanged(
    grid: Grid,
    part: Grid,
    order: Callable[[Grid], Sequence[int]],
    changed: Callable[[Colors], Colors],
    kept: Sequence[int],
) -> Grid:
    """The grid with the colours changed that the part has."""
    old = [int(color) for color in order(part) if color not in kept]
    names = dict(zip(old, changed(old), strict=True))
    return np.array([names.get(color, color) for color in range(10)], dtype=np.int8)[grid]


def _in_objects(examples: Examples) -> Iterator[Draft]:
    """Each object of several colours for itself."""
    for scene in scenes(examples):
        if scene.is_ground or all(len(thing.obj.colors) == 1 for things in scene.things for thing in things):
            continue
        for source, order, cost in ORDERS:
            for change, changed, extra in CHANGES:
                if all(
                    np.array_equal(_drawn(scene, index, order, changed), output)
                    for index, output in enumerate(examples.outputs)
                ):
                    ground = scene.background
                    body = (
                        "out = grid.copy()",
                        f"for obj in {scene.expression}:",
                        "    part = crop_object(grid, obj)",
                        f"    old = [c for c in {source.format(part='part')} if c != {ground}]",
                        f"    names = dict(zip(old, {change}))",
                        "    colors = np.array([names.get(c, c) for c in range(10)])[grid]",
                        "    out = np.where(object_cells(grid, obj), colors, out)",
                        "return out",
                    )
                    yield examples.draft(STAGE, body, 2.5 + scene.cost + cost + extra)


def _drawn(
    scene: Scene, index: int, order: Callable[[Grid], Sequence[int]], changed: Callable[[Colors], Colors]
) -> Grid:
    things = scene.things[index]
    out = things[0].grid.copy()
    for thing in things:
        obj, grid = thing.obj, thing.grid
        part = grid[obj.row : obj.bottom + 1, obj.col : obj.right + 1]
        colors = _exchanged(grid, part, order, changed, (thing.background,))
        out[thing.rows, thing.cols] = colors[thing.rows, thing.cols]
    return out
