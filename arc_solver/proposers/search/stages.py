"""The story of one task: every solver on the task itself, then the enumerator.

Knows the order of the stages and nothing of what they do.
"""

from __future__ import annotations

from collections.abc import Sequence

from arc_solver.budget import Deadline
from arc_solver.proposers.search.enumerate import Enumeration, enumerated_drafts
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers import LIST_SOLVERS, SOLVERS
from arc_solver.tasks import Task


def find_drafts(task: Task, max_programs: int, deadline: Deadline) -> list[Draft]:
    """Every draft for a task, one for each source. Returns early, with what there is, once the deadline has passed."""
    examples = Examples.of_task(task)
    drafts: list[Draft] = []
    for solve in SOLVERS.values():
        if deadline.passed():
            break
        drafts.extend(solve(examples))
    bank = Enumeration(examples, max_programs, deadline).run()
    drafts.extend(enumerated_drafts(examples, bank))
    lists = sorted((*bank.values.get("grids", ()), *bank.values.get("objects", ())), key=lambda value: value.cost)
    for solve_lists in LIST_SOLVERS.values():
        if deadline.passed():
            break
        drafts.extend(solve_lists(examples, lists))
    return _distinct(drafts)


def _distinct(drafts: Sequence[Draft]) -> list[Draft]:
    """One draft for each source, the cheapest; in the order of their first appearance."""
    kept: dict[str, Draft] = {}
    for draft in drafts:
        if draft.source not in kept or draft.cost < kept[draft.source].cost:
            kept[draft.source] = draft
    return list(kept.values())
