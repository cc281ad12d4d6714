"""Lanes are told what stands on the board: real processes, some of which do not care or are dead."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from arc_solver.budget import MonotonicClock
from arc_solver.candidates import Candidate, Origin, ProgramEvidence, Scored
from arc_solver.config import RunConfig
from arc_solver.grids import as_grid
from arc_solver.journal import read
from arc_solver.lanes.wire import encode
from arc_solver.pipeline import RunFiles, RunResult, solve, wants_news
from arc_solver.progress import Silent
from arc_solver.submission import load, validate
from arc_solver.tasks import Challenges, Pair, Task

# A lane as it is, but for what it proposes: the search finds the answer, the other waits until it hears of it.
CHILD = """
import time
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Scored
from arc_solver.errors import SandboxError
from arc_solver.grids import as_grid
from arc_solver.lanes import child

def no_sandbox(*args, **options):
    raise SandboxError("none is needed here")

class Finds:
    def propose(self, tasks, deadline):
        for source in ("one", "two"):
            evidence = ProgramEvidence(source, 3, 3, 1.0)
            yield Candidate("task1", {0: as_grid([[7, 1, 7]])}, Origin("search"), evidence)

class Waits:
    def __init__(self, pool):
        self.pool = pool

    def propose(self, tasks, deadline):
        while self.pool.state("task1").n_derivations < 2:
            time.sleep(0.01)
        assert not self.pool.state("task0").solved
        state = self.pool.state("task1")
        (found,) = state.of(0)
        yield Scored("task1", 0, found.grid, -0.5, 4, "transduction")
        words = f"{found.kind} {found.n_hits} {found.proposers}"
        yield Candidate("task1", {0: found.grid}, Origin("transduction", words), GridEvidence(-0.5, 3))

child._Rooms.proposer = lambda self, name: Finds() if name == "search" else Waits(self.pool)
child.Sandbox = no_sandbox
child.main()
"""

# A lane that says in rounds what is in files, or, in the place of the model, does something else.
SPEAKS = """
import os, sys, time
from arc_solver.lanes.wire import decode_spec
spec = decode_spec(sys.stdin.buffer.readline())

def the_other_is_through():
    while not os.path.exists({paths}[-1] + ".said"):
        time.sleep(0.02)

if spec.proposers == ("search",):
    for path in {paths}:
        sys.stdout.buffer.write(open(path, "rb").read())
        sys.stdout.flush()
        time.sleep(0.3)
        open(path + ".said", "w").close()
else:
    {otherwise}
"""


def run(challenges: Challenges, folder: Path, code: str, *, resume: bool = False) -> RunResult:
    cells = folder / "cells"
    cells.mkdir(exist_ok=True)
    (cells / "model.safetensors").write_bytes(b"some")
    names = ("search", "transduction")
    config = RunConfig(30.0, names, cells=cells, reserve_s=0.1, refresh_s=0.1, n_search_lanes=1)
    assert wants_news(names, config)
    files = RunFiles(folder / "submission.json")
    result = solve(
        challenges,
        config,
        files,
        resume=resume,
        clock=MonotonicClock(),
        progress=Silent(),
        lane_command=[sys.executable, "-c", code],
    )
    assert validate(load(files.submission), challenges) == []
    return result


def test_a_proposer_hears_what_another_found(flip_challenges: Challenges, tmp_path: Path) -> None:
    result = run(flip_challenges, tmp_path, CHILD)
    assert result.failures == {}
    (heard,) = [found for found in result.board.candidates["task1"] if found.origin.proposer == "transduction"]
    assert heard.origin.detail == "program 2 ('search',)"
    (score,) = result.board.scores()
    assert (score.task_id, score.grid.tolist(), score.logprob) == ("task1", [[7, 1, 7]], -0.5)
    assert [one.to_json() for one in read(tmp_path / "submission.journal.jsonl").scores] == [score.to_json()]


def test_a_resumed_run_tells_what_the_one_before_found(flip_challenges: Challenges, tmp_path: Path) -> None:
    run(flip_challenges, tmp_path, CHILD.replace("Waits(self.pool)", "[]"))
    code = CHILD.replace("Finds() if", "[] if")
    (heard,) = [
        found
        for found in run(flip_challenges, tmp_path, code, resume=True).board.candidates["task1"]
        if found.origin.proposer == "transduction"
    ]
    assert heard.origin.detail == "program 2 ('search',)"


def large_challenges(n_tasks: int) -> Challenges:
    rng = np.random.default_rng(7)
    grids = [as_grid(rng.integers(0, 10, (30, 30))) for _ in range(2)]
    tasks = tuple(Task(f"task{index}", (Pair(grids[0], grids[1]),), (grids[0],)) for index in range(n_tasks))
    return Challenges(tasks, (), tuple(task.task_id for task in tasks))


def speaking(challenges: Challenges, folder: Path, otherwise: str) -> str:
    """A lane that finds three large grids for each task a round, the right one last; the other does something else."""
    rng = np.random.default_rng(8)
    paths = []
    for number in range(4):
        found = [
            Candidate(
                task.task_id,
                {0: as_grid(rng.integers(0, 10, (30, 30))) if number < 3 else as_grid(np.full((30, 30), 7))},
                Origin("search"),
                ProgramEvidence(f"{number} {other}", 1, 1, float(-number)),
            )
            for task in challenges.tasks
            for other in range(3)
        ]
        path = folder / f"round{number}"
        path.write_bytes(b"".join(map(encode, found)))
        paths.append(str(path))
    return SPEAKS.format(paths=paths, otherwise=otherwise)


@pytest.mark.parametrize(
    ("otherwise", "status"),
    [
        ("the_other_is_through()", None),
        ("raise SystemExit(3)", "exit 3"),
        ("sys.stdin.close(); the_other_is_through()", None),
    ],
)
def test_a_lane_that_does_not_listen_costs_nothing(tmp_path: Path, otherwise: str, status: str | None) -> None:
    challenges = large_challenges(24)
    result = run(challenges, tmp_path, speaking(challenges, tmp_path, otherwise))
    attempts = result.board.attempts()
    assert all((attempts[task.task_id].pairs[0][0].grid == 7).all() for task in challenges.tasks)
    assert ("model" in result.failures) == (status is not None)
    assert status is None or status in result.failures["model"]


def test_scores_survive_a_resume(flip_challenges: Challenges, tmp_path: Path) -> None:
    one, other = (
        Candidate("task0", {0: as_grid([[cell] * 9])}, Origin("search"), ProgramEvidence(f"{cell}", 3, 3, 1.0))
        for cell in (1, 2)
    )
    scores = [
        Scored("task0", 0, found.outputs[0], logprob, 8, "transduction")
        for found, logprob in [(one, -9.0), (other, -1.0)]
    ]
    said = b"".join(map(encode, (one, other, *scores)))
    code = f"import sys\nsys.stdout.buffer.write({said!r})"

    def best(result: RunResult) -> list[list[int]]:
        grid: list[list[int]] = result.board.attempts()["task0"].pairs[0][0].grid.tolist()
        return grid

    assert best(run(flip_challenges, tmp_path, code)) == [[2] * 9]
    again = run(flip_challenges, tmp_path, "", resume=True)
    assert best(again) == [[2] * 9]
    assert (again.resumed, len(again.board.scores())) == (2, 2)
    lines = (tmp_path / "submission.journal.jsonl").read_bytes().splitlines(keepends=True)
    without = b"".join(line for line in lines if b'"kind":"scored"' not in line)
    assert len(lines) == without.count(b"\n") + 2
    (tmp_path / "submission.journal.jsonl").write_bytes(without)
    assert best(run(flip_challenges, tmp_path, "", resume=True)) == [[1] * 9]


def test_only_the_cell_model_s_lane_is_told_and_on_a_cluster_none(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"some")
    config = RunConfig(60.0, cells=tmp_path)
    assert wants_news(("induction", "transduction"), config)
    assert not wants_news(("search",), config)
    assert wants_news(("induction",), config)
    assert wants_news(("transduction",), dataclasses.replace(config, cells=None))
    assert not wants_news(("transduction",), dataclasses.replace(config, ray_address="local"))
