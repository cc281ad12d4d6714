"""The child's own check of outputs agrees with the package's."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.errors import GridError
from arc_solver.grids import as_grid
from arc_solver.sandbox.child import grid_bytes
from arc_solver.sandbox.frames import decode_programs, encode_program

_CELLS = st.one_of(st.integers(-2, 12), st.just(None), st.booleans(), st.floats(0, 9))
_ROWS = st.lists(st.lists(_CELLS, max_size=3), max_size=3)
_GOOD_ROWS = st.integers(1, 31).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 9), min_size=width, max_size=width), min_size=1, max_size=31)
)


@given(st.one_of(_ROWS, _GOOD_ROWS))
def test_lists_are_judged_as_everywhere(rows: list[list[Any]]) -> None:
    why, data = grid_bytes(rows)
    try:
        grid = as_grid(rows)
    except GridError:
        assert why is not None
        assert data == b""
        return
    assert why is None
    assert data == bytes(grid.shape) + grid.tobytes()


@given(
    st.sampled_from([np.int8, np.uint8, np.int64, np.uint64, np.float32, np.bool_]),
    st.lists(st.integers(0, 32), min_size=1, max_size=3),
    st.integers(0, 12),
)
def test_arrays_are_judged_as_everywhere(dtype: type[Any], shape: list[int], value: int) -> None:
    array = np.full(shape, value, dtype=dtype)
    why, data = grid_bytes(array)
    try:
        grid = as_grid(array.astype(np.int8) if dtype is np.bool_ else array)
    except GridError:
        assert why is not None
        return
    assert why is None
    assert data == bytes(grid.shape) + grid.tobytes()


def test_big_numbers_do_not_wrap_into_colours() -> None:
    for value in (256, 266, 2**40, -(2**40)):
        assert grid_bytes(np.array([[value]]))[0] is not None
        assert grid_bytes([[value]])[0] is not None


@given(st.lists(st.tuples(st.binary(max_size=20), st.lists(st.integers(1, 5), max_size=3)), max_size=4))
def test_programs_survive_the_pipe(programs: list[tuple[bytes, list[int]]]) -> None:
    sent = [(source, [(side, 2, bytes(2 * side)) for side in sides]) for source, sides in programs]
    body = b"".join(encode_program(source, inputs) for source, inputs in sent)
    assert list(decode_programs(body, len(sent))) == sent
