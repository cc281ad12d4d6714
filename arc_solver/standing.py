"""A valid file from the first moment, before anything else is looked at that takes time or may be refused.

Each test input is its own answer: that takes no time, and the run's first write puts better fall-backs in its place. A
file that is there already and answers these tasks stands as it is. A run that is refused takes its own back, and
leaves what was there before. Knows nothing of runs and of votes.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from arc_solver.errors import InputError
from arc_solver.grids import to_lists
from arc_solver.submission import ATTEMPT_KEYS, Submission, load, validate, write_atomic
from arc_solver.tasks import Challenges

_NO_GRID = [[0]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands at the path of the submission.

    Attributes:
        path: Where.
        wrote: Whether it was written just now.
        before: What was there before that; None for nothing.
        problem: Why it could not be written; "" if nothing went wrong.
    """

    path: Path
    wrote: bool = False
    before: bytes | None = None
    problem: str = ""

    def take_back(self) -> None:
        """Leave the path as it was."""
        if self.wrote:
            with contextlib.suppress(OSError):
                if self.before is None:
                    self.path.unlink()
                else:
                    self.path.write_bytes(self.before)


def stand_by(challenges: Challenges, path: Path, *, resume: bool) -> Standing:
    """See to it that a valid submission stands.

    Args:
        challenges: The tasks.
        path: The submission.
        resume: Whatever is there belongs to a run that shall go on, and stands for now.
    """
    before = _read(path)
    if before is not None and (resume or _answers(path, challenges)):
        return Standing(path)
    try:
        write_atomic(path, first_answers(challenges))
    except OSError as error:
        return Standing(path, problem=f"cannot be written: {error.strerror or error}")
    return Standing(path, wrote=True, before=before)


def first_answers(challenges: Challenges) -> Submission:
    """A valid submission that knows nothing."""
    tasks = challenges.by_id()
    value: Submission = {}
    for task_id in challenges.order:
        grids = [_NO_GRID if given is None else to_lists(given) for given in tasks[task_id].test_inputs]
        value[task_id] = [dict.fromkeys(ATTEMPT_KEYS, grid) for grid in grids]
    return value


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _answers(path: Path, challenges: Challenges) -> bool:
    try:
        return not validate(load(path), challenges)
    except InputError:
        return False
