"""From pairs of grids to token sequences, and back from answered tokens to grids.

A document shows one task in one view:

    task, symmetry, 10 colours shown, then for each pair: INPUT height width cells OUTPUT height width cells END

Only outputs are answered: the loss is on what follows OUTPUT, END included. Which colours and symmetry a view has is
told, so that one task token serves all views: it stands for the rule in the task's own colours.

Knows nothing of torch or of how documents are chosen.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arc_solver.augment import View
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.grids import N_COLORS, Grid
from arc_solver.tasks import Pair

N_HEADER = 2 + N_COLORS
N_AROUND_PAIR = 7
"""Tokens of a pair besides its cells."""


@dataclass(frozen=True, slots=True)
class Document:
    """One token sequence.

    Attributes:
        tokens: Shape (T,), int32.
        answered: Shape (T,), True where the token is to be predicted from those before it.
    """

    tokens: NDArray[np.int32]
    answered: NDArray[np.bool_]


def header(task_token: int, view: View) -> NDArray[np.int32]:
    """The first tokens of a document: the task's and the view's."""
    shown = [words.SHOWN + N_COLORS * color + seen for color, seen in enumerate(view.colors)]
    return np.array([task_token, words.SYMMETRY + view.symmetry, *shown], dtype=np.int32)


def n_document_tokens(pairs: Sequence[Pair]) -> int:
    """Tokens of the document of these pairs."""
    return N_HEADER + sum(N_AROUND_PAIR + pair.input.size + pair.output.size for pair in pairs)


def document(
    task_token: int, view: View, pairs: Sequence[Pair], *, n_given: int = 0, offset: tuple[int, int] = (0, 0)
) -> Document:
    """The document of some pairs of one task.

    Args:
        task_token: The task's token.
        view: Applied to each pair here; its order of pairs is ignored.
        pairs: In the order in which they are shown.
        n_given: The outputs of so many first pairs are context only: no loss on them.
        offset: Where on the 30x30 canvas all grids lie; they must fit.
    """
    parts = [header(task_token, view)]
    flags = [np.zeros(N_HEADER, dtype=np.bool_)]
    for index, pair in enumerate(pairs):
        given, wanted = view.apply(pair.input), view.apply(pair.output)
        parts += [_shown_input(given, offset), _sized(wanted, offset), _END]
        flags += [np.zeros(given.size + 4, dtype=np.bool_), np.full(wanted.size + 3, index >= n_given)]
    return Document(np.concatenate(parts), np.concatenate(flags))


def document_spans(numbers: NDArray[np.int16]) -> Iterator[tuple[int, int, int]]:
    """Row, start and end of each run of equal numbers: `numbers` has shape (B, T), the document at each place."""
    for row, line in enumerate(numbers):
        ends = [*(np.flatnonzero(line[1:] != line[:-1]) + 1).tolist(), len(line)]
        for start, end in itertools.pairwise([0, *ends]):
            yield row, start, end


def prompt(task_token: int, view: View, context: Sequence[Pair], test_input: Grid) -> NDArray[np.int32]:
    """What the model is given to answer `test_input`: everything up to and including OUTPUT."""
    parts = [document(task_token, view, context).tokens, _shown_input(view.apply(test_input), (0, 0))]
    return np.concatenate(parts)


def answer_tokens(grid: Grid) -> NDArray[np.int32]:
    """What follows a prompt if `grid`, already in its view, is the answer: sizes, cells, END."""
    return np.concatenate([_sized(grid, (0, 0)), _END])


_END = np.array([words.END], dtype=np.int32)


def _shown_input(grid: Grid, offset: tuple[int, int]) -> NDArray[np.int32]:
    return np.concatenate([[np.int32(words.INPUT)], _sized(grid, offset), [np.int32(words.OUTPUT)]])


def _sized(grid: Grid, offset: tuple[int, int]) -> NDArray[np.int32]:
    sizes = np.array(words.size_tokens(grid.shape), dtype=np.int32)
    return np.concatenate([sizes, words.cell_tokens(grid, offset)])
