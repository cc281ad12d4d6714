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
from arc_solver.omni.recipes import get_recipe, prompt_chars
from arc_solver.omni.sources import PairTable, ReArc, TrainingTasks
from arc_solver.omni.stream import DataEngine, GenerateConfig
from arc_solver.prompts.encoders import ENCODERS
from arc_solver.tasks import Pair

MIXED = GenerateConfig(
    recipe_weights=(("output-from-examples", 2.0), ("code-from-examples", 1.0), ("output-from-code", 1.0)), split="all"
)
OUTPUTS = GenerateConfig(recipe_weights=(("output-from-examples", 1.0),), split="all")


@pytest.fixture
def mixed(re_arc: ReArc, training: TrainingTasks) -> DataEngine:
    return DataEngine(MIXED, [re_arc, training], frozenset())


def test_a_sample_depends_on_seed_and_index_only(re_arc: ReArc, training: TrainingTasks, mixed: DataEngine) -> None:
    forward = [mixed.draw(5, index).sample for index in range(12)]
    fresh = DataEngine(MIXED, [ReArc(re_arc.path), training], frozenset())
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


def test_every_sample_parses_back_and_its_program_gives_its_grids(mixed: DataEngine) -> None:
    words = {name: getattr(dsl, name) for name in dsl.__all__}
    encoder = ENCODERS["rows"]
    recipes: Counter[str] = Counter()
    for index in range(150):
        drawn = mixed.draw(1, index)
        sample, lesson = drawn.sample, drawn.lesson
        recipes[sample.recipe] += 1
        assert prompt_chars(sample.prompt) + len(sample.completion) <= MIXED.max_chars
        answer = get_recipe(sample.recipe).read_back(sample, encoder)
        source = lesson.source
        if sample.recipe == "code-from-examples":
            assert isinstance(answer, str)
            source = answer
        else:
            assert isinstance(answer, np.ndarray)
            assert grids_equal(answer, lesson.test.output)
        if sample.recipe == "output-from-examples":
            assert encoder.encode(lesson.test.input) in sample.prompt.user
            continue
        assert sample.task_id.startswith("synthetic-")
        names = dict(words)
        exec(source, names)
        for pair in (*lesson.train_pairs, lesson.test):
            assert grids_equal(as_grid(names["task"](pair.input)), pair.output)
    assert set(recipes) == {name for name, _ in MIXED.recipe_weights}


@given(st.integers(0, 2**32 - 1))
def test_pairs_of_a_sample_are_different_pairs_of_one_task_in_one_view(seed: int) -> None:
    # Each pair has a side of its own, so that a pair is recognised in any view; outputs are the inputs upside down.
    grids = [as_grid(np.full((1, side), side % 10)) for side in range(1, 8)]
    table = PairTable.from_pairs([_pair(grid) for grid in grids])
    engine = DataEngine(OUTPUTS, [TrainingTasks({"t": table})], frozenset())
    lesson = engine.draw(seed, 0).lesson
    pairs = (*lesson.train_pairs, lesson.test)
    sides = [max(pair.input.shape) for pair in pairs]
    assert len(set(sides)) == len(sides)
    assert len({pair.input.shape[0] == 1 for pair in pairs if pair.input.size > 1}) == 1
    color_of = {side: int(pair.input[0, 0]) for side, pair in zip(sides, pairs, strict=True)}
    assert len(set(color_of.values())) == len(color_of)
    assert all(grid_key(pair.input) == grid_key(pair.output) for pair in pairs)


def _pair(grid: Grid) -> Pair:
    return Pair(grid, grid)


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


def test_weights_choose_recipes_and_sources(re_arc: ReArc, training: TrainingTasks) -> None:
    config = replace(OUTPUTS, source_weights=(("re-arc", 3.0), ("training", 1.0)))
    drawn = [DataEngine(config, [re_arc, training], frozenset()).draw(0, index) for index in range(400)]
    assert 0.65 < sum(item.source == "re-arc" for item in drawn) / 400 < 0.85
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
