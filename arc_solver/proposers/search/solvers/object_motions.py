"""Where else an object may appear: moved, copied beside itself, mirrored, turned, slid until something stops it.

Knows how to write and foresee these images; nothing of which objects have them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.arrays import bounding_box
from arc_solver.grids import Grid
from arc_solver.proposers.search.solvers.object_marks import (
    NOWHERE,
    Mark,
    Positions,
    inside_grid,
    inside_positions,
)
from arc_solver.proposers.search.solvers.object_scenes import Scene, Thing

MAX_SHIFTS = 6
MAX_VOTERS = 12
MAX_SHORT = 5
REACH = 30

Box = tuple[int, int, int, int]
"""First row, first column, last row, last column."""

Place = tuple[Any, Any]
"""Rows and columns of an image's cells, in the order of the object's."""


def motions(scene: Scene, outputs: Sequence[Grid]) -> Iterator[Mark]:
    """Images of objects that a scene may show.

    Args:
        scene: The objects.
        outputs: The training outputs, of the sizes of their inputs; constant shifts are read off them.
    """
    for d_row, d_col in _common_shifts(scene, outputs):
        yield _image(f"move_object(obj, {d_row}, {d_col})", _shifted(d_row, d_col), 1.0)
        repeated = f"move_object(obj, step * {d_row}, step * {d_col})"
        yield _repeated(repeated, _shifted(d_row, d_col), 1.4)
    yield from _beside()
    yield from _in_place()
    yield from _until_stopped(scene.background)
    yield _as_the_most_colorful(scene)
    for name, target in _targets(scene):
        yield from _towards(name, target)


def _image(expression: str, place: Callable[[Thing], Place], cost: float, frame: tuple[str, ...] = ()) -> Mark:
    return _mark(expression, lambda thing: (*place(thing), thing.colors), cost, frame)


def _mark(
    expression: str, image: Callable[[Thing], tuple[Any, Any, NDArray[np.int8]]], cost: float, frame: tuple[str, ...]
) -> Mark:
    def touched(thing: Thing) -> Positions:
        rows, cols, _ = image(thing)
        return inside_positions(thing, rows, cols)

    def shown(thing: Thing) -> tuple[Positions, NDArray[np.int8]]:
        rows, cols, colors = image(thing)
        inside = inside_grid(thing, rows, cols)
        if inside.all():
            return rows * thing.grid.shape[1] + cols, colors
        return (rows * thing.grid.shape[1] + cols)[inside], colors[inside]

    source = f"paint_object({{out}}, recolor_object({expression}, {{color}}))"
    return Mark(source, touched, cost, True, frame, f"paint_object({{out}}, {expression})", shown)


def _repeated(expression: str, shift: Callable[[Thing], Place], cost: float) -> Mark:
    """All images by the multiples of a shift, up to the edge."""

    def image(thing: Thing) -> tuple[Any, Any, NDArray[np.int8]]:
        rows, cols = shift(thing)
        d_row, d_col = int(rows[0] - thing.rows[0]), int(cols[0] - thing.cols[0])
        n_steps = _n_steps(thing, d_row, d_col)
        steps = np.arange(1, n_steps + 1)[:, None]
        rows, cols = (thing.rows + steps * d_row).ravel(), (thing.cols + steps * d_col).ravel()
        return rows, cols, np.tile(thing.colors, n_steps)

    return _mark(expression, image, cost, (f"for step in range(1, {REACH}):",))


def _n_steps(thing: Thing, d_row: int, d_col: int) -> int:
    """How many steps it takes at most until nothing of the object is left in the grid."""
    n_rows, n_cols = thing.grid.shape
    by_rows = (n_rows + thing.obj.height) // abs(d_row) if d_row else REACH
    by_cols = (n_cols + thing.obj.width) // abs(d_col) if d_col else REACH
    return min(REACH - 1, by_rows, by_cols)


def _shifted(d_row: int, d_col: int) -> Callable[[Thing], Place]:
    return lambda thing: (thing.rows + d_row, thing.cols + d_col)


def _common_shifts(scene: Scene, outputs: Sequence[Grid]) -> list[tuple[int, int]]:
    """Shifts by which some object of every training pair reappears where it was not; the most frequent first."""
    votes: dict[tuple[int, int], int] = {}
    common: set[tuple[int, int]] | None = None
    for things, output in zip(scene.things, outputs, strict=False):
        found: set[tuple[int, int]] = set()
        for thing in things[:MAX_VOTERS]:
            for shift in _reappearances(thing, output):
                found.add(shift)
                votes[shift] = votes.get(shift, 0) + 1
        common = found if common is None else common & found
        if not common:
            return []
    return sorted(common or (), key=lambda one: (-votes[one], abs(one[0]) + abs(one[1]), one))[:MAX_SHIFTS]


def _reappearances(thing: Thing, output: Grid) -> list[tuple[int, int]]:
    """Shifts to places where the output, but not the input, shows the object."""
    n_rows, n_cols = output.shape
    obj = thing.obj
    shape = (n_rows - obj.height + 1, n_cols - obj.width + 1)
    fits, same = np.ones(shape, dtype=np.bool_), np.ones(shape, dtype=np.bool_)
    for row, col, color in zip(thing.rows - obj.row, thing.cols - obj.col, thing.colors, strict=True):
        window = slice(row, row + shape[0]), slice(col, col + shape[1])
        fits &= output[window] == color
        same &= thing.grid[window] == color
        if not fits.any():
            return []
    shifts = [(int(row) - obj.row, int(col) - obj.col) for row, col in np.argwhere(fits & ~same)]
    if len(thing.rows) > 1:
        return shifts
    return [one for one in shifts if max(map(abs, one)) <= MAX_SHORT]


def _beside() -> Iterator[Mark]:
    """Images beside the object, at its own size's distance, once or again and again."""
    for vertical, sign in itertools.product((False, True), (1, -1)):
        for gap in (0, 1):
            side = "height" if vertical else "width"
            amount = f"obj.{side}" if not gap else f"(obj.{side} + {gap})"
            amount = amount if sign > 0 else f"-{amount}"
            rows, cols = (amount, "0") if vertical else ("0", amount)
            shift = _by_size(vertical, sign, gap)
            yield _image(f"move_object(obj, {rows}, {cols})", shift, 1.1 + 0.1 * gap)
            steps = (f"step * {amount}", "0") if vertical else ("0", f"step * {amount}")
            yield _repeated(f"move_object(obj, {steps[0]}, {steps[1]})", shift, 1.4 + 0.1 * gap)
            if not gap:
                mirrored = f"move_object(mirror_object(obj, {vertical}), {rows}, {cols})"
                yield _image(mirrored, _mirrored_beside(vertical, sign), 1.4)
    for row_sign, col_sign in itertools.product((1, -1), (1, -1)):
        rows = "obj.height" if row_sign > 0 else "-obj.height"
        cols = "obj.width" if col_sign > 0 else "-obj.width"
        diagonal = _by_both_sides(row_sign, col_sign)
        yield _image(f"move_object(obj, {rows}, {cols})", diagonal, 1.3)
        yield _repeated(f"move_object(obj, step * {rows}, step * {cols})", diagonal, 1.5)


def _by_size(vertical: bool, sign: int, gap: int) -> Callable[[Thing], Place]:
    def place(thing: Thing) -> Place:
        amount = sign * ((thing.obj.height if vertical else thing.obj.width) + gap)
        return (thing.rows + amount, thing.cols) if vertical else (thing.rows, thing.cols + amount)

    return place


def _by_both_sides(row_sign: int, col_sign: int) -> Callable[[Thing], Place]:
    return lambda thing: (thing.rows + row_sign * thing.obj.height, thing.cols + col_sign * thing.obj.width)


def _mirrored_beside(vertical: bool, sign: int) -> Callable[[Thing], Place]:
    def place(thing: Thing) -> Place:
        obj = thing.obj
        if vertical:
            return obj.row + obj.bottom - thing.rows + sign * obj.height, thing.cols
        return thing.rows, obj.col + obj.right - thing.cols + sign * obj.width

    return place


def _in_place() -> Iterator[Mark]:
    """Images in the object's own box, and at the mirrored place of the whole grid."""
    yield _image("mirror_object(obj, False)", lambda t: (t.rows, t.obj.col + t.obj.right - t.cols), 0.9)
    yield _image("mirror_object(obj, True)", lambda t: (t.obj.row + t.obj.bottom - t.rows, t.cols), 0.9)
    yield _image("turn_object(obj, 2)", _turned(2), 0.9)
    yield _image("turn_object(obj, 1)", _turned(1), 1.0)
    yield _image("turn_object(obj, 3)", _turned(3), 1.0)
    across = "place_object(mirror_object(obj, False), obj.row, grid.shape[1] - 1 - obj.right)"
    yield _image(across, lambda t: (t.rows, t.grid.shape[1] - 1 - t.cols), 1.5)
    down = "place_object(mirror_object(obj, True), grid.shape[0] - 1 - obj.bottom, obj.col)"
    yield _image(down, lambda t: (t.grid.shape[0] - 1 - t.rows, t.cols), 1.5)
    for row, col, place in (
        ("0", "obj.col", lambda t: (t.rows - t.obj.row, t.cols)),
        ("obj.row", "0", lambda t: (t.rows, t.cols - t.obj.col)),
        ("grid.shape[0] - obj.height", "obj.col", lambda t: (t.rows + t.grid.shape[0] - 1 - t.obj.bottom, t.cols)),
        ("obj.row", "grid.shape[1] - obj.width", lambda t: (t.rows, t.cols + t.grid.shape[1] - 1 - t.obj.right)),
    ):
        yield _image(f"place_object(obj, {row}, {col})", place, 1.1)


def _turned(quarter_turns: int) -> Callable[[Thing], Place]:
    def place(thing: Thing) -> Place:
        rows, cols = thing.rows - thing.obj.row, thing.cols - thing.obj.col
        height, width = thing.obj.mask.shape
        for _ in range(quarter_turns):
            rows, cols = cols, height - 1 - rows
            height, width = width, height
        return rows + thing.obj.row, cols + thing.obj.col

    return place


def _until_stopped(background: str) -> Iterator[Mark]:
    for d_row, d_col in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)):
        source = f"slide_object(grid, obj, {d_row}, {d_col}, {background})"
        yield _image(source, _slid(d_row, d_col), 1.1 + 0.2 * bool(d_row * d_col))


def _slid(d_row: int, d_col: int) -> Callable[[Thing], Place]:
    def place(thing: Thing) -> Place:
        n_rows, n_cols = thing.grid.shape
        free = thing.grid == thing.background
        free[thing.rows, thing.cols] = True
        obj, rows, cols = thing.obj, thing.rows, thing.cols
        by_rows = n_rows - 1 - obj.bottom if d_row > 0 else obj.row if d_row else REACH
        by_cols = n_cols - 1 - obj.right if d_col > 0 else obj.col if d_col else REACH
        for _ in range(min(by_rows, by_cols)):
            if not free[rows + d_row, cols + d_col].all():
                break
            rows, cols = rows + d_row, cols + d_col
        return rows, cols

    return place


def _as_the_most_colorful(scene: Scene) -> Mark:
    """The object of most colours, put where the object is."""
    models = [max(things, key=lambda t: len(t.obj.colors)) for things in scene.things]

    def image(thing: Thing) -> tuple[Any, Any, NDArray[np.int8]]:
        model = models[thing.pair]
        d_row, d_col = thing.obj.row - model.obj.row, thing.obj.col - model.obj.col
        return model.rows + d_row, model.cols + d_col, model.colors

    return _mark("place_object(max(objects, key=lambda o: len(o.colors)), obj.row, obj.col)", image, 1.6, ())


def _targets(scene: Scene) -> Iterator[tuple[str, list[Box]]]:
    """What objects may be drawn to: all cells of a colour, or one object; with its box in every input."""
    inputs = [things[0].grid for things in scene.things]
    seen: list[list[Box]] = []
    for color in sorted(set(range(10)).intersection(*(np.unique(grid).tolist() for grid in inputs))):
        if all(things[0].background != color for things in scene.things):
            seen.append([_box_of(grid == color) for grid in inputs])
            yield f"color_object(grid, {color})", seen[-1]
    for name, choose in (("largest", max), ("smallest", min)):
        chosen = [choose(things, key=lambda thing: len(thing.rows)).obj for things in scene.things]
        boxes = [(obj.row, obj.col, obj.bottom, obj.right) for obj in chosen]
        if boxes not in seen:
            yield f"{name}_object(objects)", boxes


def _box_of(cells: NDArray[np.bool_]) -> Box:
    top, left, bottom, right = (int(side) for side in bounding_box(cells))
    return top, left, bottom - 1, right - 1


def _towards(target: str, boxes: Sequence[Box]) -> Iterator[Mark]:
    """Up to the box of a target, onto it, mirrored by it; lines to it and away from it."""
    begin = f"target = {target}"
    in_line = "target.row <= obj.center[0] <= target.bottom or target.col <= obj.center[1] <= target.right"
    frame = (
        begin,
        "rows = max(0, target.row - obj.bottom - 1) - max(0, obj.row - target.bottom - 1)",
        "cols = max(0, target.col - obj.right - 1) - max(0, obj.col - target.right - 1)",
    )

    def gap(thing: Thing) -> tuple[int, int]:
        top, left, bottom, right = boxes[thing.pair]
        obj = thing.obj
        rows = max(0, top - obj.bottom - 1) - max(0, obj.row - bottom - 1)
        cols = max(0, left - obj.right - 1) - max(0, obj.col - right - 1)
        return rows, cols

    def level(thing: Thing) -> bool:
        top, left, bottom, right = boxes[thing.pair]
        row, col = thing.obj.center
        return top <= row <= bottom or left <= col <= right

    def moved(thing: Thing) -> Place:
        rows, cols = gap(thing)
        return thing.rows + rows, thing.cols + cols

    def centered(thing: Thing) -> Place:
        top, left, bottom, right = boxes[thing.pair]
        row, col = thing.obj.center
        return thing.rows + (top + (bottom - top) // 2 - row), thing.cols + (left + (right - left) // 2 - col)

    def line(thing: Thing) -> Positions:
        rows, cols = gap(thing)
        row, col = thing.obj.center
        if not level(thing):
            return NOWHERE
        steps = np.arange(abs(rows + cols) + 1)
        return inside_positions(thing, row + steps * np.sign(rows), col + steps * np.sign(cols))

    def away(thing: Thing) -> Positions:
        rows, cols = gap(thing)
        if not level(thing) or not (rows or cols):
            return NOWHERE
        row, col = thing.obj.center
        steps = np.arange(1, REACH)
        return inside_positions(thing, row - steps * np.sign(rows), col - steps * np.sign(cols))

    def mirrored_down(thing: Thing) -> Place:
        return boxes[thing.pair][0] + boxes[thing.pair][2] - thing.rows, thing.cols

    def mirrored_across(thing: Thing) -> Place:
        return thing.rows, boxes[thing.pair][1] + boxes[thing.pair][3] - thing.cols

    def turned(thing: Thing) -> Place:
        return mirrored_down(thing)[0], mirrored_across(thing)[1]

    yield _image("move_object(obj, rows, cols)", moved, 1.8, frame)
    place = "move_object(obj, target.center[0] - obj.center[0], target.center[1] - obj.center[1])"
    yield _image(place, centered, 1.7, (begin,))
    drawn = "draw_line({out}, *obj.center, obj.center[0] + rows, obj.center[1] + cols, {color})"
    yield Mark(drawn, line, 1.9, False, (*frame, f"if {in_line}:"))
    ray = "draw_ray({out}, *obj.center, -np.sign(rows), -np.sign(cols), {color})"
    yield Mark(ray, away, 2.0, False, (*frame, f"if ({in_line}) and rows != cols:"))
    down, across = "target.row + target.bottom - obj.bottom", "target.col + target.right - obj.right"
    yield _image(f"place_object(mirror_object(obj, True), {down}, obj.col)", mirrored_down, 1.9, (begin,))
    yield _image(f"place_object(mirror_object(obj, False), obj.row, {across})", mirrored_across, 1.9, (begin,))
    yield _image(f"place_object(turn_object(obj, 2), {down}, {across})", turned, 2.0, (begin,))
