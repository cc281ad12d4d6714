"""Same-size tasks where one line at the edge tells what the empty rest of the grid is filled with.

The colours of that line are said over and over, row by row, column by column, or slantwise, from the line outwards.
Turns the grid so that the line is on top. Knows nothing of objects.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import FORMULA_ERRORS, Formula, formulas

STAGE = "headers"
START_COST = 2.0
MIN_CHANGED = 0.05

COLORS = formulas(
    "line, ground",
    (
        ("line", 0.2),
        ("line[line != ground]", 0.4),
        ("line[::-1]", 0.6),
        ("line[line != ground][::-1]", 0.8),
        ("np.array([c for k, c in enumerate(line) if k == 0 or c != line[k - 1]])", 1.0),
        ("np.array([c for k, c in enumerate(line) if c != ground and (k == 0 or c != line[k - 1])])", 1.1),
    ),
)
# Which colour a cell gets: `i` rows and `j` columns from the corner of the empty part, of `n` colours.
WAYS = formulas(
    "i, j, n",
    (
        ("i % n", 0.4),
        ("j % n", 0.4),
        ("(i + j) % n", 0.6),
        ("(j - i) % n", 0.6),
        ("(i + j + 1) % n", 0.8),
        ("(j - i - 1) % n", 0.8),
        ("i // 2 % n", 0.8),
        ("np.maximum(i, j) % n", 0.9),
        ("np.minimum(i, j) % n", 0.9),
        ("np.minimum(i, n - 1)", 0.9),
        ("np.minimum(i, i.max() - i) % n", 1.0),
        ("np.minimum(j, j.max() - j) % n", 1.0),
        ("i * n // (i.max() + 1)", 0.8),
        ("j * n // (j.max() + 1)", 0.8),
    ),
)
# Where it is painted.
PLACES = formulas(
    "i, j, n, line, ground",
    (
        ("i >= 0", 0.0),
        ("i % 2 == 0", 0.8),
        ("i % 2 == 1", 0.8),
        ("j % 2 == 0", 0.8),
        ("(i + j) % 2 == 0", 0.9),
        ("(i + j) % 2 == 1", 0.9),
        ("i < n", 0.8),
        ("i < j", 0.9),
        ("i <= j", 0.9),
        ("i >= j", 0.9),
        ("i > j", 0.9),
        ("i + j < n", 0.9),
        ("i + j < n - 1", 1.0),
        ("i + j >= n", 0.9),
        ("line[j] != ground", 0.9),
        ("(line[j] != ground) & (i % 2 == 0)", 1.3),
        ("(line[j] != ground) & (i % 2 == 1)", 1.3),
    ),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Fill the empty part behind a line.

    Args:
        examples: Any; nothing is yielded unless sizes stay and a whole side of each grid is empty and gets filled.
    """
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    if not examples.same_size():
        return
    grounds = {int(out[0]) for a, b in pairs for out in [a[a != b]] if out.size and (out == out[0]).all()}
    if len(grounds) != 1 or any((a != b).mean() < MIN_CHANGED for a, b in pairs):
        return
    ground = grounds.pop()
    for turns in ((0,), (1,), (2,), (3,), (0, 1, 2, 3)):
        yield from _turned(examples, turns, ground)


def _turned(examples: Examples, turns: Sequence[int], ground: int) -> Iterator[Draft]:
    """With the grid turned so that the empty part is below; by the first turn of `turns` that does so."""
    views: list[tuple[int, Grid, int]] = []
    for grid in examples.inputs:
        found = [(turn, *_view(grid, turn, ground)) for turn in turns]
        fitting = [one for one in found if 0 < one[2] < len(one[1])]
        if not fitting:
            return
        views.append(fitting[0])
    if len(turns) > 1 and len({turn for turn, _, _ in views}) == 1:
        return
    targets = [np.rot90(out, turn)[top:] for out, (turn, _, top) in zip(examples.outputs, views, strict=False)]
    heads = [np.rot90(out, turn)[:top] for out, (turn, _, top) in zip(examples.outputs, views, strict=False)]
    if any(not np.array_equal(head, view[: len(head)]) for head, (_, view, _) in zip(heads, views, strict=False)):
        return
    turning, back = _turning(turns, ground)
    for row, row_cost in ((0, 0.0), (-1, 0.3)):
        for colors in COLORS:
            for way, place in itertools.product(WAYS, PLACES):
                parts = (colors, way, place)
                if all(_fits(one, row, parts, ground, b) for one, b in zip(views, targets, strict=False)):
                    chosen = f"colors[{way.source}]"
                    if place is not PLACES[0]:
                        chosen = f"np.where({place.source.replace('ground', str(ground))}, {chosen}, {ground})"
                    body = (
                        *turning,
                        f"top = int((grid != {ground}).any(axis=1).nonzero()[0].max()) + 1",
                        f"line = grid[{'0' if row == 0 else 'top - 1'}]",
                        f"colors = {colors.source.replace('ground', str(ground))}",
                        "n = len(colors)",
                        "i, j = np.indices(grid[top:].shape)",
                        "out = grid.copy()",
                        f"out[top:] = {chosen}",
                        f"return {back}",
                    )
                    more = 0.6 * (turns != (0,)) + 0.6 * (len(turns) > 1)
                    cost = START_COST + more + colors.cost + way.cost + place.cost + row_cost
                    yield examples.draft(STAGE, body, cost)
                    return


def _view(grid: Grid, turn: int, ground: int) -> tuple[Grid, int]:
    """The grid turned, and how many rows there are before all is empty."""
    view = np.rot90(grid, turn)
    filled = (view != ground).any(axis=1)
    return view, int(filled.nonzero()[0].max()) + 1 if filled.any() else 0


def _turning(turns: Sequence[int], ground: int) -> tuple[tuple[str, ...], str]:
    if turns == (0,):
        return (), "out"
    if len(turns) == 1:
        return (f"grid = np.rot90(grid, {turns[0]})",), f"np.rot90(out, -{turns[0]})"
    empty = f"turn = next(k for k in range(4) if (np.rot90(grid, k)[-1] == {ground}).all())"
    return (empty, "grid = np.rot90(grid, turn)"), "np.rot90(out, -turn)"


def _fits(
    view: tuple[int, Grid, int], row: int, parts: tuple[Formula, Formula, Formula], ground: int, target: NDArray[Any]
) -> bool:
    _, grid, top = view
    line = grid[0 if row == 0 else top - 1]
    colors, way, place = parts
    try:
        chosen = colors.function(line, ground)
        if not len(chosen):
            return False
        i, j = np.indices(grid[top:].shape)
        shown = place.function(i, j, len(chosen), line, ground)
        return bool(np.array_equal(np.where(shown, chosen[way.function(i, j, len(chosen))], ground), target))
    except FORMULA_ERRORS:
        return False
