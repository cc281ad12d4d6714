"""Joint adaptation: demonstrations are learned, what does not help is dropped with a reason."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from arc_solver.budget import Deadline, ManualClock  # noqa: E402
from arc_solver.finetune.cells.joint import (  # noqa: E402
    MAX_TASKS,
    Adapted,
    Dropped,
    JointConfig,
    adapt_jointly,
    is_finite_in,
    renew_tasks,
)
from arc_solver.finetune.cells.model import CellConfig, CellModel  # noqa: E402
from arc_solver.grids import as_grid  # noqa: E402
from arc_solver.tasks import Pair, Task  # noqa: E402

SMALL = CellConfig(width=64, n_layers=2, n_heads=4, n_kv_heads=2, head_width=16, ffn_width=96, n_tasks=5)
CONFIG = JointConfig(lr=2e-3, n_rows=1, max_passes=42, precision="fp32")


def a_task(task_id, rule, n_pairs=5, seed=0):
    rng = np.random.default_rng(seed)
    grids = [as_grid(rng.integers(0, 10, (3, 3))) for _ in range(n_pairs + 1)]
    return Task(task_id, tuple(Pair(grid, as_grid(rule(grid))) for grid in grids[:-1]), (grids[-1],))


TASKS = (a_task("b", lambda g: g), a_task("a", lambda g: g[::-1], seed=1), a_task("c", lambda g: g.T, 2, seed=2))


def adapt(config=CONFIG, tasks=TASKS, seconds=1000.0):
    model, lines = CellModel(SMALL, seed=0), []
    ticks = iter(range(10**6))
    found = adapt_jointly(
        model, tasks, Deadline.after(seconds), config, 0, log=lines.append, clock=lambda: next(ticks) * 1e-3
    )
    return model, found, lines


def test_what_was_kept_apart_is_answered_better():
    _, found, lines = adapt()
    assert isinstance(found, Adapted)
    assert found.loss_after < 0.7 * found.loss_before
    assert found.steps > 5
    assert all("loss" in line for line in lines)


def test_each_task_has_a_slot_of_its_own():
    model, found, _ = adapt(JointConfig(max_passes=0.1, n_rows=1, precision="fp32", n_kept=0))
    assert isinstance(found, Adapted)
    assert found.slots == {"a": 1, "b": 2, "c": 3}
    assert len(model.tasks) == 4


def test_the_same_seed_gives_the_same_model():
    first, second = adapt(JointConfig(max_passes=1, n_rows=1, precision="fp32"))[0], None
    second = adapt(JointConfig(max_passes=1, n_rows=1, precision="fp32"))[0]
    assert all(map(torch.equal, first.state_dict().values(), second.state_dict().values()))


@pytest.mark.parametrize("rate", [float("nan"), float("inf")])
def test_a_broken_rate_is_dropped_loudly(rate):
    _, found, _ = adapt(JointConfig(lr=rate, table_lr=rate, max_passes=3, n_rows=1, precision="fp32"))
    assert found == Dropped("the loss is not finite")


def test_what_does_not_help_is_dropped_loudly():
    # A huge rate unlearns more than it learns.
    _, found, _ = adapt(JointConfig(lr=0.5, table_lr=3.0, max_passes=2, n_rows=1, precision="fp32"))
    assert isinstance(found, Dropped)
    assert found.reason.startswith("the loss on demonstrations kept apart rose")


def test_a_model_that_overflows_is_not_finite_in_fp16_but_in_fp32():
    model = CellModel(SMALL, seed=0)
    assert is_finite_in(model, TASKS, "fp16")
    with torch.no_grad():
        model.embedding.mul_(1e6)
    assert not is_finite_in(model, TASKS, "fp16")
    assert is_finite_in(model, TASKS, "fp32")


def test_new_tasks_begin_as_the_mean_of_the_trained():
    model = CellModel(SMALL)
    mean = model.tasks.detach()[1:].mean(0)
    renew_tasks(model, 3)
    assert torch.allclose(model.tasks, mean.expand(4, -1))
    assert len(model.factor_rows) == len(CellModel(CellConfig(n_tasks=4, width=64, n_layers=1)).factor_rows)


def test_tasks_beyond_the_slots_are_left_out():
    many = [a_task(f"{number:04d}", lambda g: g, 1) for number in range(MAX_TASKS + 3)]
    _, found, _ = adapt(JointConfig(max_passes=0.001, n_rows=1, precision="fp32", n_kept=0), many)
    assert isinstance(found, Adapted)
    assert len(found.slots) == MAX_TASKS


class TestFocus:
    """Where time is short, small tasks are learned well instead of all of them badly."""

    MANY = tuple(
        Task(f"t{side}", tuple(Pair(as_grid(np.full((side, side), k)), as_grid([[k]])) for k in range(4)), ())
        for side in range(1, 13)
    )

    def adapt(self, min_passes, is_wanted=lambda task_id: True):
        # A step takes a second: eight of them, 16,384 tokens.
        model = CellModel(SMALL, seed=0)
        clock = ManualClock()

        def tick():
            clock.advance(0.5)
            return clock.now_s()

        config = JointConfig(n_rows=1, max_passes=1000, min_passes=min_passes, precision="fp32", n_kept=0)
        return adapt_jointly(
            model, self.MANY, Deadline(clock, 8.0), config, 0, log=lambda line: None, clock=tick, is_wanted=is_wanted
        )

    def test_with_time_enough_all_are_learned(self):
        assert len(self.adapt(0.1).slots) == len(self.MANY)

    def test_else_the_smallest_ones(self):
        found = self.adapt(12.0)
        assert 8 <= len(found.slots) < len(self.MANY)
        assert set(found.slots) == {f"t{side}" for side in range(1, len(found.slots) + 1)}

    def test_what_others_solved_leaves_its_share_to_the_rest(self):
        found = self.adapt(12.0, lambda task_id: task_id not in ("t1", "t2"))
        assert not {"t1", "t2"} & set(found.slots)
        assert "t9" in found.slots

    def test_once_others_solved_all_of_them_it_ends(self):
        solved_after, asked = 30, iter(range(10**6))
        found = self.adapt(0.1, lambda task_id: next(asked) < solved_after)
        assert isinstance(found, Adapted)
        assert found.steps <= 10
