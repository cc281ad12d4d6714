"""Greedy and sampled choices against exact expectations and frequencies."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from arc_solver.engines.choosing import RowSampling, choose  # noqa: E402
from arc_solver.errors import EngineError  # noqa: E402

pytestmark = pytest.mark.model


def rows(temperature: list[float], top_p: list[float] | None = None, min_p: list[float] | None = None) -> RowSampling:
    top_p = top_p or [1.0] * len(temperature)
    min_p = min_p or [0.0] * len(temperature)
    return RowSampling(
        torch.tensor(temperature),
        torch.tensor(top_p),
        torch.tensor(min_p),
        any_sampled=any(t > 0 for t in temperature),
        any_nucleus=any(p < 1 for p in top_p),
        any_min_p=any(p > 0 for p in min_p),
    )


def frequencies(
    logits: list[float], temperature: float, top_p: float = 1.0, min_p: float = 0.0, n: int = 4000
) -> np.ndarray:
    uniform = (torch.arange(n) + 0.5) / n  # an even grid of numbers: no chance in the test
    tokens, _ = choose(torch.tensor([logits] * n), rows([temperature] * n, [top_p] * n, [min_p] * n), uniform)
    return np.bincount(tokens.numpy(), minlength=len(logits)) / n


def test_frequencies_are_the_tempered_probabilities() -> None:
    logits = [0.0, 1.0, -1.0, 2.5]
    for temperature in (0.5, 1.0, 2.0):
        expected = torch.softmax(torch.tensor(logits) / temperature, -1).numpy()
        assert frequencies(logits, temperature) == pytest.approx(expected, abs=1e-3)


def test_the_nucleus_is_the_smallest_set_that_reaches_its_mass() -> None:
    logits = np.log([0.5, 0.1, 0.3, 0.1]).tolist()
    assert frequencies(logits, 1.0, top_p=0.45) == pytest.approx([1, 0, 0, 0])
    assert frequencies(logits, 1.0, top_p=0.75) == pytest.approx([5 / 8, 0, 3 / 8, 0], abs=1e-3)
    assert frequencies(logits, 1.0, top_p=1.0) == pytest.approx([0.5, 0.1, 0.3, 0.1], abs=1e-3)


def test_what_is_improbable_beside_the_likeliest_is_dropped() -> None:
    logits = np.log([0.5, 0.1, 0.3, 0.1]).tolist()
    assert frequencies(logits, 1.0, min_p=0.15) == pytest.approx([0.5, 0.1, 0.3, 0.1], abs=1e-3)
    assert frequencies(logits, 1.0, min_p=0.25) == pytest.approx([5 / 8, 0, 3 / 8, 0], abs=1e-3)
    assert frequencies(logits, 1.0, min_p=1.0) == pytest.approx([1, 0, 0, 0])


def test_improbable_is_judged_after_the_temperature_and_before_the_nucleus() -> None:
    logits = np.log([0.64, 0.2, 0.16]).tolist()
    # At temperature 2 the probabilities are as 0.8 to 0.447 to 0.4.
    warm = np.sqrt([0.64, 0.2, 0.16])
    assert frequencies(logits, 2.0, min_p=0.49) == pytest.approx(warm / warm.sum(), abs=1e-3)
    assert frequencies(logits, 1.0, min_p=0.49) == pytest.approx([1, 0, 0])
    # Of the two tokens that are left at temperature 1 the first has 0.64 / 0.84 = 0.76 of the mass, and 0.7 is reached.
    assert frequencies(logits, 1.0, top_p=0.7) == pytest.approx([0.64 / 0.84, 0.2 / 0.84, 0], abs=1e-3)
    assert frequencies(logits, 1.0, top_p=0.7, min_p=0.3) == pytest.approx([1, 0, 0])


def test_log_probabilities_ignore_temperature_nucleus_and_min_p() -> None:
    logits = torch.tensor([[0.0, 1.0, -1.0]] * 3)
    tokens, logprobs = choose(logits, rows([0.0, 0.3, 2.0], [1.0, 0.5, 0.9], [0.0, 0.1, 0.3]), torch.full((3,), 0.4))
    expected = logits.log_softmax(-1).gather(-1, tokens[:, None])[:, 0]
    assert torch.allclose(logprobs, expected)


def test_greedy_rows_stay_greedy_beside_sampled_ones() -> None:
    logits = torch.tensor([[0.0, 1.0, 0.9]] * 2)
    tokens, _ = choose(logits, rows([0.0, 1.0]), torch.tensor([0.999, 0.999]))
    assert tokens.tolist() == [1, 2]
    tokens, _ = choose(logits, rows([0.0, 1.0], min_p=[0.9, 0.5]), torch.tensor([0.999, 0.999]))
    assert tokens.tolist() == [1, 2]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=12),
    st.floats(0, 1, exclude_max=True),
    st.floats(0.05, 1),
    st.floats(0.1, 3),
    st.floats(0, 1),
)
def test_no_impossible_token_is_ever_chosen(
    logits: list[float], uniform: float, top_p: float, heat: float, min_p: float
) -> None:
    padded = torch.tensor([[float("-inf"), *logits, float("-inf")]])
    tokens, logprobs = choose(padded, rows([heat], [top_p], [min_p]), torch.tensor([uniform], dtype=torch.float32))
    assert 0 < int(tokens) <= len(logits)
    assert bool(torch.isfinite(logprobs).all())
    assert max(logits) - logits[int(tokens) - 1] <= -heat * np.log(max(min_p, 1e-30)) + 1e-3


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_broken_logits_are_an_engine_error(bad: float) -> None:
    with pytest.raises(EngineError, match="not finite"):
        choose(torch.tensor([[0.0, bad]]), rows([0.0]), torch.zeros(1))
