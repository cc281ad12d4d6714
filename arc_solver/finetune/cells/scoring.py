"""How likely a cell model finds given grids: their log-probabilities, by reading them instead of writing them.

Reading takes one pass without a cache, so it costs a fraction of writing. Documents are packed one behind the other in
one long row without padding, and answers to one prompt follow it side by side: each attends to the prompt and to
itself, so the prompt is read once. Knows nothing of tasks, pools and votes.

Shapes: T tokens of a pack, P of a prompt, C of an answer, N answered tokens of a pack.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arc_solver.augment import View
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.decoding import choice_logits
from arc_solver.finetune.cells.fused_attention import attend_fused
from arc_solver.finetune.cells.model import CellModel, log_total
from arc_solver.finetune.cells.sequences import answer_tokens, prompt
from arc_solver.grids import MAX_SIDE, Grid


@dataclass(frozen=True, slots=True)
class Question:
    """How likely are these grids as answers to one test input in one view?

    Attributes:
        task_token: The task's token.
        view: Applied here, to input and answers.
        test_input: As the task has it.
        grids: Answers, as the task has them.
    """

    task_token: int
    view: View
    test_input: Grid
    grids: tuple[Grid, ...] = ()

    def reading(self) -> Reading:
        """The question in tokens."""
        shown = prompt(self.task_token, self.view, (), self.test_input)
        return Reading(shown, tuple(answer_tokens(self.view.apply(grid)) for grid in self.grids))


@dataclass(frozen=True, slots=True)
class Other:
    """Another choice in one place of a grid that was read.

    Attributes:
        place: 0 for rows, 1 for columns, then cells.
        choice: Rows - 1, columns - 1 or the colour.
        logprob: Sum over the grid's tokens before that place and over this choice.
    """

    place: int
    choice: int
    logprob: float


@dataclass(frozen=True, slots=True)
class Score:
    """What the model thinks of one grid.

    Attributes:
        logprobs: Of its tokens, END included, shape (C,).
        choices: What greedy decoding would choose in each place, given the grid's own choices before it: rows - 1,
            columns - 1, then colours; int8.
        n_agreed: So many of the grid's first choices are these.
        others: Choices that are not the grid's, as far as they were asked for.
    """

    logprobs: NDArray[np.float32]
    choices: NDArray[np.int8]
    n_agreed: int
    others: tuple[Other, ...] = ()

    @property
    def logprob(self) -> float:
        """Of the whole grid, as in `decoding.Answer`."""
        return float(self.logprobs.sum())

    @property
    def agreed_logprob(self) -> float:
        """Of the first choices, those that greedy decoding would make as well."""
        return float(self.logprobs[: self.n_agreed].sum())

    @property
    def is_greedy(self) -> bool:
        """It is what greedy decoding would write."""
        return self.n_agreed == len(self.choices)


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt and answers to it, as tokens.

    Attributes:
        prompt: Up to and including OUTPUT, shape (P,).
        answers: From the height to END, shape (C,) each.
    """

    prompt: NDArray[np.int32]
    answers: tuple[NDArray[np.int32], ...]

    @property
    def n_tokens(self) -> int:
        """Tokens that are read; END need not be."""
        return len(self.prompt) + sum(len(answer) - 1 for answer in self.answers)


def score(model: CellModel, questions: Sequence[Question], *, max_tokens: int = 8192) -> list[tuple[Score, ...]]:
    """What the model thinks of each grid of each question.

    Args:
        model: In evaluation mode; its layers' type is the type of the arithmetic (`decoding.inference_copy`).
        questions: Those with several grids read their prompt once.
        max_tokens: Tokens that are read together; a longer question is read in parts.
    """
    return read(model, [question.reading() for question in questions], max_tokens=max_tokens)


@torch.no_grad()
def read(
    model: CellModel, readings: Sequence[Reading], *, max_tokens: int = 8192, others_above: float = math.inf
) -> list[tuple[Score, ...]]:
    """What the model thinks of each answer to each prompt.

    Args:
        model: As in `score`.
        readings: In tokens.
        max_tokens: As in `score`.
        others_above: Other choices are told if the log-probability up to and with them is above this.
    """
    found: list[list[Score]] = [[] for _ in readings]
    for pack in _packs(readings, max_tokens):
        parts = [reading for _, reading in pack]
        scores = iter(_read_pack(model, parts, others_above))
        for index, reading in pack:
            found[index] += [next(scores) for _ in reading.answers]
    return [tuple(scores) for scores in found]


def _packs(readings: Sequence[Reading], max_tokens: int) -> Iterator[list[tuple[int, Reading]]]:
    """Readings of similar lengths together, each pack as long as `max_tokens` allows, with their indices."""
    pack: list[tuple[int, Reading]] = []
    n_tokens = 0
    for index in sorted(range(len(readings)), key=lambda index: readings[index].n_tokens):
        for part in _parts(readings[index], max_tokens):
            if pack and n_tokens + part.n_tokens > max_tokens:
                yield pack
                pack, n_tokens = [], 0
            pack.append((index, part))
            n_tokens += part.n_tokens
    if pack:
        yield pack


def _parts(reading: Reading, max_tokens: int) -> Iterator[Reading]:
    """The reading in pieces that fit, in the order of its answers; a single answer is never cut."""
    start = 0
    while start < len(reading.answers):
        room, end = max_tokens - len(reading.prompt), start
        while end < len(reading.answers) and (end == start or room >= len(reading.answers[end]) - 1):
            room -= len(reading.answers[end]) - 1
            end += 1
        yield Reading(reading.prompt, reading.answers[start:end])
        start = end


@dataclass(frozen=True, slots=True)
class _Spans:
    """Where a prompt lies in a pack, and the answers behind it."""

    start: int
    end: int
    answers: tuple[tuple[int, int], ...]


def _read_pack(model: CellModel, readings: Sequence[Reading], others_above: float) -> list[Score]:
    device = model.embedding.device
    spans = _spans(readings)
    tokens = np.concatenate([part for one in readings for part in (one.prompt, *(a[:-1] for a in one.answers))])
    x = model.embed(torch.tensor(tokens, device=device)[None]).to(model.layers[0].q_proj.weight.dtype)
    cos, sin = model.rotary(torch.tensor(_positions(readings), device=device), x.dtype)
    for layer in model.layers:
        q, k, v = layer.project(x, cos, sin)
        x = layer.finish(x, _attended(q, k, v, spans))
    # What follows OUTPUT is asked of the prompt's last token, everything else of the answer's own tokens.
    at = np.concatenate([np.r_[tree.end - 1, start:end] for tree in spans for start, end in tree.answers])
    answers = [a for one in readings for a in one.answers]
    targets = torch.tensor(np.concatenate(answers), device=device).long()
    scores = model.scores(x[:, torch.tensor(at, device=device)])[0]
    totals = log_total(scores)
    logprobs = (scores.gather(-1, model.head_rows[targets]).sum(-1) - totals).cpu().numpy()
    places = np.concatenate([np.arange(len(answer)) for answer in answers])
    options = choice_logits(scores, *(torch.tensor(part, device=device) for part in _cells(answers, places)))
    choices = options.argmax(-1).cpu().numpy().astype(np.int8)
    beside = (options - totals[:, None]).cpu().numpy() if others_above < math.inf else None
    found, end = [], 0
    for answer in answers:
        part = slice(end, end := end + len(answer))
        others = None if beside is None else beside[part]
        found.append(_score(answer, logprobs[part], choices[part], others, others_above))
    return found


def _cells(answers: Sequence[NDArray[np.int32]], places: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Place, row and column of each answered token."""
    n_columns = np.concatenate([np.full(len(answer), answer[1] - words.WIDTH + 1) for answer in answers])
    row, column = np.divmod((places - 2).clip(min=0), n_columns)
    return places, row.clip(max=MAX_SIDE - 1), column


def _score(
    answer: NDArray[np.int32],
    logprobs: NDArray[np.float32],
    choices: NDArray[np.int8],
    options: NDArray[np.float32] | None,
    others_above: float,
) -> Score:
    sides = answer[:2] - (words.HEIGHT, words.WIDTH)
    made = np.concatenate([sides, (answer[2:-1] - words.CELL) // MAX_SIDE**2])
    n_agreed = int(np.logical_and.accumulate(made == choices[:-1]).sum())
    if options is None:
        return Score(logprobs, choices[:-1], n_agreed)
    # The last token is END, beside which there is nothing.
    reached = np.concatenate([[0.0], np.cumsum(logprobs[:-2], dtype=np.float64)])[:, None] + options[:-1]
    reached[np.arange(len(made)), made] = -math.inf
    others = tuple(
        Other(place, choice, float(reached[place, choice]))
        for place, choice in np.argwhere(reached > others_above).tolist()
    )
    return Score(logprobs, choices[:-1], n_agreed, others)


def _attended(q: Tensor, k: Tensor, v: Tensor, spans: Sequence[_Spans]) -> Tensor:
    """Causal attention of each prompt to itself, and of each answer to its prompt and itself."""
    out = torch.empty_like(q)

    def fill(start: int, end: int, keys: Tensor, values: Tensor) -> None:
        n_new, n_old = end - start, keys.shape[2] - (end - start)
        part = q[:, :, start:end]
        if n_old:
            mask = torch.ones(n_new, n_old + n_new, dtype=torch.bool, device=q.device).tril(n_old)
            out[:, :, start:end] = attend_fused(part, keys, values, mask)
        else:
            out[:, :, start:end] = attend_fused(part, keys, values)

    for tree in spans:
        if len(tree.answers) == 1:
            end = tree.answers[0][1]
            fill(tree.start, end, k[:, :, tree.start : end], v[:, :, tree.start : end])
            continue
        own = slice(tree.start, tree.end)
        fill(tree.start, tree.end, k[:, :, own], v[:, :, own])
        for start, end in tree.answers:
            keys, values = (torch.cat((t[:, :, own], t[:, :, start:end]), dim=2) for t in (k, v))
            fill(start, end, keys, values)
    return out


def _spans(readings: Sequence[Reading]) -> list[_Spans]:
    spans, place = [], 0
    for reading in readings:
        start, end = place, place + len(reading.prompt)
        place = end
        answers = []
        for answer in reading.answers:
            answers.append((place, place + len(answer) - 1))
            place += len(answer) - 1
        spans.append(_Spans(start, end, tuple(answers)))
    return spans


def _positions(readings: Sequence[Reading]) -> NDArray[np.int64]:
    """Of each token in its own document: every answer goes on where its prompt ends."""
    parts = []
    for reading in readings:
        n_prompt = len(reading.prompt)
        parts += [np.arange(n_prompt), *(np.arange(n_prompt, n_prompt + len(a) - 1) for a in reading.answers)]
    return np.concatenate(parts)
