"""Learning one task alone: each from the same start, tried out on demonstrations kept apart, dropped with a reason."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from arc_solver.augment import IDENTITY  # noqa: E402
from arc_solver.budget import Deadline  # noqa: E402
from arc_solver.finetune.cells import alone, joint  # noqa: E402
from arc_solver.finetune.cells import vocabulary as words  # noqa: E402
from arc_solver.finetune.cells.alone import Helpful, Tutor  # noqa: E402
from arc_solver.finetune.cells.batches import one_a_row  # noqa: E402
from arc_solver.finetune.cells.joint import Dropped, JointConfig, adapt_jointly, renew_tasks  # noqa: E402
from arc_solver.finetune.cells.model import CellConfig, CellModel  # noqa: E402
from arc_solver.finetune.cells.sequences import document  # noqa: E402
from arc_solver.finetune.cells.settings import AloneConfig  # noqa: E402
from arc_solver.finetune.cells.training import measured_loss  # noqa: E402
from arc_solver.grids import as_grid  # noqa: E402
from arc_solver.tasks import Pair, Task  # noqa: E402

SMALL = CellConfig(width=64, n_layers=2, n_heads=4, n_kv_heads=2, head_width=16, ffn_width=96, n_tasks=3)
GENTLE = AloneConfig(steps=6, n_tokens=256, lr=3e-3, table_lr=1e-2)
SLOTS = {"dark": 1, "light": 2}


def flat(task_id, color, n_pairs=4):
    rng = np.random.default_rng(color)
    wanted = as_grid(np.full((2, 2), color))
    return Task(task_id, tuple(Pair(as_grid(rng.integers(0, 10, (2, 2))), wanted) for _ in range(n_pairs)), ())


DARK, LIGHT = flat("dark", 1), flat("light", 8)
KEPT = {"dark": DARK.train[-1], "light": LIGHT.train[-1]}


@pytest.fixture
def model():
    model = CellModel(SMALL, seed=0)
    renew_tasks(model, 2)
    return model


def tutor(model, config=GENTLE):
    ticks = iter(range(10**6))
    return Tutor(model, SLOTS, config, precision="fp32", seed=0, clock=lambda: float(next(ticks)))


def loss(model, task):
    one = document(words.TASK + SLOTS[task.task_id], IDENTITY, [task.train[-1]])
    return measured_loss(model, one_a_row([one]), "fp32")


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def test_a_task_is_known_better_than_before_and_the_one_before_is_forgotten(model):
    start, teacher = {task.task_id: loss(model, task) for task in (DARK, LIGHT)}, tutor(model)
    assert isinstance(teacher.teach("dark", DARK.train), float)
    after_dark = weights(model)
    assert loss(model, DARK) < 0.8 * start["dark"]
    teacher.teach("light", LIGHT.train)
    assert loss(model, LIGHT) < 0.8 * start["light"]
    teacher.teach("dark", DARK.train)
    assert all(torch.equal(value, after_dark[name]) for name, value in model.state_dict().items())


def test_forgetting_gives_back_the_joint_model(model):
    start, teacher = weights(model), tutor(model)
    teacher.teach("dark", DARK.train)
    teacher.forget()
    assert all(torch.equal(value, start[name]) for name, value in model.state_dict().items())


def test_trying_out_looks_at_what_was_not_learned(model):
    start = weights(model)
    found = tutor(model).try_out((DARK, LIGHT), KEPT)
    assert isinstance(found, Helpful)
    assert found.n_tasks == 2
    assert found.loss_after < found.loss_before
    assert found.seconds_a_task > 0
    assert all(torch.equal(value, start[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("config", "kept", "reason"),
    [
        (dataclasses.replace(GENTLE, lr=math.nan, table_lr=math.nan), KEPT, "not finite"),
        (dataclasses.replace(GENTLE, lr=3.0, table_lr=30.0), KEPT, "kept apart went from"),
        (GENTLE, {}, "no demonstration was kept apart"),
    ],
)
def test_what_does_not_help_is_dropped_with_a_reason(model, config, kept, reason):
    start = weights(model)
    found = tutor(model, config).try_out((DARK, LIGHT), kept)
    assert isinstance(found, Dropped)
    assert reason in found.reason
    assert all(torch.equal(value, start[name]) for name, value in model.state_dict().items())


def out_of_memory(*arguments, **named):
    raise torch.OutOfMemoryError("CUDA out of memory")


def test_out_of_memory_leaves_the_joint_model(model, monkeypatch):
    start = weights(model)
    monkeypatch.setattr(alone, "fit", out_of_memory)
    assert tutor(model).teach("dark", DARK.train) == Dropped("out of memory")
    assert all(torch.equal(value, start[name]) for name, value in model.state_dict().items())


def test_another_error_is_raised(model, monkeypatch):
    def broken(*arguments, **named):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(alone, "fit", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        tutor(model).teach("dark", DARK.train)


class TestJointWithoutMemory:
    def adapt(self, monkeypatch, fits):
        asked, real = [], joint.fit

        def fit(model, batches, how, **named):
            batch = next(batches)
            asked.append(len(batch.tokens))
            return real(model, batches, how, **named) if fits(len(batch.tokens)) else out_of_memory()

        monkeypatch.setattr(joint, "fit", fit)
        config, lines = JointConfig(max_passes=0.1, n_rows=4, precision="fp32"), []
        deadline = Deadline.after(1000.0)
        found = adapt_jointly(
            CellModel(SMALL), (DARK, LIGHT), deadline, config, 0, log=lines.append, clock=deadline.clock.now_s
        )
        return found, asked, lines

    def test_rows_are_halved_until_they_fit(self, monkeypatch):
        found, asked, lines = self.adapt(monkeypatch, lambda n_rows: n_rows == 1)
        assert not isinstance(found, Dropped)
        assert asked == [4, 2, 1]
        assert [line for line in lines if "out of memory" in line]

    def test_what_never_fits_is_dropped(self, monkeypatch):
        found, asked, _ = self.adapt(monkeypatch, lambda n_rows: False)
        assert isinstance(found, Dropped)
        assert "out of memory" in found.reason
        assert asked == [4, 2, 1]
