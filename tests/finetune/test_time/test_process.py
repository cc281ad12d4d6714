"""The process that learns: real ones, worse ones, and what is left of each."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arc_solver import advancing
from arc_solver.budget import Deadline
from arc_solver.finetune.test_time import process
from arc_solver.finetune.test_time.process import Adaptation, learn
from arc_solver.finetune.test_time.settings import TtftSettings
from arc_solver.finetune.test_time.wire import (
    ALL_TASKS,
    Advanced,
    Dropped,
    Learned,
    LearnSpec,
    PromptStyle,
    encode_report,
)
from arc_solver.tasks import Task

NewSpec = Callable[..., LearnSpec]
NewTask = Callable[..., Task]
STYLE = PromptStyle("brief", "numbered")

SHARED = encode_report(Learned(ALL_TASKS, "joint", 2.0, 1.0, 4, 100, 1.0))
OWN = encode_report(Learned("a", "task-2", 1.0, 0.5, 4, 100, 1.0))


def a_spec(folder: Path, mode: str = "per-task") -> LearnSpec:
    return LearnSpec((), (), folder, folder / "before", folder, TtftSettings(mode=mode), STYLE, STYLE, 0, 0.0)


def heard(folder: Path, program: str, seconds: float = 20.0, mode: str = "per-task") -> tuple[Adaptation, list[str]]:
    said: list[str] = []
    program = f"import os, sys, time\nwrite = sys.stdout.buffer.write\n{program}\nsys.stdout.flush()"
    command = [sys.executable, "-c", program]
    found = learn(a_spec(folder, mode), Deadline.after(seconds), said.append, command=command)
    return found, said


@pytest.mark.parametrize(
    ("ending", "how"), [("sys.exit(3)", "exit 3"), ("os.kill(os.getpid(), 9)", "signal 9"), ("", "exit 0")]
)
def test_a_process_that_dies_costs_only_what_it_had_not_saved(tmp_path: Path, ending: str, how: str) -> None:
    found, said = heard(tmp_path, f"write({SHARED!r}); write({OWN!r}); sys.stdout.flush(); {ending}")
    assert found.adapter == tmp_path / "joint"
    assert found.by_task == {"a": tmp_path / "task-2"}
    assert [drop.kind for drop in found.dropped] == ["process ended"]
    assert any("DROPPED" in line and how in line for line in said)
    assert not (tmp_path / "spec.json").exists()


def test_one_that_dies_at_once_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    found, said = heard(tmp_path, "sys.exit(1)", mode="joint")
    assert found.adapter == tmp_path / "before"
    assert found.by_task == {}
    (line,) = said
    assert line.startswith("test-time fine-tuning: DROPPED (process ended) after ")
    assert line.endswith("s: the process that learns ended too soon (exit 1); the model answers as it was")


def test_garbage_on_its_channel_is_passed_over(tmp_path: Path) -> None:
    through = b'{"say":"through","value":{"seconds":1.0}}\\n'
    found, _ = heard(
        tmp_path, f"write(b'warning: a library\\n'); write({SHARED!r} + b'{{}}\\n'); write(b'{through.decode()}')"
    )
    assert found.adapter == tmp_path / "joint"
    assert found.dropped == ()


def test_one_that_hangs_is_killed_soon_after_its_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_S", 0.5)
    found, said = heard(tmp_path, f"write({SHARED!r}); sys.stdout.flush(); time.sleep(600)", seconds=1.0)
    assert found.adapter == tmp_path / "joint"
    assert found.seconds < 60
    assert "it was not through in time" in said[-1] or "it was not through in time" in "".join(said)


def test_one_that_makes_no_step_any_more_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "STUCK_S", 1.0)
    monkeypatch.setattr(process, "_STUCK_FACTOR", 1.0)
    found, said = heard(tmp_path, f"write({SHARED!r}); sys.stdout.flush()\nwhile True: pass", seconds=3600.0)
    assert found.adapter == tmp_path / "joint"
    assert [drop.kind for drop in found.dropped] == ["process ended"]
    assert any("it made no step for " in line for line in said)


def test_its_steps_count_as_those_of_whoever_waits_for_it(tmp_path: Path) -> None:
    before = advancing.n_steps()
    heard(tmp_path, f"write({encode_report(Advanced(3)) + encode_report(Advanced(8))!r})")
    assert advancing.n_steps() == before + 2


def test_one_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    found = learn(a_spec(tmp_path), Deadline.after(9.0), said.append, command=[str(tmp_path / "nothing")])
    assert found.adapter == tmp_path / "before"
    assert "cannot be started" in said[0]
    gone = dataclasses.replace(a_spec(tmp_path), folder=tmp_path / "gone")
    assert learn(gone, Deadline.after(9.0), said.append).adapter == tmp_path / "before"


@pytest.mark.model
def test_a_real_process_learns_and_leaves_adapters_that_load(new_spec: NewSpec, paint_task: NewTask) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("peft")
    from arc_solver.engines.adapter_preflight import check_adapter
    from arc_solver.engines.preflight import raise_refusals
    from arc_solver.finetune.lora import load_adapter
    from arc_solver.finetune.nano import load_model

    deadline = Deadline.after(120.0)
    spec = new_spec((paint_task("a", 3), paint_task("b", 5)), deadline.end_s, mode="per-task")
    said: list[str] = []
    found = learn(dataclasses.replace(spec, parent_pid=os.getpid()), deadline, said.append)
    assert found.dropped == ()
    assert found.adapter == spec.folder / "joint"
    assert set(found.by_task) == {"a", "b"}
    folders = [found.adapter, *found.by_task.values()]
    assert sorted(path.name for path in spec.folder.iterdir()) == sorted(folder.name for folder in folders)
    weights: list[Any] = []
    for folder in folders:
        raise_refusals("adapter", check_adapter(spec.model, folder, served=True))
        model, _ = load_model(spec.model)
        loaded = load_adapter(model, spec.model, folder)
        weights.append(torch.cat([p.flatten() for name, p in loaded.named_parameters() if "lora_B" in name]))
    assert not torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])
    assert any("2 of 2 tasks have an adapter of their own" in line for line in said)


@pytest.mark.model
@pytest.mark.parametrize("what", ["model", "adapter"])
def test_what_cannot_be_loaded_is_told(new_spec: NewSpec, paint_task: NewTask, tmp_path: Path, what: str) -> None:
    pytest.importorskip("torch")
    from arc_solver.finetune.test_time.child import learn as learn_here

    deadline = Deadline.after(60.0)
    spec = new_spec((paint_task("a", 3),), deadline.end_s)
    change: dict[str, Any] = {what: tmp_path / "nothing"}
    reports = list(learn_here(dataclasses.replace(spec, **change), deadline))
    assert [type(report) for report in reports] == [Dropped]
    assert "nothing" in str(reports[0])


@pytest.mark.model
def test_an_orphan_does_nothing(new_spec: NewSpec, paint_task: NewTask) -> None:
    pytest.importorskip("torch")
    deadline = Deadline.after(60.0)
    spec = dataclasses.replace(new_spec((paint_task("a", 3),), deadline.end_s), parent_pid=1)
    found = learn(spec, deadline, lambda text: None)
    assert found.adapter is None
    assert [drop.kind for drop in found.dropped] == ["process ended"]
