"""Transduction by the bundled cell model: it learns the demonstrations of all tasks, then writes grids in many views.

The first share of its time goes to test-time fine-tuning (`finetune.cells.joint`). Then every task is answered in one
view, so that no task is starved for another, and the promising ones go on first (`ordering`). With `per-task`, half of
the views are answered once the model has learned that task alone (`finetune.cells.alone`). Where hours are left, it
learns and answers again, from other seeds. Knows nothing of votes.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from arc_solver.budget import Deadline
from arc_solver.finetune.test_time.settings import OFF, PER_TASK
from arc_solver.proposers.base import Decide, Decided, Event, Pool
from arc_solver.proposers.cells.answering import NAME, Answering, is_open
from arc_solver.proposers.cells.learning import ReadyModel, learn_together, tutor
from arc_solver.proposers.cells.ordering import Promise
from arc_solver.proposers.cells.settings import CellSettings
from arc_solver.tasks import Task

if TYPE_CHECKING:
    from arc_solver.finetune.cells.alone import Tutor

_TELLING_S = 3.0
_JOINT_SHARE = 0.6
"""Of the learning time, what all tasks together get where each is learned alone afterwards."""
_TOGETHER, _ALONE = "learning all tasks together", "learning a task alone"
_LEAST_ROUND = 1.4
"""A further round begins only with so many times what the last one's learning took: some views must be left."""
_N_TOGETHER = 8
"""Most views before tasks are learned alone: what learning alone gained was measured after four."""


class CellProposer:
    """Proposes grids that the cell model writes.

    Args:
        model_dir: Folder with the compact model.
        settings: How it is used.
        seed: Of adaptation and views.
        n_threads: CPU threads.
        say: Told in lines for people how learning went.
        pool: What others found; their programs' outputs are scored as well.
        decide: Told what is learned and what is not.
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
        decide: Decide = lambda decided: None,
    ) -> None:
        self._decide = decide
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
        from arc_solver.finetune.memory import free_memory

        try:
            yield from self._proposed(tasks, deadline)
        finally:
            free_memory()  # engines that are opened after this ask for nearly all of a GPU

    def _proposed(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        from arc_solver.finetune.cells.adapting import views

        settings = self._settings
        ready, learning_s = self._learned(tasks, deadline)
        answering = Answering(
            tasks, ready.slots, views(settings.n_views, self._seed), settings, self._seed, self._pool, self._say
        )
        # What is known must be told before the end.
        working = deadline.minus(min(_TELLING_S, 0.05 * deadline.remaining_s()))
        if settings.ttft == PER_TASK and settings.n_views > 1:
            yield from self._task_by_task(tasks, ready, answering, working)
        else:
            yield from self._together(ready, answering, settings.n_views, working)
            helped = bool(ready.slots)
            del ready  # two models need not fit
            if helped:
                yield from self._further_rounds(tasks, answering, working, learning_s)
        yield from answering.news(answering.asked)

    def _further_rounds(
        self, tasks: Sequence[Task], answering: Answering, working: Deadline, learning_s: float
    ) -> Iterator[Event]:
        """What the model answers after it learned everything anew, from other seeds: the errors of models that were
        taught apart are not the same, those of one model in further views mostly are.
        """
        from arc_solver.finetune.cells.adapting import views
        from arc_solver.finetune.memory import free_memory

        settings = self._settings
        for number in range(1, settings.max_rounds):
            n_views = (number + 1) * settings.n_views
            answering.go_on(views(settings.n_views, self._seed + number), settings.for_round(number))
            is_wanted = next(answering.waiting(n_views, Promise.HOPELESS), None) is not None
            if not is_wanted or working.remaining_s() < _LEAST_ROUND * learning_s:
                return
            free_memory()
            ready, learning_s = self._learned(tasks, working, number)
            if not ready.slots:
                return
            answering.take(ready.slots)
            yield from self._together(ready, answering, n_views, working, Promise.HOPELESS)

    def _learned(self, tasks: Sequence[Task], deadline: Deadline, number: int = 0) -> tuple[ReadyModel, float]:
        """The model of a round, which learned what there is to learn, and the seconds that this took."""
        settings, now_s = self._settings.for_round(number), deadline.clock.now_s
        share = settings.ttft_share * (_JOINT_SHARE if settings.ttft == PER_TASK else 1.0)
        started_s = now_s()
        ready = learn_together(
            self._model_dir,
            tasks,
            deadline.within(share * deadline.remaining_s()),
            settings,
            self._seed + number,
            n_threads=self._n_threads,
            say=self._say,
            is_wanted=partial(is_open, pool=self._pool, settings=settings),
        )
        if settings.ttft != OFF:
            self._tell_of_learning(len(ready.slots), len(tasks), now_s() - started_s)
        return ready, now_s() - started_s

    def _together(
        self,
        ready: ReadyModel,
        answering: Answering,
        n_views: int,
        working: Deadline,
        least: Promise = Promise.SETTLED,
    ) -> Iterator[Event]:
        """All test inputs that promise enough, until each was answered in so many views."""
        model, size = ready.for_answers(), self._settings.batch_size_on(ready.device)
        while not working.passed():
            part = list(itertools.islice(answering.waiting(n_views, least), size))
            if not part:
                return
            yield from answering.ask(model, part)

    def _task_by_task(
        self, tasks: Sequence[Task], ready: ReadyModel, answering: Answering, working: Deadline
    ) -> Iterator[Event]:
        """The first views (at most half) by the model that learned all tasks, the others by one that learned the task
        alone; open test inputs have both before anything else is answered a second time.
        """
        settings = self._settings
        n_together = min(_N_TOGETHER, settings.n_views - settings.n_views // 2)
        yield from self._together(ready, answering, n_together, working, Promise.OPEN)
        found = None
        if not working.passed():
            found = tutor(ready, tasks, settings, self._seed, self._say, working.clock.now_s)
        if found is not None:
            course = _Course(*found)
            why = f"it helps on what was kept apart, and a task takes about {course.seconds:.1f}s"
            self._decide(Decided("admitted", _ALONE, why, seconds=course.seconds))
            yield from self._alone(ready, answering, working, course, Promise.OPEN)
            yield from self._together(ready, answering, n_together, working)
            yield from self._alone(ready, answering, working, course, Promise.SETTLED)
            n_tasks = len({one.task.task_id for one in answering.asked})
            reasons = "".join(f"; {count} dropped: {reason}" for reason, count in course.dropped.items())
            self._say(f"learned alone: {course.n_taught} of {n_tasks} tasks{reasons}")
        yield from self._together(ready, answering, settings.n_views, working)

    def _alone(
        self, ready: ReadyModel, answering: Answering, working: Deadline, course: _Course, least: Promise
    ) -> Iterator[Event]:
        """Each task with a test input that promises enough, in all views that are left, once it was learned alone; as
        many tasks as fit the time, the most promising first.
        """
        from arc_solver.finetune.cells.joint import Dropped

        now_s, n_views = working.clock.now_s, self._settings.n_views
        waiting = {one.task.task_id: one.task for one in answering.waiting(n_views, least)}
        for index, task in enumerate(waiting.values()):
            if not is_open(task.task_id, self._pool, self._settings):
                continue
            # What the task before took, answers included, is what this one is expected to take.
            if working.passed() or working.remaining_s() < course.seconds:
                why = f"a task takes about {course.seconds:.1f}s, and {working.remaining_s():.1f}s are left"
                self._decide(Decided("refused", _ALONE, f"{len(waiting) - index} tasks: {why}", seconds=course.seconds))
                break
            started_s = now_s()
            taught = course.teacher.teach(task.task_id, task.train)
            refusal = taught.reason if isinstance(taught, Dropped) else ""
            if refusal:
                course.dropped[refusal] += 1
            what, why = ("refused", refusal) if refusal else ("admitted", "it was learned")
            self._decide(Decided(what, _ALONE, why, task.task_id, now_s() - started_s))
            model, detail = ready.for_answers(), "cells" if refusal else "cells, learned alone"
            while not working.passed():
                part = [one for one in answering.waiting(n_views) if one.task is task]
                if not part:
                    break
                yield from answering.ask(model, part, detail)
            course.n_taught += not refusal
            course.seconds = now_s() - started_s
        course.teacher.forget()

    def _tell_of_learning(self, n_learned: int, n_tasks: int, seconds: float) -> None:
        """Whether all tasks together were learned, loading the model included."""
        what = "admitted" if n_learned else "refused"
        why = f"{n_learned} of {n_tasks} tasks fitted the time" if n_learned else "it did not help, or it broke"
        self._decide(Decided(what, _TOGETHER, why, seconds=seconds))


@dataclass(slots=True)
class _Course:
    """Learning each task alone: by whom, the seconds that a task takes, and what came of it."""

    teacher: Tutor
    seconds: float
    n_taught: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
