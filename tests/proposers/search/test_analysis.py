"""The analysis: what it says of made-up tasks."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.proposers.search.analysis import Analysis, analyse
from arc_solver.proposers.search.examples import Examples


@pytest.fixture
def analysis(toy_task):
    def of(pairs, test: str = "00/00") -> Analysis:
        return analyse(Examples.of_task(toy_task(pairs, test)))

    return of


SIZES = {
    "same": [("12/34", "21/43"), ("123", "321")],
    "turned": [("123/456", "14/25/36"), ("12/34/56", "135/246")],
    "constant": [("123/456", "7"), ("12", "7")],
    "larger": [("12/34", "1122/3344"), ("123", "112233")],
    "smaller": [("1212/3434", "12/34"), ("11/22", "1/2")],
    "other": [("123/456", "12/34"), ("1234/1234", "1")],
}
EDITS = {
    "none": [("10", "10")],
    "add": [("1000/0000", "1200/0000"), ("0000/0030", "0000/0032")],
    "erase": [("1200/0000", "1000/0000")],
    "recolor": [("1200/0000", "1300/0000")],
    "move": [("1000/0000", "0100/0000")],
    "mixed": [("1000/0000", "1200/0000"), ("1200/0000", "1000/0000")],
    "crop": [("1000/0230", "23"), ("4500/0000", "45")],
    "construct": [("1000/0230", "32")],
}


@pytest.mark.parametrize("law", SIZES)
def test_size_laws(law: str, analysis) -> None:
    assert analysis(SIZES[law]).size_law == law


@pytest.mark.parametrize("edit", EDITS)
def test_edits(edit: str, analysis) -> None:
    assert analysis(EDITS[edit]).edit == edit


def test_colors_and_their_roles(analysis) -> None:
    known = analysis([("1100/0020", "1100/0023"), ("0000/4410", "0003/4410")])
    assert known.input_colors == {0, 1}
    assert known.output_colors == {0, 1, 2, 3, 4}
    assert known.new_colors == {3}
    assert known.backgrounds == (0, 0, 0)


def test_backgrounds_are_those_of_the_test_inputs_too(analysis) -> None:
    known = analysis([("7717", "7727")], "8882")
    assert known.backgrounds == (7, 8)
    assert "background not 0" in known.features
    assert "one background" not in known.features


def test_panels(analysis) -> None:
    known = analysis([("10500/01511", "11/10"), ("00510/10501", "10/11")], "10510/00501")
    assert known.separated
    assert known.halved
    assert not analysis([("10500/01011", "11/10")]).separated


def test_simple_outputs(analysis) -> None:
    known = analysis([("1234", "2"), ("4321", "3")])
    assert known.plain
    assert known.tiny
    assert known.symmetric
    assert known.shape == (1, 1)
    assert not analysis([("1234", "12")]).plain


def test_a_view_changes_no_feature(toy_task) -> None:
    for pairs in (*SIZES.values(), *EDITS.values()):
        examples = Examples.of_task(toy_task(pairs, "00/10"))
        turned = Examples(*(tuple(np.rot90(grid) for grid in grids) for grids in (examples.inputs, examples.outputs)))
        assert analyse(turned).features == analyse(examples).features
