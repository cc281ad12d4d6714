"""The cell model made ready to answer: loaded, and taught the demonstrations of the run's tasks.

What learning comes to is said in a line for people; where it does not help, or breaks, the model answers as it was.
Knows nothing of answers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arc_solver.budget import Deadline
from arc_solver.finetune.precision import FP16, FP32
from arc_solver.finetune.test_time.settings import OFF, PER_TASK
from arc_solver.proposers.cells.learned import DROPPED, Learned
from arc_solver.proposers.cells.settings import CellSettings
from arc_solver.tasks import Pair, Task

if TYPE_CHECKING:
    from arc_solver.finetune.cells.alone import Tutor
    from arc_solver.finetune.cells.model import CellModel

_SAY_EVERY_S = 60.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ReadyModel:
    """A model that can be asked.

    Attributes:
        model: On its device, in fp32; it can be taught further.
        slots: Task id -> number of its token; empty where nothing was learned.
        kept: Demonstrations that were not learned.
        device: `cpu` or `cuda`.
        precision: `bf16`, `fp16` or `fp32`.
    """

    model: CellModel
    slots: Mapping[str, int]
    kept: Mapping[str, Pair]
    device: str
    precision: str

    def for_answers(self) -> CellModel:
        """A copy as it is now, in the precision in which it answers."""
        from arc_solver.finetune.cells.decoding import inference_copy
        from arc_solver.finetune.cells.device import torch_dtype

        return inference_copy(self.model, torch_dtype(self.precision))


def learn_together(
    model_dir: Path,
    tasks: Sequence[Task],
    deadline: Deadline,
    settings: CellSettings,
    seed: int,
    *,
    n_threads: int,
    say: Say,
    is_wanted: Callable[[str], bool],
) -> ReadyModel:
    """Load the model and, unless `ttft` is off, adapt it to all tasks at once.

    Args:
        model_dir: Folder with the compact model.
        tasks: Those of the run.
        deadline: When learning must end.
        settings: How the model is used.
        seed: Of views and order.
        n_threads: CPU threads.
        say: Told in lines for people.
        is_wanted: Whether a task is still to be learned.
    """
    from arc_solver.finetune.cells.checkpoint import load_compact
    from arc_solver.finetune.cells.device import gpu_problem, prepare
    from arc_solver.finetune.cells.joint import Dropped, adapt_jointly, is_finite_in, renew_tasks

    device, precision = prepare(n_threads)
    if problem := gpu_problem():
        say(f"the GPU does not work ({problem}): the cell model computes on the CPU")
    model = load_compact(model_dir).to(device)
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    if precision == FP16 and not is_finite_in(model, tasks, precision):
        say("the cell model is not finite in fp16: fp32, which takes longer")
        precision = FP32
    say(f"cell model {n_parameters / 1e6:.1f}M on {device} in {precision}")
    if settings.ttft != OFF:
        clock = deadline.clock
        started_s = clock.now_s()
        found = adapt_jointly(
            model,
            tasks,
            deadline,
            dataclasses.replace(settings.joint_on(device), precision=precision),
            seed,
            log=_now_and_then(say, clock.now_s),
            clock=clock.now_s,
            is_wanted=is_wanted,
        )
        took_s = clock.now_s() - started_s
        if not isinstance(found, Dropped):
            learned = Learned(
                len(found.slots), len(tasks), found.steps, found.n_tokens, took_s, found.loss_before, found.loss_after
            )
            say(learned.text())
            return ReadyModel(model, found.slots, found.kept, device, precision)
        say(f"{DROPPED}{took_s:.0f}s: {found.reason}")
        model = load_compact(model_dir).to(device)
    renew_tasks(model, 0)
    return ReadyModel(model, {}, {}, device, precision)


def tutor(
    ready: ReadyModel, tasks: Sequence[Task], settings: CellSettings, seed: int, say: Say, clock: Callable[[], float]
) -> tuple[Tutor, float] | None:
    """Who teaches one task at a time, and the seconds that a task takes; None where that is not asked for, or does
    not help.
    """
    if settings.ttft != PER_TASK or not ready.slots:
        return None
    from arc_solver.finetune.cells.alone import Tutor
    from arc_solver.finetune.cells.joint import Dropped

    teacher = Tutor(ready.model, ready.slots, settings.alone, precision=ready.precision, seed=seed, clock=clock)
    found = teacher.try_out(tasks, ready.kept)
    if isinstance(found, Dropped):
        say(f"learning each task alone is dropped: {found.reason}")
        return None
    say(
        f"learning each task alone: {found.seconds_a_task:.1f}s a task; loss on demonstrations of {found.n_tasks} "
        f"tasks kept apart {found.loss_before:.3f} -> {found.loss_after:.3f}"
    )
    return teacher, found.seconds_a_task


def _now_and_then(say: Say, now_s: Callable[[], float]) -> Say:
    """Pass on a line at most once a minute."""
    last_s = now_s()

    def log(line: str) -> None:
        nonlocal last_s
        if now_s() - last_s >= _SAY_EVERY_S:
            last_s = now_s()
            say(f"test-time fine-tuning: {line}")

    return log
