"""Last steps that can be undone: what the step must have begun with is computed from the outputs and looked up.

So a program of one call more is found for the price of a look. Knows steps that keep all of a grid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from arc_solver.dsl import scaling
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.values import CALL_TICKS, Value, signature

STEP_COST = 1.0
FACTORS = (2, 3, 4, 5)
COPIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Step:
    """A call that can be undone.

    Attributes:
        pattern: Source with a `{}` for the grid that it begins with.
        undo: Gives the only grid that it may have begun with, None where there is none.
        redo: The step itself.
    """

    pattern: str
    undo: Callable[[Grid], Grid | None]
    redo: Callable[[Grid], Grid]


def undone(examples: Examples, grids: Sequence[Value]) -> Iterator[Draft]:
    """Programs that end with one of the steps and begin with a grid that was found.

    Args:
        examples: Any task.
        grids: Grids that programs give.
    """
    known: dict[bytes, Value] = {}
    for value in grids:
        known.setdefault(signature("grid", value.results[: examples.n_train]), value)
    for step in _steps(examples):
        befores = [_before(step, output) for output in examples.outputs]
        if not any(before is None for before in befores):
            begun = known.get(signature("grid", befores))
            if begun is not None:
                body = (f"return {step.pattern.format(begun.expression)}",)
                yield examples.draft("undone", body, STEP_COST + begun.cost / CALL_TICKS)


def _before(step: Step, output: Grid) -> Grid | None:
    before = step.undo(output)
    if before is None or not before.size or not np.array_equal(step.redo(before), output):
        return None
    return np.ascontiguousarray(before)


def _steps(examples: Examples) -> Iterator[Step]:
    for name, turns in (("rotate_90", 3), ("rotate_180", 2), ("rotate_270", 1)):
        yield Step(f"{name}({{}})", partial(np.rot90, k=-turns), partial(np.rot90, k=turns))
    for name, same in (
        ("flip_horizontal", np.fliplr),
        ("flip_vertical", np.flipud),
        ("transpose", np.transpose),
        ("anti_transpose", _anti_transposed),
    ):
        yield Step(f"{name}({{}})", same, same)
    for name, mirror, undo in (
        ("mirror_right", scaling.mirror_right, lambda out: out[:, : out.shape[1] // 2]),
        ("mirror_left", scaling.mirror_left, lambda out: out[:, out.shape[1] // 2 :]),
        ("mirror_down", scaling.mirror_down, lambda out: out[: out.shape[0] // 2]),
        ("mirror_up", scaling.mirror_up, lambda out: out[out.shape[0] // 2 :]),
        ("four_rotations", scaling.four_rotations, lambda out: out[: out.shape[0] // 2, : out.shape[1] // 2]),
    ):
        yield Step(f"{name}({{}})", undo, partial(_where_allowed, mirror))
    for factor in FACTORS:
        yield Step(f"upscale({{}}, {factor})", partial(_every, factor), partial(_upscaled, factor))
    for rows in COPIES:
        for cols in COPIES:
            if rows * cols > 1:
                yield Step(f"tile({{}}, {rows}, {cols})", partial(_corner, rows, cols), partial(_tiled, rows, cols))
    for color in set.intersection(*(set(output[0].tolist()) for output in examples.outputs)):
        yield Step(f"add_border({{}}, {color})", lambda out: out[1:-1, 1:-1], partial(_bordered, color))


def _anti_transposed(grid: Grid) -> Grid:
    return grid[::-1, ::-1].T


def _where_allowed(step: Callable[[Grid], Grid], grid: Grid) -> Grid:
    try:
        return step(grid)
    except ValueError:
        return grid


def _every(factor: int, output: Grid) -> Grid:
    return output[::factor, ::factor]


def _upscaled(factor: int, grid: Grid) -> Grid:
    return grid.repeat(factor, axis=0).repeat(factor, axis=1)


def _corner(rows: int, cols: int, output: Grid) -> Grid:
    return output[: output.shape[0] // rows, : output.shape[1] // cols]


def _tiled(rows: int, cols: int, grid: Grid) -> Grid:
    return np.tile(grid, (rows, cols))


def _bordered(color: int, grid: Grid) -> Grid:
    return np.pad(grid, 1, constant_values=color)
