"""Two real vLLM engines, a process each, behind one queue; one of them is killed."""

from __future__ import annotations

import importlib.util
import os
import signal
from pathlib import Path

import pytest

from arc_solver.budget import Deadline
from arc_solver.engines.base import Request, Sampling
from arc_solver.engines.plans import EnginePlan
from arc_solver.prompts.base import Prompt

pytest.importorskip("torch")
if importlib.util.find_spec("vllm") is None:
    pytest.skip("vllm is not installed", allow_module_level=True)

pytestmark = [pytest.mark.model, pytest.mark.slow]

PLAN = EnginePlan("vllm", (), "float32", None, 8, 200, 0.0, True, True)


def test_a_killed_engine_costs_no_request_and_changes_no_token(tiny_model: Path, tiny_adapter: Path) -> None:
    from arc_solver.engines.fleet import EngineFleet
    from arc_solver.engines.opening import prompt_encoder

    told: list[str] = []
    requests = [
        Request(f"{index}/{seed}", Prompt("tell me " + "more " * index), Sampling(40, 1.0 * (seed > 0), seed=seed))
        for index in range(12)
        for seed in range(6)
    ]
    encode = prompt_encoder(tiny_model).encode
    fleet = EngineFleet([PLAN, PLAN], tiny_model, tiny_adapter, encode, tell=told.append)
    try:
        calm = dict(fleet.generate(requests, Deadline.after(120)))
        assert calm.keys() == {request.request_id for request in requests}
        assert not told
        answers = {}
        for request_id, completion in fleet.generate(requests, Deadline.after(120)):
            if not answers:
                os.kill(fleet.worker_pids[0], signal.SIGKILL)
            answers[request_id] = completion
        assert {key: answer.token_ids for key, answer in answers.items()} == {
            key: answer.token_ids for key, answer in calm.items()
        }
        assert len(told) == 1
        assert "signal 9" in told[0]
        assert "starts again" in told[0]
    finally:
        fleet.close()
