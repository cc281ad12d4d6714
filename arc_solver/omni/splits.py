"""Which ARC-AGI-1 training tasks may be trained on, and which decide.

100 of the 400 training tasks are held out by a seeded choice: no base model and no adapter is trained on them, and
constants are tuned on the rest and checked here. Knows nothing of what is made from the tasks.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from arc_solver.errors import InputError

N_TRAINING_TASKS = 400
N_HELD_OUT = 100
HELD_OUT_SEED = 37

LEAKING_IDS = frozenset({"40853293"})
"""A training task that shares a pair with an evaluation task. It is neither trained on nor held out."""

SPLITS = ("train", "held-out", "all")


def held_out_ids(training_ids: Iterable[str]) -> frozenset[str]:
    """The held-out tasks.

    Args:
        training_ids: The ids of all 400 ARC-AGI-1 training tasks, in any order.

    Raises:
        InputError: They are not 400, so the choice would be another one.
    """
    ordered = sorted(set(training_ids))
    if len(ordered) != N_TRAINING_TASKS:
        raise InputError(f"held-out tasks are chosen among {N_TRAINING_TASKS} training tasks, not {len(ordered)}")
    shuffled: list[str] = np.random.default_rng(HELD_OUT_SEED).permutation(ordered).tolist()
    return frozenset(shuffled[:N_HELD_OUT])


def split_ids(task_ids: Iterable[str], split: str, held_out: frozenset[str]) -> tuple[str, ...]:
    """The sorted ids of one split; leaking tasks are in none.

    Args:
        task_ids: The ids to choose from.
        split: `train`, `held-out` or `all`.
        held_out: `held_out_ids` of the whole training set.

    Raises:
        InputError: There is no such split.
    """
    if split not in SPLITS:
        raise InputError(f"no split is named {split!r}; known: {', '.join(SPLITS)}")
    every = frozenset(task_ids)
    chosen = {"train": every - held_out, "held-out": every & held_out, "all": every}[split]
    return tuple(sorted(chosen - LEAKING_IDS))
