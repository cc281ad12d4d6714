"""The words of the cell model: which integer stands for a cell, a size, a colour of a view, a task.

One token a cell, named by its colour, row and column. Inside training its embedding is the sum of three small ones,
and so is its row of the head; `factors` says of which. On disk the sums are written out, so that the checkpoint is a
plain one. The idea and the first measurements of it are the field notes' ("positions without custom kernels").

Knows nothing of torch, of sequences or of where pairs come from.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from arc_solver.augment import N_SYMMETRIES
from arc_solver.grids import MAX_SIDE, N_COLORS

PAD, INPUT, OUTPUT, END = range(4)
SYMMETRY = 4
"""First of 8: how the task is rotated and mirrored in this sequence."""
SHOWN = SYMMETRY + N_SYMMETRIES
"""First of 100: `SHOWN + 10 * k + c` says that colour k of the task is shown as c."""
HEIGHT = SHOWN + N_COLORS**2
"""`HEIGHT + n - 1`: a grid of n rows follows."""
WIDTH = HEIGHT + MAX_SIDE
CELL = WIDTH + MAX_SIDE
"""`CELL + (colour * 30 + row) * 30 + column`."""
TASK = CELL + N_COLORS * MAX_SIDE**2
"""First of the task tokens. The first one stands for a task that has no token of its own."""
N_TASK_SLOTS = 512
"""Task tokens of an exported model: room for the tasks of a competition."""
N_TOKENS = TASK + N_TASK_SLOTS

# Rows of the small embedding table. Row 0 is all zeros.
_ZERO = 0
_KIND = 1  # INPUT, OUTPUT, END
_SYMMETRY_ROW = _KIND + 3
_SLOT = _SYMMETRY_ROW + N_SYMMETRIES
_COLOR = _SLOT + N_COLORS
_HEIGHT_ROW = _COLOR + N_COLORS
_WIDTH_ROW = _HEIGHT_ROW + MAX_SIDE
_ROW = _WIDTH_ROW + MAX_SIDE
_COLUMN = _ROW + MAX_SIDE
N_SHARED_ROWS = _COLUMN + MAX_SIDE
"""Rows of the small embedding table before those of the tasks, which follow one each."""
COLOR_ROWS = slice(_COLOR, _COLOR + N_COLORS)
ROW_ROWS = slice(_ROW, _ROW + MAX_SIDE)
COLUMN_ROWS = slice(_COLUMN, _COLUMN + MAX_SIDE)

# Rows of the small head. Row 0 is all zeros: tokens that are never answered have logit 0.
HEAD_COLOR = slice(1, 1 + N_COLORS)
HEAD_ROW = slice(HEAD_COLOR.stop, HEAD_COLOR.stop + MAX_SIDE)
HEAD_COLUMN = slice(HEAD_ROW.stop, HEAD_ROW.stop + MAX_SIDE)
HEAD_HEIGHT = slice(HEAD_COLUMN.stop, HEAD_COLUMN.stop + MAX_SIDE)
HEAD_WIDTH = slice(HEAD_HEIGHT.stop, HEAD_HEIGHT.stop + MAX_SIDE)
HEAD_END = HEAD_WIDTH.stop
N_HEAD_ROWS = HEAD_END + 1
N_NEVER_ANSWERED = N_TOKENS - N_COLORS * MAX_SIDE**2 - 2 * MAX_SIDE - 1
"""Tokens with logit 0 in the exported head."""


def cell_tokens(grid: NDArray[np.int8], offset: tuple[int, int] = (0, 0)) -> NDArray[np.int32]:
    """The tokens of a grid's cells, row by row: (R, C) -> (R * C,).

    Args:
        grid: Cells.
        offset: Row and column of the 30x30 canvas at which the grid's first cell lies.
    """
    (n_rows, n_columns), (top, left) = grid.shape, offset
    places = _places()[top : top + n_rows, left : left + n_columns]
    tokens: NDArray[np.int32] = grid * np.int32(MAX_SIDE**2) + places
    return tokens.ravel()


def size_tokens(shape: tuple[int, ...]) -> tuple[int, int]:
    """The two tokens that announce a grid of this shape."""
    return HEIGHT + shape[0] - 1, WIDTH + shape[1] - 1


@cache
def factors(n_tasks: int) -> NDArray[np.int64]:
    """Which rows of the small embedding table make up each token.

    Args:
        n_tasks: Task tokens, the one for unknown tasks included.

    Returns:
        Shape (TASK + n_tasks, 3); unused places hold row 0, which is zero.
    """
    table = np.zeros((TASK + n_tasks, 3), dtype=np.int64)
    table[[INPUT, OUTPUT, END], 0] = _KIND + np.arange(3)
    table[SYMMETRY:SHOWN, 0] = _SYMMETRY_ROW + np.arange(N_SYMMETRIES)
    slot, shown = np.divmod(np.arange(N_COLORS**2), N_COLORS)
    table[SHOWN:HEIGHT, 0] = _SLOT + slot
    table[SHOWN:HEIGHT, 1] = _COLOR + shown
    table[HEIGHT:WIDTH, 0] = _HEIGHT_ROW + np.arange(MAX_SIDE)
    table[WIDTH:CELL, 0] = _WIDTH_ROW + np.arange(MAX_SIDE)
    color, row, column = np.unravel_index(np.arange(TASK - CELL), (N_COLORS, MAX_SIDE, MAX_SIDE))
    table[CELL:TASK] = np.stack([_COLOR + color, _ROW + row, _COLUMN + column], axis=1)
    table[TASK:, 0] = N_SHARED_ROWS + np.arange(n_tasks)
    table.flags.writeable = False
    return table


@cache
def head_factors() -> NDArray[np.int64]:
    """Which rows of the small head make up the logit of each token, shape (N_TOKENS, 3), 0 for none."""
    table = np.zeros((N_TOKENS, 3), dtype=np.int64)
    table[END, 0] = HEAD_END
    table[HEIGHT:WIDTH, 0] = np.arange(HEAD_HEIGHT.start, HEAD_HEIGHT.stop)
    table[WIDTH:CELL, 0] = np.arange(HEAD_WIDTH.start, HEAD_WIDTH.stop)
    color, row, column = np.unravel_index(np.arange(TASK - CELL), (N_COLORS, MAX_SIDE, MAX_SIDE))
    starts = (HEAD_COLOR.start, HEAD_ROW.start, HEAD_COLUMN.start)
    table[CELL:TASK] = np.stack([color + starts[0], row + starts[1], column + starts[2]], axis=1)
    table.flags.writeable = False
    return table


@cache
def _places() -> NDArray[np.int32]:
    """CELL + 30 * row + column for each place of the largest grid."""
    return (CELL + np.add.outer(MAX_SIDE * np.arange(MAX_SIDE), np.arange(MAX_SIDE))).astype(np.int32)
