"""The training loop: samples in, a better model out, under a deadline, resumable at any moment.

Works for any causal language model of transformers whose trainable parameters are set: all of them, or a LoRA's. Knows
nothing of where samples come from, of adapters, or of where the result is saved: `session.py` tells that story.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arc_solver.budget import Clock, MonotonicClock, format_duration
from arc_solver.errors import InputError
from arc_solver.finetune.checkpoint import (
    CHECKPOINT,
    METRICS,
    append_metrics,
    load_checkpoint,
    rewind_metrics,
    save_checkpoint,
)
from arc_solver.finetune.dataset import Batch, Encoded, Encoding, Position, SampleSource, bucket, chunk_batches
from arc_solver.finetune.optimizer import build_optimizers, learning_rate_factor, set_learning_rate


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How a model is trained.

    Attributes:
        seed: Of the data and of everything random in the model.
        steps: Stop after so many optimiser steps; None for no such limit.
        time_limit_s: Stop after so many seconds of training, those before a resume included; None for no such limit.
        batch_tokens: Tokens of one step, padding included.
        encoding: Longest sample and weight of the prompt in the loss.
        optimizer: `adamw` or `muon` (Muon on matrices of the layers, AdamW on the rest).
        lr: Peak learning rate.
        weight_decay: On matrices.
        warmup_steps: Steps of the linear rise.
        decay_share: Last share of the run in which the rate falls.
        clip_norm: Largest norm of the gradient.
        precision: `bf16` (autocast over fp32 weights) or `fp32`.
        chunk_samples: Samples that are sorted by length together.
        checkpoint_every_s: Seconds between checkpoints.
        evaluate_every_steps: Steps between held-out losses.
        log_every_steps: Steps between lines.
        log_every_s: Seconds after which there is a line all the same: a step of a large model takes long.
    """

    seed: int = 0
    steps: int | None = None
    time_limit_s: float | None = None
    batch_tokens: int = 8192
    encoding: Encoding = field(default_factory=lambda: Encoding(max_tokens=1024))
    optimizer: str = "adamw"
    lr: float = 1e-3
    weight_decay: float = 0.01
    warmup_steps: int = 100
    decay_share: float = 0.25
    clip_norm: float = 1.0
    precision: str = "bf16"
    chunk_samples: int = 1024
    checkpoint_every_s: float = 180.0
    evaluate_every_steps: int = 250
    log_every_steps: int = 20
    log_every_s: float = 60.0

    def __post_init__(self) -> None:
        if self.steps is None and self.time_limit_s is None:
            raise ValueError("give steps, time_limit_s or both: training has no end of its own")
        if self.optimizer not in ("adamw", "muon") or self.precision not in ("bf16", "fp32"):
            raise ValueError(f"unknown optimizer or precision: {self.optimizer}, {self.precision}")

    def identity(self) -> dict[str, Any]:
        """The settings that a resumed run must share with the one that it continues."""
        free = {"steps", "time_limit_s", "checkpoint_every_s", "evaluate_every_steps", "log_every_steps", "log_every_s"}
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in free}


@dataclass(slots=True)
class Progress:
    """Counters of a run.

    Attributes:
        step: Optimiser steps done.
        n_tokens: Tokens seen, without padding.
        n_samples: Samples seen.
        elapsed_s: Seconds of training, those before a resume included.
        position: Where in the data.
    """

    step: int = 0
    n_tokens: int = 0
    n_samples: int = 0
    elapsed_s: float = 0.0
    position: Position = field(default_factory=Position)


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What training came to.

    Attributes:
        progress: The final counters.
        train_loss: Mean loss of the last steps, in nats a token.
        held_out: Recipe -> mean loss of held-out completions, in nats a token; empty without held-out samples.
    """

    progress: Progress
    train_loss: float
    held_out: dict[str, float]


def weighted_loss(model: Any, batch: Batch) -> tuple[Any, Any]:
    """Sum of the weighted losses of `batch` and sum of the weights.

    The head sees the chosen positions only: with a large vocabulary, logits of whole prompts would fill the memory and
    take most of the time.
    """
    import torch
    from torch.nn import functional

    device = next(model.parameters()).device
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
    model: Any, samples: Sequence[Encoded], *, pad_id: int, precision: str = "fp32", batch_tokens: int = 16384
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


def autocast(model: Any, precision: str) -> AbstractContextManager[Any]:
    """The context in which `model` computes in `precision`; its weights stay fp32."""
    import torch

    device_type = next(model.parameters()).device.type
    context: AbstractContextManager[Any] = torch.autocast(
        device_type, dtype=torch.bfloat16, enabled=precision == "bf16"
    )
    return context


def train(
    model: Any,
    tokenizer: Any,
    source: SampleSource,
    config: TrainConfig,
    run_dir: Path,
    *,
    held_out: Sequence[Encoded] = (),
    resume: bool = False,
    report: Callable[[str], None] = lambda line: None,
    clock: Clock | None = None,
) -> TrainResult:
    """Train the trainable parameters of `model` until `config` says stop.

    Args:
        model: A causal language model with fp32 weights.
        tokenizer: Its tokenizer.
        source: Where samples come from.
        config: How.
        run_dir: Checkpoint and metrics go here.
        held_out: Samples whose loss is measured now and then.
        resume: Continue from the checkpoint in `run_dir`, if there is one.
        report: Called with each line of progress.
        clock: Time; the system's if None.

    Raises:
        InputError: The checkpoint belongs to another run, or no sample fits.
    """
    return _Run(
        model, tokenizer, source, config, Path(run_dir), tuple(held_out), report, clock or MonotonicClock()
    ).complete(resume)


class _Run:
    """One call of `train`."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        source: SampleSource,
        config: TrainConfig,
        run_dir: Path,
        held_out: tuple[Encoded, ...],
        report: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self.model, self.tokenizer, self.source, self.config = model, tokenizer, source, config
        self.run_dir, self.held_out, self.report, self.clock = run_dir, held_out, report, clock
        self.optimizers = build_optimizers(model, kind=config.optimizer, lr=config.lr, weight_decay=config.weight_decay)
        self.progress = Progress()
        self.recent: list[float] = []
        self.recent_from = (0, 0.0)

    def complete(self, resume: bool) -> TrainResult:
        import torch

        torch.manual_seed(self.config.seed)
        if resume and (self.run_dir / CHECKPOINT).is_file():
            self._resume()
        else:
            (self.run_dir / METRICS).unlink(missing_ok=True)
        started_s = self.clock.now_s() - self.progress.elapsed_s
        self.recent_from = (self.progress.n_tokens, self.progress.elapsed_s)
        saved_s = self.progress.elapsed_s
        self.model.train()
        batches = self._batches()
        # Asked before a batch is taken: what is taken counts as used when the run is resumed.
        while self._share_done() < 1.0:
            self._step(next(batches))
            self.progress.elapsed_s = self.clock.now_s() - started_s
            self._record()
            if self.progress.elapsed_s - saved_s >= self.config.checkpoint_every_s:
                saved_s = self.progress.elapsed_s
                self._save()
        self._save()
        losses = self._evaluate()
        return TrainResult(self.progress, sum(self.recent) / max(1, len(self.recent)), losses)

    def _batches(self) -> Iterator[Batch]:
        """Batches from the current position on; the position moves past a batch before the batch is used."""
        config, position = self.config, self.progress.position
        while True:
            batches = chunk_batches(
                self.tokenizer,
                self.source,
                seed=config.seed,
                chunk=position.chunk,
                n_samples=config.chunk_samples,
                batch_tokens=config.batch_tokens,
                encoding=config.encoding,
            )
            while position.batch < len(batches):
                batch = batches[position.batch]
                position.batch += 1
                yield batch
            position.chunk, position.batch = position.chunk + 1, 0

    def _share_done(self) -> float:
        by_steps = self.progress.step / self.config.steps if self.config.steps else 0.0
        by_time = self.progress.elapsed_s / self.config.time_limit_s if self.config.time_limit_s else 0.0
        return max(by_steps, by_time)

    def _step(self, batch: Batch) -> None:
        import torch

        config = self.config
        factor = learning_rate_factor(
            self.progress.step, self._share_done(), warmup_steps=config.warmup_steps, decay_share=config.decay_share
        )
        set_learning_rate(self.optimizers, factor)
        with autocast(self.model, config.precision):
            loss, weight = weighted_loss(self.model, batch)
        mean = loss / weight
        mean.backward()
        torch.nn.utils.clip_grad_norm_([p for p in self.model.parameters() if p.requires_grad], config.clip_norm)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.recent = [*self.recent[-99:], float(mean.detach())]
        self.progress.step += 1
        self.progress.n_tokens += batch.n_tokens
        self.progress.n_samples += len(batch.recipes)

    def _record(self) -> None:
        progress, config = self.progress, self.config
        evaluated = bool(self.held_out) and progress.step % config.evaluate_every_steps == 0
        silent_s = progress.elapsed_s - self.recent_from[1]
        logged = progress.step % config.log_every_steps == 0 or silent_s >= config.log_every_s
        record: dict[str, Any] = {
            "step": progress.step,
            "loss": self.recent[-1],
            "n_tokens": progress.n_tokens,
            "elapsed_s": round(progress.elapsed_s, 2),
        }
        if evaluated:
            record["held_out"] = self._evaluate()
        append_metrics(self.run_dir, record)
        if logged:
            self._report_progress()
        if evaluated:
            self.report("held out: " + "  ".join(f"{recipe} {loss:.4f}" for recipe, loss in record["held_out"].items()))

    def _report_progress(self) -> None:
        progress, (tokens_before, s_before) = self.progress, self.recent_from
        rate = (progress.n_tokens - tokens_before) / max(1e-9, progress.elapsed_s - s_before)
        self.recent_from = (progress.n_tokens, progress.elapsed_s)
        share = max(1e-9, self._share_done())
        eta_s = progress.elapsed_s * max(0.0, 1.0 - share) / share
        n_recent = min(len(self.recent), self.config.log_every_steps)
        loss = sum(self.recent[-n_recent:]) / n_recent
        line = f"step {progress.step}  loss {loss:.4f}  {progress.n_tokens / 1e6:.2f}M tokens  {rate:,.0f} tokens/s"
        self.report(f"{line}  {format_duration(progress.elapsed_s)} done, {format_duration(eta_s)} to go")

    def _evaluate(self) -> dict[str, float]:
        if not self.held_out:
            return {}
        return held_out_losses(
            self.model, self.held_out, pad_id=self.tokenizer.pad_token_id, precision=self.config.precision
        )

    def _save(self) -> None:
        progress = dataclasses.asdict(self.progress)
        save_checkpoint(
            self.run_dir,
            self.model,
            self.optimizers,
            {"progress": progress, "recent": self.recent, "identity": self.config.identity()},
        )

    def _resume(self) -> None:
        state = load_checkpoint(self.run_dir, self.model, self.optimizers)
        if state["identity"] != self.config.identity():
            changed = sorted(
                name for name, value in self.config.identity().items() if state["identity"].get(name) != value
            )
            raise InputError(
                f"{self.run_dir}: made with other settings of {', '.join(changed)}: "
                "repeat those or start anew without --resume"
            )
        values = dict(state["progress"])
        self.progress = Progress(**(values | {"position": Position(**values["position"])}))
        self.recent = list(state["recent"])
        rewind_metrics(self.run_dir, self.progress.step)
        self.report(f"resumed at step {self.progress.step} after {format_duration(self.progress.elapsed_s)}")


def _completion_only(sample: Encoded) -> Encoded:
    weights = sample.weights.copy()
    weights[: sample.n_prompt] = 0.0
    return dataclasses.replace(sample, weights=weights)
