"""Which tasks a language model is asked about next: those whose next samples are likeliest to solve something new.

How likely one sample solves a task differs between tasks by orders of magnitude, as a beta distribution has it. A task
that has had `n` samples in vain is probably a hard one: its next sample solves it with the chance
`ease / (ease + difficulty + n)`, so that chances fall as 1/n and no task is starved. The two numbers are a guess: with
them 22% of tasks are solved by 64 samples and 45% by 6,000, about what models of 7B and more are reported to do on
ARC-AGI-1. Settled tasks come when no other is left. Knows nothing of tasks, prompts or engines.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

EASE, DIFFICULTY = 0.08, 3.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What was asked about a task so far.

    Attributes:
        n_asked: Samples.
        n_left: Samples that may still be asked for.
        seconds: What one takes; only ratios matter.
        settled: Nothing more is to be expected of it.
    """

    n_asked: int
    n_left: int
    seconds: float
    settled: bool = False


def chance(n_asked: int, n_more: int) -> float:
    """That one of the next `n_more` samples solves a task that `n_asked` did not solve."""
    # The product of (difficulty + n) / (ease + difficulty + n) over these samples is that all of them miss.
    start, end = DIFFICULTY + n_asked, DIFFICULTY + n_asked + n_more
    missed = math.lgamma(end) - math.lgamma(start) - math.lgamma(EASE + end) + math.lgamma(EASE + start)
    return -math.expm1(missed)


def next_wave(standings: Sequence[Standing], wave_size: int) -> list[int]:
    """How many samples each task gets in the next wave.

    Tasks that have had none get one each, and nobody else gets anything. After that as many portions of `wave_size` are
    dealt as there are open tasks, each to the task with the highest chance per second, what it has just got included;
    some get several and some none.

    Args:
        standings: Of the tasks.
        wave_size: Samples of a portion.

    Returns:
        A number for each task; all 0 when nothing is left.
    """
    wave = [0] * len(standings)
    unseen = [index for index, one in enumerate(standings) if not one.n_asked and one.n_left]
    if unseen:
        for index in unseen:
            wave[index] = 1
        return wave
    able = [index for index, one in enumerate(standings) if one.n_left]
    chosen = [index for index in able if not standings[index].settled] or able
    heap = [_entry(standings[index], index, 0, wave_size) for index in chosen]
    heapq.heapify(heap)
    for _ in chosen:
        if not heap:
            break
        _, index = heapq.heappop(heap)
        one = standings[index]
        wave[index] += min(wave_size, one.n_left - wave[index])
        if wave[index] < one.n_left:
            heapq.heappush(heap, _entry(one, index, wave[index], wave_size))
    return wave


def _entry(one: Standing, index: int, n_more: int, wave_size: int) -> tuple[float, int]:
    """For a heap: the best portion is the least."""
    size = min(wave_size, one.n_left - n_more)
    return -chance(one.n_asked + n_more, size) / (size * max(one.seconds, 1e-9)), index
