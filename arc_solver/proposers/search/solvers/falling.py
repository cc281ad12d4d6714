"""Same-size tasks: objects move until something stops them, to a target in line with them or all in one direction.

They pile up, or lie on each other; they may take the target's colour, and what has no target stays or vanishes. Knows
what may be a target; nothing of other changes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from arc_solver.dsl.objects import count_holes
from arc_solver.dsl.relations import is_line, is_rectangle, on_border
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.object_scenes import Scene, Thing, scenes

STAGE = "falling"
MAX_CELLS = 6000
MAX_DRAFTS = 6
MAX_COLORS = 5
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1))

Chooser = Callable[[Thing, Sequence[Thing]], bool]


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which objects of a scene are chosen: as Python in terms of `obj`, and for each input."""

    source: str
    chosen: tuple[tuple[bool, ...], ...]
    cost: float


@dataclass(frozen=True, slots=True)
class _Way:
    """How objects reach their targets."""

    same_color: bool
    piles: bool
    takes_color: bool
    stays: bool

    @property
    def cost(self) -> float:
        return 0.3 * self.same_color + 0.2 * (not self.piles) + 0.4 * self.takes_color + 0.2 * self.stays


WAYS = tuple(
    _Way(same, piles, takes, stays)
    for same, piles, takes, stays in itertools.product((True, False), repeat=4)
    if not (same and takes)
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain the outputs by objects that move.

    Args:
        examples: Any; nothing is yielded unless outputs have their inputs' sizes, and lose and gain cells.
    """
    if not examples.same_size() or sum(grid.size for grid in examples.train_inputs) > MAX_CELLS:
        return
    found = [draft for scene in scenes(examples) if _may_move(scene, examples) for draft in _moves(scene, examples)]
    yield from sorted(found, key=lambda draft: (draft.cost, draft.source))[:MAX_DRAFTS]


def _may_move(scene: Scene, examples: Examples) -> bool:
    if scene.is_ground:
        return False
    for things, grid, output in zip(scene.things, examples.train_inputs, examples.outputs, strict=False):
        filled, left = grid != things[0].background, output != things[0].background
        if not (filled & ~left).any() or not (left & ~filled).any():
            return False
    return True


def _moves(scene: Scene, examples: Examples) -> Iterator[Draft]:
    for choice in _choices(scene):
        if _targets_stay(scene, choice, examples.outputs):
            for way in WAYS:
                if all(_arrived(scene, choice, way, k, output) for k, output in enumerate(examples.outputs)):
                    cost = 2.5 + scene.cost + choice.cost + way.cost
                    yield examples.draft(STAGE, _towards_targets(scene, choice, way), cost)
        for direction in DIRECTIONS:
            if all(_fallen(scene, choice, direction, k, output) for k, output in enumerate(examples.outputs)):
                yield examples.draft(STAGE, _in_one_direction(scene, choice, direction), 2.0 + scene.cost + choice.cost)


def _choices(scene: Scene) -> Iterator[_Choice]:
    """Choices of some objects of every input but not of all, each once; first of all, every one."""
    seen: set[tuple[tuple[bool, ...], ...]] = set()
    yield _Choice("True", tuple(tuple(True for _ in things) for things in scene.things), 0.1)
    for source, chooses, cost in (*_CHOOSERS, *_by_color(scene)):
        for negated in (False, True):
            chosen = tuple(tuple(bool(chooses(t, things)) != negated for t in things) for things in scene.things)
            if chosen not in seen:
                seen.add(chosen)
                yield _Choice(f"not ({source})" if negated else source, chosen, cost + 0.2 * negated)


def _by_color(scene: Scene) -> Iterator[tuple[str, Chooser, float]]:
    grids = [things[0].grid for things in scene.things]
    everywhere = set(range(10)).intersection(*(np.unique(grid).tolist() for grid in grids))
    for color in sorted(everywhere)[:MAX_COLORS]:
        yield f"obj.color == {color}", _has_color(color), 0.5


def _has_color(color: int) -> Chooser:
    return lambda thing, things: thing.color == color


_CHOOSERS: tuple[tuple[str, Chooser, float], ...] = (
    ("obj.size > 1", lambda thing, things: thing.size > 1, 0.5),
    ("obj.size > 3", lambda thing, things: thing.size > 3, 0.7),
    ("obj.size == max(o.size for o in objects)", lambda t, things: t.size == max(o.size for o in things), 0.7),
    ("on_border(grid, obj)", lambda thing, things: on_border(thing.grid, thing.obj), 0.6),
    ("is_line(obj)", lambda thing, things: is_line(thing.obj), 0.6),
    ("is_rectangle(obj)", lambda thing, things: is_rectangle(thing.obj), 0.7),
    ("obj.height == len(grid)", lambda thing, things: thing.obj.height == len(thing.grid), 0.7),
    ("obj.width == len(grid[0])", lambda thing, things: thing.obj.width == thing.grid.shape[1], 0.7),
    ("count_holes(obj) > 0", lambda thing, things: count_holes(thing.obj) > 0, 0.7),
    ("len(obj.colors) > 1", lambda thing, things: len(thing.obj.colors) > 1, 0.6),
)


def _targets_stay(scene: Scene, choice: _Choice, outputs: Sequence[Grid]) -> bool:
    """True if every input has both targets and others, and no target changes."""
    if not all(any(chosen) and not all(chosen) for chosen in choice.chosen):
        return False
    for things, chosen, output in zip(scene.things, choice.chosen, outputs, strict=False):
        for thing, is_target in zip(things, chosen, strict=True):
            if is_target and not (output[thing.rows, thing.cols] == thing.colors).all():
                return False
    return True


def _gaps(thing: Thing, target: Thing) -> tuple[int, int]:
    """How many rows and columns further the target begins; negative above and to the left, 0 if they overlap."""
    one, to = thing.obj, target.obj
    rows = max(to.row - one.bottom, 0) - max(one.row - to.bottom, 0)
    return rows, max(to.col - one.right, 0) - max(one.col - to.right, 0)


def _arrived(scene: Scene, choice: _Choice, way: _Way, index: int, output: Grid) -> bool:
    """True if a pair's objects, moved to their targets, are the output."""
    things, chosen = scene.things[index], choice.chosen[index]
    targets = [thing for thing, is_target in zip(things, chosen, strict=True) if is_target]
    movers = [thing for thing, is_target in zip(things, chosen, strict=True) if not is_target]
    out = _cleared(movers)
    clear = out if way.piles else out.copy()
    routes = [
        (_gaps(mover, target), mover, target)
        for mover in movers
        for target in targets
        if not way.same_color or mover.color == target.color
    ]
    routes = [route for route in routes if sum(map(bool, route[0])) == 1]
    moved: set[int] = set()
    for gaps, mover, target in sorted(routes, key=lambda route: max(map(abs, route[0]))):
        if id(mover) not in moved:
            moved.add(id(mover))
            rows, cols = _slid(clear, mover, int(np.sign(gaps[0])), int(np.sign(gaps[1])))
            out[rows, cols] = target.color if way.takes_color else mover.colors
    if not moved:
        return False
    for mover in movers:
        if way.stays and id(mover) not in moved:
            out[mover.rows, mover.cols] = mover.colors
    return np.array_equal(out, output)


def _fallen(scene: Scene, choice: _Choice, direction: tuple[int, int], index: int, output: Grid) -> bool:
    """True if a pair's chosen objects, moved in a direction, the foremost first, are the output."""
    d_row, d_col = direction
    movers = [thing for thing, chosen in zip(scene.things[index], choice.chosen[index], strict=True) if chosen]
    if not movers:
        return False
    out = movers[0].grid.copy()
    for mover in sorted(movers, key=lambda thing: _foremost(thing.obj, direction)):
        out[mover.rows, mover.cols] = mover.background
        rows, cols = _slid(out, mover, d_row, d_col)
        out[rows, cols] = mover.colors
    return np.array_equal(out, output)


def _foremost(obj: Any, direction: tuple[int, int]) -> int:
    places: dict[tuple[int, int], int] = {(1, 0): -obj.bottom, (-1, 0): obj.row, (0, 1): -obj.right, (0, -1): obj.col}
    return places[direction]


_FOREMOST = {(1, 0): "-o.bottom", (-1, 0): "o.row", (0, 1): "-o.right", (0, -1): "o.col"}


def _cleared(movers: Sequence[Thing]) -> Grid:
    out = movers[0].grid.copy()
    for mover in movers:
        out[mover.rows, mover.cols] = mover.background
    return out


def _slid(canvas: Grid, thing: Thing, d_row: int, d_col: int) -> tuple[Any, Any]:
    """Where the object, no longer on the canvas, comes to lie."""
    n_rows, n_cols = canvas.shape
    rows, cols = thing.rows, thing.cols
    while True:
        below, beside = rows + d_row, cols + d_col
        if below.min() < 0 or beside.min() < 0 or below.max() >= n_rows or beside.max() >= n_cols:
            return rows, cols
        if (canvas[below, beside] != thing.background).any():
            return rows, cols
        rows, cols = below, beside


def _towards_targets(scene: Scene, choice: _Choice, way: _Way) -> tuple[str, ...]:
    same = "o.color == t.color and " if way.same_color else ""
    moved = f"slide_object({'out' if way.piles else 'clear'}, obj, np.sign(rows), np.sign(cols), {scene.background})"
    return (
        f"objects = {scene.expression}",
        f"fixed = [obj for obj in objects if {choice.source}]",
        "movers = [obj for obj in objects if obj not in fixed]",
        "out = grid.copy()",
        "for obj in movers:",
        f"    out = erase_object(out, obj, {scene.background})",
        *(() if way.piles else ("clear = out",)),
        "far = lambda a, b, c, d: max(c - b, 0) - max(a - d, 0)",
        "gaps = lambda o, t: (far(o.row, o.bottom, t.row, t.bottom), far(o.col, o.right, t.col, t.right))",
        f"ways = [(gaps(o, t), o, t) for o in movers for t in fixed if {same}sum(map(bool, gaps(o, t))) == 1]",
        "for (rows, cols), obj, to in sorted(ways, key=lambda way: max(map(abs, way[0]))):",
        "    if obj in movers:",
        "        movers.remove(obj)",
        f"        obj = {moved}",
        f"        out = paint_object(out, {'recolor_object(obj, to.color)' if way.takes_color else 'obj'})",
        f"return {'paint_objects(out, movers)' if way.stays else 'out'}",
    )


def _in_one_direction(scene: Scene, choice: _Choice, direction: tuple[int, int]) -> tuple[str, ...]:
    needed = "objects" in choice.source
    first = (f"objects = {scene.expression}",) if needed else ()
    every = "objects" if needed else scene.expression
    return (
        "out = grid.copy()",
        *first,
        f"movers = [obj for obj in {every} if {choice.source}]",
        f"for obj in sorted(movers, key=lambda o: {_FOREMOST[direction]}):",
        f"    out = erase_object(out, obj, {scene.background})",
        f"    out = paint_object(out, slide_object(out, obj, {direction[0]}, {direction[1]}, {scene.background}))",
        "return out",
    )
