"""Leave-one-pair-out: a program that its solver would not write without one of the pairs is doubtful.

Knows solvers only as functions from examples to drafts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from arc_solver.proposers.search.examples import Draft, Examples, Solver

UNSTABLE_COST = 1.0


def stable_drafts(solve: Solver, examples: Examples) -> Iterator[Draft]:
    """The solver's drafts, each dearer by `UNSTABLE_COST` for every pair without which it is not found again.

    Args:
        solve: A quick solver.
        examples: The task; with a single pair nothing can be left out.
    """
    drafts = list(solve(examples))
    if not drafts or examples.n_train < 2:
        yield from drafts
        return
    again = []
    for index in range(examples.n_train):
        examples.check_time()
        again.append({draft.source for draft in solve(examples.without(index))})
    for draft in drafts:
        n_missing = sum(draft.source not in sources for sources in again)
        yield replace(draft, cost=draft.cost + UNSTABLE_COST * n_missing)
