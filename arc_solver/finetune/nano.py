"""The bundled base: a small Qwen3-layout model that starts from nothing, and how any model is read and saved.

The layout is transformers' own, so that the folder loads in transformers, vLLM and peft without code of ours. Knows
nothing of training.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arc_solver.errors import ModelError
from arc_solver.finetune.tokenizer import save_tokenizer


@dataclass(frozen=True, slots=True)
class NanoConfig:
    """Sizes of the bundled model.

    Attributes:
        width: Of the residual stream.
        n_layers: Blocks.
        n_heads: Query heads; all share one key and value head, which keeps the cache small.
        head_width: Of one head.
        ffn_width: Of the gated feed-forward part.
        context_length: Most tokens of a sequence.
    """

    width: int = 192
    n_layers: int = 8
    n_heads: int = 3
    head_width: int = 64
    ffn_width: int = 576
    context_length: int = 4096


def new_model(config: NanoConfig, tokenizer: Any, *, seed: int) -> Any:
    """A `Qwen3ForCausalLM` with random fp32 weights for `tokenizer`; the same for the same seed."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(seed)
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=-(-len(tokenizer) // 64) * 64,
            hidden_size=config.width,
            num_hidden_layers=config.n_layers,
            num_attention_heads=config.n_heads,
            num_key_value_heads=1,
            head_dim=config.head_width,
            intermediate_size=config.ffn_width,
            max_position_embeddings=config.context_length,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            dtype="float32",
        )
    )


def load_model(folder: Path, dtype: Any = None) -> tuple[Any, Any]:
    """Model and tokenizer from any Hugging Face folder, offline.

    Args:
        folder: The folder.
        dtype: torch's type of the weights; fp32 if None.

    Raises:
        ModelError: The folder is missing or holds no causal language model with a tokenizer, or no end token is known.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    if not (Path(folder) / "config.json").is_file():
        raise ModelError(f"{folder}: no model folder (config.json is missing)")
    try:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype or torch.float32, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"{folder}: cannot be loaded: {error}") from error
    _settle_end_token(model, tokenizer, folder)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def _settle_end_token(model: Any, tokenizer: Any, folder: Path) -> None:
    """What completions are taught to end with: the tokenizer's end token, or else the model's."""
    if tokenizer.eos_token_id is not None:
        return
    for source in (getattr(model, "generation_config", None), model.config):
        known = getattr(source, "eos_token_id", None)
        if known is not None:
            tokenizer.eos_token = tokenizer.convert_ids_to_tokens(known if isinstance(known, int) else known[0])
            return
    raise ModelError(
        f"{folder}: no end token anywhere, so its completions could not be taught to end: set eos_token in "
        "tokenizer_config.json"
    )


def save_model(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write `model` in fp16 with `tokenizer` as a plain folder of safetensors; `model` itself keeps its fp32 weights.

    Raises:
        ModelError: The weights, or a forward pass with them, are not finite in fp16.
    """
    import copy

    import torch
    from transformers.utils import logging

    half = copy.deepcopy(model).to(torch.float16)
    bad = [name for name, value in half.state_dict().items() if not torch.isfinite(value).all()]
    if bad:
        raise ModelError(f"not finite in fp16: {', '.join(bad[:3])}")
    check_half_forward(half)
    logging.disable_progress_bar()
    half.save_pretrained(folder)
    save_tokenizer(tokenizer, folder)


def check_half_forward(half: Any, *, n_tokens: int = 256) -> None:
    """Run `half` on random tokens and look at every layer's output.

    Raises:
        ModelError: NaN or infinity in fp16.
    """
    import torch

    tokens = torch.randint(0, half.config.vocab_size, (2, n_tokens), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        result = half(input_ids=tokens, output_hidden_states=True, use_cache=False)
    for index, values in enumerate((*result.hidden_states, result.logits)):
        if not torch.isfinite(values).all():
            raise ModelError(f"NaN or infinity in fp16 after layer {index}")
