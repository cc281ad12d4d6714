"""The checker: silent on what the engine draws, and loud on every kind of damage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.grids import as_grid, frozen
from arc_solver.omni.checking import check_sample, check_stream
from arc_solver.omni.recipes import RECIPES, InputsLesson, JudgingLesson, Lesson
from arc_solver.omni.solvers import Solver
from arc_solver.omni.sources import PairTable, TrainingTasks
from arc_solver.omni.stream import DataEngine, Drawn, GenerateConfig
from arc_solver.prompts.encoders import ENCODERS
from arc_solver.prompts.templates import VERSIONS
from arc_solver.sandbox.pool import Sandbox
from arc_solver.tasks import Pair

SOURCE = "def task(grid):\n    result = grid[::-1]\n    return result\n"


@cache
def engine_for(recipe: str, version: str, encoder: str) -> DataEngine:
    rng = np.random.default_rng(1)
    grids = [as_grid(rng.integers(0, 10, rng.integers(2, 7, 2))) for _ in range(9)]
    table = PairTable.from_pairs([Pair(grid, as_grid(grid[::-1])) for grid in grids])
    config = GenerateConfig(
        recipe_weights=((recipe, 1.0),), split="all", version=version, encoder=encoder, max_chars=100_000
    )
    solvers = {"t": Solver("t", "Upside down.", SOURCE.replace("grid[::-1]", "grid[::-1]"))}
    return DataEngine(config, [TrainingTasks({"t": table})], frozenset(), solvers=solvers)


def drawn_with(recipe: str, wanted: Callable[[Drawn], bool] = lambda drawn: True) -> tuple[Drawn, GenerateConfig]:
    engine = engine_for(recipe, "brief", "rows")
    return next(item for index in range(500) if wanted(item := engine.draw(0, index))), engine.config


@pytest.mark.parametrize("recipe", list(RECIPES))
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), version=st.sampled_from(VERSIONS), encoder=st.sampled_from(list(ENCODERS)))
def test_nothing_is_wrong_with_what_the_engine_draws(recipe: str, seed: int, version: str, encoder: str) -> None:
    engine = engine_for(recipe, version, encoder)
    assert check_sample(engine.draw(seed, 0), engine.config) == []


def damaged_prompt(drawn: Drawn, old: str, new: str) -> Drawn:
    assert old in drawn.sample.prompt.user
    prompt = replace(drawn.sample.prompt, user=drawn.sample.prompt.user.replace(old, new, 1))
    return replace(drawn, sample=replace(drawn.sample, prompt=prompt))


def damaged_completion(drawn: Drawn, old: str, new: str) -> Drawn:
    assert old in drawn.sample.completion
    return replace(drawn, sample=replace(drawn.sample, completion=drawn.sample.completion.replace(old, new, 1)))


def other_cell(text: str) -> tuple[str, str]:
    """The first row of cells of a text, and the same with another first cell."""
    row = next(line for line in text.split("\n") if line.isdigit())
    return row, f"{(int(row[0]) + 1) % 10}{row[1:]}"


@pytest.mark.parametrize(
    "recipe", [name for name in RECIPES if name not in ("code-from-examples", "code-from-inputs", "verify-output")]
)
def test_a_changed_answer_is_seen(recipe: str) -> None:
    drawn, config = drawn_with(recipe)
    old, new = (
        other_cell(drawn.sample.completion)
        if "```" in drawn.sample.completion
        else (drawn.sample.completion, str(3 - int(drawn.sample.completion)))
    )
    assert check_sample(damaged_completion(drawn, old, new), config) == [
        "the completion says something else than the lesson"
    ]


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name != "input-from-code"])
def test_a_changed_grid_in_the_prompt_is_seen(recipe: str) -> None:
    drawn, config = drawn_with(recipe)
    assert check_sample(damaged_prompt(drawn, *other_cell(drawn.sample.prompt.user)), config) == [
        "the prompt shows something else than the lesson"
    ]


def test_a_damaged_text_is_seen() -> None:
    drawn, config = drawn_with("output-from-examples")
    assert check_sample(damaged_prompt(drawn, "```grid ", "```grid 3"), config) != []
    assert check_sample(damaged_completion(drawn, "```grid ", "``` "), config) == [
        "the completion cannot be read: grid: no fence"
    ]
    without_pairs = drawn.sample.prompt.user[drawn.sample.prompt.user.rindex("input\n") :]
    prompt = replace(drawn.sample.prompt, user=without_pairs)
    assert check_sample(replace(drawn, sample=replace(drawn.sample, prompt=prompt)), config) == [
        "the prompt shows something else than the lesson"
    ]
    assert "the sample is too long" in check_sample(drawn, replace(config, max_chars=50))
    other = replace(drawn, sample=replace(drawn.sample, task_id="x"))
    assert check_sample(other, config) == ["the sample's task is another one than the lesson's"]


@pytest.mark.parametrize("recipe", ["code-from-examples", "output-from-code", "output-from-examples"])
def test_a_program_that_does_not_give_the_grids_is_seen(recipe: str) -> None:
    drawn, config = drawn_with(recipe, lambda item: item.program == "solvers")
    assert isinstance(drawn.lesson, Lesson)
    for source, what in (
        ("def task(grid):\n    return grid[::-1, ::-1]\n", "the program gives another grid than the sample's"),
        ("def task(grid):\n    return grid[99]\n", "the program fails on a grid of the sample"),
    ):
        lesson = replace(drawn.lesson, source=source)
        sample = drawn.sample
        if recipe != "output-from-examples":
            remade = RECIPES[recipe].make_sample(lesson, engine_for(recipe, "brief", "rows")._style)
            assert not hasattr(remade, "reason")
            sample = remade
        assert check_sample(replace(drawn, sample=sample, lesson=lesson), config) == [what]


def test_a_program_in_the_text_is_run_and_not_the_lesson_s() -> None:
    drawn, config = drawn_with("code-from-examples", lambda item: item.program == "solvers")
    assert check_sample(damaged_completion(drawn, "[::-1]", "[::+1]"), config) == [
        "the completion says something else than the lesson",
        "the program gives another grid than the sample's",
    ]


def test_a_lesson_that_contradicts_itself_is_seen() -> None:
    drawn, config = drawn_with("verify-output", lambda item: not item.lesson.right_comes_first)  # type: ignore[union-attr]
    assert isinstance(drawn.lesson, JudgingLesson)
    lesson = replace(drawn.lesson, wrong=drawn.lesson.task.test.output)
    assert "the wrong output is right" in check_sample(replace(drawn, lesson=lesson), config)
    assert "the answer points at a wrong output" in check_sample(replace(drawn, lesson=lesson), config)
    drawn, config = drawn_with("input-from-code")
    assert isinstance(drawn.lesson, InputsLesson)
    seeds = (*drawn.lesson.seeds[:-1], drawn.lesson.seeds[-1] + 1)
    wrong = "the generator gives another grid than the sample's"
    assert check_sample(replace(drawn, lesson=replace(drawn.lesson, seeds=seeds)), config) == [wrong]
    assert wrong in check_sample(replace(drawn, lesson=replace(drawn.lesson, source="def generate(rng): 1")), config)
    assert "there is no program" in check_sample(replace(drawn, lesson=replace(drawn.lesson, source="")), config)
    twice = replace(drawn.lesson, inputs=(drawn.lesson.inputs[-1],) * 2, seeds=(drawn.lesson.seeds[-1],) * 2)
    assert check_sample(replace(drawn, lesson=twice), config) == ["two inputs are the same"]
    invalid = frozen(np.full((2, 2), 10, dtype=np.int8))
    broken = replace(drawn.lesson, inputs=(invalid, *drawn.lesson.inputs[1:]))
    assert "a grid is no grid" in check_sample(replace(drawn, lesson=broken), config)


def test_a_stream_is_checked_in_the_sandbox_and_counted() -> None:
    config = replace(
        engine_for("output-from-examples", "brief", "rows").config,
        recipe_weights=tuple((name, 1.0) for name in RECIPES),
    )
    table = PairTable.from_pairs([Pair(as_grid([[n, 1]]), as_grid([[1, n]])) for n in range(2, 9)])
    engine = DataEngine(config, [TrainingTasks({"t": table})], frozenset())
    drawn = [engine.draw(0, index) for index in range(60)]
    program = next(i for i, item in enumerate(drawn) if item.sample.recipe == "code-from-examples")
    wrong = replace(drawn[program].lesson, source="def task(grid):\n    return grid\n")  # type: ignore[call-arg]
    reported: list[int] = []
    with Sandbox() as sandbox:
        assert check_stream(drawn, config, sandbox, reported.append).violations == {}
        drawn[program] = replace(drawn[program], lesson=wrong)
        found = check_stream(drawn, config, sandbox)
    assert reported == [60]
    assert found.n_samples.total() == 60
    assert set(found.n_samples) == set(RECIPES)
    assert found.n_programs["code-from-examples"] >= 1
    key = ("code-from-examples", "the completion says something else than the lesson")
    assert found.violations == {key: 1}
    assert found.examples == {key: [program]}
    assert found.lines()[-1].startswith("60 samples, ")
    assert found.lines()[-1].endswith(", 1 violations")
