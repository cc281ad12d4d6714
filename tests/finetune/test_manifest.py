import json
import subprocess
import sys
from pathlib import Path

import pytest

from arc_solver.errors import ModelError
from arc_solver.finetune.manifest import (
    PromptFormat,
    read_prompt_format,
    verify_adapter,
    verify_base,
    verify_manifest,
    weights_hash,
    write_adapter_record,
    write_manifest,
    write_model_record,
)

FORMAT = PromptFormat("brief", "numbered", 1024)


def make_base(folder: Path, content: bytes = b"base") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"architectures": ["Qwen3ForCausalLM"]}')
    (folder / "model.safetensors").write_bytes(content)
    write_model_record(folder, FORMAT, {"seed": 1})
    return folder


def make_adapter(folder: Path, base: Path | None) -> Path:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 8, "base_model_name_or_path": "base"}')
    (folder / "adapter_model.safetensors").write_bytes(b"adapter")
    if base is not None:
        write_adapter_record(folder, base, {"seed": 2})
    return folder


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    base = make_base(tmp_path / "base")
    make_adapter(tmp_path / "adapter", base)
    write_manifest(tmp_path, {"seed": 3})
    return tmp_path


def test_whole_weights_pass(weights: Path) -> None:
    verify_base(weights / "base")
    verify_adapter(weights / "base", weights / "adapter")
    manifest = verify_manifest(weights)
    assert manifest["seed"] == 3
    assert sorted(manifest["files"]) == [
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
        "adapter/arc_solver.json",
        "base/arc_solver.json",
        "base/config.json",
        "base/model.safetensors",
    ]
    assert manifest["base_weights_sha256"] == weights_hash(weights / "base")
    assert read_prompt_format(weights / "base") == FORMAT


def test_adapter_for_another_base_is_refused(weights: Path, tmp_path: Path) -> None:
    other = make_base(tmp_path / "elsewhere" / "base", b"another")
    with pytest.raises(ModelError, match="made for another base"):
        verify_adapter(other, weights / "adapter")


@pytest.mark.parametrize("name", ["base/config.json", "base/model.safetensors", "base/arc_solver.json"])
def test_changed_base_is_refused(weights: Path, name: str) -> None:
    path = weights / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelError, match=f"{name}: damaged"):
        verify_base(weights / "base")
    with pytest.raises(ModelError, match=f"{name}: damaged"):
        verify_manifest(weights)


def test_changed_adapter_is_refused_also_without_a_manifest(weights: Path) -> None:
    (weights / "adapter" / "adapter_model.safetensors").write_bytes(b"adapteR")
    with pytest.raises(ModelError, match="damaged"):
        verify_adapter(weights / "base", weights / "adapter")
    (weights / "manifest.json").unlink()
    with pytest.raises(ModelError, match="damaged"):
        verify_adapter(weights / "base", weights / "adapter")


def test_changed_base_is_refused_also_without_a_manifest(weights: Path) -> None:
    (weights / "manifest.json").unlink()
    verify_base(weights / "base")
    (weights / "base" / "model.safetensors").write_bytes(b"basE")
    with pytest.raises(ModelError, match="damaged"):
        verify_base(weights / "base")
    with pytest.raises(ModelError, match="another base"):
        verify_adapter(weights / "base", weights / "adapter")


def test_missing_and_unlisted_files_are_named(weights: Path) -> None:
    (weights / "base" / "extra.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"extra\.bin: not listed"):
        verify_manifest(weights)
    (weights / "base" / "extra.bin").unlink()
    (weights / "adapter" / "adapter_model.safetensors").unlink()
    with pytest.raises(ModelError, match="missing, but listed"):
        verify_manifest(weights)
    with pytest.raises(ModelError, match="missing, but listed"):
        verify_adapter(weights / "base", weights / "adapter")


def test_a_users_own_adapter_is_checked_by_its_configuration(tmp_path: Path) -> None:
    base, adapter = make_base(tmp_path / "m"), make_adapter(tmp_path / "a", None)
    verify_adapter(base, adapter)
    assert not (adapter / "arc_solver.json").exists()
    config = adapter / "adapter_config.json"
    for key, value, message in (
        ("peft_type", "IA3", "only LORA"),
        ("r", 0, "rank 0"),
        ("r", "8", "rank '8'"),
        ("auto_mapping", {"base_model_class": "LlamaForCausalLM"}, "made for a LlamaForCausalLM"),
    ):
        config.write_text(json.dumps({"peft_type": "LORA", "r": 8, key: value}))
        with pytest.raises(ModelError, match=message):
            verify_adapter(base, adapter)
    config.write_text("{")
    with pytest.raises(ModelError, match="unreadable"):
        verify_adapter(base, adapter)
    config.unlink()
    with pytest.raises(ModelError, match="is missing"):
        verify_adapter(base, adapter)


def test_a_users_own_model_has_no_prompt_format(tmp_path: Path) -> None:
    base = make_base(tmp_path / "m")
    (base / "arc_solver.json").unlink()
    verify_base(base)
    assert read_prompt_format(base) is None


def test_missing_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        verify_base(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="no weights"):
        verify_base(tmp_path)


def test_hash_covers_every_shard_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"1")
    alone = weights_hash(tmp_path)
    (tmp_path / "b.safetensors").write_bytes(b"2")
    both = weights_hash(tmp_path)
    (tmp_path / "a.safetensors").rename(tmp_path / "c.safetensors")
    assert alone != both == weights_hash(tmp_path)


def test_no_torch_is_imported() -> None:
    code = (
        "import sys, arc_solver.finetune.manifest; sys.exit(bool({'torch', 'transformers', 'peft'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
