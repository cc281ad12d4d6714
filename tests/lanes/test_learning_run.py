"""A whole run with a tiny real model that learns at test time, and with one whose learning is shot in the middle."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("peft")
pytestmark = [pytest.mark.model, pytest.mark.slow]

from arc_solver.budget import MonotonicClock  # noqa: E402
from arc_solver.config import RunConfig, load_preset  # noqa: E402
from arc_solver.finetune.nano import NanoConfig, new_model, save_model  # noqa: E402
from arc_solver.finetune.tokenizer import build_tokenizer  # noqa: E402
from arc_solver.grids import as_grid  # noqa: E402
from arc_solver.lanes.process import LANE_COMMAND  # noqa: E402
from arc_solver.pipeline import RunFiles, RunResult, solve  # noqa: E402
from arc_solver.progress import Status  # noqa: E402
from arc_solver.submission import load, validate  # noqa: E402
from arc_solver.tasks import Challenges, Pair, Task  # noqa: E402

SHOT = """
from arc_solver.finetune.test_time import process
from arc_solver.lanes import child, learning
import functools, sys
worse = [sys.executable, "-c", "import os, time; time.sleep(0.2); os.kill(os.getpid(), 9)"]
learning.learn = functools.partial(process.learn, command=worse)
child.main()
"""


class Heard:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def show(self, status: Status) -> None:
        pass

    def say(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "base"
    tokenizer = build_tokenizer(())
    sizes = NanoConfig(width=32, n_layers=2, n_heads=2, head_width=16, ffn_width=48, context_length=1024)
    save_model(new_model(sizes, tokenizer, seed=0), tokenizer, folder)
    return folder


def painted() -> Challenges:
    """Two tasks whose outputs are squares of one colour."""
    tasks = []
    for number, color in enumerate((3, 7)):
        rng = np.random.default_rng(number)
        grids = [as_grid(rng.integers(0, 10, (2, 2))) for _ in range(5)]
        square = as_grid(np.full((2, 2), color))
        tasks.append(Task(f"paint{color}", tuple(Pair(grid, square) for grid in grids[:4]), (grids[4],)))
    return Challenges(tuple(tasks), (), tuple(task.task_id for task in tasks))


def run(folder: Path, base: Path, command: tuple[str, ...]) -> tuple[RunResult, list[str]]:
    config: RunConfig = load_preset("cpu", model=base, adapter=None, time_limit_s=300.0, proposers=("transduction",))
    config = config.with_ttft("per-task")
    ttft = dataclasses.replace(config.ttft, lr=2e-2, batch_tokens=512, max_passes=2, task_steps=3, rank=4)
    transduction = dataclasses.replace(config.transduction, n_samples=2, max_new_tokens=20)
    config = dataclasses.replace(config, ttft=ttft, transduction=transduction)
    files, heard = RunFiles(folder / "submission.json"), Heard()
    challenges = painted()
    result = solve(
        challenges, config, files, resume=False, clock=MonotonicClock(), progress=heard, lane_command=command
    )
    assert validate(load(files.submission), challenges) == []
    return result, heard.lines


def test_a_model_learns_and_then_answers(tmp_path: Path, base: Path) -> None:
    result, lines = run(tmp_path, base, LANE_COMMAND)
    assert result.failures == {}
    assert any("2 of 2 tasks admitted" in line for line in lines)
    assert any("2 of 2 tasks have an adapter of their own" in line for line in lines)
    assert any("+ joint" in line for line in lines)  # the engine that answers
    assert result.board.n_rejected().total() + result.board.n_candidates().total() == 4
    assert set(result.proposer_seconds) == {"transduction"}


def test_a_process_that_is_shot_costs_only_what_it_was_to_learn(tmp_path: Path, base: Path) -> None:
    result, lines = run(tmp_path, base, (sys.executable, "-c", SHOT))
    assert result.failures == {}
    assert any("DROPPED (process ended)" in line and "signal 9" in line for line in lines)
    assert result.board.n_rejected().total() + result.board.n_candidates().total() == 4
    assert json.loads((tmp_path / "submission.json").read_text())
