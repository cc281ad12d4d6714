"""Size laws: what shape should the output have?

A law relates something measured on the input (its own sides, the box around what is not background, its number of
colours) to the sides of the output, and holds if it holds for every training pair. Knows nothing of candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from arc_solver.grids import MAX_SIDE, N_COLORS, Grid
from arc_solver.tasks import Pair

Shape = tuple[int, int]
_Relation = Callable[[Sequence[int], Sequence[int], int], int | None]


def predict_shapes(train: Sequence[Pair], test_input: Grid) -> tuple[Shape, ...]:
    """The output shapes that laws predict which all training pairs obey, the most natural law first.

    Args:
        train: Training pairs.
        test_input: The input whose output's shape is asked for.

    Returns:
        Distinct shapes with sides in 1..30; empty if no law holds for all pairs, or there are no pairs.
    """
    if not train:
        return ()
    measured = [_measure(pair.input) for pair in train]
    asked = _measure(test_input)
    wanted = [pair.output.shape for pair in train]
    shapes: dict[Shape, None] = {}
    for relation, index in _LAWS:
        sides = []
        for axis in (0, 1):
            inputs = [measures[index][axis] for measures in measured]
            sides.append(relation(inputs, [shape[axis] for shape in wanted], asked[index][axis]))
        n_rows, n_columns = sides
        if n_rows and n_columns and max(n_rows, n_columns) <= MAX_SIDE and min(n_rows, n_columns) > 0:
            shapes.setdefault((n_rows, n_columns))
    return tuple(shapes)


def background(grid: Grid) -> int:
    """The most common colour; of equally common ones the smallest."""
    return int(np.bincount(grid.ravel(), minlength=N_COLORS).argmax())


def content_box(grid: Grid) -> tuple[slice, slice] | None:
    """The smallest box around the cells that are not background, None if there are none."""
    cells = grid != background(grid)
    rows, columns = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _measure(grid: Grid) -> tuple[Shape, ...]:
    """What a law may start from, in the order of how natural it is; the same number of shapes for every grid."""
    box = content_box(grid)
    boxed = (0, 0) if box is None else (box[0].stop - box[0].start, box[1].stop - box[1].start)
    n_colors = int(np.count_nonzero(np.bincount(grid.ravel(), minlength=N_COLORS)))
    n_rows, n_columns = grid.shape
    return (n_rows, n_columns), (n_columns, n_rows), boxed, (n_colors, n_colors)


def _same(inputs: Sequence[int], outputs: Sequence[int], asked: int) -> int | None:
    return asked if list(inputs) == list(outputs) else None


def _constant(inputs: Sequence[int], outputs: Sequence[int], asked: int) -> int | None:
    return outputs[0] if len(set(outputs)) == 1 else None


def _scaled(inputs: Sequence[int], outputs: Sequence[int], asked: int) -> int | None:
    factor = outputs[0] // max(1, inputs[0])
    return (
        asked * factor if all(output == size * factor for size, output in zip(inputs, outputs, strict=True)) else None
    )


def _divided(inputs: Sequence[int], outputs: Sequence[int], asked: int) -> int | None:
    divisor = inputs[0] // outputs[0]
    holds = all(size == output * divisor for size, output in zip(inputs, outputs, strict=True))
    return asked // divisor if holds and divisor and asked % divisor == 0 else None


def _shifted(inputs: Sequence[int], outputs: Sequence[int], asked: int) -> int | None:
    shifts = {output - size for size, output in zip(inputs, outputs, strict=True)}
    return asked + shifts.pop() if len(shifts) == 1 else None


_SIDES, _TURNED, _BOXED, _COLORS = range(4)
# From the most natural to what holds more often by chance.
_LAWS: tuple[tuple[_Relation, int], ...] = (
    (_same, _SIDES),
    (_constant, _SIDES),
    (_scaled, _SIDES),
    (_divided, _SIDES),
    (_same, _TURNED),
    (_same, _BOXED),
    (_same, _COLORS),
    (_shifted, _SIDES),
    *((relation, index) for index in (_TURNED, _BOXED, _COLORS) for relation in (_scaled, _divided, _shifted)),
)
