"""Builders of shapes, to be put into a scene by others.

A shape is a small array that holds -1 where one sees through it. Knows nothing of scenes.

Shapes: r rows, c columns.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from arc_solver.omni.generators.canvas import (
    below,
    drawn,
    drawn_sides,
    grown_cells,
    made_symmetric,
    one_of,
    random_colors,
    shape_of,
)
from arc_solver.omni.generators.grounds import SQUARE_SYMMETRIES, Symmetry
from arc_solver.omni.generators.registry import HOLE, Color, Colors, Drawing, Shape, Share, Sides, builder

Figure = Literal["L", "T", "plus", "X", "U", "line", "square", "box", "stairs", "diagonal", "Z", "any"]

_FIGURES = ("L", "T", "plus", "X", "U", "line", "square", "box", "stairs", "diagonal", "Z")


@builder
def drawing(rng: np.random.Generator, rows: Drawing) -> Shape:
    """The same shape in every grid."""
    cells = [[HOLE if cell == "." else int(cell) for cell in row] for row in rows]
    return np.array(cells, dtype=np.int8)


@builder
def random_shape(
    rng: np.random.Generator,
    height: Sides,
    width: Sides,
    colors: Colors,
    share: Share = 0.7,
    diagonals: bool = False,
) -> Shape:
    """A connected shape of one colour that has about `share` of its box. `diagonals`: corners connect too."""
    n_rows, n_cols = drawn_sides(rng, height, width)
    n_cells = max(1, round(share * n_rows * n_cols))
    return shape_of(grown_cells(rng, n_rows, n_cols, n_cells, diagonals), one_of(rng, colors))


@builder
def sprite(rng: np.random.Generator, height: Sides, width: Sides, colors: Colors, share: Share = 0.8) -> Shape:
    """A connected shape whose cells have several colours."""
    shape = random_shape(rng, height, width, colors, share, True)
    return np.where(shape == HOLE, shape, random_colors(rng, colors, (shape.shape[0], shape.shape[1])))


@builder
def symmetric_shape(
    rng: np.random.Generator,
    height: Sides,
    width: Sides,
    colors: Colors,
    symmetry: Symmetry = "mirror",
    share: Share = 0.7,
) -> Shape:
    """A symmetric shape of random cells; a square where the symmetry needs one, holes and all."""
    n_rows, n_cols = drawn_sides(rng, height, width, symmetry in SQUARE_SYMMETRIES)
    mask = rng.random((n_rows, n_cols)) < share
    # Next to the middle, in the part that every symmetry keeps: so there is always something.
    mask[max(n_rows // 2 - 1, 0), max(n_cols // 2 - 1, 0)] = True
    return made_symmetric(np.where(mask, random_colors(rng, colors, mask.shape), np.int8(HOLE)), symmetry)


@builder
def box_shape(rng: np.random.Generator, height: Sides, width: Sides, colors: Colors, inside: Color) -> Shape:
    """A box of one colour, filled with another one."""
    shape = np.full(drawn_sides(rng, height, width), one_of(rng, colors), dtype=np.int8)
    shape[1:-1, 1:-1] = inside
    return shape


@builder
def figure(rng: np.random.Generator, kind: Figure, size: Sides, colors: Colors, fixed: bool = False) -> Shape:
    """A well-known figure, `size` cells high and wide, turned at random unless `fixed`."""
    mask = _figure_mask(one_of(rng, _FIGURES) if kind == "any" else kind, drawn(rng, size))
    if not fixed:
        mask = np.rot90(mask, below(rng, 4))
    return np.where(mask, np.int8(one_of(rng, colors)), np.int8(HOLE))


def _figure_mask(kind: str, size: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    mask = np.zeros((size, size), dtype=bool)
    middle = size // 2
    if kind == "L":
        mask[:, 0] = mask[-1] = True
    elif kind == "T":
        mask[0] = mask[:, middle] = True
    elif kind == "plus":
        mask[middle] = mask[:, middle] = True
    elif kind == "X":
        mask[np.arange(size), np.arange(size)] = mask[np.arange(size), np.arange(size)[::-1]] = True
    elif kind == "U":
        mask[:, 0] = mask[:, -1] = mask[-1] = True
    elif kind == "line":
        return np.ones((1, size), dtype=bool)
    elif kind == "square":
        mask[:] = True
    elif kind == "box":
        mask[:] = True
        mask[1:-1, 1:-1] = False
    elif kind == "stairs":
        mask = np.tri(size, dtype=bool)
    elif kind == "diagonal":
        mask = np.eye(size, dtype=bool)
    else:
        mask[0, : middle + 1] = mask[:, middle] = mask[-1, middle:] = True
    return mask
