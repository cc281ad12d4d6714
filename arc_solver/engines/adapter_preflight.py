"""What can be said against a LoRA adapter before anything is loaded.

An adapter that the server cannot take kills the engine only when its first request arrives, hours into a run; one that
was made for another base writes nonsense without an error. Both show in `adapter_config.json` and in the headers of
its file and the base's. Imports no torch. Hashes are the business of `finetune.manifest`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arc_solver.engines.model_folder import TensorHeader, layer_part, read_all_headers, read_tensor_headers
from arc_solver.engines.preflight import Remark, Severity, refused
from arc_solver.errors import ModelError
from arc_solver.json_files import read_json

RANK_CEILINGS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM's `max_lora_rank` may be."""

MERGE_ADVICE = (
    "merge it into its base where it was trained (peft: model.merge_and_unload().save_pretrained(FOLDER), and the "
    "tokenizer beside it) and give that folder as --model with --adapter none"
)

_CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"
_OUTSIDE = frozenset({"embed_tokens", "lm_head", "wte", "wpe", "embed_out", "word_embeddings"})
_CHANGES_BASE = ("pissa", "olora", "corda", "loftq")
_PLAIN_FLOATS = frozenset({"F64", "F32", "BF16", "F16"})
_UNSERVED = (
    ("use_dora", "DoRA (weight-decomposed)"),
    ("modules_to_save", "whole modules (modules_to_save)"),
    ("alora_invocation_tokens", "an activated LoRA (aLoRA)"),
    ("layer_replication", "replicated layers"),
    ("use_bdlora", "a block-diagonal LoRA"),
    ("use_qalora", "QALoRA"),
    ("target_parameters", "bare parameters (target_parameters)"),
    ("trainable_token_indices", "rows of the embeddings (trainable_token_indices)"),
)


def rank_ceiling(rank: int) -> int | None:
    """The smallest rank that vLLM may be told to expect for an adapter of this rank; None if there is none."""
    return next((ceiling for ceiling in RANK_CEILINGS if rank <= ceiling), None)


def wanted_rank(adapter: Path) -> int:
    """The `max_lora_rank` that an adapter needs; never below 8, which older versions of vLLM do not know.

    Raises:
        ModelError: Its configuration cannot be read, or its rank is too high for any.
    """
    settings = read_json(adapter / _CONFIG)
    ceiling = rank_ceiling(max([settings.get("r", 0), *_ranks(settings)]))
    if ceiling is None:
        raise ModelError(f"adapter {adapter}: its rank is above {RANK_CEILINGS[-1]}: {MERGE_ADVICE}")
    return max(8, ceiling)


def check_adapter(base: Path, adapter: Path, *, served: bool) -> tuple[Remark, ...]:
    """Everything that an adapter's folder tells against it.

    Args:
        base: The folder of the model that it shall adapt.
        adapter: Its folder, in peft's layout.
        served: vLLM is to serve it beside the weights; otherwise it is merged into them, which takes more kinds.
    """
    missing = _missing_files(adapter)
    if missing is not None:
        return (missing,)
    try:
        settings = read_json(adapter / _CONFIG)
        tensors = read_tensor_headers(adapter / _WEIGHTS)
        of_base = read_all_headers(base)
    except ModelError as error:
        return (refused(str(error), "copy the folder again, all of its files"),)
    kind = settings.get("peft_type")
    if kind != "LORA":
        return (
            refused(f"a {kind} adapter, only LoRA can be used", "train a LoRA, or merge this one where it was made"),
        )
    rank = settings.get("r")
    if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
        return (refused(f"its rank {rank!r} is no positive integer", "export it anew with peft"),)
    remarks = _check_always(settings)
    remarks += _check_served(settings, tensors, rank) if served else []
    remarks += _check_base(settings, tensors, of_base, base)
    if settings.get("use_rslora"):
        remarks.append(Remark(Severity.NOTE, "rank-stabilised: its scale is alpha / sqrt(rank)"))
    return tuple(remarks)


def _missing_files(adapter: Path) -> Remark | None:
    if not adapter.is_dir():
        return refused("no such folder", "--adapter wants the folder that peft's save_pretrained wrote, or `none`")
    if not (adapter / _CONFIG).is_file():
        if (adapter / "config.json").is_file():
            return refused("this is a whole model, not an adapter", "give it as --model, with --adapter none")
        return refused(
            f"{_CONFIG} is missing", "--adapter wants the folder that peft's save_pretrained wrote, or `none`"
        )
    if not (adapter / _WEIGHTS).is_file():
        if (adapter / "adapter_model.bin").is_file():
            return refused(
                "its weights are pickled (adapter_model.bin), and a pickle can run any code when it is read",
                "on a machine where you trust it, load it with peft and save_pretrained(FOLDER), which writes "
                "safetensors",
            )
        return refused(f"{_WEIGHTS} is missing", "copy the folder again, all of its files")
    return None


def _check_always(settings: Mapping[str, Any]) -> list[Remark]:
    """What neither vLLM nor a merge into the running model can do."""
    remarks = []
    init = settings.get("init_lora_weights")
    if isinstance(init, str) and init.lower().startswith(_CHANGES_BASE):
        what = f"it changes the base when it is loaded (init_lora_weights={init!r})"
        convert = "save it as a plain LoRA (peft: save_pretrained with path_initial_model_for_weight_conversion), or"
        remarks.append(refused(what, f"{convert} {MERGE_ADVICE}"))
    if settings.get("lora_bias"):
        remarks.append(refused("it holds biases of its own (lora_bias)", MERGE_ADVICE))
    return remarks


def _check_served(settings: Mapping[str, Any], tensors: Mapping[str, TensorHeader], rank: int) -> list[Remark]:
    """What vLLM cannot serve."""
    found = [text for name, text in _UNSERVED if settings.get(name)]
    if not settings.get("use_dora") and any("lora_magnitude_vector" in name for name in tensors):
        found.append(_UNSERVED[0][1])
    if settings.get("bias", "none") != "none":
        found.append(f"biases (bias={settings['bias']!r})")
    outside = _outside_layers(settings, tensors)
    if outside:
        found.append(f"a part on the embeddings or the head ({outside})")
    remarks = [refused(f"it holds {text}, which vllm cannot serve", MERGE_ADVICE) for text in found]
    largest = max([rank, *_ranks(settings)])
    if rank_ceiling(largest) is None:
        text = f"its rank {largest} is above {RANK_CEILINGS[-1]}, the highest that vllm serves"
        remarks.append(refused(text, f"{MERGE_ADVICE}; or train it with a lower rank"))
    if settings.get("rank_pattern") or settings.get("alpha_pattern"):
        text = "ranks or alphas differ between its modules: older versions of vllm scale them all alike, in silence"
        remarks.append(Remark(Severity.WARNING, text, MERGE_ADVICE))
    return remarks


def _ranks(settings: Mapping[str, Any]) -> list[int]:
    pattern = settings.get("rank_pattern") or {}
    return [rank for rank in pattern.values() if isinstance(rank, int)]


def _outside_layers(settings: Mapping[str, Any], tensors: Mapping[str, TensorHeader]) -> str | None:
    """The embeddings or head that it adapts, if any."""
    targets = settings.get("target_modules") or []
    named = [] if isinstance(targets, str) else [str(target).rpartition(".")[2] for target in targets]
    for name in tensors:
        if "lora_" in name:
            named.append(_module(name).rpartition(".")[2])
    return next((name for name in named if name in _OUTSIDE), None)


def _module(name: str) -> str:
    """`base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight` -> `model.layers.0.self_attn.q_proj`."""
    return re.split(r"\.lora_", name.removeprefix("base_model.model."))[0]


def _check_base(
    settings: Mapping[str, Any],
    tensors: Mapping[str, TensorHeader],
    of_base: Mapping[str, TensorHeader],
    base: Path,
) -> list[Remark]:
    """Whether every matrix that it adapts is in the base, with the shape that it expects."""
    shapes: dict[str, TensorHeader] = {}
    for name, header in of_base.items():
        part = layer_part(name)
        if part is not None and part.endswith(".weight"):
            shapes[part.removesuffix(".weight")] = header
    ends: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, header in tensors.items():
        part = layer_part(_module(name))
        if part is not None and ".experts" not in part and len(header.shape) == 2:
            side = "in" if ".lora_A." in name else "out" if ".lora_B." in name else None
            if side is not None:
                ends.setdefault(part, {})[side] = header.shape
    named = settings.get("base_model_name_or_path") or "another model"
    advice = f"give the base that it was trained on ({named}) as --model, or no adapter"
    if not ends and not any("lora_" in name for name in tensors):
        return [refused("it holds no LoRA matrices", "export it anew with peft")]
    for part, sides in sorted(ends.items()):
        problem = _mismatch(part, sides, shapes)
        if problem is not None:
            return [refused(f"made for another base than {base}: {problem}", advice)]
    return []


def _mismatch(part: str, sides: Mapping[str, tuple[int, ...]], shapes: Mapping[str, TensorHeader]) -> str | None:
    if set(sides) != {"in", "out"}:
        return f"only half of its matrices for {part} is there"
    found = shapes.get(part)
    if found is None:
        return f"it adapts {part}, which this base does not have"
    wanted = (sides["out"][0], sides["in"][1])
    # A quantised matrix is packed, and GPT-2 stores its matrices transposed.
    if found.dtype in _PLAIN_FLOATS and found.shape not in (wanted, wanted[::-1]):
        return f"it adapts {part} as {wanted[0]} x {wanted[1]}, here it is {' x '.join(map(str, found.shape))}"
    if sides["in"][0] != sides["out"][1]:
        return f"the ranks of its two matrices for {part} differ"
    return None
