"""Which programs to keep, and in what order: fewest doubts first.

Reads what the sandbox returned; knows nothing of how programs were found.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from arc_solver.grids import Grid, grid_key, grids_equal
from arc_solver.proposers.search.examples import Draft
from arc_solver.sandbox.verdicts import Failed, Verdict
from arc_solver.tasks import Task

MAX_FITTING = 8
MAX_PARTIAL = 2
# Derivations that agree on the test outputs are worth something, each further one less.
AGREEMENT_BONUS = 1.0
UNCHANGED_PENALTY = 6.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A program that ran, with what the ranking needs.

    Attributes:
        draft: The program.
        outputs: test_index -> grid, for the test inputs that it managed.
        n_train_passed: Training pairs that it reproduces.
        n_wrong_cells: Wrong cells over all training pairs, None where a size is wrong or an output is missing.
        cost: The draft's cost, corrected for agreement.
    """

    draft: Draft
    outputs: Mapping[int, Grid]
    n_train_passed: int
    n_wrong_cells: int | None
    cost: float


def judge(task: Task, draft: Draft, verdict: Verdict) -> Ranked | None:
    """Compare what a program returned with the training pairs; None if it answers no test input."""
    n_train = len(task.train)
    returned = verdict.outputs
    outputs = dict(enumerate(returned[n_train:]))
    if not outputs:
        return None
    n_passed, n_wrong = 0, 0
    same_size = True
    for pair, grid in zip(task.train, returned, strict=False):
        n_passed += grids_equal(pair.output, grid)
        same_size = same_size and pair.output.shape == grid.shape
        if same_size:
            n_wrong += int(np.count_nonzero(pair.output != grid))
    cost = draft.cost + (UNCHANGED_PENALTY if _repeats_input(task, outputs) else 0.0)
    if isinstance(verdict, Failed):
        cost += UNCHANGED_PENALTY
    return Ranked(draft, outputs, n_passed, n_wrong if same_size else None, cost)


def choose(task: Task, judged: Sequence[Ranked]) -> list[Ranked]:
    """The fitting programs, cheapest first, then the best partial fits; every one with test outputs of its own.

    Args:
        task: The task.
        judged: All programs that ran.

    Returns:
        At most `MAX_FITTING` that pass every pair, then at most `MAX_PARTIAL` that do not.
    """
    n_train = len(task.train)
    fitting = [one for one in judged if one.n_train_passed == n_train]
    partial = [one for one in judged if one.n_train_passed < n_train and one.n_wrong_cells is not None]
    chosen = _distinct(fitting)[:MAX_FITTING]
    seen = {_outputs_key(one) for one in chosen}
    fallbacks: list[Ranked] = []
    for one in sorted(partial, key=_doubt):
        if len(fallbacks) < MAX_PARTIAL and _outputs_key(one) not in seen:
            seen.add(_outputs_key(one))
            fallbacks.append(one)
    return chosen + fallbacks


def _doubt(partial: Ranked) -> tuple[int, int, float, str]:
    return -partial.n_train_passed, partial.n_wrong_cells or 0, partial.cost, partial.draft.source


def _distinct(fitting: Sequence[Ranked]) -> list[Ranked]:
    groups: dict[tuple[tuple[int, bytes], ...], list[Ranked]] = {}
    for one in fitting:
        groups.setdefault(_outputs_key(one), []).append(one)
    kept = []
    for group in groups.values():
        best = min(group, key=lambda one: (one.cost, one.draft.source))
        n_stages = len({one.draft.stage for one in group})
        cost = max(0.0, best.cost - AGREEMENT_BONUS * math.log2(n_stages))
        kept.append(Ranked(best.draft, best.outputs, best.n_train_passed, best.n_wrong_cells, cost))
    return sorted(kept, key=lambda one: (one.cost, one.draft.source))


def _repeats_input(task: Task, outputs: Mapping[int, Grid]) -> bool:
    if any(grids_equal(pair.input, pair.output) for pair in task.train):
        return False
    return any(grids_equal(task.test_inputs[index], grid) for index, grid in outputs.items())


def _outputs_key(one: Ranked) -> tuple[tuple[int, bytes], ...]:
    return tuple((index, grid_key(grid)) for index, grid in sorted(one.outputs.items()))
