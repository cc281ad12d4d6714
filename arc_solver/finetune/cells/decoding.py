"""Greedy answers of a cell model, many prompts at a time, and their log-probabilities.

A grid's places are known once its size is, so after the two size tokens only colours are chosen. An answer may begin
with tokens that are given, and what else could have been chosen on the way may be asked for: `branching` lives by
that. Knows nothing of tasks, views and votes.

Shapes: B sequences, S keys, L head rows of a choice.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.model import CellConfig, CellModel, log_total
from arc_solver.grids import MAX_SIDE, N_COLORS

_MAX_ANSWER = MAX_SIDE**2 + 3
_STRIDE = 16
"""Steps between two looks at which sequences have ended; a look makes the host wait for a GPU."""
_WORTH_MOVING = 0.85
"""Most of the sequences that may be left for the others to be taken out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A grid that the model wrote.

    Attributes:
        grid: Shape (R, C), int8.
        logprob: Sum over its tokens, END included.
    """

    grid: NDArray[np.int8]
    logprob: float


@dataclass(frozen=True, slots=True)
class Start:
    """A prompt, and the beginning of an answer to it.

    Attributes:
        prompt: Token ids up to and including OUTPUT.
        choices: What was chosen so far: rows - 1, columns - 1, then colours.
        logprob: Sum over the tokens of these choices.
        floor: Writing stops when the log-probability is no longer above this.
    """

    prompt: NDArray[np.int32]
    choices: tuple[int, ...] = ()
    logprob: float = 0.0
    floor: float = -math.inf

    @property
    def tokens(self) -> NDArray[np.int32]:
        """Prompt and choices as tokens."""
        return np.concatenate([self.prompt, _choice_tokens(self.choices)])


@dataclass(frozen=True, slots=True)
class Line:
    """What was written from a start.

    Attributes:
        answer: None if writing stopped before the end.
        others: What could have been chosen instead and is still above the floor of `write`.
        n_written: Tokens that were written.
    """

    answer: Answer | None
    others: tuple[Start, ...]
    n_written: int


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
        for index, line in zip(chosen, write(model, [Start(prompts[i]) for i in chosen]), strict=True):
            if line.answer is not None:
                answers[index] = line.answer
    return [answers[index] for index in range(len(prompts))]


def inference_copy(model: CellModel, dtype: torch.dtype) -> CellModel:
    """A copy for answering whose layers compute in `dtype`; tables, head and normalisation stay in fp32."""
    twin = copy.deepcopy(model).eval().requires_grad_(False)
    twin.layers.to(dtype)
    return twin


@torch.no_grad()
def write(model: CellModel, starts: Sequence[Start], *, others_above: float = math.inf) -> list[Line]:
    """Go on greedily from each start, all together.

    Args:
        model: As in `answer`.
        starts: Of similar lengths, or much is padding.
        others_above: Choices that were not taken are told if the log-probability up to and with them is above this.
    """
    tokens = [start.tokens for start in starts]
    longest = max(map(len, tokens))
    device = model.embedding.device
    writing = _Writing(starts, device)
    padded = np.stack([np.pad(part, (longest - len(part), 0)) for part in tokens])
    n_pads = torch.tensor([longest - len(part) for part in tokens], device=device)
    reader = _Reader(model, n_pads, longest + 3)
    new = torch.tensor(padded, device=device)
    step, last = 0, _MAX_ANSWER
    while step < last:
        chosen = writing.choose(reader.read(new), others_above)
        step += 1
        if step == 2:  # every size is known
            last = step + writing.n_left()
            reader.reserve(last - step)
        if step % _STRIDE == 0 or step == 2:
            keep = writing.open.nonzero()[:, 0]
            if not len(keep):
                break
            # Sequences that have ended run on, unread, until some have: moving the cache costs about two steps.
            if len(keep) <= _WORTH_MOVING * len(writing.open):
                writing.keep(keep)
                reader.keep(keep)
                chosen = chosen[keep]
        new = chosen[:, None]
    return writing.lines(starts)


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
        """Go on with these sequences only, without the padding that all of them have."""
        n_pads = self._n_pads[rows]
        n_less = int(n_pads.min())
        self._keys, self._values = (cache[:, rows, :, n_less:] for cache in (self._keys, self._values))
        self._n_pads, self._length = n_pads - n_less, self._length - n_less
        self._places = torch.arange(self._keys.shape[3], device=rows.device)

    def reserve(self, n_more: int) -> None:
        """Make room for so many more tokens."""
        n_new = max(0, self._length + n_more - len(self._places))
        self._keys, self._values = (F.pad(cache, (0, 0, 0, n_new)) for cache in (self._keys, self._values))
        self._places = torch.arange(len(self._places) + n_new, device=self._places.device)

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


class _Writing:
    """The answers that are being written, one choice of all of them at a time."""

    def __init__(self, starts: Sequence[Start], device: torch.device) -> None:
        begun = [start.choices for start in starts]
        self._choices = torch.tensor([(*one, *(0,) * (_MAX_ANSWER - len(one))) for one in begun], device=device)
        self._logprobs = torch.tensor([start.logprob for start in starts], device=device)
        self._places = torch.tensor([len(one) for one in begun], device=device)
        self._floors = torch.tensor([start.floor for start in starts], device=device)
        self._is_whole = torch.zeros(len(starts), dtype=torch.bool, device=device)
        self.open = torch.ones_like(self._is_whole)
        self._finished: list[tuple[Tensor, ...]] = []
        self._at = torch.arange(len(starts), device=device)
        self._others: list[tuple[Tensor, Tensor, Tensor]] = []
        self._others_above = math.inf

    def choose(self, scores: Tensor, others_above: float) -> Tensor:
        """Choose what is likeliest: (B, head rows) -> the tokens chosen, (B,)."""
        places, choices = self._places, self._choices
        n_columns = choices[:, 1] + 1
        cells = (places - 2).clamp(min=0)
        row, column = (cells // n_columns).clamp(max=MAX_SIDE - 1), cells % n_columns
        is_end = (places >= 2) & (cells == (choices[:, 0] + 1) * n_columns)
        options = choice_logits(scores, places, row, column) + (self._logprobs - log_total(scores))[:, None]
        chosen = options.argmax(-1, keepdim=True)
        reached = options.gather(-1, chosen)[:, 0]
        ended = self._logprobs + scores[:, words.HEAD_END] - log_total(scores)
        goes_on = self.open & ~is_end
        if others_above < math.inf:
            self._others_above = others_above
            others = options.scatter(-1, chosen, -math.inf).where(goes_on[:, None], -math.inf)
            self._others.append((self._at, places, others))
        self._logprobs = torch.where(goes_on, reached, torch.where(self.open, ended, self._logprobs))
        self._is_whole = self._is_whole | (self.open & is_end)
        at = places.clamp(max=_MAX_ANSWER - 1)[:, None]
        self._choices = choices.scatter(-1, at, torch.where(goes_on[:, None], chosen, choices.gather(-1, at)))
        self._places = places + goes_on
        self.open = goes_on & (self._logprobs > self._floors)
        return _tokens_of(places, chosen[:, 0], row, column)

    def n_left(self) -> int:
        """Most choices that are left to any."""
        choices = self._choices
        return int(((choices[:, 0] + 1) * (choices[:, 1] + 1) + 3 - self._places).where(self.open, 1).max())

    def keep(self, rows: Tensor) -> None:
        """Go on with these only; the others have ended."""
        self._finished.append((self._at, self._choices, self._logprobs, self._places, self._is_whole))
        self._choices, self._logprobs, self._places = self._choices[rows], self._logprobs[rows], self._places[rows]
        self._floors, self._is_whole, self.open = self._floors[rows], self._is_whole[rows], self.open[rows]
        self._at = self._at[rows]

    def lines(self, starts: Sequence[Start]) -> list[Line]:
        """What came of each start."""
        self.keep(self._at[:0])
        choices: list[list[int]] = [[]] * len(starts)
        answers: list[Answer | None] = [None] * len(starts)
        for ats, *values in self._finished:  # later ones replace earlier ones
            states = zip(*(value.tolist() for value in values), strict=True)
            for at, (made, logprob, place, is_whole) in zip(ats.tolist(), states, strict=True):
                choices[at] = made[:place]
                answers[at] = _answer(made, logprob) if is_whole else None
        others = self._chosen_otherwise(starts, choices)
        return [
            Line(found, tuple(others.get(at, ())), len(choices[at]) + (found is not None) - len(starts[at].choices))
            for at, found in enumerate(answers)
        ]

    def _chosen_otherwise(self, starts: Sequence[Start], choices: Sequence[list[int]]) -> dict[int, list[Start]]:
        if not self._others:
            return {}
        ats, places, others = (torch.cat(parts) for parts in zip(*self._others, strict=True))
        lines, options = (others > self._others_above).nonzero(as_tuple=True)
        found: dict[int, list[Start]] = {}
        columns = (ats[lines], places[lines], options, others[lines, options])
        for at, place, option, logprob in zip(*(column.tolist() for column in columns), strict=True):
            begun = (*choices[at][:place], option)
            found.setdefault(at, []).append(Start(starts[at].prompt, begun, logprob, self._others_above))
        return found


def choice_logits(scores: Tensor, places: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """Logits of what can be chosen next: (B, L), -inf where there are fewer choices.

    Args:
        scores: Of the head's rows, (B, head rows).
        places: 0 where rows are chosen, 1 for columns, then cells; (B,).
        row: Of the cell, (B,).
        column: Likewise.
    """
    colors = (
        scores[:, words.HEAD_COLOR]
        + scores[:, words.HEAD_ROW].gather(-1, row[:, None])
        + scores[:, words.HEAD_COLUMN].gather(-1, column[:, None])
    )
    colors = F.pad(colors, (0, MAX_SIDE - N_COLORS), value=-math.inf)
    sides = torch.where(places[:, None] == 0, scores[:, words.HEAD_HEIGHT], scores[:, words.HEAD_WIDTH])
    return torch.where(places[:, None] < 2, sides, colors)


def choices_of(grid: NDArray[np.int8]) -> tuple[int, ...]:
    """The choices that make a grid: rows - 1, columns - 1, then colours."""
    return (grid.shape[0] - 1, grid.shape[1] - 1, *grid.ravel().tolist())


def _tokens_of(places: Tensor, choices: Tensor, row: Tensor, column: Tensor) -> Tensor:
    sides = torch.where(places == 0, words.HEIGHT, words.WIDTH) + choices
    cells = words.CELL + (choices.clamp(max=N_COLORS - 1) * MAX_SIDE + row) * MAX_SIDE + column
    return torch.where(places < 2, sides, cells)


def _choice_tokens(choices: Sequence[int]) -> NDArray[np.int32]:
    """The tokens of the first choices of an answer."""
    sides = [first + choice for first, choice in zip((words.HEIGHT, words.WIDTH), choices, strict=False)]
    colors = np.array(choices[2:], dtype=np.int64)
    row, column = np.divmod(np.arange(len(colors)), choices[1] + 1 if len(choices) > 1 else 1)
    cells = words.CELL + (colors * MAX_SIDE + row) * MAX_SIDE + column
    return np.concatenate([sides, cells]).astype(np.int32)


def _answer(choices: Sequence[int], logprob: float) -> Answer:
    shape = choices[0] + 1, choices[1] + 1
    return Answer(np.array(choices[2 : 2 + shape[0] * shape[1]], dtype=np.int8).reshape(shape), logprob)
