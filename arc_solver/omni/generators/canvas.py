"""What builders share: drawing numbers and colours, growing shapes, finding room in a scene, pasting.

Single numbers come from `rng.random()`, which is ten times as fast as `rng.integers`. Knows nothing of programs.

Shapes: R rows, C columns of a scene; r, c those of a shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import MAX_SIDE, N_COLORS

_T = TypeVar("_T")

_N_TRIES = 12
"""Places tried for one object before it is left out."""
_MAX_MISSES = 3
"""So many objects left out in a row, and the scene is taken to be full."""
_SIDEWAYS = ((0, 1), (1, 0), (0, -1), (-1, 0))
_ALL_AROUND = (*_SIDEWAYS, (1, 1), (1, -1), (-1, 1), (-1, -1))


def below(rng: np.random.Generator, n: int) -> int:
    """A number 0..n - 1."""
    return int(rng.random() * n)


def drawn(rng: np.random.Generator, bounds: int | tuple[int, int]) -> int:
    """A number within the bounds, both included."""
    if isinstance(bounds, int):
        return bounds
    low, high = bounds
    return low + int(rng.random() * (high - low + 1))


def drawn_sides(
    rng: np.random.Generator, rows: int | tuple[int, int], cols: int | tuple[int, int], square: bool = False
) -> tuple[int, int]:
    """(R, C) within the bounds; `square`: as many columns as rows."""
    n_rows = drawn(rng, rows)
    return n_rows, n_rows if square else drawn(rng, cols)


def check_sides(n_rows: int, n_cols: int) -> None:
    """Refuse a scene that cannot be a grid.

    Raises:
        ValueError: A side is outside 1..30.
    """
    if not (1 <= n_rows <= MAX_SIDE and 1 <= n_cols <= MAX_SIDE):
        raise ValueError(f"a side of the {n_rows}x{n_cols} grid is outside 1..{MAX_SIDE}")


def one_of(rng: np.random.Generator, values: Sequence[_T]) -> _T:
    """One of the values."""
    return values[int(rng.random() * len(values))]


def shuffled(rng: np.random.Generator, values: Sequence[_T]) -> list[_T]:
    """The values in random order."""
    return [values[index] for index in rng.permutation(len(values)).tolist()]


def random_colors(rng: np.random.Generator, colors: Sequence[int], shape: int | tuple[int, int]) -> NDArray[np.int8]:
    """An array of the shape, each cell one of the colours."""
    if len(colors) == 1:
        return np.full(shape, colors[0], dtype=np.int8)
    table = np.array(colors, dtype=np.int8)
    picked: NDArray[np.int8] = table[(rng.random(shape) * len(colors)).astype(np.intp)]
    return picked


def color_sequence(rng: np.random.Generator, colors: Sequence[int], n: int) -> list[int]:
    """`n` of the colours, neighbours different wherever there is more than one colour."""
    sequence: list[int] = []
    for _ in range(n):
        others = [color for color in colors if not sequence or color != sequence[-1]]
        sequence.append(one_of(rng, others or colors))
    return sequence


def background_of(grid: NDArray[np.int8]) -> int:
    """The most common colour."""
    return int(np.bincount(grid.ravel(), minlength=N_COLORS).argmax())


def grown_cells(
    rng: np.random.Generator, height: int, width: int, n_cells: int, diagonals: bool = False
) -> list[tuple[int, int]]:
    """At most `n_cells` connected cells of a height x width box, moved to its top left corner."""
    steps = _ALL_AROUND if diagonals else _SIDEWAYS
    frontier = [(below(rng, height), below(rng, width))]
    cells: set[tuple[int, int]] = set()
    n_cells = min(n_cells, height * width)
    points = iter(rng.random(8 * n_cells + 8).tolist())
    while len(cells) < n_cells and frontier:
        index = int(next(points) * len(frontier))
        frontier[index], frontier[-1] = frontier[-1], frontier[index]
        cell = frontier.pop()
        if cell in cells:
            continue
        cells.add(cell)
        for down, right in steps:
            row, col = cell[0] + down, cell[1] + right
            if 0 <= row < height and 0 <= col < width and (row, col) not in cells:
                frontier.append((row, col))
    top, left = min(row for row, _ in cells), min(col for _, col in cells)
    return sorted((row - top, col - left) for row, col in cells)


def shape_of(cells: Sequence[tuple[int, int]], color: int) -> NDArray[np.int8]:
    """The shape that has these cells, which start at row 0 and column 0."""
    rows, cols = zip(*cells, strict=True)
    shape = np.full((max(rows) + 1, max(cols) + 1), -1, dtype=np.int8)
    shape[list(rows), list(cols)] = color
    return shape


def made_symmetric(array: NDArray[np.int8], kind: str) -> NDArray[np.int8]:
    """A copy that is symmetric; `array` must be square for the last three kinds.

    Args:
        array: A scene or a shape.
        kind: `mirror` (left to right), `flip` (top to bottom), `both`, `half_turn`, `transpose`, `quarter_turn` or
            `full`.
    """
    made = array.copy()
    n_rows, n_cols = made.shape
    if kind in ("transpose", "full"):
        made = np.where(np.tri(n_rows, dtype=bool), made, made.T)
    if kind in ("mirror", "both", "full"):
        made[:, n_cols - n_cols // 2 :] = made[:, : n_cols // 2][:, ::-1]
    if kind in ("flip", "both", "full"):
        made[n_rows - n_rows // 2 :] = made[: n_rows // 2][::-1]
    if kind == "half_turn":
        cells = made.ravel()
        cells[cells.size - cells.size // 2 :] = cells[: cells.size // 2][::-1]
    if kind == "quarter_turn":
        corner = np.full_like(made, -1)
        corner[: (n_rows + 1) // 2, : n_rows // 2] = made[: (n_rows + 1) // 2, : n_rows // 2]
        middle = made[n_rows // 2, n_rows // 2]
        made = np.maximum.reduce([np.rot90(corner, turns) for turns in range(4)])
        if n_rows % 2:
            made[n_rows // 2, n_rows // 2] = middle
    return made


def turned(rng: np.random.Generator, array: NDArray[np.int8]) -> NDArray[np.int8]:
    """The array in one of its eight orientations."""
    orientation = below(rng, 8)
    return np.rot90(array.T if orientation >= 4 else array, orientation % 4)


def paste(grid: NDArray[np.int8], shape: NDArray[np.int8], row: int, col: int) -> None:
    """Put the shape into the grid with its corner at (row, col), in place; what lies beyond the edges is cut off."""
    part = grid[row : row + shape.shape[0], col : col + shape.shape[1]]
    shape = shape[: part.shape[0], : part.shape[1]]
    np.copyto(part, shape, where=shape >= 0)


class Canvas:
    """A scene under construction: a copy of a grid, and where there is room in it."""

    def __init__(self, grid: NDArray[np.int8]) -> None:
        self.grid = grid.copy()
        self.background = background_of(grid)
        self.taken: NDArray[np.bool_] = self.grid != self.background

    def is_free(self, row: int, col: int, height: int, width: int, gap: int = 0) -> bool:
        """True if a box keeps `gap` free cells around it; what lies outside the scene counts as free."""
        box = self.taken[max(row - gap, 0) : row + height + gap, max(col - gap, 0) : col + width + gap]
        return not box.any()

    def room(self, rng: np.random.Generator, height: int, width: int, gap: int = 1) -> tuple[int, int] | None:
        """A corner where a box of this size is free, None if none was found."""
        n_rows, n_cols = self.grid.shape
        if height > n_rows or width > n_cols:
            return None
        points = rng.random(2 * _N_TRIES).tolist()
        for down, right in zip(points[::2], points[1::2], strict=True):
            row, col = int(down * (n_rows - height + 1)), int(right * (n_cols - width + 1))
            if self.is_free(row, col, height, width, gap):
                return row, col
        return None

    def put(self, shape: NDArray[np.int8], row: int, col: int) -> None:
        """Paste a shape and take its box."""
        paste(self.grid, shape, row, col)
        self.taken[row : row + shape.shape[0], col : col + shape.shape[1]] = True

    def place(self, rng: np.random.Generator, shape: NDArray[np.int8], gap: int = 1) -> bool:
        """Put the shape where there is room; False where there was none."""
        spot = self.room(rng, shape.shape[0], shape.shape[1], gap)
        if spot is not None:
            self.put(shape, *spot)
        return spot is not None


def scattered(
    rng: np.random.Generator, grid: NDArray[np.int8], n: int, gap: int, make: Callable[[], NDArray[np.int8]]
) -> NDArray[np.int8]:
    """The scene with `n` made shapes in it, `gap` cells apart; what finds no room is left out."""
    canvas = Canvas(grid)
    n_misses = 0
    for _ in range(n):
        # A scene that is full stays full: no time is spent on shapes that cannot be placed.
        n_misses = 0 if canvas.place(rng, make(), gap) else n_misses + 1
        if n_misses == _MAX_MISSES:
            break
    return canvas.grid
