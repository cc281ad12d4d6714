"""Grid encoders: exact round trips, and nothing else is accepted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.errors import InputError
from arc_solver.grids import Grid, as_grid, grids_equal
from arc_solver.prompts.encoders import ENCODERS, GridEncoder, Unparsed, get_encoder

every_encoder = pytest.mark.parametrize("encoder", ENCODERS.values(), ids=list(ENCODERS))


@st.composite
def grids(draw: st.DrawFn, max_side: int = 30) -> Grid:
    n_rows, n_columns = draw(st.integers(1, max_side)), draw(st.integers(1, max_side))
    seed = draw(st.integers(0, 2**32 - 1))
    return as_grid(np.random.default_rng(seed).integers(0, 10, (n_rows, n_columns)))


def reason(answer: Grid | Unparsed) -> str:
    assert isinstance(answer, Unparsed), f"accepted: {answer}"
    return answer.reason


@every_encoder
@given(grid=grids())
def test_parse_is_the_inverse_of_encode(encoder: GridEncoder, grid: Grid) -> None:
    parsed = encoder.parse(encoder.encode(grid))
    assert not isinstance(parsed, Unparsed)
    assert grids_equal(parsed, grid)
    assert parsed.dtype == np.int8
    assert not parsed.flags.writeable


@every_encoder
@given(grid=grids(6), data=st.data())
def test_what_was_cut_off_is_never_accepted(encoder: GridEncoder, grid: Grid, data: st.DataObject) -> None:
    text = encoder.encode(grid)
    cut = data.draw(st.integers(0, len(text) - 1))
    assert isinstance(encoder.parse(text[:cut]), Unparsed)


@every_encoder
@given(grid=grids(6), data=st.data())
def test_a_lost_or_doubled_character_among_the_rows_is_never_accepted(
    encoder: GridEncoder, grid: Grid, data: st.DataObject
) -> None:
    text = encoder.encode(grid)
    first, last = text.index("\n") + 1, len(text) - 4
    at = data.draw(st.integers(first, last))
    assert isinstance(encoder.parse(text[:at] + text[at + 1 :]), Unparsed)
    assert isinstance(encoder.parse(text[:at] + text[at] + text[at:]), Unparsed)


@every_encoder
@given(text=st.text(alphabet="`grid 0123456789x\n", max_size=60))
def test_whatever_is_accepted_encodes_to_itself(encoder: GridEncoder, text: str) -> None:
    for candidate in (text, f"```grid {text}\n```"):
        parsed = encoder.parse(candidate)
        assert isinstance(parsed, Unparsed) or encoder.encode(parsed) == candidate


def test_the_three_forms_are_as_documented() -> None:
    grid = as_grid([[0, 1, 2], [3, 4, 5]])
    assert ENCODERS["rows"].encode(grid) == "```grid 2x3\n012\n345\n```"
    assert ENCODERS["numbered"].encode(grid) == "```grid 2x3\n1 012\n2 345\n```"
    assert ENCODERS["spaced"].encode(grid) == "```grid 2x3\n0 1 2\n3 4 5\n```"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("012\n345", "grid: no fence"),
        ("```python\n012\n```", "grid: no fence"),
        ("```grid 2x3\n012\n345\n", "grid: truncated"),
        ("```grid 2x3\n012\n345```", "grid: truncated"),
        ("```grid\n012\n345\n```", "grid: header"),
        ("```grid 2 3\n012\n345\n```", "grid: header"),
        ("```grid 02x3\n012\n345\n```", "grid: header"),
        ("```grid 0x3\n```", "grid: header"),
        ("```grid 1x31\n" + "0" * 31 + "\n```", "grid: too large"),
        ("```grid 31x1\n" + "0\n" * 31 + "```", "grid: too large"),
        ("```grid 2x3\n012\n3a5\n```", "grid: symbol"),
        ("```grid 2x3\n012\n345 \n```", "grid: symbol"),
        ("```grid 2x3\n012\n345\nthat is it\n```", "grid: symbol"),
        ("```grid 2x3\n012\n٣٤٥\n```", "grid: symbol"),
        ("```grid 2x3\n012\n\n345\n```", "grid: symbol"),
        ("```grid 2x3\n012\n34\n```", "grid: ragged"),
        ("```grid 2x3\n01\n34\n```", "grid: shape"),
        ("```grid 3x3\n012\n345\n```", "grid: shape"),
        ("```grid 2x3\n```", "grid: shape"),
        ("```grid 2x3\n012\n345\n```\nDone.", "grid: text after fence"),
    ],
)
def test_each_reason(text: str, expected: str) -> None:
    assert reason(ENCODERS["rows"].parse(text)) == expected


def test_reasons_of_the_other_forms() -> None:
    assert reason(ENCODERS["numbered"].parse("```grid 2x2\n1 01\n3 01\n```")) == "grid: row number"
    assert reason(ENCODERS["numbered"].parse("```grid 1x2\n01\n```")) == "grid: row number"
    assert reason(ENCODERS["spaced"].parse("```grid 1x2\n01\n```")) == "grid: symbol"
    assert reason(ENCODERS["spaced"].parse("```grid 1x2\n0 1 \n```")) == "grid: symbol"
    assert reason(ENCODERS["spaced"].parse("```grid 1x2\n0-1\n```")) == "grid: symbol"


def test_an_unknown_name_lists_the_known_ones() -> None:
    assert get_encoder("rows") is ENCODERS["rows"]
    with pytest.raises(InputError, match="'emoji'; known: rows, numbered, spaced"):
        get_encoder("emoji")
