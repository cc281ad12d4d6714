"""Models that cannot be used, told by their files alone: no torch, nothing loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.engines.model_folder import layer_part, read_all_headers, read_facts, read_tensor_headers
from arc_solver.engines.preflight import Severity, check_model, joins_digits, raise_refusals
from arc_solver.errors import ModelError

CONFIG = {
    "architectures": ["Qwen3ForCausalLM"],
    "max_position_embeddings": 4096,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "hidden_size": 48,
    "vocab_size": 20,
    "eos_token_id": 11,
    "pad_token_id": 12,
}
SHAPES = {"model.embed_tokens.weight": (20, 48), "model.layers.0.self_attn.q_proj.weight": (64, 48)}


def write_tensors(path: Path, shapes: Mapping[str, tuple[int, ...]], dtype: str = "BF16") -> None:
    """A safetensors file of zeros, written without the library."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, shape in shapes.items():
        size = 2
        for side in shape:
            size *= side
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    header = json.dumps(entries).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(at))


def write_tokenizer(folder: Path, merges: list[list[str]], special: Mapping[str, int]) -> None:
    vocab = {str(digit): digit for digit in range(10)} | {"a": 10}
    vocab |= {left + right: 13 + index for index, (left, right) in enumerate(merges)}
    value = {
        "version": "1.0",
        "added_tokens": [
            {"id": number, "content": word, "single_word": False, "lstrip": False, "rstrip": False}
            | {"normalized": False, "special": True}
            for word, number in special.items()
        ],
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": None,
        "model": {"type": "BPE", "vocab": vocab, "merges": merges, "unk_token": None, "fuse_unk": False},
    }
    (folder / "tokenizer.json").write_text(json.dumps(value))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder against which nothing can be said."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<end>", "pad_token": "<pad>"}))
    write_tensors(folder / "model.safetensors", SHAPES)
    write_tokenizer(folder, [], {"<end>": 11, "<pad>": 12})
    return folder


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def refusals(folder: Path, context_length: int = 0) -> list[str]:
    remarks = check_model(folder, context_length)
    return [remark.text() for remark in remarks if remark.severity is Severity.REFUSED]


def warnings(folder: Path) -> list[str]:
    return [remark.text() for remark in check_model(folder) if remark.severity is Severity.WARNING]


def notes(folder: Path) -> str:
    return " | ".join(remark.text() for remark in check_model(folder) if remark.severity is Severity.NOTE)


def test_a_whole_model_gets_notes_only(model: Path) -> None:
    assert refusals(model) == warnings(model) == []
    assert "no chat template" in notes(model)
    if joins_digits(model) is not None:
        assert "a digit is a token of its own" in notes(model)


def test_facts_are_read_from_headers_and_configuration(model: Path) -> None:
    facts = read_facts(model)
    assert (facts.n_parameters, facts.weight_bytes) == (20 * 48 + 64 * 48, 2 * (20 * 48 + 64 * 48))
    assert (facts.stored_dtype, facts.context_length, facts.n_heads, facts.n_kv_heads) == ("bfloat16", 4096, 4, 2)
    assert facts.resident_bytes("float32") == 2 * facts.resident_bytes("float16") == 4 * facts.n_parameters
    assert facts.token_bytes("float16") == 2 * 2 * 2 * 16 * 2


def test_a_model_that_also_sees_keeps_its_figures_one_level_down(model: Path) -> None:
    inner = {"max_position_embeddings": 777, "num_hidden_layers": 9, "num_attention_heads": 8, "hidden_size": 64}
    (model / "config.json").write_text(
        json.dumps({"architectures": ["Gemma3ForConditionalGeneration"], "text_config": inner, "eos_token_id": 11})
    )
    facts = read_facts(model)
    assert (facts.context_length, facts.n_layers, facts.n_kv_heads, facts.head_width) == (777, 9, 8, 8)


def test_shards_are_added_up_and_a_missing_one_is_named(model: Path) -> None:
    (model / "model.safetensors").unlink()
    names = [f"model-0000{index}-of-00002.safetensors" for index in (1, 2)]
    for name, (tensor, shape) in zip(names, SHAPES.items(), strict=True):
        write_tensors(model / name, {tensor: shape})
    weight_map = dict(zip(SHAPES, names, strict=True))
    (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    assert set(read_all_headers(model)) == set(SHAPES)
    assert refusals(model) == []
    (model / names[1]).unlink()
    assert len(refusals(model)) == 1
    assert names[1] in refusals(model)[0]


def _no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def _an_adapter(folder: Path) -> None:
    (folder / "config.json").rename(folder / "adapter_config.json")


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _gguf(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model.gguf")


def _no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def _no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()


def _cut_short(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def _rubbish(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


def _broken_json(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def _broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"model": [1]}')


def _encoder_only(folder: Path) -> None:
    change(folder / "config.json", architectures=["BertForMaskedLM"])


def _short_context(folder: Path) -> None:
    change(folder / "config.json", max_position_embeddings=128)


def _no_context(folder: Path) -> None:
    change(folder / "config.json", max_position_embeddings=None)


def _end_outside(folder: Path) -> None:
    change(folder / "config.json", eos_token_id=151645)


def _end_unknown(folder: Path) -> None:
    change(folder / "tokenizer_config.json", eos_token="<|im_end|>")


def _pad_outside(folder: Path) -> None:
    change(folder / "config.json", pad_token_id=32000)


@pytest.mark.parametrize(
    ("damage", "what", "advice"),
    [
        (_no_config, "config.json is missing", "--model wants"),
        (_an_adapter, "this is an adapter", "--adapter"),
        (_pickled, "pickled (pytorch_model.bin)", "save_pretrained"),
        (_gguf, "GGUF", "safetensors"),
        (_no_weights, "no weights", "copy the folder again"),
        (_no_tokenizer, "no tokenizer", "beside it"),
        (_cut_short, "cut short", "copy it again"),
        (_rubbish, "no safetensors file", "copy it again"),
        (_broken_json, "config.json: unreadable", "copy the folder again"),
        (_broken_tokenizer, "tokenizer.json: no tokenizer in it", "copy the folder again"),
        (_encoder_only, "BertForMaskedLM writes no text", "causal"),
        (_short_context, "128 tokens is shorter than the prompts", "512"),
        (_no_context, "context length is written nowhere", "max_position_embeddings"),
        (_end_outside, "end token 151645 lies outside", "take all files from one"),
        (_end_unknown, "'<|im_end|>' is not in its vocabulary", "from one model"),
        (_pad_outside, "pad token 32000 lies outside", "null"),
    ],
)
def test_a_bad_model_is_refused_once_with_advice(model: Path, damage: Any, what: str, advice: str) -> None:
    damage(model)
    assert len(refusals(model)) == 1
    assert what in refusals(model)[0]
    assert advice in refusals(model)[0]
    with pytest.raises(ModelError, match=r"^model some: "):
        raise_refusals("model some", check_model(model))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "no such folder" in refusals(tmp_path / "nowhere")[0]


def test_a_context_that_was_asked_for_counts_too(model: Path) -> None:
    assert refusals(model, 512) == []
    assert "100 tokens" in refusals(model, 100)[0]
    change(model / "config.json", max_position_embeddings=None)
    assert refusals(model, 2048) == []


def test_without_an_end_token_there_is_a_warning(model: Path) -> None:
    change(model / "config.json", eos_token_id=None)
    change(model / "tokenizer_config.json", eos_token=None)
    assert "no end token" in warnings(model)[0]
    (model / "generation_config.json").write_text(json.dumps({"eos_token_id": [11, 3]}))
    assert warnings(model) == []


def test_end_tokens_that_disagree_are_told(model: Path) -> None:
    change(model / "config.json", eos_token_id=3)
    assert "the tokenizer ends with [11], the configuration with [3]" in warnings(model)[0]


def test_padding_is_told_but_never_needed(model: Path) -> None:
    change(model / "config.json", pad_token_id=11)
    assert "its pad token is its end token" in notes(model)
    change(model / "config.json", pad_token_id=None)
    change(model / "tokenizer_config.json", pad_token=None)
    assert "no pad token" in notes(model)
    assert refusals(model) == warnings(model) == []


def test_a_chat_template_is_found_in_either_place(model: Path) -> None:
    (model / "chat_template.jinja").write_text("{{ messages }}")
    assert "a chat model" in notes(model)
    (model / "chat_template.jinja").unlink()
    change(model / "tokenizer_config.json", chat_template="{{ messages }}")
    assert "a chat model" in notes(model)


def test_digits_that_are_joined_are_seen(model: Path) -> None:
    pytest.importorskip("tokenizers")
    assert joins_digits(model) is False
    write_tokenizer(model, [["1", "2"]], {"<end>": 11, "<pad>": 12})
    assert joins_digits(model) is True
    assert "joins digits" in notes(model)
    (model / "tokenizer.json").write_text("{}")
    assert joins_digits(model) is None


def test_several_refusals_make_one_message(model: Path) -> None:
    _end_outside(model)
    _pad_outside(model)
    with pytest.raises(ModelError) as caught:
        raise_refusals("model", check_model(model))
    assert "151645" in str(caught.value)
    assert ". Also: its pad token 32000" in str(caught.value)


def test_neither_torch_nor_transformers_is_imported(model: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from arc_solver.engines.preflight import check_model; "
        "from arc_solver.engines import adapter_preflight, rehearsal; check_model(Path(sys.argv[1])); "
        "sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program, model], check=False, env=os.environ).returncode == 0


@given(st.binary(max_size=200))
def test_no_rubbish_makes_the_reader_of_headers_fall_over(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "rubbish.safetensors"
    for content in (data, len(data).to_bytes(8, "little") + data):
        path.write_bytes(content)
        try:
            headers = read_tensor_headers(path)
        except ModelError:
            continue
        assert headers == {}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("model.layers.3.self_attn.q_proj", "layers.3.self_attn.q_proj"),
        ("language_model.model.layers.12.mlp.up_proj.weight", "layers.12.mlp.up_proj.weight"),
        ("transformer.h.0.attn.c_attn", "h.0.attn.c_attn"),
        ("model.embed_tokens.weight", None),
        ("lm_head", None),
    ],
)
def test_the_part_of_a_name_that_base_and_adapter_share(name: str, part: str | None) -> None:
    assert layer_part(name) == part
