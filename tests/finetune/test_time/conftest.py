"""A tiny base that reads grids, with a LoRA on it, and tasks that it can learn in a few steps."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arc_solver.finetune.test_time.settings import TtftSettings
from arc_solver.finetune.test_time.wire import LearnSpec, PromptStyle
from arc_solver.grids import as_grid
from arc_solver.tasks import Pair, Task

STYLE = PromptStyle("brief", "numbered", symmetries=False, colors=False)


@pytest.fixture
def paint_task() -> Callable[..., Task]:
    """(task id, colour) -> a task whose output is a square of that colour, whatever the input."""

    def make(task_id: str, color: int, n_pairs: int = 4, side: int = 2) -> Task:
        rng = np.random.default_rng([*task_id.encode(), color])
        grids = [as_grid(rng.integers(0, 10, (side, side))) for _ in range(n_pairs + 1)]
        painted = as_grid(np.full((side, side), color))
        return Task(task_id, tuple(Pair(grid, painted) for grid in grids[:-1]), (grids[-1],))

    return make


@pytest.fixture
def adapted(tokenizer: Any) -> Any:
    """A model with a fresh adapter."""
    pytest.importorskip("peft")
    from arc_solver.finetune.lora import LoraSettings, add_lora

    return add_lora(_tiny(tokenizer), LoraSettings(rank=4, alpha=2.0), seed=1)


@pytest.fixture
def long_base(tokenizer: Any, tmp_path: Path) -> Path:
    """A saved base with room for prompts."""
    pytest.importorskip("torch")
    from arc_solver.finetune.nano import save_model

    folder = tmp_path / "base"
    save_model(_tiny(tokenizer), tokenizer, folder)
    return folder


@pytest.fixture
def new_spec(long_base: Path, tmp_path: Path) -> Callable[..., LearnSpec]:
    """(tasks, changes of the settings) -> a spec for the tiny base with a new adapter."""

    def make(tasks: tuple[Task, ...], end_s: float, **changes: Any) -> LearnSpec:
        folder = tmp_path / "adapters"
        folder.mkdir(exist_ok=True)
        usual = TtftSettings(mode="joint", lr=2e-2, batch_tokens=512, max_passes=3, task_steps=4, rank=4)
        settings = dataclasses.replace(usual, **changes)
        return LearnSpec(tasks, (), long_base, None, folder, settings, STYLE, STYLE, 0, end_s, "cpu")

    return make


def _tiny(tokenizer: Any) -> Any:
    from arc_solver.finetune.nano import NanoConfig, new_model

    sizes = NanoConfig(width=32, n_layers=2, n_heads=2, head_width=16, ffn_width=48, context_length=1024)
    return new_model(sizes, tokenizer, seed=0)
