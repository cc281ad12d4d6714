"""Scores: what reading a grid gives is what writing it gave, alone or beside others."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from arc_solver.augment import View  # noqa: E402
from arc_solver.finetune.cells import vocabulary as words  # noqa: E402
from arc_solver.finetune.cells.adapting import views  # noqa: E402
from arc_solver.finetune.cells.decoding import answer, inference_copy  # noqa: E402
from arc_solver.finetune.cells.model import CellConfig, CellModel, token_losses  # noqa: E402
from arc_solver.finetune.cells.scoring import Question, score  # noqa: E402
from arc_solver.finetune.cells.sequences import answer_tokens, prompt  # noqa: E402
from arc_solver.grids import as_grid  # noqa: E402

SMALL = CellConfig(width=64, n_layers=2, n_heads=4, n_kv_heads=2, head_width=16, ffn_width=96, n_tasks=4)


@pytest.fixture(scope="module")
def model():
    made = CellModel(SMALL, seed=1)
    with torch.no_grad():
        made.head.normal_(0, 1, generator=torch.Generator().manual_seed(2))
    return made.eval()


def random_grid(rng, largest=6):
    return as_grid(rng.integers(0, 10, size=rng.integers(1, largest, size=2)))


def logprob_alone(model, question, grid):
    """As training computes the loss of one document."""
    shown = prompt(question.task_token, question.view, (), question.test_input)
    wanted = answer_tokens(question.view.apply(grid))
    tokens = torch.tensor([[*shown, *wanted]])
    targets = torch.zeros_like(tokens)
    targets[0, len(shown) - 1 : -1] = tokens[0, len(shown) :]
    with torch.no_grad():
        return -float(token_losses(model, model(tokens), targets).sum())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), max_tokens=st.integers(1, 400))
def test_a_score_is_that_of_the_document_alone(model, seed, max_tokens):
    rng = np.random.default_rng(seed)
    questions = [
        Question(
            words.TASK + int(rng.integers(4)),
            View(int(rng.integers(8)), tuple(rng.permutation(10).tolist())),
            random_grid(rng),
            tuple(random_grid(rng) for _ in range(rng.integers(4))),
        )
        for _ in range(5)
    ]
    found = score(model, questions, max_tokens=max_tokens)
    for question, scores in zip(questions, found, strict=True):
        alone = [logprob_alone(model, question, grid) for grid in question.grids]
        assert [one.logprob for one in scores] == pytest.approx(alone, abs=2e-3)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 1e-3)])
def test_a_greedy_answer_is_known_as_such_and_scored_as_written(model, dtype, tolerance):
    twin = inference_copy(model, dtype)
    rng = np.random.default_rng(0)
    chosen = views(12, 0)
    grids = [random_grid(rng) for _ in chosen]
    prompts = [prompt(words.TASK + 1, view, (), grid) for view, grid in zip(chosen, grids, strict=True)]
    answers = answer(twin, prompts)
    questions, others = [], []
    for view, grid, one in zip(chosen, grids, answers, strict=True):
        right = view.invert(as_grid(one.grid))
        wrong = right.copy()
        wrong[-1, -1] = (wrong[-1, -1] + 1) % 10
        others.append(as_grid(wrong))
        questions.append(Question(words.TASK + 1, view, grid, (right, others[-1])))
    found = score(twin, questions)
    assert [one.logprob for one, _ in found] == pytest.approx([one.logprob for one in answers], rel=tolerance)
    assert not any(other.is_greedy for _, other in found)
    if dtype is torch.float32:
        assert all(one.is_greedy for one, _ in found)


def test_probabilities_of_all_small_grids_sum_to_less_than_one(model):
    shapes = [(1, 1), (1, 2), (2, 1)]
    grids = tuple(
        as_grid(np.array(cells).reshape(shape))
        for shape in shapes
        for cells in itertools.product(range(10), repeat=shape[0] * shape[1])
    )
    (found,) = score(model, [Question(words.TASK, View(), as_grid([[1, 2]]), grids)])
    total = sum(np.exp(one.logprob) for one in found)
    assert 0 < total <= 1
    assert len(found) == 210


def test_no_questions_and_no_grids():
    assert score(CellModel(SMALL), []) == []
    assert score(CellModel(SMALL), [Question(words.TASK, View(), as_grid([[1]]), ())]) == [()]
