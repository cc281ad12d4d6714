"""What the search knows of a task before its next pass, in the words in which `allocation` estimates chances.

Depends on the work done, never on the time that it took. Knows nothing of what chances are made of.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from arc_solver.allocation import Chances, Prospect
from arc_solver.proposers.search.analysis import Analysis
from arc_solver.proposers.search.ranking import Ranked
from arc_solver.proposers.search.settings import QUICK_PROGRAMS, THOROUGH_PROGRAMS, SearchSettings
from arc_solver.tasks import Task

RECORDED_PROGRAMS = (QUICK_PROGRAMS, THOROUGH_PROGRAMS, 64_000)
"""Of the passes from which chances were learned."""
CHEAP, DEAR = 6.0, 12.0
"""Costs of fitting programs: below the first nearly all are right, above the second few (docs/log.md)."""
NEAR = 0.05
"""Share of wrong cells up to which a program nearly fits."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a task's passes came to.

    Attributes:
        cost: Of the best program that reproduces every training pair; None where none does.
        n_train_passed: Pairs that the best other program reproduces.
        wrong_share: Wrong cells of the best of those that have the right sizes; 1.0 where none has.
    """

    cost: float | None = None
    n_train_passed: int = 0
    wrong_share: float = 1.0

    def features(self) -> tuple[str, ...]:
        """What holds, for the estimate."""
        if self.cost is not None:
            return ("fits cheaply" if self.cost <= CHEAP else "fits" if self.cost <= DEAR else "fits dearly",)
        if self.n_train_passed:
            return ("fits some pairs",)
        return ("fits nearly" if self.wrong_share <= NEAR else "fits nowhere",)


def progress_of(task: Task, judged: Sequence[Ranked], cost: float) -> Progress:
    """What programs that ran come to, given the cost of the best that fits (infinite without one)."""
    n_train = len(task.train)
    partial = [one for one in judged if one.n_train_passed < n_train and one.n_wrong_cells is not None]
    n_cells = sum(pair.output.size for pair in task.train)
    n_wrong = min((one.n_wrong_cells or 0 for one in partial), default=n_cells)
    n_passed = max((one.n_train_passed for one in partial), default=0)
    return Progress(cost if math.isfinite(cost) else None, n_passed, n_wrong / n_cells)


def prospect_of(index: int, budget: int, n_cells: int, analysis: Analysis, progress: Progress | None) -> Prospect:
    """The pass `index` of a task, of so many programs; `progress` is None before the first one."""
    features: tuple[str, ...] = (f"size {analysis.size_law}", f"edit {analysis.edit}")
    if progress is not None:
        features += progress.features()
    return prospect_at(index, budget, n_cells, features)


def expected_seconds(task: Task, settings: SearchSettings, chances: Chances) -> float:
    """What searching a task takes, as far as its size tells."""
    n_cells = sum(pair.input.size for pair in task.train) + sum(grid.size for grid in task.test_inputs)
    return expected_seconds_of(n_cells, settings, chances)


def expected_seconds_of(n_cells: int, settings: SearchSettings, chances: Chances) -> float:
    """What searching a task takes whose inputs have so many cells."""
    steps = [prospect_at(index, budget, n_cells, ()) for index, budget in enumerate(settings.budgets())]
    return chances.expected_seconds(steps)


def prospect_at(index: int, budget: int, n_cells: int, features: tuple[str, ...]) -> Prospect:
    """The pass `index` of a task with these features."""
    last = len(RECORDED_PROGRAMS) - 1
    # The first two passes ask solvers too, later ones hardly do more than enumerate.
    amount = budget / RECORDED_PROGRAMS[last] if index >= last else 1.0
    return Prospect(f"search {min(index, last)}", n_cells, features, amount)
