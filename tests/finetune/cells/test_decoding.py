"""Guesses: whatever they are, what is written is the same, and good ones make it quick."""

from __future__ import annotations

import math
from unittest import mock

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from arc_solver.augment import IDENTITY  # noqa: E402
from arc_solver.finetune.cells import cache, decoding  # noqa: E402
from arc_solver.finetune.cells import vocabulary as words  # noqa: E402
from arc_solver.finetune.cells.cache import Cache  # noqa: E402
from arc_solver.finetune.cells.decoding import Start, choices_of, write  # noqa: E402
from arc_solver.finetune.cells.model import CellModel  # noqa: E402
from arc_solver.finetune.cells.sequences import prompt  # noqa: E402
from arc_solver.grids import as_grid  # noqa: E402

N = 6


@pytest.fixture(scope="module")
def starts():
    rng = np.random.default_rng(0)
    grids = [as_grid(rng.integers(0, 10, rng.integers(1, 5, 2))) for _ in range(N)]
    return [Start(prompt(words.TASK + index % 4, IDENTITY, [], grid)) for index, grid in enumerate(grids)]


@pytest.fixture(scope="module")
def plain(model, starts):
    return write(model, starts, others_above=-60.0)


def guess(rng, answer):
    """The answer, the answer with a mistake, or something else."""
    made = answer.copy()
    kind = rng.integers(4)
    if kind == 1:
        made[rng.integers(made.shape[0]), rng.integers(made.shape[1])] = rng.integers(10)
    elif kind == 2:
        made = rng.integers(0, 10, rng.integers(1, 31, 2)).astype(np.int8)
    elif kind == 3:
        made = np.pad(made, ((0, 1), (0, rng.integers(2))))[:30, :30]
    return made


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_ahead=st.integers(1, 9))
def test_guesses_do_not_change_what_is_written(model, starts, plain, seed, n_ahead) -> None:
    rng = np.random.default_rng(seed)
    guesses = [guess(rng, line.answer.grid) for line in plain]
    # Some answers have begun already.
    begun = [
        Start(start.prompt, choices_of(line.answer.grid)[:2], -1.0) if rng.random() < 0.3 else start
        for start, line in zip(starts, plain, strict=True)
    ]
    expected = write(model, begun, others_above=-60.0)
    for one, other in zip(expected, write(model, begun, guesses, others_above=-60.0, n_ahead=n_ahead), strict=True):
        assert np.array_equal(one.answer.grid, other.answer.grid)
        assert other.answer.logprob == pytest.approx(one.answer.logprob, abs=1e-3)
        assert other.n_written == one.n_written
        assert {start.choices for start in one.others} == {start.choices for start in other.others}


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_ahead=st.integers(1, 9), stride=st.integers(2, 9))
def test_the_way_of_a_gpu_writes_the_same(model, starts, plain, seed, n_ahead, stride) -> None:
    """It looks seldom at what has ended, and reads places that nothing was written to."""
    rng = np.random.default_rng(seed)
    guesses = [guess(rng, line.answer.grid) for line in plain] if rng.random() < 0.7 else None
    with (
        mock.patch.object(cache, "_is_wide", return_value=True),
        mock.patch.object(decoding, "_stride_on", return_value=stride),
    ):
        written = write(model, starts, guesses, others_above=-60.0, n_ahead=n_ahead)
    for one, other in zip(plain, written, strict=True):
        assert np.array_equal(one.answer.grid, other.answer.grid)
        assert other.answer.logprob == pytest.approx(one.answer.logprob, abs=1e-3)
        assert other.n_written == one.n_written
        assert {start.choices for start in one.others} == {start.choices for start in other.others}


def test_no_step_looks_for_tasks(model, starts) -> None:
    """To look for them makes the host wait for a GPU."""
    with mock.patch.object(CellModel, "embed", autospec=True, side_effect=CellModel.embed) as embedded:
        write(model, starts)
    places = [call.args[2:] for call in embedded.call_args_list]
    assert places[0] == ()  # the prompts have some
    assert len(places) > 1
    assert all(len(given) == 1 and len(given[0]) == 0 for given in places[1:])


def n_reads(model, starts, guesses, n_ahead) -> int:
    with mock.patch.object(Cache, "read", autospec=True, side_effect=Cache.read) as read:
        write(model, starts, guesses, n_ahead=n_ahead)
    return read.call_count


def test_a_right_guess_is_read_in_a_few_steps(model, starts, plain) -> None:
    answers = [line.answer.grid for line in plain]
    longest = max(line.n_written for line in plain)
    assert n_reads(model, starts, None, 8) == longest
    assert n_reads(model, starts, answers, 8) == math.ceil(longest / 8)


def test_after_a_wrong_cell_the_guess_goes_on(model, starts, plain) -> None:
    answers = [line.answer.grid.copy() for line in plain]
    for answer in answers:
        answer[0, 0] = (answer[0, 0] + 1) % 10
    longest = max(line.n_written for line in plain)
    # The mistake ends the first step after the sides and the first cell.
    assert n_reads(model, starts, answers, 8) <= 1 + math.ceil((longest - 3) / 8)


def test_bad_guesses_are_read_two_at_a_time_in_the_end(model, starts, plain) -> None:
    wrong = [(line.answer.grid + 1) % 10 for line in plain]
    with mock.patch.object(Cache, "read", autospec=True, side_effect=Cache.read) as read:
        write(model, starts, wrong, n_ahead=8)
    widths = [call.args[1].shape[1] for call in read.call_args_list]
    assert widths[0] == 8
    assert widths[-1] == 2
    assert sorted(widths, reverse=True) == widths
