"""A model of one's own beside the cell model: both answer in one lane, one after the other, with nothing mixed up."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.model

from arc_solver.budget import MonotonicClock  # noqa: E402
from arc_solver.config import WEIGHTS, RunConfig, load_preset  # noqa: E402
from arc_solver.finetune.cells.checkpoint import save_compact  # noqa: E402
from arc_solver.finetune.cells.model import CellConfig, CellModel  # noqa: E402
from arc_solver.pipeline import RunFiles, RunResult, solve  # noqa: E402
from arc_solver.progress import Silent  # noqa: E402
from arc_solver.submission import load, validate  # noqa: E402
from arc_solver.tasks import Challenges  # noqa: E402

SMALL = CellConfig(width=64, n_layers=2, n_heads=4, n_kv_heads=2, head_width=16, ffn_width=96, n_tasks=3)


def run(challenges: Challenges, folder: Path, cells: Path) -> RunResult:
    own = shutil.copytree(WEIGHTS / "base", folder / "own")
    config: RunConfig = load_preset("cpu", model=own, adapter=None, cells=cells, time_limit_s=300.0)
    config = dataclasses.replace(
        config,
        proposers=tuple(name for name in config.proposers if name not in ("search", "induction")),
        transduction=dataclasses.replace(config.transduction, n_samples=2, max_new_tokens=8),
        cell_model=dataclasses.replace(config.cell_model, n_views=2, ttft="off"),
    )
    files = RunFiles(folder / "submission.json")
    result = solve(challenges, config, files, resume=False, clock=MonotonicClock(), progress=Silent())
    assert validate(load(files.submission), challenges) == []
    return result


def test_both_answer_and_each_under_its_name(flip_challenges: Challenges, tmp_path: Path) -> None:
    cells = tmp_path / "cells"
    save_compact(CellModel(SMALL, seed=0), cells)
    result = run(flip_challenges, tmp_path, cells)
    assert result.failures == {}
    assert list(result.proposer_seconds) == ["transduction", "cells"]
    n_inputs = sum(len(task.test_inputs) for task in flip_challenges.tasks)
    found, rejected = result.board.n_candidates(), result.board.n_rejected()
    assert found["cells"] == 2 * n_inputs
    of_own = sum(n for told, n in rejected.items() if told.startswith("transduction: "))
    assert found["transduction"] + of_own == 2 * n_inputs


def test_a_cell_model_that_is_damaged_costs_itself_only(flip_challenges: Challenges, tmp_path: Path) -> None:
    cells = tmp_path / "cells"
    cells.mkdir()
    (cells / "model.safetensors").write_bytes(b"nothing")
    result = run(flip_challenges, tmp_path, cells)
    assert set(result.failures) == {"cells"}
    assert set(result.proposer_seconds) == {"transduction"}
