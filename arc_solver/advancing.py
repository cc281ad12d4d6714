"""How many steps this process made: who computes for long without a word counts them here, and its sign of life tells.

So whoever watches it can tell one that gets on from one that only takes processor time. A step is a piece of work that
comes to an end by itself: one of learning, a batch of answers, one of an engine. Knows nothing of who counts and of
who watches.
"""

from __future__ import annotations

_made = [0]


def step() -> None:
    """One more. From several threads at once some may be missed, and not all of them."""
    _made[0] += 1


def n_steps() -> int:
    """So many until now."""
    return _made[0]
