"""Fall-backs: the best guesses without any proposer.

Simple transformations of the input are scored by how close they come on the training pairs, each pair predicted from
the others, and the closest come first. They seldom solve a task; they never leave one empty. Knows nothing of
candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import MAX_SIDE, N_COLORS, Grid, frozen, grid_key
from arc_solver.tasks import MalformedTask, Pair, Task
from arc_solver.voting.sizes import Shape, background, content_box, predict_shapes

# (other pairs, input, shape wanted) -> a grid of that shape, or None where the idea does not apply.
_Guess = Callable[[Sequence[Pair], Grid, Shape], NDArray[np.int8] | None]


def fallback_grids(task: Task | MalformedTask, test_index: int) -> list[tuple[Grid, str]]:
    """Guesses for one test input, best first.

    Args:
        task: The task; of a malformed one only the test input is used, if it is readable.
        test_index: Which test input.

    Returns:
        Distinct grids, at least two, each with what it is.
    """
    test_input = task.test_inputs[test_index]
    found: dict[bytes, tuple[Grid, str]] = {}
    guesses = _from_task(task, test_input) if isinstance(task, Task) and test_input is not None else _blind(test_input)
    for cells, reason in guesses:
        grid = frozen(cells)
        found.setdefault(grid_key(grid), (grid, reason))
    return list(found.values())


def _blind(test_input: Grid | None) -> Iterator[tuple[NDArray[np.int8], str]]:
    """Without training pairs: the input itself, then one colour."""
    if test_input is not None:
        yield test_input, "the input itself"
    shape: Shape = (1, 1) if test_input is None else (test_input.shape[0], test_input.shape[1])
    counts = np.bincount([0] if test_input is None else test_input.ravel(), minlength=N_COLORS)
    yield from _plain(shape, counts)


def _from_task(task: Task, test_input: Grid) -> Iterator[tuple[NDArray[np.int8], str]]:
    shape = _shape(task.train, test_input)
    scored = []
    for index, (name, guess) in enumerate(_GUESSES.items()):
        cells = guess(task.train, test_input, shape)
        if cells is not None:
            scored.append((-_closeness(guess, task.train), index, cells, name))
    for score, _, cells, name in sorted(scored, key=lambda entry: entry[:2]):
        yield cells, f"{name}, {-score:.0%} of the cells on the training pairs"
    yield from _plain(shape, _color_counts(task.train))


def _plain(shape: Shape, counts: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int8], str]]:
    """The shape in one colour, the most common first: ten different grids, so that two attempts always differ."""
    for color in np.argsort(-counts, kind="stable"):
        yield np.full(shape, color, dtype=np.int8), f"all cells {color}"


def _shape(train: Sequence[Pair], test_input: Grid) -> Shape:
    shapes = predict_shapes(train, test_input)
    if shapes:
        return shapes[0]
    common = [pair.output.shape for pair in train]
    n_rows, n_columns = max(common, key=lambda shape: (common.count(shape), -shape[0] * shape[1]))
    return n_rows, n_columns


def _closeness(guess: _Guess, train: Sequence[Pair]) -> float:
    """The mean share of right cells when each pair is guessed from the others (from itself if there is but one)."""
    total = 0.0
    for index, pair in enumerate(train):
        others = [*train[:index], *train[index + 1 :]] or train
        cells = guess(others, pair.input, (pair.output.shape[0], pair.output.shape[1]))
        if cells is not None:
            total += float(np.count_nonzero(cells == pair.output)) / pair.output.size
    return total / len(train)


def _color_counts(train: Sequence[Pair]) -> NDArray[np.int64]:
    return np.bincount(np.concatenate([pair.output.ravel() for pair in train]), minlength=N_COLORS)


def _view(transform: Callable[[Grid], NDArray[np.int8]]) -> _Guess:
    """A guess that turns or flips the input and applies where the shape comes out right."""

    def guess(others: Sequence[Pair], grid: Grid, shape: Shape) -> NDArray[np.int8] | None:
        turned = transform(grid)
        return turned if turned.shape == shape else None

    return guess


def _recolored(others: Sequence[Pair], grid: Grid, shape: Shape) -> NDArray[np.int8] | None:
    """The input, each colour replaced by what most often stands in its place in the outputs."""
    if grid.shape != shape or any(pair.input.shape != pair.output.shape for pair in others):
        return None
    counts = np.zeros((N_COLORS, N_COLORS), dtype=np.int64)
    for pair in others:
        np.add.at(counts, (pair.input, pair.output), 1)
    table = np.where(counts.any(axis=1), counts.argmax(axis=1), np.arange(N_COLORS)).astype(np.int8)
    cells: NDArray[np.int8] = table[grid]
    return cells


def _scaled(others: Sequence[Pair], grid: Grid, shape: Shape) -> NDArray[np.int8] | None:
    if shape[0] % grid.shape[0] or shape[1] % grid.shape[1] or shape == grid.shape:
        return None
    return grid.repeat(shape[0] // grid.shape[0], axis=0).repeat(shape[1] // grid.shape[1], axis=1)


def _tiled(others: Sequence[Pair], grid: Grid, shape: Shape) -> NDArray[np.int8] | None:
    if shape[0] % grid.shape[0] or shape[1] % grid.shape[1] or shape == grid.shape:
        return None
    return np.tile(grid, (shape[0] // grid.shape[0], shape[1] // grid.shape[1]))


def _reduced(others: Sequence[Pair], grid: Grid, shape: Shape) -> NDArray[np.int8] | None:
    if grid.shape[0] % shape[0] or grid.shape[1] % shape[1] or shape == grid.shape:
        return None
    return grid[:: grid.shape[0] // shape[0], :: grid.shape[1] // shape[1]]


def _cropped(others: Sequence[Pair], grid: Grid, shape: Shape) -> NDArray[np.int8] | None:
    box = content_box(grid)
    return grid[box] if box is not None and grid[box].shape == shape else None


def _mode(others: Sequence[Pair], grid: Grid, shape: Shape) -> NDArray[np.int8] | None:
    """Cell by cell the most common colour of the training outputs of this shape."""
    outputs = [pair.output for pair in others if pair.output.shape == shape]
    if not outputs:
        return None
    stack = np.stack(outputs)
    counts = np.stack([(stack == color).sum(axis=0) for color in range(N_COLORS)])
    cells: NDArray[np.int8] = counts.argmax(axis=0).astype(np.int8)
    return cells


def _common(others: Sequence[Pair], grid: Grid, shape: Shape) -> NDArray[np.int8] | None:
    return np.full(shape, _color_counts(others).argmax(), dtype=np.int8)


def _framed(others: Sequence[Pair], grid: Grid, shape: Shape) -> NDArray[np.int8] | None:
    """The input's upper left corner, filled up with its background."""
    cells = np.full((MAX_SIDE, MAX_SIDE), background(grid), dtype=np.int8)
    cells[: grid.shape[0], : grid.shape[1]] = grid
    return cells[: shape[0], : shape[1]]


_GUESSES: dict[str, _Guess] = {
    "the input itself": _view(lambda grid: grid),
    "the input recoloured": _recolored,
    "the input turned upside down": _view(lambda grid: grid[::-1]),
    "the input mirrored": _view(lambda grid: grid[:, ::-1]),
    "the input turned by 180 degrees": _view(lambda grid: grid[::-1, ::-1]),
    "the input transposed": _view(lambda grid: grid.T),
    "the input turned left": _view(lambda grid: np.rot90(grid)),
    "the input turned right": _view(lambda grid: np.rot90(grid, -1)),
    "the input transposed the other way": _view(lambda grid: grid[::-1, ::-1].T),
    "the input scaled": _scaled,
    "the input repeated": _tiled,
    "the input reduced": _reduced,
    "the input's content": _cropped,
    "the usual output": _mode,
    "the usual colour": _common,
    "the input's corner": _framed,
}
