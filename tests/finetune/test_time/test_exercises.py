"""Which demonstrations are asked about, what is kept apart, and what a view may change."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.finetune.test_time.exercises import Course, Writer, course, endless, fitting, probe
from arc_solver.finetune.test_time.wire import PromptStyle
from arc_solver.grids import Grid, as_grid, grid_key, grids_equal
from arc_solver.omni.recipes import Lesson
from arc_solver.prompts.base import Prompt, Sample
from arc_solver.prompts.encoders import get_encoder
from arc_solver.prompts.parse import parse_blocks, parse_grid
from arc_solver.tasks import Pair, Task

ENCODER = get_encoder("numbered")
STYLE = PromptStyle("brief", "numbered")


def count(prompt: Prompt) -> int:
    return len(prompt.system + prompt.user + prompt.prefill)


WRITER = Writer(STYLE, STYLE, 4000, count, len)


def same_task(task_id: str, n_pairs: int, seed: int = 0, side: int = 3) -> Task:
    """A task that changes nothing: what is right in one view is right in all."""
    rng = np.random.default_rng([seed, *task_id.encode()])
    grids = [as_grid(rng.integers(0, 10, (side, side + 1))) for _ in range(n_pairs + 1)]
    return Task(task_id, tuple(Pair(grid, grid) for grid in grids[:-1]), (grids[-1],))


def made(tasks: list[Task], n_kept: int = 9, lessons: tuple[Lesson, ...] = ()) -> Course:
    return course(tasks, lessons, min_pairs=3, n_kept=n_kept)


def shown(sample: Sample) -> list[Grid]:
    grids = parse_blocks(sample.prompt.user, ENCODER)
    assert all(isinstance(grid, np.ndarray) for grid in grids)
    return grids  # type: ignore[return-value]


def answer(sample: Sample) -> Grid:
    grid = parse_grid(sample.prompt.prefill, sample.completion, ENCODER)
    assert isinstance(grid, np.ndarray)
    return grid


def test_each_demonstration_is_asked_about_once_a_pass_and_the_others_are_shown() -> None:
    tasks = [same_task("a", 2), same_task("b", 4)]
    found = made(tasks, n_kept=1)
    assert Counter(exercise.task_id for exercise in found.learned) == {"a": 2, "b": 3}
    for exercise in found.learned:
        asked = grid_key(exercise.lesson.test.input)
        assert asked not in {grid_key(pair.input) for pair in exercise.lesson.train_pairs}
    writer = dataclasses.replace(WRITER, grids=dataclasses.replace(STYLE, symmetries=False, colors=False))
    samples = list(itertools.islice(endless(found.learned, writer, 0)(0), 10))
    once = Counter(grid_key(answer(sample)) for sample in samples[:5])
    assert set(once.values()) == {1}
    assert Counter(grid_key(answer(sample)) for sample in samples) == dict.fromkeys(once, 2)


def test_what_is_kept_apart_is_never_shown_or_asked_about() -> None:
    tasks = [same_task("a", 3), same_task("b", 2), same_task("c", 5)]
    found = made(tasks)
    assert [exercise.task_id for exercise in found.kept] == ["a", "c"]
    apart = {grid_key(exercise.lesson.test.input) for exercise in found.kept}
    assert apart == {grid_key(tasks[0].train[-1].input), grid_key(tasks[2].train[-1].input)}
    for exercise in found.learned:
        assert apart.isdisjoint(grid_key(pair.input) for pair in exercise.lesson.pairs)


def test_what_is_kept_apart_is_spread_over_the_tasks() -> None:
    tasks = [same_task(f"t{index}", 3) for index in range(10)]
    assert [exercise.task_id for exercise in made(tasks, n_kept=3).kept] == ["t0", "t4", "t8"]


def test_no_test_input_is_written_anywhere() -> None:
    task = same_task("a", 4)
    found = made([task])
    writer = dataclasses.replace(WRITER, grids=dataclasses.replace(STYLE, symmetries=False, colors=False))
    samples = [*itertools.islice(endless(found.learned, writer, 0)(0), 9), *probe(found.kept, writer, 0)]
    hidden = ENCODER.encode(task.test_inputs[0])
    assert all(hidden not in sample.prompt.user + sample.completion for sample in samples)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), start=st.integers(0, 50), n=st.integers(1, 8))
def test_sample_i_is_always_the_same(seed: int, start: int, n: int) -> None:
    source = endless(made([same_task("a", 3), same_task("b", 3)]).learned, WRITER, seed)
    long = list(itertools.islice(source(0), start + n))
    assert list(itertools.islice(source(start), n)) == long[start:]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_all_grids_of_a_sample_are_in_one_view(seed: int) -> None:
    # In a task that changes nothing, inputs and outputs stay equal only if one view was applied to all.
    exercise = made([same_task("a", 4)]).learned[0]
    sample = WRITER.sample(exercise, np.random.default_rng(seed))
    assert sample is not None
    *pairs, asked = shown(sample)
    assert all(grids_equal(given, wanted) for given, wanted in zip(pairs[::2], pairs[1::2], strict=True))
    assert grids_equal(asked, answer(sample))


def test_views_turn_and_recolour_and_keep_the_background() -> None:
    exercise = made([same_task("a", 3)]).learned[0]
    samples = [WRITER.sample(exercise, np.random.default_rng(seed)) for seed in range(40)]
    answers = [answer(sample) for sample in samples if sample is not None]
    assert {grid.shape for grid in answers} == {(3, 4), (4, 3)}
    assert len({grid_key(grid) for grid in answers}) > 20
    zeros = (exercise.lesson.test.output == 0).sum()
    assert {int((grid == 0).sum()) for grid in answers} == {zeros}


def test_programs_keep_colours_and_orientation() -> None:
    task = same_task("a", 4)
    lesson = Lesson("a", task.train[:-1], task.train[-1], "def task(grid):\n    return grid.copy()\n")
    found = made([], lessons=(lesson,))
    original = {grid_key(pair.input) for pair in lesson.train_pairs}
    for seed in range(20):
        sample = WRITER.sample(found.learned[0], np.random.default_rng(seed))
        assert sample is not None
        assert sample.recipe == "code-from-examples"
        assert "return" in sample.completion
        assert {grid_key(grid) for grid in shown(sample)} == original


def test_one_program_in_five_is_kept_apart() -> None:
    task = same_task("a", 4)
    lesson = Lesson("a", task.train[:-1], task.train[-1], "def task(grid):\n    return grid.copy()\n")
    found = made([], lessons=(lesson,) * 11)
    assert (len(found.learned), len(found.kept)) == (9, 2)


def test_what_does_not_fit_is_shortened_then_left_out() -> None:
    exercise = made([same_task("a", 5)], n_kept=1).learned[0]
    whole = WRITER.sample(exercise, None)
    assert whole is not None
    assert len(shown(whole)) == 7  # three pairs, and the input
    less = dataclasses.replace(WRITER, max_tokens=count(whole.prompt) + len(whole.completion))
    shorter = less.sample(exercise, None)
    assert shorter is not None
    assert len(shown(shorter)) == 5
    assert grids_equal(answer(shorter), answer(whole))
    assert fitting([exercise], dataclasses.replace(WRITER, max_tokens=40)) == []
    ((_, n_tokens),) = fitting([exercise], WRITER)
    assert n_tokens == count(whole.prompt) + len(whole.completion) + 1


def test_a_prompt_shows_no_more_pairs_than_it_will_when_asked() -> None:
    exercise = made([same_task("a", 6)], n_kept=1).learned[0]
    writer = dataclasses.replace(WRITER, grids=dataclasses.replace(STYLE, max_pairs=2))
    sample = writer.sample(exercise, np.random.default_rng(0))
    assert sample is not None
    assert len(shown(sample)) == 5


@pytest.mark.parametrize("n_pairs", [1, 2])
def test_too_few_demonstrations_to_keep_one_apart(n_pairs: int) -> None:
    found = made([same_task("a", n_pairs)])
    assert found.kept == ()
    assert len(found.learned) == (2 if n_pairs == 2 else 0)
