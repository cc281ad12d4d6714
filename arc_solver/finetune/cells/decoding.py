"""Greedy answers of a cell model, many prompts at a time, and their log-probabilities.

A grid's places are known once its size is, so after the two size tokens only colours are chosen. An answer may begin
with tokens that are given, and what else could have been chosen on the way may be asked for: `branching` lives by
that. Where a guess at the answer is at hand, some of its cells are read ahead together, and those that are what would
have been chosen need not be written one by one (speculative decoding, Leviathan et al. 2023; a cell has its place, so
that a guess that was wrong in one cell goes on being a guess behind it). Knows nothing of tasks, views and votes.

Shapes: B sequences, T tokens read together, L head rows of a choice.
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
from arc_solver.finetune.cells.cache import Cache
from arc_solver.finetune.cells.model import CellModel, log_total
from arc_solver.grids import MAX_SIDE, N_COLORS

_MAX_ANSWER = MAX_SIDE**2 + 3
_STRIDE = 8
"""Steps of a GPU between two looks at which sequences have ended."""
N_AHEAD = 8
"""Tokens that are read together where there are guesses (`benchmarks/cell_decoding.py`)."""
_N_SEEN = 4
"""Looks after which the number of tokens that are read ahead may change."""
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
def write(
    model: CellModel,
    starts: Sequence[Start],
    guesses: Sequence[NDArray[np.int8]] | None = None,
    *,
    others_above: float = math.inf,
    n_ahead: int = N_AHEAD,
) -> list[Line]:
    """Go on greedily from each start, all together.

    Args:
        model: As in `answer`.
        starts: Of similar lengths, or much is padding.
        guesses: A grid for each start that the answer may resemble, in the prompt's view. What is written does not
            depend on it but for the last digits of the arithmetic; how soon it is written does.
        others_above: Choices that were not taken are told if the log-probability up to and with them is above this.
        n_ahead: Most tokens that are read together, if there are guesses; fewer where these are bad.
    """
    device = model.embedding.device
    tokens = [start.tokens for start in starts]
    writing, guessed = _Writing(starts, device), _Guesses(guesses, device) if guesses is not None else None
    cache = Cache(model, len(starts))
    lengths = torch.tensor([len(part) - 1 for part in tokens], device=device)
    longest = max(map(len, tokens)) - 1
    begun = np.stack([np.pad(part[:-1], (0, longest - len(part) + 1)) for part in tokens])
    cache.begin(torch.tensor(begun, device=device), lengths)
    last = torch.tensor([int(part[-1]) for part in tokens], device=device)
    pace, stride = _Pace(n_ahead if guessed is not None else 1), _stride_on(device)
    n_steps = 0
    while True:
        n_together = pace.n_together
        ahead = guessed.tokens(writing, n_together - 1) if guessed is not None else last[:, None][:, :0]
        scores = cache.read(torch.cat((last[:, None], ahead), dim=1))
        active, counts = writing.open, torch.zeros_like(last)
        for at in range(n_together):
            chosen = writing.choose(scores[:, at], active, others_above)
            last, counts = torch.where(active, chosen, last), counts + active
            active = active & writing.open
            if at + 1 < n_together:
                active = active & (chosen == ahead[:, at])
        cache.accept(counts)
        n_steps += 1
        # A look makes the host wait for a GPU.
        if n_steps % stride:
            cache.expect(n_together)
            continue
        pace.adapt(counts[counts > 0])
        keep = writing.open.nonzero()[:, 0]
        if not len(keep):
            return writing.lines(starts)
        # Sequences that have ended run on, unread, until some have: moving the cache costs about two steps.
        if len(keep) <= _WORTH_MOVING * len(writing.open):
            writing.keep(keep)
            cache.keep(keep)
            last = last[keep]
            if guessed is not None:
                guessed.keep(keep)
        else:
            cache.settle()


def _stride_on(device: torch.device) -> int:
    """Steps between two looks."""
    return 1 if device.type == "cpu" else _STRIDE


class _Pace:
    """How many tokens are read together: half as many where less than half of them were right, twice as many where
    nearly all were.
    """

    def __init__(self, most: int) -> None:
        self._most = self.n_together = most
        self._seen: list[Tensor] = []

    def adapt(self, counts: Tensor) -> None:
        """Take in how many tokens some sequences went on by in the last step."""
        self._seen.append(counts)
        if self._most == 1 or len(self._seen) < _N_SEEN:
            return
        share = float(torch.cat(self._seen).float().mean()) / self.n_together
        self._seen = []
        if share < 0.5:
            self.n_together = max(2, self.n_together // 2)
        elif share > 0.8:
            self.n_together = min(self._most, 2 * self.n_together)


class _Guesses:
    """Grids that answers may resemble, as tokens."""

    def __init__(self, grids: Sequence[NDArray[np.int8]], device: torch.device) -> None:
        padded = [np.pad(grid, [(0, MAX_SIDE - side) for side in grid.shape], mode="edge") for grid in grids]
        self._colors = torch.tensor(np.stack(padded).reshape(len(grids), -1), dtype=torch.long, device=device)
        self._sides = torch.tensor([[side - 1 for side in grid.shape] for grid in grids], device=device)

    def keep(self, rows: Tensor) -> None:
        """Go on with these only."""
        self._colors, self._sides = self._colors[rows], self._sides[rows]

    def tokens(self, writing: _Writing, n_tokens: int) -> Tensor:
        """What is guessed for the next places, (B, n_tokens)."""
        places = writing.places[:, None] + torch.arange(n_tokens, device=self._colors.device)
        sides = torch.where(writing.places[:, None] > torch.arange(2, device=places.device), writing.sides, self._sides)
        row, column = _cell_at(places, sides[:, 1:] + 1)
        colors = self._colors.gather(1, row * MAX_SIDE + column)
        choices = torch.where(places == 0, self._sides[:, :1], torch.where(places == 1, self._sides[:, 1:], colors))
        return _tokens_of(places, choices, row, column)


class _Writing:
    """The answers that are being written, one choice of all of them at a time."""

    def __init__(self, starts: Sequence[Start], device: torch.device) -> None:
        begun = [start.choices for start in starts]
        self._choices = torch.tensor([(*one, *(0,) * (_MAX_ANSWER - len(one))) for one in begun], device=device)
        self._logprobs = torch.tensor([start.logprob for start in starts], device=device)
        self.places = torch.tensor([len(one) for one in begun], device=device)
        self._floors = torch.tensor([start.floor for start in starts], device=device)
        self._is_whole = torch.zeros(len(starts), dtype=torch.bool, device=device)
        self.open = torch.ones_like(self._is_whole)
        self._finished: list[tuple[Tensor, ...]] = []
        self._at = torch.arange(len(starts), device=device)
        self._others: list[tuple[Tensor, Tensor, Tensor]] = []
        self._others_above = math.inf

    @property
    def sides(self) -> Tensor:
        """Rows - 1 and columns - 1 as far as they were chosen, (B, 2)."""
        return self._choices[:, :2]

    def choose(self, scores: Tensor, active: Tensor, others_above: float) -> Tensor:
        """Choose what is likeliest: (B, head rows) -> the tokens chosen, (B,).

        Args:
            scores: Those after the last token.
            active: Which sequences choose, (B,); open ones only.
            others_above: As in `write`.
        """
        places, choices = self.places, self._choices
        n_columns = choices[:, 1] + 1
        row, column = _cell_at(places, n_columns)
        is_end = (places >= 2) & (places - 2 == (choices[:, 0] + 1) * n_columns)
        total = log_total(scores)
        options = choice_logits(scores, places, row, column) + (self._logprobs - total)[:, None]
        chosen = options.argmax(-1, keepdim=True)
        reached = options.gather(-1, chosen)[:, 0]
        ended = self._logprobs + scores[:, words.HEAD_END] - total
        goes_on = active & ~is_end
        if others_above < math.inf:
            self._others_above = others_above
            others = options.scatter(-1, chosen, -math.inf).where(goes_on[:, None], -math.inf)
            self._others.append((self._at, places, others))
        self._logprobs = torch.where(goes_on, reached, torch.where(active, ended, self._logprobs))
        self._is_whole = self._is_whole | (active & is_end)
        at = places.clamp(max=_MAX_ANSWER - 1)[:, None]
        self._choices = choices.scatter(-1, at, torch.where(goes_on[:, None], chosen, choices.gather(-1, at)))
        self.places = places + goes_on
        self.open = torch.where(active, goes_on & (self._logprobs > self._floors), self.open)
        return _tokens_of(places, chosen[:, 0], row, column)

    def keep(self, rows: Tensor) -> None:
        """Go on with these only; the others have ended."""
        self._finished.append((self._at, self._choices, self._logprobs, self.places, self._is_whole))
        self._choices, self._logprobs, self.places = self._choices[rows], self._logprobs[rows], self.places[rows]
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


def _cell_at(places: Tensor, n_columns: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of the cells that are chosen at some places; anything on the canvas for other places."""
    cells = (places - 2).clamp(min=0)
    return (cells // n_columns).clamp(max=MAX_SIDE - 1), cells % n_columns


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
