"""What became of a task, in one word for people: the groups by which a page shows and filters its tasks.

Knows nothing of pages; the figures of a run are `evaluation`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arc_solver.evaluation import TaskScore
from arc_solver.grids import Grid

NEAR_SHARE = 0.95
"""From this share of right cells on a wrong answer of the right size is a near miss."""


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of outcome.

    Attributes:
        key: Its name in data and addresses.
        label: Its name for people.
        mark: A character that tells it apart without colour.
        tone: The colour it is drawn in, by its name in the page's style.
        about: What it means.
    """

    key: str
    label: str
    mark: str
    tone: str
    about: str

    def to_json(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}


FIRST = Group("first", "Solved at once", "✓", "right", "every output is right at the first attempt")
SECOND = Group("second", "Solved by attempt 2", "2", "second", "every output is right, not all at the first attempt")
PARTLY = Group("partly", "Partly right", "½", "partly", "some outputs are right, others are not")
NEAR = Group(
    "near",
    "Near miss",
    "≈",
    "near",
    f"the right answer was found but not chosen, or at least {NEAR_SHARE:.0%} of an answer's cells are right",
)
WRONG = Group("wrong", "Wrong", "×", "wrong", "no output is right")
MALFORMED = Group("malformed", "Malformed", "!", "broken", "the task could not be read")

FITTED = Group("fitted", "A program fits", "✓", "right", "a program that reproduces every training pair answers it")
GUESSED = Group("guessed", "Guessed", "≈", "near", "votes, or a program that fits some training pairs, answer it")
UNFOUND = Group(
    "fallback", "Fall-back", "–", "wrong", "nothing was found: the closest simple transformation answers it"
)
ANSWERED = Group("answered", "Answered", "•", "second", "it has an answer, and nothing tells why this one")
EMPTY = Group("empty", "Not answered", "–", "wrong", "the submission has no answer")
UNKNOWN = Group("unknown", "Not known", "?", "wrong", "there is no right answer to compare with")

SCORED = (FIRST, SECOND, PARTLY, NEAR, WRONG, MALFORMED, UNKNOWN)
UNSCORED = (FITTED, GUESSED, ANSWERED, UNFOUND, EMPTY, MALFORMED)


def outcome(
    score: TaskScore, truth: Sequence[Grid], attempts: Sequence[Sequence[Grid | None]], *, malformed: bool = False
) -> Group:
    """The group of a task whose right answers are known.

    Args:
        score: Which attempts are right.
        truth: The right answer of each test input.
        attempts: The proposers' attempts at each, to see how near they came; None for a fall-back or no answer.
        malformed: Whether the task could not be read.
    """
    if score.solved:
        return FIRST if all(which == 1 for which in score.correct) else SECOND
    if any(score.correct):
        return PARTLY
    if malformed:
        return MALFORMED
    if any(score.proposed) or any(map(_is_near, truth, attempts)):
        return NEAR
    return WRONG


def share_right(grid: Grid, true: Grid) -> float:
    """The share of right cells, 0 for a wrong size."""
    return float(np.count_nonzero(grid == true)) / true.size if grid.shape == true.shape else 0.0


def _is_near(true: Grid, attempts: Sequence[Grid | None]) -> bool:
    return any(grid is not None and share_right(grid, true) >= NEAR_SHARE for grid in attempts)
