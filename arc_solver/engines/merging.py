"""Writing base + LoRA as one ordinary model, for engines that cannot serve adapters or are slow at it.

Knows nothing of who reads the folder.
"""

from __future__ import annotations

from pathlib import Path

import torch

from arc_solver.engines.weights import AdapterFile, AdapterSlot, load_model
from arc_solver.json_files import read_json


def save_merged(model: Path, adapter: AdapterFile, target: Path, dtype: torch.dtype) -> None:
    """Write the weights of base + adapter, with the base's configuration, to a new folder. The tokenizer stays behind.

    Args:
        model: Folder of the base.
        adapter: The LoRA.
        target: The new folder.
        dtype: In which to add and to store, that of the engine, so that every engine computes with the same numbers.

    Raises:
        ModelError: The base cannot be loaded, or the adapter does not fit it.
    """
    loaded = load_model(model, torch.device("cpu"), dtype)
    AdapterSlot(loaded.model).use(adapter)
    merged = loaded.model
    head, embeddings = merged.get_output_embeddings(), merged.get_input_embeddings()
    if head is not None and head.weight is not embeddings.weight:
        # An adapter on one of two tied matrices parts them.
        merged.config.get_text_config().tie_word_embeddings = merged.config.tie_word_embeddings = False
    merged.save_pretrained(target)


def same_layout(left: Path, right: Path) -> bool:
    """Whether two models differ in their numbers only, so that one's weights can take the place of the other's."""
    layouts = []
    for folder in (left, right):
        config = read_json(folder / "config.json")
        for incidental in ("_name_or_path", "dtype", "torch_dtype", "transformers_version"):
            config.pop(incidental, None)
        layouts.append(config)
    return layouts[0] == layouts[1]
