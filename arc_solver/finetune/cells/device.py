"""Where a cell model computes and how precisely. Knows nothing of models."""

from __future__ import annotations

import functools

import torch

from arc_solver.finetune.precision import AUTO, choose_precision


def prepare(n_threads: int) -> tuple[str, str]:
    """Set the threads; return the device and the precision that suit this machine.

    bf16 where the hardware has it, fp16 on other GPUs (a T4), fp32 on other CPUs. A GPU on which nothing runs counts as
    none.
    """
    torch.set_num_threads(n_threads)
    if torch.cuda.is_available() and not gpu_problem():
        # Answers grow by one token a step, and cuDNN's attention makes a plan for every new length. An H100 wrote as if
        # that were what it did most of the time (docs/log.md); the other kernels need no plans.
        torch.backends.cuda.enable_cudnn_sdp(False)
        return "cuda", choose_precision(AUTO, "cuda")
    return "cpu", choose_precision(AUTO, "cpu")


def gpu_problem() -> str:
    """Why nothing runs on the GPU that torch promises, one line; "" where something does, or where there is none.

    A build without kernels for a device finds it all the same, and so does one whose driver broke since.
    """
    if not torch.cuda.is_available():
        return ""
    try:
        torch.ones(1, device="cuda").add_(1.0).item()
    except (RuntimeError, AssertionError) as error:
        return (str(error).strip().splitlines() or ["no message"])[0]
    return ""


def torch_dtype(precision: str) -> torch.dtype:
    """`bf16`, `fp16` or `fp32` as torch has it."""
    return {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[precision]


@functools.cache
def capability(device: torch.device) -> tuple[int, int]:
    """The compute capability of a GPU; remembered, because it is asked for in every layer."""
    return torch.cuda.get_device_capability(device)
