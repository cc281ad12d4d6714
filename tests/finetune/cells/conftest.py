"""A model that decides something, for the tests of whoever asks it."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def model():
    """One that nobody taught, whose answers are small, for speed."""
    torch = pytest.importorskip("torch")
    from arc_solver.finetune.cells import vocabulary as words
    from arc_solver.finetune.cells.model import CellConfig, CellModel

    config = CellConfig(width=64, n_layers=2, n_heads=4, n_kv_heads=2, head_width=16, ffn_width=96, n_tasks=4)
    made = CellModel(config, seed=1)
    with torch.no_grad():
        made.head.normal_(0, 1, generator=torch.Generator().manual_seed(2))
        made.head[words.HEAD_HEIGHT][6:] = 0
        made.head[words.HEAD_WIDTH][6:] = 0
    return made.eval()
