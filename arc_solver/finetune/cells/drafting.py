"""Greedy answers with the help of drafts, and scores of the drafts: most answers need not be written at all.

Reading a grid takes a fraction of the time that writing it takes, and shows how far greedy decoding would have written
the same. Where a draft (what the model answered in another view, or what somebody else proposed) is the greedy answer,
nothing is written; else writing begins where the best draft goes wrong, and the draft goes on as a guess at what comes
then. Where there is no draft, the input is the guess. The answers are those of `decoding.answer`, but for the last
digits of the arithmetic. Knows nothing of where drafts come from, and of votes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from arc_solver.advancing import step
from arc_solver.finetune.cells.crew import Crew
from arc_solver.finetune.cells.decoding import Answer, Start, choices_of, inference_copy, write
from arc_solver.finetune.cells.model import CellModel
from arc_solver.finetune.cells.scoring import Question, Score, read
from arc_solver.grids import Grid


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model thinks of one question.

    Attributes:
        answer: What it would answer in this view, turned back.
        scores: Of the question's grids.
        n_written: Tokens that had to be written.
    """

    answer: Answer
    scores: tuple[Score, ...]
    n_written: int

    @property
    def is_finite(self) -> bool:
        """All of its log-probabilities are numbers."""
        return all(map(math.isfinite, (self.answer.logprob, *(score.logprob for score in self.scores))))


def consult(
    model: CellModel, questions: Sequence[Question], *, batch_size: int = 64, max_tokens: int = 8192
) -> list[Opinion]:
    """The model's own answer to each question, and its scores of the question's grids, which serve as drafts.

    Args:
        model: As in `decoding.answer`.
        questions: Without grids, all is written.
        batch_size: Answers that are written together.
        max_tokens: Tokens that are read together.

    Raises:
        FloatingPointError: The model's numbers are not finite, not even in fp32.
    """
    with Crew(model.embedding.device) as crew:
        # Neighbours in length go to different workers, so that all have about as much to do.
        order = sorted(range(len(questions)), key=lambda at: questions[at].test_input.size)
        hands = [order[first :: crew.n_workers] for first in range(min(crew.n_workers, len(order)))]

        def consulted(hand: Sequence[int]) -> list[Opinion]:
            size = max(1, batch_size // crew.n_workers)
            return _consult(model, [questions[at] for at in hand], size, max_tokens // crew.n_workers)

        found = dict(zip(itertools.chain(*hands), itertools.chain(*crew.map(consulted, hands)), strict=True))
    return [found[at] for at in range(len(questions))]


def _consult(model: CellModel, questions: Sequence[Question], batch_size: int, max_tokens: int) -> list[Opinion]:
    """Opinions; once more in fp32 where numbers were too large for a narrower type."""
    found = dict(enumerate(_consult_once(model, questions, batch_size, max_tokens)))
    lost = [at for at, one in found.items() if one is None]
    if lost and model.layers[0].q_proj.weight.dtype is not torch.float32:
        wide = inference_copy(model, torch.float32)
        found.update(
            zip(lost, _consult_once(wide, [questions[at] for at in lost], batch_size, max_tokens), strict=True)
        )
    opinions = [one for one in found.values() if one is not None]
    if len(opinions) < len(questions):
        raise FloatingPointError("the cell model's numbers are not finite")
    return opinions


def _consult_once(
    model: CellModel, questions: Sequence[Question], batch_size: int, max_tokens: int
) -> list[Opinion | None]:
    """Opinions, None where they are not finite."""
    readings = [question.reading() for question in questions]
    scores = read(model, readings, max_tokens=max_tokens)
    opinions: dict[int, Opinion] = {}
    starts: dict[int, Start] = {}
    guesses: dict[int, Grid] = {}
    for index, (question, judged) in enumerate(zip(questions, scores, strict=True)):
        best = max(range(len(judged)), key=lambda at: (judged[at].is_greedy, judged[at].n_agreed), default=None)
        if best is not None and judged[best].is_greedy:
            opinions[index] = Opinion(Answer(question.grids[best], judged[best].logprob), judged, 0)
        else:
            starts[index] = _start(readings[index].prompt, question, judged, best)
            # Behind its mistake a draft may be right again, and many outputs resemble their inputs.
            guesses[index] = question.view.apply(question.test_input if best is None else question.grids[best])
    order = sorted(starts, key=lambda index: _expected_length(questions[index], starts[index]))
    for begin in range(0, len(order), batch_size):
        chosen = order[begin : begin + batch_size]
        written = write(model, [starts[at] for at in chosen], [guesses[at] for at in chosen])
        step()
        for index, line in zip(chosen, written, strict=True):
            if line.answer is not None:  # without a floor every finite line is written to its end
                grid = questions[index].view.invert(line.answer.grid)
                opinions[index] = Opinion(Answer(grid, line.answer.logprob), scores[index], line.n_written)
    return [
        one if (one := opinions.get(index)) is not None and one.is_finite else None for index in range(len(questions))
    ]


def _start(prompt: NDArray[np.int32], question: Question, scores: Sequence[Score], best: int | None) -> Start:
    """The prompt, and what the best draft has right."""
    if best is None:
        return Start(prompt)
    choices = choices_of(question.view.apply(question.grids[best]))
    return Start(prompt, choices[: scores[best].n_agreed], scores[best].agreed_logprob)


def _expected_length(question: Question, start: Start) -> int:
    """About how many tokens prompt and answer will have: an answer as large as the input, if its size is not known."""
    is_sized = len(start.choices) >= 2
    n_cells = (start.choices[0] + 1) * (start.choices[1] + 1) if is_sized else question.test_input.size
    return len(start.prompt) + n_cells
