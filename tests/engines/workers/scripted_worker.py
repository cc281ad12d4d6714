"""A worker whose engine is scripted, and which fails as its first argument says.

`python scripted_worker.py HOW FOLDER`: every worker that starts leaves a file in FOLDER named after its process, with
its plan; every answer adds a line to it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from arc_solver.budget import Deadline
from arc_solver.engines.base import Completion, IsWanted, Request
from arc_solver.engines.plans import EnginePlan
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.engines.worker import serve
from arc_solver.errors import EngineError, ModelError

HOW, FOLDER = sys.argv[1], Path(sys.argv[2])


class FailingEngine:
    """Answers slowly, and fails in the way that it was asked for."""

    def __init__(self, plan: EnginePlan) -> None:
        self._engine = ScriptedEngine(answer, context_length=plan.context_length)
        self._plan = plan
        self._journal = (FOLDER / f"{os.getpid()}.jsonl").open("a")
        self._journal.write(json.dumps(asdict(plan)) + "\n")
        self._journal.flush()
        self.context_length = plan.context_length

    def generate(
        self, requests: Sequence[Request], deadline: Deadline, is_wanted: IsWanted | None = None
    ) -> Iterator[tuple[str, Completion]]:
        if any(request.adapter is not None for request in requests):
            raise ModelError("adapter bad: it has DoRA")
        for number, (request_id, completion) in enumerate(self._engine.generate(requests, deadline, is_wanted)):
            self._fail(number)
            self._journal.write(request_id + "\n")
            self._journal.flush()
            time.sleep(0.01)
            yield request_id, completion

    def _fail(self, n_answered: int) -> None:
        if n_answered < 3 or not self._is_weak():
            return
        if HOW == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if HOW == "hang":
            os.kill(os.getpid(), signal.SIGSTOP)
        if HOW == "sleep":
            time.sleep(3600)  # it lives and beats, but its engine does not step
        if HOW == "memory":
            raise EngineError("CUDA out of memory")
        if HOW == "overflow":
            raise EngineError("the model's logits are not finite")
        if HOW == "garbage":
            os.write(CHANNEL, b"\xff{garbage}\n" * 3)

    def _is_weak(self) -> bool:
        """Only the first engine fails, and only as it was planned first."""
        return HOW == "garbage" or (self._plan.devices == ("0",) and self._plan.max_sequences == 64)

    def describe(self) -> str:
        return f"scripted on {self._plan.devices}"

    def close(self) -> None:
        pass


def answer(request: Request) -> str:
    seed = request.sampling.seed
    return f"{zlib.crc32(f'{request.prompt.user} {seed}'.encode()):x}"


def start(plan: EnginePlan, model: Path, adapter: Path | None, n_threads: int) -> FailingEngine:
    if HOW == "no start" and plan.kind == "vllm":
        raise EngineError("no kernel image is available")
    if HOW == "never":
        raise EngineError("no kernel image is available")
    if HOW == "bad model":
        raise ModelError("model: has no config.json")
    if HOW == "short" and plan.devices == ("0",):
        time.sleep(0.5)
    return FailingEngine(plan)


CHANNEL = os.dup(1)

if __name__ == "__main__":
    serve(start)
