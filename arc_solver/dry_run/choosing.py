"""The tasks on which a rehearsal measures: training tasks of all sizes. Knows nothing of runs."""

from __future__ import annotations

from arc_solver.datasets import find_kaggle_challenges, limited, load_challenges, load_named_challenges
from arc_solver.errors import InputError
from arc_solver.tasks import Challenges, Task

TRAINING_SET = "arc1-train"
TRAINING_NAME = "arc-agi_training_challenges.json"
"""As Kaggle calls it, beside the hidden test."""


def training_tasks() -> tuple[Challenges, str]:
    """Training tasks that are at hand, and where they come from.

    Raises:
        InputError: There are none.
    """
    test = find_kaggle_challenges()
    if test is not None and (beside := test.with_name(TRAINING_NAME)).is_file():
        return load_challenges(beside), str(beside)
    try:
        return load_named_challenges(TRAINING_SET), TRAINING_SET
    except InputError as error:
        raise InputError(
            f"no training tasks are at hand to measure on ({error}): name some with --challenges"
        ) from error


def n_cells(task: Task) -> int:
    """Cells of all inputs, which say how long a task takes."""
    return sum(pair.input.size for pair in task.train) + sum(grid.size for grid in task.test_inputs)


def spread(challenges: Challenges, n_tasks: int) -> Challenges:
    """Some tasks, of all sizes, in the file's order. Tasks that cannot be read are left out."""
    by_size = sorted(challenges.tasks, key=lambda task: (n_cells(task), task.task_id))
    n_chosen = min(n_tasks, len(by_size))
    kept = {by_size[(2 * place + 1) * len(by_size) // (2 * n_chosen)].task_id for place in range(n_chosen)}
    tasks = tuple(task for task in challenges.tasks if task.task_id in kept)
    return Challenges(tasks, (), tuple(task.task_id for task in tasks))


def first(challenges: Challenges, n_tasks: int) -> Challenges:
    """The first tasks of the file's order, those that cannot be read left out."""
    few = limited(challenges, n_tasks)
    return Challenges(few.tasks, (), tuple(task.task_id for task in few.tasks))
