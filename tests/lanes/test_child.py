"""What a lane refuses where the sandbox holds nothing back, and what goes on. Real lanes, with a scripted model."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from arc_solver.budget import MonotonicClock
from arc_solver.config import RunConfig
from arc_solver.pipeline import RunFiles, RunResult, solve
from arc_solver.progress import Status
from arc_solver.sandbox.layers import LAYERS
from arc_solver.submission import load, validate
from arc_solver.tasks import Challenges

LANE = """
import functools
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.errors import SandboxError
from arc_solver.lanes import child
from arc_solver.sandbox.pool import Sandbox

def broken(*args, **kwargs):
    raise SandboxError("the sandbox does not start: no luck")

answer = "def task(grid):\\n    return grid[:, ::-1]\\n```"
child._Rooms._model = lambda self: ScriptedEngine(lambda request: answer)
child.Sandbox = {sandbox}
child.main()
"""
WEAK = f"functools.partial(Sandbox, without={LAYERS!r})"


class Heard:
    """A progress that keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def show(self, status: Status) -> None:
        pass

    def say(self, text: str) -> None:
        self.lines.append(text)


def run(challenges: Challenges, folder: Path, sandbox: str, *, allowed: bool = False) -> tuple[RunResult, list[str]]:
    config = RunConfig(60.0, model=folder, adapter=None, n_search_lanes=1, allow_unsafe_sandbox=allowed)
    files, heard = RunFiles(folder / "submission.json"), Heard()
    command = [sys.executable, "-c", LANE.format(sandbox=sandbox)]
    result = solve(
        challenges, config, files, resume=False, clock=MonotonicClock(), progress=heard, lane_command=command
    )
    assert validate(load(files.submission), challenges) == []
    return result, heard.lines


def test_at_grade_c_no_program_of_a_model_runs_and_the_others_go_on(
    flip_challenges: Challenges, tmp_path: Path
) -> None:
    result, lines = run(flip_challenges, tmp_path, WEAK)
    assert lines[0].startswith("sandbox grade C (no layer); no chroot, setuid, no_new_privs, ")
    assert set(result.failures) == {"induction"}
    failure = result.failures["induction"]
    assert "\n" not in failure
    assert "grade C" in failure
    assert "--allow-unsafe-sandbox" in failure
    assert set(result.proposer_seconds) == {"search", "transduction"}
    assert result.board.n_candidates()["induction"] == 0
    assert result.board.n_candidates()["search"] >= 3


def test_at_grade_c_they_run_where_somebody_said_so(flip_challenges: Challenges, tmp_path: Path) -> None:
    result, lines = run(flip_challenges, tmp_path, WEAK, allowed=True)
    assert "grade C" in lines[0]
    assert result.failures == {}
    assert result.board.n_candidates()["induction"] >= 3


@pytest.mark.parametrize("missing", ["()", "('chroot', 'setuid', 'seccomp')"])
def test_above_grade_c_nobody_needs_to_say_so(flip_challenges: Challenges, tmp_path: Path, missing: str) -> None:
    result, lines = run(flip_challenges, tmp_path, f"functools.partial(Sandbox, without={missing})")
    if "grade C" in lines[0]:
        pytest.skip(f"this machine has no layer to show it with: {lines[0]}")
    assert result.failures == {}
    assert result.board.n_candidates()["induction"] >= 3


def test_without_a_sandbox_the_model_still_writes_grids(flip_challenges: Challenges, tmp_path: Path) -> None:
    result, lines = run(flip_challenges, tmp_path, "broken")
    assert lines[0] == "no sandbox: the sandbox does not start: no luck"
    assert set(result.failures) == {"search", "induction"}
    assert set(result.proposer_seconds) == {"transduction"}
