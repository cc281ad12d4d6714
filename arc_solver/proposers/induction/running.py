"""Programs through the sandbox: each is run as far as it deserves, and what will be used is confirmed.

Knows nothing of prompts, engines, or when to stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arc_solver.budget import Deadline
from arc_solver.proposers.induction.records import Draft, TaskRecord
from arc_solver.proposers.induction.settings import InductionSettings
from arc_solver.sandbox.screening import Runner, Screened, confirm, resume, screen

DUPLICATE = "program: duplicate"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a program.

    Attributes:
        draft: The program.
        known: What it did.
        refusal: Why it is not worth keeping, or None.
    """

    draft: Draft
    known: Screened
    refusal: str | None


class ProgramRunner:
    """Runs drafts of any tasks together.

    Args:
        sandbox: Runs the programs.
        settings: What is kept.
        records: Of every task, by its id.
    """

    def __init__(self, sandbox: Runner, settings: InductionSettings, records: dict[str, TaskRecord]) -> None:
        self._sandbox = sandbox
        self._settings = settings
        self._records = records

    def run(self, drafts: Sequence[Draft], deadline: Deadline) -> list[Outcome]:
        """Screen the programs and confirm those that are worth keeping: an outcome for each draft, in order."""
        owners = [self._records[draft.question.task.task_id] for draft in drafts]
        found = self._screened(drafts, owners, deadline)
        refusals = [
            self._refusal(draft, known, record) for draft, known, record in zip(drafts, found, owners, strict=True)
        ]
        kept = [index for index, refusal in enumerate(refusals) if refusal is None]
        asked = [(owners[index].programs(drafts[index]), found[index]) for index in kept]
        for index, known in zip(kept, confirm(self._sandbox, asked, deadline), strict=True):
            found[index] = known
            refusals[index] = _uselessness(known)
        return [Outcome(*each) for each in zip(drafts, found, refusals, strict=True)]

    def _screened(self, drafts: Sequence[Draft], owners: Sequence[TaskRecord], deadline: Deadline) -> list[Screened]:
        """Run programs as far as they deserve; partial ones on the test inputs only where they may be kept."""
        pairs = [(record.programs(draft), draft.source) for record, draft in zip(owners, drafts, strict=True)]
        found = screen(self._sandbox, pairs, deadline, self._settings.stop_at_miss)
        partial = [
            index
            for index, (known, record) in enumerate(zip(found, owners, strict=True))
            if known.is_partial
            and not known.is_duplicate
            and record.may_keep_partial(known, self._settings.max_partial)
        ]
        resumed = resume(self._sandbox, [(pairs[index][0], found[index]) for index in partial], deadline)
        for index, known in zip(partial, resumed, strict=True):
            found[index] = known
        return found

    def _refusal(self, draft: Draft, known: Screened, record: TaskRecord) -> str | None:
        """Why a program is not worth keeping, or None; counts the partial ones that are."""
        if known.is_duplicate:
            return DUPLICATE
        may_be_kept = record.may_keep_partial(known, self._settings.max_partial)
        if known.is_partial and known.failure is None and not may_be_kept:
            return "program: partial, not better"
        useless = _uselessness(known)
        if useless is not None:
            return useless
        if not record.does_something_new(draft, known):
            return DUPLICATE
        if known.is_partial:
            record.keep_partial(known)
        return None


def _uselessness(known: Screened) -> str | None:
    """Why a program says nothing about the test inputs, or None."""
    if known.failure is not None and not known.answers:
        return known.failure.reason
    if known.n_passed == 0:
        which = "the first" if len(known.outputs) < known.n_train else "every"
        return f"program: wrong on {which} training pair"
    return None if known.answers else "program: no test output"
