"""An engine's process as it is, but for its model, which knows the rule and waits in the middle for the test."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from sitecustomize import break_on_signal

from arc_solver.budget import Deadline
from arc_solver.engines.base import Completion, IsWanted, Request
from arc_solver.engines.plans import EnginePlan
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.engines.worker import serve

FOLDER = Path(os.environ["FAULTS_FOLDER"])
ANSWER = "def task(grid):\n    return 9 - grid[::-1]\n```"


class PacedEngine:
    """Answers a few requests, then waits for the test."""

    def __init__(self, plan: EnginePlan) -> None:
        self._engine = ScriptedEngine(lambda request: ANSWER, context_length=plan.context_length)
        self.context_length = plan.context_length
        self._n_answered = 0

    def generate(
        self, requests: Sequence[Request], deadline: Deadline, is_wanted: IsWanted | None = None
    ) -> Iterator[tuple[str, Completion]]:
        for answer in self._engine.generate(requests, deadline, is_wanted):
            while self._n_answered >= 2 and not (FOLDER / "go").exists() and not deadline.passed():
                time.sleep(0.05)
            time.sleep(0.05)
            self._n_answered += 1
            yield answer

    def describe(self) -> str:
        return "scripted"

    def close(self) -> None:
        pass


def start(plan: EnginePlan, model: Path, adapter: Path | None, n_threads: int) -> PacedEngine:
    return PacedEngine(plan)


if __name__ == "__main__":
    break_on_signal(os.dup(1))
    serve(start)
