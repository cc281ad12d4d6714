"""Matrices in eight bits: half the room, and near what they were."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from arc_solver.finetune.cells.checkpoint import COMPACT, load_compact, save_compact  # noqa: E402
from arc_solver.finetune.cells.eight_bit import packed, unpacked  # noqa: E402
from arc_solver.finetune.cells.model import CellConfig, CellModel  # noqa: E402


@pytest.fixture
def state():
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(5, 300, generator=generator) * torch.tensor([[1e-6], [0.01], [1.0], [30.0], [0.0]])
    return {"matrix": matrix, "vector": torch.randn(7, generator=generator)}


def test_each_row_is_off_by_half_a_step_of_its_own_scale_at_most(state):
    found = unpacked(packed(state, lambda name: name == "matrix"))
    assert found.keys() == state.keys()
    largest = state["matrix"].abs().amax(1)
    assert bool(((found["matrix"] - state["matrix"]).abs().amax(1) <= largest / 127 * 0.501).all())
    assert torch.equal(found["vector"], state["vector"].half().float())


def test_nothing_is_packed_that_was_not_asked_for(state):
    assert packed(state, lambda name: False).keys() == state.keys()
    assert packed(state, lambda name: name == "matrix")["matrix"].dtype == torch.int8


def test_a_compact_model_in_eight_bits_takes_about_half_the_room_and_gives_nearly_the_same(tmp_path):
    model = CellModel(CellConfig(128, 2, 2, 1, 64, 384, n_tasks=3), seed=0)
    for name, is_packed in (("sixteen", False), ("eight", True)):
        save_compact(model, tmp_path / name, eight_bit=is_packed)
    sizes = [(tmp_path / name / COMPACT).stat().st_size for name in ("sixteen", "eight")]
    assert sizes[1] < 0.65 * sizes[0]
    tokens = torch.arange(1, 40)[None]
    wanted, found = (load_compact(tmp_path / name)(tokens).detach() for name in ("sixteen", "eight"))
    assert not torch.equal(wanted, found)
    torch.testing.assert_close(found, wanted, rtol=0, atol=0.05 * float(wanted.abs().max()))
