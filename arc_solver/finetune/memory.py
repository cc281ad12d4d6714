"""Running out of memory: telling it from other faults, and giving back what is not needed. Knows nothing of models."""

from __future__ import annotations


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a fault is about memory: torch says so in several ways."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return "memory" in text or "alloc_failed" in text


def free_memory() -> None:
    """Give back what torch keeps of a GPU's memory."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
