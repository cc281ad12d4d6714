"""How proposers that run one after the other share their lane's time. Knows them by weight only."""

from __future__ import annotations

from collections.abc import Sequence

CELL_MODEL_WEIGHT = 4.0
"""Of the cell model beside the bundled text model; all else weighs 1. On the held-out tasks it solved 9 alone, the text
model's programs 2 (docs/log.md). Of a text model that somebody brings nothing is known.
"""


def share(weights: Sequence[float]) -> float:
    """The first one's share of what is left, given the weights of all that still wait: what it leaves, the next get."""
    return weights[0] / sum(weights)
