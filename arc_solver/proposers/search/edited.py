"""Outputs of another size whose first step gives the size: a part is cut out or the whole is enlarged, then edited.

The solvers of same-size tasks find the edit. Knows which first steps are near enough to be worth it; nothing of edits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples, Solver
from arc_solver.proposers.search.solvers.crops import crops
from arc_solver.proposers.search.solvers.growth import enlarged
from arc_solver.proposers.search.stability import stable_drafts

STAGE = "edited"
MAX_CUTS, MAX_ENLARGED = 2, 1
MAX_WRONG = 0.5
MAX_COST = 9.0
STEP_COST = 0.3


def edited(examples: Examples, solvers: Mapping[str, Solver]) -> Iterator[Draft]:
    """Give the grid its size first, then let solvers of same-size tasks explain the rest.

    Args:
        examples: Any; nothing is yielded if all outputs have their inputs' sizes.
        solvers: The solvers to ask, by name.
    """
    for rest, solve in itertools.product(_rests(examples), solvers.values()):
        rest.check_time()
        for draft in stable_drafts(solve, rest):
            if draft.cost <= MAX_COST:
                yield replace(draft, stage=STAGE)


def _rests(examples: Examples) -> list[Examples]:
    """What remains to be done after the simplest first steps that give most cells of the outputs."""
    if examples.same_size():
        return []
    cuts = (
        examples.after((*crop.statements, f"grid = {crop.source}"), crop.grids, crop.cost + STEP_COST)
        for crop in crops(examples)
    )
    near_cuts = itertools.islice((rest for rest in cuts if _is_near(rest)), MAX_CUTS)
    near_enlarged = itertools.islice((rest for rest in enlarged(examples) if _is_near(rest)), MAX_ENLARGED)
    return [*near_cuts, *near_enlarged]


def _is_near(rest: Examples) -> bool:
    """True if sizes are right, and something but not most of it is wrong."""
    if not rest.same_size():
        return False
    n_wrong = sum(int(np.count_nonzero(a != b)) for a, b in zip(rest.train_inputs, rest.outputs, strict=True))
    return 0 < n_wrong <= MAX_WRONG * sum(output.size for output in rest.outputs)
