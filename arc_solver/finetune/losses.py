"""The loss of a batch, and held-out losses by learning task.

Knows nothing of optimisers or of how a model came about.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from arc_solver.finetune.dataset import Batch, Encoded, bucket
from arc_solver.finetune.precision import FP32, autocast, device_of

HELD_OUT_BATCH_TOKENS = 16384


def weighted_loss(model: Any, batch: Batch) -> tuple[Any, Any]:
    """Sum of the weighted losses of `batch` and sum of the weights.

    The head sees the chosen positions only: with a large vocabulary, logits of whole prompts would fill the memory and
    take most of the time.
    """
    import torch
    from torch.nn import functional

    device = device_of(model)
    token_ids = torch.from_numpy(batch.token_ids).to(device)
    weights = torch.from_numpy(batch.weights).to(device)[:, 1:]
    chosen = weights > 0
    head = model.get_output_embeddings()
    hook = head.register_forward_pre_hook(lambda _, inputs: (inputs[0][chosen], *inputs[1:]))
    try:
        # Padding is on the right and attention looks left, so no mask is needed.
        logits = model(input_ids=token_ids[:, :-1], use_cache=False).logits
    finally:
        hook.remove()
    losses = functional.cross_entropy(logits.float(), token_ids[:, 1:][chosen], reduction="none")
    kept = weights[chosen]
    return (losses * kept).sum(), kept.sum()


def held_out_losses(
    model: Any,
    samples: Sequence[Encoded],
    *,
    pad_id: int,
    precision: str = FP32,
    batch_tokens: int = HELD_OUT_BATCH_TOKENS,
) -> dict[str, float]:
    """Mean loss by recipe, in nats a token of completion (and end token), whatever weights the samples carry for their
    prompts.
    """
    import torch

    totals: dict[str, list[float]] = {}
    was_training = model.training
    model.eval()
    with torch.no_grad(), autocast(model, precision):
        for recipe in sorted({sample.recipe for sample in samples}):
            own = [_completion_only(sample) for sample in samples if sample.recipe == recipe]
            for batch in bucket(own, batch_tokens, pad_id):
                loss, weight = weighted_loss(model, batch)
                total = totals.setdefault(recipe, [0.0, 0.0])
                total[0] += float(loss)
                total[1] += float(weight)
    model.train(was_training)
    return {recipe: loss / weight for recipe, (loss, weight) in totals.items()}


def mean_over_recipes(losses: dict[str, float]) -> float:
    """One figure to compare weights by: every recipe counts the same."""
    return sum(losses.values()) / len(losses)


def _completion_only(sample: Encoded) -> Encoded:
    weights = sample.weights.copy()
    weights[: sample.n_prompt] = 0.0
    return dataclasses.replace(sample, weights=weights)
