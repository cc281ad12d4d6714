"""The steps by which an adapter learns at test time: measured, bounded, and given up where they go wrong.

Not `finetune.train`: here hundreds of short runs share one model, none of them is ever resumed, and running out of
memory, time or finite numbers is an answer (`Stopped`), not the end. Knows nothing of tasks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from arc_solver.advancing import step
from arc_solver.budget import Deadline
from arc_solver.errors import one_line
from arc_solver.finetune.dataset import Batch, Encoded, Encoding, SampleSource, chunk_batches, split_batch
from arc_solver.finetune.losses import held_out_losses, mean_over_recipes, weighted_loss
from arc_solver.finetune.memory import free_memory, is_out_of_memory
from arc_solver.finetune.optimizer import build_optimizers, learning_rate_factor, set_learning_rate
from arc_solver.finetune.precision import autocast, device_of, loss_scaler

LossOfBatch = Callable[[Any, Batch], tuple[Any, Any]]
"""(model, batch) -> sum of the weighted losses, sum of the weights."""

CHUNK_SAMPLES = 32
_MAX_SKIPPED = 20
_CLIP_NORM = 1.0
_MIN_PROBE_TOKENS = 1024


class Stopped(Exception):
    """Learning went wrong; the model must not be used as it is now.

    Attributes:
        kind: A phrase to count by.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(slots=True)
class Pace:
    """What learning has cost so far.

    Attributes:
        n_steps: Steps made.
        n_tokens: Tokens of them, padding not counted.
        seconds: What they took.
    """

    n_steps: int = 0
    n_tokens: int = 0
    seconds: float = 0.0

    def of_tokens(self, n_tokens: float) -> float:
        """Seconds that so many tokens will take; 0 while nothing is known."""
        return n_tokens * self.seconds / self.n_tokens if self.n_tokens else 0.0


class Learner:
    """A model whose adapter is trained, again and again from wherever its weights are.

    Args:
        model: With the adapter as its only trainable part.
        tokenizer: Its tokenizer.
        max_tokens: Longest sample.
        lr: Peak rate.
        batch_tokens: Tokens of a step.
        micro_tokens: Tokens that go through the model together; 0 for the whole step.
        precision: `bf16`, `fp16` or `fp32`.
        say: Told when the batch is halved.
        loss: Of a batch; tests put worse ones in its place.

    Attributes:
        pace: Over all that it learned.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        max_tokens: int,
        lr: float,
        batch_tokens: int,
        micro_tokens: int = 0,
        precision: str = "fp32",
        say: Callable[[str], None] = lambda text: None,
        loss: LossOfBatch = weighted_loss,
    ) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.pace = Pace()
        self._encoding = Encoding(max_tokens)
        self._lr, self._batch_tokens, self._precision = lr, batch_tokens, precision
        self._micro_tokens = micro_tokens or None
        self._halved = False
        self._say, self._loss = say, loss
        self._trained = {name: p for name, p in model.named_parameters() if p.requires_grad}

    def weights(self) -> dict[str, Any]:
        """A copy of the trainable weights."""
        return {name: parameter.detach().clone() for name, parameter in self._trained.items()}

    def put(self, weights: Mapping[str, Any]) -> None:
        """Take the weights that `weights` gave."""
        import torch

        with torch.no_grad():
            for name, parameter in self._trained.items():
                parameter.copy_(weights[name])

    def batches(self, source: SampleSource, seed: int) -> Iterator[Batch]:
        """Batches of the source without end; the same for the same seed."""
        chunk = 0
        while True:
            yield from chunk_batches(
                self.tokenizer,
                source,
                seed=seed,
                chunk=chunk,
                n_samples=CHUNK_SAMPLES,
                batch_tokens=self._batch_tokens,
                encoding=self._encoding,
            )
            chunk += 1

    def mean_loss(self, samples: Sequence[Encoded]) -> float:
        """Of completions, in nats a token, every learning task counting the same.

        Raises:
            Stopped: It cannot be computed, or is not finite.
        """
        with self._faults_told("while measuring"):
            losses = held_out_losses(
                self.model,
                samples,
                pad_id=self.tokenizer.pad_token_id,
                precision=self._precision,
                batch_tokens=max(_MIN_PROBE_TOKENS, self._micro_tokens or self._batch_tokens),
            )
        loss = mean_over_recipes(losses)
        if not math.isfinite(loss):
            raise Stopped("not finite", "the loss on what was kept apart is not finite")
        return loss

    def steps(self, batches: Iterator[Batch], n_steps: int, deadline: Deadline, seed: int) -> Iterator[Pace]:
        """Make steps, one each time that the caller comes back for more, until `n_steps` or the deadline.

        The learning rate follows the steps alone, so the same steps make
        the same weights.

        Yields:
            What these steps have cost so far.

        Raises:
            Stopped: A number is not finite, or the memory does not hold half a step either.
        """
        import torch

        torch.manual_seed(seed)
        optimizers = build_optimizers(self.model, kind="adamw", lr=self._lr, weight_decay=0.0)
        scaler = loss_scaler(device_of(self.model).type, self._precision)
        self.model.train()
        own, n_skipped = Pace(), 0
        while own.n_steps < n_steps and not deadline.passed():
            started_s = deadline.clock.now_s()
            batch = next(batches)
            warmup = min(10, max(1, n_steps // 10))
            factor = learning_rate_factor(own.n_steps, own.n_steps / n_steps, warmup_steps=warmup, decay_share=0.5)
            set_learning_rate(optimizers, factor)
            is_finite = self._step(batch, optimizers, scaler, own.n_steps + 1)
            n_skipped = 0 if is_finite else n_skipped + 1
            if n_skipped and (not scaler.is_enabled() or n_skipped > _MAX_SKIPPED):
                raise Stopped("not finite", f"the loss or its gradient is not finite at step {own.n_steps + 1}")
            for pace in (own, self.pace):
                pace.n_steps += 1
                pace.n_tokens += batch.n_tokens
                pace.seconds += deadline.clock.now_s() - started_s
            step()
            yield own

    def _step(self, batch: Batch, optimizers: Sequence[Any], scaler: Any, number: int) -> bool:
        """One step, with half of the batch at a time once memory has run out; False if it was not finite."""
        import torch

        try:
            loss = self._backward(batch, scaler, optimizers)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or self._halved:
                raise _stopped(error, f"at step {number}") from error
            self._halved = True
            self._micro_tokens = max(1, (self._micro_tokens or batch.token_ids.size) // 2)
            self._say(f"out of memory at step {number}: {self._micro_tokens} tokens at a time from here on")
            free_memory()
            return self._step(batch, optimizers, scaler, number)
        with self._faults_told(f"at step {number}"):
            for optimizer in optimizers:
                scaler.unscale_(optimizer)
            norm = float(torch.nn.utils.clip_grad_norm_(list(self._trained.values()), _CLIP_NORM))
            is_finite = math.isfinite(norm) and math.isfinite(loss)
            for optimizer in optimizers:
                if is_finite:
                    optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            scaler.update()
        return is_finite

    def _backward(self, batch: Batch, scaler: Any, optimizers: Sequence[Any]) -> float:
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)  # what a part that ran out of memory left
        weight = float(batch.weights[:, 1:].sum(dtype="float64"))
        total = 0.0
        for part in split_batch(batch, self._micro_tokens):
            with autocast(self.model, self._precision):
                loss, _ = self._loss(self.model, part)
            mean = loss / weight
            scaler.scale(mean).backward()
            total += float(mean.detach())
        return total

    @contextmanager
    def _faults_told(self, when: str) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            raise _stopped(error, when) from error


def _stopped(error: BaseException, when: str) -> Stopped:
    text = one_line(str(error) or type(error).__name__)
    if is_out_of_memory(error):
        return Stopped("out of memory", f"out of memory {when}: {text}")
    return Stopped("failed", f"{type(error).__name__} {when}: {text}")
