"""The board votes again only where something new came, and forgets nothing."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from arc_solver.board import MAX_POOLED, Board
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Rejected, Scored
from arc_solver.grids import as_grid
from arc_solver.proposers.base import PoolState, TaskDone
from arc_solver.tasks import Challenges


def program(task_id: str, cell: int, passed: int = 3, cost: float = 1.0) -> Candidate:
    evidence = ProgramEvidence(f"def task(grid):\n    return np.array([[{cell}]])  # {cost}\n", passed, 3, cost)
    return Candidate(task_id, {0: as_grid([[cell]])}, Origin("search"), evidence)


def sample(task_id: str, cell: int, seed: int) -> Candidate:
    return Candidate(task_id, {0: as_grid([[cell]])}, Origin("transduction", "view", seed), GridEvidence(-1.0, 4))


def score(task_id: str, cell: int, logprob: float, n_views: int = 8) -> Scored:
    return Scored(task_id, 0, as_grid([[cell]]), logprob, n_views, "transduction")


def first(board: Board, task_id: str) -> int:
    return int(board.attempts()[task_id].pairs[0][0].grid[0, 0])


def test_a_repeated_candidate_counts_once_but_a_second_sample_counts_again(flip_challenges: Challenges) -> None:
    board = Board(flip_challenges)
    assert board.add(sample("task0", 5, seed=1))
    assert not board.add(sample("task0", 5, seed=1))
    assert board.add(sample("task0", 5, seed=2))
    assert board.n_candidates() == {"transduction": 2}


def test_only_what_changed_is_stale(flip_challenges: Challenges) -> None:
    board = Board(flip_challenges)
    assert board.changed
    board.attempts()
    assert not board.changed
    board.add(Rejected("task0", "search", "program: memory"))
    board.add(TaskDone("task0", "search"))
    assert not board.changed
    board.add(program("task1", 5))
    assert board.changed
    assert board.attempts()["task1"].pairs[0][0].grid.tolist() == [[5]]
    assert board.n_rejected() == {"search: program: memory": 1}
    assert board.done == {("search", "task0")}


def test_the_order_of_arrival_does_not_matter(flip_challenges: Challenges) -> None:
    events = [
        program("task0", 1, passed=2),
        program("task0", 2, cost=3.0),
        sample("task0", 4, 0),
        score("task0", 2, -1.0),
    ]
    seen = set()
    for order in permutations(events):
        board = Board(flip_challenges)
        for event in order:
            board.add(event)
        best, second = board.attempts()["task0"].pairs[0]
        seen.add((best.grid.tobytes(), second.grid.tobytes()))
    assert seen == {(np.int8(2).tobytes(), np.int8(4).tobytes())}


def test_tasks_with_a_fitting_program_are_counted_once(flip_challenges: Challenges) -> None:
    board = Board(flip_challenges)
    for event in (program("task0", 1), program("task0", 2), program("task1", 3, passed=2), sample("task2", 1, 0)):
        board.add(event)
    assert board.n_fitting() == 1


def test_scores_decide_among_equals_in_whatever_order_they_come(flip_challenges: Challenges) -> None:
    events = [
        program("task0", 1),
        program("task0", 2),
        score("task0", 1, -0.1, n_views=1),
        score("task0", 1, -5.0),
        score("task0", 2, -2.0),
    ]
    for order in permutations(events):
        board = Board(flip_challenges)
        for event in order:
            board.add(event)
            board.attempts()
        assert first(board, "task0") == 2
        assert sorted(one.logprob for one in board.scores()) == [-5.0, -2.0]


def test_only_a_score_that_says_more_is_news(flip_challenges: Challenges) -> None:
    board = Board(flip_challenges)
    board.attempts()
    assert board.add(score("task0", 1, -1.0))
    assert board.changed
    board.attempts()
    for worse in (score("task0", 1, -1.0), score("task0", 1, -0.1, n_views=4), score("stranger", 1, -1.0)):
        assert not board.add(worse)
    assert not board.changed
    assert board.add(score("task0", 1, -3.0, n_views=9))


@pytest.mark.parametrize("logprob", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_no_score(flip_challenges: Challenges, logprob: float) -> None:
    board = Board(flip_challenges)
    assert not board.add(score("task0", 1, logprob))
    assert board.scores() == []


def test_the_pool_tells_of_what_changed_since_the_last_time(flip_challenges: Challenges) -> None:
    board = Board(flip_challenges)
    board.attempts()
    assert board.news() == []
    for event in (program("task1", 5), program("task1", 5, cost=2.0), sample("task1", 6, 0), sample("task2", 7, 0)):
        board.add(event)
    assert board.news() == []  # nobody voted yet
    board.attempts()
    one, two = sorted(board.news(), key=lambda state: state.task_id)
    assert (one.task_id, one.solved, one.n_derivations) == ("task1", True, 2)
    assert facts(one) == [(5, "program", 2, ("search",)), (6, "voted", 1, ("transduction",))]
    assert (two.task_id, two.solved, facts(two)) == ("task2", False, [(7, "voted", 1, ("transduction",))])
    assert board.news() == []
    board.add(sample("task2", 7, 1))
    board.add(program("task1", 9, passed=0))  # ranked nowhere
    board.attempts()
    (again,) = board.news()
    assert facts(again) == [(7, "voted", 2, ("transduction",))]


def test_the_pool_holds_the_best_few_in_the_order_of_the_votes(flip_challenges: Challenges) -> None:
    board = Board(flip_challenges)
    for cell in range(10):
        board.add(program("task0", cell))
    board.attempts()
    (state,) = board.news()
    assert [fact[0] for fact in facts(state)] == list(range(MAX_POOLED))
    for cell in range(10):
        board.add(score("task0", cell, float(cell - 10)))
    board.attempts()
    (state,) = board.news()
    assert [fact[0] for fact in facts(state)] == list(range(9, 1, -1))


def facts(state: PoolState) -> list[tuple[int, str, int, tuple[str, ...]]]:
    """What is told of the first test input."""
    return [(int(one.grid[0, 0]), one.kind, one.n_hits, one.proposers) for one in state.of(0)]
