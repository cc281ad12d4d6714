"""What can be said against a model before anything is loaded.

Reads JSON, headers and (where the `tokenizers` library is installed) the tokenizer; imports neither torch nor
transformers. What needs the weights themselves, such as overflow in float16, is looked for by `rehearsal.py`; adapters
have `adapter_preflight.py`; whether files are those of a manifest is the business of `finetune.manifest`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arc_solver.engines.model_folder import read_facts, text_config
from arc_solver.errors import ModelError
from arc_solver.json_files import optional_json, read_json

MIN_CONTEXT = 512
"""A context below this holds no task with its answer, but the very smallest."""

_WANTED = (
    "--model wants the folder of a Hugging Face causal LM (or leave it out: --proposers search works without a model)"
)
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model", "tokenizer_config.json")
_DIGITS = "01234567890123456789"


class Severity(enum.StrEnum):
    """What a remark means for the run."""

    REFUSED = "refused"  # it would fail or give wrong answers: exit code 2
    WARNING = "warning"  # it runs, worse than it could
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was noticed.

    Attributes:
        severity: What it means for the run.
        what: What was found.
        advice: What to do; empty if nothing has to be done.
    """

    severity: Severity
    what: str
    advice: str = ""

    def text(self) -> str:
        """One line for people."""
        return f"{self.what}; {self.advice}" if self.advice else self.what


def refused(what: str, advice: str) -> Remark:
    """A remark that ends the run before it starts."""
    return Remark(Severity.REFUSED, what, advice)


def raise_refusals(subject: str, remarks: Iterable[Remark]) -> None:
    """Raise one error with everything that is refused.

    Raises:
        ModelError: There was a refusal.
    """
    texts = [remark.text() for remark in remarks if remark.severity is Severity.REFUSED]
    if texts:
        raise ModelError(f"{subject}: {'. Also: '.join(texts)}")


# -- models ------------------------------------------------------------------------------------------------------------


def check_model(folder: Path, context_length: int = 0) -> tuple[Remark, ...]:
    """Everything that a model's folder tells against it.

    Args:
        folder: A Hugging Face causal LM.
        context_length: What was asked for; 0 for the model's own.
    """
    missing = _missing_files(folder)
    if missing is not None:
        return (missing,)
    try:
        facts = read_facts(folder)
        config = read_json(folder / "config.json")
        generation = optional_json(folder / "generation_config.json")
        words = optional_json(folder / "tokenizer_config.json")
        vocabulary = _vocabulary(folder)
    except ModelError as error:
        return (refused(str(error), "copy the folder again, all of its files"),)
    remarks = [*_check_architecture(facts.architecture), *_check_context(facts.context_length, context_length)]
    remarks += _check_end_tokens(config, generation, words, vocabulary, facts.vocab_size)
    remarks += _check_padding(config, words, vocabulary, facts.vocab_size)
    remarks += _check_template(folder, words)
    remarks += _check_digits(folder)
    return tuple(remarks)


def _missing_files(folder: Path) -> Remark | None:
    if not folder.is_dir():
        return refused("no such folder", _WANTED)
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            return refused("this is an adapter", "give it as --adapter, and its base as --model")
        return refused("config.json is missing", _WANTED)
    if not any(folder.glob("*.safetensors")) and not (folder / "model.safetensors.index.json").is_file():
        pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
        if pickles:
            return refused(
                f"its weights are pickled ({pickles[0]}), and a pickle can run any code when it is read",
                "on a machine where you trust it, load it with transformers and save_pretrained(FOLDER), which writes "
                "safetensors",
            )
        if any(folder.glob("*.gguf")):
            return refused("its weights are a GGUF file", "save it as safetensors with transformers, de-quantised")
        return refused("no weights (*.safetensors)", "copy the folder again, all of its files")
    if not any((folder / name).is_file() for name in _TOKENIZER_FILES):
        return refused(
            "no tokenizer (such as tokenizer.json)", "copy the tokenizer's files of the same model beside it"
        )
    return None


def _check_architecture(architecture: str) -> list[Remark]:
    if not architecture:
        return [
            Remark(Severity.WARNING, "config.json names no architecture", "set `architectures` as transformers does")
        ]
    if architecture.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")):
        return []
    return [refused(f"a {architecture} writes no text", "give a causal language model (...ForCausalLM)")]


def _check_context(own: int, asked: int) -> list[Remark]:
    if not own and not asked:
        return [refused("its context length is written nowhere", "set max_position_embeddings in config.json")]
    context = min(own or asked, asked or own)
    if context >= MIN_CONTEXT:
        return []
    return [
        refused(f"a context of {context} tokens is shorter than the prompts", f"use a model with {MIN_CONTEXT} or more")
    ]


def _ids(value: object) -> set[int]:
    if isinstance(value, bool):
        return set()
    if isinstance(value, int):
        return {value}
    return {item for item in value if isinstance(item, int)} if isinstance(value, list) else set()


def _check_end_tokens(
    config: Mapping[str, Any],
    generation: Mapping[str, Any],
    words: Mapping[str, Any],
    vocabulary: Mapping[str, int],
    vocab_size: int,
) -> list[Remark]:
    remarks = []
    of_config = _ids(config.get("eos_token_id")) or _ids(text_config(config).get("eos_token_id"))
    of_generation = _ids(generation.get("eos_token_id"))
    word = _word(words.get("eos_token"))
    of_words = {vocabulary[word]} if word in vocabulary else set()
    known = of_config | of_generation | of_words
    if not known:
        return [
            Remark(
                Severity.WARNING,
                "no end token anywhere: completions only end at a stop string or at their limit",
                "set eos_token_id in generation_config.json to the id of the token that ends its answers",
            )
        ]
    outside = sorted(token for token in known if token < 0 or (vocab_size and token >= vocab_size))
    if outside:
        remarks.append(
            refused(
                f"its end token {outside[0]} lies outside the vocabulary of {vocab_size}: it can never be written",
                "configuration and tokenizer belong to different models; take all files from one",
            )
        )
    if word and vocabulary and not of_words:
        remarks.append(
            refused(
                f"its tokenizer's end token {word!r} is not in its vocabulary",
                "take tokenizer.json and tokenizer_config.json from one model",
            )
        )
    of_model = of_config | of_generation
    if of_words and of_model and not of_words & of_model:
        remarks.append(
            Remark(
                Severity.WARNING,
                f"the tokenizer ends with {sorted(of_words)}, the configuration with {sorted(of_model)}: all of them "
                "end a completion",
                "set eos_token_id in generation_config.json to the right one",
            )
        )
    return remarks


def _check_padding(
    config: Mapping[str, Any], words: Mapping[str, Any], vocabulary: Mapping[str, int], vocab_size: int
) -> list[Remark]:
    word = _word(words.get("pad_token"))
    pads = _ids(config.get("pad_token_id")) or ({vocabulary[word]} if word in vocabulary else set())
    outside = sorted(pad for pad in pads if vocab_size and not -1 <= pad < vocab_size)
    if outside:
        return [
            refused(
                f"its pad token {outside[0]} lies outside the vocabulary of {vocab_size}",
                "set pad_token_id in config.json to a token that exists, or to null",
            )
        ]
    if not pads:
        return [Remark(Severity.NOTE, "no pad token: none is needed to answer, training takes the end token")]
    if pads & _ids(config.get("eos_token_id")):
        return [
            Remark(
                Severity.NOTE,
                "its pad token is its end token: a trainer that masks padding never teaches it to end; ours does",
            )
        ]
    return []


def _check_template(folder: Path, words: Mapping[str, Any]) -> list[Remark]:
    if words.get("chat_template") or (folder / "chat_template.jinja").is_file():
        return [Remark(Severity.NOTE, "a chat model: prompts go through its template")]
    return [Remark(Severity.NOTE, "no chat template: a base model, prompts are continued as plain text")]


def joins_digits(folder: Path) -> bool | None:
    """Whether the tokenizer makes one token of several digits, so that a row without separators hides its cells; None
    where that cannot be told without transformers.
    """
    encode = _encoder(folder)
    if encode is None:
        return None
    return bool(encode(_DIGITS) - encode("") < len(_DIGITS))


def _check_digits(folder: Path) -> list[Remark]:
    joins = joins_digits(folder)
    if joins is None:
        return []
    if joins:
        return [Remark(Severity.NOTE, "its tokenizer joins digits: cells are written with spaces between them")]
    return [Remark(Severity.NOTE, "a digit is a token of its own: rows are written without separators")]


def _encoder(folder: Path) -> Any:
    """Text -> number of tokens, or None where the tokenizer cannot be read without transformers."""
    if not (folder / "tokenizer.json").is_file():
        return None
    try:
        from tokenizers import Tokenizer
    except ImportError:
        return None
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception:  # noqa: BLE001  (the library raises bare Exceptions; the rehearsal tells what is wrong)
        return None
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def _vocabulary(folder: Path) -> dict[str, int]:
    """Token -> id of `tokenizer.json`; empty where there is none.

    Raises:
        ModelError: It is no tokenizer.
    """
    path = folder / "tokenizer.json"
    value = optional_json(path)
    try:
        vocab = value.get("model", {}).get("vocab", {})
        if isinstance(vocab, list):  # unigram: [token, score] in the order of ids
            vocab = {entry[0]: index for index, entry in enumerate(vocab)}
        added = {item["content"]: item["id"] for item in value.get("added_tokens", ())}
        return {**vocab, **added}
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise ModelError(f"{path}: no tokenizer in it") from error


def _word(value: object) -> str:
    """A special token as the tokenizer's configuration writes it: a string, or an object with `content`."""
    if isinstance(value, Mapping):
        value = value.get("content")
    return value if isinstance(value, str) else ""
