"""What can be said of a task before anything is searched: how outputs relate to inputs in size, colours and cells.

One frozen value, computed once from the training pairs (backgrounds from the test inputs as well). It lets stages say
"not mine" at once and gives the prior its features. Knows no stage and no primitive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from arc_solver.grids import Grid, grid_key
from arc_solver.proposers.search.examples import Examples

SizeLaw = Literal["same", "turned", "constant", "larger", "smaller", "other"]
Edit = Literal["none", "add", "recolor", "erase", "move", "mixed", "crop", "construct"]

MAX_CROPS = 1_200
SMALL_SIDE = 3


@dataclass(frozen=True, slots=True)
class Analysis:
    """Facts about a task.

    Attributes:
        size_law: How output sizes follow: `same`, `turned` (transposed), `constant`, `larger` or `smaller` (by one
            whole factor a side, the same in every pair), `other`.
        shape: The outputs' shape where it is one, else None.
        backgrounds: The most common colour of every input, training first.
        separated: Every input is cut by whole lines of one colour that is not its background.
        halved: Every training output has the size of half of its input (a line between the halves not counted).
        input_colors: Colours that are in every training input.
        output_colors: Colours that any training output has.
        new_colors: Colours of outputs that some input of the same pair lacks.
        edit: What is done, by all pairs alike: `none`, `add` (only background cells change), `erase` (cells change
            only to the background), `recolor` (only others change, none to the background), `move` (as many cells of
            each colour as before), `mixed`; `crop` (outputs are parts of their inputs), else `construct`.
        symmetric: Every output is its own mirror image, left to right or upside down.
        tiny: Every output has sides of at most three cells.
        plain: Every output has one colour only.
    """

    size_law: SizeLaw
    shape: tuple[int, int] | None
    backgrounds: tuple[int, ...]
    separated: bool
    halved: bool
    input_colors: frozenset[int]
    output_colors: frozenset[int]
    new_colors: frozenset[int]
    edit: Edit
    symmetric: bool
    tiny: bool
    plain: bool

    @property
    def same_size(self) -> bool:
        return self.size_law == "same"

    @property
    def features(self) -> tuple[str, ...]:
        """What the prior may condition on: short names of what holds."""
        flags = {
            "separated": self.separated,
            "halved": self.halved,
            "new colors": bool(self.new_colors),
            "one background": len(set(self.backgrounds)) == 1,
            "background not 0": any(self.backgrounds),
            "few colors": len(self.input_colors) <= 2,
            "many colors": len(self.input_colors) >= 4,
            "symmetric": self.symmetric,
            "tiny": self.tiny,
            "plain": self.plain,
        }
        return (f"size {self.size_law}", f"edit {self.edit}", *(name for name, holds in flags.items() if holds))


def analyse(examples: Examples) -> Analysis:
    """Look at every pair once."""
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    shapes = {(output.shape[0], output.shape[1]) for output in examples.outputs}
    seen = [frozenset(np.unique(grid).tolist()) for grid, _ in pairs]
    made = [frozenset(np.unique(output).tolist()) for _, output in pairs]
    backgrounds = tuple(int(np.bincount(grid.ravel()).argmax()) for grid in examples.inputs)
    return Analysis(
        size_law=_size_law(pairs),
        shape=next(iter(shapes)) if len(shapes) == 1 else None,
        backgrounds=backgrounds,
        separated=all(_is_separated(grid, own) for grid, own in zip(examples.inputs, backgrounds, strict=True)),
        halved=all(_is_half(grid.shape, output.shape) for grid, output in pairs),
        input_colors=frozenset.intersection(*seen),
        output_colors=frozenset.union(*made),
        new_colors=frozenset().union(*(after - before for before, after in zip(seen, made, strict=True))),
        edit=_edit(pairs, backgrounds),
        symmetric=all(_is_symmetric(output) for _, output in pairs),
        tiny=all(max(output.shape) <= SMALL_SIDE for _, output in pairs),
        plain=all(len(colors) == 1 for colors in made),
    )


def _size_law(pairs: Sequence[tuple[Grid, Grid]]) -> SizeLaw:
    if all(grid.shape == output.shape for grid, output in pairs):
        return "same"
    if all(grid.shape == output.shape[::-1] for grid, output in pairs):
        return "turned"
    if len({output.shape for _, output in pairs}) == 1 and len({grid.shape for grid, _ in pairs}) > 1:
        return "constant"
    if len({(output.shape[0] / grid.shape[0], output.shape[1] / grid.shape[1]) for grid, output in pairs}) == 1:
        grid, output = pairs[0]
        if not output.shape[0] % grid.shape[0] and not output.shape[1] % grid.shape[1]:
            return "larger"
        if not grid.shape[0] % output.shape[0] and not grid.shape[1] % output.shape[1]:
            return "smaller"
    return "constant" if len({output.shape for _, output in pairs}) == 1 else "other"


def _is_separated(grid: Grid, background: int) -> bool:
    lines = (*grid, *grid.T)
    return any(line[0] != background and len(line) > 1 and bool((line == line[0]).all()) for line in lines)


def _is_half(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    (rows, cols), (high, wide) = shape, wanted
    return (rows == high and cols // 2 == wide) or (cols == wide and rows // 2 == high)


def _is_symmetric(grid: Grid) -> bool:
    return bool(np.array_equal(grid, grid[:, ::-1]) or np.array_equal(grid, grid[::-1]))


def _edit(pairs: Sequence[tuple[Grid, Grid]], backgrounds: Sequence[int]) -> Edit:
    if all(grid.shape == output.shape for grid, output in pairs):
        kinds = {_cell_edit(grid, output, own) for (grid, output), own in zip(pairs, backgrounds, strict=False)}
        kinds -= {"none"} if len(kinds) > 1 else set()
        return next(iter(kinds)) if len(kinds) == 1 else "mixed"
    return "crop" if all(_is_part(output, grid) for grid, output in pairs) else "construct"


def _cell_edit(grid: Grid, output: Grid, background: int) -> Edit:
    changed = grid != output
    before, after = grid[changed], output[changed]
    if not before.size:
        return "none"
    if (before == background).all():
        return "add"
    if (after == background).all():
        return "erase"
    if not (before == background).any() and not (after == background).any():
        return "recolor"
    same = np.array_equal(np.bincount(before, minlength=10), np.bincount(after, minlength=10))
    return "move" if same else "mixed"


def _is_part(piece: Grid, grid: Grid) -> bool:
    (high, wide), (rows, cols) = piece.shape, grid.shape
    if high > rows or wide > cols or (rows - high + 1) * (cols - wide + 1) > MAX_CROPS:
        return False
    wanted = grid_key(piece)
    places = ((row, col) for row in range(rows - high + 1) for col in range(cols - wide + 1))
    return any(
        grid[row, col] == piece[0, 0] and grid_key(grid[row : row + high, col : col + wide]) == wanted
        for row, col in places
    )
