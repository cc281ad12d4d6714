"""Settings of test-time fine-tuning, apart from what needs torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JointConfig:
    """How demonstrations are learned.

    Attributes:
        lr: Peak rate of matrices.
        table_lr: Peak rate of embeddings, head and task tokens.
        n_rows: Rows of 2,048 tokens a step.
        max_passes: Stop after so many passes over the demonstrations.
        min_passes: Where the time allows fewer, only the tasks with the smallest demonstrations are learned, so many of
            them that each is seen so often.
        n_kept: Most tasks of which one demonstration is kept apart.
        min_pairs: Only of tasks with at least so many demonstrations.
        optimizer: `muon` or `adamw`.
        precision: `bf16`, `fp16` or `fp32`.
    """

    lr: float = 5e-4
    table_lr: float = 3e-3
    n_rows: int = 2
    max_passes: float = 24.0
    min_passes: float = 4.0
    n_kept: int = 32
    min_pairs: int = 4
    optimizer: str = "adamw"
    precision: str = "bf16"


def gpu_joint() -> JointConfig:
    """How demonstrations are learned on a GPU: larger steps, and as many as help."""
    return JointConfig(n_rows=8, max_passes=100.0)


@dataclass(frozen=True, slots=True)
class AloneConfig:
    """How each task is learned alone, after all were learned together.

    Attributes:
        steps: Steps for a task.
        n_tokens: Tokens of a step, at least those of the longest demonstration.
        lr: Peak rate of matrices.
        table_lr: Peak rate of embeddings, head and task tokens.
        n_tried: Most tasks on whose kept-apart demonstrations it is tried out first.
    """

    steps: int = 8
    n_tokens: int = 2048
    lr: float = 2e-4
    table_lr: float = 1e-3
    n_tried: int = 6
