"""Between two engines a model learns: what is closed when, what is opened then, and what is left if that goes wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from arc_solver.budget import Deadline, ManualClock, MonotonicClock
from arc_solver.config import RunConfig
from arc_solver.engines.base import Engine
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.errors import ModelError, SandboxError
from arc_solver.finetune.test_time.process import Adaptation
from arc_solver.finetune.test_time.wire import ALL_TASKS, Dropped, Learned, LearnSpec
from arc_solver.lanes import learning
from arc_solver.lanes.learning import LearningRoom
from arc_solver.proposers.base import Decided
from arc_solver.sandbox.pool import Sandbox
from arc_solver.tasks import Challenges

FLIP = "def task(grid):\n    return grid[:, ::-1]\n```"
WRONG = "def task(grid):\n    return grid[::-1]\n```"
OLD = Path("/weights/adapter")


class Stage:
    """What happens in a lane, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
        self.log: list[str] = []
        self.said: list[str] = []
        self.specs: list[LearnSpec] = []
        self.refused: set[str] = set()
        self.answer = WRONG
        self.stack = ExitStack()
        self.engines: list[ScriptedEngine] = []
        self._open: tuple[Path | None, int] | None = None
        config = RunConfig(60.0, model=Path("/weights/base"), adapter=OLD).with_ttft("per-task")
        self.config = dataclasses.replace(config, ttft=dataclasses.replace(config.ttft, **changes))
        monkeypatch.setattr(learning, "learn", self._learn)
        self.decided: list[Decided] = []
        self.room = LearningRoom(
            self.config, self.stack, self._opened, self._close, self.said.append, self.decided.append
        )

    def _learn(self, spec: LearnSpec, deadline: Deadline, say: Callable[[str], None]) -> Adaptation:
        assert self._open is None
        self.log.append("learn")
        self.specs.append(spec)
        own = spec.folder / "task-2"
        own.mkdir()
        learned = (Learned(ALL_TASKS, "joint", 2.0, 1.0, 4, 100, 1.5), Learned("task0", "task-2", 1.0, 0.5, 3, 9, 0.5))
        dropped = (Dropped("task1", "not admitted", "it takes about 9.0s, and 2.0s are left"),)
        return Adaptation(spec.folder / "joint", {spec.tasks[0].task_id: own}, learned, dropped)

    def _opened(self, adapter: Path | None, max_loras: int) -> Engine:
        if (adapter, max_loras) != self._open:
            if adapter is not None and adapter.name in self.refused:
                raise ModelError(f"adapter {adapter}: does not fit")
            self._open = adapter, max_loras
            self.log.append(f"open {adapter.name if adapter else None} {max_loras}")
            self.engines.append(ScriptedEngine(lambda request: self.answer))
        return self.engines[-1]

    def _close(self) -> None:
        if self._open is not None:
            self.log.append("close")
        self._open = None


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def soon() -> Deadline:
    return Deadline(MonotonicClock(), MonotonicClock().now_s() + 60.0)


def test_programs_come_first_then_learning_without_an_engine_then_the_new_one(
    stage: Stage, sandbox: Sandbox, flip_challenges: Challenges
) -> None:
    tasks = flip_challenges.tasks
    list(stage.room.induction(sandbox).propose(tasks, soon()))
    assert stage.log == ["open adapter 1", "close", "learn", "open joint 4"]
    (spec,) = stage.specs
    # What was wrong for its task is right for what it computes.
    assert [lesson.task_id for lesson in spec.relabelled] == [task.task_id for task in tasks]
    assert all("[::-1]" in lesson.source for lesson in spec.relabelled)
    assert spec.adapter == OLD
    # What the tasks have of their own is asked with, by them alone.
    own = {request.request_id.split("/")[0] for call in stage.engines[-1].calls for request in call if request.adapter}
    assert own == {tasks[0].task_id}


def test_both_proposers_learn_once_and_new_tasks_make_it_learn_again(
    stage: Stage, sandbox: Sandbox, flip_challenges: Challenges
) -> None:
    tasks = flip_challenges.tasks
    list(stage.room.induction(sandbox).propose(tasks[:2], soon()))
    folder = stage.specs[0].folder
    list(stage.room.transduction().propose(tasks[:1], soon()))
    assert stage.log.count("learn") == 1
    assert stage.log[-1] == "open joint 4"
    list(stage.room.transduction().propose(tasks, soon()))
    assert stage.log[-3:] == ["close", "learn", "open joint 4"]
    assert not folder.exists()
    last = stage.specs[-1].folder
    assert last.is_dir()
    stage.stack.close()
    assert not last.exists()


def test_an_engine_that_refuses_what_was_learned_gets_the_old_adapter(
    stage: Stage, flip_challenges: Challenges
) -> None:
    stage.refused = {"joint"}
    list(stage.room.transduction().propose(flip_challenges.tasks, soon()))
    assert stage.log == ["learn", "open adapter 4"]
    assert any("DROPPED" in text and "refuses" in text for text in stage.said)
    assert stage.engines[-1].calls


def test_an_engine_that_refuses_the_old_one_too_is_broken(stage: Stage, flip_challenges: Challenges) -> None:
    stage.refused = {"joint", "adapter"}
    with pytest.raises(ModelError, match="does not fit"):
        list(stage.room.transduction().propose(flip_challenges.tasks, soon()))


def test_no_programs_are_written_first_where_none_are_to_be_learned(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, flip_challenges: Challenges
) -> None:
    stage = Stage(monkeypatch, n_programs=0)
    list(stage.room.induction(sandbox).propose(flip_challenges.tasks, soon()))
    assert stage.log == ["learn", "open joint 4"]
    assert stage.specs[0].relabelled == ()


def test_a_sandbox_that_breaks_while_programs_run_again_costs_the_programs_only(
    stage: Stage, sandbox: Sandbox, flip_challenges: Challenges, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **options: Any) -> Any:
        raise SandboxError("no luck")

    monkeypatch.setattr(learning, "relabel", broken)
    list(stage.room.induction(sandbox).propose(flip_challenges.tasks, soon()))
    assert stage.specs[0].relabelled == ()
    assert any("no luck" in text for text in stage.said)


def test_what_is_learned_and_what_is_not_is_told(stage: Stage, flip_challenges: Challenges) -> None:
    list(stage.room.transduction().propose(flip_challenges.tasks, soon()))
    learning = "test-time fine-tuning"
    assert stage.decided == [
        Decided("admitted", learning, "4 steps; loss on what was kept apart 2.000 -> 1.000", "", 1.5),
        Decided("admitted", learning, "3 steps; loss on what was kept apart 1.000 -> 0.500", "task0", 0.5),
        Decided("refused", learning, "not admitted: it takes about 9.0s, and 2.0s are left", "task1", 0.0),
    ]


def test_learning_gets_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch, flip_challenges: Challenges) -> None:
    stage = Stage(monkeypatch, share=0.25)
    clock = ManualClock(100.0)
    list(stage.room.transduction().propose(flip_challenges.tasks, Deadline(clock, 180.0)))
    assert stage.specs[0].end_s == pytest.approx(120.0)


def test_without_a_folder_the_model_answers_as_it_was(
    stage: Stage, flip_challenges: Challenges, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**options: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(learning.tempfile, "mkdtemp", full)
    list(stage.room.transduction().propose(flip_challenges.tasks, soon()))
    assert stage.log == ["open adapter 1"]
    assert any("DROPPED" in text for text in stage.said)
