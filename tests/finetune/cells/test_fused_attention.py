"""Attention with shared heads: the same whether keys are repeated or not, and repeated where no fused kernel shares."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from arc_solver.finetune.cells import fused_attention  # noqa: E402
from arc_solver.finetune.cells.fused_attention import attend_fused, takes_shared_heads  # noqa: E402


@pytest.mark.parametrize(
    ("capability", "is_masked", "shared"),
    [
        ((7, 5), False, False),
        ((7, 5), True, False),
        ((8, 0), False, True),
        ((8, 9), True, False),
        ((9, 0), False, True),
    ],
)
def test_only_flash_attention_shares_heads(monkeypatch, capability, is_masked, shared):
    monkeypatch.setattr(fused_attention, "capability", lambda device: capability)
    assert takes_shared_heads(torch.device("cuda"), is_masked=is_masked) is shared


@pytest.mark.parametrize("is_masked", [False, True])
def test_repeated_keys_change_nothing(monkeypatch, is_masked):
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, heads, 9, 8, generator=generator) for heads in (4, 2, 2))
    seen = torch.ones(9, 9, dtype=torch.bool).tril() if is_masked else None
    wanted = attend_fused(q, k, v, seen)
    monkeypatch.setattr(fused_attention, "takes_shared_heads", lambda device, is_masked: False)
    given: list[int] = []
    fused = torch.nn.functional.scaled_dot_product_attention

    def noted(q, k, v, *, enable_gqa, **options):
        given.extend([k.shape[1], v.shape[1], enable_gqa])
        return fused(q, k, v, enable_gqa=enable_gqa, **options)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", noted)
    assert torch.allclose(attend_fused(q, k, v, seen), wanted, atol=1e-6)
    assert given == [4, 4, False]
