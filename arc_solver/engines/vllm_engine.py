"""Sampling with vLLM: the engine for GPUs, and the same one on a CPU.

This is the room that callers see; `vllm_loop.py` drives the step loop, `vllm_weights.py` knows what is sampled from.
One request a seed. On a CPU, all that runs at one time has the same weights, and requests for others wait until it is
through.

With `own_process` the engine goes on while the caller works on an answer; without, it stands still meanwhile, but
starts in a few seconds. The module knows nothing of ARC.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from arc_solver.budget import Deadline
from arc_solver.engines import vllm_calls
from arc_solver.engines.adapter_preflight import wanted_rank
from arc_solver.engines.base import Completion, IsWanted, Request
from arc_solver.engines.checks import check_requests
from arc_solver.engines.grouping import AdapterGate
from arc_solver.engines.rendering import CompletionText
from arc_solver.engines.vllm_calls import EngineSetup
from arc_solver.engines.vllm_loop import StepLoop
from arc_solver.engines.vllm_weights import VllmWeights
from arc_solver.engines.weights import check_folder, context_length_of, read_words
from arc_solver.errors import EngineError
from arc_solver.prompts.base import Prompt
from arc_solver.prompts.rendering import PromptEncoder


class VllmEngine:
    """Samples from any model that vLLM runs. One at a time in a process: vLLM frees a GPU only with its process.

    Args:
        model: The model's folder: config, safetensors weights, tokenizer.
        adapter: A LoRA that becomes the engine's own weights. A request that names another adapter gets that one
            *instead*: both are made for the same base.
        device: Where it runs. The CPU needs the build of vLLM for it, a GPU the other one.
        dtype: Of weights and cache.
        attention: vLLM's name of an attention backend, or None for its own choice.
        max_sequences: Most sequences that decode together.
        max_step_tokens: Most tokens of one step, which is how long a deadline may be overrun; on a CPU at least the
            context, since prompts are read in one piece there.
        context_length: Overrides the model's own, downwards.
        memory_share: Of a GPU's memory that weights and cache may take.
        cache_bytes: Of keys and values on a CPU.
        eager: Without compilation and CUDA graphs; starts sooner, and decodes more slowly on a GPU.
        merge_adapter: Merge adapters into the weights, one at a time, instead of serving them. None does so on a CPU.
        max_lora_rank: Highest rank of served adapters; 0 takes the engine's own adapter's, else 64.
        max_loras: Served adapters that may share a batch.
        n_devices: GPUs over which the weights are split.
        own_process: Step in a process of its own. None does so on a GPU. The main module must be importable then.

    Attributes:
        counts: What it has done.

    Raises:
        ModelError: Model or adapter cannot be loaded or do not fit.
        EngineError: vLLM did not start.
    """

    def __init__(
        self,
        model: Path,
        adapter: Path | None = None,
        *,
        device: Literal["cpu", "cuda"] = "cpu",
        dtype: Literal["float32", "bfloat16", "float16"] = "float32",
        attention: str | None = None,
        max_sequences: int = 64,
        max_step_tokens: int = 2048,
        context_length: int | None = None,
        memory_share: float = 0.9,
        cache_bytes: int = 1 << 30,
        eager: bool = True,
        merge_adapter: bool | None = None,
        max_lora_rank: int = 0,
        max_loras: int = 1,
        n_devices: int = 1,
        own_process: bool | None = None,
    ) -> None:
        check_folder(model)
        self._model, self._adapter = model, adapter
        config, tokenizer, end_tokens = read_words(model)
        own_context = context_length_of(config.get_text_config(), tokenizer, model)
        tokenizer.model_max_length = sys.maxsize  # who counts tokens may count too many of them, without a warning
        self._context_length = min(context_length or own_context, own_context)
        self._architecture = (getattr(config, "architectures", None) or [config.model_type])[0]
        self._encoder = PromptEncoder(tokenizer)
        on_cpu = device == "cpu"
        merges = on_cpu if merge_adapter is None else merge_adapter
        self._gate = AdapterGate(model, adapter, served=not merges)
        if not merges and not max_lora_rank:
            max_lora_rank = 64 if adapter is None else wanted_rank(adapter)
        self._setup = EngineSetup(
            model=model,
            tokenizer=model,
            dtype=dtype,
            attention=attention,
            max_sequences=max_sequences,
            max_step_tokens=max_step_tokens,
            context_length=self._context_length,
            on_cpu=on_cpu,
            memory_share=memory_share,
            cache_bytes=cache_bytes,
            eager=eager,
            max_lora_rank=0 if merges else max_lora_rank,
            max_loras=max_loras,
            n_devices=n_devices,
            own_process=not on_cpu if own_process is None else own_process,
        )
        self._weights = VllmWeights(self._setup, merges=merges)
        text = CompletionText(tokenizer, end_tokens)
        self._loop = StepLoop(self._weights, text, end_tokens, self._context_length)
        self.counts = self._loop.counts
        try:
            self._weights.become(self._gate.own)
        except BaseException:
            self.close()
            raise

    @property
    def context_length(self) -> int:
        return self._context_length

    def count_tokens(self, prompt: Prompt) -> int:
        return len(self._encoder.encode(prompt))

    def generate(
        self, requests: Sequence[Request], deadline: Deadline, is_wanted: IsWanted | None = None
    ) -> Iterator[tuple[str, Completion]]:
        if self._weights.closed:
            raise EngineError("the engine was closed")
        encoded = {prompt: self._encoder.encode(prompt) for prompt in dict.fromkeys(r.prompt for r in requests)}
        check_requests(requests, lambda prompt: len(encoded[prompt]), self._context_length)
        return self._loop.answers(self._gate.groups(requests), encoded, deadline, is_wanted)

    def describe(self) -> str:
        """One line for people: what runs where."""
        setup = self._setup
        adapter = f" + {self._adapter.name}" if self._adapter else ""
        served = "" if self._adapter is None else ", merged" if self._weights.merges else ", served"
        where = "cpu" if setup.on_cpu else "cuda"
        process = " in a process of its own" if setup.own_process else ""
        return (
            f"{self._architecture} {self._model.name}{adapter} on {where} in {setup.dtype}{served}, "
            f"vllm {vllm_calls.version()}{process}"
        )

    def render(self, prompt: Prompt) -> str:
        """The text that the model is to continue."""
        return self._encoder.render(prompt)

    def forget(self) -> None:
        """Empty the prefix cache, so that a measurement starts cold; nothing may be running."""
        self._weights.calls.forget()

    def close(self) -> None:
        """End the engine; it cannot be used afterwards."""
        self._weights.close()
