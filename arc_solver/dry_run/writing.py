"""As many answers as the long run will have, voted on and written once, and timed: what its last write takes here.

The tasks of a trial are repeated under other names, with everything that was found for them. Knows nothing of runs.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from arc_solver.board import Board
from arc_solver.candidates import Candidate, Scored
from arc_solver.submission import SubmissionFile, build, largest_bytes, load, validate
from arc_solver.tasks import Challenges, Task

_ROOM = 2
"""As a run keeps it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What writing many answers took.

    Attributes:
        n_tasks: How many.
        vote_s: The votes on all tasks, processor time.
        write_s: The write, until the disk has it; the slower of two, the second of which replaces the first.
        n_bytes: Of the file.
        problem: What is wrong with the file, or why it could not be written; empty if it is valid.
    """

    n_tasks: int
    vote_s: float
    write_s: float
    n_bytes: int
    problem: str = ""


def repeated(challenges: Challenges, n_tasks: int) -> Challenges:
    """So many tasks, the given ones again and again under other names."""
    tasks = tuple(dataclasses.replace(task, task_id=name) for task, name in _names(challenges, n_tasks))
    return Challenges(tasks, (), tuple(task.task_id for task in tasks))


def write_many(
    challenges: Challenges,
    found: tuple[Candidate | Scored, ...],
    n_tasks: int,
    folder: Path,
    clock: Callable[[], float] = time.monotonic,
    cpu_clock: Callable[[], float] = time.process_time,
) -> Written:
    """Vote on so many tasks and write their answers into the folder, as the end of a run does.

    Args:
        challenges: Tasks that can be read, at least one.
        found: What is known of them.
        n_tasks: How many the long run has.
        folder: On the disk on which its answers will be.
        clock: Seconds, for the writes.
        cpu_clock: Seconds of processor time, for the votes.
    """
    many = repeated(challenges, n_tasks)
    board = Board(many)
    of_task: dict[str, list[Candidate | Scored]] = {}
    for one in found:
        of_task.setdefault(one.task_id, []).append(one)
    for task, name in _names(challenges, n_tasks):
        for one in of_task.get(task.task_id, ()):
            board.add(dataclasses.replace(one, task_id=name))
    began_s = cpu_clock()
    value = build(many, board.attempts())
    vote_s = cpu_clock() - began_s
    file = SubmissionFile(folder / "answers.json", _ROOM * largest_bytes(many), second_places=())
    taken = []
    try:
        for _ in range(2):
            began_s = clock()
            file.write(value)
            taken.append(clock() - began_s)
        if file.trouble or file.path is None:
            return Written(n_tasks, vote_s, max(taken), 0, f"the answers {file.trouble}")
        problems = validate(load(file.path), many)
        return Written(n_tasks, vote_s, max(taken), file.path.stat().st_size, problems[0] if problems else "")
    finally:
        file.close()


def _names(challenges: Challenges, n_tasks: int) -> Iterator[tuple[Task, str]]:
    for number in range(n_tasks):
        task = challenges.tasks[number % len(challenges.tasks)]
        yield task, f"{task.task_id}-{number // len(challenges.tasks)}"
