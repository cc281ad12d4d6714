"""Grids: the one value that everything else is about.

A `Grid` is a read-only, C-contiguous int8 array of shape (R, C), 1 <= R, C <= 30, symbols 0..9. It is validated once,
at the edge (`as_grid`), and trusted afterwards. This module knows nothing of tasks, pairs or files.

Shapes: R rows, C columns.
"""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.errors import GridError

Grid = NDArray[np.int8]

MAX_SIDE = 30
N_COLORS = 10


def as_grid(value: Any) -> Grid:
    """Validate `value` and return it as a grid.

    Args:
        value: A list of R lists of C ints (JSON), or an integer array of shape (R, C).

    Returns:
        A read-only int8 array of shape (R, C), never aliasing `value`.

    Raises:
        GridError: Not two-dimensional, empty, ragged, a side above 30, or a symbol that is not an int in 0..9.
    """
    if isinstance(value, np.ndarray):
        return _from_array(value)
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise GridError(f"a grid must be a list of rows, not {type(value).__name__}")
    if not value:
        raise GridError("the grid has no rows")
    width = _row_width(value[0], 0)
    for index, row in enumerate(value):
        if _row_width(row, index) != width:
            raise GridError(f"ragged: row 0 has {width} cells, row {index} has {len(row)}")
        for cell in row:
            # bool is an int in Python; in a grid it is always a slip.
            if isinstance(cell, bool) or not isinstance(cell, int | np.integer):
                raise GridError(f"row {index} holds {shown(cell)}, which is not an integer")
            if not 0 <= cell < N_COLORS:
                raise GridError(f"row {index} holds {shown(int(cell))}, outside 0..9")
    _check_sides(len(value), width)
    return frozen(np.array(value, dtype=np.int8))


def frozen(array: NDArray[Any]) -> Grid:
    """A read-only int8 C-contiguous copy-if-needed of an array that is already known to be a grid."""
    grid = np.ascontiguousarray(array, dtype=np.int8)
    if grid is array or grid.base is not None:
        grid = grid.copy()
    grid.flags.writeable = False
    return grid


def to_lists(grid: Grid) -> list[list[int]]:
    """Plain Python ints, as JSON wants them."""
    rows: list[list[int]] = grid.tolist()
    return rows


def to_text(grid: Grid) -> str:
    """Rows of digits with `/` between them, `012/345`: half of what JSON lists take, and still to be read by people."""
    n_columns = grid.shape[1]
    digits = (grid + ord("0")).tobytes().decode("ascii")
    return "/".join(digits[start : start + n_columns] for start in range(0, len(digits), n_columns))


def read_grid(value: Any) -> Grid:
    """The grid of a record: what `to_text` wrote, or lists of rows.

    Raises:
        GridError: It is neither.
    """
    if not isinstance(value, str):
        return as_grid(value)
    rows = value.split("/")
    _check_sides(len(rows) if value else 0, len(rows[0]))
    if any(len(row) != len(rows[0]) for row in rows):
        raise GridError("ragged: the rows differ in length")
    digits = "".join(rows)
    if not (digits.isascii() and digits.isdigit()):
        raise GridError("a symbol is no digit")
    return frozen(np.frombuffer(digits.encode(), dtype=np.int8).reshape(len(rows), -1) - ord("0"))


def grids_equal(a: Grid, b: Grid) -> bool:
    """True if shape and every cell agree."""
    return a.shape == b.shape and bool((a == b).all())


def grid_key(grid: Grid) -> bytes:
    """A hashable identity: equal for equal grids, also between processes and runs."""
    return bytes(grid.shape) + grid.tobytes()


def shown(cell: Any) -> str:
    """What a message says of a value that stands where a cell should be: short, however large or deep it is."""
    if isinstance(cell, int) and cell.bit_length() > 64:
        return f"an integer of {cell.bit_length()} bits"
    return "an object" if isinstance(cell, dict) else reprlib.repr(cell)


def _from_array(array: NDArray[Any]) -> Grid:
    if array.ndim != 2:
        raise GridError(f"a grid must have 2 dimensions, not {array.ndim}")
    if array.dtype.kind not in "iu":
        raise GridError(f"a grid must hold integers, not {array.dtype}")
    _check_sides(*array.shape)
    if array.min() < 0 or array.max() >= N_COLORS:
        raise GridError("a symbol lies outside 0..9")
    return frozen(array)


def _row_width(row: Any, index: int) -> int:
    if not isinstance(row, Sequence) or isinstance(row, str | bytes):
        raise GridError(f"row {index} must be a list, not {type(row).__name__}")
    return len(row)


def _check_sides(n_rows: int, n_columns: int) -> None:
    if n_rows < 1 or n_columns < 1:
        raise GridError(f"the grid is {n_rows}x{n_columns}, a side must be at least 1")
    if n_rows > MAX_SIDE or n_columns > MAX_SIDE:
        raise GridError(f"the grid is {n_rows}x{n_columns}, a side may be at most {MAX_SIDE}")
