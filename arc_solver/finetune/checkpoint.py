"""The state of a training run on disk: written whole or not at all, read back exactly.

One file holds the trainable parameters and their average, the optimisers, the scale of the loss, the random state of
torch, the counters and the position in the data. It is replaced atomically, so a run that is killed at any moment
resumes from the last complete one. Knows nothing of how a step is made.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arc_solver.errors import InputError

CHECKPOINT = "checkpoint.pt"
METRICS = "metrics.jsonl"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a checkpoint holds besides what `load_checkpoint` puts back itself.

    Attributes:
        state: Counters and settings.
        average: Name -> moving average of the trainable parameters; empty for none.
        scaler: State of the scaler of the loss; empty where none is needed.
    """

    state: dict[str, Any]
    average: dict[str, Any]
    scaler: dict[str, Any]


def save_checkpoint(
    run_dir: Path,
    model: Any,
    optimizers: list[Any],
    state: Mapping[str, Any],
    *,
    average: Mapping[str, Any] | None = None,
    scaler: Mapping[str, Any] | None = None,
) -> None:
    """Replace the checkpoint in `run_dir`.

    Args:
        run_dir: Folder of the run, created when missing.
        model: A torch module; its trainable parameters are saved.
        optimizers: Saved in this order.
        state: Counters and settings: plain values only.
        average: Moving average of the trainable parameters, by name.
        scaler: State of the scaler of the loss.
    """
    import torch

    run_dir.mkdir(parents=True, exist_ok=True)
    content = {
        "parameters": {name: p.detach() for name, p in model.named_parameters() if p.requires_grad},
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "average": dict(average or {}),
        "scaler": dict(scaler or {}),
        "torch_rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all(),
        "state": dict(state),
    }
    temporary = run_dir / (CHECKPOINT + ".new")
    with temporary.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(run_dir / CHECKPOINT)


def load_checkpoint(run_dir: Path, model: Any, optimizers: list[Any]) -> Loaded:
    """Put the checkpoint of `run_dir` into `model`, `optimizers` and torch's random state; return the rest.

    Raises:
        InputError: No checkpoint there, a damaged one, or one of another model.
    """
    import torch

    path = run_dir / CHECKPOINT
    if not path.is_file():
        raise InputError(f"{path}: no checkpoint to resume from")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise InputError(f"{path}: damaged checkpoint; start anew without --resume") from error
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    saved = content["parameters"]
    if {name: tuple(p.shape) for name, p in parameters.items()} != {name: tuple(p.shape) for name, p in saved.items()}:
        raise InputError(f"{path}: belongs to a model of another shape")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(saved[name])
    for optimizer, values in zip(optimizers, content["optimizers"], strict=True):
        optimizer.load_state_dict(values)
    torch.set_rng_state(content["torch_rng"])
    if len(content["cuda_rng"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(content["cuda_rng"])
    return Loaded(content["state"], content["average"], content["scaler"])


def append_metrics(run_dir: Path, record: Mapping[str, Any]) -> None:
    """Add one line to the metrics of `run_dir`."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / METRICS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def read_metrics(run_dir: Path) -> list[dict[str, Any]]:
    """All complete lines of the metrics; a line cut by a kill is left out."""
    path = run_dir / METRICS
    if not path.is_file():
        return []
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


def rewind_metrics(run_dir: Path, step: int) -> None:
    """Drop the metrics of steps after `step`: a resumed run makes them again."""
    kept = [record for record in read_metrics(run_dir) if record["step"] <= step]
    temporary = run_dir / (METRICS + ".new")
    temporary.write_text("".join(json.dumps(record) + "\n" for record in kept), encoding="utf-8")
    temporary.replace(run_dir / METRICS)
