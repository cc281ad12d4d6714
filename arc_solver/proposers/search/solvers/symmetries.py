"""Figures completed until they look the same mirrored or turned.

The centre is that of the figure's box, that of the core in it, or where least has to be added. Knows nothing of
hidden parts of a symmetric grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.staged import Names, Stage, Step, staged_drafts

STAGE = "symmetries"
MAX_CELLS = 160
MAX_FIGURES = 12

GROUND: Step = (("bg = dominant_color(grid)",), 0.4)
WHOLE = "[object_from_cells(grid, grid != bg)]"
FIGURES: tuple[Step, ...] = (
    (("figures = objects_on(grid, bg, True, True)",), 0.8),
    ((f"figures = {WHOLE}",), 0.8),
    (("figures = objects_on(grid, bg)",), 0.8),
    (("figures = objects_by_color_on(grid, bg)",), 1.0),
    (("figures = [largest_object(objects_on(grid, bg, True, True))]",), 1.0),
    (("figures = [obj for obj in objects_on(grid, bg, True, True) if len(obj.colors) > 1]",), 1.1),
)
LEFT_RIGHT, UP_DOWN, POINT = "(r, col - c)", "(row - r, c)", "(row - r, col - c)"
QUARTERS = ("((row - col) // 2 + c, (row + col) // 2 - r)", "((row + col) // 2 - c, (col - row) // 2 + r)")
DIAGONALS = ("((row - col) // 2 + c, (col - row) // 2 + r)", "((row + col) // 2 - c, (row + col) // 2 - r)")
GROUPS: tuple[tuple[tuple[str, ...], float], ...] = (
    ((LEFT_RIGHT, UP_DOWN, POINT, *QUARTERS, *DIAGONALS), 0.5),
    ((LEFT_RIGHT, UP_DOWN, POINT), 0.5),
    ((POINT, *QUARTERS), 0.6),
    ((LEFT_RIGHT,), 0.4),
    ((UP_DOWN,), 0.4),
    ((POINT,), 0.6),
    ((*DIAGONALS, POINT), 0.9),
    ((DIAGONALS[0],), 0.8),
    ((DIAGONALS[1],), 0.8),
)
BOX = "centers = [({0}.row + {0}.bottom, {0}.col + {0}.right)]"
CORE = "core = object_from_cells(grid, object_cells(grid, figure) & (grid == {}))"
SQUARE = (
    "side = max(figure.mask.shape) - 1",
    "tops = range(figure.bottom - side, figure.row + 1)",
    "lefts = range(figure.right - side, figure.col + 1)",
    "centers = [(2 * top + side, 2 * left + side) for top in tops for left in lefts]",
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Complete figures by symmetry.

    Args:
        examples: Any; nothing is yielded unless something is added to what stays.
    """
    if not examples.same_size():
        return
    for grid, output in zip(examples.train_inputs, examples.outputs, strict=True):
        changed = grid != output
        if not changed.any() or np.unique(grid[changed]).size > 1 or np.count_nonzero(changed) > changed.size // 2:
            return
    stages = (Stage((GROUND,), ("bg",)), Stage(FIGURES, ("figures",), _are_small))
    steps = _completions(examples)
    yield from staged_drafts(STAGE, examples, stages, lambda names: steps, enough=2)


def _are_small(names: Sequence[Names]) -> bool:
    return all(
        0 < len(one["figures"]) <= MAX_FIGURES and sum(figure.size for figure in one["figures"]) <= MAX_CELLS
        for one in names
    )


def _completions(examples: Examples) -> list[Step]:
    """Every centre with every group of images."""
    centers: list[Step] = [((BOX.format("figure"),), 0.4), (SQUARE, 1.0)]
    colors = sorted(set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.train_inputs)))
    for source, cost in [("figure.colors[-1]", 0.9), ("figure.color", 0.9), *((str(color), 0.9) for color in colors)]:
        centers.append(((CORE.format(source), BOX.format("core")), cost))
    paints = [("grid[r, c][new]", 0.0)]
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    added = {color for a, b in pairs for color in np.unique(b[a != b]).tolist()}
    if len(added) == 1:
        paints.append((str(added.pop()), 0.4))
    steps = [
        (_completion(center, images, paint), 2.0 + cost + price + extra)
        for center, cost in centers
        for images, price in GROUPS
        for paint, extra in paints
    ]
    return sorted(steps, key=lambda step: step[1])


def _completion(center: tuple[str, ...], images: tuple[str, ...], paint: str) -> tuple[str, ...]:
    views = [f"for rows, cols in [{', '.join(images)}]:"]
    if len(images) > 3:
        pairs = [", ".join(images[i : i + 2]) for i in range(0, len(images), 2)]
        views = [f"images {'+' * (i > 0)}= [{pair}]" for i, pair in enumerate(pairs)] + ["for rows, cols in images:"]
    drawing = (
        "    new = one[rows + 30, cols + 30] == bg",
        f"    one[rows[new] + 30, cols[new] + 30] = {paint}",
    )
    if center is SQUARE:
        body = (
            "r, c = np.array(figure.cells).T",
            *center,
            "tries = []",
            "for row, col in centers:",
            *("    " + line for line in ("one = out.copy()", *views, *drawing, "tries.append(one)")),
            "out = max(tries, key=lambda one: np.count_nonzero(one == out))",
        )
    else:
        *before, last = center
        last = last.replace("centers = [(", "row, col = ").replace(")]", "")
        body = (
            "r, c = np.array(figure.cells).T",
            *before,
            last,
            *views,
            *(line.replace("one[", "out[") for line in drawing),
        )
    return (
        "out = np.pad(grid, 30, constant_values=bg)",
        "for figure in figures:",
        *("    " + line for line in body),
        "out = out[30:-30, 30:-30]",
    )
