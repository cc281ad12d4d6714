"""How fast the engines sample: ours over vLLM, bare vLLM, transformers. `python benchmarks/engines.py --help`.

All ways answer the same prompts (programs for public training tasks, several seeds a task) in one run. Ours and the
bare `LLM.generate` take turns, each with an empty prefix cache, and every token is compared. The last line is one JSON
object. Knows nothing of votes and scores.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import torch
from sandbox_programs import Workload, make_workload

from arc_solver.budget import Deadline, MonotonicClock
from arc_solver.config import WEIGHTS
from arc_solver.datasets import load_named_challenges
from arc_solver.engines.base import Engine, Request, Sampling
from arc_solver.engines.fleet import EngineFleet
from arc_solver.engines.opening import prompt_encoder
from arc_solver.engines.plans import EnginePlan
from arc_solver.engines.vllm_calls import version
from arc_solver.engines.vllm_engine import VllmEngine
from arc_solver.prompts.base import Prompt
from arc_solver.prompts.build import build_prompt
from arc_solver.prompts.encoders import get_encoder
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Program

_CONTEXT = 2048
_ROOM = 1500  # tokens of the longest prompt
_EXECUTED_TOGETHER = 8  # completions
_OVERLAP_REPEATS = 3
_PROGRAMS_EACH = 24  # programs run for one completion, so that execution takes about as long as sampling


@dataclass(frozen=True, slots=True)
class Timing:
    """One pass over all requests."""

    seconds: float
    n_tokens: int
    token_ids: dict[str, tuple[int, ...]]

    @property
    def per_s(self) -> float:
        """Output tokens a second."""
        return self.n_tokens / self.seconds


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--model", type=click.Path(path_type=Path), default=WEIGHTS / "base", help="Default: bundled.")
@click.option("--n-tasks", type=click.IntRange(min=1), default=24, show_default=True)
@click.option("--n-seeds", type=click.IntRange(min=1), default=4, show_default=True)
@click.option("--n-sequences", type=click.IntRange(min=1), default=32, show_default=True, help="Decoded together.")
@click.option("--n-repeats", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--transformers/--no-transformers", "with_transformers", default=True, show_default=True)
@click.option("--overlap/--no-overlap", "with_overlap", default=True, show_default=True)
def main(
    model: Path,
    n_tasks: int,
    n_seeds: int,
    n_sequences: int,
    n_repeats: int,
    with_transformers: bool,
    with_overlap: bool,
) -> None:
    """Output tokens a second of each way, the prefix cache's hit rate, and how much execution hides behind sampling."""
    figures: dict[str, Any] = {
        "machine": {"system": platform.platform(), "n_cores": os.cpu_count()},
        "n_threads": os.environ.get("OMP_NUM_THREADS"),
        "vllm": version(),
        "n_tasks": n_tasks,
        "n_seeds": n_seeds,
        "n_sequences": n_sequences,
    }  # fmt: skip
    engine = VllmEngine(model, context_length=_CONTEXT, max_sequences=n_sequences)
    requests = _requests(engine, n_tasks, n_seeds)
    click.echo(f"{'way':<44}{'tokens/s':>10}  {'least .. most':<20}")
    bare = _Bare(model, n_sequences)  # one that is closed takes what both share along: they end together
    figures |= _against_bare(engine, bare, requests, n_repeats)
    engine.close()
    del bare
    if with_overlap:
        figures |= _overlapping(model, requests, n_sequences)
    if with_transformers:
        figures |= _transformers(model, requests, n_sequences, figures["ours_tokens_per_s"])
    click.echo(json.dumps(figures))


def _requests(engine: Engine, n_tasks: int, n_seeds: int) -> list[Request]:
    """Programs are asked for: the first tasks whose prompts fit, in the order of their ids."""
    encoder = get_encoder("numbered")
    prompts: dict[str, Prompt] = {}
    for task in load_named_challenges("arc1-train").tasks:
        prompt = build_prompt(CODE_FROM_EXAMPLES, "brief", encoder, task.train[:4])
        if engine.count_tokens(prompt) <= _ROOM and len(prompts) < n_tasks:
            prompts[task.task_id] = prompt
    return [
        Request(f"{task_id}/{seed}", prompt, Sampling(200, temperature=0.8, seed=seed))
        for task_id, prompt in prompts.items()
        for seed in range(n_seeds)
    ]


def _time(engine: Engine, requests: Sequence[Request]) -> Timing:
    started_s = time.perf_counter()
    answers = dict(engine.generate(requests, Deadline.after(3600, MonotonicClock())))
    seconds = time.perf_counter() - started_s
    if len(answers) != len(requests):
        raise click.ClickException(f"{len(requests) - len(answers)} requests were not answered")
    token_ids = {key: answer.token_ids for key, answer in answers.items()}
    return Timing(seconds, sum(map(len, token_ids.values())), token_ids)


class _Bare:
    """`LLM.generate` as its documentation shows it: text in, defaults, no log-probabilities."""

    def __init__(self, model: Path, n_sequences: int) -> None:
        from vllm import LLM

        self._llm = LLM(
            str(model),
            dtype="float32",
            max_model_len=_CONTEXT,
            max_num_seqs=n_sequences,
            max_num_batched_tokens=_CONTEXT,
            enable_chunked_prefill=False,  # seeds and prompts in pieces do not go together on a CPU
            enforce_eager=True,
            enable_prefix_caching=True,
            kv_cache_memory_bytes=1 << 30,
        )

    def time(self, requests: Sequence[Request], texts: Sequence[str]) -> Timing:
        from vllm import SamplingParams

        self._llm.reset_prefix_cache()
        settings = [
            SamplingParams(temperature=asked.temperature, seed=asked.seed, max_tokens=asked.max_new_tokens)
            for asked in (request.sampling for request in requests)
        ]
        started_s = time.perf_counter()
        outputs = self._llm.generate(list(texts), settings, use_tqdm=False)
        seconds = time.perf_counter() - started_s
        token_ids = {
            request.request_id: tuple(output.outputs[0].token_ids)
            for request, output in zip(requests, outputs, strict=True)
        }
        return Timing(seconds, sum(map(len, token_ids.values())), token_ids)


def _against_bare(engine: VllmEngine, bare: _Bare, requests: Sequence[Request], n_repeats: int) -> dict[str, Any]:
    """Both in turns, now one first, now the other; the median of the pairs' ratios counts."""
    texts = [engine.render(request.prompt) for request in requests]
    _time(engine, requests)  # all of them: some of vLLM's layers are compiled for the shapes that they meet
    bare.time(requests, texts)
    ours, theirs = [], []
    for repeat in range(n_repeats):
        for way in ("ours", "bare") if repeat % 2 else ("bare", "ours"):
            engine.forget()
            if way == "ours":
                before = engine.counts.n_cached_tokens, engine.counts.n_prompt_tokens
                ours.append(_time(engine, requests))
            else:
                theirs.append(bare.time(requests, texts))
    cached = engine.counts.n_cached_tokens - before[0]
    n_equal = sum(ours[-1].token_ids[key] == ids for key, ids in theirs[-1].token_ids.items())
    _row("bare LLM.generate", [timing.per_s for timing in theirs])
    _row("our engine over vLLM", [timing.per_s for timing in ours])
    ratio = statistics.median(mine.per_s / other.per_s for mine, other in zip(ours, theirs, strict=True))
    hit_rate = cached / (engine.counts.n_prompt_tokens - before[1])
    click.echo(f"ratio to bare vLLM {ratio:.3f}; {n_equal} of {len(requests)} completions equal; "
               f"{hit_rate:.0%} of the prompts' tokens from the prefix cache")  # fmt: skip
    return {
        "n_requests": len(requests),
        "n_equal": n_equal,
        "n_output_tokens": ours[-1].n_tokens,
        "bare_tokens_per_s": round(statistics.median(timing.per_s for timing in theirs), 1),
        "ours_tokens_per_s": round(statistics.median(timing.per_s for timing in ours), 1),
        "ratio_to_bare_vllm": round(ratio, 3),
        "prefix_hit_rate": round(hit_rate, 3),
    }


# -- execution behind sampling -----------------------------------------------------------------------------------------


def _overlapping(model: Path, requests: Sequence[Request], n_sequences: int) -> dict[str, Any]:
    """How much of the programs' execution hides behind sampling: in one process, and in a process of the engine's own,
    as a run has it. One thread samples and one process executes, so that a second core stands for the GPU.
    """
    found: dict[str, Any] = {}
    with _one_thread(), Sandbox(Limits(), n_workers=1) as sandbox:
        engines: dict[str, Callable[[], Engine]] = {
            "in_process": lambda: VllmEngine(model, context_length=_CONTEXT, max_sequences=n_sequences),
            "own_process": lambda: EngineFleet([_plan(n_sequences)], model, None, prompt_encoder(model).encode),
        }
        for name, make in engines.items():
            engine = make()
            _time(engine, requests)  # prompts are cached afterwards, in every pass alike
            found |= _executing(engine, sandbox, requests, name)
            engine.close()
    return found


def _executing(engine: Engine, sandbox: Sandbox, requests: Sequence[Request], name: str) -> dict[str, Any]:
    """Sampling alone, execution alone, and both, as induction does it: programs are run while others are sampled.

    Hidden is the share of the shorter of the two that the longer one covers.
    """
    workload = make_workload(_PROGRAMS_EACH, 0)
    _execute(sandbox, workload, _EXECUTED_TOGETHER)
    sampling_s, executing_s, both_s = [], [], []
    for _ in range(_OVERLAP_REPEATS):
        sampling_s.append(_time(engine, requests).seconds)
        started_s = time.perf_counter()
        for _ in range(0, len(requests), _EXECUTED_TOGETHER):
            _execute(sandbox, workload, _EXECUTED_TOGETHER)
        executing_s.append(time.perf_counter() - started_s)
        started_s = time.perf_counter()
        for index, _ in enumerate(engine.generate(requests, Deadline.after(3600, MonotonicClock())), start=1):
            if index % _EXECUTED_TOGETHER == 0:
                _execute(sandbox, workload, _EXECUTED_TOGETHER)
        both_s.append(time.perf_counter() - started_s)
    sampling, executing, both = (statistics.median(times) for times in (sampling_s, executing_s, both_s))
    hidden = (sampling + executing - both) / min(sampling, executing)
    click.echo(f"{name}: sampling {sampling:.2f}s, executing {executing:.2f}s, both {both:.2f}s, {hidden:.0%} hidden")
    return {
        f"{name}_overlap": round(hidden, 3),
        f"{name}_sampling_s": round(sampling, 2),
        f"{name}_executing_s": round(executing, 2),
        f"{name}_both_s": round(both, 2),
    }


def _plan(n_sequences: int) -> EnginePlan:
    return EnginePlan("vllm", (), "float32", None, n_sequences, _CONTEXT, 0.0, eager=True, merge_adapter=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    """For engines that are started inside; the one in this process has its threads already."""
    before = os.environ.get("OMP_NUM_THREADS"), torch.get_num_threads()
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    try:
        yield
    finally:
        os.environ.pop("OMP_NUM_THREADS")
        if before[0] is not None:
            os.environ["OMP_NUM_THREADS"] = before[0]
        torch.set_num_threads(before[1])


def _execute(sandbox: Sandbox, workload: Workload, n_completions: int) -> None:
    sandbox.run([Program(source, workload.grids) for source in workload.sources] * n_completions)


# -- transformers ------------------------------------------------------------------------------------------------------


def _transformers(model: Path, requests: Sequence[Request], n_sequences: int, ours: float) -> dict[str, Any]:
    from arc_solver.engines.transformers_engine import TransformersEngine

    engine = TransformersEngine(
        model, device="cpu", dtype="float32", max_batch_size=n_sequences, context_length=_CONTEXT
    )
    _time(engine, requests[: max(1, len(requests) // 4)])
    timing = _time(engine, requests)
    engine.close()
    _row("our engine over transformers", [timing.per_s])
    return {
        "transformers_tokens_per_s": round(timing.per_s, 1),
        "ratio_to_transformers": round(ours / timing.per_s, 3),
    }


def _row(name: str, per_s: Sequence[float]) -> None:
    click.echo(f"{name:<44}{statistics.median(per_s):>10,.1f}  {min(per_s):,.0f} .. {max(per_s):,.0f}")


if __name__ == "__main__":
    main()
