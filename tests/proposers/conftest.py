"""Tasks, and a reader of the `brief` prompts, for scripted answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from arc_solver.grids import Grid, as_grid, frozen
from arc_solver.prompts.encoders import ENCODERS, Unparsed
from arc_solver.tasks import Pair, Task


def make_task(task_id: str, rule: Callable[[Grid], Grid], n_pairs: int = 3, n_test: int = 2, seed: int = 0) -> Task:
    """A task with random inputs of many shapes, whose outputs follow `rule`."""
    rng = np.random.default_rng([seed, *task_id.encode()])

    def grid() -> Grid:
        return frozen(rng.integers(0, 10, size=rng.integers(1, 7, size=2)))

    inputs = [grid() for _ in range(n_pairs)]
    return Task(task_id, tuple(Pair(i, as_grid(rule(i))) for i in inputs), tuple(grid() for _ in range(n_test)))


def grids_of(prompt: str) -> list[Grid]:
    """All grids of a prompt, in order."""
    blocks = ["```grid" + part for part in prompt.split("```grid")[1:]]
    grids = []
    for block in blocks:
        grid = ENCODERS["numbered"].parse(block[: block.index("\n```") + len("\n```")])
        assert not isinstance(grid, Unparsed)
        grids.append(grid)
    return grids


@pytest.fixture
def read_prompt() -> Callable[[str], list[Grid]]:
    return grids_of


@pytest.fixture
def new_task() -> Callable[..., Task]:
    return make_task
