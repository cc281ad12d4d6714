"""The words of the cell model: grids to text and strictly back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.augment import View
from arc_solver.grids import as_grid, grids_equal
from arc_solver.prompts.cells import cells_prompt, grid_words, parse_grid_words
from arc_solver.prompts.encoders import Unparsed
from arc_solver.tasks import Pair


@st.composite
def grids(draw):
    n_rows, n_columns = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    seed = draw(st.integers(0, 2**32 - 1))
    return as_grid(np.random.default_rng(seed).integers(0, 10, (n_rows, n_columns)))


@given(grids())
def test_what_is_written_is_read(grid):
    read = parse_grid_words(grid_words(grid))
    assert not isinstance(read, Unparsed)
    assert grids_equal(read, grid)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "grid: no size"),
        ("H1", "grid: no size"),
        ("W1 H1 0@0,0", "grid: no size"),
        ("H31 W1 0@0,0", "grid: too large"),
        ("H1 W2 0@0,0", "grid: shape"),
        ("H1 W1 0@0,0 0@0,1", "grid: shape"),
        ("H1 W2 0@0,0 0@1,0", "grid: place"),
        ("H1 W2 0@0,0 IN", "grid: symbol"),
    ],
)
def test_anything_else_is_refused_with_a_reason(text, reason):
    assert parse_grid_words(text) == Unparsed(reason)


def test_an_end_word_may_follow():
    assert not isinstance(parse_grid_words("H1 W1 5@0,0 END"), Unparsed)


def test_a_prompt_reads_like_this():
    grid = as_grid([[1, 2]])
    view = View(4, (0, 2, 1, 3, 4, 5, 6, 7, 8, 9))
    made = cells_prompt(7, view, [Pair(grid, as_grid([[2]]))], grid)
    assert made.user == (
        "T7 S4 K0=0 K1=2 K2=1 K3=3 K4=4 K5=5 K6=6 K7=7 K8=8 K9=9 "
        "IN H2 W1 2@0,0 1@1,0 OUT H1 W1 1@0,0 END IN H2 W1 2@0,0 1@1,0 OUT"
    )
