"""Choosing the next token of every row: greedy or sampled, with its log-probability.

Shapes: n rows, V vocabulary. It knows nothing of models, caches or text.

Sampling is by the inverse of the cumulative distribution, one uniform number a token. A row's choice thus depends on
its own logits and its own number alone, whatever shares the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from arc_solver.errors import EngineError

_BELOW_ONE = 1.0 - 2.0**-24


@dataclass(frozen=True, slots=True)
class RowSampling:
    """How each row of a batch is sampled.

    Attributes:
        temperature: (n,), 0 for greedy rows.
        top_p: (n,).
        min_p: (n,), 0 to drop nothing.
        any_sampled: Whether any row is not greedy (known without asking the device).
        any_nucleus: Whether any sampled row has a nucleus below 1.
        any_min_p: Whether any sampled row drops the improbable.
    """

    temperature: torch.Tensor
    top_p: torch.Tensor
    min_p: torch.Tensor
    any_sampled: bool
    any_nucleus: bool
    any_min_p: bool


def choose(logits: torch.Tensor, sampling: RowSampling, uniform: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Next tokens and their log-probabilities at temperature 1 without nucleus.

    Args:
        logits: (n, V), float32.
        sampling: How each row is sampled.
        uniform: (n,), numbers in [0, 1), one a row; ignored for greedy rows.

    Returns:
        Token ids (n,) and log-probabilities (n,) in nats.

    Raises:
        EngineError: A row's logits are not finite.
    """
    normaliser = logits.logsumexp(dim=-1)
    if not bool(torch.isfinite(normaliser).all()):
        raise EngineError(
            "the model's logits are not finite: weights trained in bfloat16 overflow in float16, try float32"
        )
    tokens = logits.argmax(dim=-1)
    if sampling.any_sampled:
        tokens = torch.where(sampling.temperature > 0, _sample(logits, sampling, uniform), tokens)
    chosen = logits.gather(-1, tokens[:, None])[:, 0]
    return tokens, chosen - normaliser


def _sample(logits: torch.Tensor, sampling: RowSampling, uniform: torch.Tensor) -> torch.Tensor:
    temperature = torch.where(sampling.temperature > 0, sampling.temperature, 1.0)
    probabilities = torch.softmax(logits / temperature[:, None], dim=-1)
    if sampling.any_min_p:
        probabilities = _without_improbable(probabilities, sampling.min_p)
    if sampling.any_nucleus:
        probabilities = _nucleus(probabilities, sampling.top_p)
    cumulative = probabilities.cumsum(dim=-1)
    total = cumulative[:, -1]
    # Rounding must neither reach past the last token nor land on one of probability 0 at the end.
    target = torch.minimum(uniform.clamp(max=_BELOW_ONE) * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(cumulative, target[:, None], right=True)[:, 0]


def _without_improbable(probabilities: torch.Tensor, min_p: torch.Tensor) -> torch.Tensor:
    """Zero what is less probable than `min_p` times the likeliest; the rest sums to 1 again, as the nucleus expects."""
    least = min_p[:, None] * probabilities.amax(dim=-1, keepdim=True)
    kept = torch.where(probabilities < least, 0.0, probabilities)
    return kept / kept.sum(dim=-1, keepdim=True)


def _nucleus(probabilities: torch.Tensor, top_p: torch.Tensor) -> torch.Tensor:
    """Zero what lies outside the smallest set of most probable tokens whose mass reaches `top_p` (ties stay in)."""
    ordered = probabilities.sort(dim=-1, descending=True).values
    mass_before = ordered.cumsum(dim=-1) - ordered
    n_kept = (mass_before < top_p[:, None]).sum(dim=-1, keepdim=True).clamp(min=1)
    threshold = ordered.gather(-1, n_kept - 1)
    return torch.where(probabilities >= threshold, probabilities, 0.0)
