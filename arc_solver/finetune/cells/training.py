"""Trains a cell model: batches in, a better model out, until a deadline; on a GPU or on CPUs.

transformers' trainer is not used: batches are packed documents, the model's tables are factorised, and a run ends by
the clock. Checkpoints hold the model alone, so a resumed run warms its optimiser up again.

Knows nothing of where the corpus comes from and of what the model is for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arc_solver import advancing
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.batches import PackedBatch, padded_parts, parts
from arc_solver.finetune.cells.crew import Crew
from arc_solver.finetune.cells.device import torch_dtype
from arc_solver.finetune.cells.model import CellModel, document_mask, token_losses
from arc_solver.finetune.cells.optimizer import build_optimizers
from arc_solver.finetune.cells.packed_attention import can_pack
from arc_solver.finetune.optimizer import learning_rate_factor, set_learning_rate
from arc_solver.finetune.precision import loss_scaler

PART_TOKENS = 1024
"""Computed together on a CPU: a few percent faster, less memory (`benchmarks/cell_training.py`)."""


GPU_PART_TOKENS = 8192
"""Likewise on a GPU: large enough to fill it, 3 GB of activations at 34M parameters."""


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How a model is trained.

    Attributes:
        time_limit_s: Seconds of training.
        steps: Most steps, None for as many as fit.
        lr: Peak rate of Muon, in AdamW's sense.
        table_lr: Peak rate of embeddings, head and tasks.
        weight_decay: On matrices.
        warmup_steps: Steps of the linear rise.
        decay_share: Last share of the run in which the rate falls.
        clip_norm: Largest norm of the gradient.
        optimizer: `muon` or `adamw`, as in `build_optimizers`.
        precision: `bf16`, `fp16` or `fp32`.
        part_tokens: A step's documents are computed in parts of about so many tokens, whose gradients are added up; 0
            for all at once. On a CPU, what a part computes stays in the cache; on a GPU, documents of similar lengths
            are computed together.
        log_every_steps: Steps between lines of the log.
    """

    time_limit_s: float
    steps: int | None = None
    lr: float = 3e-3
    table_lr: float = 3e-3
    weight_decay: float = 0.1
    warmup_steps: int = 100
    decay_share: float = 0.25
    clip_norm: float = 1.0
    optimizer: str = "muon"
    precision: str = "bf16"
    part_tokens: int = 0
    log_every_steps: int = 50


@dataclass(frozen=True, slots=True)
class FitResult:
    """What training came to: steps, tokens with padding, seconds, and the mean loss of the last steps."""

    steps: int
    n_tokens: int
    seconds: float
    loss: float


def fit(
    model: CellModel,
    batches: Iterator[PackedBatch],
    config: FitConfig,
    *,
    log: Callable[[dict[str, Any]], None],
    clock: Callable[[], float] = time.monotonic,
    after_step: Callable[[int, float], None] | None = None,
) -> FitResult:
    """Train until the time, the steps or the batches are over.

    Args:
        model: On its device; changed.
        batches: Endless, unless there is nothing more to learn.
        config: How.
        log: Called with a record now and then.
        clock: Seconds; injected by tests.
        after_step: Called with the steps done and the seconds since the start, for checkpoints.
    """
    with Crew(model.embedding.device) as crew:
        return _fit(model, batches, config, crew, log, clock, after_step)


def _fit(
    model: CellModel,
    batches: Iterator[PackedBatch],
    config: FitConfig,
    crew: Crew,
    log: Callable[[dict[str, Any]], None],
    clock: Callable[[], float],
    after_step: Callable[[int, float], None] | None,
) -> FitResult:
    optimizers = build_optimizers(
        model, lr=config.lr, table_lr=config.table_lr, weight_decay=config.weight_decay, kind=config.optimizer
    )
    scaler = loss_scaler(model.embedding.device.type, config.precision)
    begin = clock()
    step, n_tokens, logged = 0, 0, (0, begin)
    losses: list[Tensor] = []
    while True:
        elapsed = clock() - begin
        progress = elapsed / config.time_limit_s
        if config.steps is not None:
            progress = max(progress, step / config.steps)
        if progress >= 1:
            break
        factor = learning_rate_factor(step, progress, warmup_steps=config.warmup_steps, decay_share=config.decay_share)
        set_learning_rate(optimizers, factor)
        batch = next(batches, None)
        if batch is None:
            break
        n_tokens += int(batch.targets.shape[1] * batch.targets.shape[0])
        loss = _backward(model, batch, config, scaler, crew)
        for optimizer in optimizers:
            scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm, foreach=True)
        for optimizer in optimizers:
            scaler.step(optimizer)
            optimizer.zero_grad(set_to_none=True)
        scaler.update()
        losses.append(loss)
        step += 1
        advancing.step()
        if step % config.log_every_steps == 0:
            mean, now = float(torch.stack(losses[-config.log_every_steps :]).mean()), clock()
            speed = (n_tokens - logged[0]) / max(1e-9, now - logged[1])
            logged = (n_tokens, now)
            log({"step": step, "seconds": round(now - begin, 1), "loss": round(mean, 5), "tokens_per_s": round(speed)})
        if after_step is not None:
            after_step(step, clock() - begin)
    loss_value = float(torch.stack(losses[-config.log_every_steps :]).mean()) if losses else float("nan")
    return FitResult(step, n_tokens, clock() - begin, loss_value)


def _backward(model: CellModel, batch: PackedBatch, config: FitConfig, scaler: Any, crew: Crew) -> Tensor:
    """Add the (scaled) gradient of a batch's mean loss to what the parameters have; return the loss."""
    n_answered = max(1, int((batch.targets > 0).sum()))
    parameters = list(model.parameters())

    def computed(chosen: Sequence[PackedBatch]) -> tuple[Tensor, list[Tensor | None]]:
        total = torch.zeros((), device=model.embedding.device)
        gradients: list[Tensor | None] = [None] * len(parameters)
        # One context for all parts: each matrix is cast once a step.
        with _autocast(model, config):
            for part in chosen:
                loss = _summed_loss(model, part) / n_answered
                found = torch.autograd.grad(scaler.scale(loss), parameters, allow_unused=True)
                gradients = [_added(*both) for both in zip(gradients, found, strict=True)]
                total += loss.detach()
        return total, gradients

    with _autocast(model, config):
        cut = list(_cut(model, batch, config.part_tokens))
    total = torch.zeros((), device=model.embedding.device)
    for loss, gradients in crew.map(computed, _dealt(cut, crew.n_workers)):
        total += loss
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = _added(parameter.grad, gradient)
    return total


def _autocast(model: CellModel, config: FitConfig) -> torch.autocast:
    dtype = torch_dtype(config.precision)
    return torch.autocast(model.embedding.device.type, dtype, enabled=dtype is not torch.float32)


def _added(total: Tensor | None, more: Tensor | None) -> Tensor | None:
    """The sum, in the place of the first."""
    if total is None or more is None:
        return more if total is None else total
    return total.add_(more)


def _dealt(cut: Sequence[PackedBatch], n_workers: int) -> list[list[PackedBatch]]:
    """The parts, dealt so that all have about as much to do: the largest first, to who has the least."""
    hands: list[list[PackedBatch]] = [[] for _ in range(min(n_workers, len(cut)))]
    for part in sorted(cut, key=lambda part: -part.tokens.size):
        min(hands, key=lambda hand: sum(other.tokens.size for other in hand)).append(part)
    return hands


def _cut(model: CellModel, batch: PackedBatch, part_tokens: int) -> Iterable[PackedBatch]:
    if not part_tokens or can_pack(model.embedding.device, _computed_in(model)):
        return (batch,)
    return padded_parts(batch, part_tokens) if model.embedding.is_cuda else parts(batch, part_tokens)


def _computed_in(model: CellModel) -> torch.dtype:
    """The precision of attention: under autocast its, else the weights'."""
    device = model.embedding.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else model.embedding.dtype


def batch_loss(model: CellModel, batch: PackedBatch) -> Tensor:
    """Mean loss of a batch's answered tokens."""
    return _summed_loss(model, batch) / max(1, int((batch.targets > 0).sum()))


@torch.no_grad()
def measured_loss(model: CellModel, batch: PackedBatch, precision: str) -> float:
    """Mean loss of a batch's answered tokens, in nats, without a gradient."""
    device, dtype = model.embedding.device.type, torch_dtype(precision)
    with torch.autocast(device, dtype, enabled=dtype is not torch.float32):
        return float(batch_loss(model, batch))


def _summed_loss(model: CellModel, batch: PackedBatch) -> Tensor:
    device = model.embedding.device

    def moved(array: NDArray[Any]) -> Tensor:
        # From pinned memory, so that the host need not wait for the GPU.
        tensor = torch.from_numpy(array)
        return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)

    tokens, targets = moved(batch.tokens), moved(batch.targets).long()
    tasks_at = moved(np.flatnonzero(batch.tokens >= words.TASK))
    if can_pack(device, _computed_in(model)):
        mask = document_mask(batch.documents, packed=True).pin_memory().to(device, non_blocking=True)
    elif tokens.is_cuda and batch.is_one_a_row:
        mask = None  # padding comes last, and nobody asks what it says
    else:
        mask = document_mask(batch.documents)
    scores = model(tokens, mask, tasks_at)
    return token_losses(model, scores, targets).sum()


def compile_layers(model: CellModel) -> None:
    """Fuse each layer's operations; pays on a GPU after about a minute."""
    for layer in model.layers:
        layer.compile()
