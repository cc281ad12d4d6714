"""Outputs in which a sequence of colours runs on by rows, columns, diagonals or angles.

Knows sequences that can be read off the input and ways to run; nothing of what they mean.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import formula, formulas, gives, values_of
from arc_solver.proposers.search.solvers.size_law import side_laws

STAGE = "sequences"
MAX_LAWS = 2

SEQUENCES = formulas(
    "grid",
    (
        ("grid[0][grid[0] != 0]", 1.0),
        ("grid[:, 0][grid[:, 0] != 0]", 1.0),
        ("np.diag(grid)[np.diag(grid) != 0]", 1.1),
        ("grid[grid != 0]", 0.9),
        ("grid[-1][grid[-1] != 0]", 1.2),
        ("grid[:, -1][grid[:, -1] != 0]", 1.2),
        ("np.array([obj.color for obj in find_objects(grid)])", 1.2),
        ("np.array([obj.color for obj in sort_by_column(find_objects(grid))])", 1.4),
        ("np.array([obj.color for obj in color_regions(grid)])", 1.3),
        ("np.array(colors_by_count(grid))", 1.3),
        ("np.array(colors_by_count(grid)[1:])", 1.3),
    ),
)
STEPS = (
    ("rows", 0.5),
    ("cols", 0.5),
    ("rows[::-1]", 0.7),
    ("cols[:, ::-1]", 0.7),
    ("rows + cols", 0.8),
    ("rows + cols[:, ::-1]", 1.0),
    ("abs(rows - cols)", 0.9),
    ("np.maximum(rows, cols)", 0.8),
    ("np.minimum(rows, cols)", 0.9),
    ("np.minimum(np.minimum(rows, rows[::-1]), np.minimum(cols, cols[:, ::-1]))", 1.0),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Let a sequence of the input run on over a canvas.

    Args:
        examples: Any; nothing is yielded for outputs of one colour, nor if all have their inputs' sizes.
    """
    if examples.same_size() or any(len(set(output.ravel().tolist())) < 2 for output in examples.outputs):
        return
    laws = [side_laws(examples, axis)[:MAX_LAWS] for axis in (0, 1)]
    if not all(laws):
        return
    steps = [
        (source, formula("colors, rows, cols", f"colors[({source}) % len(colors)]", cost)) for source, cost in STEPS
    ]
    for sequence in SEQUENCES:
        colors = values_of(sequence, examples.inputs)
        if colors is None or any(len(one) < 2 for one in colors):
            continue
        for height, width in itertools.product(*laws):
            places = [np.indices(size) for size in zip(height.sides, width.sides, strict=True)]
            rows, cols = [one[0] for one in places], [one[1] for one in places]
            for source, one in steps:
                if gives(one, examples.outputs, colors, rows, cols):
                    body = (
                        f"colors = {sequence.source}",
                        f"rows, cols = np.indices(({height.source}, {width.source}))",
                        f"return colors[({source}) % len(colors)]",
                    )
                    cost = sequence.cost + height.cost + width.cost + one.cost + 0.5
                    yield examples.draft(STAGE, body, cost)
