"""What the cell model computes on a GPU; without one, left out. `scripts/train-on-gpu` and docs/gpu-training.md say how
a GPU is come by.
"""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.model, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")]

from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402

from arc_solver.augment import View  # noqa: E402
from arc_solver.finetune.cells import fused_attention, training  # noqa: E402
from arc_solver.finetune.cells import vocabulary as words  # noqa: E402
from arc_solver.finetune.cells.batches import DrawConfig, make_batch, stream  # noqa: E402
from arc_solver.finetune.cells.corpus import Corpus  # noqa: E402
from arc_solver.finetune.cells.decoding import inference_copy  # noqa: E402
from arc_solver.finetune.cells.drafting import consult  # noqa: E402
from arc_solver.finetune.cells.fused_attention import attend_fused  # noqa: E402
from arc_solver.finetune.cells.model import CellConfig, CellModel  # noqa: E402
from arc_solver.finetune.cells.packed_attention import can_pack  # noqa: E402
from arc_solver.finetune.cells.scoring import Question  # noqa: E402
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


@pytest.mark.parametrize("is_masked", [False, True])
def test_the_memory_efficient_kernel_takes_repeated_heads(monkeypatch, is_masked):
    """All that a T4 has: torch raises if it cannot, and would fall back to slow products without this."""
    monkeypatch.setattr(fused_attention, "takes_shared_heads", lambda device, is_masked: False)
    generator = torch.Generator().manual_seed(0)
    tensors = [torch.randn(2, n, 37, 64, generator=generator).cuda().half().requires_grad_() for n in (8, 2, 2)]
    seen = torch.ones(37, 37, dtype=torch.bool, device="cuda").tril() if is_masked else None
    with sdpa_kernel([SDPBackend.EFFICIENT_ATTENTION]):
        found = attend_fused(*tensors, seen)
        torch.autograd.grad(found.float().sum(), tensors)
    with sdpa_kernel([SDPBackend.MATH]):
        assert torch.allclose(found, attend_fused(*tensors, seen), atol=5e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_answers_and_scores_are_those_of_the_cpu(model, dtype):
    rng = np.random.default_rng(0)
    grids = [as_grid(rng.integers(0, 10, size=rng.integers(1, 6, size=2))) for _ in range(12)]
    questions = [
        Question(words.TASK + index % 4, View(index % 8), grid, tuple(grids[: index % 3]))
        for index, grid in enumerate(grids)
    ]
    wanted = consult(inference_copy(model, torch.float32), questions)
    found = consult(inference_copy(model, dtype).cuda(), questions)
    n_same = sum(np.array_equal(one.answer.grid, other.answer.grid) for one, other in zip(wanted, found, strict=True))
    assert n_same == len(questions) if dtype is torch.float32 else n_same >= 9
    for one, other in zip(wanted, found, strict=True):
        for mine, its in zip(one.scores, other.scores, strict=True):
            assert its.logprob == pytest.approx(mine.logprob, rel=1e-3 if dtype is torch.float32 else 0.02)
