"""Which wrong programs are asked for again, and what is told about each. Knows nothing of prompts' words or engines."""

from __future__ import annotations

from collections.abc import Sequence

from arc_solver.grids import grids_equal
from arc_solver.prompts.build import Mistake
from arc_solver.prompts.encoders import FENCE
from arc_solver.proposers.induction.records import Draft
from arc_solver.sandbox.screening import Screened
from arc_solver.sandbox.verdicts import Failed, InvalidOutput, OutOfMemory, Raised, SyntaxInvalid, TimedOut

Wrong = tuple[Draft, Screened]
"""A program that is wrong on a training pair, and what it did."""


def can_be_mended(draft: Draft, known: Screened) -> bool:
    """Whether a program is wrong on a training pair in a way that can be told."""
    if known.is_duplicate or known.passes_all or FENCE in draft.source:
        return False
    return known.n_missed > 0 or (known.failure is not None and _words(known.failure) is not None)


def most_promising(wrong: Sequence[Wrong], most: int) -> list[Wrong]:
    """Those that pass most training pairs; of equals first those that gave a grid, then those asked for first."""

    def key(item: Wrong) -> tuple[int, bool, int]:
        draft, known = item
        return -known.n_passed, known.failure is not None, draft.question.number

    return sorted(wrong, key=key)[:most]


def first_mistake(draft: Draft, known: Screened) -> Mistake:
    """The first training pair that a program is wrong on, as it saw it, and what it did there.

    Args:
        draft: The program.
        known: What it did; `can_be_mended` is true of it.
    """
    pairs = [draft.view.apply_pair(pair) for pair in draft.question.task.train]
    for pair, output in zip(pairs, known.outputs, strict=False):
        if not grids_equal(output, pair.output):
            return Mistake(pair, output)
    if known.failure is None or len(known.outputs) >= len(pairs):
        raise ValueError("the program made no mistake")
    return Mistake(pairs[len(known.outputs)], _words(known.failure) or known.failure.reason)


def _words(failure: Failed) -> str | None:
    """A failure for whoever wrote the program; None where the source is not to blame, or was too long to be shown."""
    match failure:
        case SyntaxInvalid():
            return "it is not valid Python with a function `task`"
        case Raised(kind=kind):
            return f"it raised {kind}"
        case InvalidOutput(why=why):
            return f"what it returned is not a grid ({why})"
        case TimedOut():
            return "it took too long"
        case OutOfMemory():
            return "it took too much memory"
        case _:
            return None
