"""How the tasks of a run are dealt to its search lanes."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.allocation import load_chances
from arc_solver.config import EngineSettings, RunConfig
from arc_solver.grids import as_grid
from arc_solver.lanes.planning import plan_lanes, with_threads
from arc_solver.proposers.search.prospects import expected_seconds
from arc_solver.tasks import Challenges, Pair, Task


def square(task_id: str, side: int) -> Task:
    grid = as_grid(np.zeros((side, side), dtype=int).tolist())
    return Task(task_id, (Pair(grid, grid),), (grid,))


def test_a_lane_with_large_grids_gets_fewer_tasks() -> None:
    # Every other task is large: dealt by turns, one lane would get them all.
    tasks = tuple(square(f"task{index}", 30 if index % 2 else 2) for index in range(12))
    config = RunConfig(60.0, ("search",), n_search_lanes=2)
    challenges = Challenges(tasks, (), tuple(task.task_id for task in tasks))
    lanes = plan_lanes(challenges, config)
    chances = load_chances()
    loads = [sum(expected_seconds(task, config.search, chances) for task in dealt) for _, _, dealt in lanes]
    by_turns = [sum(expected_seconds(task, config.search, chances) for task in tasks[lane::2]) for lane in range(2)]
    assert max(loads) - min(loads) < 0.2 * (max(by_turns) - min(by_turns))
    assert sorted(task.task_id for _, _, dealt in lanes for task in dealt) == sorted(task.task_id for task in tasks)
    assert plan_lanes(challenges, config) == lanes


def test_a_model_gets_every_core_where_the_search_is_through_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    tasks = tuple(square(f"task{index}", 10) for index in range(4))
    challenges = Challenges(tasks, (), tuple(task.task_id for task in tasks))
    assert with_threads(challenges, RunConfig(3600.0)).model_threads() == 4
    assert with_threads(challenges, RunConfig(1.0)).model_threads() == 1
    alone = RunConfig(1.0, ("cells",))
    assert with_threads(challenges, alone) == alone, "no search beside it"
    chosen = RunConfig(3600.0, engine=EngineSettings(n_threads=3))
    assert with_threads(challenges, chosen) == chosen
