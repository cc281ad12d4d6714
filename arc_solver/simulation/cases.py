"""Tasks as only a simulation knows them: what each step would cost and when it would solve them.

Passes of the search and views of the cell model are those of recorded held-out training tasks, drawn with repetition.
What a text model would do was never recorded: each task draws its chance a sample from a beta distribution whose
numbers are themselves drawn around those that the allocation believes in, so that it is never quite right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from arc_solver.allocation.records import Step, TaskRecord
from arc_solver.allocation.sampling import DIFFICULTY, EASE, sample_cost

PASSING_TO_END = 4
"""Samples that pass until the induction asks no more, as its settings have it."""
_LEAST_CHANCE = 1e-12
_WRONG_BY = 2.0
"""The truth lies within this factor of what is believed."""


_FITS = frozenset(("fits cheaply", "fits", "fits dearly"))
"""What a pass of the search is known by when a program fits already."""


@dataclass(frozen=True, slots=True)
class Case:
    """One task.

    Attributes:
        name: Its id in the simulation.
        n_cells: Cells of its inputs.
        search: Passes of the search.
        views: Views of the cell model; empty where none were recorded.
        sample_tokens: What one sample of a text model costs, in output tokens.
        solved_by: Proposer -> samples of the text model until it is solved; infinite if never.
        ended_by: Samples of the induction until so many pass that nothing more is asked.
    """

    name: str
    n_cells: int
    search: tuple[Step, ...]
    views: tuple[Step, ...]
    sample_tokens: float
    solved_by: Mapping[str, float]
    ended_by: float

    def fits_after(self, n_passes: int) -> bool:
        """Whether some program fits all pairs after so many passes, as the board would tell."""
        if not n_passes:
            return False
        if n_passes < len(self.search):
            return not _FITS.isdisjoint(self.search[n_passes].features)
        # What the last pass left was not recorded: taken for what it solved.
        return self.search[-1].ended or self.search[-1].solved


def draw_cases(records: Sequence[TaskRecord], n_tasks: int, rng: np.random.Generator) -> tuple[Case, ...]:
    """Draw tasks from recorded ones.

    Args:
        records: With passes of the search; views of the cell model where the CPU answers.
        n_tasks: How many.
        rng: Source of randomness.
    """
    ease, difficulty = (belief * _WRONG_BY ** rng.uniform(-1, 1) for belief in (EASE, DIFFICULTY))
    chances = rng.beta(ease, difficulty, n_tasks)
    chosen = rng.integers(len(records), size=n_tasks)
    cases = []
    for index in range(n_tasks):
        record = records[chosen[index]]
        waits = rng.geometric(max(float(chances[index]), _LEAST_CHANCE), PASSING_TO_END + 1).astype(float)
        solved_by = {"induction": float(waits[0]), "transduction": float(waits[-1]), "cells": float(waits[-1])}
        tokens = sample_cost(record.n_cells)
        steps = record.steps
        cases.append(
            Case(
                f"case {index}",
                record.n_cells,
                steps["search"],
                steps.get("views", ()),
                tokens,
                solved_by,
                float(waits[:-1].sum()),
            )
        )
    return tuple(cases)
