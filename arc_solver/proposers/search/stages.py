"""The story of one task: every solver on the task itself, then the enumerator, then what builds on its finds.

Knows the order of the stages and nothing of what they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arc_solver.budget import Deadline
from arc_solver.proposers.search.answers import color_answers, count_answers
from arc_solver.proposers.search.enumerate import Bank, Enumeration, enumerated_drafts
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.second_step import recolored, ruled
from arc_solver.proposers.search.solvers import CHEAP_SOLVERS, LIST_SOLVERS, cell_rules
from arc_solver.proposers.search.stability import stable_drafts
from arc_solver.proposers.search.stacking import layers, side_by_side
from arc_solver.tasks import Task

MAX_DRAFTS = 10
"""Of each stage: every draft is run twice in the sandbox."""
MAX_COST = 18.0
"""Dearer programs explain the pairs by heart: of 38 such first candidates on training tasks none was right."""


def find_drafts(task: Task, max_programs: int, deadline: Deadline) -> list[Draft]:
    """Every draft for a task, one for each source. Returns early, with what there is, once the deadline has passed.

    Args:
        task: The task.
        max_programs: Programs that the enumerator may evaluate.
        deadline: A cut-off only: what is found does not depend on it before it passes.
    """
    examples = Examples.of_task(task)
    bank = Enumeration(examples, max_programs, deadline).run()
    drafts: list[Draft] = []
    for stage in _stages(examples, bank):
        if deadline.passed():
            break
        drafts.extend(sorted(stage, key=_simplicity)[:MAX_DRAFTS])
    if not bank.fitting and not any(draft.stage == "cell_rules" for draft in drafts) and not deadline.passed():
        drafts.extend(sorted(ruled(examples, bank.values.get("grid", ())), key=_simplicity)[:MAX_DRAFTS])
    return _distinct([draft for draft in drafts if draft.cost <= MAX_COST])


def _stages(examples: Examples, bank: Bank) -> Iterator[Iterator[Draft]]:
    grids = bank.values.get("grid", ())
    lists = sorted((*bank.values.get("grids", ()), *bank.values.get("objects", ())), key=lambda value: value.cost)
    yield from (stable_drafts(solve, examples) for solve in CHEAP_SOLVERS.values())
    yield cell_rules.solve(examples)
    yield enumerated_drafts(examples, bank)
    yield from (solve(examples, lists) for solve in LIST_SOLVERS.values())
    yield recolored(examples, grids)
    yield side_by_side(examples, grids)
    yield layers(examples, grids)
    yield color_answers(examples, bank.values.get("color", ()))
    yield count_answers(examples, bank.values.get("count", ()))


def _simplicity(draft: Draft) -> tuple[float, str]:
    return draft.cost, draft.source


def _distinct(drafts: Sequence[Draft]) -> list[Draft]:
    """One draft for each source, the cheapest; in the order of their first appearance."""
    kept: dict[str, Draft] = {}
    for draft in drafts:
        if draft.source not in kept or draft.cost < kept[draft.source].cost:
            kept[draft.source] = draft
    return list(kept.values())
