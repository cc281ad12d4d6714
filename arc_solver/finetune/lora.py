"""LoRA: a small adapter on a frozen model, saved as a plain peft folder.

Knows nothing of training or of ARC. Which base an adapter belongs to is `manifest.py`'s record, written here beside the
adapter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arc_solver.errors import ModelError
from arc_solver.finetune.manifest import ADAPTER_CONFIG, verify_adapter, write_adapter_record
from arc_solver.json_files import read_json, write_json
from arc_solver.torchao import hide_old_torchao

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
FEED_FORWARD = ("gate_proj", "up_proj", "down_proj")
ALL_LINEAR = ("all-linear",)
"""Stands for every matrix but the head, whatever they are called."""


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """The shape of an adapter.

    Attributes:
        rank: Of the update of each matrix.
        alpha: Scale; with rank stabilisation the update is multiplied by alpha / sqrt(rank).
        targets: Names of the matrices that are adapted, or `ALL_LINEAR`.
        rank_stabilised: Whether the scale divides by sqrt(rank) (True) or by the rank.
        dropout: On the adapter's input.
    """

    rank: int = 16
    alpha: float = 16.0
    targets: tuple[str, ...] = (*ATTENTION, *FEED_FORWARD)
    rank_stabilised: bool = True
    dropout: float = 0.0


def add_lora(model: Any, settings: LoraSettings, *, seed: int) -> Any:
    """`model` with a fresh adapter as its only trainable part; the same for the same seed.

    Raises:
        ModelError: The model has none of the matrices in `settings.targets`.
    """
    import torch

    hide_old_torchao()
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        target_modules=settings.targets[0] if settings.targets == ALL_LINEAR else list(settings.targets),
        use_rslora=settings.rank_stabilised,
        lora_dropout=settings.dropout,
        bias="none",
        task_type="CAUSAL_LM",
    )
    try:
        return get_peft_model(model, config)
    except ValueError as error:
        raise ModelError(f"no adapter can be put on this model: {error}") from error


def save_adapter(model: Any, base_dir: Path, folder: Path, record: Mapping[str, Any]) -> None:
    """Write the adapter of `model` to `folder`, with the identity of the base in `base_dir` and `record` beside it.

    Raises:
        ModelError: A weight is not finite in fp16.
    """
    write_adapter(model, base_dir, folder)
    write_adapter_record(folder, base_dir, record)


def write_adapter(model: Any, base_dir: Path, folder: Path) -> None:
    """Write the adapter of `model` to `folder` as peft does, without a record of which base it belongs to.

    Raises:
        ModelError: A weight is not finite in fp16.
    """
    import torch

    for name, parameter in model.named_parameters():
        if parameter.requires_grad and not torch.isfinite(parameter.detach().to(torch.float16)).all():
            raise ModelError(f"not finite in fp16: {name}")
    # No embedding is adapted; left to itself, peft asks the network whether the vocabulary has grown.
    model.save_pretrained(folder, save_embedding_layers=False)
    config_path = Path(folder) / ADAPTER_CONFIG
    settings = read_json(config_path)
    # The folder's name only: a path of this machine means nothing elsewhere.
    settings["base_model_name_or_path"] = Path(base_dir).name
    write_json(config_path, settings, sort_keys=True)
    (Path(folder) / "README.md").unlink(missing_ok=True)


def load_adapter(model: Any, base_dir: Path, folder: Path, *, trainable: bool = False) -> Any:
    """`model`, loaded from `base_dir`, with the adapter of `folder` on it.

    Args:
        model: The base.
        base_dir: Where it came from, to be compared with the adapter's record.
        folder: The adapter.
        trainable: Whether training goes on.

    Raises:
        ModelError: The adapter was made for another base, is damaged or does not fit.
    """
    hide_old_torchao()
    from peft import PeftModel

    verify_adapter(base_dir, folder)
    try:
        return PeftModel.from_pretrained(model, str(folder), is_trainable=trainable)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"{folder}: this adapter does not fit the base in {base_dir}: {error}") from error
