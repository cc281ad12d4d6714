"""Causal attention of one sequence for CPUs, computed in blocks of queries.

torch's fused kernel takes 2.6 to 3 times as long here for a step of training (bf16, heads of 64, 200 to 1,500 tokens,
one core, `benchmarks/cell_training.py`): it computes what lies above the diagonal too, and repeats keys for
the query heads that share them. Knows nothing of documents.

Shapes: H query heads, G key heads, T tokens, D head width.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

_BLOCK = 192
"""Queries of a block: between 128 and 256 the time is the same."""


def attend_blocked(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention: (H, T, D), (G, T, D), (G, T, D) -> (H, T, D); G divides H."""
    found: Tensor = _BlockedAttention.apply(q, k, v)
    return found


class _BlockedAttention(torch.autograd.Function):
    """Keeps the probabilities for the way back: H * T * T / 2 numbers a layer."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        n_groups = k.shape[0]
        n_heads, n_tokens = q.shape[:2]
        scaled = q * q.shape[-1] ** -0.5
        out = torch.empty_like(scaled)
        kept = []
        for start in range(0, n_tokens, _BLOCK):
            end = min(n_tokens, start + _BLOCK)
            scores = torch.bmm(_grouped(scaled[:, start:end], n_groups), k[:, :end].transpose(1, 2))
            shape = (n_heads, end - start, end)
            scores = scores.view(shape).add_(_mask(end - start, start, scores.dtype))
            probabilities = torch.softmax(scores, -1).view(n_groups, -1, end)
            kept.append(probabilities)
            out[:, start:end] = torch.bmm(probabilities, v[:, :end]).view(n_heads, end - start, -1)
        ctx.save_for_backward(scaled, k, v, out, *kept)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        (wanted,) = gradients
        scaled, k, v, out, *kept = ctx.saved_tensors
        n_groups = k.shape[0]
        n_heads, n_tokens = scaled.shape[:2]
        summed = torch.promote_types(k.dtype, torch.float32)
        dq, dk, dv = torch.empty_like(scaled), torch.zeros_like(k, dtype=summed), torch.zeros_like(v, dtype=summed)
        # The softmax's gradient takes off what all probabilities of a row have in common.
        common = (wanted.to(summed) * out.to(summed)).sum(-1)
        for start, probabilities in zip(range(0, n_tokens, _BLOCK), kept, strict=True):
            end = min(n_tokens, start + _BLOCK)
            block = _grouped(wanted[:, start:end], n_groups)
            dv[:, :end] += torch.bmm(probabilities.transpose(1, 2), block)
            ds = torch.bmm(block, v[:, :end].transpose(1, 2))
            ds -= _grouped(common[:, start:end, None], n_groups).to(ds.dtype)
            ds *= probabilities
            dq[:, start:end] = torch.bmm(ds, k[:, :end]).view(n_heads, end - start, -1)
            dk[:, :end] += torch.bmm(ds.transpose(1, 2), _grouped(scaled[:, start:end], n_groups))
        return dq * scaled.shape[-1] ** -0.5, dk.to(k.dtype), dv.to(v.dtype)


def _grouped(x: Tensor, n_groups: int) -> Tensor:
    """The heads of a group one after the other, so that no key is repeated: (H, T, D) -> (G, H / G * T, D)."""
    return x.reshape(n_groups, -1, x.shape[-1])


@lru_cache(maxsize=64)
def _mask(n_queries: int, first: int, dtype: torch.dtype) -> Tensor:
    """0 where query `first + i` may look, minus infinity behind it: (n_queries, first + n_queries)."""
    return torch.full((n_queries, first + n_queries), float("-inf")).triu(first + 1).to(dtype)
