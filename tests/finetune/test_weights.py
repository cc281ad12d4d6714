"""The weights in the repository: whole, offline, small, and better with their adapter than without."""

import json
from pathlib import Path

import pytest

from arc_solver.finetune.manifest import read_prompt_format, verify_adapter, verify_base, verify_manifest

WEIGHTS = Path(__file__).parents[2] / "weights"

pytestmark = pytest.mark.skipif(not (WEIGHTS / "manifest.json").is_file(), reason="no bundled weights here")


def test_every_file_is_the_listed_one() -> None:
    manifest = verify_manifest(WEIGHTS)
    verify_base(WEIGHTS / "base")
    verify_adapter(WEIGHTS / "base", WEIGHTS / "adapter")
    assert sum(entry["bytes"] for entry in manifest["files"].values()) < 60_000_000
    assert manifest["command"]
    assert manifest["seed"] is not None


def test_the_adapter_lowers_the_loss_on_held_out_tasks() -> None:
    figures = json.loads((WEIGHTS / "manifest.json").read_text())["held_out_loss"]
    for recipe, loss in figures["with_adapter"].items():
        assert loss < figures["base"][recipe], recipe


def test_no_evaluation_task_is_named() -> None:
    manifest = json.loads((WEIGHTS / "manifest.json").read_text())
    assert manifest["excluded_task_ids"] == ["40853293"]


@pytest.mark.model
def test_it_loads_offline_and_is_finite_in_fp16(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("peft")
    pytest.importorskip("transformers")
    import socket

    from arc_solver.finetune.lora import load_adapter
    from arc_solver.finetune.nano import check_half_forward, load_model

    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    model, tokenizer = load_model(WEIGHTS / "base")
    assert model.config.model_type == "qwen3"
    assert len(tokenizer) <= model.config.vocab_size
    known = read_prompt_format(WEIGHTS / "base")
    assert known is not None
    assert known.version == "brief"
    adapted = load_adapter(model, WEIGHTS / "base", WEIGHTS / "adapter")
    check_half_forward(adapted.merge_and_unload().half())
