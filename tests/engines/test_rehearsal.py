"""One pass over real prompts in a child: overflow, length, the end of a turn, and children that die."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from arc_solver.engines import rehearsal
from arc_solver.engines.preflight import Remark, Severity
from arc_solver.engines.rehearsal import Rehearsal, rehearse
from arc_solver.errors import ModelError
from arc_solver.prompts.base import Prompt

PROMPTS = [Prompt("hello"), Prompt("0 1 2 3 4 5 6 7 8 9\n" * 8)]
PROMPT_LENGTH = len("hello")  # of the first, in bytes
FINE = Rehearsal((10, 20), 256, None, 3.0, (), "")


def texts(remarks: tuple[Remark, ...], severity: Severity) -> list[str]:
    return [remark.text() for remark in remarks if remark.severity is severity]


# -- what is made of it ------------------------------------------------------------------------------------------------


def test_overflow_names_the_layer_and_the_dtype_to_use() -> None:
    seen = replace(FINE, bad_layer=3, good_dtypes=("bfloat16", "float32"))
    (text,) = texts(seen.remarks("float16"), Severity.REFUSED)
    assert "float16 overflows: its numbers are not finite from layer 3 on" in text
    assert "use bfloat16 or float32 (--dtype bfloat16)" in text
    assert "embeddings" in texts(replace(seen, bad_layer=0).remarks("float16"), Severity.REFUSED)[0]
    assert "damaged" in texts(replace(seen, good_dtypes=()).remarks("float32"), Severity.REFUSED)[0]


def test_a_model_close_to_overflow_is_a_warning_in_float16_only() -> None:
    near = replace(FINE, largest=40000.0)
    assert "close to overflow" in texts(near.remarks("float16"), Severity.WARNING)[0]
    assert texts(near.remarks("bfloat16"), Severity.WARNING) == []
    assert texts(FINE.remarks("float16"), Severity.WARNING) == []


def test_prompts_longer_than_the_context() -> None:
    assert "1 of 2 prompts" in texts(replace(FINE, context_length=20).remarks("float32"), Severity.WARNING)[0]
    (text,) = texts(replace(FINE, context_length=10).remarks("float32"), Severity.REFUSED)
    assert "2 of 2 prompts" in text
    assert "the shortest has 10" in text


@pytest.mark.parametrize(
    ("program", "message", "timeout_s"),
    [
        ("import os; os.kill(os.getpid(), 9)", "host's memory", 60),
        ("import os; os.kill(os.getpid(), 11)", "signal 11", 60),
        ("raise RuntimeError('no luck')", "no luck", 60),
        ("import json; print(json.dumps({'error': 'adapter x: odd'}))", "adapter x: odd", 60),
        ("import time; time.sleep(60)", "not loaded within", 0.5),
    ],
)
def test_a_child_that_dies_is_one_line(tmp_path: Path, program: str, message: str, timeout_s: float) -> None:
    command = (sys.executable, "-c", program)
    with pytest.raises(ModelError, match=message) as caught:
        rehearse(tmp_path, None, PROMPTS, dtype="float32", device="cpu", command=command, timeout_s=timeout_s)
    assert "\n" not in str(caught.value)


def test_a_start_token_that_is_left_out_is_a_warning() -> None:
    (text,) = texts(replace(FINE, start="<bos>").remarks("float32"), Severity.WARNING)
    assert "'<bos>'" in text
    assert "single='<bos> $A'" in text


# -- real models -------------------------------------------------------------------------------------------------------


def look(model: Path, adapter: Path | None = None, dtype: str = "float32", context_length: int = 0) -> Rehearsal:
    """The child's work, in this process: importing torch anew takes seconds."""
    pytest.importorskip("torch")
    spec = {"model": str(model), "adapter": adapter and str(adapter), "dtype": dtype, "device": "cpu"}
    spec |= {"prompts": [asdict(prompt) for prompt in PROMPTS], "context_length": context_length}
    return rehearsal.look(spec)


def scaled(model: Path, folder: Path, factor: float) -> Path:
    """The model with one matrix scaled up, so that what the second layer adds is as much larger."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(model, folder)
    tensors = load_file(folder / "model.safetensors")
    tensors["model.layers.1.mlp.down_proj.weight"] *= factor
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.mark.model
def test_a_good_model_with_its_adapter(tiny_model: Path, tiny_adapter: Path) -> None:
    seen = look(tiny_model, tiny_adapter, "float16")
    assert seen == rehearse(tiny_model, tiny_adapter, PROMPTS, dtype="float16", device="cpu")
    assert seen.bad_layer is None
    assert seen.n_tokens == (5, 160)
    assert seen.context_length == 256
    assert not texts(seen.remarks("float16"), Severity.REFUSED)


@pytest.mark.model
def test_logits_of_whole_prompts_are_never_made(tiny_model: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModelForCausalLM.from_pretrained(tiny_model).eval()
    n_made: list[int] = []
    model.lm_head.register_forward_hook(lambda module, inputs, logits: n_made.append(logits.shape[1]))
    assert rehearsal._pass_over(model, [(5, 9), tuple(range(10, 200))])[0] is None
    assert n_made == [2, rehearsal._N_LOGITS]
    with torch.no_grad():
        model.lm_head.weight[3] = float("inf")
    assert rehearsal._pass_over(model, [(5, 9)])[0] is not None


@pytest.mark.model
def test_overflow_in_float16_is_seen_and_the_others_are_tried(tiny_model: Path, tmp_path: Path) -> None:
    seen = look(scaled(tiny_model, tmp_path / "large", 2e4), dtype="float16")
    assert seen.bad_layer == 2  # the output of the second layer
    assert seen.good_dtypes == ("bfloat16", "float32")


@pytest.mark.model
def test_damaged_weights_are_bad_in_every_dtype(tiny_model: Path, tmp_path: Path) -> None:
    seen = look(scaled(tiny_model, tmp_path / "damaged", float("nan")), context_length=100)
    assert seen.bad_layer == 2
    assert seen.good_dtypes == ()
    assert seen.context_length == 100
    assert "1 of 2 prompts" in texts(seen.remarks("float32"), Severity.WARNING)[0]


def add_token(folder: Path, word: str) -> None:
    path = folder / "tokenizer.json"
    value = json.loads(path.read_text())
    value["added_tokens"].append(value["added_tokens"][0] | {"id": 257, "content": word})
    path.write_text(json.dumps(value))


@pytest.mark.model
def test_a_tokenizer_of_another_model_is_told(tiny_model: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_model, tmp_path / "model")
    add_token(tmp_path / "model", "hello")
    with pytest.raises(ModelError, match="writes token 257, its embeddings have 257 rows"):
        look(tmp_path / "model")


@pytest.mark.model
def test_a_template_whose_end_is_no_end_token_is_told(tiny_chat_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "chat"
    shutil.copytree(tiny_chat_model, folder)
    (folder / "chat_template.jinja").write_text(
        "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}"
        "{% if message.role == 'assistant' %}<|turn|>{% endif %}\n{% endfor %}"
    )
    add_token(folder, "<|turn|>")
    assert look(folder).turn_end == "<|turn|>"
    assert "<|turn|>" in texts(look(folder).remarks("float32"), Severity.WARNING)[0]
    config = folder / "generation_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"eos_token_id": [256, 257]}))
    assert look(folder).turn_end == ""


@pytest.mark.model
def test_a_start_token_counts_by_what_it_does_to_the_prompt(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    assert look(folder).start == ""  # it knows none
    config = folder / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"bos_token": "<|end|>"}))
    surprises = {PROMPT_LENGTH: 2.0, PROMPT_LENGTH + 1: 1.0}
    monkeypatch.setattr(rehearsal, "_surprise", lambda model, ids, n_last: surprises[len(ids)])
    assert look(folder).start == "<|end|>"
    surprises[PROMPT_LENGTH + 1] = 1.9
    assert look(folder).start == ""


@pytest.mark.model
def test_surprise_is_the_mean_over_the_last_tokens(tiny_model: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModelForCausalLM.from_pretrained(tiny_model).eval()
    ids = (5, 9, 60, 11, 70)
    with torch.no_grad():
        log_p = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
    expected = -sum(float(log_p[place - 1, ids[place]]) for place in (3, 4)) / 2
    assert rehearsal._surprise(model, ids, 2) == pytest.approx(expected, abs=1e-5)


@pytest.mark.model
def test_a_model_that_cannot_be_loaded_is_one_line(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be loaded"):
        look(folder)
