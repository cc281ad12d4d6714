"""How the cell model is used, apart from what needs torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from arc_solver.finetune.cells.settings import AloneConfig, JointConfig
from arc_solver.finetune.test_time.settings import JOINT, MODES


@dataclass(frozen=True, slots=True)
class CellSettings:
    """How the cell model is used.

    Attributes:
        n_views: Views of each test input; the first is the task as it is.
        ttft: `joint` adapts to the demonstrations of all tasks first, `per-task` goes on with those of each task alone
            for half of the views, `off` does neither.
        ttft_share: Share of the proposer's time that adaptation may take.
        batch_size: Test inputs that are answered together.
        n_drafts: Most grids of a test input that are read and scored in each view; answers of earlier views that
            come again are not written anew.
        skip_solved: Tasks that others solved beyond doubt are neither learned nor answered: some program passes every
            training pair, and all that do give the same outputs.
        joint: How demonstrations of all tasks are learned.
        alone: How those of one task are.

    Raises:
        ValueError: A setting that makes no sense.
    """

    n_views: int = 16
    ttft: str = JOINT
    ttft_share: float = 0.7
    batch_size: int = 64
    n_drafts: int = 4
    skip_solved: bool = True
    joint: JointConfig = field(default_factory=JointConfig)
    alone: AloneConfig = field(default_factory=AloneConfig)

    def __post_init__(self) -> None:
        if self.n_views < 1 or self.batch_size < 1 or self.n_drafts < 0:
            raise ValueError("n_views and batch_size must be at least 1, n_drafts at least 0")
        if self.ttft not in MODES:
            raise ValueError(f"ttft is {', '.join(MODES)}, not {self.ttft!r}")
        if not 0 < self.ttft_share < 1:
            raise ValueError("ttft_share must lie between 0 and 1")
