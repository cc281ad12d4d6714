"""A tiny RE-ARC archive and tiny training tasks: no dataset is needed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from arc_solver.grids import as_grid
from arc_solver.omni.sources import PairTable, ReArc, TrainingTasks
from arc_solver.tasks import Pair

TASK_IDS = ("aaaaaaaa", "bbbbbbbb", "cccccccc")


def make_pairs(seed: int, n_pairs: int, max_side: int = 8) -> list[Pair]:
    """Random pairs whose output is the input upside down."""
    rng = np.random.default_rng(seed)
    inputs = [as_grid(rng.integers(0, 10, rng.integers(1, max_side + 1, 2))) for _ in range(n_pairs)]
    return [Pair(grid, as_grid(grid[::-1])) for grid in inputs]


@pytest.fixture(scope="session")
def re_arc_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("re_arc") / "re_arc.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("re_arc/README", "not a task")
        for seed, task_id in enumerate(TASK_IDS):
            examples = [{"input": pair.input.tolist(), "output": pair.output.tolist()} for pair in make_pairs(seed, 12)]
            archive.writestr(f"re_arc/tasks/{task_id}.json", json.dumps(examples))
    return path


@pytest.fixture
def re_arc(re_arc_path: Path) -> ReArc:
    return ReArc(re_arc_path)


@pytest.fixture
def training() -> TrainingTasks:
    return TrainingTasks({task_id: PairTable.from_pairs(make_pairs(9, 4)) for task_id in TASK_IDS})
