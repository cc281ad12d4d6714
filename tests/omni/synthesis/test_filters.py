"""Values are told apart whatever they are."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.dsl.registry import Color, Grid, Object
from arc_solver.grids import as_grid
from arc_solver.omni.synthesis.filters import is_interesting, reduced
from arc_solver.omni.synthesis.growing import Growth, Statement, same_value
from arc_solver.omni.synthesis.scope import Variable
from arc_solver.omni.synthesis.vocabulary import Kind, vocabulary

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


def grown(*statements: tuple[Kind, str, tuple[str, ...]]) -> Growth:
    """A program that has run on two grids; the n-th statement assigns v<n>."""
    made = [Statement.of(Variable(f"v{n}", kind), *rest) for n, (kind, *rest) in enumerate(statements, start=1)]
    grids = [as_grid(np.array([[0, 1, 1], [2, 0, 0]])), as_grid(np.array([[3, 0], [3, 3], [0, 1]]))]
    namespaces = [{**vocabulary().namespace, "v0": grid} for grid in grids]
    for namespace in namespaces:
        for statement in made:
            exec(statement.code, namespace)
    return Growth(tuple(made), namespaces)


def test_a_program_in_which_everything_matters_is_left_as_it_is() -> None:
    growth = grown((Grid, "v1 = transpose(v0)", ()), (Grid, "v2 = upscale(v1, 2)", ("v2 = v1",)))
    assert reduced(growth) is growth


@pytest.mark.parametrize(
    "statements",
    [
        [(Grid, "v1 = rotate_180(v0)", ()), (Grid, "v2 = v1.copy()\nv2[v1 == 7] = 1", ())],
        [(Grid, "v1 = rotate_180(v0)", ()), (Grid, "v2 = upscale(v0, 2)", ())],
        [(list[Object], "v1 = find_objects(v0)", ()), (Grid, "v2 = upscale(v0, len(v1[:1]) + 1)", ())],
        [(Color, "v1 = color_at(v0, 0, 0)", ()), (Grid, "v2 = overlay(recolor(v0, v1), fill_background(v0, 5))", ())],
    ],
)
def test_a_statement_for_nothing_spoils_a_program(statements: list[tuple[Kind, str, tuple[str, ...]]]) -> None:
    assert reduced(grown(*statements)) is None


def test_a_statement_that_says_too_much_becomes_simpler() -> None:
    long = "v1 = v0.copy()\nfor v3 in find_objects(v0):\n    if v3.size > 0:\n        v1 = remove_object(v1, v3)"
    short = "v1 = v0.copy()\nfor v3 in find_objects(v0):\n    v1 = remove_object(v1, v3)"
    wrong = "v1 = v0.copy()\nfor v3 in find_objects(v0):\n    v1 = paint_object(v1, move_object(v3, 1, 0))"
    growth = grown((Grid, long, (wrong, short)), (Grid, "v2 = upscale(v1, 2)", ()))
    simpler = reduced(growth)
    assert simpler is not None
    assert [statement.text for statement in simpler.statements] == [short, "v2 = upscale(v1, 2)"]
    assert all(np.array_equal(a, b) for a, b in zip(simpler.outputs, growth.outputs, strict=True))
