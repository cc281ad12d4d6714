"""Drawing by weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

_T = TypeVar("_T")


def choose(rng: np.random.Generator, weighted: Sequence[tuple[_T, float]]) -> _T:
    """One of the values, each as often as its weight says.

    Args:
        rng: Source of randomness.
        weighted: (value, weight), at least one weight above 0.
    """
    point = rng.random() * sum(weight for _, weight in weighted)
    for value, weight in weighted:
        point -= weight
        if point < 0:
            return value
    return weighted[-1][0]
