"""How the cell model is used, apart from what needs torch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from arc_solver.finetune.cells.settings import AloneConfig, JointConfig, gpu_joint
from arc_solver.finetune.test_time.settings import JOINT, MODES


@dataclass(frozen=True, slots=True)
class CellSettings:
    """How the cell model is used.

    Attributes:
        n_views: Views of each test input; the first is the task as it is.
        max_rounds: Where time remains after all views, the model as it was learns everything anew from another seed and
            answers in as many further views, so many times in all. Not with `per-task`.
        ttft: `joint` adapts to the demonstrations of all tasks first, `per-task` goes on with those of each task alone
            for half of the views, `off` does neither.
        ttft_share: Share of the proposer's time that adaptation may take.
        batch_size: Test inputs that are answered together.
        gpu_batch_size: Likewise on a GPU.
        n_drafts: Most grids of a test input that are read and scored in each view; answers of earlier views that
            come again are not written anew.
        hopeful_logprob: Test inputs with an answer at least so likely go through their views before others do: 61% of
            the cells of held-out training tasks in the first view, and all outputs that were right in any of 16.
        settled_votes: Test inputs come last if so many views gave the same grid ...
        settled_logprob: ... and its mean log-probability is at least this: further views change nothing there.
        skip_solved: Tasks that others solved beyond doubt are neither learned nor answered in the first round: some
            program passes every training pair, and all that do give the same outputs.
        second_opinions: Views of what others solved beyond doubt, if it was learned before they did: a program that
            passes every training pair may be wrong, and a task has two attempts ...
        second_opinions_after: ... asked for when what is open was answered in so many views.
        joint: How demonstrations of all tasks are learned.
        gpu_joint: Likewise on a GPU.
        alone: How those of one task are.

    Raises:
        ValueError: A setting that makes no sense.
    """

    n_views: int = 16
    max_rounds: int = 1
    ttft: str = JOINT
    ttft_share: float = 0.7
    batch_size: int = 64
    gpu_batch_size: int = 256
    n_drafts: int = 4
    hopeful_logprob: float = -3.5
    settled_votes: int = 2
    settled_logprob: float = -0.2
    skip_solved: bool = True
    second_opinions: int = 3
    second_opinions_after: int = 4
    joint: JointConfig = field(default_factory=JointConfig)
    gpu_joint: JointConfig = field(default_factory=gpu_joint)
    alone: AloneConfig = field(default_factory=AloneConfig)

    def __post_init__(self) -> None:
        if min(self.n_views, self.max_rounds, self.batch_size, self.gpu_batch_size) < 1 or self.n_drafts < 0:
            raise ValueError(
                "n_views, max_rounds, batch_size and gpu_batch_size must be at least 1, n_drafts at least 0"
            )
        if min(self.second_opinions, self.second_opinions_after) < 0:
            raise ValueError("second_opinions and second_opinions_after must be at least 0")
        if self.settled_votes < 1:
            raise ValueError("settled_votes must be at least 1")
        for name in ("hopeful_logprob", "settled_logprob"):
            if not getattr(self, name) <= 0:
                raise ValueError(f"{name} is a log-probability, so at most 0")
        if self.ttft not in MODES:
            raise ValueError(f"ttft is {', '.join(MODES)}, not {self.ttft!r}")
        if not 0 < self.ttft_share < 1:
            raise ValueError("ttft_share must lie between 0 and 1")

    def for_round(self, number: int) -> CellSettings:
        """The settings of a round, counted from 0. That learning helps is found out in the first, and what was kept
        apart for that is learned in the others. These learn what others solved, too, and ask for it in every view.
        """
        if not number:
            return self
        joint, gpu_joint = (replace(one, n_kept=0) for one in (self.joint, self.gpu_joint))
        return replace(self, skip_solved=False, joint=joint, gpu_joint=gpu_joint)

    def joint_on(self, device: str) -> JointConfig:
        """How demonstrations of all tasks are learned on `cpu` or `cuda`."""
        return self.gpu_joint if device == "cuda" else self.joint

    def batch_size_on(self, device: str) -> int:
        """Test inputs that are answered together on `cpu` or `cuda`."""
        return self.gpu_batch_size if device == "cuda" else self.batch_size
