"""The tasks on which an experiment is measured, and apart from them what is right. Knows nothing of runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from arc_solver.datasets import load_challenges, load_named_challenges
from arc_solver.experiments.plan import HELD_OUT, MADE, Measure
from arc_solver.grids import Grid
from arc_solver.omni.made_questions import N_QUESTIONS, made_questions
from arc_solver.omni.splits import HELD_OUT_SEED, held_out_ids, split_ids
from arc_solver.tasks import Challenges, Task

TRAINING_SET = "arc1-train"


@dataclass(frozen=True, slots=True)
class MeasuredTasks:
    """What is asked in every run of an experiment.

    Attributes:
        challenges: All tasks together.
        groups: Name of a group -> its task ids.
        answers: Test outputs of tasks that were made; those of collected tasks are in their data set.
    """

    challenges: Challenges
    groups: Mapping[str, tuple[str, ...]]
    answers: Mapping[str, tuple[Grid, ...]] = field(default_factory=dict)


def measured_tasks(measure: Measure) -> MeasuredTasks:
    """The tasks that an experiment asks for.

    Raises:
        InputError: They cannot be read.
    """
    if measure.challenges is not None:
        challenges = load_challenges(measure.challenges)
        ids = challenges.order[: measure.n_tasks or None]
        return MeasuredTasks(_only(challenges, ids), {measure.challenges.stem: tuple(ids)})
    challenges = load_named_challenges(TRAINING_SET)
    held_out = held_out_ids(challenges.order)
    groups = {}
    made: tuple[Task, ...] = ()
    answers: dict[str, tuple[Grid, ...]] = {}
    for name in measure.tasks:
        if name == MADE:
            made, answers = _made(measure.n_tasks or N_QUESTIONS)
            groups[name] = tuple(task.task_id for task in made)
            continue
        ids = split_ids(challenges.order, HELD_OUT if name == HELD_OUT else "train", held_out)
        # A few tasks are a fair choice, and part of every larger one.
        shuffled = np.random.default_rng([HELD_OUT_SEED, 2]).permutation(ids).tolist()
        groups[name] = tuple(sorted(shuffled[: measure.n_tasks or None]))
    collected = _only(challenges, [task_id for ids in groups.values() for task_id in ids])
    tasks = (*collected.tasks, *made)
    return MeasuredTasks(Challenges(tasks, (), tuple(task.task_id for task in tasks)), groups, answers)


def _made(n: int) -> tuple[tuple[Task, ...], dict[str, tuple[Grid, ...]]]:
    questions = made_questions(n)
    tasks = tuple(Task(one.task_id, one.pairs[:-1], (one.pairs[-1].input,)) for one in questions)
    return tasks, {one.task_id: (one.pairs[-1].output,) for one in questions}


def _only(challenges: Challenges, ids: list[str] | tuple[str, ...]) -> Challenges:
    kept = set(ids)
    tasks = tuple(task for task in challenges.tasks if task.task_id in kept)
    return Challenges(tasks, (), tuple(task.task_id for task in tasks))
