"""How far figures can be trusted: intervals and tests over tasks, and what one of k samples would have brought.

Tasks are what is drawn: an interval says where the figure would lie for other tasks of the same kind. Where a run was
repeated, the repeats are drawn as well. Where nothing varies, as where no task at all is solved, resampling says that
nothing is uncertain, which is a lie: there the interval is Wilson's. Knows nothing of tasks, grids or runs.

Shapes: S repeats, T tasks, M figures, R resamples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

N_RESAMPLES = 10_000
_RESAMPLES_AT_ONCE = 500
_Z = 1.959963984540054  # of a two-sided interval of 95%
_TINY = 1e-12  # differences of means below this are rounding

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One set of answers against another on the same tasks.

    Attributes:
        difference: Mean of the first less mean of the second.
        n_better: Tasks on which the first is better.
        n_worse: Tasks on which it is worse.
        p_value: Of the exact two-sided sign test on those tasks; McNemar's exact test where tasks are solved or not.
    """

    difference: Figure
    n_better: int
    n_worse: int
    p_value: float

    @property
    def can_tell(self) -> bool:
        """Whether the interval of the difference leaves 0 out."""
        return self.difference.low > 0 or self.difference.high < 0


def pass_at_k(n_samples: int, n_correct: int, k: int) -> float:
    """The chance that of k samples, drawn without putting back from `n_samples`, one at least is correct.

    This is the unbiased estimator of Chen et al. (2021), as a product that neither overflows nor cancels.

    Raises:
        ValueError: k or the number of correct samples is not possible.
    """
    if not 0 <= n_correct <= n_samples or not 1 <= k <= n_samples:
        raise ValueError(f"no pass@{k} of {n_correct} correct among {n_samples} samples")
    n_wrong = n_samples - n_correct
    if n_wrong < k:
        return 1.0
    if n_correct == 0:
        return 0.0
    # C(n - c, k) / C(n, k) as a product of the fewer factors.
    if n_correct < k:
        factors = [1 - k / (n_wrong + 1 + index) for index in range(n_correct)]
    else:
        factors = [1 - n_correct / (n_samples - index) for index in range(k)]
    return -math.expm1(math.fsum(map(math.log, factors)))


def wilson(value: float, n: int) -> Figure:
    """A share with Wilson's 95% interval.

    Args:
        value: The share, 0..1.
        n: Of how many; at least 1.

    Raises:
        ValueError: There is no such share.
    """
    if n < 1 or not 0 <= value <= 1:
        raise ValueError(f"no share {value} of {n}")
    squared = _Z * _Z / n
    center = (value + squared / 2) / (1 + squared)
    half = _Z * math.sqrt(value * (1 - value) / n + squared / (4 * n)) / (1 + squared)
    low, high = max(0.0, center - half), min(1.0, center + half)
    return Figure(value, min(low, value) if value > 0 else 0.0, max(high, value) if value < 1 else 1.0)


def sign_test(n_better: int, n_worse: int) -> float:
    """The exact two-sided p-value of so many against so many; of solved and unsolved tasks this is McNemar's test.

    Raises:
        ValueError: A negative number.
    """
    if min(n_better, n_worse) < 0:
        raise ValueError("numbers of tasks are not negative")
    n = n_better + n_worse
    tail = sum(math.comb(n, index) for index in range(min(n_better, n_worse) + 1))
    return min(1.0, float(2 * tail / 2**n)) if n else 1.0


def bootstrap_intervals(numerators: Floats, denominators: Floats, rng: np.random.Generator) -> Floats:
    """95% percentile intervals of ratios of sums, resampling tasks with replacement.

    Args:
        numerators: Shape (T, M): T tasks, M figures.
        denominators: Shape (T, M), positive; no numerator is above its denominator or below 0.
        rng: Draws the resamples; all M figures see the same ones.

    Returns:
        Shape (2, M): low and high. A figure that is equal for all tasks gets the interval of `of_constant`.
    """
    n_tasks, n_figures = numerators.shape
    ratios = np.empty((N_RESAMPLES, n_figures))
    for start in range(0, N_RESAMPLES, _RESAMPLES_AT_ONCE):
        size = min(_RESAMPLES_AT_ONCE, N_RESAMPLES - start)
        weights = _draws(rng, size, n_tasks)
        ratios[start : start + size] = (weights @ numerators) / (weights @ denominators)
    low_high: Floats = np.quantile(ratios, (0.025, 0.975), axis=0)
    values = numerators / denominators
    for figure in np.flatnonzero(np.ptp(values, axis=0) == 0):
        low_high[:, figure] = of_constant(float(values[0, figure]), n_tasks)
    return low_high


def bootstrap_mean(values: Floats, rng: np.random.Generator) -> Figure:
    """The mean over tasks and repeats with its 95% percentile interval, resampling both with replacement.

    Args:
        values: Shape (S, T), each 0..1.
        rng: Draws the resamples.

    Raises:
        ValueError: There is no value.
    """
    values = _matrix(values)
    mean = float(values.mean())
    if np.ptp(values) == 0:
        return Figure(mean, *of_constant(mean, values.shape[1]))
    means = _resampled((values,), rng)[0]
    low, high = np.quantile(means, (0.025, 0.975))
    return Figure(mean, float(low), float(high))


def compare(first: Floats, second: Floats, rng: np.random.Generator) -> Comparison:
    """The first values against the second, task by task.

    Every resample draws the same tasks for both and the repeats of each for themselves.

    Args:
        first: Shape (S, T), each 0..1.
        second: Shape (any number, T): the same tasks in the same order.
        rng: Draws the resamples.

    Raises:
        ValueError: No value, or not the same number of tasks.
    """
    first, second = _matrix(first), _matrix(second)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"{first.shape[1]} tasks cannot be compared with {second.shape[1]}")
    by_task = first.mean(axis=0) - second.mean(axis=0)
    n_better, n_worse = int((by_task > _TINY).sum()), int((by_task < -_TINY).sum())
    difference = float(by_task.mean())
    if np.ptp(first - first[0]) == 0 and np.ptp(second - second[0]) == 0 and np.ptp(by_task) <= _TINY:
        low, high = of_constant(difference, first.shape[1], least=-1.0)
    else:
        ours, theirs = _resampled((first, second), rng)
        low, high = (float(bound) for bound in np.quantile(ours - theirs, (0.025, 0.975)))
    return Comparison(Figure(difference, low, high), n_better, n_worse, sign_test(n_better, n_worse))


def of_constant(value: float, n: int, *, least: float = 0.0, most: float = 1.0) -> tuple[float, float]:
    """The 95% interval of a mean of n values that are all the same.

    Of others than these n a share may differ, at most that of Wilson's interval of 0 of n, and by as much as is
    possible. Of a share of 0 or 1 this is Wilson's interval.

    Args:
        value: What all are.
        n: How many they are.
        least: Lowest value that is possible.
        most: Highest.
    """
    others = wilson(0.0, n).high
    return value - others * (value - least), value + others * (most - value)


def _matrix(values: Any) -> Floats:
    matrix: Floats = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if matrix.ndim != 2 or matrix.size == 0 or not np.isfinite(matrix).all():
        raise ValueError("no values, or values that are not finite")
    return matrix


def _draws(rng: np.random.Generator, n_resamples: int, n: int) -> Floats:
    """How often each of n is drawn in each resample: shape (R, n), rows sum to n."""
    drawn = rng.integers(0, n, size=(n_resamples, n)) + np.arange(n_resamples)[:, None] * n
    return np.bincount(drawn.ravel(), minlength=n_resamples * n).reshape(n_resamples, n).astype(np.float64)


def _resampled(groups: Sequence[Floats], rng: np.random.Generator) -> list[Floats]:
    """Means of R resamples of each group of values, shape (S, T) each: the same tasks in all groups."""
    n_tasks = groups[0].shape[1]
    means = [np.empty(N_RESAMPLES) for _ in groups]
    for start in range(0, N_RESAMPLES, _RESAMPLES_AT_ONCE):
        size = min(_RESAMPLES_AT_ONCE, N_RESAMPLES - start)
        tasks = _draws(rng, size, n_tasks) / n_tasks
        for values, found in zip(groups, means, strict=True):
            n_repeats = len(values)
            repeats = _draws(rng, size, n_repeats) / n_repeats
            found[start : start + size] = ((repeats @ values) * tasks).sum(axis=1)
    return means
