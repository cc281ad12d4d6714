"""Learning tasks: every recipe builds a sample that fits, and parses its own completion back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.errors import InputError
from arc_solver.grids import as_grid, grids_equal
from arc_solver.omni.recipes import RECIPES, Lesson, Recipe, Style, get_recipe, prompt_chars
from arc_solver.prompts.base import Sample
from arc_solver.prompts.build import PromptTooLong
from arc_solver.prompts.encoders import ENCODERS
from arc_solver.prompts.templates import CODE_REPAIR, TEMPLATES
from arc_solver.tasks import Pair

VERSIONS = ("brief", "v0", "v1", "v2", "v3")
SOURCE = "def task(grid):\n    return grid[::-1]\n"
every_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))


def make_lesson(seed: int, n_train: int = 3, max_side: int = 6) -> Lesson:
    rng = np.random.default_rng(seed)
    grids = [as_grid(rng.integers(0, 10, rng.integers(1, max_side + 1, 2))) for _ in range(n_train + 1)]
    test, *train = (Pair(grid, as_grid(grid[::-1])) for grid in grids)
    return Lesson("t", tuple(train), test, SOURCE)


@every_recipe
@given(seed=st.integers(0, 2**32 - 1), version=st.sampled_from(VERSIONS), encoder=st.sampled_from(list(ENCODERS)))
def test_a_completion_parses_back_to_what_was_taught(recipe: Recipe, seed: int, version: str, encoder: str) -> None:
    lesson = make_lesson(seed)
    style = Style(version, ENCODERS[encoder], max_chars=10_000)
    sample = recipe.make_sample(lesson, style)
    assert isinstance(sample, Sample)
    assert (sample.recipe, sample.task_id) == (recipe.name, "t")
    answer = recipe.read_back(sample, style.encoder)
    if recipe.name == "code-from-examples":
        assert answer == (SOURCE if version != "v3" else SOURCE.replace("grid", "input_grid"))
    else:
        assert isinstance(answer, np.ndarray)
        assert grids_equal(answer, lesson.test.output)


@every_recipe
@given(seed=st.integers(0, 2**32 - 1), max_chars=st.integers(50, 1500), min_pairs=st.integers(1, 3))
def test_a_sample_fits_or_is_refused(recipe: Recipe, seed: int, max_chars: int, min_pairs: int) -> None:
    lesson = make_lesson(seed, max_side=9)
    sample = recipe.make_sample(lesson, Style("brief", ENCODERS["rows"], max_chars), min_pairs)
    whole = recipe.make_sample(lesson, Style("brief", ENCODERS["rows"], 10_000))
    assert isinstance(whole, Sample)
    if isinstance(sample, PromptTooLong):
        assert prompt_chars(whole.prompt) + len(whole.completion) > max_chars
        return
    assert prompt_chars(sample.prompt) + len(sample.completion) <= max_chars
    assert sample.completion == whole.completion
    if recipe.name != "output-from-code":
        assert sample.prompt.user.count("\noutput\n") >= min_pairs


def test_every_recipe_has_its_templates_and_the_other_way_round() -> None:
    taught = {(recipe, version) for recipe, version in TEMPLATES if recipe != CODE_REPAIR}
    assert {(recipe, version) for recipe in RECIPES for version in VERSIONS} == taught


@pytest.mark.parametrize("version", VERSIONS)
def test_prompt_and_program_call_the_argument_alike(version: str) -> None:
    style = Style(version, ENCODERS["rows"], 10_000)
    written = RECIPES["code-from-examples"].make_sample(make_lesson(0), style)
    shown = RECIPES["output-from-code"].make_sample(make_lesson(0), style)
    assert isinstance(written, Sample)
    assert isinstance(shown, Sample)
    called = "task(input_grid)" if version == "v3" else "task(grid)"
    assert called in written.completion
    assert called in shown.prompt.user
    if version != "brief":
        assert called in written.prompt.user
        assert written.prompt.user.count("task(") == written.prompt.user.count(called)


def test_the_answer_is_not_in_the_question() -> None:
    lesson = make_lesson(0)
    style = Style("brief", ENCODERS["rows"], 10_000)
    for recipe in RECIPES.values():
        sample = recipe.make_sample(lesson, style)
        assert isinstance(sample, Sample)
        assert sample.completion not in sample.prompt.user


def test_an_unknown_recipe_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="'dream'; known: output-from-examples, code-from-examples, output-from-code"):
        get_recipe("dream")
