import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from arc_solver.errors import ModelError

pytest.importorskip("peft")
torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from arc_solver.finetune.lora import LoraSettings, add_lora, load_adapter, save_adapter  # noqa: E402
from arc_solver.finetune.nano import load_model, save_model  # noqa: E402

SETTINGS = LoraSettings(rank=4, alpha=4.0)
TOKENS = [[300, 17, 18, 19, 20]]


def logits_of(model: Any) -> Any:
    with torch.no_grad():
        return model(input_ids=torch.tensor(TOKENS)).logits


def trained_adapter(base: Path, folder: Path) -> Any:
    """An adapter with random weights, saved; the logits of base and adapter together."""
    model, _ = load_model(base)
    adapted = add_lora(model, SETTINGS, seed=1)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0.0, 0.3, generator=torch.Generator().manual_seed(3))
    save_adapter(adapted, base, folder, {"seed": 1})
    return logits_of(adapted)


def test_only_the_adapter_is_trained_and_it_starts_as_nothing(tiny_base: Path) -> None:
    model, _ = load_model(tiny_base)
    before = logits_of(model)
    adapted = add_lora(model, SETTINGS, seed=1)
    trainable = [name for name, parameter in adapted.named_parameters() if parameter.requires_grad]
    assert trainable
    assert all("lora_" in name for name in trainable)
    # Two layers, seven matrices each, A and B.
    assert len(trainable) == 2 * 7 * 2
    assert torch.equal(before, logits_of(adapted))


def test_saved_and_loaded_is_the_same(tiny_base: Path, tmp_path: Path) -> None:
    expected = trained_adapter(tiny_base, tmp_path / "adapter")
    assert sorted(path.name for path in (tmp_path / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "arc_solver.json",
    ]
    model, _ = load_model(tiny_base)
    alone = logits_of(model)
    loaded = load_adapter(model, tiny_base, tmp_path / "adapter")
    assert torch.equal(logits_of(loaded), expected)
    assert not torch.allclose(alone, expected, atol=1e-3)
    merged = loaded.merge_and_unload()
    assert torch.allclose(logits_of(merged), expected, atol=1e-5)


def test_adapter_for_another_base_is_refused(tiny_base: Path, tokenizer: Any, tmp_path: Path) -> None:
    trained_adapter(tiny_base, tmp_path / "adapter")
    model, _ = load_model(tiny_base)
    with torch.no_grad():
        next(model.parameters()).add_(1.0)
    save_model(model, tokenizer, tmp_path / "other")
    with pytest.raises(ModelError, match="made for another base"):
        load_adapter(model, tmp_path / "other", tmp_path / "adapter")


def test_damaged_adapter_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    trained_adapter(tiny_base, tmp_path / "adapter")
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    model, _ = load_model(tiny_base)
    with pytest.raises(ModelError, match="damaged"):
        load_adapter(model, tiny_base, tmp_path / "adapter")


def test_no_adapter_with_weights_that_overflow(tiny_base: Path, tmp_path: Path) -> None:
    model, _ = load_model(tiny_base)
    adapted = add_lora(model, SETTINGS, seed=1)
    with torch.no_grad():
        next(p for p in adapted.parameters() if p.requires_grad).fill_(1e6)
    with pytest.raises(ModelError, match="not finite in fp16"):
        save_adapter(adapted, tiny_base, tmp_path / "adapter", {})
    assert not (tmp_path / "adapter").exists()


def test_a_model_without_such_matrices(tiny_base: Path) -> None:
    model, _ = load_model(tiny_base)
    with pytest.raises(ModelError, match="no adapter can be put"):
        add_lora(model, LoraSettings(targets=("nowhere",)), seed=0)


def test_an_old_torchao_keeps_no_adapter_from_being_trained(tiny_base: Path, tmp_path: Path) -> None:
    (tmp_path / "torchao").mkdir()
    (tmp_path / "torchao" / "__init__.py").touch()
    (tmp_path / "torchao-0.10.0.dist-info").mkdir()
    (tmp_path / "torchao-0.10.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: torchao\nVersion: 0.10.0\n"
    )
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; base, out = map(Path, sys.argv[2:]); "
        "from arc_solver.finetune.lora import LoraSettings, add_lora, load_adapter, save_adapter; "
        "from arc_solver.finetune.nano import load_model; model, _ = load_model(base); "
        "save_adapter(add_lora(model, LoraSettings(rank=2), seed=0), base, out, {}); "
        "load_adapter(load_model(base)[0], base, out)"
    )
    command = [sys.executable, "-c", program, tmp_path, tiny_base, tmp_path / "adapter"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
