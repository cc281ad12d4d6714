"""All grids that a cell model finds likelier than a threshold, not only the greedy one.

A greedy answer comes first; wherever another size or colour could have been chosen and what is written up to there
stays above the threshold, a line begins that goes on greedily from there, until nothing is left. Lines never share an
end, so at most 1 / threshold of them exist for each prompt besides the greedy one: the cost is bounded whatever the
model. After another colour the rest of the grid is often the same, so it is read as a draft first, and written only
from where it goes wrong. Depth-first search with a threshold is the field notes' (section 2); here all lines of a
generation are followed together.

Knows nothing of tasks, views and votes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arc_solver.finetune.cells.decoding import Answer, Start, choices_of, write
from arc_solver.finetune.cells.model import CellModel
from arc_solver.finetune.cells.scoring import Reading, read
from arc_solver.finetune.cells.sequences import answer_tokens
from arc_solver.grids import Grid


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for one prompt.

    Attributes:
        answers: The greedy one first, however likely; then the others above the threshold, likeliest first. Empty if
            there was no time at all.
        is_complete: No other grid is above the threshold.
    """

    answers: tuple[Answer, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """What a search came to.

    Attributes:
        n_lines: Lines that were followed, the greedy ones among them.
        n_read: Tokens of prompts, beginnings and drafts, without padding.
        n_written: Tokens that were written one after the other.
    """

    n_lines: int
    n_read: int
    n_written: int


def branch(
    model: CellModel,
    prompts: Sequence[NDArray[np.int32]],
    threshold: float,
    *,
    drafts: Sequence[Grid | None] | None = None,
    batch_size: int = 64,
    max_written: float = math.inf,
    is_over: Callable[[], bool] = lambda: False,
) -> tuple[list[Found], Cost]:
    """All grids above a threshold after each prompt.

    Args:
        model: As in `decoding.answer`.
        prompts: Token ids up to and including OUTPUT.
        threshold: Probability of a whole grid, END included.
        drafts: What is likely the greedy answer, in the prompt's view, where that is known: it is read then.
        batch_size: Lines that are followed together.
        max_written: No batch is begun when so many tokens have been written.
        is_over: Asked before each batch; what was found until then is returned.

    Raises:
        ValueError: The threshold is no probability.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold {threshold} does not lie between 0 and 1")
    search = _Search(model, prompts, drafts or [None] * len(prompts), math.log(threshold))
    while search.waiting and not is_over() and search.n_written < max_written:
        search.follow(batch_size)
    return search.found(), Cost(search.n_lines, search.n_read, search.n_written)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A line that is to be followed: to which prompt, from where, and what may come then."""

    index: int
    start: Start
    rest: tuple[int, ...]

    @property
    def choices(self) -> tuple[int, ...]:
        return self.start.choices + self.rest

    @property
    def n_steps(self) -> int:
        """About how many tokens prompt and answer have."""
        choices = self.choices
        return len(self.start.prompt) + ((choices[0] + 1) * (choices[1] + 1) if len(choices) >= 2 else 0)


class _Search:
    """Lines that wait, and what those before them came to."""

    def __init__(
        self, model: CellModel, prompts: Sequence[NDArray[np.int32]], drafts: Sequence[Grid | None], floor: float
    ) -> None:
        self._model = model
        self._floor = floor
        self._answers: list[list[Answer]] = [[] for _ in prompts]
        # Greedy lines are followed to their end: their answers count as votes even if they are unlikely.
        first = zip(prompts, drafts, strict=True)
        self.waiting = _in_order(
            [
                _Waiting(index, Start(prompt), () if draft is None else choices_of(draft))
                for index, (prompt, draft) in enumerate(first)
            ]
        )
        self._next: list[_Waiting] = []
        self.n_lines = self.n_read = self.n_written = 0

    def follow(self, batch_size: int) -> None:
        """Follow a batch of lines of the present generation."""
        batch, self.waiting = self.waiting[:batch_size], self.waiting[batch_size:]
        self.n_lines += len(batch)
        unread = [one for one in batch if not one.rest]
        for index, start in self._read([one for one in batch if one.rest]):
            unread.append(_Waiting(index, start, ()))
        if unread:
            self._write(unread)
        if not self.waiting:
            self.waiting, self._next = _in_order(self._next), []

    def found(self) -> list[Found]:
        """What was found for each prompt so far."""
        left = {one.index for one in (*self.waiting, *self._next)}
        return [
            Found((*answers[:1], *sorted(answers[1:], key=lambda one: -one.logprob)), index not in left)
            for index, answers in enumerate(self._answers)
        ]

    def _read(self, lines: Sequence[_Waiting]) -> list[tuple[int, Start]]:
        """Read lines with their drafts; those that are left to write, from where their drafts go wrong."""
        readings = [Reading(one.start.prompt, (answer_tokens(_grid(one.choices)),)) for one in lines]
        self.n_read += sum(reading.n_tokens for reading in readings)
        left = []
        for one, (score,) in zip(lines, read(self._model, readings, others_above=self._floor), strict=True):
            made, begun = one.choices, len(one.start.choices)
            differs = np.flatnonzero(score.choices[begun:] != made[begun:])
            end = begun + int(differs[0]) if len(differs) else len(made)
            for other in score.others:
                if begun <= other.place < end:
                    start = Start(one.start.prompt, (*made[: other.place], other.choice), other.logprob, self._floor)
                    self._wait(one.index, start, made)
            if end == len(made):
                self._settle(one, Answer(_grid(made), score.logprob))
                continue
            start = Start(one.start.prompt, made[:end], float(score.logprobs[:end].sum()), one.start.floor)
            if start.logprob > start.floor:
                left.append((one.index, start))
        return left

    def _write(self, lines: Sequence[_Waiting]) -> None:
        written = write(self._model, [one.start for one in lines], others_above=self._floor)
        for one, line in zip(lines, written, strict=True):
            made: tuple[int, ...] = ()
            if line.answer is not None:
                self._settle(one, line.answer)
                made = choices_of(line.answer.grid)
            for other in line.others:
                self._wait(one.index, other, made)
            self.n_read += len(one.start.prompt) + len(one.start.choices)
            self.n_written += line.n_written

    def _wait(self, index: int, start: Start, made: tuple[int, ...]) -> None:
        """Follow a line later; after another colour, what was `made` may come again."""
        self._next.append(_Waiting(index, start, made[len(start.choices) :] if len(start.choices) > 2 else ()))

    def _settle(self, one: _Waiting, answer: Answer) -> None:
        # Only the greedy line has no floor.
        if answer.logprob > self._floor or one.start.floor == -math.inf:
            self._answers[one.index].append(answer)


def _in_order(lines: list[_Waiting]) -> list[_Waiting]:
    """Lines of similar lengths together."""
    return sorted(lines, key=lambda one: one.n_steps)


def _grid(choices: Sequence[int]) -> Grid:
    shape = choices[0] + 1, choices[1] + 1
    return np.array(choices[2:], dtype=np.int8).reshape(shape)
