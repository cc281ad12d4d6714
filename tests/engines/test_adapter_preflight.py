"""Adapters that peft really writes, good and bad, told by their configuration and headers alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from arc_solver.engines.adapter_preflight import RANK_CEILINGS, check_adapter, rank_ceiling
from arc_solver.engines.preflight import Severity


def refusals(base: Path, adapter: Path, *, served: bool = True) -> list[str]:
    remarks = check_adapter(base, adapter, served=served)
    return [remark.text() for remark in remarks if remark.severity is Severity.REFUSED]


@pytest.mark.parametrize(
    ("rank", "ceiling"), [(1, 1), (2, 8), (8, 8), (9, 16), (65, 128), (257, 320), (512, 512), (513, None)]
)
def test_the_ceiling_of_a_rank(rank: int, ceiling: int | None) -> None:
    assert rank_ceiling(rank) == ceiling


def test_every_ceiling_is_its_own() -> None:
    assert [rank_ceiling(rank) for rank in RANK_CEILINGS] == list(RANK_CEILINGS)


def test_folders_that_are_no_adapter(tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    assert "no such folder" in refusals(tmp_path, folder)[0]
    folder.mkdir()
    assert "adapter_config.json is missing" in refusals(tmp_path, folder)[0]
    (folder / "config.json").write_text("{}")
    assert "--model" in refusals(tmp_path, folder)[0]
    (folder / "adapter_config.json").write_text("{}")
    assert "adapter_model.safetensors is missing" in refusals(tmp_path, folder)[0]
    (folder / "adapter_model.bin").write_bytes(b"")
    assert "pickled" in refusals(tmp_path, folder)[0]
    (folder / "adapter_model.safetensors").write_bytes(b"rubbish that is no header")
    assert "damaged" in refusals(tmp_path, folder)[0]


def make(base: Path, folder: Path, **settings: Any) -> Path:
    """An adapter as peft saves it."""
    pytest.importorskip("torch")
    peft = pytest.importorskip("peft")
    transformers = pytest.importorskip("transformers")
    chosen = {"r": 4, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM"} | settings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = transformers.AutoModelForCausalLM.from_pretrained(base)
        adapted = peft.get_peft_model(model, peft.LoraConfig(**chosen))
        adapted.save_pretrained(folder)
    return folder


needs_model = pytest.mark.model


@needs_model
@pytest.mark.parametrize("settings", [{}, {"use_rslora": True}, {"target_modules": "all-linear"}, {"r": 32}])
def test_a_good_adapter_passes(tiny_model: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    adapter = make(tiny_model, tmp_path / "adapter", **settings)
    assert refusals(tiny_model, adapter) == []
    assert refusals(tiny_model, adapter, served=False) == []
    told = [remark.text() for remark in check_adapter(tiny_model, adapter, served=True)]
    assert any("rank-stabilised" in text for text in told) is bool(settings.get("use_rslora"))


@needs_model
@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"modules_to_save": ["embed_tokens"]}, "modules_to_save"),
        ({"modules_to_save": ["norm"]}, "modules_to_save"),
        ({"target_modules": ["q_proj", "lm_head"]}, "lm_head"),
        ({"target_modules": ["q_proj", "embed_tokens"]}, "embed_tokens"),
        ({"target_modules": r".*(q_proj|embed_tokens)"}, "embed_tokens"),
        ({"bias": "lora_only"}, "biases"),
        ({"trainable_token_indices": [1, 2]}, "rows of the embeddings"),
        ({"r": 513}, "rank 513 is above 512"),
        ({"rank_pattern": {"v_proj": 600}}, "rank 600 is above 512"),
    ],
)
def test_what_vllm_cannot_serve_is_refused_with_advice(
    tiny_model: Path, tmp_path: Path, settings: dict[str, Any], what: str
) -> None:
    adapter = make(tiny_model, tmp_path / "adapter", **settings)
    texts = refusals(tiny_model, adapter)
    assert texts
    assert what in texts[0]
    assert "merge it into its base" in texts[0]
    # Merged into the weights, all of these work.
    assert refusals(tiny_model, adapter, served=False) == []


@needs_model
@pytest.mark.parametrize("served", [True, False])
@pytest.mark.parametrize(
    ("settings", "what", "advice"),
    [
        ({"lora_bias": True}, "biases of its own", "merge"),
        # Loaded and taken out again, it would leave a changed base behind.
        ({"init_lora_weights": "pissa"}, "changes the base", "path_initial_model_for_weight_conversion"),
    ],
)
def test_what_nobody_can_swap_is_refused_everywhere(
    tiny_model: Path, tmp_path: Path, settings: dict[str, Any], what: str, advice: str, served: bool
) -> None:
    (text,) = refusals(tiny_model, make(tiny_model, tmp_path / "adapter", **settings), served=served)
    assert what in text
    assert advice in text


@needs_model
def test_ranks_that_differ_are_a_warning(tiny_model: Path, tmp_path: Path) -> None:
    adapter = make(tiny_model, tmp_path / "adapter", rank_pattern={"v_proj": 8})
    assert refusals(tiny_model, adapter) == []
    found = check_adapter(tiny_model, adapter, served=True)
    assert [remark.severity for remark in found] == [Severity.WARNING]


def small_base(tiny_model: Path, folder: Path, **changes: Any) -> Path:
    """A random model that differs from the tiny one in some figures."""
    transformers = pytest.importorskip("transformers")
    config = transformers.AutoConfig.from_pretrained(tiny_model)
    for name, value in changes.items():
        setattr(config, name, value)
    if "num_hidden_layers" in changes:
        config.layer_types = ["full_attention"] * changes["num_hidden_layers"]
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


@needs_model
@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"hidden_size": 64}, "as 128 x 48, here it is 128 x 64"),
        ({"num_key_value_heads": 4}, "v_proj as 64 x 48, here it is 128 x 48"),
        ({"num_hidden_layers": 1}, "it adapts layers.1.self_attn.q_proj, which this base does not have"),
    ],
)
@pytest.mark.parametrize("served", [True, False])
def test_another_base_is_told_by_its_shapes(
    tiny_model: Path, tmp_path: Path, changes: dict[str, Any], what: str, served: bool
) -> None:
    adapter = make(tiny_model, tmp_path / "adapter")
    other = small_base(tiny_model, tmp_path / "other", **changes)
    (text,) = refusals(other, adapter, served=served)
    assert what in text
    assert str(tiny_model) in text  # where peft wrote down the base that it was trained on


@needs_model
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"peft_type": "IA3"}, "a IA3 adapter"),
        ({"r": 0}, "rank 0"),
        ({"r": "8"}, "rank '8'"),
        ({"r": True}, "rank True"),
    ],
)
def test_a_broken_configuration_is_refused(
    tiny_adapter: Path, tiny_model: Path, tmp_path: Path, change: Any, what: str
) -> None:
    folder = tmp_path / "adapter"
    shutil.copytree(tiny_adapter, folder)
    config = folder / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change))
    (text,) = refusals(tiny_model, folder)
    assert what in text


@needs_model
def test_half_an_adapter_is_refused(tiny_adapter: Path, tiny_model: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "adapter"
    shutil.copytree(tiny_adapter, folder)
    tensors = load_file(folder / "adapter_model.safetensors")
    gone = next(name for name in tensors if "lora_B" in name)
    save_file({name: value for name, value in tensors.items() if name != gone}, folder / "adapter_model.safetensors")
    (text,) = refusals(tiny_model, folder)
    assert "only half" in text
    save_file({"other.weight": tensors[gone]}, folder / "adapter_model.safetensors")
    (text,) = refusals(tiny_model, folder)
    assert "no LoRA matrices" in text


@needs_model
@pytest.mark.parametrize(
    "settings",
    [
        {"use_dora": True},
        {"modules_to_save": ["norm"]},
        {"modules_to_save": ["embed_tokens"]},
        {"target_modules": ["q_proj", "lm_head"]},
        {"target_modules": ["q_proj", "embed_tokens"]},
        {"bias": "lora_only"},
        {"trainable_token_indices": [1, 2]},
        {"rank_pattern": {"v_proj": 8}, "alpha_pattern": {"v_proj": 32}},
        {"use_rslora": True},
    ],
)
def test_what_is_not_served_can_be_merged_by_the_transformers_engine(
    tiny_model: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    from arc_solver.budget import Deadline, ManualClock
    from arc_solver.engines.base import Request, Sampling
    from arc_solver.engines.transformers_engine import TransformersEngine
    from arc_solver.prompts.base import Prompt

    adapter = make(tiny_model, tmp_path / "adapter", init_lora_weights=False, **settings)
    requests = [Request("a", Prompt("hello"), Sampling(8))]
    answers = []
    for chosen in (None, adapter):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            engine = TransformersEngine(tiny_model, chosen, device="cpu")
        answers.append(dict(engine.generate(requests, Deadline(ManualClock(), 1.0)))["a"])
    assert answers[0] != answers[1]


@needs_model
def test_an_old_torchao_keeps_no_adapter_from_being_merged(
    tiny_model: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    (tmp_path / "torchao").mkdir()
    (tmp_path / "torchao" / "__init__.py").touch()
    (tmp_path / "torchao-0.10.0.dist-info").mkdir()
    (tmp_path / "torchao-0.10.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: torchao\nVersion: 0.10.0\n"
    )
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; "
        "from arc_solver.engines.devices import probe_host; assert probe_host().version('torchao') == '0.10.0'; "
        "from arc_solver.engines.transformers_engine import TransformersEngine; "
        "TransformersEngine(Path(sys.argv[2]), Path(sys.argv[3]), device='cpu')"
    )
    command = [sys.executable, "-c", program, tmp_path, tiny_model, tiny_adapter]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
