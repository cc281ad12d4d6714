from __future__ import annotations

import numpy as np
import pytest

from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Rejected
from arc_solver.evaluation import score_candidates
from arc_solver.evaluation.samples import count_samples, pass_at
from arc_solver.grids import as_grid
from arc_solver.tasks import Solutions

TRUE, WRONG = as_grid([[1, 2]]), as_grid([[9, 9]])
ONE = Solutions({"t": (TRUE,)})
TWO = Solutions({"t": (TRUE, TRUE), "never asked": (TRUE,)})


def written(seed, grid=TRUE, index=0, proposer="transduction", task_id="t"):
    return Candidate(task_id, {index: grid}, Origin(proposer, "", seed), GridEvidence(-1.0, 3))


def program(seed, *grids, passed=3, task_id="t"):
    evidence = ProgramEvidence(f"program {seed}", passed, 3, 1.0)
    return Candidate(task_id, dict(enumerate(grids)), Origin("induction", "", seed), evidence)


def repeat(seed, of, task_id="t"):
    return Rejected(task_id, "induction", "program: duplicate", seed, of)


def n_correct(counts):
    return {count.task_id: count.n_correct for count in counts}


def test_grids_are_counted_by_test_output_and_sample():
    found = [written(1), written(2), written(3, WRONG), written(4, index=1), written(5, proposer="search")]
    counts = count_samples(found, (), TWO, "transduction", 8)
    assert n_correct(counts) == {"t": (2, 1), "never asked": (0,)}
    assert pass_at(counts, 1) == pytest.approx([(2 / 8 + 1 / 8) / 2, 0])
    assert pass_at(counts, 8).tolist() == [1.0, 0.0]


def test_a_sample_that_a_resumed_run_drew_again_counts_once():
    assert n_correct(count_samples([written(1), written(1)], (), ONE, "transduction", 4)) == {"t": (1,)}


def test_a_program_is_right_only_if_it_passes_every_training_pair():
    found = [program(1, TRUE, WRONG), program(2, TRUE, TRUE, passed=2), program(3, TRUE)]
    counts = count_samples(found, (), TWO, "induction", 4)
    assert n_correct(counts)["t"] == (2, 0)


def test_repeats_are_as_right_as_what_they_repeat():
    found = [program(1, TRUE), program(2, WRONG)]
    repeats = [repeat(3, 1), repeat(4, 3), repeat(5, 2), repeat(6, 99), repeat(7, 1, task_id="other")]
    assert n_correct(count_samples(found, repeats, ONE, "induction", 8)) == {"t": (3,)}


def test_a_chain_that_bites_its_tail_ends():
    assert n_correct(count_samples([program(1, TRUE)], [repeat(3, 4), repeat(4, 3)], ONE, "induction", 8)) == {
        "t": (1,)
    }


def test_more_samples_than_were_asked_for_are_no_more_than_all():
    found = [written(seed) for seed in range(9)]
    assert n_correct(count_samples(found, (), ONE, "transduction", 4)) == {"t": (4,)}


def test_candidates_alone_are_scored_without_fall_backs():
    nothing = score_candidates([], TWO)
    assert (nothing.n_tasks, nothing.figures["unanswered"].value) == (2, 1.0)
    some = score_candidates([written(1), written(2, index=1)], TWO)
    assert some.figures["vote_2"].value == 0.5
    assert np.mean([task.values["unanswered"] for task in some.tasks]) == 0.5
