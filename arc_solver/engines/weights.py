"""Loading a causal language model from a folder, and merging LoRA adapters into it and out again.

Knows nothing of prompts, sampling or batches; never touches the network.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.utils import logging as transformers_logging

from arc_solver.engines.slots import GROUPED_ATTENTION
from arc_solver.errors import ModelError
from arc_solver.torchao import hide_old_torchao

_LOAD_ERRORS = (OSError, ValueError, KeyError, RuntimeError, ImportError, TypeError, AttributeError, SafetensorError)
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model", "tokenizer_config.json")
_KNOWN_LAYERS = {"full_attention", "sliding_attention"}


@dataclass(frozen=True, slots=True)
class Attention:
    """What of a model's attention the decode loop must know.

    Attributes:
        window: Width of the sliding window, or None.
        kinds: `full_attention` and `sliding_attention`, as far as the model's layers are of that kind.
    """

    window: int | None
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to decode.

    Attributes:
        model: The causal LM, in evaluation mode, without gradients.
        tokenizer: Its tokenizer.
        end_tokens: Ids that end a completion.
        context_length: Most tokens of prompt and completion together.
        attention: Which masks its layers need.
    """

    model: Any
    tokenizer: Any
    end_tokens: frozenset[int]
    context_length: int
    attention: Attention


def load_model(folder: Path, device: torch.device, dtype: torch.dtype) -> LoadedModel:
    """Load model and tokenizer from a folder.

    Raises:
        ModelError: Something is missing or damaged, or the architecture does not suit this engine; says what.
    """
    check_folder(folder)
    transformers_logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model, report = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except _LOAD_ERRORS as error:
        raise ModelError(f"model {folder}: cannot be loaded: {first_line(error)}") from error
    missing = sorted(report.get("missing_keys", ()))
    if missing:
        raise ModelError(
            f"model {folder}: its weights lack {len(missing)} tensors, {missing[0]} among them: copy it again"
        )
    config = model.config.get_text_config()
    attention = _attention_of(config, folder)
    _choose_attention(model, config)
    model.requires_grad_(False).eval().to(device)
    context_length = context_length_of(config, tokenizer, folder)
    tokenizer.model_max_length = sys.maxsize  # who counts tokens may count too many of them, without a warning
    end_tokens = end_tokens_of(getattr(model, "generation_config", None), model.config, tokenizer)
    return LoadedModel(model, tokenizer, end_tokens, context_length, attention)


def read_words(model: Path) -> tuple[Any, Any, frozenset[int]]:
    """Configuration, tokenizer and end tokens, as `load_model` reads them, without the weights.

    Raises:
        ModelError: They cannot be read.
    """
    try:
        config = AutoConfig.from_pretrained(model, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
        generation = None
        if (model / "generation_config.json").is_file():
            generation = GenerationConfig.from_pretrained(model, local_files_only=True)
    except _LOAD_ERRORS as error:
        raise ModelError(f"model {model}: cannot be loaded: {first_line(error)}") from error
    return config, tokenizer, end_tokens_of(generation, config.get_text_config(), tokenizer)


def check_folder(folder: Path) -> None:
    """Raise a `ModelError` that says which file of a model is missing."""
    if not folder.is_dir():
        raise ModelError(f"model {folder}: no such folder")
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise ModelError(f"model {folder}: this is an adapter; give it as the adapter, and its base as the model")
        raise ModelError(f"model {folder}: config.json is missing: give the folder of a Hugging Face causal LM")
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"model {folder}: no *.safetensors file (pickled weights are not read)")
    if not any((folder / name).is_file() for name in _TOKENIZER_FILES):
        raise ModelError(f"model {folder}: no tokenizer file (such as tokenizer.json)")


def _attention_of(config: Any, folder: Path) -> Attention:
    kinds = frozenset(getattr(config, "layer_types", None) or ())
    window = getattr(config, "sliding_window", None)
    if not getattr(config, "use_sliding_window", True):
        window = None
    if not kinds <= _KNOWN_LAYERS:
        odd = ", ".join(sorted(kinds - _KNOWN_LAYERS))
        raise ModelError(f"model {folder}: layers of kind {odd} are beyond this engine; use --engine vllm")
    if not kinds:
        kinds = frozenset({"sliding_attention" if window else "full_attention"})
    return Attention(int(window) if window else None, kinds)


def _choose_attention(model: Any, config: Any) -> None:
    """The fastest attention that computes what the model was trained with."""
    if not getattr(model, "_supports_sdpa", False) or getattr(config, "attn_logit_softcapping", None):
        model.set_attn_implementation("eager")
    elif getattr(model, "_supports_attention_backend", False):
        model.set_attn_implementation(GROUPED_ATTENTION)
    else:
        model.set_attn_implementation("sdpa")


def end_tokens_of(generation: Any, config: Any, tokenizer: Any) -> frozenset[int]:
    """Ids that end a completion: what generation configuration, configuration and tokenizer say, together."""
    sources = [getattr(source, "eos_token_id", None) for source in (generation, config, tokenizer)]
    ids: set[int] = set()
    for source in sources:
        ids.update([source] if isinstance(source, int) else source or ())
    return frozenset(ids)


def context_length_of(config: Any, tokenizer: Any, folder: Path) -> int:
    """Most tokens of prompt and completion together.

    Args:
        config: Of the text model.
        tokenizer: Its tokenizer, asked where the configuration does not say.
        folder: For the message.
    """
    for value in (getattr(config, "max_position_embeddings", None), getattr(config, "n_positions", None)):
        if value:
            return int(value)
    if tokenizer.model_max_length < 1_000_000:
        return int(tokenizer.model_max_length)
    raise ModelError(
        f"model {folder}: its context length is written nowhere; set max_position_embeddings in config.json"
    )


def first_line(error: BaseException) -> str:
    """What a library raised, in one line: the rest is a story."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """A LoRA folder as it was at one moment: one that is written anew is another adapter.

    Attributes:
        folder: Where `adapter_config.json` and `adapter_model.safetensors` lie.
        changed_ns: When the weights were last written.
        n_bytes: Their size.
    """

    folder: Path
    changed_ns: int
    n_bytes: int

    @classmethod
    def of(cls, folder: Path) -> AdapterFile:
        """The adapter in this folder now.

        Raises:
            ModelError: One of its files is missing.
        """
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            if not (folder / name).is_file():
                raise ModelError(
                    f"adapter {folder}: {name} is missing: give the folder that peft's save_pretrained wrote"
                )
        state = (folder / "adapter_model.safetensors").stat()
        return cls(folder.resolve(), state.st_mtime_ns, state.st_size)


class AdapterSlot:
    """Merges one LoRA at a time into a model and takes it out again, bit for bit.

    Merged weights decode as fast as the base's own. The base's copy of the adapted matrices is kept beside them, so a
    merged adapter costs their size in memory once more.

    Args:
        model: The base model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._active: AdapterFile | None = None
        self._tied = model.config.tie_word_embeddings
        self._modules: dict[str, torch.nn.Module] = {}
        self._parameters: list[tuple[torch.nn.Module, str, torch.nn.Parameter]] = []

    def use(self, adapter: AdapterFile | None) -> None:
        """Make the model base + `adapter`, or the base alone; nothing happens if it is so already.

        Raises:
            ModelError: The adapter cannot be read or does not fit this base. The model is the base alone then.
        """
        if adapter == self._active:
            return
        self._restore()
        if adapter is None:
            return
        try:
            self._merge(adapter.folder)
        except ModelError:
            self._restore()
            raise
        except _LOAD_ERRORS as error:
            self._restore()
            raise ModelError(f"adapter {adapter.folder}: does not fit the model: {first_line(error)}") from error
        self._active = adapter

    def _merge(self, adapter: Path) -> None:
        hide_old_torchao()
        from peft import PeftModel  # only where an adapter is used: the base alone needs no peft
        from peft.tuners.tuners_utils import BaseTunerLayer

        self._modules = dict(self._model.named_modules())
        with warnings.catch_warnings():
            # Missing keys are told as a warning only: they are an error here. Tied weights are told about, and untied
            # here.
            warnings.filterwarnings("ignore", message="Found missing adapter keys")
            warnings.filterwarnings("ignore", message="Model (has|with) .tie_word_embeddings")
            warnings.filterwarnings("ignore", message="Input and output embeddings are no longer tied")
            wrapped = PeftModel.from_pretrained(self._model, str(adapter), is_trainable=False)
            _check_keys(wrapped, adapter)
            for layer in wrapped.modules():
                if isinstance(layer, BaseTunerLayer):
                    self._set_aside(layer.get_base_layer())
            wrapped.merge_and_unload(safe_merge=True)
        self._model.requires_grad_(False).eval()

    def _set_aside(self, module: torch.nn.Module) -> None:
        """Give the module copies of its parameters to be changed.

        A weight that it shares (tied embeddings) stays as it is for the other module, as it does when the adapter is
        not merged.
        """
        for name, parameter in list(module.named_parameters(recurse=False)):
            self._parameters.append((module, name, parameter))
            setattr(module, name, torch.nn.Parameter(parameter.detach().clone(), requires_grad=False))

    def _restore(self) -> None:
        for module, name, parameter in self._parameters:
            setattr(module, name, parameter)
        for path, module in self._modules.items():
            if path and self._model.get_submodule(path) is not module:
                parent, _, child = path.rpartition(".")
                setattr(self._model.get_submodule(parent), child, module)
        self._parameters, self._modules, self._active = [], {}, None
        self._model.config.tie_word_embeddings = self._tied
        if hasattr(self._model, "peft_config"):
            del self._model.peft_config


def _check_keys(wrapped: Any, adapter: Path) -> None:
    """Raise unless the adapter's file holds exactly the tensors that its configuration asks for on this base."""
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as file:
        stored = set(file.keys())
    expected = set(get_peft_model_state_dict(wrapped, save_embedding_layers=False))
    # peft may store the base's own embeddings along with an adapter on them.
    stored = {key for key in stored if key in expected or "base_layer" not in key}
    if stored != expected:
        odd = sorted(stored ^ expected)
        where = "lacks" if odd[0] in expected else "holds, but the model has no place for,"
        what = f"it {where} {odd[0]} ({len(odd)} tensors differ)"
        raise ModelError(f"adapter {adapter}: made for another model: {what}; give the base that it was trained on")
