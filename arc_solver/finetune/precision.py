"""The number formats that a model computes in, and the scaling of the loss that fp16 needs.

The trained weights are fp32 whatever the format: products and sums are made in the narrow one. Knows nothing of data.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from arc_solver.errors import InputError

AUTO, BF16, FP16, FP32 = "auto", "bf16", "fp16", "fp32"
PRECISIONS = (AUTO, BF16, FP16, FP32)


def choose_precision(wanted: str, device_type: str) -> str:
    """The precision for a device: `wanted`, or what suits the device where that is `auto`.

    bf16 on CPUs and GPUs that compute in it, fp16 on older GPUs (a T4, a P100), fp32 on anything else: on a CPU with
    AVX2 only, a product takes eight times as long in bf16 as in fp32 (docs/log.md).

    Raises:
        InputError: fp16 on a CPU, or bf16 on a GPU that cannot compute in it; the message says what to do.
    """
    import torch

    if device_type == "cuda":
        has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        if wanted == BF16 and not has_bf16:
            raise InputError("--precision bf16: this GPU cannot compute in it; use fp16 or auto")
        return (BF16 if has_bf16 else FP16) if wanted == AUTO else wanted
    if wanted == FP16:
        raise InputError(f"--precision fp16: not on a {device_type.upper()}; use bf16, fp32 or auto")
    if wanted == AUTO:
        return BF16 if device_type == "cpu" and cpu_has_bf16() else FP32
    return wanted


def cpu_has_bf16() -> bool:
    """Whether this CPU computes in bf16."""
    import torch

    return bool(torch.cpu._is_avx512_bf16_supported())


def torch_dtype(precision: str) -> Any:
    """The format as torch's."""
    import torch

    return {BF16: torch.bfloat16, FP16: torch.float16, FP32: torch.float32}[precision]


def autocast(model: Any, precision: str) -> AbstractContextManager[Any]:
    """The context in which `model` computes in `precision`; its weights stay what they are."""
    import torch

    context: AbstractContextManager[Any] = torch.autocast(
        device_of(model).type, dtype=torch_dtype(BF16 if precision == FP32 else precision), enabled=precision != FP32
    )
    return context


def loss_scaler(device_type: str, precision: str) -> Any:
    """A scaler that keeps small gradients above fp16's smallest number; one that does nothing for other formats."""
    import torch

    return torch.amp.GradScaler(device_type, enabled=precision == FP16)


def device_of(model: Any) -> Any:
    """The device that a model's inputs belong on."""
    return next(model.parameters()).device
