"""A key/value cache whose rows come and go one by one, and the attention that reads it.

Each running completion owns a slot: a row of every layer's buffer in which position p of its text lies at index p. So
rows of different lengths need no padding, a new row may enter at any step, and one that leaves is overwritten by the
last one (a copy of one row, not of the batch). Writing in place spares the copy of the whole cache that appending costs
at every step.

Knows nothing of sampling or text. Shapes: n running rows, H heads, K key/value heads, D width of a head, T longest row.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.cache_utils import Cache
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

GROUPED_ATTENTION = "arc_solver_grouped"


def grouped_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention that never copies the cache for its query heads.

    With one new token a row, the H / K query heads that share a key/value head are just as many query positions over
    the same keys, so (n, H, 1, D) is read as (n, K, H / K, D). More than one new token goes the usual way.
    """
    n_rows, n_heads, n_queries, width = query.shape
    if n_queries > 1:
        output: tuple[torch.Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
        return output
    n_shared = key.shape[1]
    grouped = query.reshape(n_rows, n_shared, n_heads // n_shared, width)
    mixed = functional.scaled_dot_product_attention(
        grouped, key, value, attn_mask=attention_mask, scale=kwargs.get("scaling")
    )
    return mixed.reshape(n_rows, 1, n_heads, value.shape[-1]), None


AttentionInterface.register(GROUPED_ATTENTION, grouped_attention)
AttentionMaskInterface.register(GROUPED_ATTENTION, sdpa_mask)


class SlotCache(Cache):
    """Keys and values of the running rows, rows 0..n-1 of its buffers.

    `begin_step` says where the next token of each row goes; the model's forward pass then calls `update` for every
    layer.
    """

    def __init__(self) -> None:
        super().__init__(layers=[])
        self._buffers: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._rows = torch.empty(0, dtype=torch.long)
        self._positions = self._rows
        self._n_rows = 0
        self._length = 0
        self._capacity = (0, 0)

    def reserve(self, n_rows: int, length: int) -> None:
        """Make room for `n_rows` rows of `length` tokens; what the running rows hold stays."""
        if n_rows <= self._capacity[0] and length <= self._capacity[1]:
            return
        self._capacity = (max(n_rows, self._n_rows), max(length, self._capacity[1]))
        self._buffers = [(self._grown(keys), self._grown(values)) for keys, values in self._buffers]

    def _grown(self, old: torch.Tensor) -> torch.Tensor:
        # Zeros, not rubbish: masked positions get weight 0, and 0 times a stray NaN would be NaN.
        new = old.new_zeros((self._capacity[0], old.shape[1], self._capacity[1], old.shape[3]))
        new[: self._n_rows, :, : old.shape[2]] = old[: self._n_rows]
        return new

    def append(self, prefilled: Cache, row: int, length: int, n_copies: int) -> None:
        """Add `n_copies` rows that hold the first `length` positions of one row of an ordinary cache."""
        first, last = self._n_rows, self._n_rows + n_copies
        if not self._buffers:
            for layer in prefilled.layers:
                shapes = (layer.keys.shape, layer.values.shape)
                keys, values = (
                    layer.keys.new_zeros((self._capacity[0], shape[1], self._capacity[1], shape[3])) for shape in shapes
                )
                self._buffers.append((keys, values))
        for (keys, values), layer in zip(self._buffers, prefilled.layers, strict=True):
            keys[first:last, :, :length] = layer.keys[row, :, :length]
            values[first:last, :, :length] = layer.values[row, :, :length]
        self._n_rows = last

    def append_copies(self, donor: int, length: int, n_copies: int) -> None:
        """Add `n_copies` rows that share the first `length` positions of a running row."""
        first, last = self._n_rows, self._n_rows + n_copies
        for keys, values in self._buffers:
            keys[first:last, :, :length] = keys[donor, :, :length].clone()
            values[first:last, :, :length] = values[donor, :, :length].clone()
        self._n_rows = last

    def remove(self, row: int, last_length: int) -> None:
        """Drop a row; the last row, which holds `last_length` positions, takes its place."""
        last = self._n_rows - 1
        if row != last:
            for keys, values in self._buffers:
                keys[row, :, :last_length] = keys[last, :, :last_length]
                values[row, :, :last_length] = values[last, :, :last_length]
        self._n_rows = last

    def begin_step(self, positions: torch.Tensor, length: int) -> None:
        """Say where the next tokens go.

        Args:
            positions: (n,), the position of each row's next token.
            length: T, the largest of them plus one.
        """
        self._positions = positions
        self._length = length
        if len(self._rows) != len(positions) or self._rows.device != positions.device:
            self._rows = torch.arange(len(positions), device=positions.device)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write one new position of every row, (n, K, 1, D), and return all of them, (n, K, T, D)."""
        keys, values = self._buffers[layer_idx]
        keys[self._rows, :, self._positions] = key_states[:, :, 0]
        values[self._rows, :, self._positions] = value_states[:, :, 0]
        return keys[: self._n_rows, :, : self._length], values[: self._n_rows, :, : self._length]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Positions before the one that is being written, in the longest row."""
        return max(0, self._length - 1)

    def get_mask_sizes(self, *args: Any, **kwargs: Any) -> tuple[int, int]:
        """Keys and their offset; the masks themselves are passed ready-made."""
        return self._length, 0
