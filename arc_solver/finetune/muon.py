"""Muon for many matrices of few shapes.

torch's own treats one matrix after the other, and in bf16 whatever the device: on a GPU the launches would take longer
than the arithmetic of a small model, and on a CPU that does not compute in bf16 it takes as long as all the rest of a
step (docs/log.md). Here matrices of one shape are orthogonalised together, in what the device computes in. Update rule:
Jordan et al., "Muon" (2024), scaled to AdamW's size of update as in Moonlight (arXiv 2502.16982).

Knows nothing of models and data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from arc_solver.finetune.precision import AUTO, BF16, choose_precision

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_N_ITERATIONS = 5


class StackedMuon(Optimizer):
    """Muon with Nesterov momentum.

    Args:
        matrices: Parameters of two dimensions.
        lr: Learning rate in AdamW's sense.
        momentum: Of the gradient.
        weight_decay: Decoupled.
    """

    def __init__(
        self, matrices: Iterable[nn.Parameter], *, lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        by_shape: dict[torch.Size, list[nn.Parameter]] = {}
        for matrix in matrices:
            by_shape.setdefault(matrix.shape, []).append(matrix)
        groups = [{"params": group} for group in by_shape.values()]
        super().__init__(groups, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:
        """One update of every matrix."""
        for group in self.param_groups:
            parameters = group["params"]
            gradients = torch.stack([p.grad for p in parameters])
            state = self.state[parameters[0]]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(gradients)
            momentum = state["momentum"].lerp_(gradients, 1 - group["momentum"])
            update = orthogonalized(gradients.lerp(momentum, group["momentum"]))
            scale = 0.2 * max(update.shape[1:]) ** 0.5
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(parameters, list(update.to(gradients.dtype).unbind()), alpha=-group["lr"] * scale)


def orthogonalized(stack: Tensor) -> Tensor:
    """About the nearest matrices with orthonormal rows or columns: (N, R, C) -> (N, R, C), in bf16 where the device
    computes in it, else in fp32.
    """
    a, b, c = _COEFFICIENTS
    has_bf16 = choose_precision(AUTO, stack.device.type) == BF16
    x = stack.bfloat16() if has_bf16 else stack.float()
    is_tall = x.shape[1] > x.shape[2]
    if is_tall:
        x = x.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_N_ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if is_tall else x
