"""The tokenizer of a written-out cell model: a word for each token, split at spaces.

The folder that is written loads with `AutoTokenizer` and no code of ours. Knows nothing of models.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from arc_solver.augment import N_SYMMETRIES
from arc_solver.finetune.cells import vocabulary
from arc_solver.grids import MAX_SIDE, N_COLORS
from arc_solver.json_files import read_json, write_json
from arc_solver.prompts.cells import END, INPUT, OUTPUT

PAD = "PAD"


@cache
def token_words() -> tuple[str, ...]:
    """The word of each token, in the order of their numbers."""
    cells = np.ndindex(N_COLORS, MAX_SIDE, MAX_SIDE)
    return (
        *(PAD, INPUT, OUTPUT, END),
        *(f"S{symmetry}" for symmetry in range(N_SYMMETRIES)),
        *(f"K{color}={shown}" for color in range(N_COLORS) for shown in range(N_COLORS)),
        *(f"H{n}" for n in range(1, MAX_SIDE + 1)),
        *(f"W{n}" for n in range(1, MAX_SIDE + 1)),
        *(f"{color}@{row},{column}" for color, row, column in cells),
        *(f"T{slot}" for slot in range(vocabulary.N_TASK_SLOTS)),
    )


def build_tokenizer() -> Any:
    """A `transformers.PreTrainedTokenizerFast` without a chat template, `END` ending and `PAD` padding."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    numbers = {word: number for number, word in enumerate(token_words())}
    core = Tokenizer(models.WordLevel(numbers, unk_token=PAD))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token=END,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
        padding_side="left",
        model_max_length=4096,
    )


def save_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Write `tokenizer` so that `AutoTokenizer.from_pretrained` reads it in old versions as well."""
    tokenizer.save_pretrained(folder)
    path = Path(folder) / "tokenizer_config.json"
    settings = read_json(path)
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    for name in ("is_local", "local_files_only", "name_or_path"):
        settings.pop(name, None)
    write_json(path, settings, sort_keys=True)
