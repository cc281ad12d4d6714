"""All grids that a cell model finds likelier than a threshold, not only the greedy one.

A greedy answer is written first; wherever another size or colour could have been chosen and what is written up to
there stays above the threshold, writing starts again from there, until nothing is left. Lines never share an end, so
at most 1 / threshold of them exist for each prompt: the cost is bounded whatever the model. Depth-first search with a
threshold is the field notes' (section 2); here all lines of a generation are written together.

Knows nothing of tasks, views and votes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arc_solver.finetune.cells.decoding import Answer, Start, write
from arc_solver.finetune.cells.model import CellModel


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
        n_lines: Lines that were begun, the greedy ones among them.
        n_read: Tokens of prompts and beginnings, without padding.
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
    batch_size: int = 64,
    max_written: float = math.inf,
    is_over: Callable[[], bool] = lambda: False,
) -> tuple[list[Found], Cost]:
    """All grids above a threshold after each prompt.

    Args:
        model: As in `decoding.answer`.
        prompts: Token ids up to and including OUTPUT.
        threshold: Probability of a whole grid, END included.
        batch_size: Lines that are written together.
        max_written: No batch is begun when so many tokens have been written.
        is_over: Asked before each batch; what was found until then is returned.

    Raises:
        ValueError: The threshold is no probability.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold {threshold} does not lie between 0 and 1")
    search = _Search(model, prompts, math.log(threshold))
    while search.waiting and not is_over() and search.n_written < max_written:
        search.follow(batch_size)
    return search.found(), Cost(search.n_lines, search.n_read, search.n_written)


class _Search:
    """Lines that wait, and what those before them came to."""

    def __init__(self, model: CellModel, prompts: Sequence[NDArray[np.int32]], floor: float) -> None:
        self._model = model
        self._floor = floor
        self._answers: list[list[Answer]] = [[] for _ in prompts]
        # Greedy lines are written to their end: their answers count as votes even if they are unlikely.
        self.waiting = _in_order([(index, Start(prompt)) for index, prompt in enumerate(prompts)])
        self._next: list[tuple[int, Start]] = []
        self.n_lines = self.n_read = self.n_written = 0

    def follow(self, batch_size: int) -> None:
        """Write a batch of lines of the present generation."""
        batch, self.waiting = self.waiting[:batch_size], self.waiting[batch_size:]
        lines = write(self._model, [start for _, start in batch], others_above=self._floor)
        for (index, start), line in zip(batch, lines, strict=True):
            is_first = not start.choices
            if line.answer is not None and (is_first or line.answer.logprob > self._floor):
                self._answers[index].append(line.answer)
            self._next += [(index, other) for other in line.others]
            self.n_lines += 1
            self.n_read += len(start.prompt) + len(start.choices)
            self.n_written += line.n_written
        if not self.waiting:
            self.waiting, self._next = _in_order(self._next), []

    def found(self) -> list[Found]:
        """What was found for each prompt so far."""
        left = {index for index, _ in (*self.waiting, *self._next)}
        return [
            Found((*answers[:1], *sorted(answers[1:], key=lambda one: -one.logprob)), index not in left)
            for index, answers in enumerate(self._answers)
        ]


def _in_order(lines: list[tuple[int, Start]]) -> list[tuple[int, Start]]:
    """Lines that take similarly many steps together."""
    return sorted(lines, key=lambda line: (_n_left(line[1]), len(line[1].prompt)))


def _n_left(start: Start) -> int:
    if len(start.choices) < 2:
        return 0
    n_rows, n_columns = start.choices[:2]
    return (n_rows + 1) * (n_columns + 1) + 2 - len(start.choices)
