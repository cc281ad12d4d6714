"""What the cell model computes on a GPU; without one, left out. `scripts/train-on-gpu` and docs/gpu-training.md say how
a GPU is come by.
"""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.model, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")]

from arc_solver.finetune.cells import training  # noqa: E402
from arc_solver.finetune.cells.batches import DrawConfig, make_batch, stream  # noqa: E402
from arc_solver.finetune.cells.corpus import Corpus  # noqa: E402
from arc_solver.finetune.cells.model import CellConfig, CellModel  # noqa: E402
from arc_solver.finetune.cells.packed_attention import can_pack  # noqa: E402
from arc_solver.finetune.cells.training import FitConfig, batch_loss, fit, measured_loss  # noqa: E402
from arc_solver.grids import as_grid  # noqa: E402
from arc_solver.tasks import Pair  # noqa: E402

SMALL = CellConfig(width=128, n_layers=2, n_heads=4, n_kv_heads=2, head_width=64, ffn_width=192, n_tasks=5)
DRAW = DrawConfig({"a": 1.0}, n_rows=3, n_tokens=512)


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    grids = [as_grid(rng.integers(0, 10, size=rng.integers(2, 9, size=2))) for _ in range(60)]
    return Corpus.build([("a", "flipped", [Pair(grid, as_grid(grid[::-1])) for grid in grids])])


@pytest.fixture(params=["packed", "padded", "one after the other"])
def way(request, monkeypatch):
    """Each way in which a GPU attends; packed needs a newer one."""
    if request.param == "packed":
        if not can_pack(torch.device("cuda"), torch.bfloat16):
            pytest.skip("this GPU or torch has no packed attention")
    else:
        monkeypatch.setattr(training, "can_pack", lambda device, dtype: False)
    return request.param


def gradients(model, batch, way):
    model.zero_grad(set_to_none=True)
    if model.embedding.is_cuda and way == "padded":
        n_answered = int((batch.targets > 0).sum())
        with torch.autocast("cuda", torch.bfloat16):
            losses = [
                batch_loss(model, part) * int((part.targets > 0).sum()) / n_answered
                for part in training.padded_parts(batch, 600)
            ]
        loss = torch.stack(losses).sum()
    else:
        with torch.autocast(model.embedding.device.type, torch.bfloat16, enabled=model.embedding.is_cuda):
            loss = batch_loss(model, batch)
    loss.backward()
    return float(loss.detach()), {name: p.grad.float().cpu() for name, p in model.named_parameters()}


def test_loss_and_gradient_are_those_of_the_cpu(corpus, way):
    batch = make_batch(corpus, DRAW, 0, 0)
    wanted, expected = gradients(CellModel(SMALL, seed=0), batch, way)
    found, given = gradients(CellModel(SMALL, seed=0).cuda(), batch, way)
    assert found == pytest.approx(wanted, rel=0.02)
    for name, value in expected.items():
        assert (given[name] - value).norm() <= 0.05 * value.norm() + 1e-4, name


@pytest.mark.parametrize("precision", ["bf16", "fp16", "fp32"])
def test_it_learns(corpus, way, precision):
    model = CellModel(SMALL, seed=0).cuda()
    before = measured_loss(model, make_batch(corpus, DRAW, 1, 0), precision)
    how = FitConfig(1e9, 80, precision=precision, warmup_steps=5, part_tokens=600)
    result = fit(model, stream(corpus, DRAW, 0), how, log=lambda record: None)
    assert np.isfinite(result.loss)
    assert measured_loss(model, make_batch(corpus, DRAW, 1, 0), precision) < 0.8 * before
