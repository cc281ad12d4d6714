"""Drafts: whatever they are, the answers are the greedy ones, and good drafts save writing."""

from __future__ import annotations

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from arc_solver.augment import View  # noqa: E402
from arc_solver.finetune.cells import vocabulary as words  # noqa: E402
from arc_solver.finetune.cells.decoding import inference_copy  # noqa: E402
from arc_solver.finetune.cells.drafting import consult  # noqa: E402
from arc_solver.finetune.cells.scoring import Question, score  # noqa: E402
from arc_solver.grids import as_grid  # noqa: E402


@pytest.fixture(scope="module")
def asked(model):
    rng = np.random.default_rng(0)
    questions = [
        Question(words.TASK + int(rng.integers(4)), View(symmetry), as_grid(rng.integers(0, 10, (3, 2))))
        for symmetry in range(8)
    ]
    return questions, [one.answer for one in consult(model, questions)]


def with_drafts(question, *drafts):
    return Question(question.task_token, question.view, question.test_input, tuple(map(as_grid, drafts)))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), batch_size=st.integers(1, 9))
def test_drafts_do_not_change_the_answers(model, asked, seed, batch_size):
    rng = np.random.default_rng(seed)
    questions, plain = asked
    drafted = []
    for question, one in zip(questions, plain, strict=True):
        drafts = [one.grid.copy() for _ in range(rng.integers(3))] + [rng.integers(0, 10, (2, 2))]
        for draft in drafts:
            if rng.random() < 0.8:
                draft[rng.integers(draft.shape[0]), rng.integers(draft.shape[1])] = rng.integers(10)
        drafted.append(with_drafts(question, *drafts))
    opinions = consult(model, drafted, batch_size=batch_size)
    for opinion, one in zip(opinions, plain, strict=True):
        assert np.array_equal(opinion.answer.grid, one.grid)
        assert opinion.answer.logprob == pytest.approx(one.logprob, rel=1e-4)
    scores = score(model, drafted)
    assert [[s.logprob for s in o.scores] for o in opinions] == [[s.logprob for s in given] for given in scores]


def test_a_draft_that_is_right_saves_all_writing(model, asked):
    questions, plain = asked
    opinions = consult(model, [with_drafts(q, [[1]], one.grid) for q, one in zip(questions, plain, strict=True)])
    assert [one.n_written for one in opinions] == [0] * len(questions)
    assert all(one.scores[1].is_greedy for one in opinions)


def test_a_draft_that_is_right_at_first_saves_that_much(model, asked):
    questions, plain = asked
    for question, one in zip(questions, plain, strict=True):
        draft = question.view.apply(one.grid).copy()
        draft[-1, -1] = (draft[-1, -1] + 1) % 10
        (opinion,) = consult(model, [with_drafts(question, question.view.invert(draft))])
        assert opinion.n_written == 2  # the last cell and END
        assert consult(model, [question])[0].n_written == draft.size + 3


def test_no_questions(model):
    assert consult(model, []) == []


def test_what_is_too_large_for_fp16_is_asked_again_in_fp32(model, asked):
    questions, _ = asked
    drafted = [with_drafts(question, [[1, 2]]) for question in questions[:3]]
    large = copy.deepcopy(model)
    with torch.no_grad():
        large.layers[0].down_proj.weight *= 1e5
    wanted = consult(large, drafted)
    assert not np.isfinite(score(inference_copy(large, torch.float16), drafted[:1])[0][0].logprob)
    for one, other in zip(wanted, consult(inference_copy(large, torch.float16), drafted), strict=True):
        assert np.array_equal(one.answer.grid, other.answer.grid)
        assert other.is_finite
    with torch.no_grad():
        large.norm.weight *= float("nan")
    with pytest.raises(FloatingPointError, match="not finite"):
        consult(large, questions[:3])
