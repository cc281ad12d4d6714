"""The data engine: reproducible, within its bounds, and true to its sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver import dsl
from arc_solver.errors import InputError
from arc_solver.grids import Grid, as_grid, grid_key, grids_equal
from arc_solver.omni.generators import run_generator
from arc_solver.omni.recipes import RECIPES, InputsLesson, JudgingLesson, Lesson, get_recipe, prompt_chars
from arc_solver.omni.solvers import Solver
from arc_solver.omni.sources import PairTable, ReArc, TrainingTasks
from arc_solver.omni.stream import DataEngine, GenerateConfig
from arc_solver.tasks import Pair

TASK_IDS = ("aaaaaaaa", "bbbbbbbb", "cccccccc")
MIXED = GenerateConfig(recipe_weights=tuple((recipe, 1.0) for recipe in RECIPES), split="all")
OUTPUTS = GenerateConfig(
    recipe_weights=(("output-from-examples", 1.0),), program_weights=(("pairs", 1.0),), split="all"
)
SOLVERS = {
    task_id: Solver(task_id, "Turn it.", f"def task(grid):\n    name = '{task_id}'\n    return grid[::-1]\n")
    for task_id in TASK_IDS
}


@pytest.fixture
def mixed(re_arc: ReArc, training: TrainingTasks) -> DataEngine:
    return DataEngine(MIXED, [re_arc, training], frozenset(), solvers=SOLVERS)


def test_a_sample_depends_on_seed_and_index_only(re_arc: ReArc, training: TrainingTasks, mixed: DataEngine) -> None:
    forward = [mixed.draw(5, index).sample for index in range(12)]
    fresh = DataEngine(MIXED, [ReArc(re_arc.path), training], frozenset(), solvers=SOLVERS)
    assert [fresh.draw(5, index).sample for index in reversed(range(12))][::-1] == forward
    assert [mixed.draw(6, index).sample for index in range(12)] != forward


@pytest.mark.parametrize("n_workers", [1, 2, 3])
def test_workers_share_one_stream(mixed: DataEngine, n_workers: int) -> None:
    parts = [
        list(islice(mixed.stream(5, worker=worker, n_workers=n_workers), 12 // n_workers))
        for worker in range(n_workers)
    ]
    interleaved = [sample for group in zip(*parts, strict=True) for sample in group]
    assert interleaved == list(islice(mixed.stream(5), 12))
    assert list(islice(mixed.stream(5, start=4), 8)) == interleaved[4:]


def test_every_sample_is_within_bounds_and_its_program_gives_its_grids(mixed: DataEngine) -> None:
    words = {name: getattr(dsl, name) for name in dsl.__all__} | {"np": np}
    recipes: Counter[str] = Counter()
    programs: Counter[str] = Counter()
    for index in range(300):
        drawn = mixed.draw(1, index)
        sample, lesson = drawn.sample, drawn.lesson
        recipes[sample.recipe] += 1
        programs[drawn.program] += 1
        assert prompt_chars(sample.prompt) + len(sample.completion) <= MIXED.max_chars
        if isinstance(lesson, JudgingLesson):
            assert not grids_equal(lesson.wrong, lesson.task.test.output)
            lesson = lesson.task
        if isinstance(lesson, InputsLesson):
            made = [run_generator(lesson.source, seed) for seed in lesson.seeds]
            assert all(map(grids_equal, made, lesson.inputs))
            assert len({grid_key(grid) for grid in lesson.inputs}) == len(lesson.inputs)
            assert get_recipe(sample.recipe).needs_program <= bool(lesson.source)
        elif lesson.source:
            scope = dict(words)
            exec(lesson.source, scope)
            for pair in lesson.pairs:
                assert grids_equal(as_grid(scope["task"](pair.input)), pair.output)
                assert pair.input.size <= MIXED.max_code_input_cells
        assert sample.task_id == drawn.lesson.task_id
    assert set(recipes) == set(RECIPES)
    assert set(programs) >= {"", "solvers", "variations", "synthesis", "primitives", "generators"}


def test_judgements_are_balanced_and_mistakes_of_many_kinds(mixed: DataEngine) -> None:
    config = replace(MIXED, recipe_weights=(("verify-output", 1.0), ("select-output", 1.0)))
    engine = DataEngine(config, [TrainingTasks({"t": table_of_squares()})], frozenset())
    drawn = [engine.draw(0, index) for index in range(400)]
    words = Counter(item.sample.completion for item in drawn)
    assert set(words) == {"yes", "no", "1", "2"}
    assert all(70 < count < 130 for count in words.values())
    mistakes = Counter(item.lesson.mistake for item in drawn if isinstance(item.lesson, JudgingLesson))
    assert set(mistakes) == {"cells", "program", "view", "other pair", "input"}


@given(st.integers(0, 2**32 - 1))
def test_pairs_of_a_sample_are_different_pairs_of_one_task_in_one_view(seed: int) -> None:
    # Each pair has a side of its own, so that a pair is recognised in any view; outputs are the inputs upside down.
    grids = [as_grid(np.full((1, side), side % 10)) for side in range(1, 8)]
    table = PairTable.from_pairs([_pair(grid) for grid in grids])
    engine = DataEngine(OUTPUTS, [TrainingTasks({"t": table})], frozenset())
    lesson = engine.draw(seed, 0).lesson
    assert isinstance(lesson, Lesson)
    pairs = lesson.pairs
    sides = [max(pair.input.shape) for pair in pairs]
    assert len(set(sides)) == len(sides)
    assert len({pair.input.shape[0] == 1 for pair in pairs if pair.input.size > 1}) == 1
    color_of = {side: int(pair.input[0, 0]) for side, pair in zip(sides, pairs, strict=True)}
    assert len(set(color_of.values())) == len(color_of)
    assert all(grid_key(pair.input) == grid_key(pair.output) for pair in pairs)


def _pair(grid: Grid) -> Pair:
    return Pair(grid, grid)


def table_of_squares() -> PairTable:
    rng = np.random.default_rng(3)
    grids = [as_grid(rng.integers(0, 10, (5, 5))) for _ in range(9)]
    return PairTable.from_pairs([Pair(grid, as_grid(grid[::-1])) for grid in grids])


def test_large_grids_get_fewer_pairs_rather_than_none() -> None:
    rng = np.random.default_rng(0)
    large = TrainingTasks(
        {"t": PairTable.from_pairs([_pair(as_grid(rng.integers(0, 10, (20, 20)))) for _ in range(4)])}
    )
    assert DataEngine(OUTPUTS, [large], frozenset()).draw(0, 0).sample.prompt.user.count("\noutput\n") == 1
    for config in (replace(OUTPUTS, min_pairs=2), replace(OUTPUTS, max_grid_cells=399)):
        with pytest.raises(InputError, match="no sample for output-from-examples in 200 draws"):
            DataEngine(config, [large], frozenset()).draw(0, 0)


@pytest.mark.parametrize(
    ("split", "excluded", "expected"),
    [
        ("train", (), {"aaaaaaaa", "cccccccc"}),
        ("held-out", (), {"bbbbbbbb"}),
        ("all", (), {"aaaaaaaa", "bbbbbbbb", "cccccccc"}),
        ("train", ("aaaaaaaa",), {"cccccccc"}),
    ],
)
def test_splits_and_exclusions_hold(
    re_arc: ReArc, training: TrainingTasks, split: str, excluded: Sequence[str], expected: set[str]
) -> None:
    config = replace(OUTPUTS, split=split, excluded_ids=frozenset(excluded))
    engine = DataEngine(config, [re_arc, training], frozenset({"bbbbbbbb"}))
    assert {engine.draw(0, index).sample.task_id for index in range(60)} == expected


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_nothing_of_a_held_out_task_reaches_the_training_split(recipe: str) -> None:
    # The held-out task's inputs are no squares, and its solver says its name: both are recognised in any view.
    tables = {task_id: table_of_squares() for task_id in TASK_IDS}
    grids = [as_grid(np.arange(n, n + 6).reshape(2, 3) % 10) for n in range(9)]
    tables["bbbbbbbb"] = PairTable.from_pairs([_pair(grid) for grid in grids])
    config = replace(MIXED, recipe_weights=((recipe, 1.0),), split="train", source_weights=(("training", 1.0),))
    if get_recipe(recipe).lesson_type is not InputsLesson:
        config = replace(config, program_weights=(("pairs", 1.0), ("solvers", 1.0), ("variations", 2.0)))
    engine = DataEngine(config, [TrainingTasks(tables)], frozenset({"bbbbbbbb"}), solvers=SOLVERS)
    seen = set()
    for index in range(80):
        drawn = engine.draw(0, index)
        text = " ".join((drawn.sample.task_id, drawn.sample.prompt.user, drawn.sample.completion))
        seen |= {task_id for task_id in TASK_IDS if task_id in text}
        lesson = drawn.lesson.task if isinstance(drawn.lesson, JudgingLesson) else drawn.lesson
        seen |= {task_id for task_id in TASK_IDS if task_id in lesson.source}
        if isinstance(lesson, InputsLesson) and not lesson.source:
            assert all(grid.shape == (5, 5) for grid in lesson.inputs)
        elif isinstance(lesson, Lesson) and drawn.program != "variations":
            assert all(pair.input.shape == (5, 5) for pair in lesson.pairs)
    generated = isinstance(lesson, InputsLesson) and bool(lesson.source)
    assert seen == (set() if generated else {"aaaaaaaa", "cccccccc"})


def test_weights_choose_recipes_and_sources(re_arc: ReArc, training: TrainingTasks) -> None:
    config = replace(OUTPUTS, source_weights=(("re-arc", 3.0), ("training", 1.0)))
    drawn = [DataEngine(config, [re_arc, training], frozenset()).draw(0, index) for index in range(400)]
    assert 0.65 < sum(item.source == "re-arc" for item in drawn) / 400 < 0.85
    programs = replace(config, program_weights=(("pairs", 1.0), ("solvers", 3.0)))
    shown = [DataEngine(programs, [re_arc, training], frozenset(), solvers=SOLVERS).draw(0, i) for i in range(400)]
    assert 0.65 < sum(item.program == "solvers" for item in shown) / 400 < 0.85
    assert 0.65 < sum(item.source == "re-arc" for item in shown) / 400 < 0.85
    only = replace(OUTPUTS, source_weights=(("re-arc", 0.0), ("training", 1.0)))
    engine = DataEngine(only, [re_arc, training], frozenset())
    assert {engine.draw(0, index).source for index in range(20)} == {"training"}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"recipe_weights": (("dream", 1.0),)}, "no recipe"),
        ({"recipe_weights": (("output-from-examples", -1.0),)}, "0 or more"),
        ({"source_weights": (("re-arc", 0.0),)}, "at least one"),
        ({"encoder": "emoji"}, "no grid encoder"),
        ({"version": "v9"}, "no prompt"),
        ({"n_pairs": (3, 2)}, "contradict"),
        ({"split": "test"}, "no split"),
        ({"source_weights": (("dreams", 1.0),)}, "no source is named 'dreams'; known: re-arc, training, generators"),
        ({"program_weights": (("dreams", 1.0),)}, "no program is named 'dreams'; known: pairs, solvers"),
        ({"min_pairs": 3}, "contradict"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused_where_it_is_made(fields: dict[str, object], why: str) -> None:
    with pytest.raises(InputError, match=why):
        GenerateConfig(**fields)  # type: ignore[arg-type]


def test_an_engine_without_anything_to_draw_is_refused(re_arc: ReArc) -> None:
    with pytest.raises(InputError, match="has a weight"):
        DataEngine(replace(OUTPUTS, source_weights=(("training", 1.0),)), [re_arc], frozenset())
    with pytest.raises(InputError, match="no task of re-arc is in the split held-out"):
        DataEngine(replace(OUTPUTS, split="held-out"), [re_arc], frozenset())
    with pytest.raises(InputError, match="nothing gives code-from-examples its tasks"):
        DataEngine(
            replace(MIXED, recipe_weights=(("code-from-examples", 1.0),), program_weights=(("pairs", 1.0),)),
            [re_arc],
            frozenset(),
        )
