"""Which test inputs the cell model answers next."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.proposers.cells.ordering import Progress, Promise, most_promising_first
from arc_solver.proposers.cells.settings import CellSettings

SETTINGS = CellSettings(hopeful_logprob=-3.5, settled_votes=2, settled_logprob=-0.2)
NEW = Progress()
LIKELY = Progress(1, -1.0, 1, -1.0)
HOPELESS = Progress(1, -4.0, 1, -4.0)
SETTLED = Progress(2, -0.1, 2, -0.1)


@pytest.mark.parametrize(
    ("progress", "promise"),
    [
        (NEW, Promise.OPEN),
        (LIKELY, Promise.OPEN),
        (Progress(1, -3.5, 1, -3.5), Promise.OPEN),
        (HOPELESS, Promise.HOPELESS),
        (Progress(9, -3.0, 1, -7.0), Promise.OPEN),
        (SETTLED, Promise.SETTLED),
        (Progress(1, 0.0, 1, 0.0), Promise.OPEN),
        (Progress(2, -0.1, 2, -0.3), Promise.OPEN),
    ],
)
def test_what_another_view_is_worth(progress, promise):
    assert progress.promise(SETTINGS) == promise


def test_all_are_answered_once_then_the_promising_go_first_through_their_views():
    assert most_promising_first([LIKELY, NEW, HOPELESS, NEW], SETTINGS) == [1, 3, 0, 2]
    seen_often = Progress(7, -1.0, 2, -1.5)
    assert most_promising_first([HOPELESS, SETTLED, seen_often, LIKELY], SETTINGS) == [3, 2, 0, 1]


def test_some_wait_until_the_others_of_their_group_have_so_many_views_more():
    two, four = Progress(2, -1.0, 1, -1.0), Progress(4, -1.0, 1, -1.0)
    assert most_promising_first([NEW, four, two, LIKELY], SETTINGS, [4, 0, 0, 0]) == [3, 2, 0, 1]
    assert most_promising_first([NEW, HOPELESS, SETTLED], SETTINGS, [4, 0, 0]) == [0, 1, 2]


def test_thresholds_are_settings():
    patient = CellSettings(hopeful_logprob=-9.0, settled_votes=3, settled_logprob=-0.2)
    assert {one.promise(patient) for one in (LIKELY, HOPELESS, SETTLED)} == {Promise.OPEN}


numbers = st.floats(-20.0, 0.0) | st.just(-math.inf)
some_progress = st.lists(st.builds(Progress, st.integers(0, 5), numbers, st.integers(0, 3), numbers), max_size=12)


@given(some_progress)
def test_the_order_has_every_place_once_and_keeps_the_given_order_among_equals(progress):
    order = most_promising_first(progress, SETTINGS)
    assert sorted(order) == list(range(len(progress)))
    keys = [(progress[at].promise(SETTINGS), progress[at].n_views, at) for at in order]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    "changes", [{"settled_votes": 0}, {"second_opinions": -1}, {"hopeful_logprob": 0.5}, {"settled_logprob": math.nan}]
)
def test_thresholds_that_make_no_sense_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        CellSettings(**changes)
