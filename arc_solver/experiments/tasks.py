"""The tasks on which an experiment is measured, without their answers. Knows nothing of runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from arc_solver.datasets import load_challenges, load_named_challenges
from arc_solver.experiments.plan import HELD_OUT, Measure
from arc_solver.omni.splits import HELD_OUT_SEED, held_out_ids, split_ids
from arc_solver.tasks import Challenges

TRAINING_SET = "arc1-train"


@dataclass(frozen=True, slots=True)
class MeasuredTasks:
    """What is asked in every run of an experiment.

    Attributes:
        challenges: All tasks together.
        groups: Name of a group -> its task ids.
    """

    challenges: Challenges
    groups: Mapping[str, tuple[str, ...]]


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
    for name in measure.tasks:
        ids = split_ids(challenges.order, HELD_OUT if name == HELD_OUT else "train", held_out)
        # A few tasks are a fair choice, and part of every larger one.
        shuffled = np.random.default_rng([HELD_OUT_SEED, 2]).permutation(ids).tolist()
        groups[name] = tuple(sorted(shuffled[: measure.n_tasks or None]))
    return MeasuredTasks(_only(challenges, [task_id for ids in groups.values() for task_id in ids]), groups)


def _only(challenges: Challenges, ids: list[str] | tuple[str, ...]) -> Challenges:
    kept = set(ids)
    tasks = tuple(task for task in challenges.tasks if task.task_id in kept)
    return Challenges(tasks, (), tuple(task.task_id for task in tasks))
