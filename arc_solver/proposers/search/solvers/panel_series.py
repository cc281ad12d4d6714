"""Panels between lines of which one is drawn on: each of the others is it, turned or mirrored by its distance.

Knows nothing of panels that are compared or combined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.staged import Names, Stage, Step, staged_drafts

STAGE = "panel_series"

PANELS = (
    "tops = [i for i in range(len(grid)) if i == 0 or (grid[i - 1] == {wall}).all()]",
    "lefts = [j for j in range(len(grid[0])) if j == 0 or (grid[:, j - 1] == {wall}).all()]",
    "h, w = np.diff([*tops, len(grid) + 1]).min() - 1, np.diff([*lefts, len(grid[0]) + 1]).min() - 1",
    "panels = {{(i, j): crop(grid, i, j, h, w) for i in tops for j in lefts}}",
)
SOURCES: tuple[Step, ...] = (
    (("first = max(panels, key=lambda at: len(np.unique(panels[at])))", "source = panels[first]"), 0.8),
    (("first = max(panels, key=lambda at: np.count_nonzero(panels[at]))", "source = panels[first]"), 0.8),
)
TURNS: tuple[tuple[str, float], ...] = (
    ("source", 0.3),
    ("np.rot90(source, -n)", 0.5),
    ("np.rot90(source, n)", 0.6),
    ("source[:: -1 if (i - first[0]) // (h + 1) % 2 else 1, :: -1 if (j - first[1]) // (w + 1) % 2 else 1]", 0.8),
    ("np.fliplr(source) if n % 2 else source", 0.7),
    ("np.flipud(source) if n % 2 else source", 0.7),
    ("np.rot90(source, 2 * n)", 0.7),
    ("np.roll(source, n, axis=0)", 0.8),
    ("np.roll(source, -n, axis=0)", 0.8),
    ("np.roll(source, n, axis=1)", 0.8),
    ("np.roll(source, -n, axis=1)", 0.8),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Fill panels with what one of them shows.

    Args:
        examples: Any; nothing is yielded unless sizes stay and a colour divides every grid.
    """
    if not examples.same_size() or any(
        np.array_equal(a, b) for a, b in zip(examples.train_inputs, examples.outputs, strict=True)
    ):
        return
    walls = [color for color in range(10) if all(_divides(grid, color) for grid in examples.inputs)]
    panels = [(tuple(line.format(wall=wall) for line in PANELS), 1.5) for wall in walls]
    steps: list[Step] = [
        (
            (
                "out = grid",
                "for i, j in panels:",
                "    n = int((i - first[0]) // (h + 1) + (j - first[1]) // (w + 1))",
                f"    out = paste(out, {turn}, i, j)",
            ),
            2.0 + cost,
        )
        for turn, cost in TURNS
    ]
    stages = (Stage(tuple(panels), ("tops", "lefts"), _are_panels), Stage(SOURCES, ("first",)))
    yield from staged_drafts(STAGE, examples, stages, lambda names: steps, enough=2)


def _divides(grid: np.ndarray[tuple[int, ...], np.dtype[np.int8]], color: int) -> bool:
    lines = grid == color
    return bool((lines[1:-1].all(axis=1).any() or lines[:, 1:-1].all(axis=0).any()) and not lines.all())


def _are_panels(names: Sequence[Names]) -> bool:
    """Whether all panels have the same size, and there are some."""
    for one in names:
        tops, lefts, h, w = one["tops"], one["lefts"], one["h"], one["w"]
        sizes = {*np.diff([*tops, len(one["grid"]) + 1]) - 1 - h, *np.diff([*lefts, len(one["grid"][0]) + 1]) - 1 - w}
        if not 1 < len(tops) * len(lefts) <= 36 or sizes != {0} or h * w < 2:
            return False
    return True
