"""What is kept is bounded, loses nothing that could win, and can be told again from what was taken in."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.board import MAX_SCORES, Board
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Scored
from arc_solver.grids import as_grid, grid_key
from arc_solver.journal import Journal, Surplus, read
from arc_solver.shelf import Placed, Shelf, ShelfLimits
from arc_solver.tasks import Challenges, Pair, Task
from arc_solver.voting import choose_attempts

SMALL = ShelfLimits(n_passing=6, n_partial=4, n_voted=6, n_changes=5)
TASK = Task("t", (Pair(as_grid([[1, 2]]), as_grid([[2, 1]])),) * 2, (as_grid([[3, 4]]), as_grid([[5, 6]])))
CHALLENGES = Challenges((TASK,), (), ("t",))

cells = st.integers(0, 5)
voted = st.builds(
    lambda index, cell, seed, logprob: Candidate(
        "t", {index: as_grid([[cell, cell]])}, Origin("transduction", "", seed), GridEvidence(logprob, 4)
    ),
    st.integers(0, 1),
    cells,
    st.integers(0, 10**6),
    st.floats(-9, 0) | st.just(float("nan")),
)
programs = st.builds(
    lambda first, second, passed, cost, name: Candidate(
        "t",
        {0: as_grid([[first, 0]]), 1: as_grid([[second, 0]])},
        Origin(name),
        ProgramEvidence(f"{first} {second} {cost} {passed}", passed, 2, cost),
    ),
    cells,
    cells,
    st.integers(0, 2),
    st.floats(0, 9),
    st.sampled_from(["search", "induction"]),
)
scores = st.builds(
    lambda cell, logprob, n_views: Scored("t", 0, as_grid([[cell, cell]]), logprob, n_views, "transduction"),
    cells,
    st.floats(-9, 0),
    st.integers(1, 4),
)


def answers(board: Board) -> list[bytes]:
    return [grid_key(attempt.grid) for pair in board.attempts()["t"].pairs for attempt in pair]


def vote(cell: int, seed: int, logprob: float = -1.0) -> Candidate:
    return Candidate("t", {0: as_grid([[cell, cell]])}, Origin("transduction", "", seed), GridEvidence(logprob, 4))


def program(cell: int, cost: float, passed: int = 2) -> Candidate:
    return Candidate("t", {0: as_grid([[cell]])}, Origin("search"), ProgramEvidence(f"{cell} {cost}", passed, 2, cost))


@settings(deadline=None)
@given(st.lists(voted | programs | scores, max_size=40))
def test_as_long_as_there_is_room_the_votes_are_those_of_everything(events: list[Any]) -> None:
    board = Board(CHALLENGES)
    for event in events:
        board.add(event)
    candidates = [event for event in events if isinstance(event, Candidate)]
    # One source counts once for its outputs, whatever else is said of it: the first of them.
    first = {
        (one.origin, one.evidence.source if isinstance(one.evidence, ProgramEvidence) else "", repr(one.outputs)): one
        for one in reversed(candidates)
    }
    chosen = choose_attempts(TASK, first.values(), [event for event in events if isinstance(event, Scored)])
    assert answers(board) == [grid_key(attempt.grid) for pair in chosen.pairs for attempt in pair]
    assert board.surplus() == []


@settings(deadline=None, max_examples=60)
@given(st.lists(voted | programs | scores, max_size=120))
def test_a_bounded_journal_gives_the_votes_of_the_run_that_wrote_it(tmp_path_factory: Any, events: list[Any]) -> None:
    path = tmp_path_factory.mktemp("run") / "j.jsonl"
    board = Board(CHALLENGES, SMALL)
    with Journal.open(path, "key")[0] as journal:
        for event in events:
            if board.add(event):
                journal.append(event)
        journal.append(*board.surplus())
    contents = read(path)
    again = Board(CHALLENGES, SMALL)
    again.take_over(contents)
    assert answers(again) == answers(board)
    assert str([one.to_json() for one in again.candidates["t"]]) == str(
        [one.to_json() for one in board.candidates["t"]]
    )
    assert again.surplus() == []
    n_offered = len({repr(event) for event in events if isinstance(event, Candidate)})
    assert len(contents.candidates) <= n_offered <= len(contents.candidates) + contents.surplus.total() + len(events)


@settings(deadline=None)
@given(st.lists(voted | programs, max_size=200))
def test_no_section_holds_more_than_it_may(events: list[Candidate]) -> None:
    board = Board(CHALLENGES, SMALL)
    n_taken: Counter[object] = Counter()
    for event in events:
        n_taken[section(event)] += board.add(event)
    held = Counter(map(section, board.candidates["t"]))
    sizes = {"passing": SMALL.n_passing, "partial": SMALL.n_partial, "voted": SMALL.n_voted}
    assert all(count <= sizes[name[1]] for name, count in held.items())
    assert all(count <= SMALL.n_changes * sizes[name[1]] for name, count in n_taken.items())
    assert len(board._outputs["t"]) <= len(board.candidates["t"])


def section(candidate: Candidate) -> tuple[Any, ...]:
    if isinstance(candidate.evidence, ProgramEvidence):
        return candidate.origin.proposer, "passing" if candidate.evidence.passes_all else "partial"
    return candidate.origin.proposer, "voted", *candidate.outputs


def test_what_comes_late_and_is_agreed_on_finds_its_place() -> None:
    shelf = Shelf(SMALL)
    for seed in range(6):
        assert shelf.put(vote(seed, seed, -1.0 - seed)) == Placed(True)
    assert shelf.put(vote(9, 10, -20.0)) == Placed(False)
    late = vote(9, 11, -0.5)
    assert shelf.put(late).replaced is not None
    again = shelf.put(vote(9, 12, -30.0))  # agreement counts more than its probability
    assert again.kept
    assert again.replaced is not None
    assert again.replaced.evidence.logprob == -5.0


def test_a_group_gets_no_more_than_half_so_that_there_is_a_second_answer() -> None:
    shelf = Shelf(SMALL)
    placed = [shelf.put(vote(1, seed)).kept for seed in range(9)]
    assert placed == [True] * 3 + [False] * 6
    assert [shelf.put(vote(2, seed)).kept for seed in range(9)] == [True] * 3 + [False] * 6
    assert not shelf.put(vote(3, 0, 0.0)).kept


def test_the_simpler_program_replaces_the_dearer_one_and_no_group_ever_itself() -> None:
    shelf = Shelf(SMALL)
    for cell in range(6):
        assert shelf.put(program(cell, cost=5.0 + cell)).kept
    assert shelf.put(program(7, cost=4.0)).replaced is not None
    assert not shelf.put(program(8, cost=40.0)).kept
    partial = shelf.put(program(8, cost=40.0, passed=1))
    assert partial == Placed(True)  # in a section of its own


def test_a_program_that_passes_more_pairs_goes_before_two_that_agree_on_less() -> None:
    three = ShelfLimits(n_partial=2)
    shelf = Shelf(three)
    evidence = ProgramEvidence("a", 1, 3, 1.0)
    low = Candidate("t", {0: as_grid([[1]])}, Origin("induction"), evidence)
    assert shelf.put(low).kept
    assert shelf.put(replace(low, outputs={0: as_grid([[2]])})).kept
    high = replace(low, outputs={0: as_grid([[3]])}, evidence=replace(evidence, n_train_passed=2, cost=99.0))
    assert shelf.put(high).kept


def test_a_section_that_changed_often_enough_stays_as_it_is() -> None:
    shelf = Shelf(SMALL)
    kept = [shelf.put(vote(index % 10, index, -100.0 + index)).kept for index in range(100)]
    assert sum(kept) == SMALL.n_voted * SMALL.n_changes


@pytest.mark.parametrize("limits", [{"n_passing": 1}, {"n_partial": 0}, {"n_voted": 1}, {"n_changes": 0}])
def test_a_section_must_hold_two(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least two"):
        ShelfLimits(**limits)


def test_what_is_not_kept_is_counted_once_told() -> None:
    board = Board(CHALLENGES, SMALL)
    for seed in range(9):
        board.add(vote(1, seed))
    assert board.n_candidates() == {"transduction": 9}
    assert board.surplus() == [Surplus("t", "transduction", 6)]
    assert board.surplus() == []


def test_equal_outputs_are_in_memory_once() -> None:
    board = Board(CHALLENGES)
    for seed in range(5):
        board.add(vote(1, seed))
    assert len({id(one.outputs) for one in board.candidates["t"]}) == 1


def test_the_order_of_arrival_does_not_matter_while_there_is_room() -> None:
    events = [vote(1, 0), vote(2, 1), vote(2, 2, -3.0), program(4, 1.0, passed=1)]
    seen = set()
    for order in permutations(events):
        board = Board(CHALLENGES, SMALL)
        for event in order:
            board.add(event)
        seen.add(tuple(answers(board)))
    assert len(seen) == 1


def test_scores_are_bounded_and_better_ones_of_what_is_known_still_count() -> None:
    board = Board(CHALLENGES)
    grids = [as_grid(np.array(list(np.ndindex(10, 10, 10)))[[index]]) for index in range(MAX_SCORES + 3)]
    news = [board.add(Scored("t", 0, grid, -1.0, 1, "transduction")) for grid in grids]
    assert sum(news) == MAX_SCORES
    assert board.add(Scored("t", 0, grids[0], -2.0, 2, "transduction"))
    assert not board.add(Scored("t", 0, grids[-1], -2.0, 2, "transduction"))
    assert board.add(Scored("t", 0, grids[-1], -2.0, 2, "another"))


def test_scores_that_change_without_end_come_to_one() -> None:
    board = Board(CHALLENGES)
    grid = as_grid([[1, 1]])
    news = [board.add(Scored("t", 0, grid, -1.0, n_views, "transduction")) for n_views in range(1, 8 * MAX_SCORES + 9)]
    assert sum(news) == 8 * MAX_SCORES
    assert not news[-1]
