"""Values are told apart whatever they are."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.dsl.registry import Color, Grid, Object
from arc_solver.grids import as_grid
from arc_solver.omni.synthesis.filters import is_interesting
from arc_solver.omni.synthesis.growing import same_value

ONE, TWO = (as_grid(np.full((2, 2), color)) for color in (1, 2))
PART = Object(ONE, 0, 0, np.ones((2, 2), dtype=bool))


@pytest.mark.parametrize(
    ("kind", "value", "others"),
    [
        (Grid, ONE, [TWO, ONE[:1], PART, 1]),
        (Color, 3, [4, np.int64(4), ONE]),
        (Object, PART, [Object(ONE, 0, 1, PART.mask), ONE]),
        (list[Color], [1, 2], [[2, 1], [1], [ONE, TWO], [np.int64(1), ONE]]),
        (list[Grid], [ONE, TWO], [[TWO, ONE], [ONE], [PART, PART], [1, 2]]),
        (list[Object], [PART], [[], [ONE], [1]]),
    ],
)
def test_equal_values_are_equal_and_others_are_not(kind: object, value: object, others: list[object]) -> None:
    assert same_value(kind, value, value)
    for other in others:
        assert not same_value(kind, value, other)


def test_numbers_of_numpy_are_numbers() -> None:
    assert same_value(Color, 3, np.int64(3))
    assert same_value(list[Color], [3], [np.int8(3)])


def test_outputs_must_differ_and_be_neither_copies_nor_blanks() -> None:
    dots = [as_grid(np.eye(side, dtype=int)) for side in (2, 3, 4)]
    framed = [as_grid(np.pad(dot, 1)) for dot in dots]
    assert is_interesting(dots, framed)
    assert not is_interesting(dots, [framed[0]] * 3)
    assert not is_interesting(dots, [dots[0], dots[1], framed[2]])
    assert is_interesting(dots, [dots[0], framed[1], framed[2]])
    assert not is_interesting(dots, [ONE, TWO, framed[2]])
