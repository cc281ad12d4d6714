"""Completions back to grids and programs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.grids import as_grid, grids_equal
from arc_solver.prompts.build import STOP_STRINGS, code_completion, grid_completion
from arc_solver.prompts.encoders import ENCODERS, Unparsed
from arc_solver.prompts.parse import parse_blocks, parse_code, parse_grid, parse_word

ROWS = ENCODERS["rows"]
CODE = "```python\n"
SOURCE = "def task(grid):\n    return grid[::-1]\n"


@given(
    seed=st.integers(0, 2**32 - 1),
    sides=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    name=st.sampled_from(list(ENCODERS)),
    prefill=st.sampled_from(["", "```grid", "```grid "]),
    around=st.sampled_from([("", ""), ("Here it is:\n\n", "\n\nIt mirrors.\n```\nx\n```")]),
)
def test_a_grid_completion_parses_back_whatever_is_said_around_it(
    seed: int, sides: tuple[int, int], name: str, prefill: str, around: tuple[str, str]
) -> None:
    grid = as_grid(np.random.default_rng(seed).integers(0, 10, sides))
    encoder = ENCODERS[name]
    before = "" if prefill else around[0]
    parsed = parse_grid(prefill, before + grid_completion(prefill, encoder, grid) + around[1], encoder)
    assert not isinstance(parsed, Unparsed)
    assert grids_equal(parsed, grid)


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="`"), max_size=80).filter(
        lambda text: text.strip()
    )
)
def test_a_code_completion_parses_back(body: str) -> None:
    source = body.strip("\n") + "\n"
    if not source.strip():
        return
    assert parse_code(CODE, code_completion(CODE, source)) == source


@given(data=st.data())
def test_a_completion_cut_anywhere_is_refused(data: st.DataObject) -> None:
    for prefill, full in (
        ("", grid_completion("", ROWS, as_grid([[1, 2], [3, 4]]))),
        (CODE, code_completion(CODE, SOURCE)),
    ):
        text = full[: data.draw(st.integers(0, len(full) - 1))]
        parsed = parse_code(prefill, text) if prefill else parse_grid(prefill, text, ROWS)
        assert isinstance(parsed, Unparsed)


def test_a_fence_that_the_stop_string_swallowed_is_put_back_only_when_told() -> None:
    grid = as_grid([[1, 2], [3, 4]])
    (stop,) = STOP_STRINGS
    for prefill in ("", "```grid"):
        spoken = grid_completion(prefill, ROWS, grid) + "\n\nThat is all."
        eaten = spoken[: spoken.index(stop)]
        assert parse_grid(prefill, eaten, ROWS) == Unparsed("grid: truncated")
        parsed = parse_grid(prefill, eaten, ROWS, stopped=True)
        assert not isinstance(parsed, Unparsed)
        assert grids_equal(parsed, grid)
    eaten = "def task(grid):\n    return grid"
    assert parse_code(CODE, eaten) == Unparsed("program: truncated")
    assert parse_code(CODE, eaten, stopped=True) == f"{eaten}\n"


def test_the_shape_guards_a_grid_that_stopped_too_early() -> None:
    assert parse_grid("", "```grid 3x2\n12\n34", ROWS, stopped=True) == Unparsed("grid: shape")


@pytest.mark.parametrize(
    ("prefill", "completion", "expected"),
    [
        ("", "def task(grid): ...", "program: no fence"),
        ("", "```\ndef task(grid): ...\n```", "program: no fence"),
        (CODE, "\n\n```", "program: empty"),
        (CODE, "```", "program: empty"),
        (CODE, "return 1", "program: truncated"),
    ],
)
def test_reasons_for_programs(prefill: str, completion: str, expected: str) -> None:
    assert parse_code(prefill, completion) == Unparsed(expected)


def test_the_first_block_counts() -> None:
    first, second = ROWS.encode(as_grid([[1]])), ROWS.encode(as_grid([[2]]))
    parsed = parse_grid("", f"{first}\nor\n{second}", ROWS)
    assert not isinstance(parsed, Unparsed)
    assert int(parsed[0, 0]) == 1
    assert parse_grid("", f"```grid 1x1\nx\n```\n{second}", ROWS) == Unparsed("grid: symbol")


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        ("yes", "yes"),
        ("no", "no"),
        (" **Yes**, it is.", "yes"),
        ("\nNo.", "no"),
        ("ye", Unparsed("word: unknown")),
        ("yesterday", Unparsed("word: unknown")),
        ("Perhaps yes", Unparsed("word: unknown")),
        ("", Unparsed("word: none")),
        (" ...\n", Unparsed("word: none")),
    ],
)
def test_an_answer_of_one_word(completion: str, expected: str | Unparsed) -> None:
    assert parse_word(completion, ("yes", "no")) == expected


def test_every_block_of_a_text_is_read_in_order() -> None:
    grid = ROWS.encode(as_grid([[1, 2]]))
    text = f"input\n{grid}\ncode\n{CODE}{SOURCE}```\nthen\n```grid 1x1\nx\n```\n```\nplain\n```\n{grid[:-2]}"
    first, program, *broken = parse_blocks(text, ROWS)
    assert isinstance(first, np.ndarray)
    assert grids_equal(first, as_grid([[1, 2]]))
    assert program == SOURCE
    reasons = [block.reason for block in broken if isinstance(block, Unparsed)]
    assert reasons == ["grid: symbol", "grid: no fence", "grid: truncated"]
