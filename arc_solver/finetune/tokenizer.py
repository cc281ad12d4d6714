"""The tokenizer of the bundled model: 256 bytes, and one token for each word that our texts use again and again.

A byte-level BPE without merges splits any text into bytes, so every text survives encoding and decoding. What makes
sequences short are the added tokens: the primitives of the DSL, the words of Python, the fixed strings of the prompts,
and the starts of grid rows. A cell of a grid is one digit, hence one token. The folder that is written loads with
`AutoTokenizer` and no code of ours.

Knows nothing of models or samples, and nothing of what a prompt means: its fixed strings are an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from arc_solver.grids import MAX_SIDE
from arc_solver.json_files import read_json, write_json

PAD, USER, ASSISTANT, END = "<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"
SPECIAL_TOKENS = (PAD, USER, ASSISTANT, END)

PYTHON_WORDS = (
    "def", "task", "grid", "return", "for", "in", "if", "else", "elif", "not", "and", "or", "is", "None", "True",
    "False", "np", "import", "from", "lambda", "range", "len", "max", "min", "sum", "sorted", "enumerate", "zip",
    "list", "int", "key", "input", "output", "array", "shape", "copy", "zeros", "where", "result", "obj", "objects",
    "grids", "color", "colors", "count",
)  # fmt: skip
PYTHON_PHRASES = (
    *(
        "def task(grid):\n",
        "    ",
        "\n    ",
        "\n        ",
        "return ",
        "    return ",
        "    result = ",
        "for ",
        " in ",
        " if ",
        " else ",
    ),
    *(" = ", " == ", " != ", " + ", " - ", " * ", ", ", ": ", "]\n", ")\n", "\n\n"),
    *("np.", "grid.shape", "(grid)", "(grid, ", "(result)", "(result, ", "```", "```python\n", "\n```"),
)

# A system turn, if any, is read as the first lines of the user's: the model has no third role.
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'assistant' -%}" + ASSISTANT + "{{ message['content'] }}" + END + "{%- else -%}"
    "{{ '" + USER + "' + message['content'] }}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}" + ASSISTANT + "{%- endif -%}"
)


def row_starts() -> tuple[str, ...]:
    """The start of each row of a grid, line break, row number and space: one token instead of up to four."""
    return tuple(f"\n{number} " for number in range(1, MAX_SIDE + 1))


def build_tokenizer(words: Iterable[str], phrases: Sequence[str] = ()) -> Any:
    """A tokenizer over bytes, special tokens, `words` and `phrases`.

    Args:
        words: Each becomes one token where it stands alone (`crop` in `crop(grid)`, not in `cropped`): the DSL's
            primitives.
        phrases: Each becomes one token wherever it stands: the fixed strings of prompts.

    Returns:
        A `transformers.PreTrainedTokenizerFast` with a chat template, `<|end|>` as end token and `<|pad|>` for padding.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: index for index, symbol in enumerate(alphabet)}
    core = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL_TOKENS])
    single = dict.fromkeys(word for word in (*words, *PYTHON_WORDS) if len(word) > 1)
    # Single characters are tokens already.
    fixed = dict.fromkeys(
        text for text in (*row_starts(), *PYTHON_PHRASES, *phrases) if len(text) > 1 and text not in single
    )
    core.add_tokens([AddedToken(word, single_word=True, normalized=False) for word in single])
    core.add_tokens([AddedToken(text, normalized=False) for text in fixed])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token=END,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
        padding_side="left",
        model_max_length=4096,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def save_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Write `tokenizer` so that `AutoTokenizer.from_pretrained(folder, local_files_only=True)` reads it, in old
    versions as well.

    The template is kept inside tokenizer_config.json, so that no second file can be forgotten.
    """
    tokenizer.save_pretrained(folder, save_jinja_files=False)
    path = Path(folder) / "tokenizer_config.json"
    settings = read_json(path)
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    settings["chat_template"] = CHAT_TEMPLATE
    # How this process happened to load it is no property of the tokenizer.
    for name in ("is_local", "local_files_only", "name_or_path"):
        settings.pop(name, None)
    write_json(path, settings, sort_keys=True)
    (Path(folder) / "chat_template.jinja").unlink(missing_ok=True)


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer in `folder`, offline."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def fixed_lines(texts: Sequence[str], share: float = 0.2) -> tuple[str, ...]:
    """Lines of prose that many of `texts` have in common, so that each can be one token.

    Args:
        texts: Rendered prompts of all recipes.
        share: A line counts when at least this share of the texts holds it.

    Returns:
        The lines, longest first. Lines that hold a digit are left out: they are cells, shapes and numbers.
    """
    counts: dict[str, int] = {}
    for text in texts:
        for line in set(text.split("\n")):
            counts[line] = counts.get(line, 0) + 1
    chosen = (
        line
        for line, n in counts.items()
        if n >= share * len(texts) and len(line) > 2 and not any(map(str.isdigit, line))
    )
    return tuple(sorted(chosen, key=lambda line: (-len(line), line)))
