"""Greedy answers of a cell model, many prompts at a time, and their log-probabilities.

A grid's places are known once its size is, so after the two size tokens only colours are chosen. Knows nothing of
tasks, views and votes.

Shapes: B prompts, S keys.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.model import CellConfig, CellModel, log_total
from arc_solver.grids import MAX_SIDE


@dataclass(frozen=True, slots=True)
class Answer:
    """A grid that the model wrote.

    Attributes:
        grid: Shape (R, C), int8.
        logprob: Sum over its tokens, END included.
    """

    grid: NDArray[np.int8]
    logprob: float


@torch.no_grad()
def answer(model: CellModel, prompts: Sequence[NDArray[np.int32]], *, batch_size: int = 256) -> list[Answer]:
    """The likeliest grid after each prompt, token by token.

    Args:
        model: In evaluation mode; its layers' type is the type of the arithmetic (`inference_copy`).
        prompts: Token ids up to and including OUTPUT.
        batch_size: Prompts that are answered together.
    """
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    answers: dict[int, Answer] = {}
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        for index, found in zip(chosen, _answer_batch(model, [prompts[i] for i in chosen]), strict=True):
            answers[index] = found
    return [answers[index] for index in range(len(prompts))]


def inference_copy(model: CellModel, dtype: torch.dtype) -> CellModel:
    """A copy for answering whose layers compute in `dtype`; tables, head and normalisation stay in fp32."""
    twin = copy.deepcopy(model).eval().requires_grad_(False)
    twin.layers.to(dtype)
    return twin


class _Reader:
    """Runs the model over new tokens of left-padded sequences and remembers keys and values."""

    def __init__(self, model: CellModel, n_pads: Tensor, capacity: int) -> None:
        c = model.config
        self._model = model
        self._n_pads = n_pads
        device = model.embedding.device
        dtype = model.layers[0].q_proj.weight.dtype
        shape = (c.n_layers, len(n_pads), c.n_kv_heads, capacity, c.head_width)
        self._keys = torch.zeros(shape, dtype=dtype, device=device)
        self._values = torch.zeros(shape, dtype=dtype, device=device)
        self._places = torch.arange(capacity, device=device)
        self._length = 0

    def keep(self, rows: Tensor) -> None:
        """Go on with these sequences only."""
        self._keys, self._values, self._n_pads = self._keys[:, rows], self._values[:, rows], self._n_pads[rows]

    def read(self, tokens: Tensor) -> Tensor:
        """Scores after the last of `tokens` (B, T): (B, head rows)."""
        model, start, end = self._model, self._length, self._length + tokens.shape[1]
        x = model.embed(tokens).to(self._keys.dtype)
        places = self._places[start:end]
        cos, sin = model.rotary((places - self._n_pads[:, None]).clamp(min=0)[:, None], x.dtype)
        keys = self._places[:end]
        mask = (keys >= self._n_pads[:, None, None]) & (keys <= places[:, None])
        # Padding attends to itself: a row without any key would become NaN.
        mask = _for_groups((mask | (keys == places[:, None]))[:, None], model.config)
        for index, layer in enumerate(model.layers):
            q, k, v = layer.project(x, cos, sin)
            self._keys[index, :, :, start:end], self._values[index, :, :, start:end] = k, v
            attended = _grouped_attention(q, self._keys[index, :, :, :end], self._values[index, :, :, :end], mask)
            x = layer.finish(x, attended)
        self._length = end
        return model.scores(x[:, -1:])[:, 0]


def _for_groups(mask: Tensor, config: CellConfig) -> Tensor:
    """The mask of one head, for query heads of a group that stand one after the other: (B, 1, T, S) -> (B, 1, G * T,
    S).
    """
    n_groups = config.n_heads // config.n_kv_heads
    n_tokens, n_keys = mask.shape[2:]
    # Kernels want the mask's rows to be aligned, whatever the number of keys.
    aligned = mask.new_zeros(*mask.shape[:2], n_groups * n_tokens, -(-n_keys // 16) * 16)
    aligned[..., :n_keys] = mask.repeat(1, 1, n_groups, 1)
    return aligned[..., :n_keys]


def _grouped_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Attention in which the query heads of a group stand one after the other, so that no key has to be repeated."""
    together = q.reshape(q.shape[0], k.shape[1], -1, q.shape[3])
    return F.scaled_dot_product_attention(together, k, v, attn_mask=mask).reshape(q.shape)


def _answer_batch(model: CellModel, prompts: Sequence[NDArray[np.int32]]) -> list[Answer]:
    device = model.embedding.device
    longest = max(map(len, prompts))
    padded = np.stack([np.pad(prompt, (longest - len(prompt), 0)) for prompt in prompts])
    n_pads = torch.tensor([longest - len(prompt) for prompt in prompts], device=device)
    reader = _Reader(model, n_pads, longest + MAX_SIDE**2 + 3)
    logprobs = torch.zeros(len(prompts), device=device)
    sides: list[Tensor] = []
    scores = reader.read(torch.tensor(padded, device=device))
    for part, first in ((words.HEAD_HEIGHT, words.HEIGHT), (words.HEAD_WIDTH, words.WIDTH)):
        side = scores[:, part].argmax(-1)
        logprobs += scores[:, part].gather(-1, side[:, None])[:, 0] - log_total(scores)
        sides.append(side + 1)
        scores = reader.read((first + side)[:, None])
    n_rows, n_columns = sides
    n_cells = n_rows * n_columns
    colors = torch.zeros(len(prompts), int(n_cells.max()) + 1, dtype=torch.int8, device=device)
    running = torch.arange(len(prompts), device=device)
    for step in range(int(n_cells.max())):
        # Sequences that have ended run on, unread, until half of the batch has: moving the cache costs more.
        row, column = (step // n_columns[running]).clamp(max=MAX_SIDE - 1), step % n_columns[running]
        color = scores[:, words.HEAD_COLOR].argmax(-1)
        is_open = step < n_cells[running]
        found = _cell_logit(scores, color, row, column) - log_total(scores)
        logprobs[running] += torch.where(is_open, found, 0.0)
        colors[running, step] = color.to(torch.int8)
        scores = reader.read((words.CELL + (color * MAX_SIDE + row) * MAX_SIDE + column)[:, None])
        ends = step + 1 == n_cells[running]
        logprobs[running] += torch.where(ends, scores[:, words.HEAD_END] - log_total(scores), 0.0)
        if step % 16 == 15:
            keep = (step + 1 < n_cells[running]).nonzero()[:, 0]
            if 2 * len(keep) <= len(running):
                running, scores = running[keep], scores[keep]
                reader.keep(keep)
            if not len(running):
                break
    grids = colors.cpu().numpy()
    shapes = zip(n_rows.tolist(), n_columns.tolist(), strict=True)
    return [
        Answer(grids[index, : shape[0] * shape[1]].reshape(shape), float(logprobs[index]))
        for index, shape in enumerate(shapes)
    ]


def _cell_logit(scores: Tensor, color: Tensor, row: Tensor, column: Tensor) -> Tensor:
    def one(part: slice, index: Tensor) -> Tensor:
        return scores[:, part].gather(-1, index[:, None])[:, 0]

    return one(words.HEAD_COLOR, color) + one(words.HEAD_ROW, row) + one(words.HEAD_COLUMN, column)
