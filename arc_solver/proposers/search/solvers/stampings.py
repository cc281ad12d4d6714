"""A figure of the input stamped on its marked cells: as it is, turned, in the marker's colour, whole or see-through.

The figure may stand apart behind a line, stay or vanish. Knows nothing of patterns that are the same in every pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.staged import Names, Stage, Step, staged_drafts

STAGE = "stampings"
MAX_MARKS = 40
MIN_FIGURE = 3

GROUND: tuple[Step, ...] = ((("bg = dominant_color(grid)",), 0.4), (("bg = 0",), 0.5))
LINES = "(grid == grid[:1]).all(axis=0) | (grid == grid[:, :1]).all(axis=1)[:, None]"
CLEAN: tuple[Step, ...] = (
    (("clean = grid",), 0.0),
    ((f"clean = np.where({LINES}, bg, grid)",), 1.0),
)
FIGURES: tuple[Step, ...] = (
    (("figure = largest_object(objects_on(clean, bg, True, True))",), 0.8),
    (("figure = max(objects_on(clean, bg, True, True), key=lambda obj: (len(obj.colors), obj.size))",), 1.0),
    (("figure = largest_object(objects_on(clean, bg, False, True))",), 1.0),
    (("figure = next(obj for obj in objects_on(clean, bg, True, True) if obj.size > 1)",), 1.0),
    (("figure = min(objects_on(clean, bg, True, True), key=lambda obj: (obj.size == 1, obj.size))",), 1.2),
)
CENTER = "figure.height // 2", "figure.width // 2"
ANCHORS: tuple[tuple[str, str, float], ...] = (
    (*CENTER, 0.3),
    ("0", "0", 0.3),
    ("0", "figure.width - 1", 0.5),
    ("figure.height - 1", "0", 0.5),
    ("figure.height - 1", "figure.width - 1", 0.5),
)
SAME_COLOR = "np.argwhere(stamp == rest[row, col])[0]"
VIEWS: tuple[tuple[str, float], ...] = (
    ("figure.grid", 0.0),
    ("np.fliplr(figure.grid)", 0.6),
    ("np.flipud(figure.grid)", 0.6),
    ("np.rot90(figure.grid, 2)", 0.6),
)
PASTES: tuple[tuple[str, float], ...] = (
    ("paste_over(out, {}, {}, {}, bg)", 0.2),
    ("paste(out, {}, {}, {})", 0.1),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Stamp a figure on marked cells.

    Args:
        examples: Any; nothing is yielded unless sizes stay and outputs differ from inputs.
    """
    if not examples.same_size() or any(
        np.array_equal(a, b) for a, b in zip(examples.train_inputs, examples.outputs, strict=True)
    ):
        return
    figures = tuple((*lines, "rest = erase_object(clean, figure, bg)") for lines, _ in FIGURES)
    stages = (
        Stage(GROUND, ("bg",)),
        Stage(CLEAN, ("clean",)),
        Stage(tuple(zip(figures, (cost + 0.4 for _, cost in FIGURES), strict=True)), ("figure",), _is_marked),
    )
    yield from staged_drafts(STAGE, examples, stages, lambda names: _steps(examples, names), enough=2)


def _is_marked(names: Sequence[Names]) -> bool:
    for one in names:
        n_marks = int(np.count_nonzero(one["rest"] != one["bg"]))
        if one["figure"].size < MIN_FIGURE or not 0 < n_marks <= 4 * MAX_MARKS:
            return False
    return True


def _steps(examples: Examples, names: Sequence[Names]) -> list[Step]:
    start = _start(examples, names)
    if start is None:
        return []
    colors = set(range(10)).intersection(*(np.unique(one["rest"]).tolist() for one in names))
    marks = [("rest != bg", 0.4)]
    marks += [(f"rest == {color}", 0.6) for color in sorted(colors) if any(one["bg"] != color for one in names)]
    marks = [(source, cost) for source, cost in marks if _are_few(source, names)]
    anchors = [
        (f"row - {row}" * (row != "0") or "row", f"col - {col}" * (col != "0") or "col", c) for row, col, c in ANCHORS
    ]
    steps: list[Step] = []
    for (mark, cost), (view, turned), (paste, how) in product(marks, VIEWS, PASTES):
        price = 2.0 + cost + turned + how + (0.2 if start != "grid" else 0.0)
        head = (f"out = {start}", f"for row, col in np.argwhere({mark}):")
        own = (f"    stamp = {view}", f"    d_row, d_col = {SAME_COLOR}")
        steps.append(((*head, *own, f"    out = {paste.format('stamp', 'row - d_row', 'col - d_col')}"), price + 0.6))
        for top, left, extra in anchors:
            line = f"    out = {paste.format(view, top, left)}"
            steps.append(((*head, line), price + extra))
            steps.append(((*head, line, "out = np.where(rest != bg, grid, out)"), price + extra + 0.4))
            if view == "figure.grid":
                colored = paste.format("np.where(figure.mask, rest[row, col], bg)", top, left)
                steps.append(((*head, f"    out = {colored}"), price + extra + 0.4))
    return sorted(steps, key=lambda step: (step[1], step[0]))


def _are_few(source: str, names: Sequence[Names]) -> bool:
    color = None if source == "rest != bg" else int(source.split()[-1])
    for one in names:
        cells = one["rest"] != one["bg"] if color is None else one["rest"] == color
        if not 0 < np.count_nonzero(cells) <= MAX_MARKS:
            return False
    return True


def _start(examples: Examples, names: Sequence[Names]) -> str | None:
    """What is stamped on: the input, or the input without the figure; None if stamps cannot explain the outputs."""
    moved = []
    for one, grid, output in zip(names, examples.train_inputs, examples.outputs, strict=False):
        shown = set(np.unique(output[grid != output]).tolist())
        known = {*one["figure"].colors, *np.unique(one["rest"]).tolist(), one["bg"]}
        if shown - known:
            return None
        own = one["rest"] != one["clean"]
        moved.append(bool((output[own] == one["bg"]).any()))
    return "erase_object(grid, figure, bg)" if all(moved) else "grid" if not any(moved) else None
