"""A cell model on disk: plain for everybody, whole for us."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = pytest.mark.model

from arc_solver.errors import ModelError  # noqa: E402
from arc_solver.finetune.cells import vocabulary as words  # noqa: E402
from arc_solver.finetune.cells.checkpoint import (  # noqa: E402
    is_cell_model,
    load_compact,
    load_plain,
    save_compact,
    save_plain,
)
from arc_solver.finetune.cells.model import CellConfig, CellModel  # noqa: E402

SMALL = CellConfig(width=64, n_layers=2, n_heads=4, n_kv_heads=2, head_width=16, ffn_width=96, n_tasks=4)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    model = CellModel(SMALL, seed=3).eval()
    save_plain(model, folder)
    return model, folder


def tokens():
    return torch.randint(0, words.TASK + 4, (2, 40), generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def test_transformers_reads_it_and_answers_alike(saved):
    from transformers import AutoModelForCausalLM

    model, folder = saved
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()
    mine = model(tokens())[..., model.head_rows].sum(-1)
    assert torch.allclose(mine, plain(tokens()).logits, atol=0.05)


@torch.no_grad()
def test_it_is_read_back(saved):
    model, folder = saved
    again = load_plain(folder).eval()
    assert again.config == model.config
    assert torch.allclose(again(tokens()), model(tokens()), atol=0.05)


def test_new_tasks_begin_as_the_mean_of_the_trained(saved):
    model, folder = saved
    again = load_plain(folder, n_new_tasks=2)
    assert torch.equal(again.tasks[:4], model.tasks)
    assert torch.allclose(again.tasks[4:], model.tasks[1:].mean(0).expand(2, -1))


def test_only_folders_with_tables_are_cell_models(saved, tmp_path):
    assert is_cell_model(saved[1])
    assert not is_cell_model(tmp_path)
    with pytest.raises(ModelError, match="no cell model"):
        load_plain(tmp_path)


def test_weights_that_overflow_are_refused(tmp_path):
    model = CellModel(SMALL)
    with torch.no_grad():
        model.head[3] = 1e6
    with pytest.raises(ModelError, match="fp16"):
        save_plain(model, tmp_path)


@torch.no_grad()
def test_the_compact_form_is_the_same_model(saved, tmp_path):
    model, _ = saved
    save_compact(model, tmp_path)
    again = load_compact(tmp_path).eval()
    assert again.config == model.config
    assert torch.allclose(again(tokens()), model(tokens()), atol=0.05)
    with pytest.raises(ModelError, match="no compact"):
        load_compact(tmp_path / "elsewhere")
