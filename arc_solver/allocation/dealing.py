"""Dealing tasks to lanes, so that all are through at about the same time.

The dearest first, each to the lane that has the least to do so far: never more than a third longer than the best deal
there is. Deterministic. Knows nothing of tasks.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def deal(seconds: Sequence[float], n_lanes: int) -> tuple[tuple[int, ...], ...]:
    """Deal pieces of work.

    Args:
        seconds: What each piece is expected to take.
        n_lanes: To how many lanes, at least one.

    Returns:
        For each lane the indices of its pieces, in their order. With fewer pieces than lanes some get none.
    """
    lanes: list[list[int]] = [[] for _ in range(n_lanes)]
    loads = [(0.0, lane) for lane in range(n_lanes)]
    for index in sorted(range(len(seconds)), key=lambda index: (-seconds[index], index)):
        load, lane = heapq.heappop(loads)
        lanes[lane].append(index)
        heapq.heappush(loads, (load + seconds[index], lane))
    return tuple(tuple(sorted(lane)) for lane in lanes)
