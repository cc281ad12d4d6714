"""kill -9 at random moments of a busy run, of its supervisor (the guard has another one go on) or of all of it at once
(`--resume` goes on): no answer is lost, no finished work is done again, and it ends where an unbroken run does.

6 kills by default; `ARC_SOLVER_N_KILLS=100` for as many as are worth a claim (`pytest -s` shows the figures).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

if sys.platform != "linux":
    pytest.skip("processes are found and killed as Linux lets one", allow_module_level=True)

from real_runs import RealRun, wait_for

from arc_solver.submission import load, validate

N_KILLS = int(os.environ.get("ARC_SOLVER_N_KILLS", "6"))
N_TASKS = 4 * N_KILLS + 8
MOST_DONE = 5
"""A kill comes when so many more tasks at most are done."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RealRun]:
    """Two busy lanes that never wait for anybody."""
    run = RealRun(tmp_path, tmp_path / "submission.json", n_tasks=N_TASKS, n_lanes=2, limit_s=3600 * 4)
    run.environment["FAULTS_PACE_S"] = "0.05"
    run.go_on()
    yield run
    run.stop()


def searched(run: RealRun) -> list[str]:
    """Every piece of work that was begun and came to its end, in order."""
    path = run.folder / "searched"
    return path.read_text().split() if path.exists() else []


def test_killed_again_and_again_it_ends_where_an_unbroken_run_does(run: RealRun) -> None:
    rng = np.random.default_rng(11)
    known: dict[str, object] = {}
    done: set[str] = set()
    n_of_all = n_again = 0
    run.start()
    for kill in range(N_KILLS):
        enough = len(done) + int(rng.integers(0, MOST_DONE))
        wait_for(lambda: run.output.exists() or run.ended(), "the first file", 600.0)
        wait_for(lambda: len(run.contents().done) >= enough or run.ended(), "work to be done", 600.0)  # noqa: B023
        time.sleep(float(rng.uniform(0.0, 0.1)))
        if run.ended():
            break
        whole = bool(kill % 2)
        n_of_all += whole
        victims = {run.process.pid} if whole and run.process else {run.pid_of("supervisor")}
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        if whole:
            run.finish()
        else:
            wait_for(lambda: not victims & set(run.pids_of("supervisor")), "the supervisor to be gone")  # noqa: B023
        contents = run.contents()
        # What the journal had it has, and what it says is done is not done again.
        found = {candidate.task_id: candidate.to_json() for candidate in contents.candidates}
        assert known.items() <= found.items()
        known, done = found, {task_id for _, task_id in contents.done}
        n_before = len(searched(run))
        assert validate(load(run.output), run.challenges()) == []
        if whole:
            run.start("--resume")
        enough_to_see = min(len(done) + 1, N_TASKS)
        wait_for(lambda: len(run.contents().done) >= enough_to_see or run.ended(), "it to go on", 600.0)  # noqa: B023
        again = set(searched(run)[n_before:]) & done
        assert not again, f"done again after kill {kill}: {sorted(again)}"
    assert run.finish() == 0, run.report()
    n_again = sum(count - 1 for count in Counter(searched(run)).values())
    contents = run.contents()
    assert contents.n_damaged == 0
    assert contents.n_repeated == 0
    assert len(contents.done) == N_TASKS
    unbroken = RealRun(
        run.folder, run.folder / "unbroken.json", environment=run.environment, n_tasks=N_TASKS, n_lanes=2
    )
    try:
        assert unbroken.start().finish() == 0, unbroken.report()
    finally:
        unbroken.stop()
    assert run.output.read_bytes() == unbroken.output.read_bytes()
    figures = {"n_kills": N_KILLS, "n_of_everything": n_of_all, "n_tasks": N_TASKS, "n_cut_and_done_again": n_again}
    print(json.dumps(figures))
    # Of each lane at most what it had in hand, and what it had said and nobody had read.
    assert n_again <= 2 * N_KILLS * MOST_DONE
