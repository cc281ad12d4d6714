"""Dealing: everything once, nobody with much more than the others, the same every time."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from arc_solver.allocation.dealing import deal

SECONDS = st.lists(st.floats(0, 100), max_size=40)


@given(SECONDS, st.integers(1, 8))
def test_every_piece_is_dealt_once_in_its_order(seconds: list[float], n_lanes: int) -> None:
    lanes = deal(seconds, n_lanes)
    assert len(lanes) == n_lanes
    assert sorted(itertools.chain(*lanes)) == list(range(len(seconds)))
    assert all(list(lane) == sorted(lane) for lane in lanes)
    assert deal(seconds, n_lanes) == lanes


@given(SECONDS, st.integers(1, 8))
def test_no_lane_has_more_than_the_mean_and_a_piece(seconds: list[float], n_lanes: int) -> None:
    loads = [sum(seconds[index] for index in lane) for lane in deal(seconds, n_lanes)]
    assert max(loads) <= sum(seconds) / n_lanes + max(seconds, default=0.0) + 1e-9


def test_one_dear_piece_is_worth_many_cheap_ones() -> None:
    assert deal([9, 1, 1, 1, 1, 1], 2) == ((0,), (1, 2, 3, 4, 5))
    assert deal([1, 1, 1, 9], 2) == ((3,), (0, 1, 2))


def test_with_fewer_pieces_than_lanes_some_get_none() -> None:
    assert deal([1.0], 3) == ((0,), (), ())
