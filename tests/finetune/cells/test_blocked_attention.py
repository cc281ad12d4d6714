"""Attention in blocks is attention."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from torch.nn import functional as F  # noqa: E402

from arc_solver.finetune.cells.blocked_attention import attend_blocked  # noqa: E402


def drawn(n_tokens, dtype=torch.float64):
    generator = torch.Generator().manual_seed(n_tokens)
    shapes = ((6, n_tokens, 16), (2, n_tokens, 16), (2, n_tokens, 16))
    return [torch.randn(shape, generator=generator, dtype=dtype).requires_grad_() for shape in shapes]


def fused(q, k, v):
    return F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True, enable_gqa=True)[0]


@pytest.mark.parametrize("n_tokens", [1, 2, 191, 192, 193, 500])
def test_it_is_the_fused_kernels(n_tokens):
    inputs = drawn(n_tokens)
    torch.testing.assert_close(attend_blocked(*inputs), fused(*inputs))


@pytest.mark.parametrize("n_tokens", [1, 193, 400])
def test_gradients_are_the_fused_kernels(n_tokens):
    inputs = drawn(n_tokens)
    along = torch.randn(6, n_tokens, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    own = torch.autograd.grad(attend_blocked(*inputs), inputs, along)
    for found, wanted in zip(own, torch.autograd.grad(fused(*inputs), inputs, along), strict=True):
        torch.testing.assert_close(found, wanted)


def test_bf16_stays_near():
    inputs = drawn(300, torch.bfloat16)
    wanted = fused(*(x.float() for x in inputs))
    assert (attend_blocked(*inputs).float() - wanted).abs().max() < 0.02 * wanted.abs().max()
