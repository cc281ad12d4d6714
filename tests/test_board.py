"""The board votes again only where something new came, and forgets nothing."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from arc_solver.board import Board
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Rejected
from arc_solver.grids import as_grid
from arc_solver.proposers.base import TaskDone
from arc_solver.tasks import Challenges


def program(task_id: str, cell: int, passed: int = 3, cost: float = 1.0) -> Candidate:
    evidence = ProgramEvidence(f"def task(grid):\n    return np.array([[{cell}]])  # {cost}\n", passed, 3, cost)
    return Candidate(task_id, {0: as_grid([[cell]])}, Origin("search"), evidence)


def sample(task_id: str, cell: int, seed: int) -> Candidate:
    return Candidate(task_id, {0: as_grid([[cell]])}, Origin("transduction", "view", seed), GridEvidence(-1.0, 4))


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
        sample("task0", 4, 1),
    ]
    seen = set()
    for order in permutations(events):
        board = Board(flip_challenges)
        for event in order:
            board.add(event)
        first, second = board.attempts()["task0"].pairs[0]
        seen.add((first.grid.tobytes(), second.grid.tobytes()))
    assert seen == {(np.int8(2).tobytes(), np.int8(4).tobytes())}


def test_tasks_with_a_fitting_program_are_counted_once(flip_challenges: Challenges) -> None:
    board = Board(flip_challenges)
    for event in (program("task0", 1), program("task0", 2), program("task1", 3, passed=2), sample("task2", 1, 0)):
        board.add(event)
    assert board.n_fitting() == 1
