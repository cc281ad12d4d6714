from __future__ import annotations

import io
import json

import numpy as np
import pytest
from rich.console import Console

from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Scored
from arc_solver.evaluation import METRICS, evaluate_submission, render_table, to_json
from arc_solver.grids import as_grid
from arc_solver.statistics import bootstrap_intervals
from arc_solver.tasks import Challenges, Pair, Solutions, Task

RIGHT, WRONG, SMALL = [[1, 2], [3, 4]], [[1, 2], [3, 0]], [[1]]
TRUE = as_grid(RIGHT)


def answers(*pairs):
    return [{"attempt_1": first, "attempt_2": second} for first, second in pairs]


def solutions(**n_outputs):
    return Solutions({name: (TRUE,) * count for name, count in n_outputs.items()})


def vote(task_id, grid, test_index=0, seed=0):
    return Candidate(task_id, {test_index: as_grid(grid)}, Origin("transduction", "", seed), GridEvidence(-1.0, 4))


def program(task_id, *grids, cost=1.0):
    outputs = {index: as_grid(grid) for index, grid in enumerate(grids)}
    return Candidate(task_id, outputs, Origin("search"), ProgramEvidence(f"{cost}{grids}", 2, 2, cost))


def values(evaluation):
    return {name: figure.value for name, figure in evaluation.together.figures.items()}


class TestAttemptsOnly:
    def test_figures_by_hand(self):
        submission = {
            "first": answers((RIGHT, WRONG)),
            "second": answers((WRONG, RIGHT)),
            "half": answers((RIGHT, WRONG), (SMALL, WRONG)),
            "wrong": answers((WRONG, SMALL)),
        }
        evaluation = evaluate_submission(submission, solutions(first=1, second=1, half=2, wrong=1))
        assert (evaluation.together.n_tasks, evaluation.together.n_outputs) == (4, 5)
        assert evaluation.together.tasks_solved == 2
        assert values(evaluation) == pytest.approx(
            {
                "kaggle_score": 3 / 5,
                "vote_1": (1 + 0 + 0.5 + 0) / 4,
                "vote_2": (1 + 1 + 0.5 + 0) / 4,
                "pass_n": (1 + 1 + 0.5 + 0) / 4,
                "accuracy": (0.5 + 0.5 + 0.25 + 0) / 4,
                "unanswered": 0,
                "correct_size": (1 + 1 + 0.75 + 0.5) / 4,
                "correct_pixels": (0.875 + 0.875 + (0.875 + 0.375) / 2 + 0.375) / 4,
            }
        )
        assert [task.correct for task in evaluation.together.tasks] == [(1,), (2,), (1, 0), (0,)]
        assert [task.solved for task in evaluation.together.tasks] == [True, True, False, False]
        assert evaluation.proposers == {}

    def test_what_is_unanswered_stays_in_the_denominator(self):
        evaluation = evaluate_submission({"a": answers((RIGHT, WRONG))}, solutions(a=1, b=1, c=2))
        assert evaluation.together.n_tasks == 3
        assert evaluation.together.n_outputs == 4
        assert values(evaluation)["kaggle_score"] == 1 / 4
        assert values(evaluation)["vote_2"] == pytest.approx(1 / 3)
        assert values(evaluation)["unanswered"] == pytest.approx(2 / 3)

    def test_a_task_with_too_few_answers_is_not_solved(self):
        evaluation = evaluate_submission({"a": answers((RIGHT, WRONG))}, solutions(a=2))
        assert evaluation.together.tasks_solved == 0
        assert values(evaluation)["kaggle_score"] == 0.5
        assert values(evaluation)["unanswered"] == 0.5

    @pytest.mark.parametrize(
        "entry",
        [
            None,
            {},
            5,
            [],
            [None],
            [[]],
            [{}],
            [{"attempt_1": None, "attempt_2": [[11]]}],
            [{"attempt_1": [[True]], "attempt_2": [[1], []]}],
        ],
    )
    def test_what_is_malformed_is_unanswered(self, entry):
        evaluation = evaluate_submission({"a": entry}, solutions(a=1))
        assert values(evaluation)["unanswered"] == 1
        assert sum(values(evaluation).values()) == 1

    def test_tasks_without_a_solution_are_told_and_not_scored(self):
        submission = {"a": answers((RIGHT, RIGHT)), "x": answers((RIGHT, RIGHT))}
        evaluation = evaluate_submission(submission, solutions(a=1))
        assert evaluation.n_unknown_tasks == 1
        assert evaluation.together.n_tasks == 1
        assert values(evaluation)["kaggle_score"] == 1

    def test_nothing_to_score(self):
        scores = evaluate_submission({"a": answers((RIGHT, RIGHT))}, Solutions({})).together
        assert (scores.n_tasks, scores.n_outputs, scores.tasks_solved) == (0, 0, 0)
        assert set(scores.figures) == set(METRICS)


class TestCandidates:
    CANDIDATES = (
        vote("a", RIGHT, seed=0),
        vote("a", WRONG, seed=1),
        vote("a", WRONG, seed=2),
        vote("a", SMALL, seed=3),
        program("b", RIGHT, WRONG),
    )
    SUBMISSION = {  # noqa: RUF012
        "a": answers((WRONG, SMALL)),
        "b": answers((RIGHT, SMALL), (WRONG, SMALL)),
        "c": answers((RIGHT, SMALL)),
    }
    TRUE = solutions(a=1, b=2, c=1)

    def test_figures_by_hand(self):
        evaluation = evaluate_submission(self.SUBMISSION, self.TRUE, self.CANDIDATES)
        assert evaluation.together.n_candidates == 5
        assert values(evaluation) == pytest.approx(
            {
                "kaggle_score": 2 / 4,
                "vote_1": (0 + 0.5 + 1) / 3,
                "vote_2": (0 + 0.5 + 1) / 3,
                # A right fall-back counts as proposed, so that pass_n is never below vote_2.
                "pass_n": (1 + 0.5 + 1) / 3,
                "accuracy": (0.25 + 0.5 + 0) / 3,
                "unanswered": (0 + 0 + 1) / 3,
                "correct_size": (0.75 + 1 + 0) / 3,
                "correct_pixels": ((1 + 0.75 + 0.75 + 0) / 4 + (1 + 0.75) / 2 + 0) / 3,
            }
        )
        assert [task.proposed for task in evaluation.together.tasks] == [(True,), (True, False), (True,)]

    def test_each_proposer_is_scored_as_if_alone(self):
        evaluation = evaluate_submission(self.SUBMISSION, self.TRUE, self.CANDIDATES)
        assert list(evaluation.proposers) == ["search", "transduction"]
        search, transduction = evaluation.proposers.values()
        assert (search.n_candidates, transduction.n_candidates) == (1, 4)
        # WRONG has two votes, RIGHT and SMALL one each at the same probability: the smaller grid is simpler.
        assert transduction.tasks[0].correct == (0,)
        assert transduction.figures["pass_n"].value == pytest.approx(1 / 3)
        assert search.figures["vote_1"].value == pytest.approx(0.5 / 3)
        assert search.figures["unanswered"].value == pytest.approx(2 / 3)
        assert search.n_tasks == transduction.n_tasks == 3

    def test_a_proposer_alone_has_its_own_scores_and_no_others(self):
        def attempt(proposer):
            scores = [
                Scored("a", 0, as_grid(grid), logprob, 8, proposer)
                for grid, logprob in ((RIGHT, -1.0), (WRONG, -5.0), (SMALL, -9.0))
            ]
            found = [*self.CANDIDATES, vote("a", RIGHT, seed=9)]
            evaluation = evaluate_submission(self.SUBMISSION, self.TRUE, found, None, scores)
            return evaluation.proposers["transduction"].tasks[0].correct

        assert attempt("transduction") == (1,)
        assert attempt("search") == (2,)

    def test_with_the_tasks_the_votes_know_the_output_sizes(self):
        pair = Pair(as_grid([[0, 0]] * 2), as_grid([[5, 5]] * 2))
        tasks = tuple(Task(name, (pair,), (pair.input,) * count) for name, count in (("a", 1), ("b", 2), ("c", 1)))
        challenges = Challenges(tasks, (), ("a", "b", "c"))
        evaluation = evaluate_submission(self.SUBMISSION, self.TRUE, self.CANDIDATES, challenges)
        assert evaluation.proposers["transduction"].tasks[0].correct == (2,)

    def test_no_candidates_at_all_is_not_the_same_as_none_given(self):
        evaluation = evaluate_submission(self.SUBMISSION, self.TRUE, [])
        assert values(evaluation)["unanswered"] == 1
        assert values(evaluation)["vote_2"] == pytest.approx((0 + 0.5 + 1) / 3)
        assert evaluation.proposers == {}

    def test_candidates_of_unknown_tasks_and_test_inputs_do_no_harm(self):
        extra = [*self.CANDIDATES, vote("zz", RIGHT), vote("a", RIGHT, test_index=9)]
        assert values(evaluate_submission(self.SUBMISSION, self.TRUE, extra)) == values(
            evaluate_submission(self.SUBMISSION, self.TRUE, self.CANDIDATES)
        )


class TestIntervals:
    def test_they_agree_with_a_plain_bootstrap(self):
        rng = np.random.default_rng(3)
        correct, outputs = rng.integers(0, 2, 60).astype(float), rng.integers(1, 4, 60).astype(float)
        low, high = bootstrap_intervals(correct[:, None], outputs[:, None], np.random.default_rng(0))
        ratios = []
        for _ in range(10_000):
            drawn = rng.integers(0, 60, 60)
            ratios.append(correct[drawn].sum() / outputs[drawn].sum())
        assert [low[0], high[0]] == pytest.approx(np.quantile(ratios, [0.025, 0.975]), abs=0.01)

    def test_a_mean_has_the_width_that_theory_says(self):
        values = (np.arange(400) < 80).astype(float)[:, None]
        low, high = bootstrap_intervals(values, np.ones((400, 1)), np.random.default_rng(1))
        assert (high[0] - low[0]) / 2 == pytest.approx(1.96 * np.sqrt(0.2 * 0.8 / 400), rel=0.05)
        assert low[0] < 0.2 < high[0]

    def test_nothing_solved_is_not_nothing_uncertain(self):
        evaluation = evaluate_submission({}, solutions(**{str(index): 1 for index in range(100)}))
        figure = evaluation.together.figures["vote_2"]
        assert (figure.value, figure.low) == (0.0, 0.0)
        assert figure.high == pytest.approx(0.0370, abs=1e-4)  # Wilson, 0 of 100
        assert evaluation.together.tasks_solved_interval == (0.0, pytest.approx(3.70, abs=1e-2))

    def test_a_task_keeps_its_own_values(self):
        evaluation = evaluate_submission({"a": answers((RIGHT, WRONG), (SMALL, WRONG))}, solutions(a=2))
        assert evaluation.together.tasks[0].values["vote_2"] == 0.5
        assert set(evaluation.together.tasks[0].values) == {*METRICS} - {"kaggle_score"}

    def test_all_figures_of_a_seed_are_the_same_each_time(self):
        submission = {str(index): answers((RIGHT if index % 3 else WRONG, SMALL)) for index in range(30)}
        true = solutions(**{str(index): 1 + index % 2 for index in range(30)})
        first, again, other = (to_json(evaluate_submission(submission, true, seed=seed)) for seed in (4, 4, 5))
        assert first == again
        assert first != other
        assert first["kaggle_score"] == other["kaggle_score"]


class TestShowing:
    def test_json_has_every_figure_with_its_interval(self):
        value = to_json(evaluate_submission(TestCandidates.SUBMISSION, TestCandidates.TRUE, TestCandidates.CANDIDATES))
        assert json.loads(json.dumps(value, allow_nan=False)) == value
        assert {"n_tasks", "n_outputs", "tasks_solved", "kaggle_score", "pass_n", "vote_1", "vote_2"} <= value.keys()
        for part in (value, *value["proposers"].values()):
            for name in ("tasks_solved", *METRICS):
                low, high = part[f"{name}_interval"]
                assert low <= part[name] <= high

    def test_the_table_names_everybody(self):
        evaluation = evaluate_submission(TestCandidates.SUBMISSION, TestCandidates.TRUE, TestCandidates.CANDIDATES)
        text = io.StringIO()
        Console(width=140, file=text).print(render_table(evaluation))
        for word in ("3 tasks, 4 outputs", "together", "search", "transduction", "tasks solved", "kaggle score"):
            assert word in text.getvalue()
        assert "50.00%" in text.getvalue()
