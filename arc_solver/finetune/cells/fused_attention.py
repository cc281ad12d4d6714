"""Attention by torch's fused kernels, for query heads that share key heads.

Only flash attention takes shared heads in every torch that we run on; it begins with capability 8 and takes no mask.
Anywhere else torch would fall back, without a word, to products in fp32 that hold all scores of all heads: slower, and
7 GB a layer where a T4 reads 256 prompts of 950 tokens together. So keys are repeated there, and the memory-efficient
kernel does it. Knows nothing of documents.

Shapes: B sequences, H query heads, G key heads, T queries, S keys, D head width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from arc_solver.finetune.cells.device import capability


def attend_fused(q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None = None) -> Tensor:
    """Attention, causal unless told otherwise: (B, H, T, D), (B, G, S, D) twice -> (B, H, T, D); G divides H.

    Args:
        q: Queries.
        k: Keys.
        v: Values.
        seen: True where a query sees a key, (T, S); None for as many keys as queries, those up to each one's own.
    """
    shared = takes_shared_heads(q.device, is_masked=seen is not None)
    if not shared:
        k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], dim=1) for x in (k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=seen, is_causal=seen is None, enable_gqa=shared)


def takes_shared_heads(device: torch.device, *, is_masked: bool) -> bool:
    """Whether a fused kernel there reads keys that several query heads share."""
    return device.type != "cuda" or (not is_masked and capability(device) >= (8, 0))
