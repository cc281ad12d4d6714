"""Adapts a cell model to new tasks by training on their demonstrations, and answers their test inputs.

A new task's token starts as the mean of those that were trained. Then everything is trained on the demonstrations of
all new tasks together, in many views: it is the joint adaptation of the field notes (section 6). Knows nothing of
solutions and votes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from arc_solver.augment import View
from arc_solver.finetune.cells.decoding import Answer, answer
from arc_solver.finetune.cells.model import CellModel
from arc_solver.finetune.cells.sequences import prompt
from arc_solver.grids import Grid
from arc_solver.tasks import Pair


@torch.no_grad()
def reset_tasks(model: CellModel, numbers: Iterable[int], trained: Iterable[int]) -> None:
    """Let the tokens of some tasks be the mean of others', which were trained.

    Args:
        model: Changed.
        numbers: Tasks that begin anew.
        trained: Tasks that were trained.
    """
    rows = torch.tensor(sorted(trained), device=model.tasks.device) + 1
    model.tasks[torch.tensor(sorted(numbers), device=model.tasks.device) + 1] = model.tasks[rows].mean(0)


def views(n_views: int, seed: int) -> tuple[View, ...]:
    """The symmetries first, in their own colours, then random views."""
    rng = np.random.default_rng(seed)
    chosen = [View(symmetry) for symmetry in range(min(8, n_views))]
    while len(chosen) < n_views:
        colors = (0, *(1 + rng.permutation(9)).tolist())
        chosen.append(View(len(chosen) % 8, colors))
    return tuple(chosen)


def answer_in_views(
    model: CellModel,
    questions: Sequence[tuple[int, Sequence[Pair], Grid]],
    chosen: Sequence[View],
    *,
    batch_size: int = 512,
    max_tokens: int = 2048,
) -> list[list[Answer]]:
    """Answers to each question in each view, turned back.

    Args:
        model: Answers.
        questions: Task token, pairs to show before, and the input.
        chosen: Views.
        batch_size: Prompts that are answered together.
        max_tokens: Pairs are left out until prompt and an answer as large as the input fit.
    """
    prompts = []
    for token, context, given in questions:
        shown = list(context)
        while True:
            made = [prompt(token, view, shown, given) for view in chosen]
            if not shown or len(made[0]) + given.size + 3 <= max_tokens:
                break
            shown.pop()
        prompts += made
    found = answer(model, prompts, batch_size=batch_size)
    turned = [Answer(chosen[index % len(chosen)].invert(one.grid), one.logprob) for index, one in enumerate(found)]
    return [turned[start : start + len(chosen)] for start in range(0, len(turned), len(chosen))]
