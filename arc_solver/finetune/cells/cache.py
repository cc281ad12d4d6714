"""What the model remembers of the sequences that it writes: keys and values, a place of its own for each sequence.

A few tokens are read at a time; how many of them each sequence keeps is said afterwards, so that tokens that are only
guessed may be read. Knows nothing of grids and choices.

Shapes: B sequences, T tokens read together, S keys.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from arc_solver.finetune.cells.blocked_attention import attend_blocked
from arc_solver.finetune.cells.model import CellModel, attend

_GROWTH = 128
"""Room is made for so many more tokens at a time."""


class Cache:
    """Keys and values of sequences of different lengths.

    Args:
        model: In evaluation mode; the type of its layers is that of what is kept.
        n_sequences: B.
    """

    def __init__(self, model: CellModel, n_sequences: int) -> None:
        c = model.config
        self._model = model
        self._groups = c.n_heads // c.n_kv_heads
        like = model.layers[0].q_proj.weight
        self._is_wide = _is_wide(like.device)
        self._no_tasks = torch.empty(0, dtype=torch.long, device=like.device)
        # Keys lie along the last axis: products with a few queries are nearly twice as fast on CPUs.
        shape = c.n_layers, n_sequences, c.n_kv_heads
        self._keys = torch.zeros(*shape, c.head_width, 0, dtype=like.dtype, device=like.device)
        self._values = torch.zeros(*shape, 0, c.head_width, dtype=like.dtype, device=like.device)
        self._lengths = torch.zeros(n_sequences, dtype=torch.long, device=like.device)
        self._longest = 0

    def begin(self, tokens: Tensor, lengths: Tensor) -> None:
        """Read the beginnings of the sequences.

        Args:
            tokens: Padded behind, (B, T).
            lengths: Without the padding, (B,).
        """
        model = self._model
        self._make_room(tokens.shape[1])
        x = model.embed(tokens).to(self._keys.dtype)
        cos, sin = model.rotary(torch.arange(tokens.shape[1], device=x.device), x.dtype)
        end = tokens.shape[1]
        for index, layer in enumerate(model.layers):
            q, k, v = layer.project(x, cos, sin)
            # What padding leaves here is overwritten before anything can see it.
            self._keys[index, ..., :end], self._values[index, :, :, :end] = k.transpose(2, 3), v
            x = layer.finish(x, _attend_all(q, k, v))
        self._lengths, self._longest = lengths, end

    def read(self, tokens: Tensor) -> Tensor:
        """Scores after each of the tokens that come next, (B, T) -> (B, T, head rows). They are not kept yet."""
        model, n_new = self._model, tokens.shape[1]
        self._make_room(self._longest + n_new)
        end = self._keys.shape[-1] if self._is_wide else self._longest + n_new
        places = self._lengths[:, None] + torch.arange(n_new, device=tokens.device)
        # No answer holds a task's token, and to look for one would make the host wait for a GPU at every step.
        x = model.embed(tokens, self._no_tasks).to(self._keys.dtype)
        cos, sin = model.rotary(places[:, None], x.dtype)
        unseen = torch.arange(end, device=tokens.device) > places[:, :, None]
        unseen = unseen[:, None].repeat(1, 1, self._groups, 1)
        rows = torch.arange(len(tokens), device=tokens.device)[:, None, None]
        heads = torch.arange(self._keys.shape[2], device=tokens.device)[None, :, None]
        at = rows, heads, places[:, None]
        for index, layer in enumerate(model.layers):
            q, k, v = layer.project(x, cos, sin)
            keys, values = self._keys[index], self._values[index]
            keys[at[0], at[1], :, at[2]] = k
            values[at] = v
            attend_some = _attend_wide if self._is_wide else _attend
            x = layer.finish(x, attend_some(q, keys[..., :end], values[:, :, :end], unseen))
        return model.scores(x)

    def accept(self, counts: Tensor) -> None:
        """Keep so many of the tokens that were read last, (B,)."""
        self._lengths = self._lengths + counts

    def settle(self) -> None:
        """See how long the longest sequence is; makes the host wait for a GPU."""
        self._longest = int(self._lengths.max())

    def expect(self, n_more: int) -> None:
        """No sequence has grown by more than this since `settle`."""
        self._longest += n_more

    def keep(self, rows: Tensor) -> None:
        """Go on with these sequences only."""
        self._keys, self._values, self._lengths = self._keys[:, rows], self._values[:, rows], self._lengths[rows]
        self.settle()

    def _make_room(self, n_tokens: int) -> None:
        room = self._keys.shape[-1]
        if n_tokens > room:
            more = -(-(n_tokens - room) // _GROWTH) * _GROWTH
            self._keys, self._values = F.pad(self._keys, (0, more)), F.pad(self._values, (0, 0, 0, more))


def _is_wide(device: torch.device) -> bool:
    """Whether all places are looked at, those that nothing was written to as well. On a GPU this costs a few percent of
    the reading; its fast kernels want lengths that eight divides, and what it allocates can be used again only while
    lengths stay the same.
    """
    return device.type == "cuda"


def _attend_all(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention of whole sequences: (B, heads, T, head width), keys and values with fewer heads."""
    if q.is_cuda:
        return attend(q, k, v)
    return torch.stack([attend_blocked(*one) for one in zip(q, k, v, strict=True)])


def _attend(q: Tensor, keys: Tensor, values: Tensor, unseen: Tensor) -> Tensor:
    """Attention in which the query heads of a group stand one after the other, so that no key has to be repeated.

    Args:
        q: (B, query heads, T, head width).
        keys: (B, key heads, head width, S).
        values: (B, key heads, S, head width).
        unseen: True where a query does not see a key, (B, 1, groups * T, S).
    """
    together = q.reshape(q.shape[0], keys.shape[1], -1, q.shape[3])
    weights = (together @ keys).float().mul_(q.shape[3] ** -0.5).masked_fill_(unseen, float("-inf")).softmax(-1)
    return (weights.to(values.dtype) @ values).reshape(q.shape)


def _attend_wide(q: Tensor, keys: Tensor, values: Tensor, unseen: Tensor) -> Tensor:
    """The same for GPUs, where the time is that of going through the weights: four times instead of ten. Their softmax
    computes in fp32 whatever it reads.
    """
    together = (q * q.shape[3] ** -0.5).reshape(q.shape[0], keys.shape[1], -1, q.shape[3])
    weights = (together @ keys).masked_fill_(unseen, float("-inf")).softmax(-1)
    return (weights @ values).reshape(q.shape)
