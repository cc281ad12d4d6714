"""A cell model as a plain Hugging Face folder, and back.

The folder holds what transformers, vLLM and peft read (`config.json`, fp16 `model.safetensors`, a tokenizer), and
beside it `cells.safetensors`: the small tables that the written-out embedding and head are sums of, without which
training could not go on, and the tokens of the tasks that were trained.

Knows nothing of how a model was trained.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from arc_solver.errors import ModelError
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.eight_bit import packed, unpacked
from arc_solver.finetune.cells.model import CellConfig, CellModel, exported_config, exported_weights
from arc_solver.finetune.cells.tokenizer import build_tokenizer, save_tokenizer
from arc_solver.json_files import write_json

TABLES = "cells.safetensors"
COMPACT = "cells-compact.safetensors"
"""The same model without the written-out sums: layers and small tables in fp16, for keeping."""
_FORMAT = "arc_solver cells 1"


def save_plain(model: CellModel, folder: Path, *, slots: Tensor | None = None) -> None:
    """Write a model as a plain folder.

    Args:
        model: The model; its first task token is the one for unknown tasks.
        folder: Created when missing.
        slots: Embeddings of the written-out task tokens, (at most N_TASK_SLOTS, D); those of the model's tasks by
        default.
            Slots that are left over repeat the first.

    Raises:
        ModelError: Weights that are not finite in fp16.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given = (model.tasks if slots is None else slots).detach()[: words.N_TASK_SLOTS]
    filled = torch.cat((given, given[:1].expand(words.N_TASK_SLOTS - len(given), -1)))
    weights = {name: value.half() for name, value in exported_weights(model, filled).items()}
    bad = [name for name, value in weights.items() if not torch.isfinite(value).all()]
    if bad:
        raise ModelError(f"{folder}: not finite in fp16: {', '.join(bad[:3])}")
    config = exported_config(model.config)
    config.dtype = torch.float16
    config.architectures = ["Qwen3ForCausalLM"]
    config.save_pretrained(folder)
    generation = {"eos_token_id": words.END, "pad_token_id": words.PAD, "do_sample": False}
    write_json(folder / "generation_config.json", generation)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    tables = {name: getattr(model, name).detach().float().cpu().contiguous() for name in ("embedding", "head", "tasks")}
    save_file(tables, folder / TABLES, {"format": _FORMAT})
    save_tokenizer(build_tokenizer(), folder)


def save_compact(model: CellModel, folder: Path, *, eight_bit: bool = False) -> None:
    """Write a model in two thirds of the room: its parameters in fp16 and its sizes, in one file.

    Args:
        model: The model.
        folder: Created when missing.
        eight_bit: The matrices of the layers take one byte a weight: half of that room.
    """
    folder.mkdir(parents=True, exist_ok=True)
    matrices = {name for name, value in model.layers.named_parameters(prefix="layers") if value.ndim == 2}
    state = packed(model.state_dict(), lambda name: eight_bit and name in matrices)
    content = {name: value.cpu() for name, value in state.items()}
    save_file(content, folder / COMPACT, {"format": "pt", "config": json.dumps(asdict(model.config))})


def load_compact(folder: Path) -> CellModel:
    """The model that `save_compact` wrote, in fp32.

    Raises:
        ModelError: No such model.
    """
    try:
        with safe_open(folder / COMPACT, "pt") as file:
            model = CellModel(CellConfig(**json.loads(file.metadata()["config"])))
        model.load_state_dict(unpacked(load_file(folder / COMPACT)))
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise ModelError(f"{folder}: no compact cell model: {error}") from error
    return model


def is_cell_model(folder: Path) -> bool:
    """Whether `folder` holds a cell model that can be trained on."""
    return (folder / TABLES).is_file()


def load_plain(folder: Path, *, n_new_tasks: int = 0) -> CellModel:
    """The model in `folder`, in fp32 on the CPU.

    Args:
        folder: What `save_plain` wrote.
        n_new_tasks: Task tokens behind the trained ones; each begins as their mean.

    Raises:
        ModelError: No such model, or files that do not belong together.
    """
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tables = load_file(folder / TABLES)
        weights = load_file(folder / "model.safetensors")
        config = CellConfig(
            width=settings["hidden_size"],
            n_layers=settings["num_hidden_layers"],
            n_heads=settings["num_attention_heads"],
            n_kv_heads=settings["num_key_value_heads"],
            head_width=settings["head_dim"],
            ffn_width=settings["intermediate_size"],
            n_tasks=len(tables["tasks"]) + n_new_tasks,
            rope_theta=_rope_theta(settings),
            context_length=settings["max_position_embeddings"],
        )
        model = CellModel(config)
        state = {"norm.weight": weights["model.norm.weight"], "embedding": tables["embedding"], "head": tables["head"]}
        for name in model.state_dict():
            if name.startswith("layers."):
                state[name] = weights[_plain_name(name)]
        trained = tables["tasks"][1:] if len(tables["tasks"]) > 1 else tables["tasks"]
        state["tasks"] = torch.cat((tables["tasks"], trained.mean(0, keepdim=True).expand(n_new_tasks, -1)))
        model.load_state_dict({name: value.float() for name, value in state.items()})
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise ModelError(f"{folder}: no cell model: {error}") from error
    return model


def _plain_name(name: str) -> str:
    _, index, part, _ = name.split(".")
    room = "self_attn." if part[0] in "qkvo" and part != "post_attention_layernorm" else ""
    room = "mlp." if part in ("gate_proj", "up_proj", "down_proj") else room
    return f"model.layers.{index}.{room}{part}.weight"


def _rope_theta(settings: dict[str, object]) -> float:
    parameters = settings.get("rope_parameters")
    found = parameters.get("rope_theta") if isinstance(parameters, dict) else settings.get("rope_theta")
    return float(found) if isinstance(found, int | float) else 10_000.0
