"""What a page holds is what was put into it, and is never read as markup."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arc_solver.errors import GridError
from arc_solver.grids import as_grid, grids_equal
from arc_solver.report.packing import pack, script_json, unpack

SIDES = st.integers(1, 30)
GRIDS = st.tuples(SIDES, SIDES, st.integers(1, 9)).flatmap(
    lambda drawn: arrays(np.int8, drawn[:2], elements=st.integers(0, drawn[2]))
)


@given(GRIDS)
def test_unpacking_is_the_inverse_of_packing(cells: Any) -> None:
    grid = as_grid(cells)
    assert grids_equal(unpack(pack(grid)), grid)


def test_a_plain_grid_of_the_largest_size_takes_few_characters() -> None:
    assert pack(as_grid(np.zeros((30, 30), dtype=int))) == "u" + "0Z" * 16 + "0Y"
    assert pack(as_grid([[1, 1], [1, 2]])) == "21b2"


@pytest.mark.parametrize("text", ["", "3", "00", "v0", "20a1", "2x", "21b2\n", "111111111111111111111111111111111"])
def test_what_pack_did_not_write_is_refused(text: str) -> None:
    with pytest.raises(GridError):
        unpack(text)


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_for_a_script_says_the_same_and_holds_no_markup(value: Any) -> None:
    text = script_json(value)
    assert json.loads(text) == value
    assert not set(text) & set("<>&\u2028\u2029")
    assert text.isascii()
