"""Learning tasks: every recipe builds a sample that fits, and parses its own completion back."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.errors import InputError
from arc_solver.grids import Grid, as_grid
from arc_solver.omni.recipes import (
    RECIPES,
    AnyLesson,
    InputsLesson,
    JudgingLesson,
    Lesson,
    Recipe,
    Style,
    get_recipe,
    prompt_chars,
    same_answer,
)
from arc_solver.prompts.base import Sample
from arc_solver.prompts.build import PromptTooLong
from arc_solver.prompts.encoders import ENCODERS
from arc_solver.prompts.parse import parse_blocks
from arc_solver.prompts.templates import CODE_REPAIR, TEMPLATES, VERSIONS, get_template
from arc_solver.tasks import Pair

SOURCE = "def task(grid):\n    return grid[::-1]\n"
GENERATOR = "def generate(rng):\n    return blank(rng, rows=3, cols=(2, 4))\n"
AnyRecipe = Recipe[Any]
every_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))


def make_lesson(seed: int, n_train: int = 3, max_side: int = 6) -> Lesson:
    rng = np.random.default_rng(seed)
    grids = [as_grid(rng.integers(0, 10, rng.integers(1, max_side + 1, 2))) for _ in range(n_train + 1)]
    test, *train = (Pair(grid, as_grid(grid[::-1])) for grid in grids)
    return Lesson("t", tuple(train), test, SOURCE)


def lesson_for(recipe: AnyRecipe, seed: int, n_train: int = 3, max_side: int = 6) -> AnyLesson:
    """A lesson of the type that the recipe wants."""
    task = make_lesson(seed, n_train, max_side)
    if recipe.lesson_type is JudgingLesson:
        wrong = as_grid((task.test.output + 1) % 10)
        return JudgingLesson(task, wrong, "other colors", bool(seed % 2))
    if recipe.lesson_type is InputsLesson:
        return InputsLesson("g", tuple(pair.input for pair in task.pairs), GENERATOR, tuple(range(n_train + 1)))
    return task


def right_answer(recipe: AnyRecipe, lesson: AnyLesson, version: str) -> Grid | str:
    """What the recipe's completion must say, told once more."""
    match lesson, recipe.name:
        case Lesson(), "code-from-examples":
            return SOURCE if version != "v3" else SOURCE.replace("grid", "input_grid")
        case Lesson(), _:
            return lesson.test.output
        case InputsLesson(), "code-from-inputs":
            return GENERATOR
        case InputsLesson(), _:
            return lesson.inputs[-1]
        case JudgingLesson(), "verify-output":
            return "yes" if lesson.right_comes_first else "no"
        case _:
            return "1" if lesson.right_comes_first else "2"


def shown_blocks(recipe: AnyRecipe, lesson: AnyLesson, version: str) -> list[Grid | str]:
    """What the recipe's prompt must show, told once more."""
    if isinstance(lesson, InputsLesson):
        inputs = list(lesson.inputs)
        return {"input-from-code": [GENERATOR], "code-from-inputs": inputs}.get(recipe.name, inputs[:-1])
    if isinstance(lesson, JudgingLesson):
        task = shown_blocks(RECIPES["output-from-examples"], lesson.task, version)
        return task + list(lesson.candidates[: 1 if recipe.name == "verify-output" else 2])
    train, test = lesson.train_pairs, lesson.test
    pairs = [grid for pair in train for grid in (pair.input, pair.output)]
    return {
        "output-from-examples": [*pairs, test.input],
        "code-from-examples": [*pairs, test.input] if version == "v3" else pairs,
        "output-from-code": [SOURCE.replace("grid", "input_grid") if version == "v3" else SOURCE, test.input],
        "output-from-outputs": [pair.output for pair in train],
    }[recipe.name]


@every_recipe
@given(seed=st.integers(0, 2**32 - 1), version=st.sampled_from(VERSIONS), encoder=st.sampled_from(list(ENCODERS)))
def test_prompt_and_completion_parse_back_to_what_was_taught(
    recipe: AnyRecipe, seed: int, version: str, encoder: str
) -> None:
    lesson = lesson_for(recipe, seed)
    style = Style(version, ENCODERS[encoder], max_chars=100_000)
    sample = recipe.make_sample(lesson, style)
    assert isinstance(sample, Sample)
    assert (sample.recipe, sample.task_id) == (recipe.name, lesson.task_id)
    answer = right_answer(recipe, lesson, version)
    assert same_answer(recipe.read_back(sample, style.encoder), answer)
    assert same_answer(recipe.make_exercise(lesson, version).answer, answer)
    blocks, expected = parse_blocks(sample.prompt.user, style.encoder), shown_blocks(recipe, lesson, version)
    assert len(blocks) == len(expected)
    assert all(map(same_answer, blocks, expected))


@every_recipe
@given(seed=st.integers(0, 2**32 - 1), max_chars=st.integers(50, 1500), min_pairs=st.integers(1, 3))
def test_a_sample_fits_or_is_refused(recipe: AnyRecipe, seed: int, max_chars: int, min_pairs: int) -> None:
    lesson = lesson_for(recipe, seed, max_side=9)
    sample = recipe.make_sample(lesson, Style("brief", ENCODERS["rows"], max_chars), min_pairs)
    whole = recipe.make_sample(lesson, Style("brief", ENCODERS["rows"], 100_000))
    assert isinstance(whole, Sample)
    if isinstance(sample, PromptTooLong):
        assert prompt_chars(whole.prompt) + len(whole.completion) > max_chars
        return
    assert prompt_chars(sample.prompt) + len(sample.completion) <= max_chars
    assert sample.completion == whole.completion
    n_whole = len(recipe.make_exercise(lesson, "brief").examples)
    n_blocks = [len(parse_blocks(item.prompt.user, ENCODERS["rows"])) for item in (sample, whole)]
    grids_of_one = 2 if "{output}" in get_template(recipe.name, "brief").pair else 1
    assert n_whole - (n_blocks[1] - n_blocks[0]) / grids_of_one >= min(min_pairs, n_whole)


def test_every_recipe_has_its_templates_and_the_other_way_round() -> None:
    taught = {(recipe, version) for recipe, version in TEMPLATES if recipe != CODE_REPAIR}
    assert {(recipe, version) for recipe in RECIPES for version in VERSIONS} == taught


@pytest.mark.parametrize("version", VERSIONS)
def test_prompt_and_program_call_the_argument_alike(version: str) -> None:
    style = Style(version, ENCODERS["rows"], 100_000)
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
    style = Style("brief", ENCODERS["rows"], 100_000)
    for recipe in RECIPES.values():
        if recipe.lesson_type is not JudgingLesson:
            sample = recipe.make_sample(lesson_for(recipe, 0), style)
            assert isinstance(sample, Sample)
            assert sample.completion not in sample.prompt.user


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_the_word_says_which_output_is_right(version: str, seed: int) -> None:
    right = make_lesson(seed).test.output
    style = Style(version, ENCODERS["rows"], 100_000)
    verify, select = (
        recipe.make_sample(lesson_for(recipe, seed), style)
        for recipe in (RECIPES["verify-output"], RECIPES["select-output"])
    )
    assert isinstance(verify, Sample)
    assert isinstance(select, Sample)
    shown = parse_blocks(verify.prompt.user, style.encoder)[-1]
    assert same_answer(shown, right) == (verify.completion == "yes")
    shown = parse_blocks(select.prompt.user, style.encoder)[-2:][int(select.completion) - 1]
    assert same_answer(shown, right)


def test_a_wrong_output_is_never_called_output_in_the_prompts_of_a_new_model() -> None:
    """Such a model learns from the outputs that prompts of version `brief` show: see `finetune.session`."""
    for recipe in (RECIPES["verify-output"], RECIPES["select-output"]):
        for seed in (0, 1):
            sample = recipe.make_sample(lesson_for(recipe, seed), Style("brief", ENCODERS["rows"], 100_000))
            assert isinstance(sample, Sample)
            outputs = re.findall(r"(?<=\noutput\n)```grid[^`]*\n```", sample.prompt.user)
            assert outputs == [ENCODERS["rows"].encode(pair.output) for pair in make_lesson(seed).train_pairs]


def test_an_unknown_recipe_lists_the_known_ones() -> None:
    with pytest.raises(
        InputError, match="'dream'; known: output-from-examples, code-from-examples, output-from-code, "
    ):
        get_recipe("dream")
