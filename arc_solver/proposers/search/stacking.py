"""Outputs put together from pieces that the enumerator found: side by side, or in layers.

The missing piece is computed from the outputs and looked up. Knows nothing of what the pieces mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import Grid
from arc_solver.proposers.search.enumerate import CALL_TICKS
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.values import Value, signature

MAX_LAYERS_BELOW = 400
MAX_LAYERS_ABOVE = 120
MAX_ABOVE = 3
N_STACKS = 3


def side_by_side(examples: Examples, grids: Sequence[Value]) -> Iterator[Draft]:
    """Programs that join two found grids, left and right or above and below."""
    known: dict[bytes, Value] = {}
    for value in grids:
        known.setdefault(signature("grid", value.results[: examples.n_train]), value)
    for word, axis in (("hstack", 1), ("vstack", 0)):
        for value in grids:
            rests = _rests(value.results, examples.outputs, axis)
            other = known.get(signature("grid", rests)) if rests else None
            if other is not None:
                body = (f"return {word}({value.expression}, {other.expression})",)
                yield examples.draft("stacking", body, 1.0 + (value.cost + other.cost) / CALL_TICKS)


def _rests(results: Sequence[Grid], outputs: Sequence[Grid], axis: int) -> list[Grid] | None:
    """What remains of each output right of (below) the result, if the result is its beginning."""
    rests = []
    for grid, output in zip(results, outputs, strict=False):
        size = grid.shape[axis]
        if grid.shape[1 - axis] != output.shape[1 - axis] or size >= output.shape[axis]:
            return None
        head, rest = np.split(output, [size], axis=axis)
        if not np.array_equal(head, grid):
            return None
        rests.append(rest)
    return rests


def layers(examples: Examples, grids: Sequence[Value]) -> Iterator[Draft]:
    """Programs that lay found grids over one another; cells of colour 0 are transparent.

    Only grids whose visible cells are all right may lie above, so their order does not matter.
    """
    pieces = [value for value in grids if _has_output_size(value, examples)]
    if len(pieces) < 2:
        return
    target = _flat(examples.outputs)
    cells = np.array([_flat(value.results[: examples.n_train]) for value in pieces])
    wrong = cells != target
    visible = cells != 0
    harmless = np.flatnonzero(~(visible & wrong).any(axis=1) & visible.any(axis=1))[:MAX_LAYERS_ABOVE]
    below = np.argsort(wrong.sum(axis=1), kind="stable")[:MAX_LAYERS_BELOW]
    n_found = 0
    for index in below.tolist():
        above = _cover(wrong[index], visible, harmless)
        if above:
            yield _stacked(examples, [pieces[index], *(pieces[other] for other in above)])
            n_found += 1
            if n_found == N_STACKS:
                return


def _cover(wrong: NDArray[np.bool_], visible: NDArray[np.bool_], harmless: NDArray[np.intp]) -> list[int] | None:
    """Few of the harmless pieces that hide all wrong cells, chosen greedily; None if that fails."""
    left = wrong.copy()
    chosen: list[int] = []
    while left.any():
        if len(chosen) == MAX_ABOVE or not len(harmless):
            return None
        gains = (visible[harmless] & left).sum(axis=1)
        best = int(gains.argmax())
        if gains[best] == 0:
            return None
        chosen.append(int(harmless[best]))
        left &= ~visible[chosen[-1]]
    return chosen


def _stacked(examples: Examples, values: Sequence[Value]) -> Draft:
    lines = [f"out = {values[0].expression}"]
    for value in values[1:]:
        lines.append(f"top = {value.expression}")
        lines.append("out = np.where(top != 0, top, out)")
    cost = sum(1.0 + value.cost / CALL_TICKS for value in values) + len(values)
    return examples.draft("layers", (*lines, "return out"), cost)


def _has_output_size(value: Value, examples: Examples) -> bool:
    return all(a.shape == b.shape for a, b in zip(value.results, examples.outputs, strict=False))


def _flat(grids: Sequence[Grid]) -> NDArray[np.int8]:
    return np.concatenate([grid.ravel() for grid in grids])
