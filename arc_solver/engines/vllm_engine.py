"""Sampling with vLLM: the engine for GPUs, and the same one on a CPU.

We drive its step loop ourselves, so that the clock is looked at before every step, finished completions leave at once
and unwanted requests can be dropped. One request a seed; prompts are added so that those which begin alike follow each
other.

On GPUs adapters are served beside the weights, loaded ahead of their first request. On a CPU they are merged: serving
them there is many times slower, and rows without an adapter silently get the adapter of their neighbours. So, on a CPU,
all that runs at one time has the same weights, and requests for others wait until it is through.

With `own_process` the engine goes on while the caller works on an answer; without, it stands still meanwhile, but
starts in a few seconds. The module knows nothing of ARC.
"""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoConfig, AutoTokenizer, GenerationConfig

from arc_solver.budget import Deadline
from arc_solver.engines import vllm_calls
from arc_solver.engines.base import Completion, IsWanted, Request
from arc_solver.engines.checks import check_requests
from arc_solver.engines.merging import same_layout, save_merged
from arc_solver.engines.ordering import prefix_order
from arc_solver.engines.rendering import CompletionText
from arc_solver.engines.vllm_calls import EngineSetup, Finished, VllmCalls
from arc_solver.engines.weights import AdapterFile, check_folder, context_length_of, end_tokens_of
from arc_solver.errors import EngineError, ModelError
from arc_solver.prompts.base import Prompt
from arc_solver.prompts.rendering import PromptEncoder

LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Ceilings that every version of vLLM accepts."""

_Weights = AdapterFile | None


@dataclass(slots=True, eq=False)
class _Call:
    """One call of `generate` that is being read."""

    deadline: Deadline
    is_wanted: IsWanted | None
    outstanding: dict[str, Request] = field(default_factory=dict)
    inbox: deque[tuple[str, Completion]] = field(default_factory=deque)
    error: str = ""


@dataclass(slots=True)
class Counts:
    """What an engine has done since it was made.

    Attributes:
        n_steps: Turns of the step loop.
        n_prompt_tokens: Of all finished requests.
        n_cached_tokens: Of those, read from the prefix cache.
        n_output_tokens: Of all finished requests.
    """

    n_steps: int = 0
    n_prompt_tokens: int = 0
    n_cached_tokens: int = 0
    n_output_tokens: int = 0


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
        self._dtype: torch.dtype = getattr(torch, dtype)
        config, tokenizer, end_tokens = _read_words(model)
        own_context = context_length_of(config.get_text_config(), tokenizer, model)
        tokenizer.model_max_length = sys.maxsize  # who counts tokens may count too many of them, without a warning
        self._context_length = min(context_length or own_context, own_context)
        self._architecture = (getattr(config, "architectures", None) or [config.model_type])[0]
        self._encoder = PromptEncoder(tokenizer)
        self._text = CompletionText(tokenizer, end_tokens)
        self._end_tokens = end_tokens
        on_cpu = device == "cpu"
        self._merges = on_cpu if merge_adapter is None else merge_adapter
        self._one_at_a_time = on_cpu or self._merges
        own = None if adapter is None else AdapterFile.of(adapter)
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
            max_lora_rank=0 if self._merges else max_lora_rank or _rank_ceiling(own),
            max_loras=max_loras,
            n_devices=n_devices,
            own_process=not on_cpu if own_process is None else own_process,
        )
        self.counts = Counts()
        self._numbers = count(1)
        self._served: dict[AdapterFile, Any] = {}
        self._owners: dict[str, tuple[_Call, int]] = {}
        self._scratch = Path(tempfile.mkdtemp(prefix="arc_solver_merged_"))
        self._calls: VllmCalls | None = None
        self._weights: _Weights = None
        self._closed = False
        try:
            self._become(own)
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
        if self._closed:
            raise EngineError("the engine was closed")
        encoded = {prompt: self._encoder.encode(prompt) for prompt in dict.fromkeys(r.prompt for r in requests)}
        check_requests(requests, lambda prompt: len(encoded[prompt]), self._context_length)
        groups: dict[_Weights, list[Request]] = {}
        for request in requests:
            folder = request.adapter or self._adapter
            groups.setdefault(None if folder is None else AdapterFile.of(folder), []).append(request)
        return self._answers(groups, encoded, _Call(deadline, is_wanted))

    def describe(self) -> str:
        """One line for people: what runs where."""
        setup = self._setup
        adapter = f" + {self._adapter.name}" if self._adapter else ""
        served = "" if self._adapter is None else ", merged" if self._merges else ", served"
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
        self._check_open().forget()

    def close(self) -> None:
        """End the engine; it cannot be used afterwards."""
        self._closed = True
        if self._calls is not None:
            self._calls.close()
            self._calls = None
        shutil.rmtree(self._scratch, ignore_errors=True)

    # -- one call ----------------------------------------------------------------------------------------------------

    def _answers(
        self, groups: dict[_Weights, list[Request]], encoded: dict[Prompt, tuple[int, ...]], call: _Call
    ) -> Iterator[tuple[str, Completion]]:
        """Add what is asked, step, hand out: batch by batch, where batches must not mix."""
        try:
            for batch in [[item] for item in groups.items()] if self._one_at_a_time else [list(groups.items())]:
                for weights, members in batch:
                    if call.deadline.passed():
                        return
                    self._become(weights)
                    self._add(weights, members, encoded, call)
                while call.outstanding or call.inbox or call.error:
                    # What is finished goes out first, also what came while another call was stepping.
                    if call.inbox:
                        yield call.inbox.popleft()
                        self._drop_unwanted(call)
                        continue
                    if call.error:
                        raise EngineError(call.error)
                    if call.deadline.passed():
                        return
                    self._step()
        finally:
            self._abort(call, list(call.outstanding))

    def _add(
        self, weights: _Weights, members: Sequence[Request], encoded: dict[Prompt, tuple[int, ...]], call: _Call
    ) -> None:
        calls = self._check_open()
        adapter = self._served.get(weights) if weights is not None else None
        for index in prefix_order([encoded[request.prompt] for request in members]):
            request = members[index]
            if call.is_wanted is not None and not call.is_wanted(request.request_id):
                continue
            ids = encoded[request.prompt]
            limit = min(request.sampling.max_new_tokens, self._context_length - len(ids))
            number = str(next(self._numbers))
            params = vllm_calls.sampling_params(request.sampling, limit, self._end_tokens)
            try:
                calls.add(number, ids, params, adapter)
            except vllm_calls.errors() as error:
                raise EngineError(f"vllm refused a request: {_first_line(error)}") from error
            call.outstanding[number] = request
            self._owners[number] = call, len(ids)

    def _drop_unwanted(self, call: _Call) -> None:
        """The caller has worked on an answer: it may want fewer of the others now."""
        if call.is_wanted is not None:
            self._abort(
                call, [number for number, request in call.outstanding.items() if not call.is_wanted(request.request_id)]
            )

    def _abort(self, call: _Call, numbers: list[str]) -> None:
        for number in numbers:
            del call.outstanding[number], self._owners[number]
        if self._calls is not None:
            self._calls.abort(numbers)

    # -- the engine below --------------------------------------------------------------------------------------------

    def _step(self) -> None:
        """One turn; finished completions go to whoever asked for them."""
        calls = self._check_open()
        try:
            if not calls.has_unfinished():
                raise RuntimeError("it knows nothing of requests that are still open")
            finished = calls.step()
        except vllm_calls.errors() as error:
            self._lose(f"vllm broke while sampling: {_first_line(error)}")
            return
        self.counts.n_steps += 1
        for answer in finished:
            owner = self._owners.pop(answer.request_id, None)
            if owner is not None:
                self._deliver(answer, *owner)

    def _deliver(self, answer: Finished, call: _Call, n_prompt: int) -> None:
        request = call.outstanding.pop(answer.request_id)
        self.counts.n_prompt_tokens += n_prompt
        self.counts.n_cached_tokens += answer.n_cached
        self.counts.n_output_tokens += len(answer.token_ids)
        if not math.isfinite(answer.logprob):
            call.error = (
                "the model's logits are not finite: weights trained in bfloat16 overflow in float16, try float32"
            )
            return
        text = self._text.text(answer.token_ids, request.sampling.stop)
        call.inbox.append((request.request_id, Completion(text, answer.token_ids, answer.logprob, answer.finish)))

    def _become(self, weights: _Weights) -> None:
        """Make the engine sample from base + adapter; what runs with other weights runs to its end first."""
        if not self._merges:
            if self._one_at_a_time and self._owners and weights != self._weights:
                self._finish_running()
            self._start(self._model)
            if weights is not None and weights not in self._served:
                self._served[weights] = self._loaded(weights)
            self._weights = weights
            return
        if self._calls is not None and weights == self._weights:
            return
        self._finish_running()
        if weights is None:
            folder = self._model
        else:
            folder = self._scratch / f"merged-{next(self._numbers)}"
            save_merged(self._model, weights, folder, self._dtype)
        before = self._setup.model
        if self._calls is None or not same_layout(before, folder) or not self._reload(folder):
            self._end()
            self._start(folder)
        self._weights = weights
        if before.parent == self._scratch:
            shutil.rmtree(before)

    def _finish_running(self) -> None:
        """Step until nothing runs, each call to its own deadline."""
        while self._owners:
            for call in {id(call): call for call, _ in self._owners.values()}.values():
                if call.deadline.passed():
                    self._abort(call, list(call.outstanding))
            if self._owners:
                self._step()

    def _start(self, folder: Path) -> None:
        if self._calls is not None:
            return
        self._setup = self._with_model(folder)
        try:
            self._calls = VllmCalls(self._setup)
        except vllm_calls.errors() as error:
            raise EngineError(f"vllm did not start: {_first_line(error)}") from error

    def _reload(self, folder: Path) -> bool:
        """Put other weights into the running engine; False where it is better to start another."""
        calls = self._check_open()
        self._setup = self._with_model(folder)
        try:
            return calls.reload(folder)
        except vllm_calls.errors() as error:
            self._end()
            raise EngineError(f"vllm could not take the weights of {folder}: {_first_line(error)}") from error

    def _loaded(self, weights: AdapterFile) -> Any:
        """Load a served adapter before anything is asked of it: one that is refused later takes the engine along."""
        rank = _rank_ceiling(weights)
        if rank > self._setup.max_lora_rank:
            raise ModelError(
                f"adapter {weights.folder}: rank {rank} is above the {self._setup.max_lora_rank} that the engine was "
                "started for: raise max_lora_rank, or merge it"
            )
        adapter = vllm_calls.adapter_request(next(self._numbers), weights.folder)
        try:
            taken = self._check_open().load_adapter(adapter)
        except vllm_calls.errors() as error:
            raise ModelError(f"adapter {weights.folder}: vllm refuses it: {_first_line(error)}") from error
        if not taken:
            raise ModelError(f"adapter {weights.folder}: vllm refuses it")
        return adapter

    def _with_model(self, folder: Path) -> EngineSetup:
        return dataclasses.replace(self._setup, model=folder)

    def _lose(self, why: str) -> None:
        """The engine below is broken: all who wait for it are told, and the next call starts another."""
        for call, _ in self._owners.values():
            call.outstanding.clear()
            call.error = why
        self._end()

    def _end(self) -> None:
        if self._calls is not None:
            self._calls.close()
        self._calls = None
        self._owners.clear()
        self._served.clear()

    def _check_open(self) -> VllmCalls:
        if self._closed or self._calls is None:
            raise EngineError("the engine was closed")
        return self._calls


def _read_words(model: Path) -> tuple[Any, Any, frozenset[int]]:
    """Configuration, tokenizer and end tokens, read as the transformers engine reads them."""
    try:
        config = AutoConfig.from_pretrained(model, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
        generation = None
        if (model / "generation_config.json").is_file():
            generation = GenerationConfig.from_pretrained(model, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise ModelError(f"model {model}: cannot be loaded: {_first_line(error)}") from error
    return config, tokenizer, end_tokens_of(generation, config.get_text_config(), tokenizer)


def _rank_ceiling(adapter: AdapterFile | None) -> int:
    """The ceiling that this adapter needs; 64 for none yet."""
    if adapter is None:
        return 64
    settings = json.loads((adapter.folder / "adapter_config.json").read_text())
    rank = max([settings.get("r", 0), *(settings.get("rank_pattern") or {}).values()])
    ceiling = next((ceiling for ceiling in LORA_RANKS if ceiling >= rank), None)
    if ceiling is None:
        raise ModelError(f"adapter {adapter.folder}: rank {rank} is above {LORA_RANKS[-1]}: merge it")
    return ceiling


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
