"""Muon on stacks of matrices is Muon on each."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from arc_solver.finetune import precision  # noqa: E402
from arc_solver.finetune.muon import StackedMuon, orthogonalized  # noqa: E402


def test_orthogonalized_matrices_have_singular_values_near_one() -> None:
    stack = torch.randn(3, 20, 50, generator=torch.Generator().manual_seed(0))
    for made in (orthogonalized(stack), orthogonalized(stack.mT)):
        values = torch.linalg.svdvals(made.float())
        assert (values > 0.6).all()
        assert (values < 1.3).all()


@pytest.mark.parametrize("has_bf16", [True, False])
def test_it_computes_in_what_the_cpu_computes_in(has_bf16: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "cpu_has_bf16", lambda: has_bf16)
    made = orthogonalized(torch.ones(1, 2, 3))
    assert made.dtype == (torch.bfloat16 if has_bf16 else torch.float32)


def test_steps_are_those_of_torchs_own() -> None:
    rng = torch.Generator().manual_seed(1)
    shapes = [(12, 30), (30, 12), (12, 30)]
    ours, theirs = (
        [torch.nn.Parameter(torch.ones(shape)) for shape in shapes],
        [torch.nn.Parameter(torch.ones(shape)) for shape in shapes],
    )
    mine = StackedMuon(ours, lr=0.1, weight_decay=0.01)
    reference = torch.optim.Muon(theirs, lr=0.1, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
    for _ in range(4):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn(one.shape, generator=rng)
            other.grad = one.grad.clone()
        mine.step()
        reference.step()
    for one, other in zip(ours, theirs, strict=True):
        # torch's computes in bf16: three digits.
        torch.testing.assert_close(one, other, atol=0.02, rtol=0.02)
        assert (one - 1).abs().max() > 0.1
