"""How a model is trained, how far a run is, and what it came to: values, checked where they are made.

Imports no torch. Knows nothing of how a step is made.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from arc_solver.finetune.dataset import Encoding, Position
from arc_solver.finetune.precision import PRECISIONS

OPTIMIZERS = ("adamw", "muon")

LAST, AVERAGE = "last", "average"
"""Which weights are kept at the end: those of the last step, or their moving average."""

_FREE = frozenset(
    {
        "steps",
        "time_limit_s",
        "micro_tokens",
        "gradient_checkpointing",
        "checkpoint_every_s",
        "evaluate_every_steps",
        "solve_every_steps",
        "log_every_steps",
        "log_every_s",
    }
)


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How a model is trained.

    Attributes:
        seed: Of the data and of everything random in the model.
        steps: Stop after so many optimiser steps; None for no such limit.
        time_limit_s: Stop after so many seconds of training, those before a resume included; None for no such limit.
            With this limit alone the learning rate follows the clock.
        batch_tokens: Tokens of one step, padding included.
        micro_tokens: Tokens that go through the model together, padding included; a step adds up the gradients of as
            many such parts as it takes. None for the whole step at once.
        encoding: Longest sample and weight of the prompt in the loss.
        optimizer: `adamw` or `muon` (Muon on matrices of the layers, AdamW on the rest).
        lr: Peak learning rate.
        weight_decay: On matrices.
        warmup_steps: Steps of the linear rise.
        decay_share: Last share of the run in which the rate falls.
        clip_norm: Largest norm of the gradient.
        ema_decay: Of the moving average of the trained weights, below 1; 0 for none.
        precision: One of `precision.PRECISIONS`.
        gradient_checkpointing: Compute each layer twice instead of keeping what it computed: less memory, a third more
            time.
        chunk_samples: Samples that are sorted by length together.
        checkpoint_every_s: Seconds between checkpoints.
        evaluate_every_steps: Steps between held-out losses.
        solve_every_steps: Steps between held-out solve rates.
        log_every_steps: Steps between lines.
        log_every_s: Seconds after which there is a line all the same: a step of a large model takes long.
    """

    seed: int = 0
    steps: int | None = None
    time_limit_s: float | None = None
    batch_tokens: int = 8192
    micro_tokens: int | None = None
    encoding: Encoding = field(default_factory=lambda: Encoding(max_tokens=1024))
    optimizer: str = "adamw"
    lr: float = 1e-3
    weight_decay: float = 0.01
    warmup_steps: int = 100
    decay_share: float = 0.25
    clip_norm: float = 1.0
    ema_decay: float = 0.0
    precision: str = "auto"
    gradient_checkpointing: bool = False
    chunk_samples: int = 1024
    checkpoint_every_s: float = 180.0
    evaluate_every_steps: int = 250
    solve_every_steps: int = 1000
    log_every_steps: int = 20
    log_every_s: float = 60.0

    def __post_init__(self) -> None:
        if self.steps is None and self.time_limit_s is None:
            raise ValueError("give steps, time_limit_s or both: training has no end of its own")
        if self.optimizer not in OPTIMIZERS or self.precision not in PRECISIONS:
            raise ValueError(f"unknown optimizer or precision: {self.optimizer}, {self.precision}")
        if not 0.0 <= self.ema_decay < 1.0:
            raise ValueError(f"the decay of a moving average is at least 0 and below 1, not {self.ema_decay}")

    def identity(self) -> dict[str, Any]:
        """The settings that a resumed run must share with the one that it continues.

        How far it goes, how often it looks, and what only changes rounding are not among them.
        """
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in _FREE}


@dataclass(slots=True)
class Progress:
    """Counters of a run.

    Attributes:
        step: Optimiser steps done.
        n_tokens: Tokens seen, without padding.
        n_samples: Samples seen.
        n_skipped: Steps in a row, the last included, whose gradient was too large for fp16.
        elapsed_s: Seconds of training, those before a resume included.
        position: Where in the data.
    """

    step: int = 0
    n_tokens: int = 0
    n_samples: int = 0
    n_skipped: int = 0
    elapsed_s: float = 0.0
    position: Position = field(default_factory=Position)


Solved = dict[str, tuple[int, int]]
"""Learning task -> (held-out tasks solved, held-out tasks asked)."""


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What training came to.

    Attributes:
        progress: The final counters.
        train_loss: Mean loss of the last steps, in nats a token.
        kept: Which weights the model has now: `last` or `average`.
        losses: Weights -> recipe -> mean loss of held-out completions, in nats a token, for every kind of weights that
            there were; empty without held-out samples.
        solved: Held-out tasks solved with the weights that were kept; empty where none were asked.
    """

    progress: Progress
    train_loss: float
    kept: str
    losses: dict[str, dict[str, float]]
    solved: Solved

    @property
    def held_out(self) -> dict[str, float]:
        """The held-out losses of the weights that were kept."""
        return self.losses.get(self.kept, {})
