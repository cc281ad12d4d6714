"""The estimators against independent computations: exact fractions, enumeration, and scipy's."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.statistics import (
    bootstrap_intervals,
    bootstrap_mean,
    compare,
    of_constant,
    pass_at_k,
    sign_test,
    wilson,
)

stats = pytest.importorskip("scipy.stats")


@st.composite
def draws(draw):
    n = draw(st.integers(1, 400))
    return n, draw(st.integers(0, n)), draw(st.integers(1, n))


class TestPassAtK:
    @settings(deadline=None)
    @given(draws())
    def test_it_is_what_counting_says(self, drawn):
        n, c, k = drawn
        exact = 1 - Fraction(math.comb(n - c, k), math.comb(n, k))
        assert pass_at_k(n, c, k) == pytest.approx(float(exact), rel=1e-12, abs=1e-300)

    @settings(deadline=None)
    @given(draws())
    def test_it_agrees_with_scipy(self, drawn):
        n, c, k = drawn
        assert pass_at_k(n, c, k) == pytest.approx(float(stats.hypergeom.sf(0, n, c, k)), rel=1e-9, abs=1e-12)

    @settings(deadline=None)
    @given(st.integers(1, 9), st.integers(0, 9), st.integers(1, 9))
    def test_it_is_unbiased(self, n, percent, k):
        """Over all outcomes of n samples, weighted by their probability, its mean is that of k samples."""
        if k > n:
            return
        p = percent / 9
        mean = sum(math.comb(n, c) * p**c * (1 - p) ** (n - c) * pass_at_k(n, c, k) for c in range(n + 1))
        assert mean == pytest.approx(1 - (1 - p) ** k, abs=1e-12)

    def test_a_rare_success_among_many_samples_keeps_its_digits(self):
        assert pass_at_k(10**12, 1, 1) == pytest.approx(1e-12, rel=1e-9)
        assert pass_at_k(10**6, 10**6 - 1, 2) == 1.0

    @pytest.mark.parametrize(("n", "c", "k"), [(3, 4, 1), (3, -1, 1), (3, 1, 0), (3, 1, 4), (0, 0, 1)])
    def test_what_cannot_be_is_refused(self, n, c, k):
        with pytest.raises(ValueError, match="no pass@"):
            pass_at_k(n, c, k)


class TestWilson:
    @settings(deadline=None)
    @given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
    def test_it_agrees_with_scipy(self, counted):
        k, n = counted
        interval = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
        ours = wilson(k / n, n)
        assert (ours.low, ours.high) == (pytest.approx(interval.low, abs=1e-9), pytest.approx(interval.high, abs=1e-9))
        assert ours.low <= ours.value <= ours.high

    @settings(deadline=None)
    @given(st.integers(1, 1000))
    def test_what_is_constant_at_an_end_gets_it(self, n):
        for value in (0.0, 1.0):
            assert of_constant(value, n) == pytest.approx((wilson(value, n).low, wilson(value, n).high), abs=1e-12)

    @settings(deadline=None)
    @given(st.integers(1, 1000), st.floats(0, 1))
    def test_a_constant_lies_within_its_interval(self, n, value):
        low, high = of_constant(value, n)
        assert -1e-12 <= low <= value <= high <= 1 + 1e-12
        assert low < high

    @pytest.mark.parametrize(("value", "n"), [(0.5, 0), (-0.1, 5), (1.1, 5)])
    def test_no_share_is_refused(self, value, n):
        with pytest.raises(ValueError, match="no share"):
            wilson(value, n)


class TestSignTest:
    @settings(deadline=None)
    @given(st.integers(0, 300), st.integers(0, 300))
    def test_it_agrees_with_scipy(self, better, worse):
        exact = stats.binomtest(better, better + worse, 0.5).pvalue if better + worse else 1.0
        assert sign_test(better, worse) == pytest.approx(float(exact), rel=1e-9)
        assert sign_test(better, worse) == sign_test(worse, better)

    def test_negative_numbers_are_refused(self):
        with pytest.raises(ValueError, match="not negative"):
            sign_test(-1, 2)


def enumerated(values):
    """The 2.5% and 97.5% points of the mean over every possible resample."""
    n = len(values)
    means = sorted(sum(drawn) / n for drawn in itertools.product(values, repeat=n))
    return np.quantile(means, (0.025, 0.975))


class TestBootstrap:
    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=3, max_size=6), st.integers(0, 9))
    def test_it_is_what_all_resamples_say(self, values, seed):
        if len(set(values)) == 1:
            return
        figure = bootstrap_mean(np.array([values]), np.random.default_rng(seed))
        low, high = enumerated(values)
        # The points of a few values are steps: a resample more or less may take the next one.
        assert figure.low == pytest.approx(low, abs=0.76 / len(values))
        assert figure.high == pytest.approx(high, abs=0.76 / len(values))
        assert figure.value == pytest.approx(np.mean(values))

    @settings(max_examples=10, deadline=None)
    @given(st.integers(30, 120), st.floats(0.1, 0.9), st.integers(0, 1000))
    def test_one_repeat_agrees_with_scipy(self, n_tasks, rate, seed):
        rng = np.random.default_rng(seed)
        values = np.round(rng.random(n_tasks) < rate, 0) * rng.choice([0.5, 1.0], n_tasks)
        if np.ptp(values) == 0:
            return
        theirs = stats.bootstrap(
            (values,), np.mean, n_resamples=9999, method="percentile", rng=np.random.default_rng(seed + 1)
        )
        ours = bootstrap_mean(values, np.random.default_rng(seed + 2))
        close = 0.3 * theirs.standard_error + 1.01 / n_tasks
        assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=close)
        assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=close)

    @settings(max_examples=10, deadline=None)
    @given(st.integers(30, 120), st.floats(0.1, 0.9), st.integers(0, 1000))
    def test_a_paired_difference_agrees_with_scipy(self, n_tasks, rate, seed):
        rng = np.random.default_rng(seed)
        easy = rng.random(n_tasks)
        first, second = (easy < rate).astype(float), (easy + 0.3 * rng.standard_normal(n_tasks) < rate).astype(float)
        if np.ptp(first - second) == 0:
            return
        theirs = stats.bootstrap(
            (first, second),
            lambda a, b, axis=-1: np.mean(a, axis=axis) - np.mean(b, axis=axis),
            paired=True,
            n_resamples=9999,
            method="percentile",
            rng=np.random.default_rng(seed + 1),
        )
        ours = compare(first, second, np.random.default_rng(seed + 2))
        close = 0.3 * theirs.standard_error + 1.01 / n_tasks
        assert ours.difference.low == pytest.approx(theirs.confidence_interval.low, abs=close)
        assert ours.difference.high == pytest.approx(theirs.confidence_interval.high, abs=close)
        assert ours.n_better == int(((first == 1) & (second == 0)).sum())
        exact = stats.binomtest(ours.n_better, ours.n_better + ours.n_worse).pvalue
        assert ours.p_value == pytest.approx(float(exact))

    def test_repeats_that_differ_make_the_interval_wider(self):
        rng = np.random.default_rng(0)
        tasks = (rng.random(200) < 0.5).astype(float)
        same = np.stack([tasks, tasks])
        apart = np.stack([np.clip(tasks + 0.2, 0, 1), np.clip(tasks - 0.2, 0, 1)])
        wide, narrow = (bootstrap_mean(values, np.random.default_rng(1)) for values in (apart, same))
        assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)

    def test_equal_repeats_say_what_one_says(self):
        values = (np.arange(100) % 3 == 0).astype(float)
        one, three = (
            bootstrap_mean(matrix, np.random.default_rng(5)) for matrix in (values, np.stack([values, values, values]))
        )
        assert (one.low, one.high) == pytest.approx((three.low, three.high), abs=0.01)

    def test_a_difference_that_never_varies_is_not_certain(self):
        ones, zeros = np.ones(50), np.zeros(50)
        nothing = compare(zeros, zeros, np.random.default_rng(0))
        assert nothing.difference.low < 0 < nothing.difference.high
        assert not nothing.can_tell
        assert nothing.p_value == 1.0
        everything = compare(ones, zeros, np.random.default_rng(0))
        assert everything.difference.high == 1.0
        assert 0.8 < everything.difference.low < 1.0
        assert everything.can_tell
        assert (everything.n_better, everything.n_worse) == (50, 0)

    def test_the_same_seed_gives_the_same_bounds(self):
        values = (np.arange(40) < 9).astype(float)
        first, again = (bootstrap_mean(values, np.random.default_rng(3)) for _ in range(2))
        assert first == again

    def test_ratios_of_sums_that_are_all_alike_get_wilsons(self):
        low, high = bootstrap_intervals(np.zeros((80, 1)), np.full((80, 1), 2.0), np.random.default_rng(0))
        assert (low[0], high[0]) == (0.0, pytest.approx(wilson(0, 80).high))

    def test_what_cannot_be_compared_is_refused(self):
        with pytest.raises(ValueError, match="cannot be compared"):
            compare(np.ones(3), np.ones(4), np.random.default_rng(0))
        with pytest.raises(ValueError, match="no values"):
            bootstrap_mean(np.array([]), np.random.default_rng(0))
        with pytest.raises(ValueError, match="not finite"):
            bootstrap_mean(np.array([0.0, np.nan]), np.random.default_rng(0))
