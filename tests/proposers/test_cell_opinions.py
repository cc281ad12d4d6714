"""Which grids the cell model reads again."""

from __future__ import annotations

import pytest

from arc_solver.grids import as_grid, grids_equal
from arc_solver.proposers.cells.opinions import Opinions
from arc_solver.proposers.cells.ordering import Progress

A, B, C, D = (as_grid([[color]]) for color in range(4))


def known(**votes):
    opinions = Opinions("t", 0)
    for grid, logprobs in votes.items():
        for logprob in logprobs:
            opinions.answered(globals()[grid], logprob)
    return opinions


def names(grids):
    return ["ABCD"[grid[0, 0]] for grid in grids]


def test_most_votes_first_then_the_likelier():
    assert names(known(A=[-1.0], B=[-3.0, -3.0], C=[-0.5]).drafts(2)) == ["B", "C"]


def test_half_of_the_room_is_for_others():
    opinions = known(A=[-1.0, -1.0], B=[-2.0], C=[-3.0])
    assert names(opinions.drafts(2, [D])) == ["A", "D"]
    assert names(opinions.drafts(4, [D, A])) == ["A", "B", "C", "D"]
    assert names(opinions.drafts(1, [D])) == ["D"]
    assert names(known().drafts(3, [D, C])) == ["D", "C"]


def test_a_score_is_the_mean_over_its_views_and_told_once():
    opinions = known(A=[-1.0])
    opinions.scored(A, -1.0)
    opinions.scored(A, -3.0)
    (told,) = opinions.news("transduction")
    assert grids_equal(told.grid, A)
    assert (told.logprob, told.n_views, told.proposer) == (pytest.approx(-2.0), 2, "transduction")
    assert list(opinions.news("transduction")) == []
    opinions.scored(A, -2.0)
    assert [one.n_views for one in opinions.news("transduction")] == [3]


def test_progress_counts_answers_and_scores_the_one_that_came_most_often():
    assert known().progress() == Progress()
    opinions = known(A=[-2.0, -1.0], B=[-0.5])
    opinions.scored(A, -1.0)
    opinions.scored(A, -3.0)
    opinions.scored(B, -0.5)
    opinions.scored(C, -0.1)
    assert opinions.progress() == Progress(n_views=3, best_logprob=-0.5, n_votes=2, score=-2.0)
