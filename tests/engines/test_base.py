"""Sampling: what makes no sense is refused where it is written down."""

from __future__ import annotations

import pytest

from arc_solver.engines.base import Sampling


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens"),
        ({"temperature": -0.1}, "temperature"),
        ({"top_p": 0.0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"min_p": -0.1}, "min_p"),
        ({"min_p": 1.1}, "min_p"),
    ],
)
def test_sampling_that_makes_no_sense(changes: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Sampling(**({"max_new_tokens": 1} | changes))


def test_min_p_may_be_anything_from_nothing_to_all() -> None:
    assert [Sampling(1, min_p=min_p).min_p for min_p in (0, 0.5, 1)] == [0, 0.5, 1]
    assert Sampling(1).min_p == 0
