from __future__ import annotations

import numpy as np
import pytest

from arc_solver.grids import as_grid
from arc_solver.tasks import Pair
from arc_solver.voting.sizes import background, content_box, predict_shapes


def blank(n_rows, n_columns):
    return as_grid(np.zeros((n_rows, n_columns), dtype=int))


def pairs(*shapes):
    return tuple(Pair(blank(*shape_in), blank(*shape_out)) for shape_in, shape_out in shapes)


@pytest.mark.parametrize(
    ("train", "asked", "predicted"),
    [
        (pairs(((3, 4), (3, 4)), ((5, 2), (5, 2))), (7, 6), (7, 6)),
        (pairs(((3, 4), (2, 2)), ((5, 2), (2, 2))), (7, 6), (2, 2)),
        (pairs(((3, 4), (4, 3)), ((5, 2), (2, 5))), (7, 6), (6, 7)),
        (pairs(((3, 4), (6, 12)), ((5, 2), (10, 6))), (7, 6), (14, 18)),
        (pairs(((4, 6), (2, 2)), ((8, 3), (4, 1))), (6, 9), (3, 3)),
        (pairs(((4, 6), (5, 5)), ((8, 3), (9, 2))), (6, 9), (7, 8)),
        (pairs(((4, 6), (4, 12)), ((8, 3), (8, 6))), (6, 9), (6, 18)),
    ],
)
def test_laws(train, asked, predicted):
    assert predict_shapes(train, blank(*asked))[0] == predicted


def test_size_of_the_content():
    def inputs(*shape):
        cells = np.zeros((9, 8), dtype=int)
        cells[2 : 2 + shape[0], 3 : 3 + shape[1]] = 5
        return as_grid(cells)

    train = (Pair(inputs(2, 3), blank(2, 3)), Pair(inputs(4, 1), blank(4, 1)))
    assert predict_shapes(train, inputs(1, 4)) == ((1, 4),)


def test_number_of_colors():
    two, three, four = as_grid([[1, 2, 2]]), as_grid([[1, 2], [3, 3]]), as_grid([[1, 2, 3, 4]])
    assert predict_shapes((Pair(two, blank(2, 2)), Pair(three, blank(3, 3))), four) == ((4, 4),)


def test_without_a_law_there_is_no_prediction():
    assert predict_shapes(pairs(((3, 3), (2, 5)), ((3, 3), (5, 1))), blank(3, 3)) == ()
    assert predict_shapes((), blank(3, 3)) == ()


def test_predicted_sides_are_sides_of_a_grid():
    doubled = pairs(((3, 4), (6, 8)), ((5, 2), (10, 4)))
    assert predict_shapes(doubled, blank(16, 2)) == ()
    smaller = pairs(((5, 5), (1, 1)), ((6, 6), (2, 2)))
    assert (0, 0) not in predict_shapes(smaller, blank(4, 4))


def test_background_and_content():
    grid = as_grid([[3, 3, 3], [3, 1, 3], [3, 3, 2]])
    assert background(grid) == 3
    assert content_box(grid) == (slice(1, 3), slice(1, 3))
    assert content_box(blank(2, 2)) is None
    assert background(as_grid([[2, 1]])) == 1
