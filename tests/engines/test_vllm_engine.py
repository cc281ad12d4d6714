"""The real vLLM engine with the bundled model and its LoRA, against the transformers engine."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")
if importlib.util.find_spec("vllm") is None:
    pytest.skip("vllm is not installed", allow_module_level=True)

from arc_solver.budget import Deadline, ManualClock, MonotonicClock  # noqa: E402
from arc_solver.engines.base import Completion, Engine, Finish, Request, Sampling  # noqa: E402
from arc_solver.engines.transformers_engine import TransformersEngine  # noqa: E402
from arc_solver.engines.vllm_engine import VllmEngine  # noqa: E402
from arc_solver.errors import EngineError, ModelError  # noqa: E402
from arc_solver.prompts.base import Prompt  # noqa: E402

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
BASE, ADAPTER = WEIGHTS / "base", WEIGHTS / "adapter"
CONTEXT = 1024
GRID = "```grid shape: 3x3\n1 {}{}0\n2 0{}0\n3 00{}\n```\n"


def prompts(n: int = 6, n_pairs: int = 2) -> list[Prompt]:
    """Questions of the form that the model was trained on, all different, with long common starts."""
    pairs = "".join(GRID.format(*(str((3 * pair + cell) % 10) for cell in range(4))) for pair in range(n_pairs))
    return [Prompt(f"{pairs}{GRID.format(*str(1000 + 37 * index))}", prefill="```grid shape: ") for index in range(n)]


def requests_for(
    adapter: Path | None = None, tag: str = "", n: int = 6, max_new_tokens: int = 60, **settings: object
) -> list[Request]:
    return [
        Request(f"{tag}{index}", prompt, Sampling(max_new_tokens, **({"seed": index} | settings)), adapter)
        for index, prompt in enumerate(prompts(n))
    ]


def never() -> Deadline:
    return Deadline(ManualClock(), 1.0)


def ask(engine: Engine, requests: list[Request], deadline: Deadline | None = None) -> dict[str, Completion]:
    return dict(engine.generate(requests, deadline or never()))


def tokens(answers: dict[str, Completion]) -> list[tuple[int, ...]]:
    return [answers[key].token_ids for key in sorted(answers)]


@pytest.fixture(scope="module")
def vllm() -> Iterator[VllmEngine]:
    engine = VllmEngine(BASE, context_length=CONTEXT, max_sequences=8)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def transformers() -> TransformersEngine:
    return TransformersEngine(BASE, device="cpu", dtype="float32", context_length=CONTEXT)


def same(left: dict[str, Completion], right: dict[str, Completion]) -> None:
    """Token for token, with the same text, end and log-probability."""
    assert left.keys() == right.keys()
    for key, answer in left.items():
        assert answer.token_ids == right[key].token_ids
        assert (answer.text, answer.finish) == (right[key].text, right[key].finish)
        assert answer.logprob == pytest.approx(right[key].logprob, abs=2e-3)


@pytest.mark.parametrize("adapter", [None, ADAPTER])
def test_greedy_completions_of_both_engines_are_equal(
    vllm: VllmEngine, transformers: TransformersEngine, adapter: Path | None
) -> None:
    answers = ask(vllm, requests_for(adapter, n=10))
    same(answers, ask(transformers, requests_for(adapter, n=10)))
    assert {answer.finish for answer in answers.values()} >= {Finish.STOP}


def test_they_count_the_same_tokens(vllm: VllmEngine, transformers: TransformersEngine) -> None:
    for prompt in prompts():
        assert vllm.count_tokens(prompt) == transformers.count_tokens(prompt)
    assert vllm.context_length == transformers.context_length == CONTEXT


@pytest.mark.parametrize("stop", [("\n",), ("2 ", "nowhere"), ("0\n2",)])
def test_stop_strings_end_them_at_the_same_token(
    vllm: VllmEngine, transformers: TransformersEngine, stop: tuple[str, ...]
) -> None:
    same(ask(vllm, requests_for(stop=stop)), ask(transformers, requests_for(stop=stop)))


def test_sampled_log_probabilities_are_those_at_temperature_one(vllm: VllmEngine) -> None:
    loaded = TransformersEngine(BASE, device="cpu", dtype="float32", context_length=CONTEXT)._require()
    for key, answer in ask(vllm, requests_for(temperature=1.3, top_p=0.9)).items():
        prompt = list(vllm._encoder.encode(prompts()[int(key)]))
        with torch.no_grad():
            logits = loaded.model(input_ids=torch.tensor([prompt + list(answer.token_ids)])).logits[0].float()
        log_p = logits.log_softmax(-1)
        expected = sum(float(log_p[len(prompt) - 1 + i, token]) for i, token in enumerate(answer.token_ids))
        assert answer.logprob == pytest.approx(expected, abs=5e-3)


def test_five_hundred_requests_and_a_deadline(vllm: VllmEngine) -> None:
    """What came is right, most did not come, and the engine is as it was. The clock moves with the answers."""
    many = [
        Request(f"{index}", prompt, Sampling(40, temperature=1.0, seed=index))
        for index, prompt in enumerate(prompts(50) * 10)
    ]
    clock = ManualClock()
    got: dict[str, Completion] = {}
    for key, answer in vllm.generate(many, Deadline(clock, 5.0)):
        got[key] = answer
        clock.advance(0.25)
    assert 20 <= len(got) <= 20 + 8  # what finished in the same step as the last one is kept
    alone = ask(vllm, [request for request in many if request.request_id in got])
    assert tokens(alone) == tokens(got)


def test_a_real_deadline_is_overrun_by_less_than_a_second(vllm: VllmEngine) -> None:
    many = [
        Request(f"{index}", prompt, Sampling(200, temperature=1.0, seed=index))
        for index, prompt in enumerate(prompts(50) * 10)
    ]
    clock = MonotonicClock()
    deadline = Deadline.after(1.0, clock)
    got = ask(vllm, many, deadline)
    assert clock.now_s() - deadline.end_s < 1.0
    assert len(got) < len(many)
    assert ask(vllm, many[:4]).keys() == {"0", "1", "2", "3"}


def test_more_prompt_tokens_than_a_step_holds(vllm: VllmEngine) -> None:
    """Prompts read in pieces kill a seeded vLLM on a CPU."""
    many = [
        Request(f"{index}", Prompt(f"{index} " + str(index % 10) * (400 + index)), Sampling(3, 1.0, seed=index))
        for index in range(12)
    ]
    assert sum(vllm.count_tokens(request.prompt) for request in many) > 2 * 2048
    assert len(ask(vllm, many)) == 12


def test_prompts_that_begin_alike_are_read_once(vllm: VllmEngine) -> None:
    long = prompts(4, n_pairs=24)
    before = vllm.counts.n_cached_tokens
    ask(vllm, [Request(f"{i}/{seed}", prompt, Sampling(2, 1.0, seed=seed)) for i, prompt in enumerate(long)
               for seed in range(4)])  # fmt: skip
    n_cached = vllm.counts.n_cached_tokens - before
    n_prompt = sum(4 * vllm.count_tokens(prompt) for prompt in long)
    assert n_cached > 0.7 * n_prompt


# -- adapters ----------------------------------------------------------------------------------------------------------


def test_merged_adapters_come_and_go_and_never_mix(vllm: VllmEngine, transformers: TransformersEngine) -> None:
    both = [
        request for pair in zip(requests_for(None, "b"), requests_for(ADAPTER, "a"), strict=True) for request in pair
    ]
    answers = ask(vllm, both)
    same(answers, ask(transformers, both))
    base = {key[1:]: answer.token_ids for key, answer in answers.items() if key[0] == "b"}
    adapted = {key[1:]: answer.token_ids for key, answer in answers.items() if key[0] == "a"}
    assert base != adapted


def test_every_task_may_have_an_adapter_of_its_own(
    vllm: VllmEngine, transformers: TransformersEngine, second_adapter: Path, dora_adapter: Path
) -> None:
    """Merged, they come and go within one call, and kinds that cannot be served are welcome."""
    swapped = [
        request
        for adapter, tag in ((ADAPTER, "a"), (second_adapter, "b"), (None, "c"), (dora_adapter, "d"))
        for request in requests_for(adapter, tag, n=3)
    ]
    mixed = swapped[::5] + [request for index, request in enumerate(swapped) if index % 5]
    answers = ask(vllm, mixed)
    same(answers, ask(transformers, mixed))
    assert len({tuple(tokens({k: v for k, v in answers.items() if k[0] == tag})) for tag in "abcd"}) == 4


def test_calls_with_different_weights_may_be_read_in_turns(vllm: VllmEngine) -> None:
    expected = tokens(ask(vllm, requests_for())), tokens(ask(vllm, requests_for(ADAPTER)))
    streams = [vllm.generate(requests_for(adapter), never()) for adapter in (None, ADAPTER)]
    got: tuple[dict[str, Completion], dict[str, Completion]] = ({}, {})
    for _ in range(6):
        for stream, answers in zip(streams, got, strict=True):
            key, answer = next(stream)
            answers[key] = answer
    assert (tokens(got[0]), tokens(got[1])) == expected


def test_an_adapter_that_does_not_fit_is_refused_and_leaves_the_engine_alone(
    vllm: VllmEngine, tiny_adapter: Path
) -> None:
    before = tokens(ask(vllm, requests_for()))
    with pytest.raises(ModelError, match=tiny_adapter.name):
        ask(vllm, requests_for(tiny_adapter))
    assert tokens(ask(vllm, requests_for())) == before


# -- what breaks -------------------------------------------------------------------------------------------------------


def test_an_engine_that_breaks_says_so_and_is_replaced(vllm: VllmEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tokens(ask(vllm, requests_for()))

    def broken() -> None:
        raise RuntimeError("no more memory\nand a long story")

    monkeypatch.setattr(vllm._weights.calls, "step", broken)
    with pytest.raises(EngineError, match=r"no more memory$"):
        ask(vllm, requests_for())
    assert tokens(ask(vllm, requests_for())) == before


def test_a_folder_that_is_no_model_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        VllmEngine(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="this is an adapter"):
        VllmEngine(ADAPTER)
