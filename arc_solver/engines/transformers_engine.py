"""Sampling with transformers, on a CPU or one GPU: works wherever torch does.

The decode loop is our own (`decoding.py`): rows enter and leave the running batch one by one, equal prompts share one
prefill, and each row has its own random numbers. Adapters are merged into the weights, one at a time; requests are
grouped by adapter, so that rows of different weights never share a batch.

Under load on a CPU, start the process with OMP_WAIT_POLICY=PASSIVE in its environment: idle threads that spin take the
cores from whoever works (it is read when torch is first imported, so it cannot be set here). The module knows nothing
of ARC.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import torch

from arc_solver.advancing import step
from arc_solver.budget import Deadline
from arc_solver.engines.base import Completion, IsWanted, Request
from arc_solver.engines.checks import check_requests
from arc_solver.engines.decoding import BatchLimits, Decoder
from arc_solver.engines.grouping import AdapterGate
from arc_solver.engines.rendering import CompletionText
from arc_solver.engines.weights import AdapterFile, AdapterSlot, LoadedModel, check_folder, load_model
from arc_solver.errors import EngineError, ModelError
from arc_solver.prompts.base import Prompt
from arc_solver.prompts.rendering import PromptEncoder

Device = Literal["auto", "cpu", "cuda"]
Dtype = Literal["auto", "float32", "bfloat16", "float16"]


class TransformersEngine:
    """Samples from any Hugging Face causal LM with ordinary attention layers.

    Args:
        model: The model's folder: config, safetensors weights, tokenizer.
        adapter: A LoRA that becomes the engine's own weights. A request that names another adapter gets that one
            *instead*: both are made for the same base.
        device: `auto` takes a GPU that really works, else the CPU.
        dtype: `auto` is float32 on a CPU; on a GPU bfloat16 where it is native, else float16.
        max_batch_size: Most rows that decode together.
        max_batch_tokens: Most cached tokens of all rows together; None fits them into 2 GiB on a CPU, and into half of
            the free memory of a GPU.
        context_length: Overrides the model's own, downwards.
        n_threads: CPU threads of torch (a setting of the whole process); None leaves it alone.

    Raises:
        ModelError: Model or adapter cannot be loaded or do not fit.
        EngineError: The device asked for does not work.
    """

    def __init__(
        self,
        model: Path,
        adapter: Path | None = None,
        *,
        device: Device = "auto",
        dtype: Dtype = "auto",
        max_batch_size: int = 64,
        max_batch_tokens: int | None = None,
        context_length: int | None = None,
        n_threads: int | None = None,
    ) -> None:
        if n_threads is not None:
            torch.set_num_threads(n_threads)
        self._device = _usable_device(device)
        check_folder(model)
        self._gate = AdapterGate(model, adapter, served=False)
        loaded = load_model(model, self._device, _dtype_for(dtype, self._device))
        self._loaded: LoadedModel | None = loaded
        self._adapter = adapter
        self._slot = AdapterSlot(loaded.model)
        self._slot.use(self._gate.own)
        self._context_length = min(context_length or loaded.context_length, loaded.context_length)
        self._encoder = PromptEncoder(loaded.tokenizer)
        self._text = CompletionText(loaded.tokenizer, loaded.end_tokens)
        self._limits = _limits(loaded, self._device, max_batch_size, max_batch_tokens)

    @property
    def context_length(self) -> int:
        return self._context_length

    def count_tokens(self, prompt: Prompt) -> int:
        return len(self._encoder.encode(prompt))

    def generate(
        self, requests: Sequence[Request], deadline: Deadline, is_wanted: IsWanted | None = None
    ) -> Iterator[tuple[str, Completion]]:
        self._require()
        encoded = {prompt: self._encoder.encode(prompt) for prompt in dict.fromkeys(r.prompt for r in requests)}
        check_requests(requests, lambda prompt: len(encoded[prompt]), self._context_length)
        return self._generate(self._gate.groups(requests), encoded, deadline, is_wanted)

    def describe(self) -> str:
        """One line for people: what runs where."""
        model = self._require().model
        millions = sum(parameter.numel() for parameter in model.parameters()) / 1e6
        adapter = f" + {self._adapter.name}" if self._adapter else ""
        dtype = str(model.dtype).removeprefix("torch.")
        return f"{type(model).__name__} {millions:.1f}M{adapter} on {self._device.type} in {dtype}"

    def close(self) -> None:
        """Free the model; the engine cannot be used afterwards."""
        self._loaded = None
        del self._slot
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _generate(
        self,
        groups: dict[AdapterFile | None, list[Request]],
        encoded: dict[Prompt, tuple[int, ...]],
        deadline: Deadline,
        is_wanted: IsWanted | None,
    ) -> Iterator[tuple[str, Completion]]:
        for adapter, members in groups.items():
            decoder = Decoder(self._require(), self._text, self._limits, self._device, self._context_length)
            for request in members:
                if is_wanted is None or is_wanted(request.request_id):
                    decoder.add(request, encoded[request.prompt])
            while decoder.unfinished() and not deadline.passed():
                # Asked before every step: the caller may have used the engine otherwise since the last one.
                self._slot.use(adapter)
                finished = _step(decoder)
                step()
                yield from finished
                if finished and is_wanted is not None:
                    decoder.drop_unwanted(is_wanted)
            if deadline.passed():
                return

    def _require(self) -> LoadedModel:
        if self._loaded is None:
            raise EngineError("the engine was closed")
        return self._loaded


def _step(decoder: Decoder) -> list[tuple[str, Completion]]:
    try:
        return decoder.step()
    except torch.OutOfMemoryError as error:
        raise EngineError("out of device memory while decoding: lower max_batch_tokens or max_batch_size") from error
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise EngineError(f"decoding failed: {type(error).__name__}: {error}") from error


def _usable_device(device: Device) -> torch.device:
    """A GPU counts only if a kernel runs on it: torch also lists those that it has no kernels for."""
    if device == "cpu" or (device == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    try:
        torch.ones(1, device="cuda").add_(1).item()
    except (RuntimeError, AssertionError) as error:
        if device == "cuda":
            first_line = str(error).splitlines()[0]
            raise EngineError(f"the GPU cannot be used with this torch ({first_line}); try the cpu device") from error
        return torch.device("cpu")
    return torch.device("cuda")


def _dtype_for(dtype: Dtype, device: torch.device) -> torch.dtype:
    if dtype != "auto":
        chosen = getattr(torch, dtype, None)
        if not isinstance(chosen, torch.dtype):
            raise ModelError(f"dtype {dtype!r} is unknown")
        return chosen
    if device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.get_device_capability(device)[0] >= 8 else torch.float16


def _limits(
    loaded: LoadedModel, device: torch.device, max_batch_size: int, max_batch_tokens: int | None
) -> BatchLimits:
    if max_batch_tokens is None:
        config = loaded.model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        token_bytes = 2 * config.num_hidden_layers * heads * width * loaded.model.dtype.itemsize
        memory_bytes = 2 << 30 if device.type == "cpu" else torch.cuda.mem_get_info(device)[0] // 2
        max_batch_tokens = memory_bytes // token_bytes
    return BatchLimits(max_batch_size, max_batch_tokens, prefill_tokens=1024 if device.type == "cpu" else 16384)
