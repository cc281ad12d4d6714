"""From wishes to a running engine, with what happens when one does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from arc_solver.engines.base import Engine
from arc_solver.engines.devices import simulated
from arc_solver.engines.opening import open_engine, plan_engines, prompt_encoder
from arc_solver.engines.plans import EnginePlan, Wishes
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.errors import EngineError, ModelError

BASE = Path(__file__).resolve().parents[2] / "weights" / "base"
ON_T4 = Wishes("vllm", "cuda", "auto", 64, 4096)


class Starter:
    """Starts only what is weak enough, and remembers what it was asked for."""

    def __init__(self, message: str, suits: int) -> None:
        self.message, self.suits = message, suits
        self.asked: list[EnginePlan] = []

    def __call__(self, plan: EnginePlan, model: Path, adapter: Path | None, n_threads: int) -> Engine:
        self.asked.append(plan)
        if len(self.asked) < self.suits:
            raise EngineError(self.message)
        return ScriptedEngine({})


def test_a_plan_for_the_cpu_asks_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> None:
        raise AssertionError("the GPUs were looked at")

    monkeypatch.setattr("arc_solver.engines.opening.probe", never)
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    (plan,) = plan_engines(BASE, Wishes("auto", "cpu", "auto", 8, 512))
    assert (plan.kind, plan.devices, plan.dtype, plan.max_sequences, plan.context_length) == (
        "transformers", (), "float32", 8, 512,
    )  # fmt: skip


def test_what_cannot_be_had_is_a_model_error() -> None:
    with pytest.raises(ModelError, match="GPU"):
        plan_engines(BASE, Wishes(device="cuda"), simulated("none"))


def test_an_engine_that_does_not_start_is_replaced_step_by_step() -> None:
    plan = plan_engines(BASE, ON_T4, simulated("t4x2"))[0]
    starter, told = Starter("vllm did not start: no kernel", suits=3), []
    open_engine(plan, BASE, None, n_threads=1, tell=told.append, starter=starter)
    assert [asked.kind for asked in starter.asked] == ["vllm", "vllm", "transformers"]
    assert [asked.eager for asked in starter.asked][:2] == [False, True]
    assert len(told) == 2
    assert "no kernel" in told[0]


def test_too_little_memory_costs_sequences_first() -> None:
    plan = plan_engines(BASE, ON_T4, simulated("t4x2"))[0]
    starter = Starter("CUDA out of memory", suits=2)
    open_engine(plan, BASE, None, n_threads=1, tell=lambda text: None, starter=starter)
    assert starter.asked[1].max_sequences < plan.max_sequences


def test_the_last_failure_is_raised() -> None:
    plan = plan_engines(BASE, ON_T4, simulated("t4x2"))[0]
    with pytest.raises(EngineError, match="no kernel"):
        open_engine(plan, BASE, None, n_threads=1, tell=lambda text: None, starter=Starter("no kernel", suits=99))


@pytest.mark.model
def test_a_model_without_a_tokenizer_is_told(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(ModelError, match="its tokenizer cannot be loaded"):
        prompt_encoder(tmp_path)
