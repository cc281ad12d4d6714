"""A lane as it is, but for its proposers: `search` knows the rule, runs it in the real sandbox, and waits in the middle
for the test; `induction` asks real engine processes whose model is scripted.

The first half of a lane's tasks is done at once, the second half when the file `go` is there, the last task when `hold`
is not there either. SIGUSR1 breaks the lane
as `FAULT` says.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sitecustomize import break_on_signal

from arc_solver.budget import Deadline
from arc_solver.candidates import Candidate, Origin, ProgramEvidence
from arc_solver.engines.fleet import EngineFleet
from arc_solver.engines.fleet_members import Patience
from arc_solver.engines.plans import EnginePlan
from arc_solver.lanes import child
from arc_solver.proposers import search
from arc_solver.proposers.base import Event, TaskDone
from arc_solver.sandbox import pool, worker
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Task

HERE, FOLDER = Path(__file__).resolve().parent, Path(os.environ["FAULTS_FOLDER"])
RULE = "def task(grid):\n    return 9 - grid[::-1]\n"


class PacedSearch:
    """Stands in for the search: knows the rule, and takes its time."""

    name = "search"

    def __init__(self, runner: pool.Sandbox, settings: object, **rest: Any) -> None:
        self._runner = runner

    def propose(self, tasks: Sequence[Task], deadline: Deadline, *rest: Any) -> Iterator[Event]:
        for task in tasks:
            wait_in_the_middle(int(task.task_id.removeprefix("task")), deadline)
            if deadline.passed():
                return
            inputs = (*(pair.input for pair in task.train), *task.test_inputs)
            time.sleep(float(os.environ.get("FAULTS_PACE_S", "0")))
            (verdict,) = self._runner.confirm([Program(RULE, inputs)], deadline)
            with (FOLDER / "searched").open("a") as file:
                file.write(task.task_id + "\n")
            if isinstance(verdict, Ok):
                evidence = ProgramEvidence(RULE, len(task.train), len(task.train), 1.0)
                outputs = dict(enumerate(verdict.outputs[len(task.train) :]))
                yield Candidate(task.task_id, outputs, Origin("search"), evidence)
            yield TaskDone(task.task_id, self.name)


def wait_in_the_middle(number: int, deadline: Deadline) -> None:
    """Tasks from number 3 on wait for the test, the last one longer if it says so."""

    def waits() -> bool:
        return (number >= 3 and not (FOLDER / "go").exists()) or (number >= 5 and (FOLDER / "hold").exists())

    while waits() and not deadline.passed():
        time.sleep(0.05)


def open_scripted_fleet(plans: object, model: Path, adapter: Path | None, **settings: Any) -> EngineFleet:
    """Two real engine processes with a scripted model."""
    plan = EnginePlan("vllm", (), "float32", None, 8, 8192, 0.0, True, True)
    return EngineFleet(
        (plan, plan),
        model,
        None,
        lambda prompt: [0] * (len(prompt.user) // 4),
        tell=settings["tell"],
        patience=Patience(start_s=60.0, least_s=8.0, factor=3.0),
        command=(sys.executable, str(HERE / "scripted_engine.py")),
    )


def zygote_command(module: str, arguments: Sequence[str]) -> list[str]:
    """The zygote's command, with a program that can break it from within."""
    made = whole_command(module, arguments)
    at = made.index("-c") + 1
    how = os.environ["FAULT"]
    before = f"import os, sitecustomize; os.environ['FAULT'] = {how!r}; sitecustomize.break_on_signal(int(sys.argv[3]))"
    made[at] = made[at].replace("from ", f"sys.path.append({str(HERE)!r}); {before}; from ", 1)
    return made


whole_command = worker.command

if __name__ == "__main__":
    break_on_signal(os.dup(1))
    if os.environ.get("FAULT"):
        worker.command = zygote_command
    pool._GRACE_S = 2.0
    search.SearchProposer = PacedSearch
    if not os.environ.get("FAULTS_MISSING"):
        child.plan_engines = lambda model, wishes: ()
        child.open_engines = open_scripted_fleet
    child.main()
