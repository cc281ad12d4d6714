"""Colours never change a program's text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.omni.solvers import load_solvers
from arc_solver.report.highlighting import pieces, used_words

SOURCE = 'def task(grid):\n    # a remark\n    return flip_horizontal(np.full((2, 3), len("a")))\n'


@given(st.text(alphabet=st.sampled_from("abdef task()[]:=+-.,'\"#\\\n\t 0123é\r\f\u2028x")))
def test_the_pieces_of_any_text_are_the_text(source: str) -> None:
    cut = pieces(source)
    assert "".join(piece[1:] for piece in cut) == source
    assert all(piece[0] in "pkwbnscfo" and piece[1:] for piece in cut)


def test_the_pieces_of_every_solver_are_its_text() -> None:
    for solver in load_solvers().values():
        cut = pieces(solver.source)
        assert "".join(piece[1:] for piece in cut) == solver.source
        assert len(cut) > 5


def test_each_kind_is_told_apart() -> None:
    kinds = {piece[1:].strip(): piece[0] for piece in pieces(SOURCE)}
    expected = {
        "def": "k", "return": "k", "task": "f", "# a remark": "c", "flip_horizontal": "w", "2": "n", "len": "b",
        '"a"': "s", "np": "p",
    }  # fmt: skip
    assert {name: kinds[name] for name in expected} == expected


def test_an_attribute_is_no_word_of_the_vocabulary() -> None:
    assert used_words(pieces("np.roll(grid, 1) + grid.flip_vertical()")) == {}


@pytest.mark.parametrize("source", ["def task(grid:\n    return (", "'''", "x = $", "  a\n b"])
def test_what_is_no_python_is_shown_plainly(source: str) -> None:
    assert "".join(piece[1:] for piece in pieces(source)) == source


def test_words_of_the_vocabulary_are_explained_each_once() -> None:
    words = used_words(pieces(SOURCE * 2))
    assert list(words) == ["flip_horizontal"]
    assert words["flip_horizontal"]
