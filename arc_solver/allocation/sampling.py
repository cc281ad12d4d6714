"""Which tasks a language model is asked about next: those whose next samples are likeliest to solve something new.

How likely one sample solves a task differs between tasks by orders of magnitude, as a beta distribution has it. A task
that has had `n` samples in vain is probably a hard one: its next sample solves it with the chance
`ease / (ease + difficulty + n)`, so that chances fall as 1/n and no task is starved. The two numbers are a guess: with
them 22% of tasks are solved by 64 samples and 45% by 6,000, about what models of 7B and more are reported to do on
ARC-AGI-1. A task that seems to be solved is worth as much less as it is likely that it is. Knows nothing of tasks,
prompts or engines.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

EASE, DIFFICULTY = 0.08, 3.0
UNSOLVED_THOUGH_FITTING = 0.12
"""Of tasks for which a program passes every training pair: on the held-out tasks 7 of 58 (docs/log.md)."""


_TOKENS_OF_AN_ANSWER, _TOKENS_A_CELL = 250.0, 0.15
"""Of an answer, and of the prompt, which is read about ten times as fast as it would be written."""


def sample_cost(n_cells: int) -> float:
    """What one sample costs about a task whose inputs have so many cells, in output tokens. A guess."""
    return _TOKENS_OF_AN_ANSWER + _TOKENS_A_CELL * n_cells


@dataclass(frozen=True, slots=True)
class Standing:
    """What was asked about a task so far.

    Attributes:
        n_asked: Samples.
        n_left: Samples that may still be asked for.
        seconds: What one takes; only ratios matter.
        unsolved: How likely it is that the task is not solved yet.
    """

    n_asked: int
    n_left: int
    seconds: float
    unsolved: float = 1.0


def chance(n_asked: int, n_more: int) -> float:
    """That one of the next `n_more` samples solves a task that `n_asked` did not solve."""
    # The product of (difficulty + n) / (ease + difficulty + n) over these samples is that all of them miss.
    start, end = DIFFICULTY + n_asked, DIFFICULTY + n_asked + n_more
    missed = math.lgamma(end) - math.lgamma(start) - math.lgamma(EASE + end) + math.lgamma(EASE + start)
    return -math.expm1(missed)


def next_wave(standings: Sequence[Standing], wave_size: int) -> list[int]:
    """How many samples each task gets in the next wave.

    Tasks that have had none get one each, and nobody else gets anything. After that as many portions of `wave_size` are
    dealt as there are tasks, each to the task with the highest chance per second, what it has just got included; some
    get several and some none. Waves stay as large when tasks are through, since engines wait at the end of each.

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
    heap = [_entry(one, index, 0, wave_size) for index, one in enumerate(standings) if one.n_left]
    heapq.heapify(heap)
    for _ in standings:
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
    return -one.unsolved * chance(one.n_asked + n_more, size) / (size * max(one.seconds, 1e-9)), index
