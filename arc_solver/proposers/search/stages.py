"""The story of one task: every solver on the task itself, then the enumerator.

Knows the order of the stages and nothing of what they do.
"""

from __future__ import annotations

from arc_solver.budget import Deadline
from arc_solver.proposers.search.enumerate import Enumeration, enumerated_drafts
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers import SOLVERS
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
    return list({draft.source: draft for draft in drafts}.values())
