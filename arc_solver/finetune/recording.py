"""What a run tells while it goes: a line now and then, metrics as JSON lines, and their picture.

Knows nothing of models.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from arc_solver.budget import format_duration
from arc_solver.finetune.checkpoint import append_metrics, read_metrics
from arc_solver.finetune.plotting import metrics_svg
from arc_solver.finetune.settings import Progress, Solved, TrainConfig

PLOT = "metrics.svg"


class Recorder:
    """The lines, the metrics and the picture of one run.

    Attributes:
        recent: Losses of the last steps, at most 100.
    """

    def __init__(self, run_dir: Path, config: TrainConfig, report: Callable[[str], None]) -> None:
        self.recent: list[float] = []
        self._run_dir, self._config, self._report = run_dir, config, report
        self._reported_at = (0, 0.0)

    def start(self, progress: Progress) -> None:
        """Rates are counted from here on."""
        self._reported_at = (progress.n_tokens, progress.elapsed_s)

    def mean_loss(self, n_steps: int = 100) -> float:
        """Of the last steps."""
        recent = self.recent[-n_steps:]
        return sum(recent) / max(1, len(recent))

    def step(
        self, progress: Progress, *, loss: float, lr: float, share: float, held_out: dict[str, float], solved: Solved
    ) -> None:
        """Write the metrics of a step; report where a line is due.

        Args:
            progress: After the step.
            loss: Of the step; not finite where the step was skipped.
            lr: Learning rate of the first group.
            share: Share of the run that is done.
            held_out: Held-out losses, if they were measured after this step.
            solved: Held-out tasks solved, if they were asked after this step.
        """
        finite = math.isfinite(loss)
        if finite:
            self.recent = [*self.recent[-99:], loss]
        record: dict[str, Any] = {
            "step": progress.step,
            "loss": loss if finite else None,
            "lr": lr,
            "n_tokens": progress.n_tokens,
            "elapsed_s": round(progress.elapsed_s, 2),
        }
        if progress.n_skipped:
            record["skipped"] = True
        if held_out:
            record["held_out"] = held_out
        if solved:
            record["solved"] = {recipe: list(counts) for recipe, counts in solved.items()}
        append_metrics(self._run_dir, record)
        silent_s = progress.elapsed_s - self._reported_at[1]
        if progress.step % self._config.log_every_steps == 0 or silent_s >= self._config.log_every_s:
            self._report_progress(progress, share)
        self.held_out(held_out, solved)

    def held_out(self, losses: dict[str, float], solved: Solved, *, of: str = "") -> None:
        """Report held-out figures, if there are any.

        Args:
            losses: By recipe.
            solved: By recipe.
            of: Which weights, where that must be said.
        """
        which = f" ({of})" if of else ""
        if losses:
            self._report(f"held out{which}: " + "  ".join(f"{recipe} {loss:.4f}" for recipe, loss in losses.items()))
        if solved:
            told = "  ".join(f"{recipe} {n_solved} of {n_asked}" for recipe, (n_solved, n_asked) in solved.items())
            self._report(f"held out{which}, solved: {told}")

    def draw(self, step: int = 0, held_out: dict[str, float] | None = None, solved: Solved | None = None) -> None:
        """Write the picture of all metrics so far, with final figures after `step`, if there are any."""
        records = read_metrics(self._run_dir)
        if held_out or solved:
            records.append({"step": step, "held_out": held_out or {}, "solved": solved or {}})
        if records:
            temporary = self._run_dir / (PLOT + ".new")
            temporary.write_text(metrics_svg(records), encoding="utf-8")
            temporary.replace(self._run_dir / PLOT)

    def _report_progress(self, progress: Progress, share: float) -> None:
        tokens_before, s_before = self._reported_at
        rate = (progress.n_tokens - tokens_before) / max(1e-9, progress.elapsed_s - s_before)
        self._reported_at = (progress.n_tokens, progress.elapsed_s)
        share = max(1e-9, share)
        eta_s = progress.elapsed_s * max(0.0, 1.0 - share) / share
        loss = self.mean_loss(self._config.log_every_steps)
        line = f"step {progress.step}  loss {loss:.4f}  {progress.n_tokens / 1e6:.2f}M tokens  {rate:,.0f} tokens/s"
        self._report(f"{line}  {format_duration(progress.elapsed_s)} done, {format_duration(eta_s)} to go")
