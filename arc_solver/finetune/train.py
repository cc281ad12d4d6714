"""The training loop: samples in, a better model out, under a deadline, resumable at any moment.

Works for any causal language model of transformers whose trainable parameters are set: all of them, or a LoRA's. Ours,
not transformers' `Trainer`, because a resumed run must see the very batches of an unbroken one and stop at a deadline,
because the head is to see completions only, and because held-out tasks are solved on the way. Knows nothing of where
samples come from, of adapters, or of where the result is saved: `session.py` tells that story.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from arc_solver.budget import Clock, MonotonicClock, format_duration
from arc_solver.errors import InputError, ModelError
from arc_solver.finetune.averaging import WeightAverage
from arc_solver.finetune.checkpoint import CHECKPOINT, METRICS, load_checkpoint, rewind_metrics, save_checkpoint
from arc_solver.finetune.dataset import Batch, Encoded, Position, SampleSource, chunk_batches, split_batch
from arc_solver.finetune.losses import HELD_OUT_BATCH_TOKENS, held_out_losses, mean_over_recipes, weighted_loss
from arc_solver.finetune.optimizer import build_optimizers, learning_rate_factor, set_learning_rate
from arc_solver.finetune.precision import autocast, choose_precision, device_of, loss_scaler
from arc_solver.finetune.recording import Recorder
from arc_solver.finetune.settings import AVERAGE, LAST, Progress, Solved, TrainConfig, TrainResult

SolveRate = Callable[[Any, str], Solved]
"""(model, precision) -> held-out tasks solved."""

_MAX_SKIPPED = 40
"""Steps in a row: fp16's first scale is halved in each, and is below 1 long before."""


def train(
    model: Any,
    tokenizer: Any,
    source: SampleSource,
    config: TrainConfig,
    run_dir: Path,
    *,
    held_out: Sequence[Encoded] = (),
    solve: SolveRate | None = None,
    resume: bool = False,
    report: Callable[[str], None] = lambda line: None,
    clock: Clock | None = None,
) -> TrainResult:
    """Train the trainable parameters of `model` until `config` says stop.

    Args:
        model: A causal language model on the device that it is to be trained on; what is trained is fp32.
        tokenizer: Its tokenizer.
        source: Where samples come from.
        config: How.
        run_dir: Checkpoint, metrics and their picture go here.
        held_out: Samples whose loss is measured now and then.
        solve: Asked now and then for the held-out tasks that the model solves.
        resume: Continue from the checkpoint in `run_dir`, if there is one.
        report: Called with each line of progress.
        clock: Time; the system's if None.

    Returns:
        What it came to; `model` has the weights that are better on `held_out`, the last ones or their average.

    Raises:
        InputError: The checkpoint belongs to another run, no sample fits, or the device cannot compute so.
        ModelError: The loss or its gradient is not finite, or the model cannot do without its activations.
    """
    config = dataclasses.replace(config, precision=choose_precision(config.precision, device_of(model).type))
    recorder = Recorder(Path(run_dir), config, report)
    run = _Run(model, tokenizer, source, config, Path(run_dir), tuple(held_out), solve, recorder, clock)
    with _checkpointed(model, config.gradient_checkpointing):
        run.start(resume, report)
        run.to_the_end()
    return run.finish()


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
        solve: SolveRate | None,
        recorder: Recorder,
        clock: Clock | None,
    ) -> None:
        self.model, self.tokenizer, self.source, self.config = model, tokenizer, source, config
        self.run_dir, self.held_out, self.solve, self.recorder = run_dir, held_out, solve, recorder
        self.clock = clock or MonotonicClock()
        self.trained = [p for p in model.parameters() if p.requires_grad]
        self.optimizers = build_optimizers(model, kind=config.optimizer, lr=config.lr, weight_decay=config.weight_decay)
        self.scaler = loss_scaler(device_of(model).type, config.precision)
        self.average = WeightAverage(model, config.ema_decay) if config.ema_decay else None
        self.progress = Progress()

    def start(self, resume: bool, report: Callable[[str], None]) -> None:
        import torch

        torch.manual_seed(self.config.seed)
        if resume and (self.run_dir / CHECKPOINT).is_file():
            self._resume()
            report(f"resumed at step {self.progress.step} after {format_duration(self.progress.elapsed_s)}")
        else:
            (self.run_dir / METRICS).unlink(missing_ok=True)
        self.recorder.start(self.progress)

    def to_the_end(self) -> None:
        # The schedule of a run with a time limit goes on where the checkpoint was made, however long ago that is.
        started_s = self.clock.now_s() - self.progress.elapsed_s
        saved_s = self.progress.elapsed_s
        self.model.train()
        batches = self._batches()
        # Asked before a batch is taken: what is taken counts as used when the run is resumed.
        while self._share_done() < 1.0:
            loss, lr = self._step(next(batches))
            self.progress.elapsed_s = self.clock.now_s() - started_s
            self._record(loss, lr)
            if self.progress.elapsed_s - saved_s >= self.config.checkpoint_every_s:
                saved_s = self.progress.elapsed_s
                self._save()
        self._save()

    def finish(self) -> TrainResult:
        """Measure what there is and leave the better weights in the model."""
        losses = {LAST: self._held_out_losses()} if self.held_out else {}
        kept = LAST
        if losses and self.average is not None:
            with self.average.in_place():
                losses[AVERAGE] = self._held_out_losses()
            if mean_over_recipes(losses[AVERAGE]) < mean_over_recipes(losses[LAST]):
                kept = AVERAGE
                self.average.put()
        solved = self.solve(self.model, self.config.precision) if self.solve is not None else {}
        for which, measured in losses.items():
            self.recorder.held_out(measured, solved if which == kept else {}, of=which)
        self.recorder.draw(self.progress.step, losses.get(kept), solved)
        return TrainResult(self.progress, self.recorder.mean_loss(), kept, losses, solved)

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

    def _step(self, batch: Batch) -> tuple[float, float]:
        """One step of the optimisers; its loss and its learning rate."""
        config, progress = self.config, self.progress
        factor = learning_rate_factor(
            progress.step, self._share_done(), warmup_steps=config.warmup_steps, decay_share=config.decay_share
        )
        set_learning_rate(self.optimizers, factor)
        loss = self._backward(batch)
        progress.step += 1
        progress.n_tokens += batch.n_tokens
        progress.n_samples += len(batch.recipes)
        self._update(loss)
        return loss, config.lr * factor

    def _backward(self, batch: Batch) -> float:
        """Add up the gradients of the batch's parts; the mean loss over its weights."""
        weight = float(batch.weights[:, 1:].sum(dtype="float64"))
        total = None
        for part in split_batch(batch, self.config.micro_tokens):
            with autocast(self.model, self.config.precision):
                loss, _ = weighted_loss(self.model, part)
            mean = loss / weight
            self.scaler.scale(mean).backward()
            total = mean.detach() if total is None else total + mean.detach()
        return float(total) if total is not None else math.nan

    def _update(self, loss: float) -> None:
        """Move the weights along the gradient, unless that is not finite: fp16 tries the next with a smaller scale."""
        import torch

        for optimizer in self.optimizers:
            self.scaler.unscale_(optimizer)
        norm = float(torch.nn.utils.clip_grad_norm_(self.trained, self.config.clip_norm))
        if math.isfinite(norm) and math.isfinite(loss):
            self.progress.n_skipped = 0
            for optimizer in self.optimizers:
                optimizer.step()
            if self.average is not None:
                self.average.update(self.progress.step)
        else:
            self._skip(loss)
        self.scaler.update()
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)

    def _skip(self, loss: float) -> None:
        self.progress.n_skipped += 1
        if not self.scaler.is_enabled():
            raise ModelError(f"step {self.progress.step}: loss {loss:g} or its gradient is not finite: lower --lr")
        if self.progress.n_skipped > _MAX_SKIPPED:
            raise ModelError(
                f"step {self.progress.step}: not finite in fp16 for {self.progress.n_skipped} steps: use fp32, or bf16 "
                "on a GPU that has it"
            )

    def _record(self, loss: float, lr: float) -> None:
        step, config = self.progress.step, self.config
        evaluated = bool(self.held_out) and step % config.evaluate_every_steps == 0
        solved = self.solve is not None and step % config.solve_every_steps == 0
        losses: dict[str, float] = {}
        solutions: Solved = {}
        if evaluated or solved:
            with self.average.in_place() if self.average is not None else nullcontext():
                losses = self._held_out_losses() if evaluated else {}
                solutions = self.solve(self.model, config.precision) if solved and self.solve is not None else {}
        self.recorder.step(self.progress, loss=loss, lr=lr, share=self._share_done(), held_out=losses, solved=solutions)

    def _held_out_losses(self) -> dict[str, float]:
        return held_out_losses(
            self.model,
            self.held_out,
            pad_id=self.tokenizer.pad_token_id,
            precision=self.config.precision,
            batch_tokens=self.config.micro_tokens or HELD_OUT_BATCH_TOKENS,
        )

    def _save(self) -> None:
        state = {
            "progress": dataclasses.asdict(self.progress),
            "recent": self.recorder.recent,
            "identity": self.config.identity(),
        }
        average = None if self.average is None else self.average.state()
        save_checkpoint(
            self.run_dir, self.model, self.optimizers, state, average=average, scaler=self.scaler.state_dict()
        )
        self.recorder.draw()

    def _resume(self) -> None:
        loaded = load_checkpoint(self.run_dir, self.model, self.optimizers)
        known, own = loaded.state["identity"], self.config.identity()
        if known != own:
            changed = sorted(name for name, value in own.items() if known.get(name) != value)
            raise InputError(
                f"{self.run_dir}: made with other settings of {', '.join(changed)}: "
                "repeat those or start anew without --resume"
            )
        values = dict(loaded.state["progress"])
        self.progress = Progress(**(values | {"position": Position(**values["position"])}))
        self.recorder.recent = list(loaded.state["recent"])
        self.scaler.load_state_dict(loaded.scaler)
        if self.average is not None:
            self.average.load(loaded.average)
        rewind_metrics(self.run_dir, self.progress.step)


@contextmanager
def _checkpointed(model: Any, wanted: bool) -> Iterator[None]:
    """The context in which a model computes each layer's activations again instead of keeping them, if so wanted."""
    if not wanted:
        yield
        return
    try:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    except ValueError as error:
        raise ModelError(f"no gradient checkpointing for this model: {error}") from error
    try:
        yield
    finally:
        model.gradient_checkpointing_disable()
