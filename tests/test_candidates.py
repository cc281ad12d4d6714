from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Scored
from arc_solver.errors import GridError
from arc_solver.grids import as_grid, grid_key, grids_equal

numbers = st.floats(-1e6, 1e6)
grids = (
    st.integers(1, 4)
    .flatmap(
        lambda width: st.lists(st.lists(st.integers(0, 9), min_size=width, max_size=width), min_size=1, max_size=4)
    )
    .map(as_grid)
)
programs = st.builds(
    ProgramEvidence, st.text(), st.integers(0, 5), st.integers(0, 5), numbers, st.none() | numbers, st.text()
)
written = st.builds(GridEvidence, numbers, st.integers(1, 900))
candidates = st.builds(
    Candidate,
    st.text(),
    st.dictionaries(st.integers(0, 5), grids, max_size=3),
    st.builds(Origin, st.text(), st.text(), st.integers(0, 2**63)),
    programs | written,
)


@settings(deadline=None)
@given(candidates)
def test_json_and_back_is_the_same_candidate(candidate):
    text = json.dumps(candidate.to_json())
    again = Candidate.from_json(json.loads(text))
    assert (again.task_id, again.origin, again.evidence) == (candidate.task_id, candidate.origin, candidate.evidence)
    assert again.outputs.keys() == candidate.outputs.keys()
    assert all(grids_equal(again.outputs[index], grid) for index, grid in candidate.outputs.items())
    assert json.dumps(again.to_json()) == text


def test_grids_that_are_lists_of_rows_are_read_too():
    candidate = Candidate("t", {0: as_grid([[1, 2], [3, 4]])}, Origin("search"), GridEvidence(-1.0, 1))
    value = candidate.to_json()
    assert value["outputs"] == {"0": "12/34"}
    assert Candidate.from_json(value | {"outputs": {"0": [[1, 2], [3, 4]]}}).to_json() == value
    score = Scored("t", 0, as_grid([[1, 2]]), -1.0, 1, "p").to_json()
    assert Scored.from_json(score | {"grid": [[1, 2]]}).to_json() == score


def test_the_order_of_the_outputs_does_not_show_in_json():
    grid = as_grid([[1]])
    one, other = (
        Candidate("t", outputs, Origin("search"), GridEvidence(0.0, 1))
        for outputs in ({0: grid, 1: grid}, {1: grid, 0: grid})
    )
    assert json.dumps(one.to_json()) == json.dumps(other.to_json())


@pytest.mark.parametrize(("passed", "total", "all_passed"), [(3, 3, True), (2, 3, False), (0, 3, False), (0, 0, False)])
def test_passing_all_pairs_needs_pairs(passed, total, all_passed):
    assert ProgramEvidence("", passed, total, 0.0).passes_all is all_passed


@pytest.mark.parametrize(
    "damage",
    [
        lambda value: value.pop("task_id"),
        lambda value: value["evidence"].update(kind="rumour"),
        lambda value: value["evidence"].pop("n_tokens"),
        lambda value: value["outputs"].update({"0": [[11]]}),
        lambda value: value["outputs"].update({"zero": [[1]]}),
        lambda value: value["origin"].update(colour="red"),
    ],
)
def test_what_is_no_candidate_raises_one_of_the_errors_that_are_promised(damage):
    value = Candidate("t", {0: as_grid([[1]])}, Origin("search"), GridEvidence(-1.0, 1)).to_json()
    damage(value)
    with pytest.raises((KeyError, TypeError, ValueError, GridError)):
        Candidate.from_json(value)


scores = st.builds(Scored, st.text(), st.integers(0, 5), grids, numbers, st.integers(1, 99), st.text())


@settings(deadline=None)
@given(scores)
def test_json_and_back_is_the_same_score(score):
    text = json.dumps(score.to_json())
    again = Scored.from_json(json.loads(text))
    assert again.what == score.what
    assert (again.logprob, again.n_views) == (score.logprob, score.n_views)
    assert json.dumps(again.to_json()) == text


@settings(deadline=None)
@given(scores, scores)
def test_scores_are_of_the_same_thing_or_not(one, other):
    same = (one.proposer, one.task_id, one.test_index) == (other.proposer, other.task_id, other.test_index)
    assert (one.what == other.what) == (same and grid_key(one.grid) == grid_key(other.grid))


def test_of_two_scores_the_one_of_more_views_is_kept_whoever_came_first():
    few, many, high = (Scored("t", 0, as_grid([[1]]), *rest, "p") for rest in ((-1.0, 2), (-9.0, 8), (-8.0, 8)))
    assert many.is_better_than(few)
    assert not few.is_better_than(many)
    assert high.is_better_than(many)
    assert not many.is_better_than(many)


@pytest.mark.parametrize(("test_index", "n_views"), [(-1, 1), (0, 0)])
def test_a_score_needs_a_test_input_and_a_view(test_index, n_views):
    with pytest.raises(ValueError, match="a score needs"):
        Scored("t", test_index, as_grid([[1]]), -1.0, n_views, "p")
