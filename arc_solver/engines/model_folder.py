"""Reading a model's or adapter's folder without loading it: configuration, the shapes of its tensors, its size.

The headers of safetensors files and JSON are all that is read, so neither torch nor transformers is needed. It knows
nothing of what is good or bad in them: see `preflight.py`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arc_solver.errors import ModelError
from arc_solver.json_files import optional_json, read_json

DTYPE_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_STORED = {"F64": "float64", "F32": "float32", "BF16": "bfloat16", "F16": "float16"}
_MAX_HEADER_BYTES = 200 << 20


@dataclass(frozen=True, slots=True)
class TensorHeader:
    """One tensor of a safetensors file.

    Attributes:
        dtype: As the file calls it, such as `BF16`.
        shape: Its sizes.
        n_bytes: Of its data.
    """

    dtype: str
    shape: tuple[int, ...]
    n_bytes: int


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a plan needs to know of a causal language model.

    Attributes:
        architecture: Class name in its configuration; empty if there is none.
        n_parameters: Numbers in its weights.
        weight_bytes: Size of its tensors in the files.
        stored_dtype: `float32`, `bfloat16`, `float16`, or `quantised` for anything else.
        context_length: Most positions that it was made for; 0 if written nowhere.
        n_layers: Layers with a key/value cache.
        n_heads: Query heads a layer.
        n_kv_heads: Key/value heads a layer.
        head_width: Numbers a head.
        vocab_size: Rows of its embeddings; 0 if unknown.
        hidden_size: Width of the residual stream; 0 if unknown.
    """

    architecture: str
    n_parameters: int
    weight_bytes: int
    stored_dtype: str
    context_length: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    head_width: int
    vocab_size: int
    hidden_size: int

    def resident_bytes(self, dtype: str) -> int:
        """What its weights take in memory once they are loaded in this dtype."""
        if self.stored_dtype == "quantised":
            return self.weight_bytes
        return self.n_parameters * DTYPE_BYTES[dtype]

    def token_bytes(self, dtype: str) -> int:
        """What one token of one sequence takes in the key/value cache."""
        return 2 * self.n_layers * self.n_kv_heads * self.head_width * DTYPE_BYTES[dtype]


def read_tensor_headers(path: Path) -> dict[str, TensorHeader]:
    """What a safetensors file holds, by its header.

    Raises:
        ModelError: It is no such file, or cut short.
    """
    try:
        with path.open("rb") as file:
            n_header = int.from_bytes(file.read(8), "little")
            if not 2 <= n_header <= _MAX_HEADER_BYTES:
                raise ModelError(f"{path}: no safetensors file, or a damaged one: copy it again")
            entries = json.loads(file.read(n_header))
        n_file = path.stat().st_size
        headers = {
            name: TensorHeader(
                entry["dtype"], tuple(entry["shape"]), entry["data_offsets"][1] - entry["data_offsets"][0]
            )
            for name, entry in entries.items()
            if name != "__metadata__"
        }
        end = max((entry["data_offsets"][1] for name, entry in entries.items() if name != "__metadata__"), default=0)
    except OSError as error:
        raise ModelError(f"{path}: unreadable: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ModelError(f"{path}: no safetensors file, or a damaged one: copy it again") from error
    if n_file < 8 + n_header + end:
        raise ModelError(f"{path}: cut short ({n_file} bytes of {8 + n_header + end}): copy it again")
    return headers


def read_all_headers(folder: Path) -> dict[str, TensorHeader]:
    """The tensors of all safetensors files of a model's folder, shards that its index names included.

    Raises:
        ModelError: A file is damaged, or a shard is missing.
    """
    index = optional_json(folder / "model.safetensors.index.json").get("weight_map")
    names = set(index.values()) if isinstance(index, Mapping) else {path.name for path in folder.glob("*.safetensors")}
    headers: dict[str, TensorHeader] = {}
    for name in sorted(names):
        if not (folder / name).is_file():
            raise ModelError(f"model {folder}: {name} is missing, one of {len(names)} shards: copy it again")
        headers |= read_tensor_headers(folder / name)
    return headers


def text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a configuration that speaks of the language model: all of it, but in models that also see."""
    inner = config.get("text_config")
    return inner if isinstance(inner, Mapping) else config


def read_facts(folder: Path) -> ModelFacts:
    """What a plan needs to know of the model in a folder.

    Raises:
        ModelError: Configuration or weights are missing or damaged.
    """
    config = read_json(folder / "config.json")
    text = text_config(config)
    headers = read_all_headers(folder)
    n_heads = _number(text, "num_attention_heads", "n_head")
    hidden_size = _number(text, "hidden_size", "n_embd")
    dtypes: dict[str, int] = {}
    for header in headers.values():
        dtypes[header.dtype] = dtypes.get(header.dtype, 0) + header.n_bytes
    common = max(dtypes, key=lambda dtype: dtypes[dtype], default="F32")
    architectures = config.get("architectures") or [""]
    return ModelFacts(
        architecture=str(architectures[0]),
        n_parameters=sum(math.prod(header.shape) for header in headers.values()),
        weight_bytes=sum(dtypes.values()),
        stored_dtype="quantised" if config.get("quantization_config") else _STORED.get(common, "quantised"),
        context_length=_number(text, "max_position_embeddings", "n_positions"),
        n_layers=_number(text, "num_hidden_layers", "n_layer"),
        n_heads=n_heads,
        n_kv_heads=_number(text, "num_key_value_heads") or n_heads,
        head_width=_number(text, "head_dim") or (hidden_size // n_heads if n_heads else 0),
        vocab_size=_number(text, "vocab_size"),
        hidden_size=hidden_size,
    )


def _number(config: Mapping[str, Any], *names: str) -> int:
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return 0


def layer_part(name: str) -> str | None:
    """What two names of one matrix share, whatever stands before the layers: `layers.3.self_attn.q_proj`; None for a
    tensor outside the layers.
    """
    found = re.search(r"(?:layers|h|blocks|block)\.\d+\..+", name)
    return found[0] if found else None
