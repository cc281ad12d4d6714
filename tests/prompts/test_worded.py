"""Version v4 shows the vocabulary to whoever writes a program, and is v2 otherwise."""

from __future__ import annotations

import dataclasses

import pytest

from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.prompts.templates import TEMPLATES, VERSIONS, get_template
from arc_solver.prompts.templates.worded import vocabulary_section

RECIPES = tuple(dict.fromkeys(recipe for recipe, _ in TEMPLATES))


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_learning_task_has_every_version(recipe: str) -> None:
    assert {version for one, version in TEMPLATES if one == recipe} == set(VERSIONS)
    assert "v4" in VERSIONS


@pytest.mark.parametrize("recipe", RECIPES)
def test_it_is_v2_with_the_words_where_a_task_is_to_be_written(recipe: str) -> None:
    plain, worded = get_template(recipe, "v2"), get_template(recipe, "v4")
    vocabulary = vocabulary_section()
    assert dataclasses.replace(worded, opening=worded.opening.replace(f"{vocabulary}\n\n", "")) == plain
    assert (vocabulary in worded.opening) == (recipe in ("code-from-examples", "code-repair"))


def test_every_primitive_has_its_line() -> None:
    lines = vocabulary_section().splitlines()
    names = [line.removeprefix("- ").partition("(")[0] for line in lines if line.startswith("- ")]
    assert sorted(names) == sorted(PRIMITIVES)
    assert (
        "- objects_on(grid, background: Color, diagonals: bool = True, multicolor: bool = False) -> list[Object]"
        in lines
    )
    assert "- paint_cells(grid, cells: Cells, color: Color)" in lines
    assert "- find_pattern(grid, pattern) -> Places" in lines
