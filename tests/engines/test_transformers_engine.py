"""The transformers engine against transformers' and peft's own answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")

from arc_solver.budget import Deadline, ManualClock  # noqa: E402
from arc_solver.engines.base import Completion, Request, Sampling  # noqa: E402
from arc_solver.engines.transformers_engine import TransformersEngine  # noqa: E402
from arc_solver.errors import EngineError, ModelError  # noqa: E402
from arc_solver.prompts.base import Prompt  # noqa: E402

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("ignore:Model has .tie_word_embeddings")]

PROMPTS = [Prompt(text) for text in ("a", "hello there", "0 1 2 3 4 5 6 7 8 9", "xyz " * 20)]


def requests_for(adapter: Path | None = None, tag: str = "", **settings: object) -> list[Request]:
    sampling = Sampling(**({"max_new_tokens": 24} | settings))
    return [Request(f"{tag}{index}", prompt, sampling, adapter) for index, prompt in enumerate(PROMPTS)]


def ask(engine: TransformersEngine, requests: list[Request]) -> dict[str, Completion]:
    return dict(engine.generate(requests, Deadline(ManualClock(), 1.0)))


def tokens(answers: dict[str, Completion]) -> list[tuple[int, ...]]:
    return [answers[key].token_ids for key in sorted(answers)]


def load(model: Path, adapter: Path | None = None):
    loaded = transformers.AutoModelForCausalLM.from_pretrained(model).eval()
    if adapter is None:
        return loaded
    return peft.PeftModel.from_pretrained(loaded, str(adapter)).eval()


def teacher_forced(model, tokenizer, prompt: Prompt, answer: Completion) -> float:
    ids = tokenizer(prompt.user + prompt.prefill)["input_ids"]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids + list(answer.token_ids)])).logits[0].float()
    log_p = logits.log_softmax(-1)
    return sum(float(log_p[len(ids) - 1 + step, token]) for step, token in enumerate(answer.token_ids))


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> TransformersEngine:
    return TransformersEngine(tiny_model, device="cpu", max_batch_size=3)


def test_greedy_equals_generate(engine: TransformersEngine, tiny_model: Path) -> None:
    model, tokenizer = load(tiny_model), transformers.AutoTokenizer.from_pretrained(tiny_model)
    answers = ask(engine, requests_for())
    for index, prompt in enumerate(PROMPTS):
        ids = torch.tensor([tokenizer(prompt.user)["input_ids"]])
        expected = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=24, pad_token_id=0
        )
        assert answers[str(index)].token_ids == tuple(expected[0, ids.shape[1] :].tolist())


@pytest.mark.parametrize("settings", [{}, {"temperature": 1.0}, {"temperature": 0.6, "top_p": 0.8, "seed": 3}])
def test_logprob_is_that_of_a_teacher_forced_pass_at_temperature_one(
    engine: TransformersEngine, tiny_model: Path, settings: dict[str, float]
) -> None:
    model, tokenizer = load(tiny_model), transformers.AutoTokenizer.from_pretrained(tiny_model)
    for key, answer in ask(engine, requests_for(**settings)).items():
        expected = teacher_forced(model, tokenizer, PROMPTS[int(key)], answer)
        assert answer.logprob == pytest.approx(expected, abs=2e-3)


def exact(model: Path, **limits: int) -> TransformersEngine:
    """An engine that computes in float64.

    Sums over batches of other shapes are rounded otherwise. In float32 that moves a token's border now and then over
    the random number that was drawn, however right the engine is; in float64 never.
    """
    engine = TransformersEngine(model, device="cpu", **limits)
    engine._require().model.double()
    return engine


@pytest.mark.parametrize("limits", [{"max_batch_size": 1}, {"max_batch_size": 64}, {"max_batch_tokens": 150}])
def test_batch_limits_change_nothing_but_the_speed(tiny_model: Path, limits: dict[str, int]) -> None:
    requests = [
        Request(f"{index}/{seed}", prompt, Sampling(24, temperature=1.0, seed=seed))
        for index, prompt in enumerate(PROMPTS)
        for seed in range(8)
    ]
    answers = [ask(exact(tiny_model, **chosen), requests) for chosen in ({"max_batch_size": 3}, limits)]
    assert tokens(answers[0]) == tokens(answers[1])


def test_the_end_token_ends_a_completion_and_is_not_part_of_its_text(
    engine: TransformersEngine, tiny_model: Path
) -> None:
    end = transformers.AutoTokenizer.from_pretrained(tiny_model).eos_token_id
    requests = [Request(str(seed), Prompt("go"), Sampling(200, temperature=1.3, seed=seed)) for seed in range(12)]
    ended = [answer for answer in ask(engine, requests).values() if answer.token_ids[-1] == end]
    assert ended
    for answer in ended:
        assert answer.finish == "stop"
        assert answer.token_ids.count(end) == 1
        assert "<|end|>" not in answer.text


def test_chat_template_is_used_where_there_is_one(tiny_model: Path, tiny_chat_model: Path) -> None:
    plain = TransformersEngine(tiny_model, device="cpu")
    chat = TransformersEngine(tiny_chat_model, device="cpu")
    prompt = Prompt("two", system="one", prefill="three")
    written_out = Prompt("<|system|>one<|user|>two<|assistant|>three")
    assert chat.count_tokens(prompt) == plain.count_tokens(written_out)
    sampling = Sampling(12)
    assert tokens(ask(chat, [Request("a", prompt, sampling)])) == tokens(
        ask(plain, [Request("a", written_out, sampling)])
    )


# -- adapters ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tiny_adapter", "other_adapter"])
def test_a_merged_adapter_answers_like_the_unmerged_one(
    engine: TransformersEngine, tiny_model: Path, name: str, request: pytest.FixtureRequest
) -> None:
    adapter: Path = request.getfixturevalue(name)
    unmerged, tokenizer = load(tiny_model, adapter), transformers.AutoTokenizer.from_pretrained(tiny_model)
    answers = ask(engine, requests_for(adapter))
    assert tokens(answers) != tokens(ask(engine, requests_for()))
    for key, answer in answers.items():
        expected = teacher_forced(unmerged, tokenizer, PROMPTS[int(key)], answer)
        assert answer.logprob == pytest.approx(expected, abs=5e-3)


def test_adapters_by_request_never_mix(
    engine: TransformersEngine, tiny_model: Path, tiny_adapter: Path, other_adapter: Path
) -> None:
    groups = {"b": None, "t": tiny_adapter, "o": other_adapter}
    alone = {tag: ask(engine, requests_for(adapter, tag, temperature=0.8)) for tag, adapter in groups.items()}
    mixed = [request for trio in zip(*(requests_for(a, t, temperature=0.8) for t, a in groups.items()), strict=True)
             for request in trio]  # fmt: skip
    together = ask(engine, mixed)
    for answers in alone.values():
        for key, answer in answers.items():
            assert together[key].token_ids == answer.token_ids
    assert len({tuple(tokens(answers)) for answers in alone.values()}) == 3


def test_the_base_is_restored_bit_for_bit(tiny_model: Path, tiny_adapter: Path, other_adapter: Path) -> None:
    engine = TransformersEngine(tiny_model, device="cpu")
    pristine = load(tiny_model).state_dict()
    for adapter in (tiny_adapter, other_adapter, tiny_adapter, None):
        ask(engine, requests_for(adapter))
    model = engine._require().model  # the weights themselves are the subject here
    assert model.state_dict().keys() == pristine.keys()
    assert all(torch.equal(value, pristine[name]) for name, value in model.state_dict().items())
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert model.config.tie_word_embeddings


def test_the_engines_own_adapter_is_replaced_by_a_requests(
    engine: TransformersEngine, tiny_model: Path, tiny_adapter: Path, other_adapter: Path
) -> None:
    own = TransformersEngine(tiny_model, tiny_adapter, device="cpu")
    assert tokens(ask(own, requests_for())) == tokens(ask(engine, requests_for(tiny_adapter)))
    assert tokens(ask(own, requests_for(other_adapter))) == tokens(ask(engine, requests_for(other_adapter)))
    assert tokens(ask(own, requests_for())) == tokens(ask(engine, requests_for(tiny_adapter)))


def test_two_calls_with_different_adapters_may_be_read_in_turns(engine: TransformersEngine, tiny_adapter: Path) -> None:
    expected = tokens(ask(engine, requests_for())), tokens(ask(engine, requests_for(tiny_adapter)))
    streams = [engine.generate(requests_for(adapter), Deadline(ManualClock(), 1.0)) for adapter in (None, tiny_adapter)]
    got: tuple[dict[str, Completion], dict[str, Completion]] = ({}, {})
    for _ in PROMPTS:
        for stream, answers in zip(streams, got, strict=True):
            key, answer = next(stream)
            answers[key] = answer
    assert (tokens(got[0]), tokens(got[1])) == expected


def test_an_adapter_that_was_written_anew_is_read_anew(
    engine: TransformersEngine, tiny_adapter: Path, other_adapter: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "adapter"
    shutil.copytree(tiny_adapter, folder)
    first = tokens(ask(engine, requests_for(folder)))
    shutil.rmtree(folder)
    shutil.copytree(other_adapter, folder)
    assert tokens(ask(engine, requests_for(folder))) == tokens(ask(engine, requests_for(other_adapter))) != first


def _broken(adapter: Path, folder: Path, how: str) -> Path:
    from safetensors.torch import load_file, save_file

    shutil.copytree(adapter, folder)
    weights = folder / "adapter_model.safetensors"
    config = folder / "adapter_config.json"
    tensors = load_file(weights)
    first = next(iter(tensors))
    if how == "missing file":
        weights.unlink()
    elif how == "not safetensors":
        weights.write_bytes(b"rubbish")
    elif how == "missing tensor":
        save_file({name: value for name, value in tensors.items() if name != first}, weights)
    elif how == "surplus tensor":
        surplus = {"base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight": torch.zeros(4, 48)}
        save_file(tensors | surplus, weights)
    elif how == "wrong shape":
        save_file(tensors | {first: torch.zeros(4, 7)}, weights)
    elif how == "unknown target":
        config.write_text(json.dumps(json.loads(config.read_text()) | {"target_modules": ["no_such_layer"]}))
    elif how == "not a number":
        save_file({name: value * float("nan") for name, value in tensors.items()}, weights)
    return folder


@pytest.mark.parametrize(
    "how",
    [
        "missing file",
        "not safetensors",
        "missing tensor",
        "surplus tensor",
        "wrong shape",
        "unknown target",
        "not a number",
    ],
)
def test_an_adapter_that_does_not_fit_is_refused_and_leaves_the_base_alone(
    engine: TransformersEngine, tiny_adapter: Path, tmp_path: Path, how: str
) -> None:
    before = tokens(ask(engine, requests_for()))
    broken = _broken(tiny_adapter, tmp_path / "broken", how)
    with pytest.raises(ModelError, match="broken"):
        ask(engine, requests_for(broken))
    assert tokens(ask(engine, requests_for())) == before
    assert tokens(ask(engine, requests_for(tiny_adapter))) != before


# -- models that cannot be used ----------------------------------------------------------------------------------------


def test_a_folder_that_lacks_something_says_what(tiny_model: Path, tiny_adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        TransformersEngine(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="this is an adapter"):
        TransformersEngine(tiny_adapter)
    for missing in ("config.json", "model.safetensors", "tokenizer"):
        folder = tmp_path / missing
        shutil.copytree(tiny_model, folder)
        for file in folder.glob(f"{missing}*"):
            file.unlink()
        with pytest.raises(ModelError, match=missing.removeprefix("model")):
            TransformersEngine(folder, device="cpu")


def test_damaged_or_partial_weights_are_refused(tiny_model: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    weights = folder / "model.safetensors"
    tensors = load_file(weights)
    lacking = next(name for name in tensors if "q_proj" in name)
    save_file({name: value for name, value in tensors.items() if name != lacking}, weights, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="lack 1 tensors"):
        TransformersEngine(folder, device="cpu")
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="cannot be loaded"):
        TransformersEngine(folder, device="cpu")


def test_a_context_setting_only_shortens(tiny_model: Path) -> None:
    assert TransformersEngine(tiny_model, device="cpu", context_length=64).context_length == 64
    assert TransformersEngine(tiny_model, device="cpu", context_length=4096).context_length == 256


def test_logits_that_are_not_finite_are_an_engine_error(tiny_model: Path) -> None:
    engine = TransformersEngine(tiny_model, device="cpu")
    engine._require().model.model.norm.weight.fill_(float("inf"))
    with pytest.raises(EngineError, match="not finite"):
        ask(engine, requests_for())


def test_a_closed_engine_says_so(tiny_model: Path) -> None:
    engine = TransformersEngine(tiny_model, device="cpu")
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        ask(engine, requests_for())


def _tiny(kind: str):
    common = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4, "num_attention_heads": 4}
    more = {"vocab_size": 257, "max_position_embeddings": 256, "initializer_range": 0.4, "eos_token_id": 256}
    more |= {"pad_token_id": None, "bos_token_id": None}
    if kind == "gemma3":  # alternating sliding and full layers; the window is shorter than the prompts
        layers = ["sliding_attention", "full_attention"] * 2
        return transformers.Gemma3ForCausalLM(
            transformers.Gemma3TextConfig(
                **common, **more, num_key_value_heads=1, head_dim=8, sliding_window=6, layer_types=layers
            )
        )
    if kind == "mistral":  # all layers sliding
        return transformers.MistralForCausalLM(
            transformers.MistralConfig(**common, **more, num_key_value_heads=2, sliding_window=6)
        )
    if kind == "gemma2":  # soft-capped attention scores: no fused kernel computes that
        return transformers.Gemma2ForCausalLM(
            transformers.Gemma2Config(**common, **more, num_key_value_heads=2, head_dim=8, sliding_window=6)
        )
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**common, **more, num_key_value_heads=4))


@pytest.mark.parametrize("kind", ["llama", "mistral", "gemma2", "gemma3"])
def test_other_architectures_answer_as_generate_does(kind: str, tiny_model: Path, tmp_path: Path) -> None:
    torch.manual_seed(3)
    _tiny(kind).save_pretrained(tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.save_pretrained(tmp_path)
    engine = TransformersEngine(tmp_path, device="cpu")
    model = load(tmp_path)
    answers = ask(engine, requests_for())
    for index, prompt in enumerate(PROMPTS):
        ids = torch.tensor([tokenizer(prompt.user)["input_ids"]])
        expected = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=24, pad_token_id=0
        )
        assert answers[str(index)].token_ids == tuple(expected[0, ids.shape[1] :].tolist())
