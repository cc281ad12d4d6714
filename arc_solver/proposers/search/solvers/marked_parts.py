"""Rectangles that are marked out by their corners, by lines or by their contents, though other things cross them.

Yields lists of objects for `crops` to choose from. Knows nothing of which rectangle an output is made of.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.coloring import replace_color
from arc_solver.dsl.objects import crop_object
from arc_solver.dsl.registry import Color, Object
from arc_solver.dsl.relations import largest_rectangle
from arc_solver.dsl.scenes import colors_by_count
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers.formulas import formulas

MAX_SPOTS = 60
MIN_NOISE_COLORS = 7

Marked = tuple[tuple[str, ...], list[list[Object]], float]
"""Statements that define `objs`, the objects in every input, and what the statements cost."""

WHOLE = "Object(grid[a:b + 1, c:d + 1], a, c, grid[a:b + 1, c:d + 1] >= 0)"
INSIDE = "Object(grid[a + 1:b, c + 1:d], a + 1, c + 1, grid[a + 1:b, c + 1:d] >= 0)"
# What the edges between the corners must be like; no condition is the first.
EDGES = formulas(
    "obj",
    (
        ("obj", 0.0),
        ("obj.grid[1, 0] and len(np.unique(obj.grid[1:-1, [0, -1]])) == 1", 0.9),
        ("obj.grid[0, 1] and len(np.unique(obj.grid[[0, -1], 1:-1])) == 1", 0.9),
        ("obj.grid[[0, -1]].all() and obj.grid[:, [0, -1]].all()", 0.9),
        ("len(np.unique([*obj.grid[[0, -1]].ravel(), *obj.grid[:, [0, -1]].ravel()])) == 1", 0.9),
        ("not obj.grid[1:-1, [0, -1]].any() and not obj.grid[[0, -1], 1:-1].any()", 0.9),
    ),
)
RUNS = "[k for k, line in enumerate({}) if np.bincount(line).argmax() != dominant_color(grid)]"
LINES = formulas("grid", ((RUNS.format("grid"), 0.0), (RUNS.format("grid.T"), 0.0)))
TWO_COLORED = (
    "pairs = [(one, two) for one in colors_by_count(grid) for two in colors_by_count(grid) if one < two]",
    "objs = [largest_rectangle(replace_color(grid, one, two), two) for one, two in pairs]",
    "objs = [Object(crop_object(grid, obj), obj.row, obj.col, obj.mask) for obj in objs]",
)


def marked_parts(examples: Examples) -> Iterator[Marked]:
    """Rectangles between four cells of one colour, between lines, and those in two colours only.

    Args:
        examples: Any task.
    """
    grids = examples.inputs
    yield from _between_lines(grids)
    for color in sorted(set(range(1, 10)).intersection(*(np.unique(grid).tolist() for grid in grids))):
        spots = [np.argwhere(grid == color) for grid in grids]
        yield from _between_corners(grids, spots, f"spots = np.argwhere(grid == {color})", 1.2)
    spots = [np.argwhere(grid) for grid in grids]
    yield from _between_corners(grids, spots, "spots = np.argwhere(grid)", 1.4)
    if all(len(np.unique(grid)) >= MIN_NOISE_COLORS and 2 * np.count_nonzero(grid) > grid.size for grid in grids):
        yield from _in_two_colors(grids)


def _between_corners(
    grids: Sequence[Grid], spots: Sequence[NDArray[np.intp]], statement: str, cost: float
) -> Iterator[Marked]:
    """Four cells of one colour are the corners, at least two apart; edges may have to be of a kind."""
    if not all(4 <= len(one) <= MAX_SPOTS for one in spots):
        return
    lists = [_cornered(grid, one) for grid, one in zip(grids, spots, strict=True)]
    if not all(lists):
        return
    start = (
        statement,
        "boxes = [(a, b, c, d) for a, c in spots for b, d in spots if b > a + 1 and d > c + 1]",
        "same = [(a, b, c, d) for a, b, c, d in boxes if len({*grid[[a, a, b, b], [c, d, c, d]].tolist()}) == 1]",
        f"objs = [{WHOLE} for a, b, c, d in same]",
    )
    for edge in EDGES:
        kept = [[obj for obj in objs if edge.function(obj)] for objs in lists]
        if all(kept):
            end = () if edge.source == "obj" else (f"objs = [obj for obj in objs if {edge.source}]",)
            yield (*start, *end), kept, cost + edge.cost + 0.4


def _cornered(grid: Grid, spots: NDArray[np.intp]) -> list[Object]:
    found = []
    for a, c in spots.tolist():
        for b, d in spots.tolist():
            if b > a + 1 and d > c + 1 and grid[a, c] == grid[a, d] == grid[b, c] == grid[b, d]:
                cut = grid[a : b + 1, c : d + 1]
                found.append(Object(cut, a, c, cut >= 0))
    return found


def _between_lines(grids: Sequence[Grid]) -> Iterator[Marked]:
    """Rows and columns mostly of one colour that is not the background's, whatever crosses them."""
    rows, cols = ([run.function(grid) for grid in grids] for run in LINES)
    if not all(len(one) > 1 for one in (*rows, *cols)):
        return
    start = (
        f"rows = {LINES[0].source}",
        f"cols = {LINES[1].source}",
        "boxes = [(a, b, c, d) for a, b in zip(rows, rows[1:]) for c, d in zip(cols, cols[1:])]",
        "boxes = [(a, b, c, d) for a, b, c, d in boxes if min(b - a, d - c) > 1]",
    )
    for source, first, last in ((WHOLE, 0, 1), (INSIDE, 1, 0)):
        lists = []
        for grid, down, right in zip(grids, rows, cols, strict=True):
            places = itertools.product(itertools.pairwise(down), itertools.pairwise(right))
            boxes = [(a + first, b + last, c + first, d + last) for (a, b), (c, d) in places if min(b - a, d - c) > 1]
            lists.append([Object(grid[a:b, c:d], a, c, grid[a:b, c:d] >= 0) for a, b, c, d in boxes])
        if all(lists):
            yield (*start, f"objs = [{source} for a, b, c, d in boxes]"), lists, 1.6


def _in_two_colors(grids: Sequence[Grid]) -> Iterator[Marked]:
    """The largest rectangle in any two colours; noise all around has more of them."""
    lists = []
    for grid in grids:
        colors = colors_by_count(grid)
        pairs = [(one, two) for one in colors for two in colors if one < two]
        lists.append([_rectangle(grid, one, two) for one, two in pairs])
    yield TWO_COLORED, lists, 1.8


def _rectangle(grid: Grid, one: Color, two: Color) -> Object:
    box = largest_rectangle(replace_color(grid, one, two), two)
    return Object(crop_object(grid, box), box.row, box.col, box.mask)
