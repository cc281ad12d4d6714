"""Optimisers and the course of the learning rate: warm-up, stable, decay.

The rate depends on how far a run is, counted in steps, in time, or both, whichever is further. Knows nothing of data or
checkpoints.
"""

from __future__ import annotations

from typing import Any


def learning_rate_factor(step: int, progress: float, *, warmup_steps: int, decay_share: float) -> float:
    """What the peak learning rate is multiplied with.

    Args:
        step: Steps done.
        progress: Share of the run that is done, 0..1.
        warmup_steps: Steps of the linear rise.
        decay_share: The last share of the run, in which the rate falls linearly to a hundredth.
    """
    rise = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    fall = (1.0 - progress) / decay_share if decay_share else 1.0
    return rise * min(1.0, max(0.01, fall))


def build_optimizers(model: Any, *, kind: str, lr: float, weight_decay: float) -> list[Any]:
    """Optimisers over the trainable parameters of `model`; each group remembers its peak rate as `peak_lr`.

    Args:
        model: A torch module.
        kind: `adamw`, or `muon`: Muon on the matrices inside the layers, AdamW on embeddings and vectors.
        lr: The peak rate, in AdamW's sense for both.
        weight_decay: On matrices only.
    """
    from torch.optim import AdamW

    from arc_solver.finetune.muon import StackedMuon

    trainable = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    hidden = [p for name, p in trainable if p.ndim == 2 and ".layers." in name]
    others = [p for name, p in trainable if not (p.ndim == 2 and ".layers." in name)]
    optimizers: list[Any] = []
    if kind == "muon" and hidden:
        optimizers.append(StackedMuon(hidden, lr=lr, weight_decay=weight_decay))
        hidden = []
    groups = [{"params": hidden, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if groups:
        optimizers.append(AdamW(groups, lr=lr, betas=(0.9, 0.95)))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return optimizers


def set_learning_rate(optimizers: list[Any], factor: float) -> None:
    """Set every group's rate to `factor` times its peak."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["peak_lr"] * factor
