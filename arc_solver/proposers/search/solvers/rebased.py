"""The other solvers once more, after a first cut or clean-up of the whole grid.

Knows simple first steps; nothing of what the solvers do with the result.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples, Solver
from arc_solver.proposers.search.solvers import blocks, growth, overlays, recolor, summaries, tiling
from arc_solver.proposers.search.solvers.formulas import formulas, grids_of
from arc_solver.proposers.search.values import signature

STAGE = "rebased"
MAX_COST = 8.0
MAX_TABLE_COST = 3.0
N_ENOUGH = 6

BASES = formulas(
    "grid",
    (
        ("crop_to_content(grid)", 0.8),
        ("trim_border(grid)", 0.8),
        ("compress(grid)", 0.8),
        ("remove_solid_lines(grid)", 0.8),
        ("remove_empty_lines(grid)", 0.8),
        ("denoise(grid)", 1.0),
        ("crop_to_content(remove_color(grid, least_common_color(grid)))", 1.6),
        ("crop_to_content(remove_color(grid, most_common_color(grid)))", 1.6),
        ("remove_color(grid, least_common_color(grid))", 1.3),
        ("remove_color(grid, most_common_color(grid))", 1.3),
        ("replace_color(grid, dominant_color(grid), 0)", 1.2),
        ("crop_object(grid, largest_object(find_objects(grid, True, True)))", 1.2),
        ("crop_object(grid, smallest_object(find_objects(grid, True, True)))", 1.4),
        ("crop_object(grid, largest_object(find_objects(grid)))", 1.3),
        ("trim_border(crop_object(grid, largest_object(find_objects(grid))))", 1.6),
        ("crop_object(grid, largest_rectangle(grid, dominant_color(grid)))", 1.6),
        ("grid[::2, ::2]", 1.0),
        ("grid[1::2, 1::2]", 1.0),
        ("grid[[i for i in range(len(grid)) if i == 0 or (grid[i] != grid[i - 1]).any()]]", 1.4),
        ("grid[:, [i for i in range(grid.shape[1]) if i == 0 or (grid[:, i] != grid[:, i - 1]).any()]]", 1.4),
        ("top_half(grid)", 1.0),
        ("bottom_half(grid)", 1.0),
        ("left_half(grid)", 1.0),
        ("right_half(grid)", 1.0),
    ),
)
SOLVERS: tuple[Solver, ...] = (
    tiling.solve,
    overlays.solve_simply,
    summaries.solve_simply,
    blocks.solve,
    growth.solve_simply,
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Cut or clean the grid first, then let other solvers explain the rest.

    Args:
        examples: Any; nothing is yielded if all outputs have their inputs' sizes.
    """
    if examples.same_size():
        return
    seen = {signature("grids", examples.inputs)}
    n_found = 0
    for base in BASES:
        grids = grids_of(base, examples.inputs)
        if grids is None or (key := signature("grids", grids)) in seen:
            continue
        seen.add(key)
        if any(np.array_equal(a, b) for a, b in zip(grids, examples.train_inputs, strict=False)):
            # A first step that does nothing for a pair is not borne out by it.
            continue
        rest = examples.after((f"grid = {base.source}",), tuple(grids), base.cost + 0.5)
        for draft in _explained(rest):
            yield Draft(STAGE, draft.body, draft.cost)
            n_found += 1
        if n_found >= N_ENOUGH:
            return


def _explained(rest: Examples) -> Iterator[Draft]:
    for draft in recolor.solve(rest):
        if draft.cost <= rest.prefix_cost + MAX_TABLE_COST:
            yield draft
    for solve_rest in SOLVERS:
        for draft in solve_rest(rest):
            if draft.cost <= MAX_COST:
                yield draft
