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
ASKED = ("search", "induction", "transduction")
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
    config = RunConfig(60.0, ASKED, model=folder, adapter=None, n_search_lanes=1, allow_unsafe_sandbox=allowed)
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


NO_ADAPTER = """
from pathlib import Path
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.errors import ModelError
from arc_solver.lanes import child

def open_engines(plans, model, adapter, **settings):
    if adapter is not None:
        raise ModelError(f"adapter {adapter}: its weights are damaged")
    return ScriptedEngine(lambda request: "def task(grid):\\n    return grid[:, ::-1]\\n```")

child.plan_engines = lambda model, wishes: ()
child.open_engines = open_engines
child.main()
"""


def test_an_adapter_that_cannot_be_used_costs_itself_only(flip_challenges: Challenges, tmp_path: Path) -> None:
    config = RunConfig(120.0, ("induction",), model=tmp_path, adapter=tmp_path / "adapter")
    files = RunFiles(tmp_path / "submission.json")
    command = (sys.executable, "-c", NO_ADAPTER)
    result = solve(
        flip_challenges, config, files, resume=False, clock=MonotonicClock(), progress=Heard(), lane_command=command
    )
    (fault,) = result.faults
    assert fault.where == "model"
    assert "its weights are damaged" in fault.what
    assert fault.what_was_done == "the base goes on without its adapter"
    assert result.board.n_fitting() == 3
