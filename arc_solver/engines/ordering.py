"""The order in which prompts are handed to an engine with a prefix cache.

Knows tokens only. Prompts that begin alike go next to each other, so that what they share is still in the cache when
the second comes; families of such prompts keep the caller's order, since a deadline cuts the last ones.
"""

from __future__ import annotations

from collections.abc import Sequence

_SHARED = 0.5  # of the shorter prompt: less is only the instructions that all tasks have in common


def prefix_order(prompts: Sequence[tuple[int, ...]]) -> list[int]:
    """Positions of the prompts in the order in which they are best read.

    Args:
        prompts: Token ids of each.

    Returns:
        A permutation of `range(len(prompts))`.
    """
    families: list[list[int]] = []
    for index in sorted(range(len(prompts)), key=lambda index: prompts[index]):
        if families and _n_shared(prompts[families[-1][-1]], prompts[index]) >= _SHARED * min(
            len(prompts[families[-1][-1]]), len(prompts[index])
        ):
            families[-1].append(index)
        else:
            families.append([index])
    families.sort(key=min)
    return [index for family in families for index in family]


def _n_shared(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    """Length of the common prefix, by halving: comparing slices is fast, a loop over tokens is not."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
