"""Transduction by the bundled cell model: it learns the demonstrations of all tasks, then writes grids in many views.

The first share of its time goes to test-time fine-tuning (`finetune.cells.joint`). Then every task is answered in one
view after the other, so that no task is starved for another. With `per-task`, half of the views are answered once the
model has learned that task alone (`finetune.cells.alone`). Knows nothing of votes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from arc_solver.budget import Deadline
from arc_solver.finetune.test_time.settings import PER_TASK
from arc_solver.proposers.base import Event, Pool
from arc_solver.proposers.cells.answering import NAME, Answering, Asked, is_open
from arc_solver.proposers.cells.learning import ReadyModel, learn_together, tutor
from arc_solver.proposers.cells.settings import CellSettings
from arc_solver.tasks import Task

if TYPE_CHECKING:
    from arc_solver.finetune.cells.alone import Tutor

_TELLING_S = 3.0
_JOINT_SHARE = 0.6
"""Of the learning time, what all tasks together get where each is learned alone afterwards."""


class CellProposer:
    """Proposes grids that the cell model writes.

    Args:
        model_dir: Folder with the compact model.
        settings: How it is used.
        seed: Of adaptation and views.
        n_threads: CPU threads.
        say: Told in lines for people how learning went.
        pool: What others found; their programs' outputs are scored as well.
    """

    def __init__(
        self,
        model_dir: Path,
        settings: CellSettings,
        seed: int,
        *,
        n_threads: int,
        say: Callable[[str], None],
        pool: Pool | None = None,
    ) -> None:
        self._model_dir = model_dir
        self._settings = settings
        self._seed = seed
        self._n_threads = n_threads
        self._say = say
        self._pool = pool

    @property
    def name(self) -> str:
        return NAME

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        from arc_solver.finetune.cells.adapting import views

        settings = self._settings
        share = settings.ttft_share * (_JOINT_SHARE if settings.ttft == PER_TASK else 1.0)
        ready = learn_together(
            self._model_dir,
            tasks,
            deadline.within(share * deadline.remaining_s()),
            settings,
            self._seed,
            n_threads=self._n_threads,
            say=self._say,
            is_wanted=partial(is_open, pool=self._pool, settings=settings),
        )
        answering = Answering(tasks, ready.slots, views(settings.n_views, self._seed), settings, self._seed, self._pool)
        # What is known must be told before the end.
        working = deadline.minus(min(_TELLING_S, 0.05 * deadline.remaining_s()))
        n_together = settings.n_views - settings.n_views // 2 if settings.ttft == PER_TASK else settings.n_views
        yield from self._together(ready, answering, range(n_together), working)
        rest = range(n_together, settings.n_views)
        if rest and not working.passed():
            found = tutor(ready, tasks, settings, self._seed, self._say, deadline.clock.now_s)
            if found is None:
                yield from self._together(ready, answering, rest, working)
            else:
                yield from self._alone(ready, answering, rest, working, *found)
        yield from answering.news(answering.asked)

    def _together(
        self, ready: ReadyModel, answering: Answering, numbers: Sequence[int], working: Deadline
    ) -> Iterator[Event]:
        """All test inputs in each of these views."""
        model, size = ready.for_answers(), self._settings.batch_size
        for number in numbers:
            for start in range(0, len(answering.asked), size):
                if working.passed():
                    return
                yield from answering.ask(model, answering.asked[start : start + size], number)
            # At 1, 2, 4, 8, ... views: each telling replaces the one before.
            if (number + 1) & number == 0:
                yield from answering.news(answering.asked)

    def _alone(
        self,
        ready: ReadyModel,
        answering: Answering,
        numbers: Sequence[int],
        working: Deadline,
        teacher: Tutor,
        seconds: float,
    ) -> Iterator[Event]:
        """Each task in these views, once it was learned alone; as many tasks as fit the time, those with the smallest
        inputs first.
        """
        from arc_solver.finetune.cells.joint import Dropped

        by_task: dict[str, list[Asked]] = {}
        for one in answering.asked:
            by_task.setdefault(one.task.task_id, []).append(one)
        n_taught, now_s = 0, working.clock.now_s
        dropped: Counter[str] = Counter()
        for task_id, part in by_task.items():
            if not is_open(task_id, self._pool, self._settings):
                continue
            # What the task before took, answers included, is what this one is expected to take.
            if working.remaining_s() < seconds:
                break
            started_s = now_s()
            taught = teacher.teach(task_id, part[0].task.train)
            if isinstance(taught, Dropped):
                dropped[taught.reason] += 1
            model, detail = ready.for_answers(), "cells" if isinstance(taught, Dropped) else "cells, learned alone"
            for number in numbers:
                if working.passed():
                    return
                yield from answering.ask(model, part, number, detail)
            n_taught += not isinstance(taught, Dropped)
            seconds = now_s() - started_s
        reasons = "".join(f"; {count} dropped: {reason}" for reason, count in dropped.items())
        self._say(f"learned alone: {n_taught} of {len(by_task)} tasks{reasons}")
