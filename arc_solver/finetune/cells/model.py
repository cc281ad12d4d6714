"""The cell model in torch: a Qwen3 decoder whose embedding table and head are sums of small tables.

Written out (`exported_config`, `exported_weights`) it is a plain `Qwen3ForCausalLM` that gives the same logits, so that
transformers, vLLM and peft read it without code of ours. transformers' own class is not trained directly because the
factorised tables, and attention that stays inside packed documents, are what makes training fast and positions
learnable.

Knows nothing of corpora, batches and optimisers.

Shapes: B sequences, T tokens, D width, S keys.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.blocked_attention import attend_blocked
from arc_solver.finetune.cells.fused_attention import attend_fused
from arc_solver.finetune.cells.packed_attention import attend_packed
from arc_solver.finetune.cells.sequences import document_spans
from arc_solver.grids import MAX_SIDE


@dataclass(frozen=True, slots=True)
class CellConfig:
    """Sizes of the model.

    Attributes:
        width: D, of the residual stream.
        n_layers: Blocks.
        n_heads: Query heads.
        n_kv_heads: Key and value heads.
        head_width: Of one head.
        ffn_width: Of the gated feed-forward part.
        n_tasks: Task tokens that are trained, the one for unknown tasks included.
        rope_theta: Base of the rotary positions.
        context_length: Most tokens of a sequence.
        places: Cells know their row and column; else only their colour (an experiment's baseline).
    """

    width: int = 384
    n_layers: int = 12
    n_heads: int = 6
    n_kv_heads: int = 2
    head_width: int = 64
    ffn_width: int = 1024
    n_tasks: int = 1
    rope_theta: float = 10_000.0
    context_length: int = 4096
    places: bool = True


class RMSNorm(nn.Module):
    """Root mean square normalisation with a learned scale."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        # Under autocast, torch 2.12 and later give fp32 back on a GPU, which packed attention does not take.
        return F.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), 1e-6).to(x.dtype)


class Block(nn.Module):
    """Attention and a gated feed-forward part, as Qwen3 has them."""

    def __init__(self, config: CellConfig) -> None:
        super().__init__()
        c = config
        self.head_width = c.head_width
        self.input_layernorm = RMSNorm(c.width)
        self.q_proj = nn.Linear(c.width, c.n_heads * c.head_width, bias=False)
        self.k_proj = nn.Linear(c.width, c.n_kv_heads * c.head_width, bias=False)
        self.v_proj = nn.Linear(c.width, c.n_kv_heads * c.head_width, bias=False)
        self.o_proj = nn.Linear(c.n_heads * c.head_width, c.width, bias=False)
        self.q_norm = RMSNorm(c.head_width)
        self.k_norm = RMSNorm(c.head_width)
        self.post_attention_layernorm = RMSNorm(c.width)
        self.gate_proj = nn.Linear(c.width, c.ffn_width, bias=False)
        self.up_proj = nn.Linear(c.width, c.ffn_width, bias=False)
        self.down_proj = nn.Linear(c.ffn_width, c.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Any = None) -> Tensor:
        """One block.

        Args:
            x: Residual stream, (B, T, D).
            cos: Rotary cosines, broadcastable to (B, heads, T, head width).
            sin: Sines likewise.
            mask: As in `attend`.
        """
        return self.finish(x, attend(*self.project(x, cos, sin), mask))

    def project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values: (B, heads, T, head width) each, the latter two with fewer heads."""
        shape = (*x.shape[:2], -1, self.head_width)
        h = self.input_layernorm(x)
        q = self.q_norm(self.q_proj(h).view(shape)).transpose(1, 2)
        k = self.k_norm(self.k_proj(h).view(shape)).transpose(1, 2)
        return _rotated(q, cos, sin), _rotated(k, cos, sin), self.v_proj(h).view(shape).transpose(1, 2)

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """The residual stream after the block: `attended` is (B, heads, T, head width)."""
        x = x + self.o_proj(attended.transpose(1, 2).reshape(*x.shape[:2], -1))
        h = self.post_attention_layernorm(x)
        return x + self.down_proj(F.silu(self.gate_proj(h)) * self.up_proj(h))


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return (x * cos + torch.cat((-second, first), dim=-1) * sin).to(x.dtype)


class CellModel(nn.Module):
    """The decoder.

    Args:
        config: Its sizes.
        seed: Of the random weights.
    """

    factor_rows: Tensor
    head_rows: Tensor
    frequencies: Tensor

    def __init__(self, config: CellConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Parameter(torch.empty(words.N_SHARED_ROWS, config.width))
        self.tasks = nn.Parameter(torch.empty(config.n_tasks, config.width))
        self.layers = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = RMSNorm(config.width)
        self.head = nn.Parameter(torch.empty(words.N_HEAD_ROWS, config.width))
        self.register_buffer("factor_rows", torch.tensor(words.factors(config.n_tasks)), persistent=False)
        self.register_buffer("head_rows", torch.tensor(words.head_factors()), persistent=False)
        exponents = torch.arange(0, config.head_width, 2).float() / config.head_width
        self.register_buffer("frequencies", config.rope_theta**-exponents, persistent=False)
        self._initialize(torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _initialize(self, generator: torch.Generator) -> None:
        c = self.config
        self.embedding.normal_(0, 0.5, generator=generator)
        self.tasks.normal_(0, 0.5, generator=generator)
        self.head.normal_(0, 0.02, generator=generator)
        for name, weight in self.layers.named_parameters():
            if weight.ndim == 2:
                is_last = name.endswith(("o_proj.weight", "down_proj.weight"))
                std = weight.shape[1] ** -0.5 / (math.sqrt(2 * c.n_layers) if is_last else 1.0)
                weight.normal_(0, std, generator=generator)
        # Rows and columns start as waves, so that "one further" is the same turn everywhere from the first step on.
        places = _waves(MAX_SIDE, c.width // 2)
        self.embedding[words.ROW_ROWS].zero_()[:, : c.width // 2] = places
        self.embedding[words.COLUMN_ROWS].zero_()[:, c.width // 2 :] = places
        if not c.places:
            self.embedding[words.ROW_ROWS] = 0
            self.embedding[words.COLUMN_ROWS] = 0

    def embed(self, tokens: Tensor, tasks_at: Tensor | None = None) -> Tensor:
        """Sums of the small embeddings: (B, T) -> (B, T, D).

        Args:
            tokens: Token ids.
            tasks_at: Where task tokens stand in the flattened `tokens`, if known: to look for them would make the host
                wait for the GPU.
        """
        shared = self.embedding
        if not self.config.places:
            keep = torch.ones(words.N_SHARED_ROWS, 1, device=shared.device)
            keep[words.ROW_ROWS] = keep[words.COLUMN_ROWS] = 0
            shared = shared * keep
        flat = tokens.flatten().long()
        # A product with counts of rows instead of a look-up: few rows and many repeats make its gradient slow.
        rows = self.factor_rows[flat.clamp(max=words.TASK - 1)]
        is_task = flat >= words.TASK
        counts = torch.zeros(len(flat), words.N_SHARED_ROWS, dtype=shared.dtype, device=shared.device)
        counts.scatter_(1, rows, 1.0)
        counts[:, 0] = 0
        counts = counts.masked_fill(is_task[:, None], 0)
        at = is_task.nonzero()[:, 0] if tasks_at is None else tasks_at
        x = counts @ shared
        x = x.index_add(0, at, self.tasks[flat[at] - words.TASK].to(x.dtype))
        return x.view(*tokens.shape, -1)

    def rotary(self, positions: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Cosines and sines at positions (T,) or (B, 1, T), with a last axis of the head's width."""
        angles = positions[..., None].float() * self.frequencies
        angles = torch.cat((angles, angles), dim=-1)
        return angles.cos().to(dtype), angles.sin().to(dtype)

    def forward(self, tokens: Tensor, mask: Any = None, tasks_at: Tensor | None = None) -> Tensor:
        """Scores of the head's rows after each token: (B, T) -> (B, T, head rows), fp32.

        Args:
            tokens: Token ids.
            mask: As in `attend`.
            tasks_at: As in `embed`.
        """
        x = self.embed(tokens, tasks_at)
        if torch.is_autocast_enabled(x.device.type):
            x = x.to(torch.get_autocast_dtype(x.device.type))
        cos, sin = self.rotary(torch.arange(tokens.shape[1], device=x.device), x.dtype)
        for layer in self.layers:
            x = layer(x, cos, sin, mask)
        return self.scores(x)

    def scores(self, x: Tensor) -> Tensor:
        """The head's rows on the last residual stream, fp32, row 0 exactly 0."""
        h = self.norm(x).float()
        head = torch.cat((torch.zeros_like(self.head[:1]), self.head[1:]))
        with torch.autocast(x.device.type, enabled=False):
            return F.linear(h, head)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Any = None) -> Tensor:
    """Causal attention; query heads share key heads.

    Args:
        q: Queries, (B, heads, T, head width).
        k: Keys, with fewer heads.
        v: Values, likewise.
        mask: What `document_mask` made, to stay inside documents; None for attention over the whole sequence.
    """
    if mask is None:
        return attend_fused(q, k, v)
    if isinstance(mask, Tensor):
        return attend_packed(q, k, v, mask)
    return _attend_spans(q, k, v, mask)


def _attend_spans(q: Tensor, k: Tensor, v: Tensor, spans: tuple[tuple[int, int, int], ...]) -> Tensor:
    rows: dict[int, list[Tensor]] = {}
    for row, start, end in spans:
        part = (row, slice(None), slice(start, end))
        rows.setdefault(row, []).append(_attend_one(q[part], k[part], v[part]))
    return torch.stack([torch.cat(rows[row], dim=1) for row in sorted(rows)])


def _attend_one(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention of one document: (heads, T, head width)."""
    if not q.is_cuda:
        return attend_blocked(q, k, v)
    return attend_fused(q[None], k[None], v[None])[0]


def document_mask(documents: NDArray[np.int16], *, packed: bool = False) -> Any:
    """What keeps attention inside documents.

    Args:
        documents: Number of the document at each place, not falling along a row, (B, T).
        packed: For `attend_packed`: where documents begin in the flattened rows, and their end, int32.

    Returns:
        That tensor, on the CPU, or spans of row, start and end for the attention of one document after the other.
    """
    spans = tuple(document_spans(documents))
    if not packed:
        return spans
    n_places = documents.shape[1]
    starts = [row * n_places + start for row, start, _ in spans]
    return torch.tensor([*starts, documents.size], dtype=torch.int32)


def log_total(scores: Tensor) -> Tensor:
    """Log of the summed exponentials over the whole vocabulary of an exported model, from the head's rows.

    A cell's logit is the sum of three, so the sum over all cells is a product of three sums. Tokens that are never
    answered have logit 0 and count as well, so that the exported model's probabilities are exactly these.

    Args:
        scores: Shape (..., head rows).
    """
    cells = sum(scores[..., part].logsumexp(-1) for part in (words.HEAD_COLOR, words.HEAD_ROW, words.HEAD_COLUMN))
    others = scores[..., words.HEAD_HEIGHT.start :].logsumexp(-1)
    never = torch.full_like(others, math.log(words.N_NEVER_ANSWERED))
    return torch.stack((torch.as_tensor(cells), others, never)).logsumexp(0)


def token_losses(model: CellModel, scores: Tensor, targets: Tensor) -> Tensor:
    """Negative log-probability of each target: (B, T, head rows), (B, T) -> (B, T); 0 where the target is 0."""
    logits = scores.gather(-1, model.head_rows[targets]).sum(-1)
    return torch.where(targets > 0, log_total(scores) - logits, 0.0)


def exported_config(config: CellConfig) -> Any:
    """The `Qwen3Config` of the written-out model."""
    from transformers import Qwen3Config

    return Qwen3Config(
        vocab_size=words.N_TOKENS,
        hidden_size=config.width,
        num_hidden_layers=config.n_layers,
        num_attention_heads=config.n_heads,
        num_key_value_heads=config.n_kv_heads,
        head_dim=config.head_width,
        intermediate_size=config.ffn_width,
        max_position_embeddings=config.context_length,
        rope_parameters={"rope_type": "default", "rope_theta": config.rope_theta},
        rms_norm_eps=1e-6,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=words.END,
        pad_token_id=words.PAD,
        dtype="float32",
    )


@torch.no_grad()
def exported_weights(model: CellModel, tasks: Tensor) -> dict[str, Tensor]:
    """The written-out weights under Qwen3's names, fp32.

    Args:
        model: The trained model.
        tasks: Embeddings of the task slots, shape (N_TASK_SLOTS, D).
    """
    slots = torch.arange(words.TASK, device=model.embedding.device)
    everything = torch.cat((model.embed(slots[None])[0], tasks.to(model.embedding)))
    head = torch.cat((torch.zeros_like(model.head[:1]), model.head[1:]))
    weights = {
        "model.embed_tokens.weight": everything,
        "model.norm.weight": model.norm.weight,
        "lm_head.weight": head[model.head_rows].sum(1),
    }
    attention = {"q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm"}
    for name, value in model.layers.named_parameters():
        index, part, _ = name.split(".")
        room = "self_attn." if part in attention else "mlp." if part.endswith("_proj") else ""
        weights[f"model.layers.{index}.{room}{part}.weight"] = value
    return {name: value.detach().float().cpu().contiguous() for name, value in weights.items()}


def _waves(n: int, width: int) -> Tensor:
    """Sines and cosines of places 0..n-1 at several wave lengths, (n, width), about as large as the other
    embeddings.
    """
    lengths = torch.logspace(math.log10(2.1), math.log10(4 * n), width // 2)
    angles = torch.arange(n)[:, None] * (2 * math.pi / lengths)
    return torch.cat((angles.sin(), angles.cos()), dim=1) * 0.7
