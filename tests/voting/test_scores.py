"""Scores order what is equal without them, where everything that is compared has one; nothing depends on order."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Scored
from arc_solver.grids import as_grid, grid_key, to_lists
from arc_solver.tasks import Pair, Task
from arc_solver.voting import choose_attempts, rank_outputs
from arc_solver.voting.scores import ScoreTable, Votes, program_keys, vote_keys

PAIR = Pair(as_grid([[1, 2]]), as_grid([[2, 1]]))
TASK = Task("t", (PAIR, PAIR), (as_grid([[3, 4]]), as_grid([[5, 6]])))
ONE_TEST = Task("t", (PAIR, PAIR), (as_grid([[3, 4]]),))
A, B, C, D = ([[value, value]] for value in (1, 2, 3, 4))


def program(*outputs, source="s", passed=2, cost=1.0):
    grids = {index: as_grid(grid) for index, grid in enumerate(outputs) if grid is not None}
    return Candidate("t", grids, Origin("search"), ProgramEvidence(source, passed, 2, cost))


def vote(grid, seed=0, test_index=0, logprob=-1.0):
    return Candidate("t", {test_index: as_grid(grid)}, Origin("transduction", "", seed), GridEvidence(logprob, 3))


def score(grid, logprob, test_index=0, n_views=8, proposer="transduction", task_id="t"):
    return Scored(task_id, test_index, as_grid(grid), logprob, n_views, proposer)


def ranked(candidates, scores, task=ONE_TEST, test_index=0):
    return [to_lists(entry.grid) for entry in rank_outputs(task, candidates, scores)[test_index]]


PROGRAMS = [program(A, source="1"), program(B, source="3")]
VOTES = [vote(A, 0), vote(B, 1, logprob=-1.2)]


@pytest.mark.parametrize("found", [PROGRAMS, VOTES])
def test_a_score_orders_what_is_equal_otherwise(found):
    assert ranked(found, []) == [A, B]
    assert ranked(found, [score(A, -5.0), score(B, -2.0)]) == [B, A]
    assert ranked(found, [score(A, -2.0), score(B, -5.0)]) == [A, B]


@pytest.mark.parametrize(
    "found",
    [
        [*PROGRAMS, program(A, source="2")],
        [program(A, source="1"), program(B, source="3", cost=2.0)],
        [*VOTES, vote(A, 2)],
    ],
)
def test_agreement_and_simplicity_come_before_a_score(found):
    assert ranked(found, [score(A, -5.0), score(B, -2.0)]) == [A, B]


@pytest.mark.parametrize("found", [PROGRAMS, VOTES])
@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_score_counts_only_where_all_have_one(found, odd):
    assert ranked(found, [score(B, -2.0)]) == [A, B]
    assert ranked(found, [score(A, odd), score(B, -2.0)]) == [A, B]


@pytest.mark.parametrize("found", [[*PROGRAMS, program(C, source="44")], [*VOTES, vote(C, 2, logprob=-1.5)]])
def test_a_third_grid_without_a_score_leaves_the_order_as_it_was(found):
    scores = [score(A, -5.0), score(B, -2.0)]
    assert ranked(found, scores) == [A, B, C]
    assert ranked(found, [*scores, score(C, -9.0)]) == [B, A, C]


def test_grids_of_fewer_votes_need_no_score():
    found = [*(vote(grid, 2 * at + n) for at, grid in enumerate([A, B]) for n in range(2)), vote(C, 9)]
    assert ranked(found, [score(A, -5.0), score(B, -2.0)]) == [B, A, C]


def test_a_score_moves_nothing_out_of_its_class():
    found = [program(A), vote(B), vote(C), program(D, passed=1)]
    scores = [score(A, -90.0), score(B, -5.0), score(C, -1.0), score(D, -0.1)]
    assert ranked(found, scores) == [A, C, B, D]


def test_a_program_that_holds_its_answer_or_fails_on_a_test_stays_below_one_that_does_not():
    found = [program(A, B, source="1"), program(C, None, source="2")]
    scores = [score(A, -90.0), score(B, -90.0, 1), score(C, -0.1)]
    assert ranked(found, scores, TASK) == [A, C]


def test_an_odd_size_stays_last_in_its_class():
    assert ranked([vote(A), vote([[1]])], [score(A, -9.0), score([[1]], -0.1)]) == [A, [[1]]]


@pytest.mark.parametrize("logprobs", [(-1.0, -9.0), (-9.0, -1.0)])
def test_programs_are_scored_by_all_their_outputs_together(logprobs):
    found = [program(A, A, source="1"), program(B, B, source="22")]
    scores = [score(A, logprobs[0]), score(A, logprobs[1], 1), score(B, -2.0), score(B, -2.0, 1)]
    assert ranked(found, scores, TASK) == [B, A]
    assert ranked(found, scores[:-1], TASK) == [A, B]


def test_votes_of_another_test_input_need_no_score():
    found = [*VOTES, vote(C, test_index=1)]
    scores = [score(A, -5.0), score(B, -2.0)]
    assert ranked(found, scores, TASK) == [B, A]


def test_scores_of_two_models_are_not_compared():
    scores = [score(A, -5.0), score(B, -2.0), score(A, -0.1, proposer="another")]
    assert ranked(VOTES, scores) == [B, A]
    assert ranked(VOTES, [*scores, score(B, -0.2, proposer="another")]) == [A, B]


def test_other_tasks_and_test_inputs_that_do_not_exist_are_ignored():
    table = ScoreTable(ONE_TEST, [score(A, -1.0, task_id="other"), score(A, -1.0, test_index=1)])
    assert table.of(0, as_grid(A)) is None
    assert ranked([], [score(A, -1.0)]) == []


def test_of_several_scores_the_one_of_most_views_counts():
    scores = [score(A, -3.0), score(B, -0.1, n_views=1), score(B, -9.0, n_views=16), score(B, -0.2, n_views=2)]
    assert ranked(VOTES, scores) == [A, B]
    found = ScoreTable(ONE_TEST, scores).of(0, as_grid(B))
    assert found is not None
    assert found.n_views == 16


def test_the_reason_tells_the_score():
    ((first, second),) = rank_outputs(ONE_TEST, VOTES, [score(A, -5.0, n_views=1), score(B, -2.5)])
    assert "scored -2.50 in 8 views" in first.reason
    assert "scored -5.00 in 1 view" in second.reason
    ((alone, *_),) = rank_outputs(ONE_TEST, VOTES)
    assert "scored" not in alone.reason


def test_hits_are_programs_of_different_source_and_votes():
    found = [*PROGRAMS, program(A, source="2"), program(A, source="2"), *(vote(C, seed) for seed in range(3))]
    ((first, second, third),) = rank_outputs(ONE_TEST, found)
    assert [(entry.kind, entry.n_hits) for entry in (first, second, third)] == [
        ("program", 2),
        ("program", 1),
        ("voted", 3),
    ]


def test_the_rule_by_itself():
    assert program_keys([]) == []
    assert program_keys([-3.0, -1.0]) == [3.0, 1.0]
    assert program_keys([-3.0, None]) == [0.0, 0.0]
    few, many = Votes(1, -1.0, -1.0), Votes(3, -2.0, -1.0)
    assert vote_keys([few, many], [None, None]) > vote_keys([many, few], [None, None])
    first, second = vote_keys([few, many], [-1.0, -2.0])
    assert first > second
    first, second = vote_keys([Votes(3, -1.0, -1.0), many], [-2.0, -1.0])
    assert first > second


numbers = st.sampled_from([-3.0, -1.0, 0.0, math.inf, -math.inf, math.nan])
grids = st.sampled_from([A, B, C, [[1]]])
some_programs = st.builds(
    lambda outputs, **fields: program(*outputs, **fields),
    st.lists(grids | st.none(), min_size=1, max_size=2),
    source=st.sampled_from(["a", "b", "cc"]),
    passed=st.integers(0, 2),
)
some_votes = st.builds(vote, grids, st.integers(0, 3), st.integers(0, 2), numbers)
some_scores = st.builds(
    score, grids, numbers, st.integers(0, 2), st.integers(1, 2), st.sampled_from(["transduction", "another"])
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(some_programs | some_votes, max_size=8),
    st.lists(some_scores, max_size=16),
    st.randoms(use_true_random=False),
)
def test_order_and_repetition_do_not_matter(candidates, scores, random):
    other_candidates, other_scores = [*candidates, *candidates[:2]], [*scores, *scores[:2]]
    random.shuffle(other_candidates)
    random.shuffle(other_scores)
    one, other = choose_attempts(TASK, candidates, scores), choose_attempts(TASK, other_candidates, other_scores)
    for pair_one, pair_other in zip(one.pairs, other.pairs, strict=True):
        assert [(a.reason, a.rank, grid_key(a.grid)) for a in pair_one] == [
            (a.reason, a.rank, grid_key(a.grid)) for a in pair_other
        ]


@settings(deadline=None)
@given(st.lists(some_programs | some_votes, max_size=8), st.lists(some_scores, max_size=16))
def test_scores_reorder_and_add_or_lose_nothing(candidates, scores):
    for plain, scored in zip(rank_outputs(TASK, candidates), rank_outputs(TASK, candidates, scores), strict=True):
        assert [entry.kind for entry in plain] == [entry.kind for entry in scored]
        assert {grid_key(entry.grid) for entry in plain} == {grid_key(entry.grid) for entry in scored}
