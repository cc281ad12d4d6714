from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.augment import View
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence
from arc_solver.grids import as_grid, grid_key, to_lists
from arc_solver.tasks import MalformedTask, Pair, Task
from arc_solver.voting import choose_attempts, fallback_grids, rank_outputs

PAIR = Pair(as_grid([[1, 2]]), as_grid([[2, 1]]))
TASK = Task("t", (PAIR, PAIR), (as_grid([[3, 4]]), as_grid([[5, 6]])))
ONE_TEST = Task("t", (PAIR, PAIR), (as_grid([[3, 4]]),))
A, B, C, D = ([[value, value]] for value in (1, 2, 3, 4))


def program(*outputs, source="s", passed=2, cost=1.0, logprob=None, proposer="search", task_id="t", view=""):
    grids = {index: as_grid(grid) for index, grid in enumerate(outputs) if grid is not None}
    return Candidate(task_id, grids, Origin(proposer), ProgramEvidence(source, passed, 2, cost, logprob, view))


def vote(grid, logprob=-1.0, seed=0, test_index=0, detail=""):
    origin = Origin("transduction", detail, seed)
    return Candidate("t", {test_index: as_grid(grid)}, origin, GridEvidence(logprob, 3))


def ranked(candidates, task=ONE_TEST, test_index=0):
    return [to_lists(entry.grid) for entry in rank_outputs(task, candidates)[test_index]]


def test_passing_programs_stand_above_votes_and_votes_above_partial_programs():
    found = [program(A, passed=1, cost=0.0), *(vote(B, 0.0, seed) for seed in range(9)), program(C, cost=99.0)]
    assert ranked(found) == [C, B, A]
    kinds = [entry.kind for entry in rank_outputs(ONE_TEST, found)[0]]
    assert kinds == ["program", "voted", "partial program"]


def test_programs_are_grouped_by_the_joint_outputs():
    # A is the most frequent output of test 0, but no joint answer has more derivations than (B, C).
    found = [
        program(A, A, source="1"),
        program(A, B, source="2"),
        program(A, C, source="3"),
        program(B, C, source="4", cost=9.0),
        program(B, C, source="5", cost=9.0),
    ]
    assert ranked(found, TASK)[0] == B
    assert ranked(found, TASK, 1)[0] == C


def test_the_same_source_is_one_derivation():
    found = [program(A, source="same", proposer="induction", logprob=-float(seed)) for seed in range(5)]
    assert ranked([*found, program(B, source="1"), program(B, source="2")]) == [B, A]


def test_simplicity_then_probability_then_length_decide_among_equals():
    assert ranked([program(A, source="a", cost=2.0), program(B, source="b", cost=1.0)]) == [B, A]
    assert ranked([program(A, source="a", logprob=-2.0), program(B, source="b", logprob=-1.0)]) == [B, A]
    assert ranked([program(A, source="a"), program(B, source="b", logprob=-1.0)]) == [B, A]
    assert ranked([program(A, source="aaa"), program(B, source="bb")]) == [B, A]


def test_a_program_that_fails_on_a_test_input_stands_below():
    assert ranked([program(A, None, cost=1.0), program(B, B, cost=5.0)], TASK) == [B, A]
    assert ranked([program(A, None, cost=1.0)], TASK, 1) == []


ANSWER = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


@pytest.mark.parametrize(
    "source",
    [
        f"def task(grid):\n    return np.array({ANSWER})",
        "def task(grid):\n  return ((1, 2, 3),\n (4, 5, 6), (7, 8, 9))",
        "def task(grid):\n  return [[1,2,3,],[4,5,6,],[7,8,9,],]",
    ],
)
def test_an_answer_spelled_out_in_the_program_stands_below(source):
    task = Task("t", (Pair(as_grid(ANSWER), as_grid(ANSWER)),) * 2, (as_grid(ANSWER),))
    turned = [row[::-1] for row in ANSWER]
    honest, memorised = program(turned, source="honest" * 99, cost=50.0), program(ANSWER, source=source)
    found = rank_outputs(task, [memorised, honest])[0]
    assert [to_lists(entry.grid) for entry in found] == [turned, ANSWER]
    assert "literal" in found[1].reason
    assert "literal" not in found[0].reason


def test_an_answer_spelled_out_in_another_view_counts_in_that_view():
    task = Task("t", (PAIR, PAIR), (as_grid([[1, 2, 3]] * 3),))
    view = View(5, (0, 2, 1, 3, 4, 5, 6, 7, 8, 9))
    turned = to_lists(as_grid(ANSWER)[::-1])
    shown = to_lists(view.apply(as_grid(ANSWER)))
    memorised = program(ANSWER, source=f"def task(grid): return {shown}", view=view.text())
    honest = program(turned, source="honest" * 99, cost=50.0)
    assert "literal" in rank_outputs(task, [memorised])[0][0].reason
    assert ranked([memorised, honest], task) == [turned, ANSWER]
    elsewhere = program(ANSWER, source=f"def task(grid): return {shown}")
    assert "literal" not in rank_outputs(task, [elsewhere])[0][0].reason


def test_a_training_output_spelled_out_counts_too_but_a_small_pattern_does_not():
    task = Task("t", (Pair(as_grid(ANSWER), as_grid(ANSWER)),) * 2, (as_grid(ANSWER),))
    memorised = program([[1, 1, 1]] * 3, source=f"if x: return {ANSWER}")
    pattern = program([[2, 2]], source="return [[2, 2]]", cost=50.0)
    assert ranked([memorised, pattern], task)[0] == [[2, 2]]


def test_votes_are_counted_then_weighed():
    assert ranked([vote(A, -2.0, 0), vote(A, -2.0, 1), vote(B, -1.0)]) == [A, B]
    assert ranked([vote(A, -2.2, 0), vote(A, -2.0, 1), vote(B, -1.9, 0), vote(B, -2.2, 1)]) == [B, A]


def test_a_probability_that_is_no_number_is_below_all_others():
    for odd in (math.nan, math.inf, -math.inf):
        found = [vote(A, odd), vote(B, -5.0), vote(C, -4.0)]
        for order in itertools.permutations(found):
            assert ranked(order) == [C, B, A]


def test_a_repeated_candidate_is_one_vote():
    assert ranked([vote(A, -9.0, 0), vote(A, -9.0, 0), vote(A, -9.0, 0), vote(B, -1.0, 1)]) == [B, A]


def test_a_grid_of_an_odd_size_stands_below_other_grids():
    assert ranked([*(vote([[1]], 0.0, seed) for seed in range(9)), vote(A, -2.0)]) == [A, [[1]]]
    assert ranked([program([[1]], source="1", cost=0.0, passed=1), program(A, cost=9.0, passed=1)]) == [A, [[1]]]


def test_partial_programs_come_by_pairs_passed_and_those_that_pass_none_not_at_all():
    task = Task("t", (PAIR,) * 2, (as_grid([[3, 4]]),))
    low = Candidate("t", {0: as_grid(A)}, Origin("search"), ProgramEvidence("low", 1, 4, 0.0))
    high = Candidate("t", {0: as_grid(B)}, Origin("search"), ProgramEvidence("high", 3, 4, 9.0))
    none = Candidate("t", {0: as_grid(C)}, Origin("search"), ProgramEvidence("none", 0, 4, 0.0))
    assert ranked([low, none, high], task) == [B, A]


def test_other_tasks_and_test_inputs_that_do_not_exist_are_ignored():
    assert ranked([program(A, task_id="other"), vote(B, test_index=1), vote(C, test_index=-1)]) == []


def test_what_the_model_hardly_believes_in_stands_below_the_best_fallback_only():
    (best, second, *_), lone = [grid.tolist() for grid, _ in fallback_grids(ONE_TEST, 0)], vote(D, math.log(0.029))
    assert attempts([]) == [best, second]
    assert attempts([lone]) == [best, D]
    assert attempts([lone, program(A, passed=1)]) == [A, best]
    assert attempts([vote(D, math.log(0.031))]) == [D, best]


def test_a_second_grid_that_is_improbable_but_not_absurd_is_no_worse_than_a_fallback():
    assert attempts([vote(D, -0.1), vote(C, -3.33)]) == [D, C]
    best = fallback_grids(ONE_TEST, 0)[0][0].tolist()
    assert attempts([vote(D, -0.1), vote(C, -3.6)]) == [D, best]


def test_what_three_views_agree_on_is_believed_however_improbable():
    doubted = [vote(D, -50.0, seed) for seed in range(2)]
    assert attempts(doubted)[0] != D
    assert attempts([*doubted, vote(D, -50.0, 2)])[0] == D


def attempts(candidates):
    ((first, second),) = choose_attempts(ONE_TEST, candidates).pairs
    return [first.grid.tolist(), second.grid.tolist()]


def test_attempt_two_is_the_next_different_grid():
    attempts = choose_attempts(
        TASK, [program(A, A, cost=1.0), program(A, B, source="2", cost=2.0), program(C, A, source="3", cost=3.0)]
    )
    assert [[to_lists(attempt.grid) for attempt in pair] for pair in attempts.pairs] == [[A, C], [A, B]]
    assert attempts.has_answers


def test_a_fallback_that_repeats_the_first_attempt_is_passed_over():
    fallback = choose_attempts(ONE_TEST).pairs[0]
    first, second = choose_attempts(ONE_TEST, [program(to_lists(fallback[0].grid))]).pairs[0]
    assert (first.rank, first.is_fallback) == (0, False)
    assert second.is_fallback
    assert to_lists(second.grid) == to_lists(fallback[1].grid)


def test_candidates_of_a_malformed_task_do_not_count():
    bad = MalformedTask("t", "ill", (as_grid(D),))
    assert to_lists(choose_attempts(bad, [program(A)]).pairs[0][0].grid) == D


numbers = st.sampled_from([-3.0, -1.0, 0.0, 2.0, math.inf, -math.inf, math.nan])
grids = st.sampled_from([A, B, C, [[1]], ANSWER])
some_programs = st.builds(
    lambda outputs, **fields: program(*outputs, **fields),
    st.lists(grids | st.none(), min_size=1, max_size=2),
    source=st.sampled_from(["a", "b", "cc", str(ANSWER)]),
    passed=st.integers(0, 2),
    cost=numbers,
    logprob=st.none() | numbers,
    proposer=st.sampled_from(["search", "induction"]),
)
some_votes = st.builds(vote, grids, numbers, st.integers(0, 3), st.integers(0, 2))


@settings(deadline=None, max_examples=300)
@given(st.lists(some_programs | some_votes, max_size=12), st.randoms(use_true_random=False))
def test_the_order_and_the_repetition_of_candidates_do_not_matter(candidates, random):
    shuffled = [*candidates, *candidates[:3]]
    random.shuffle(shuffled)
    one, other = (choose_attempts(TASK, found) for found in (candidates, shuffled))
    for pair_one, pair_other in zip(one.pairs, other.pairs, strict=True):
        assert [(a.reason, a.rank, grid_key(a.grid)) for a in pair_one] == [
            (a.reason, a.rank, grid_key(a.grid)) for a in pair_other
        ]
        assert grid_key(pair_one[0].grid) != grid_key(pair_one[1].grid)


@settings(deadline=None)
@given(st.lists(some_programs | some_votes, max_size=12))
def test_no_grid_is_ranked_twice(candidates):
    for entries in rank_outputs(TASK, candidates):
        keys = [grid_key(entry.grid) for entry in entries]
        assert len(set(keys)) == len(keys)
