"""One pass of a model over real prompts in a process of its own, before a run depends on it.

Shows what no file tells: that the weights load, that the adapter fits, that float16 does not overflow, that prompts fit
the context, which token ends a turn. The parent's half imports no torch; the child (`python -m
arc_solver.engines.rehearsal`) gives the device back when it ends. Knows nothing of what the prompts ask.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from arc_solver.engines.preflight import Remark, Severity, refused
from arc_solver.errors import ModelError
from arc_solver.prompts.base import Prompt

REHEARSAL_COMMAND = (sys.executable, "-m", "arc_solver.engines.rehearsal")
"""The program that loads the model; tests put worse ones in its place."""

_FP16_MAX = 65504.0
_TIMEOUT_S = 900.0
_N_LOGITS = 16
_CLEARLY_LESS = 0.9  # of the surprise at a prompt, where a missing start token is worth a warning


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the child saw.

    Attributes:
        n_tokens: Length of each prompt.
        context_length: Most tokens of prompt and completion.
        bad_layer: The first layer whose output is not finite (0 for the embeddings), or None if all is well.
        largest: Largest magnitude between layers.
        good_dtypes: If all is not well: other dtypes in which it is.
        turn_end: The token with which the chat template ends an answer, if it has one and an engine would not stop
            there; else empty.
        start: The start token that its tokenizer knows and does not write, although the first prompt is likelier with
            it in front; else empty.
    """

    n_tokens: tuple[int, ...]
    context_length: int
    bad_layer: int | None
    largest: float
    good_dtypes: tuple[str, ...]
    turn_end: str
    start: str = ""

    def remarks(self, dtype: str) -> tuple[Remark, ...]:
        """What this means for a run in `dtype`."""
        return (*self._numbers(dtype), *self._lengths(), *self._end(), *self._start())

    def _numbers(self, dtype: str) -> list[Remark]:
        if self.bad_layer is None:
            if dtype == "float16" and self.largest > _FP16_MAX / 2:
                text = f"float16 is close to overflow: {self.largest:.0f} between layers, {_FP16_MAX:.0f} is the most"
                return [Remark(Severity.WARNING, text, "use bfloat16 (from sm_80 on) or float32 if answers look odd")]
            return [Remark(Severity.NOTE, f"finite in {dtype} on {len(self.n_tokens)} prompts")]
        where = f"layer {self.bad_layer}" if self.bad_layer else "the embeddings"
        if not self.good_dtypes:
            return [refused(f"its numbers are not finite from {where} on, in every dtype", "its weights are damaged")]
        what = f"{dtype} overflows: its numbers are not finite from {where} on"
        return [refused(what, f"use {' or '.join(self.good_dtypes)} (--dtype {self.good_dtypes[0]})")]

    def _lengths(self) -> list[Remark]:
        n_long = sum(n_tokens >= self.context_length for n_tokens in self.n_tokens)
        if not n_long:
            return []
        what = f"{n_long} of {len(self.n_tokens)} prompts are longer than its context of {self.context_length} tokens"
        if n_long == len(self.n_tokens):
            return [refused(f"{what} (the shortest has {min(self.n_tokens)})", "use a model with a longer context")]
        return [Remark(Severity.WARNING, f"{what}: they are shown with fewer training pairs")]

    def _end(self) -> list[Remark]:
        if not self.turn_end:
            return []
        what = f"its chat template ends an answer with {self.turn_end!r}, which is not among its end tokens"
        advice = "add the id of that token to eos_token_id in generation_config.json, or answers run on to their limit"
        return [Remark(Severity.WARNING, what, advice)]

    def _start(self) -> list[Remark]:
        if not self.start:
            return []
        what = f"its tokenizer does not write the start token {self.start!r}, and prompts are likelier with it in front"
        advice = (
            "take tokenizer.json from the model's makers, or set its post_processor with tokenizers' "
            f"TemplateProcessing(single='{self.start} $A')"
        )
        return [Remark(Severity.WARNING, what, advice)]


def rehearse(
    model: Path,
    adapter: Path | None,
    prompts: Sequence[Prompt],
    *,
    dtype: str,
    device: str,
    context_length: int = 0,
    command: Sequence[str] = REHEARSAL_COMMAND,
    timeout_s: float = _TIMEOUT_S,
) -> Rehearsal:
    """Let a child load the model and read the prompts.

    Args:
        model: Its folder.
        adapter: A LoRA to be merged first, or None.
        prompts: Real ones, at least one; a few are enough.
        dtype: `float32`, `bfloat16` or `float16`.
        device: `cpu`, or what `CUDA_VISIBLE_DEVICES` must say for the GPU.
        context_length: What was asked for; 0 for the model's own.
        command: The program that loads the model.
        timeout_s: Given up after this time.

    Raises:
        ModelError: It cannot be loaded, or the child died of it; the message is one line.
    """
    spec: dict[str, Any] = {
        "model": str(model),
        "adapter": None if adapter is None else str(adapter),
        "prompts": [asdict(prompt) for prompt in prompts],
        "dtype": dtype,
        "device": "cpu" if device == "cpu" else "cuda",
        "context_length": context_length,
    }
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "CUDA_VISIBLE_DEVICES": "" if device == "cpu" else device,
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    try:
        done = subprocess.run(
            command,
            input=json.dumps(spec).encode(),
            capture_output=True,
            timeout=timeout_s,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(
            f"model {model}: it was not loaded within {timeout_s:.0f} s: a slow disk or too little memory, most likely"
        ) from error
    return _read(done.stdout, done.returncode, done.stderr, model)


def _read(output: bytes, status: int, errors: bytes, model: Path) -> Rehearsal:
    if status < 0:
        why = "the host's memory is too small for it, most likely" if status == -9 else "see its weights and drivers"
        raise ModelError(f"model {model}: the process that tried it was killed (signal {-status}): {why}")
    try:
        value = json.loads(output)
    except ValueError as error:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise ModelError(f"model {model}: {lines[-1] if lines else f'exit {status}'}") from error
    if "error" in value:
        raise ModelError(value["error"])
    value |= {name: tuple(value[name]) for name in ("n_tokens", "good_dtypes")}
    return Rehearsal(**value)


# -- the child ---------------------------------------------------------------------------------------------------------


def main() -> None:
    """Read the spec from standard input, write what was seen to standard output."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever libraries print goes elsewhere
    spec = json.loads(sys.stdin.buffer.read())
    try:
        value = asdict(look(spec))
    except ModelError as error:
        value = {"error": str(error)}
    json.dump(value, channel)
    channel.close()


def look(spec: Mapping[str, Any]) -> Rehearsal:
    """Load the model and read the prompts, in this process.

    Raises:
        ModelError: It cannot be loaded, or the tokenizer is not its own.
    """
    import torch

    from arc_solver.prompts.rendering import PromptEncoder

    loaded = _load(spec, spec["dtype"])
    encoder = PromptEncoder(loaded.tokenizer)
    encoded = [encoder.encode(Prompt(**prompt)) for prompt in spec["prompts"]]
    context_length = min(spec["context_length"] or loaded.context_length, loaded.context_length)
    rows = [ids[:context_length] for ids in encoded if ids]
    _check_ids(loaded.model, rows, spec["model"])
    bad_layer, largest = _pass_over(loaded.model, rows)
    turn_end = _turn_end(loaded)
    start = _missing_start(loaded, rows[0]) if rows and bad_layer is None else ""
    good = []
    if bad_layer is not None:
        native = spec["device"] == "cpu" or torch.cuda.get_device_capability()[0] >= 8
        others = ["bfloat16"] * native + ["float32"]
        del loaded
        good = [dtype for dtype in others if dtype != spec["dtype"] and _is_finite(spec, dtype, rows)]
    n_tokens = tuple(len(ids) for ids in encoded)
    return Rehearsal(n_tokens, context_length, bad_layer, largest, tuple(good), turn_end, start)


def _check_ids(model: Any, rows: list[tuple[int, ...]], folder: str) -> None:
    n_known = model.get_input_embeddings().num_embeddings
    highest = max((max(row) for row in rows), default=0)
    if highest >= n_known:
        raise ModelError(
            f"model {folder}: its tokenizer writes token {highest}, its embeddings have {n_known} rows: they belong to "
            "different models; take all files from one"
        )


def _load(spec: Mapping[str, Any], dtype: str) -> Any:
    import torch

    from arc_solver.engines.weights import AdapterFile, AdapterSlot, load_model

    loaded = load_model(Path(spec["model"]), torch.device(spec["device"]), getattr(torch, dtype))
    if spec["adapter"] is not None:
        AdapterSlot(loaded.model).use(AdapterFile.of(Path(spec["adapter"])))
    return loaded


def _is_finite(spec: Mapping[str, Any], dtype: str, rows: list[tuple[int, ...]]) -> bool:
    return _pass_over(_load(spec, dtype).model, rows)[0] is None


def _pass_over(model: Any, rows: list[tuple[int, ...]]) -> tuple[int | None, float]:
    """The first layer whose output is not finite in any row, and the largest finite magnitude between layers.

    Of the logits only the last ones are made: with a large vocabulary, those of a whole prompt would fill a GPU.
    """
    import inspect

    import torch

    selects = "logits_to_keep" in inspect.signature(model.forward).parameters
    options = {"output_hidden_states": True, "use_cache": False} | ({"logits_to_keep": _N_LOGITS} if selects else {})
    bad: int | None = None
    largest = 0.0
    for row in rows:
        with torch.inference_mode():
            out = model(input_ids=torch.tensor([row], device=model.device), **options)
        for layer, states in enumerate((*out.hidden_states, out.logits)):
            magnitude = float(states.float().abs().max())  # NaN if any is NaN
            if not magnitude < float("inf"):
                bad = layer if bad is None else min(bad, layer)
                break
            if states is not out.logits:
                largest = max(largest, magnitude)
    return bad, largest


def _missing_start(loaded: Any, row: tuple[int, ...]) -> str:
    """The start token, if the tokenizer leaves it out and the model was trained with it: the row is likelier then."""
    start = loaded.tokenizer.bos_token_id
    if start is None or row[0] == start or len(row) < 2:
        return ""
    without, with_start = (_surprise(loaded.model, ids, len(row) - 1) for ids in (row, (start, *row)))
    return str(loaded.tokenizer.bos_token) if with_start < _CLEARLY_LESS * without else ""


def _surprise(model: Any, ids: tuple[int, ...], n_last: int) -> float:
    """Mean of -log p of the last tokens of a row."""
    import torch

    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids], device=model.device), use_cache=False).logits[0, -n_last - 1 : -1]
        wanted = torch.tensor(ids[-n_last:], device=model.device)
        return float(torch.nn.functional.cross_entropy(logits.float(), wanted))


def _turn_end(loaded: Any) -> str:
    """The token right after an answer in the chat template, if it is special and would not end a completion."""
    tokenizer = loaded.tokenizer
    if not getattr(tokenizer, "chat_template", None):
        return ""
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "answer 7"}]
    text = tokenizer.apply_chat_template(turns, tokenize=False)
    after = text.rpartition("answer 7")[2]
    ids = tokenizer(after, add_special_tokens=False)["input_ids"]
    special = [token for token in ids if token in set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)]
    if not special or special[0] in loaded.end_tokens:
        return ""
    return str(tokenizer.convert_ids_to_tokens(special[0]))


if __name__ == "__main__":
    main()
