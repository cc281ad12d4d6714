"""Small outputs that say one thing about the input: a colour, or a number as so many cells.

Works on the colours and counts that the enumerator found. Knows ways to write an answer, nothing of what is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from arc_solver.grids import Grid
from arc_solver.proposers.search.enumerate import CALL_TICKS
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.values import Value

MAX_CELLS = 30

Writer = Callable[[int], Grid]


def color_answers(examples: Examples, colors: Sequence[Value]) -> Iterator[Draft]:
    """Outputs of one colour throughout, of a fixed size or of the input's."""
    if any(output.min() != output.max() for output in examples.outputs):
        return
    shapes = {output.shape for output in examples.outputs}
    fixed = f"({', '.join(map(str, next(iter(shapes))))})" if len(shapes) == 1 else None
    shape = fixed or ("grid.shape" if examples.same_size() else None)
    if shape is None:
        return
    wanted = [int(output[0, 0]) for output in examples.outputs]
    for value in colors:
        if list(value.results[: examples.n_train]) == wanted and value.cost > 0 and "(" in value.expression:
            body = (f"return np.full({shape}, {value.expression}, dtype=np.int8)",)
            yield examples.draft("answers", body, 1.3 + value.cost / CALL_TICKS)


def count_answers(examples: Examples, counts: Sequence[Value]) -> Iterator[Draft]:
    """Outputs that show a count: as a row, column, square or diagonal, or as the first cells of a fixed grid."""
    painted = [sorted(set(np.unique(output).tolist()) - {0}) for output in examples.outputs]
    if any(len(colors) != 1 for colors in painted):
        return
    writers = list(_writers(examples, painted[0][0]))
    for value in counts:
        if "(" not in value.expression or max(value.results) > MAX_CELLS or min(value.results) < 0:
            continue
        for statements, write, cost in writers:
            pairs = zip(value.results, examples.outputs, strict=False)
            if all(np.array_equal(write(n), output) for n, output in pairs):
                body = (f"n = {value.expression}", *statements)
                yield examples.draft("answers", body, 1.5 + cost + value.cost / CALL_TICKS)


def _writers(examples: Examples, color: int) -> Iterator[tuple[tuple[str, ...], Writer, float]]:
    for source, shape_of in (
        ("(1, n)", lambda n: (1, n)),
        ("(n, 1)", lambda n: (n, 1)),
        ("(n, n)", lambda n: (n, n)),
    ):
        yield (f"return np.full({source}, {color}, dtype=np.int8)",), _full(shape_of, color), 0.3
    yield (f"return np.eye(n, dtype=np.int8) * {color}",), lambda n: np.eye(n, dtype=np.int8) * np.int8(color), 0.5
    shapes = {output.shape for output in examples.outputs}
    if len(shapes) == 1:
        rows, cols = next(iter(shapes))
        start = f"out = np.zeros(({rows}, {cols}), dtype=np.int8)"
        yield (start, f"out.flat[:n] = {color}", "return out"), _first_cells(rows, cols, color, False), 0.8
        yield (start, f"out.T.flat[:n] = {color}", "return out"), _first_cells(rows, cols, color, True), 1.0


def _full(shape_of: Callable[[int], tuple[int, int]], color: int) -> Writer:
    return lambda n: np.full(shape_of(n), color, dtype=np.int8)


def _first_cells(rows: int, cols: int, color: int, by_column: bool) -> Writer:
    def write(n: int) -> Grid:
        out = np.zeros((rows, cols), dtype=np.int8)
        (out.T if by_column else out).flat[:n] = color
        return out

    return write
