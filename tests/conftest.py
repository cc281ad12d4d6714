"""What every test may use: small tasks that were made up here."""

from __future__ import annotations

import signal

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from arc_solver.grids import Grid, as_grid
from arc_solver.tasks import Challenges, Pair, Task

# How long an example takes is a matter of the machine, and of its first table of Unicode.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_configure() -> None:
    """Runs that tests start are to hear signals, also where a shell or nohup had these tests ignore them."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


def random_grid(rng: np.random.Generator, n_rows: int, n_columns: int) -> Grid:
    return as_grid(rng.integers(0, 10, (n_rows, n_columns)))


def mirror_task(task_id: str, seed: int) -> Task:
    """A task whose rule is a left-right flip."""
    rng = np.random.default_rng(seed)
    grids = [random_grid(rng, *rng.integers(2, 6, 2)) for _ in range(4)]
    pairs = tuple(Pair(grid, as_grid(grid[:, ::-1])) for grid in grids[:3])
    return Task(task_id, pairs, (grids[3],))


@pytest.fixture
def flip_challenges() -> Challenges:
    """Three solvable tasks, named task0 to task2."""
    tasks = tuple(mirror_task(f"task{index}", index) for index in range(3))
    return Challenges(tasks, (), tuple(task.task_id for task in tasks))
