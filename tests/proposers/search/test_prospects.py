"""What is known of a task before a pass, and what searching it is expected to take."""

from __future__ import annotations

import math

import pytest

from arc_solver.allocation import Chances
from arc_solver.allocation.chances import StepTable
from arc_solver.proposers.search import SearchSettings
from arc_solver.proposers.search.analysis import analyse
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.prospects import Progress, expected_seconds, progress_of, prospect_of
from arc_solver.proposers.search.ranking import judge
from arc_solver.sandbox.verdicts import Ok


@pytest.mark.parametrize(
    ("progress", "word"),
    [
        (Progress(cost=0.0), "fits cheaply"),
        (Progress(cost=6.0, n_train_passed=1), "fits cheaply"),
        (Progress(cost=6.1), "fits"),
        (Progress(cost=12.1), "fits dearly"),
        (Progress(n_train_passed=1, wrong_share=0.01), "fits some pairs"),
        (Progress(wrong_share=0.05), "fits nearly"),
        (Progress(wrong_share=0.06), "fits nowhere"),
        (Progress(), "fits nowhere"),
    ],
)
def test_one_word_says_how_far_it_came(progress: Progress, word: str) -> None:
    assert progress.features() == (word,)


def test_progress_is_that_of_the_best_programs(toy_task, toy_grid) -> None:
    task = toy_task([("11", "22"), ("33", "44")], "55")

    def ran(*outputs: str):
        return judge(task, Draft("a", (f"return {outputs}",), 4.0), Ok(tuple(map(toy_grid, outputs))))

    one_pair, one_cell, wrong_size = ran("22", "99", "66"), ran("92", "44", "66"), ran("2", "4", "66")
    assert progress_of(task, [], math.inf) == Progress()
    assert progress_of(task, [one_pair, wrong_size], math.inf) == Progress(None, 1, 0.5)
    assert progress_of(task, [one_pair, one_cell], math.inf) == Progress(None, 1, 0.25)
    assert progress_of(task, [ran("22", "44", "66"), one_cell], 4.0) == Progress(4.0, 1, 0.25)


def test_later_passes_are_priced_by_their_programs(toy_task) -> None:
    analysis = analyse(Examples.of_task(toy_task([("12", "21")], "34")))
    one = [
        prospect_of(index, budget, 4, analysis, None) for index, budget in enumerate((1_000, 8_000, 64_000, 512_000))
    ]
    assert [prospect.step for prospect in one] == ["search 0", "search 1", "search 2", "search 2"]
    assert [prospect.amount for prospect in one] == [1.0, 1.0, 1.0, 8.0]
    assert one[0].features == ("size same", "edit move")


def test_settled_tasks_take_no_further_pass_in_what_is_expected(toy_task) -> None:
    steps = {
        "search 0": StepTable(10, 5, n_ended=5, scale=1.0),
        "search 1": StepTable(10, 5, n_ended=8, scale=10.0),
        "search 2": StepTable(10, 5, scale=100.0),
    }
    task = toy_task([("12", "21")], "34")
    seconds = [expected_seconds(task, SearchSettings(n), Chances(steps)) for n in (8_000, 64_000)]
    assert seconds == pytest.approx([1 + 0.5 * 10, 1 + 0.5 * 10 + 0.1 * 100])
