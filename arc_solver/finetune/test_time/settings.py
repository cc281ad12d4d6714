"""How an adapter learns the demonstrations of a run's tasks: values that need no torch. Knows nothing of how."""

from __future__ import annotations

from dataclasses import dataclass

OFF, JOINT, PER_TASK = "off", "joint", "per-task"
MODES = (OFF, JOINT, PER_TASK)


@dataclass(frozen=True, slots=True)
class TtftSettings:
    """Test-time fine-tuning of a text model.

    Attributes:
        mode: `off`; `joint`, one adapter learns the demonstrations of all tasks; or `per-task`, each task then goes on
            from that one with an adapter of its own.
        share: Share of the time of the proposer that asks first which learning may take.
        joint_share: Share of the learning time that all tasks together get in the mode `per-task`.
        lr: Peak learning rate.
        batch_tokens: Tokens of a step, padding included.
        micro_tokens: Tokens that go through the model together; 0 for the whole step.
        max_passes: Learning together ends after so many passes over the demonstrations, each in a new view.
        task_steps: Steps of a task's own adapter.
        min_pairs: Only of tasks with so many demonstrations is one kept apart; others get no adapter of their own.
        n_kept: Of so many tasks at most is one kept apart where all learn together.
        rank: Of a new adapter, where the model has none.
        n_programs: Programs of a task that are written before anything is learned, so that they can be learned from
            (see `finetune.hindsight`); 0 for none.
        max_relabelled: Of those, so many of a task are learned at most.
        max_adapters: Adapters on disk at one time.
        max_disk_gib: Room that they may take.

    Raises:
        ValueError: A setting that makes no sense.
    """

    mode: str = OFF
    share: float = 0.5
    joint_share: float = 0.4
    lr: float = 5e-4
    batch_tokens: int = 2048
    micro_tokens: int = 0
    max_passes: float = 8.0
    task_steps: int = 8
    min_pairs: int = 3
    n_kept: int = 32
    rank: int = 16
    n_programs: int = 4
    max_relabelled: int = 4
    max_adapters: int = 512
    max_disk_gib: float = 8.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"ttft is {', '.join(MODES)}, not {self.mode!r}")
        if not (0 < self.share < 1 and 0 < self.joint_share < 1):
            raise ValueError("share and joint_share must lie between 0 and 1")
        if min(self.batch_tokens, self.task_steps, self.n_kept, self.rank, self.max_adapters) < 1:
            raise ValueError("batch_tokens, task_steps, n_kept, rank and max_adapters must be at least 1")
        if min(self.micro_tokens, self.n_programs, self.max_relabelled) < 0:
            raise ValueError("micro_tokens, n_programs and max_relabelled must be at least 0")
        if self.lr <= 0 or self.max_passes <= 0 or self.max_disk_gib <= 0:
            raise ValueError("lr, max_passes and max_disk_gib must be positive")
        if self.min_pairs < 3:
            raise ValueError("min_pairs must be at least 3: one is kept apart, one shown, one asked about")
