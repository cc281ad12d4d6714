"""A model's lane that only takes processor time is told from one that gets on: real processes that say they live."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from arc_solver.budget import MonotonicClock
from arc_solver.config import RunConfig
from arc_solver.pipeline import RunFiles, RunResult, solve
from arc_solver.progress import Silent
from arc_solver.tasks import Challenges
from arc_solver.watching import Patience

LANE = """
import sys, time
from arc_solver import advancing
from arc_solver.budget import Deadline
from arc_solver.lanes import child
from arc_solver.proposers.base import TaskDone

class Fake:
    name = "transduction"

    def propose(self, tasks, deadline):
        with open({lives!r}, "a") as file:
            file.write("life\\n")
        n_lives = len(open({lives!r}).readlines())
        if n_lives == 1:
            {first}
        for task in tasks:
            yield TaskDone(task.task_id, self.name)

child._Rooms.proposer = lambda self, name: Fake()
child.main()
"""


def run(challenges: Challenges, folder: Path, first: str, spinning_s: float) -> tuple[RunResult, int]:
    patience = Patience(silence_s=120.0, stuck_s=600.0, spinning_s=spinning_s, factor=1.0, pause_s=0.1)
    config = RunConfig(1200.0, ("transduction",), model=folder, adapter=None, reserve_s=0.1, patience=patience)
    lives = folder / "lives"
    command = [sys.executable, "-c", LANE.format(lives=str(lives), first=first)]
    result = solve(
        challenges, config, RunFiles(folder / "submission.json"), resume=False, clock=MonotonicClock(),
        progress=Silent(), lane_command=command,
    )  # fmt: skip
    return result, len(lives.read_text().splitlines())


def test_one_that_spins_is_ended_and_started_again(flip_challenges: Challenges, tmp_path: Path) -> None:
    result, n_lives = run(flip_challenges, tmp_path, "while True: pass", spinning_s=8.0)
    assert n_lives == 2
    (fault,) = result.faults
    assert fault.what.startswith("the lane of transduction spins: it computes but got nothing done for ")
    assert fault.what_was_done == "started again with 3 unfinished tasks"
    assert len(result.board.done) == 3


@pytest.mark.slow
def test_one_that_makes_steps_is_left_alone(flip_challenges: Challenges, tmp_path: Path) -> None:
    """For longer than one that makes none is borne."""
    steps = "for _ in range(150): advancing.step(); time.sleep(0.1)"
    result, n_lives = run(flip_challenges, tmp_path, steps, spinning_s=8.0)
    assert (n_lives, list(result.faults)) == (1, [])
