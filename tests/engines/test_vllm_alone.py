"""What needs a vLLM engine of its own: a process bears one at a time."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")
if importlib.util.find_spec("vllm") is None:
    pytest.skip("vllm is not installed", allow_module_level=True)

from arc_solver.budget import Deadline, ManualClock
from arc_solver.engines.base import Completion, Engine, Request, Sampling
from arc_solver.engines.transformers_engine import TransformersEngine
from arc_solver.engines.vllm_engine import VllmEngine
from arc_solver.errors import EngineError, ModelError
from arc_solver.prompts.base import Prompt

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
BASE, ADAPTER = WEIGHTS / "base", WEIGHTS / "adapter"
CONTEXT = 512


def requests_for(adapter: Path | None = None, max_new_tokens: int = 40, **settings: object) -> list[Request]:
    return [
        Request(
            str(index),
            Prompt(f"```grid shape: 2x2\n1 {index}0\n2 0{index}\n```\n", prefill="```grid shape: "),
            Sampling(max_new_tokens, **settings),
            adapter,
        )
        for index in range(6)
    ]


def ask(engine: Engine, requests: list[Request], deadline: Deadline | None = None) -> dict[str, Completion]:
    return dict(engine.generate(requests, deadline or Deadline(ManualClock(), 1.0)))


def same(left: dict[str, Completion], right: dict[str, Completion]) -> None:
    """Token for token, with the same text, end and log-probability."""
    assert left.keys() == right.keys()
    for key, answer in left.items():
        assert answer.token_ids == right[key].token_ids
        assert (answer.text, answer.finish) == (right[key].text, right[key].finish)
        assert answer.logprob == pytest.approx(right[key].logprob, abs=2e-3)


@pytest.fixture(scope="module")
def transformers() -> TransformersEngine:
    return TransformersEngine(BASE, device="cpu", dtype="float32", context_length=CONTEXT)


def test_an_adapter_on_tied_embeddings_is_merged_too(tiny_model: Path, other_adapter: Path) -> None:
    engine = VllmEngine(tiny_model, context_length=100, max_sequences=4)
    expected = TransformersEngine(tiny_model, device="cpu", context_length=100)
    questions = [Request(text, Prompt(text), Sampling(12), other_adapter) for text in ("a", "hello there")]
    same(ask(engine, questions), ask(expected, questions))
    engine.close()


def taking_turns(*adapters: Path | None) -> list[Request]:
    """Every question to each of the weights, in turns."""
    return [
        Request(f"{index}/{request.request_id}", request.prompt, request.sampling, adapter)
        for trio in zip(*(requests_for(adapter) for adapter in adapters), strict=True)
        for index, (request, adapter) in enumerate(zip(trio, adapters, strict=True))
    ]


def test_served_adapters_answer_as_merged_ones_do_and_bad_ones_cost_nobody_else(
    tmp_path: Path, transformers: TransformersEngine, second_adapter: Path, dora_adapter: Path
) -> None:
    engine = VllmEngine(BASE, ADAPTER, context_length=CONTEXT, max_sequences=8, merge_adapter=False)
    expected = ask(transformers, requests_for(ADAPTER))
    same(ask(engine, requests_for()), expected)
    # Two tasks' own adapters and the engine's, in one call.
    both = ask(engine, taking_turns(ADAPTER, second_adapter))
    same(both, ask(transformers, taking_turns(ADAPTER, second_adapter)))
    assert len({answer.token_ids for key, answer in both.items() if key.endswith("/3")}) == 2

    too_large = tmp_path / "large"
    shutil.copytree(ADAPTER, too_large)
    text = (too_large / "adapter_config.json").read_text()
    (too_large / "adapter_config.json").write_text(text.replace('"r": 16', '"r": 200'))
    unreadable = tmp_path / "broken"
    shutil.copytree(ADAPTER, unreadable)
    (unreadable / "adapter_model.safetensors").write_bytes(b"rubbish")
    n_steps = engine.counts.n_steps
    running = engine.generate(requests_for(), Deadline(ManualClock(), 1.0))
    got = dict([next(running)])
    n_running = engine.counts.n_steps
    assert n_running > n_steps
    for bad, why in (
        (dora_adapter, r"DoRA.*merge it into its base"),
        (unreadable, "damaged"),
        (tmp_path / "nowhere", "adapter_config.json is missing"),
    ):
        with pytest.raises(ModelError, match=why):
            ask(engine, taking_turns(second_adapter, bad))
    assert engine.counts.n_steps == n_running  # nothing was sampled for the good ones beside them either
    with pytest.raises(ModelError, match="rank 256 is above the 16"):
        ask(engine, requests_for(too_large))
    same(got | dict(running), expected)
    same(ask(engine, requests_for(second_adapter)), ask(transformers, requests_for(second_adapter)))
    engine.close()


def test_an_engine_in_a_process_of_its_own_keeps_the_same_promises(transformers: TransformersEngine) -> None:
    engine = VllmEngine(BASE, context_length=CONTEXT, max_sequences=4, own_process=True)
    same(ask(engine, requests_for()), ask(transformers, requests_for()))
    many = [
        Request(f"{request.request_id}/{seed}", request.prompt, Sampling(40, 1.0, seed=seed))
        for request in requests_for()
        for seed in range(20)
    ]
    clock, cut = ManualClock(), {}
    for key, answer in engine.generate(many, Deadline(clock, 1.0)):
        cut[key] = answer
        clock.advance(0.1)
    assert 10 <= len(cut) < len(many)
    wanted = {"0/0", "5/19"}
    few = dict(engine.generate(many, Deadline(ManualClock(), 1.0), lambda key: key in wanted))
    assert wanted <= few.keys()
    assert len(few) < len(many)
    same(ask(engine, requests_for(ADAPTER)), ask(transformers, requests_for(ADAPTER)))
    engine.close()


def test_a_closed_engine_says_so(tiny_model: Path) -> None:
    engine = VllmEngine(tiny_model, context_length=64, max_sequences=2)
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        ask(engine, requests_for())
