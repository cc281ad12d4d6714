"""The optimisers of a cell model: Muon on the matrices of its layers, AdamW on the rest.

Knows nothing of data.
"""

from __future__ import annotations

from typing import Any

from torch.optim import AdamW, Optimizer

from arc_solver.finetune.cells.model import CellModel
from arc_solver.finetune.muon import StackedMuon


def build_optimizers(
    model: CellModel, *, lr: float, table_lr: float, weight_decay: float, kind: str = "muon"
) -> list[Optimizer]:
    """Optimisers of everything in a model; each group remembers its rate as `peak_lr`.

    Args:
        model: Trained.
        lr: Peak rate of matrices and vectors.
        table_lr: Peak rate of embeddings, head and tasks.
        weight_decay: On matrices.
        kind: `muon` (on matrices, AdamW on the rest), or `adamw` alone: with small batches on a CPU, Muon takes as long
            as the batch itself.
    """
    matrices = [p for p in model.layers.parameters() if p.ndim == 2]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    groups: list[dict[str, Any]] = [
        {"params": [model.embedding, model.head, model.tasks], "lr": table_lr},
        {"params": vectors, "lr": lr},
    ]
    optimizers: list[Optimizer] = []
    if kind == "muon":
        optimizers.append(StackedMuon(matrices, lr=lr, weight_decay=weight_decay))
    else:
        groups.append({"params": matrices, "lr": lr, "weight_decay": weight_decay})
    optimizers.append(AdamW(groups, betas=(0.9, 0.95), weight_decay=0.0, fused=True))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return optimizers
