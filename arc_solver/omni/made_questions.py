"""Tasks that are made to be asked, not to learn from: a word of the DSL or two, on grids that no training reads.

Easier than any collected task, so that models that solve none of those differ here. Who learned single words knows the
words, but neither these inputs nor this choice of grids. Knows nothing of who asks.
"""

from __future__ import annotations

import numpy as np

from arc_solver.dsl.registry import PRIMITIVES, Grid
from arc_solver.omni.inputs import GeneratedInputs, TaskInputs
from arc_solver.omni.made_tasks import InputMix, MadeTask, digest
from arc_solver.omni.primitive_tasks import primitive_task, teachable_primitives
from arc_solver.omni.sources import TrainingTasks
from arc_solver.omni.splits import HELD_OUT_SEED, held_out_ids, split_ids

N_QUESTIONS = 200
MAX_CELLS = 100
MAX_LINES = 2
"""Of a program, its first line not counted."""
N_PAIRS = 4
"""The last one is asked."""


def made_questions(n: int = N_QUESTIONS) -> tuple[MadeTask, ...]:
    """The first `n` of them, always the same, no program twice.

    Inputs are those of held-out training tasks in any view, or generated.

    Raises:
        InputError: The training set is not installed.
    """
    training = TrainingTasks()
    ids = split_ids(training.task_ids(), "held-out", held_out_ids(training.task_ids()))
    collected = TaskInputs(training, ids, max_cells=MAX_CELLS)
    inputs = InputMix([(collected, 1.0), (GeneratedInputs(max_cells=MAX_CELLS), 1.0)])
    words = [word for word in teachable_primitives() if _makes_grids_of_grids(word)]
    rng = np.random.default_rng([HELD_OUT_SEED, 3])
    found: dict[str, MadeTask] = {}
    while len(found) < n:
        drawn = inputs.draw(rng, N_PAIRS)
        made = None if drawn is None else primitive_task(rng, words[int(rng.integers(len(words)))], drawn[1].grids)
        if drawn is None or made is None or len(made.pairs) < N_PAIRS or made.source.count("\n") > MAX_LINES + 1:
            continue
        asked = made.pairs[N_PAIRS - 1]
        if not np.array_equal(asked.input, asked.output):
            name = f"made-{digest(made.source)}"
            found.setdefault(name, MadeTask(name, made.source, made.pairs[:N_PAIRS], drawn[0]))
    return tuple(found.values())


def _makes_grids_of_grids(word: str) -> bool:
    primitive = PRIMITIVES[word]
    return bool(primitive.result_type == Grid and primitive.argument_types[0] == Grid)
