"""Matrices in eight bits: one signed byte a weight, and a scale for each row.

Halves the room of a model that is kept or carried; it is computed with in full, not in eight bits. Knows nothing of
files and models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

_SCALE = ".scale"
_LARGEST = 127


def packed(state: Mapping[str, Tensor], is_packed: Callable[[str], bool]) -> dict[str, Tensor]:
    """A state with some matrices in eight bits (int8, and their scales as `<name>.scale`), the rest in fp16.

    Args:
        state: Finite values.
        is_packed: Which names; matrices only.
    """
    result: dict[str, Tensor] = {}
    for name, value in state.items():
        if not is_packed(name):
            result[name] = value.detach().half().contiguous()
            continue
        matrix = value.detach().float()
        # A row of zeros keeps any scale.
        scale = matrix.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / _LARGEST
        result[name] = (matrix / scale).round().to(torch.int8).contiguous()
        result[name + _SCALE] = scale.contiguous()
    return result


def unpacked(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The values in fp32 of what `packed` made; a state without eight bits is only turned into fp32."""
    return {
        name: value.float() * state[name + _SCALE] if value.dtype == torch.int8 else value.float()
        for name, value in state.items()
        if not name.endswith(_SCALE)
    }
