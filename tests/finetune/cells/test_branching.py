"""Branching: exactly the grids above the threshold, whatever is written together, and no more than was allowed."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from arc_solver.augment import View  # noqa: E402
from arc_solver.finetune.cells import vocabulary as words  # noqa: E402
from arc_solver.finetune.cells.batches import DrawConfig, stream  # noqa: E402
from arc_solver.finetune.cells.branching import branch  # noqa: E402
from arc_solver.finetune.cells.corpus import Corpus  # noqa: E402
from arc_solver.finetune.cells.decoding import answer  # noqa: E402
from arc_solver.finetune.cells.model import CellConfig, CellModel  # noqa: E402
from arc_solver.finetune.cells.scoring import Reading, read  # noqa: E402
from arc_solver.finetune.cells.sequences import answer_tokens, prompt  # noqa: E402
from arc_solver.finetune.cells.training import FitConfig, fit  # noqa: E402
from arc_solver.grids import as_grid, grid_key  # noqa: E402
from arc_solver.tasks import Pair  # noqa: E402

TINY = CellConfig(width=32, n_layers=2, n_heads=2, n_kv_heads=1, head_width=16, ffn_width=48, n_tasks=2)
SHAPES = ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1))


@pytest.fixture(scope="module")
def model():
    """A model that was taught to be unsure about small grids of few colours."""
    rng = np.random.default_rng(0)

    def grid(n_colors):
        return as_grid(rng.integers(0, n_colors, size=SHAPES[rng.integers(len(SHAPES))]))

    pairs = [Pair(grid(3), grid(3)) for _ in range(200)]
    made = CellModel(TINY, seed=0)
    draw = DrawConfig({"a": 1.0}, n_rows=2, n_tokens=128, share_plain_colors=1.0, symmetries=False)
    how = FitConfig(1e9, 200, precision="fp32", warmup_steps=5, lr=0.01, table_lr=0.03, optimizer="adamw")
    fit(made, stream(Corpus.build([("a", "any", pairs)]), draw, 0), how, log=lambda record: None)
    return made.eval()


@pytest.fixture(scope="module")
def small_grids():
    """Every grid of the shapes that were taught; the model finds no other at all likely."""
    return [
        as_grid(np.array(cells).reshape(shape))
        for shape in SHAPES
        for cells in itertools.product(range(10), repeat=math.prod(shape))
    ]


@pytest.fixture(scope="module")
def prompts():
    rng = np.random.default_rng(1)
    grids = [as_grid(rng.integers(0, 4, size=SHAPES[rng.integers(len(SHAPES))])) for _ in range(3)]
    return [prompt(words.TASK + 1, View(), (), grid) for grid in grids]


@pytest.fixture(scope="module")
def probabilities(model, prompts, small_grids):
    """Of every small grid after every prompt, by reading them all."""
    answers = tuple(map(answer_tokens, small_grids))
    found = read(model, [Reading(one, answers) for one in prompts])
    return [
        {grid_key(grid): math.exp(one.logprob) for grid, one in zip(small_grids, scores, strict=True)}
        for scores in found
    ]


def test_the_small_grids_are_nearly_all_there_is(probabilities):
    # Otherwise comparing with them would prove nothing about thresholds this low.
    for each in probabilities:
        assert 0.97 < sum(each.values()) <= 1


@settings(max_examples=30, deadline=None)
@given(threshold=st.floats(0.03, 0.5), batch_size=st.integers(1, 64), seed=st.integers(0, 2**32 - 1))
def test_exactly_the_grids_above_the_threshold_are_found(
    model, prompts, probabilities, small_grids, threshold, batch_size, seed
):
    rng = np.random.default_rng(seed)
    greedy = [one.grid for one in answer(model, prompts)]
    drafts = [[None, one, small_grids[rng.integers(len(small_grids))]][rng.integers(3)] for one in greedy]
    found, cost = branch(model, prompts, threshold, batch_size=batch_size, drafts=drafts)
    for one, each in zip(found, probabilities, strict=True):
        assert one.is_complete
        keys = [grid_key(a.grid) for a in one.answers if a.logprob > math.log(threshold)]
        assert len(keys) == len(set(keys))
        assert all(a.logprob > math.log(threshold) for a in one.answers[1:])
        # Reading and writing differ in the last digits.
        assert {key for key, p in each.items() if p > threshold * 1.0001} <= set(keys)
        assert set(keys) <= {key for key, p in each.items() if p > threshold / 1.0001}
        for a in one.answers:
            assert a.logprob == pytest.approx(math.log(each[grid_key(a.grid)]), abs=2e-3)
    assert cost.n_lines <= len(prompts) * (1 + 1 / threshold)


def test_a_draft_that_is_right_saves_writing(model, prompts):
    found, plain = branch(model, prompts, 0.02)
    again, drafted = branch(model, prompts, 0.02, drafts=[one.answers[0].grid for one in found])
    assert drafted.n_written <= plain.n_written - sum(one.answers[0].grid.size + 3 for one in found)
    assert drafted.n_lines == plain.n_lines
    for one, other in zip(found, again, strict=True):
        assert [grid_key(a.grid) for a in one.answers] == [grid_key(a.grid) for a in other.answers]


def test_many_are_found_where_the_model_is_unsure(model, prompts, probabilities):
    found, _ = branch(model, prompts, 0.02)
    assert max(len(one.answers) for one in found) >= 4
    assert {len(one.answers) for one in found} >= {sum(p > 0.02 for p in each.values()) for each in probabilities}


def test_a_grid_just_below_the_threshold_is_left_out(model, prompts):
    # All that is written before END may still be above it.
    for one in branch(model, prompts[:1], 0.02)[0][0].answers[1:]:
        found, _ = branch(model, prompts[:1], math.exp(one.logprob) * 1.001)
        assert grid_key(one.grid) not in {grid_key(other.grid) for other in found[0].answers}


def test_the_greedy_answer_comes_first_even_if_it_is_unlikely(model, prompts):
    greedy = answer(model, prompts)
    for threshold in (0.02, 0.9):
        found, cost = branch(model, prompts, threshold)
        for one, wanted in zip(found, greedy, strict=True):
            assert np.array_equal(one.answers[0].grid, wanted.grid)
            assert one.answers[0].logprob == pytest.approx(wanted.logprob, abs=1e-3)
    assert cost.n_lines == len(prompts)
    assert cost.n_written == sum(one.grid.size + 3 for one in greedy)
    assert cost.n_read == sum(map(len, prompts))


def test_no_batch_is_begun_when_the_time_is_over(model, prompts):
    found, cost = branch(model, prompts, 0.02, is_over=lambda: True)
    assert [one.answers for one in found] == [()] * len(prompts)
    assert not any(one.is_complete for one in found)
    assert cost.n_lines == 0
    asked = iter([False, False])
    found, cost = branch(model, prompts, 0.02, batch_size=2, is_over=lambda: next(asked, True))
    assert [len(one.answers) for one in found] == [1] * len(prompts)
    assert cost.n_lines == len(prompts)


def test_no_batch_is_begun_when_enough_is_written(model, prompts):
    whole = branch(model, prompts, 0.02)[1]
    found, cost = branch(model, prompts, 0.02, max_written=1)
    assert cost.n_lines == len(prompts) < whole.n_lines
    assert cost.n_written < whole.n_written
    assert not all(one.is_complete for one in found)


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0, float("nan")])
def test_a_threshold_is_a_probability(model, threshold):
    with pytest.raises(ValueError, match="threshold"):
        branch(model, [], threshold)
