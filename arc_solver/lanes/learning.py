"""Where a lane's text model learns from the tasks before it answers: test-time fine-tuning between two engines.

Learning and an engine do not fit one GPU together: whatever engine is open is closed first, a process of its own
learns, and the engine that is opened next has the new adapters. Knows nothing of votes, nor of how a model learns.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from arc_solver.budget import Deadline
from arc_solver.config import RunConfig
from arc_solver.engines.base import Engine
from arc_solver.engines.forgiving import ForgivingEngine
from arc_solver.errors import ModelError, SandboxError
from arc_solver.finetune.hindsight import Written, relabel
from arc_solver.finetune.test_time.process import Adaptation, learn
from arc_solver.finetune.test_time.settings import OFF
from arc_solver.finetune.test_time.wire import LearnSpec, PromptStyle
from arc_solver.omni.recipes import Lesson
from arc_solver.proposers.adapting import AdaptingProposer
from arc_solver.proposers.base import Decide, Decided, Proposer
from arc_solver.proposers.induction import InductionProposer, InductionSettings
from arc_solver.proposers.induction.records import Draft
from arc_solver.proposers.transduction import TransductionProposer, TransductionSettings
from arc_solver.sandbox.screening import Runner
from arc_solver.tasks import Task

OpenModel = Callable[[Path | None, int], Engine]
"""(adapter, adapters that share a batch) -> the engine, opened if it is not."""

_Settings = TypeVar("_Settings", InductionSettings, TransductionSettings)

_LEARNING = "test-time fine-tuning"
_RELABEL_S = 30.0
_SHARED_BATCH = 4


class LearningRoom:
    """Learns once for all proposers of a lane.

    Args:
        config: Model, adapter, and how both are asked.
        stack: What is made here is taken away when it closes.
        open_model: Gives the engine.
        close_model: Frees its device.
        say: Told in lines for people.
        decide: Told what is learned and what is not.

    Attributes:
        found: What was learned last.
    """

    def __init__(
        self,
        config: RunConfig,
        stack: ExitStack,
        open_model: OpenModel,
        close_model: Callable[[], None],
        say: Callable[[str], None],
        decide: Decide = lambda decided: None,
    ) -> None:
        self._decide = decide
        self._config, self._open_model, self._close_model, self._say = config, open_model, close_model, say
        self._stack = stack
        self.found = Adaptation(config.adapter)
        self._tasks: frozenset[str] = frozenset()
        self._folder: Path | None = None
        stack.callback(self._forget)

    def transduction(self) -> Proposer:
        """What writes grids."""
        config = self._config

        def then(tasks: Sequence[Task], written: Sequence[Written], deadline: Deadline) -> Proposer:
            self._learn(tasks, (), deadline)
            return TransductionProposer(
                self._engine(), self._in_large_waves(config.transduction), config.seed, self.found.by_task
            )

        return AdaptingProposer("transduction", then, config.ttft.share)

    def induction(self, sandbox: Runner) -> Proposer:
        """What writes programs; the first of them are learned from."""
        config = self._config

        def first(watch: Callable[[Written], None]) -> Proposer:
            n_programs = config.ttft.n_programs
            settings = dataclasses.replace(
                config.induction, n_samples=n_programs, wave_size=n_programs, repair_rounds=0
            )

            def seen(draft: Draft) -> None:
                watch(Written(draft.question.task, draft.view, draft.source))

            return InductionProposer(self._engine(), sandbox, settings, config.seed, watch=seen)

        def then(tasks: Sequence[Task], written: Sequence[Written], deadline: Deadline) -> Proposer:
            self._learn(tasks, self._lessons(written, sandbox, deadline), deadline)
            return InductionProposer(
                self._engine(),
                sandbox,
                self._in_large_waves(config.induction),
                config.seed,
                adapters=self.found.by_task,
            )

        return AdaptingProposer("induction", then, config.ttft.share, first if config.ttft.n_programs else None)

    def _learn(self, tasks: Sequence[Task], lessons: Sequence[Lesson], deadline: Deadline) -> None:
        """Learn from these tasks, unless that was done."""
        ids = frozenset(task.task_id for task in tasks)
        if ids <= self._tasks:
            return
        self._close_model()
        self._forget()
        self._tasks = ids
        config = self._config
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="arc_solver_ttft_")).resolve()
        except OSError as error:
            self._say(f"test-time fine-tuning DROPPED: no folder for its adapters: {error}")
            return
        spec = LearnSpec(
            tasks=tuple(tasks),
            relabelled=tuple(lessons),
            model=config.model,
            adapter=config.adapter,
            folder=self._folder,
            settings=config.ttft,
            grids=style_of(config.transduction),
            programs=style_of(config.induction),
            seed=config.seed,
            end_s=deadline.end_s,
            device=config.engine.device,
            n_threads=config.model_threads(),
            context_length=config.engine.context_length,
            parent_pid=os.getpid(),
        )
        self.found = learn(spec, deadline, self._say)
        for decided in _decisions(self.found):
            self._decide(decided)

    def _lessons(self, written: Sequence[Written], sandbox: Runner, deadline: Deadline) -> tuple[Lesson, ...]:
        most = self._config.ttft.max_relabelled
        try:
            found = relabel(written, sandbox, deadline.within(_RELABEL_S), max_per_task=most)
        except SandboxError as error:
            self._say(f"no programs are learned from: {error}")
            return ()
        left_out = ", ".join(f"{count} {reason}" for reason, count in found.left_out.most_common())
        self._say(
            f"hindsight: {len(found.lessons)} of {len(written)} programs are right for what they compute"
            + (f" (left out: {left_out})" if left_out else "")
        )
        return found.lessons

    def _engine(self) -> Engine:
        """The engine, with what was learned, or without it where it refuses that."""
        n_shared = _SHARED_BATCH if self.found.by_task else 1
        try:
            engine = self._open_model(self.found.adapter, n_shared)
        except ModelError as error:
            if self.found.adapter == self._config.adapter:
                raise
            self._say(f"test-time fine-tuning DROPPED: the engine refuses what was learned: {error}")
            self.found = dataclasses.replace(self.found, adapter=self._config.adapter)
            engine = self._open_model(self.found.adapter, n_shared)
        return ForgivingEngine(engine, self._say)

    def _in_large_waves(self, settings: _Settings) -> _Settings:
        """Few waves where tasks have adapters of their own: in each, every one of those changes places."""
        if not self.found.by_task:
            return settings
        return dataclasses.replace(settings, wave_size=max(settings.wave_size, -(-settings.n_samples // 2)))

    def _forget(self) -> None:
        """Take the adapters away."""
        self.found, self._tasks = Adaptation(self._config.adapter), frozenset()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _decisions(found: Adaptation) -> Iterator[Decided]:
    """What was learned and what was not, at which cost."""
    for one in found.learned:
        why = f"{one.n_steps} steps; loss on what was kept apart {one.loss_before:.3f} -> {one.loss_after:.3f}"
        yield Decided("admitted", _LEARNING, why, one.task_id, one.seconds)
    for other in found.dropped:
        yield Decided("refused", _LEARNING, f"{other.kind}: {other.reason}", other.task_id, other.seconds)


def learns(config: RunConfig) -> bool:
    """Whether the text model is to learn first."""
    return config.ttft.mode != OFF


def style_of(settings: InductionSettings | TransductionSettings) -> PromptStyle:
    """How a proposer with these settings asks."""
    return PromptStyle(
        settings.version,
        settings.encoder,
        settings.max_pairs,
        settings.symmetries,
        settings.colors,
        settings.keep_background,
    )
