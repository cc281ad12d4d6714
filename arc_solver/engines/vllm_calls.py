"""Every call into vLLM, and what differs between its versions (0.19 to 0.33): nothing else in the package imports it.

What changed in what we use:

- The attention backend was the variable `VLLM_ATTENTION_BACKEND`; later it is an engine argument. The size of the cache
  on a CPU was `VLLM_CPU_KVCACHE_SPACE` in GiB; later it may be given in bytes. Both ways are taken by what
  `EngineArgs` knows, not by version numbers.
- `add_request` took a dictionary with token ids; later that is deprecated for what `tokens_input` makes. It returned
  nothing and now returns an internal id; outputs carry the id that we gave in either case.
- `reload_weights` takes a folder in later versions only; without that, the caller starts a new engine.
- Steps from `VLLM_ENABLE_V1_MULTIPROCESSING=0` run in our process; the switch is read when the engine is made.

It knows nothing of prompts, deadlines or who asked.
"""

from __future__ import annotations

import dataclasses
import gc
import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch._dynamo.config
from safetensors import SafetensorError

from arc_solver.engines.base import Finish, Sampling

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "DO_NOT_TRACK": "1",
}
_QUIET = {"VLLM_LOGGING_LEVEL": "WARNING", "VLLM_WORKER_MULTIPROC_METHOD": "spawn"}
# Threads go where the system puts them: other lanes use the same cores.
_UNBOUND = {"VLLM_CPU_OMP_THREADS_BIND": "nobind"}

# Tokens of a block of the cache. Of vLLM's own 128, prompts share fewer: 67% of their tokens came from the prefix cache
# instead of 73%, and the whole was 5% slower (benchmarks/engines.py).
_CPU_BLOCK = 32

_ERRORS = (
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    OSError,
    ImportError,
    AttributeError,
    AssertionError,
    SafetensorError,
)


@dataclass(frozen=True, slots=True)
class EngineSetup:
    """What a vLLM engine is started with.

    Attributes:
        model: Folder of the weights.
        tokenizer: Folder of the tokenizer.
        dtype: Of weights and cache.
        attention: vLLM's name of an attention backend, or None for its own choice.
        max_sequences: Most sequences that decode together.
        max_step_tokens: Most tokens of one step, which is how long a deadline may be overrun; 0 for vLLM's own choice.
        context_length: Most tokens of prompt and completion.
        on_cpu: Whether it runs on the CPU.
        memory_share: Of a GPU's memory.
        cache_bytes: Of keys and values on a CPU.
        eager: Without compilation and CUDA graphs.
        max_lora_rank: Highest rank of served adapters; 0 serves none.
        max_loras: Served adapters that share a batch.
        n_devices: GPUs over which the weights are split.
        own_process: The engine steps in a process of its own, also while nobody asks it for answers.
        seed: Of what has no seed of its own.
    """

    model: Path
    tokenizer: Path
    dtype: str
    attention: str | None
    max_sequences: int
    max_step_tokens: int
    context_length: int
    on_cpu: bool
    memory_share: float
    cache_bytes: int
    eager: bool
    max_lora_rank: int
    max_loras: int
    n_devices: int
    own_process: bool
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """A completion as vLLM tells it.

    Attributes:
        request_id: As it was added.
        token_ids: The generated tokens, the end token included.
        logprob: Their summed log-probability at temperature 1.
        finish: Why it ended.
        n_cached: Tokens of the prompt that came from the prefix cache.
    """

    request_id: str
    token_ids: tuple[int, ...]
    logprob: float
    finish: Finish
    n_cached: int


class VllmCalls:
    """One vLLM engine, behind the few calls that we need.

    Args:
        setup: What it is started with.

    Raises:
        RuntimeError: Or another of `errors()`: vLLM could not start.
    """

    def __init__(self, setup: EngineSetup) -> None:
        prepare_environment(setup)
        import vllm.inputs
        from vllm import EngineArgs, LLMEngine

        self._engine: Any = LLMEngine.from_engine_args(
            EngineArgs(**_arguments(setup, {field.name for field in dataclasses.fields(EngineArgs)})),
            enable_multiprocessing=setup.own_process,
        )
        self._as_input = getattr(vllm.inputs, "tokens_input", _as_dictionary)

    def add(self, request_id: str, prompt_ids: Sequence[int], params: Any, adapter: Any = None) -> None:
        """Queue a request."""
        self._engine.add_request(request_id, self._as_input(list(prompt_ids)), params, lora_request=adapter)

    def step(self) -> list[Finished]:
        """One turn of the engine: what finished by it."""
        return [_finished(output) for output in self._engine.step() if output.finished]

    def abort(self, request_ids: Sequence[str]) -> None:
        """Drop requests, running or waiting."""
        if request_ids:
            self._engine.abort_request(list(request_ids))

    def has_unfinished(self) -> bool:
        """Whether anything runs or waits."""
        return bool(self._engine.has_unfinished_requests())

    def load_adapter(self, adapter: Any) -> bool:
        """Load an adapter ahead of its first request: refused then, it would take the engine along."""
        return bool(self._engine.add_lora(adapter))

    def reload(self, folder: Path) -> bool:
        """Take the weights of another folder with the same layout; False where this version cannot.

        Nothing may be running. What the prefix cache holds is of the old weights, and is forgotten.
        """
        from vllm.v1.worker.gpu_model_runner import GPUModelRunner

        reload = getattr(GPUModelRunner, "reload_weights", None)
        if reload is None or "weights_path" not in inspect.signature(reload).parameters:
            return False
        self._engine.collective_rpc("reload_weights", kwargs={"weights_path": str(folder)})
        return self.forget()

    def forget(self) -> bool:
        """Empty the prefix cache; False if something is running."""
        return bool(self._engine.reset_prefix_cache())

    def close(self) -> None:
        """End the engine, and its process if it has one."""
        core = getattr(self._engine, "engine_core", None)
        self._engine = None
        if core is not None:
            core.shutdown()
        del core
        gc.collect()


def prepare_environment(setup: EngineSetup) -> None:
    """Set what vLLM reads from the environment, before it is imported."""
    os.environ.update(_OFFLINE)
    for name, value in (_QUIET | (_UNBOUND if setup.on_cpu else {})).items():
        os.environ.setdefault(name, value)
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = str(int(setup.own_process))
    if setup.on_cpu:
        os.environ["VLLM_CPU_KVCACHE_SPACE"] = str(max(1, setup.cache_bytes >> 30))
    if setup.on_cpu and setup.eager:
        # Eager vLLM still compiles one layer with the system's compiler, in the middle of sampling: half a minute the
        # first time on a machine, seconds later on. It is not faster for it.
        os.environ["TORCHDYNAMO_DISABLE"] = "1"
        torch._dynamo.config.disable = True  # where the variable was read already


def errors() -> tuple[type[Exception], ...]:
    """What vLLM raises when it cannot go on."""
    try:
        from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError
    except ImportError:
        return _ERRORS
    return (*_ERRORS, EngineDeadError, EngineGenerateError)


def version() -> str:
    """vLLM's version."""
    import vllm

    return str(vllm.__version__)


def sampling_params(sampling: Sampling, limit: int, end_tokens: frozenset[int]) -> Any:
    """vLLM's form of our sampling: final answers only, with the log-probabilities of the sampled tokens.

    Args:
        sampling: Ours.
        limit: Most tokens, the context taken into account.
        end_tokens: Ids that end a completion; the model's own idea of them is not asked.
    """
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(
        max_tokens=limit,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        min_p=sampling.min_p,
        # A greedy row needs no generator of its own, which costs time at every step.
        seed=sampling.seed if sampling.temperature > 0 else None,
        stop=list(sampling.stop),
        stop_token_ids=sorted(end_tokens),
        ignore_eos=True,
        logprobs=0,
        detokenize=bool(sampling.stop),
        skip_special_tokens=True,
        spaces_between_special_tokens=False,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def adapter_request(number: int, folder: Path) -> Any:
    """vLLM's name of a served adapter.

    Args:
        number: Its own, from 1.
        folder: Where it lies.
    """
    from vllm.lora.request import LoRARequest

    return LoRARequest(f"adapter-{number}", number, str(folder))


def _as_dictionary(prompt_ids: list[int]) -> dict[str, Any]:
    return {"prompt_token_ids": prompt_ids}


def _arguments(setup: EngineSetup, known: set[str]) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "model": str(setup.model),
        "tokenizer": str(setup.tokenizer),
        "dtype": setup.dtype,
        "max_model_len": setup.context_length,
        "max_num_seqs": setup.max_sequences,
        "enforce_eager": setup.eager,
        "enable_prefix_caching": True,
        "generation_config": "vllm",
        "seed": setup.seed,
        "disable_log_stats": True,
        "enable_lora": setup.max_lora_rank > 0,
        "use_tqdm_on_load": False,
    }
    if setup.on_cpu:
        # For a prompt that is read in pieces, vLLM rewinds the request's random generator. Those of a CPU cannot be
        # rewound: the engine dies of it.
        n_tokens = max(setup.max_step_tokens, setup.context_length, setup.max_sequences)
        arguments |= {"max_num_batched_tokens": n_tokens, "enable_chunked_prefill": False}
        arguments["block_size"] = _CPU_BLOCK
    elif setup.max_step_tokens:
        n_tokens = max(setup.max_step_tokens, setup.max_sequences)
        arguments |= {"max_num_batched_tokens": n_tokens, "enable_chunked_prefill": True}
    if setup.max_lora_rank:
        arguments |= {"max_lora_rank": setup.max_lora_rank, "max_loras": setup.max_loras}
    if setup.on_cpu:
        if "kv_cache_memory_bytes" in known:
            arguments["kv_cache_memory_bytes"] = setup.cache_bytes
    else:
        arguments |= {"gpu_memory_utilization": setup.memory_share, "tensor_parallel_size": setup.n_devices}
    if setup.attention is not None:
        if "attention_backend" in known:
            arguments["attention_backend"] = setup.attention
        else:
            os.environ["VLLM_ATTENTION_BACKEND"] = setup.attention
    return {name: value for name, value in arguments.items() if name in known}


def _finished(output: Any) -> Finished:
    answer = output.outputs[0]
    logprob = answer.cumulative_logprob
    return Finished(
        output.request_id,
        tuple(answer.token_ids),
        float("nan") if logprob is None else float(logprob),
        Finish.STOP if answer.finish_reason == "stop" else Finish.LENGTH,
        int(output.num_cached_tokens or 0),
    )
