"""Figures mirrored or copied to the side where their mark is, once or again and again.

A mark is a cell of another colour at a figure's side or corner. Knows nothing of figures that are mirrored in
themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.staged import Names, Stage, Step, staged_drafts

STAGE = "reflections"
MAX_GROUPS = 12
MAX_MARKS = 60

GROUND: Step = (("bg = dominant_color(grid)",), 0.4)
GROUPS: tuple[Step, ...] = (
    (("groups = [obj for obj in objects_on(grid, bg, True, True) if len(obj.colors) > 1]",), 1.0),
    (("groups = [object_from_cells(grid, grid != bg)]",), 0.8),
)
PARTS: tuple[tuple[str, float], ...] = (
    ("grid == group.color", 0.5),
    ("grid != group.colors[-1]", 0.5),
)
SIDES: tuple[tuple[str, str, float], ...] = (
    ("int(row > figure.bottom) - (row < figure.row)", "int(col > figure.right) - (col < figure.col)", 0.5),
    ("int(row == group.bottom) - (row == group.row)", "int(col == group.right) - (col == group.col)", 0.7),
)
TO: tuple[tuple[str, str, float], ...] = (
    ("figure.row + d_row * figure.height", "figure.col + d_col * figure.width", 0.4),
    ("2 * row - figure.bottom if d_row else figure.row", "2 * col - figure.right if d_col else figure.col", 0.7),
    ("figure.row + d_row * (figure.height + 1)", "figure.col + d_col * (figure.width + 1)", 0.6),
)
AGAIN = "figure.row + n * d_row * {}figure.height{}", "figure.col + n * d_col * {}figure.width{}"
IMAGES: tuple[tuple[str, float], ...] = (
    ("figure.grid[:: -1 if d_row else 1, :: -1 if d_col else 1]", 0.6),
    ("figure.grid", 0.2),
    ("np.rot90(figure.grid, 2)", 0.6),
)
PAINTS: tuple[tuple[str, float], ...] = (("image", 0.0), ("np.where(image == bg, bg, grid[row, col])", 0.4))


def solve(examples: Examples) -> Iterator[Draft]:
    """Draw what marked figures throw to their sides.

    Args:
        examples: Any; nothing is yielded unless sizes stay.
    """
    if not examples.same_size():
        return
    finish = _finish(examples)
    if finish is None:
        return
    stages = (Stage((GROUND,), ("bg",)), Stage(GROUPS, ("groups",), _are_marked))
    steps = [((*lines, *finish[0]), cost + finish[1]) for lines, cost in _steps()]
    yield from staged_drafts(STAGE, examples, stages, lambda names: steps, enough=2)


def _finish(examples: Examples) -> Step | None:
    """What happens to the background at the end: nothing, or one colour for all of it; None if nothing is added."""
    grounds = set()
    for grid, output in zip(examples.train_inputs, examples.outputs, strict=True):
        ground = int(np.bincount(grid.ravel()).argmax())
        below = np.bincount(output[grid == ground], minlength=10)
        grounds.add(-1 if below[ground] else int(below.argmax()))
        if below.sum() == below.max():
            return None
    if len(grounds) > 1:
        return None
    color = grounds.pop()
    return ((), 0.0) if color < 0 else ((f"out = np.where(out == bg, {color}, out)",), 0.6)


def _are_marked(names: Sequence[Names]) -> bool:
    """Whether there are groups of several colours, and not too many cells that could be marks."""
    for one in names:
        groups = [group for group in one["groups"] if len(group.colors) > 1]
        n_marks = sum(group.size - np.count_nonzero(group.grid == group.color) for group in groups)
        if not 0 < len(groups) <= MAX_GROUPS or n_marks > MAX_MARKS:
            return False
    return True


def _steps() -> list[Step]:
    places = [(row, col, "", cost) for row, col, cost in TO]
    for gap, cost in (("", 0.8), (" + 1", 1.0)):
        row, col = (f"{one.format('(' if gap else '', gap + ')' if gap else '')}" for one in AGAIN)
        places.append((row, col, "for n in range(1, 30):", cost))
    steps = []
    choices = product(PARTS, places, SIDES, IMAGES, PAINTS)
    for (part, first), (rows, cols, loop, cost), (up, left, price), (image, turned), (paint, extra) in choices:
        if loop and image != "figure.grid":
            continue
        for before, after, fate in (
            ((), (), 0.0),
            (("out = paint_cell(out, row, col, bg)",), (), 0.4),
            ((), ("out = paint_cell(out, row, col, grid[row, col])",), 0.4),
            (("out = paint_cell(out, row, col, group.color)",), (), 0.5),
        ):
            drawn = f"out = paste_over(out, {paint}, top, left, bg)"
            inner = [f"d_row, d_col = {up}, {left}", *before, f"image = {image}"]
            if loop:
                inner += [loop, f"    top, left = {rows}, {cols}", "    " + drawn]
            else:
                inner += [f"top = {rows}", f"left = {cols}", drawn]
            lines = (
                "out = grid",
                "for group in groups:",
                "    cells = object_cells(grid, group)",
                f"    figure = object_from_cells(grid, cells & ({part}))",
                f"    for row, col in np.argwhere(cells & ~({part})):",
                *("        " + line for line in (*inner, *after)),
            )
            steps.append((lines, 2.0 + first + cost + price + turned + extra + fate))
    return sorted(steps, key=lambda step: (step[1], step[0]))
