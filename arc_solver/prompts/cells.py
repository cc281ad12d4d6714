"""The prompt format of the cell model: one word a cell, named by its colour, row and column.

    T0 S0 K0=0 K1=4 ... K9=9 IN H2 W2 3@0,0 3@0,1 0@1,0 3@1,1 OUT

T names the task (T0: one without a token of its own), S the symmetry of the view, K which colour each colour is shown
as. The answer has the same words as the input behind IN: a height, a width, and cells in their order. Knows nothing of
tokens, whose numbers are the words' places in `arc_solver.finetune.cells.vocabulary`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from arc_solver.augment import View
from arc_solver.grids import MAX_SIDE, Grid, frozen
from arc_solver.prompts.base import Prompt
from arc_solver.prompts.encoders import Unparsed
from arc_solver.tasks import Pair

INPUT, OUTPUT, END = "IN", "OUT", "END"

_HEIGHT = re.compile(r"H([1-9][0-9]?)")
_WIDTH = re.compile(r"W([1-9][0-9]?)")
_CELL = re.compile(r"([0-9])@([0-9]{1,2}),([0-9]{1,2})")


def cells_prompt(slot: int, view: View, context: Sequence[Pair], test_input: Grid) -> Prompt:
    """What the cell model is asked.

    Args:
        slot: The task's number among the model's task tokens, 0 for none.
        view: Applied here, to pairs and input.
        context: Pairs that are shown before.
        test_input: The input asked about.
    """
    words = [f"T{slot}", f"S{view.symmetry}", *(f"K{color}={seen}" for color, seen in enumerate(view.colors))]
    for pair in context:
        words += [INPUT, grid_words(view.apply(pair.input)), OUTPUT, grid_words(view.apply(pair.output)), END]
    words += [INPUT, grid_words(view.apply(test_input)), OUTPUT]
    return Prompt(user=" ".join(words))


def grid_words(grid: Grid) -> str:
    """A grid's words: (R, C) -> `HR WC` and R * C cells."""
    n_rows, n_columns = grid.shape
    cells = (f"{color}@{row},{column}" for (row, column), color in np.ndenumerate(grid))
    return " ".join((f"H{n_rows}", f"W{n_columns}", *cells))


def parse_grid_words(text: str) -> Grid | Unparsed:
    """The grid that `grid_words` wrote as `text`, or why it wrote no such text.

    Reasons: `grid: no size`, `grid: too large`, `grid: symbol`, `grid: shape` (more or fewer cells than the size says)
    and `grid: place` (a cell that is not where it should be).
    """
    words = text.split()
    if words and words[-1] == END:
        words.pop()
    height, width = (_HEIGHT.fullmatch(words[0]), _WIDTH.fullmatch(words[1])) if len(words) > 1 else (None, None)
    if height is None or width is None:
        return Unparsed("grid: no size")
    n_rows, n_columns = int(height[1]), int(width[1])
    if max(n_rows, n_columns) > MAX_SIDE:
        return Unparsed("grid: too large")
    if len(words) - 2 != n_rows * n_columns:
        return Unparsed("grid: shape")
    colors = []
    for place, word in enumerate(words[2:]):
        cell = _CELL.fullmatch(word)
        if cell is None:
            return Unparsed("grid: symbol")
        if (int(cell[2]), int(cell[3])) != divmod(place, n_columns):
            return Unparsed("grid: place")
        colors.append(int(cell[1]))
    return frozen(np.array(colors, dtype=np.int8).reshape(n_rows, n_columns))
