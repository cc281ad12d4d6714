"""What follows an aim: rays, dotted rays, fans, trails as thick as the object, rows of copies, slides.

Knows nothing of how directions are found, which objects have them or in which colour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import Grid
from arc_solver.proposers.search.solvers.object_aims import Aim, Bools, Ray, Rays, aims, fixed_aims
from arc_solver.proposers.search.solvers.object_marks import (
    NOWHERE,
    Mark,
    Positions,
    inside_grid,
    inside_positions,
    ray_positions,
)
from arc_solver.proposers.search.solvers.object_scenes import Scene, Thing

REACH = 30
MAX_POINTING = 16
MIN_GROUND = 0.4
"""Share of every grid that must be background: in a crowd nothing is left to point at."""
MAX_SEEDED = 12
"""Objects of a grid among which beginnings of copies are looked for."""


def aimed_marks(scene: Scene, outputs: Sequence[Grid]) -> Iterator[Mark]:
    """Marks that follow an aim which leads to cells that fill up, in at least two training pairs.

    Args:
        scene: The objects.
        outputs: The training outputs, of the sizes of their inputs.
    """
    if max(map(len, scene.things)) > MAX_POINTING:
        return
    filled = [_filled(things[0], output) for things, output in zip(scene.things, outputs, strict=False)]
    ground = [np.count_nonzero(things[0].grid == things[0].background) / things[0].grid.size for things in scene.things]
    if min(ground) < MIN_GROUND or not all(cells.any() for cells in filled):
        return

    def fills(mark: Mark) -> bool:
        return _is_filled(scene, mark.touched, filled)

    for aim in _leading(scene, filled):
        full = list(filter(fills, _following(aim)))
        yield from full
        if not full:
            yield from _limited_where_begun(scene, aim, filled)
    for aim in fixed_aims():
        if _leads_on(scene, aim, filled):
            yield from _limited_where_begun(scene, aim, filled)
    if max(map(len, scene.things)) <= MAX_SEEDED:
        yield from filter(fills, [_continued(scene)])


def _leading(scene: Scene, filled: Sequence[Bools]) -> Iterator[Aim]:
    """Aims before which cells fill up, of those with the same rays the cheapest."""
    every = [thing for things in scene.things for thing in things]
    seen: set[object] = set()
    for aim in sorted(aims(scene), key=lambda one: one.cost):
        known = replace(aim, rays=_remembered(aim.rays))
        if _leads_on(scene, known, filled):
            key = aim.is_gap, aim.other is None, tuple(tuple(known.rays(thing)) for thing in every)
            if key not in seen:
                seen.add(key)
                yield known


def _limited_where_begun(scene: Scene, aim: Aim, filled: Sequence[Bools]) -> Iterator[Mark]:
    """Dotted and limited rays and trails whose first step fills up."""
    once = [_short_rays(aim, lambda thing: 1), _short_trails(aim, lambda thing: 1)]
    begun = [True, *(_is_filled(scene, first, filled) for first in once)]
    for mark, kind in _limited(aim):
        if begun[kind] and _is_filled(scene, mark.touched, filled):
            yield mark


def _is_filled(scene: Scene, touched: Callable[[Thing], Positions], filled: Sequence[Bools]) -> bool:
    """Whether in two pairs (in the only one) all empty cells of some object's mark fill up."""
    wanted = min(2, len(filled))
    for n_seen, (things, cells) in enumerate(zip(scene.things, filled, strict=False)):
        if wanted > len(filled) - n_seen:
            return False
        empty = things[0].grid.ravel() == things[0].background
        free = (found[empty[found]] for found in map(touched, things))
        wanted -= any(len(found) and cells.ravel()[found].all() for found in free)
        if not wanted:
            return True
    return False


def _filled(thing: Thing, output: Grid) -> Bools:
    filled: Bools = (thing.grid == thing.background) & (output != thing.background)
    return filled


def _remembered(rays: Rays) -> Rays:
    memory: dict[int, list[Ray]] = {}

    def found(thing: Thing) -> list[Ray]:
        if id(thing) not in memory:
            memory[id(thing)] = rays(thing)
        return memory[id(thing)]

    return found


def _leads_on(scene: Scene, aim: Aim, filled: Sequence[Bools]) -> bool:
    """Whether in two pairs (in the only one) cells fill up before a third of the objects that point."""
    wanted = min(2, len(filled))
    for n_seen, (things, cells) in enumerate(zip(scene.things, filled, strict=False)):
        if wanted > len(filled) - n_seen:
            return False
        pointing = [thing for thing in things if aim.rays(thing)]
        n_found = sum(any(_fills_up(thing, ray, cells) for ray in aim.rays(thing)) for thing in pointing)
        wanted -= 3 * n_found >= max(1, len(pointing))
        if not wanted:
            return True
    return False


def _fills_up(thing: Thing, ray: Ray, filled: Bools) -> bool:
    """Whether a cell next to the object, or the one after it, fills up in the direction of the ray."""
    _, _, d_row, d_col = ray
    for step in (1, 2):
        rows, cols = thing.rows + step * d_row, thing.cols + step * d_col
        if filled.ravel()[inside_positions(thing, rows, cols)].any():
            return True
    return False


def _following(aim: Aim) -> Iterator[Mark]:
    """What may be painted along an aim."""
    yield Mark(
        "draw_ray({out}, row - d_row, col - d_col, d_row, d_col, {color})", _rays(aim), aim.cost, True, aim.frame
    )
    over = "draw_ray_over(grid, row, col, d_row, d_col, {color}, BACKGROUND)"
    yield Mark(over, _rays(aim, True), aim.cost + 0.1, True, aim.frame, sees_input=True)
    for thickness in ("1", "min(obj.mask.shape) - 1"):
        yield _beam(aim, thickness)
    if aim.is_gap:
        yield _fan(aim)
    yield _trail(aim)
    for gap in (0, 1):
        yield _copies(aim, gap)
    if not aim.frame[0].startswith("for"):
        yield _slide(aim)


LENGTHS: tuple[tuple[str, Callable[[Thing], int], float], ...] = (
    ("obj.size", lambda thing: thing.size, 0.3),
    ("max(obj.mask.shape)", lambda thing: max(thing.obj.mask.shape), 0.4),
    ("min(obj.mask.shape)", lambda thing: min(thing.obj.mask.shape), 0.4),
    ("2", lambda thing: 2, 0.3),
    ("3", lambda thing: 3, 0.4),
)
_STEP = "paint_cell({out}, row + step * d_row, col + step * d_col, {color})"


def _limited(aim: Aim) -> Iterator[tuple[Mark, int]]:
    """Dotted rays (0), and rays (1) and trails (2) of a length that the object tells."""
    for period in (2, 3):
        frame = (*aim.frame, f"for step in range({period}, {REACH}, {period}):")
        yield Mark(_STEP, _rays(aim, False, period), aim.cost + 0.2 * period, True, frame), 0
    for source, length, cost in LENGTHS:
        frame = (*aim.frame, f"for step in range(1, {source} + 1):")
        yield Mark(_STEP, _short_rays(aim, length), aim.cost + cost + 0.2, True, frame), 1
        moved = "recolor_object(move_object(obj, step * d_row, step * d_col), {color})"
        trail = f"paint_object({{out}}, {moved})"
        yield Mark(trail, _short_trails(aim, length), aim.cost + cost + 0.4, True, frame), 2


def _short_rays(aim: Aim, length: Callable[[Thing], int]) -> Callable[[Thing], Positions]:
    def touched(thing: Thing) -> Positions:
        found = [NOWHERE]
        for row, col, d_row, d_col in aim.rays(thing):
            found.append(ray_positions(thing, np.array([row]), np.array([col]), d_row, d_col, False)[: length(thing)])
        return np.concatenate(found)

    return touched


def _short_trails(aim: Aim, length: Callable[[Thing], int]) -> Callable[[Thing], Positions]:
    def touched(thing: Thing) -> Positions:
        far = np.arange(1, length(thing) + 1)[:, None]
        found = [
            inside_positions(thing, (thing.rows + far * d_row).ravel(), (thing.cols + far * d_col).ravel())
            for _, _, d_row, d_col in aim.rays(thing)
        ]
        return np.unique(np.concatenate([NOWHERE, *found]))

    return touched


def _beam(aim: Aim, thickness: str) -> Mark:
    """Parallel rays, as many to each side as the thickness says."""
    frame = (*aim.frame, f"for side in range(-({thickness}), {thickness} + 1):")

    def touched(thing: Thing) -> Positions:
        n = 1 if thickness == "1" else min(thing.obj.mask.shape) - 1
        found = [NOWHERE]
        for row, col, d_row, d_col in aim.rays(thing):
            sides = np.arange(-n, n + 1)
            at = row + sides * abs(d_col), col + sides * abs(d_row)
            found.append(ray_positions(thing, *at, d_row, d_col, False))
        return np.unique(np.concatenate(found))

    source = "draw_ray({out}, row + side * abs(d_col), col + side * abs(d_row), d_row, d_col, {color})"
    return Mark(source, touched, aim.cost + 0.6, True, frame)


def _rays(aim: Aim, until_contact: bool = False, first: int = 0) -> Callable[[Thing], Positions]:
    def touched(thing: Thing) -> Positions:
        found = [NOWHERE]
        for row, col, d_row, d_col in aim.rays(thing):
            ray = ray_positions(thing, np.array([row]), np.array([col]), d_row, d_col, until_contact)
            if not until_contact and not first:
                found.append(np.array([row * thing.grid.shape[1] + col]))
            found.append(ray[first - 1 :: first] if first else ray)
        return np.concatenate(found)

    return touched


def _fan(aim: Aim) -> Mark:
    """From the ends of a gap diagonally, away from each other."""
    wall = "grid[row + side * d_col, col + side * d_row] != BACKGROUND"
    frame = (*aim.frame[:-1], "for side in (-1, 1):", f"if d_row * d_col == 0 != d_row + d_col and {wall}:")

    def touched(thing: Thing) -> Positions:
        found = [NOWHERE]
        for row, col, d_row, d_col in aim.rays(thing):
            for side in (-1, 1) if not d_row * d_col else ():
                if thing.grid[row + side * d_col, col + side * d_row] != thing.background:
                    start = np.array([row]), np.array([col])
                    found.append(ray_positions(thing, *start, d_row + side * d_col, d_col + side * d_row, False))
        return np.concatenate(found)

    ray = "draw_ray({out}, row, col, d_row + side * d_col, d_col + side * d_row, {color})"
    return Mark(ray, touched, aim.cost + 0.6, True, frame)


def _trail(aim: Aim) -> Mark:
    """The object's cells at every step of the way."""
    frame = (*aim.frame, f"for step in range(1, {REACH}):")
    moved = "move_object(obj, step * d_row, step * d_col)"

    def touched(thing: Thing) -> Positions:
        rays = [
            ray_positions(thing, thing.rows, thing.cols, d_row, d_col, False) for _, _, d_row, d_col in aim.rays(thing)
        ]
        return np.unique(np.concatenate([NOWHERE, *rays]))

    def shown(thing: Thing) -> tuple[Positions, NDArray[np.int8]]:
        cells = touched(thing)
        assert aim.other is not None
        return cells, np.full(len(cells), aim.other[1](thing), dtype=np.int8)

    source = f"paint_object({{out}}, recolor_object({moved}, {{color}}))"
    if aim.other is None:
        return Mark(source, touched, aim.cost + 0.3, True, frame)
    copied = source.replace("{color}", aim.other[0])
    return Mark(source, touched, aim.cost + 0.3, True, frame, copied, shown)


def _copies(aim: Aim, gap: int) -> Mark:
    """Copies of the object one behind the other."""
    steps = [f"step * {d} * (obj.{side} + {gap})" for d, side in (("d_row", "height"), ("d_col", "width"))]
    frame = (*aim.frame, f"for step in range(1, {REACH}):")

    def shown(thing: Thing) -> tuple[Positions, NDArray[np.int8]]:
        found, colors = [NOWHERE], [np.zeros(0, dtype=np.int8)]
        for _, _, d_row, d_col in aim.rays(thing):
            far = np.arange(1, REACH)[:, None]
            rows = (thing.rows + far * d_row * (thing.obj.height + gap)).ravel()
            cols = (thing.cols + far * d_col * (thing.obj.width + gap)).ravel()
            inside = inside_grid(thing, rows, cols)
            found.append((rows * thing.grid.shape[1] + cols)[inside])
            colors.append(np.tile(thing.colors, REACH - 1)[inside])
        return np.concatenate(found), np.concatenate(colors)

    moved = f"move_object(obj, {', '.join(steps)})".replace(" + 0)", ")")
    source = f"paint_object({{out}}, recolor_object({moved}, {{color}}))"
    copied = f"paint_object({{out}}, {moved})"
    return Mark(source, lambda thing: shown(thing)[0], aim.cost + 0.5 + 0.1 * gap, True, frame, copied, shown)


def _slide(aim: Aim) -> Mark:
    """The object pushed on until something stops it."""
    moved = "slide_object(grid, obj, d_row, d_col, BACKGROUND)"

    def shown(thing: Thing) -> tuple[Positions, NDArray[np.int8]]:
        rows, cols = thing.rows, thing.cols
        free = np.zeros((thing.grid.shape[0] + 2, thing.grid.shape[1] + 2), dtype=np.bool_)
        free[1:-1, 1:-1] = thing.grid == thing.background
        free[rows + 1, cols + 1] = True
        for _, _, d_row, d_col in aim.rays(thing):
            while free[rows + 1 + d_row, cols + 1 + d_col].all():
                rows, cols = rows + d_row, cols + d_col
            return rows * thing.grid.shape[1] + cols, thing.colors
        return NOWHERE, thing.colors[:0]

    source = f"paint_object({{out}}, recolor_object({moved}, {{color}}))"
    copied = f"paint_object({{out}}, {moved})"
    return Mark(source, lambda thing: shown(thing)[0], aim.cost + 0.3, True, aim.frame, copied, shown)


_MOVES = "moves = [(n * r, n * c) for n in range(1, 30) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c]"


def _continued(scene: Scene) -> Mark:
    """Copies in every direction in which another object has begun one, in the colour of that beginning."""
    frame = (
        _MOVES,
        "for seed in objects:",
        "if seed.size < obj.size > 2:",
        "copies = [(m, set(move_object(obj, *m).cells)) for m in moves]",
        "hits = (m for m, cells in copies if set(seed.cells) <= cells and not cells & set(obj.cells))",
        "step = next(hits, (99, 99))",
        f"for n in range(1, {REACH}):",
    )

    def shown(thing: Thing) -> tuple[Positions, NDArray[np.int8]]:
        found, colors = [NOWHERE], [np.zeros(0, dtype=np.int8)]
        if len(thing.rows) < 3:
            return found[0], colors[0]
        own = set(zip(thing.rows.tolist(), thing.cols.tolist(), strict=True))
        for seed in scene.things[thing.pair]:
            if len(seed.rows) >= len(thing.rows):
                continue
            step = _begun(thing, own, seed)
            if step is not None:
                far = np.arange(1, REACH)[:, None]
                cells = inside_positions(
                    thing, (thing.rows + far * step[0]).ravel(), (thing.cols + far * step[1]).ravel()
                )
                found.append(cells)
                colors.append(np.full(len(cells), seed.color, dtype=np.int8))
        return np.concatenate(found), np.concatenate(colors)

    copied = "paint_object({out}, recolor_object(move_object(obj, n * step[0], n * step[1]), seed.color))"
    source = copied.replace("seed.color", "{color}")
    return Mark(source, lambda thing: shown(thing)[0], 2.6, True, frame, copied, shown)


def _begun(thing: Thing, own: set[tuple[int, int]], seed: Thing) -> tuple[int, int] | None:
    """The shortest straight or diagonal move that brings the object over the seed, its own cells left free."""
    cells = list(zip(seed.rows.tolist(), seed.cols.tolist(), strict=True))
    if own.intersection(cells):
        return None
    for n in range(1, REACH):
        for r in (-1, 0, 1):
            for c in (-1, 0, 1):
                is_begun = (r or c) and all((row - n * r, col - n * c) in own for row, col in cells)
                if is_begun and own.isdisjoint((row + n * r, col + n * c) for row, col in own):
                    return n * r, n * c
    return None
