"""What the cell model costs on a GPU: attention, learning, writing, and how often the host waits. About two minutes;
prints a line for each measurement, then one JSON line with all of them.

Inputs are random grids, and answers are as large as they, so that nothing but the bundled weights is needed and every
machine writes as many tokens. A measurement that fails says why, and the next one follows. Knows nothing of how well a
model answers.
"""

from __future__ import annotations

import itertools
import json
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest import mock

import click
import numpy as np
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from arc_solver.augment import IDENTITY
from arc_solver.config import WEIGHTS
from arc_solver.finetune.cells import cache, decoding, fused_attention
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.batches import DrawConfig, make_batch
from arc_solver.finetune.cells.checkpoint import load_compact
from arc_solver.finetune.cells.corpus import Corpus
from arc_solver.finetune.cells.decoding import Start, inference_copy, write
from arc_solver.finetune.cells.device import prepare, torch_dtype
from arc_solver.finetune.cells.fused_attention import attend_fused
from arc_solver.finetune.cells.joint import renew_tasks
from arc_solver.finetune.cells.model import CellModel
from arc_solver.finetune.cells.sequences import prompt
from arc_solver.finetune.cells.settings import gpu_joint
from arc_solver.finetune.cells.training import GPU_PART_TOKENS, FitConfig, fit
from arc_solver.grids import Grid, as_grid
from arc_solver.tasks import Pair

Figures = dict[str, Any]


def synchronize(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


@contextmanager
def measured(device: str) -> Iterator[Figures]:
    """Seconds and the most memory of what is done inside."""
    found: Figures = {}
    synchronize(device)
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    yield found
    synchronize(device)
    found["seconds"] = round(time.perf_counter() - began, 4)
    if device == "cuda":
        found["peak_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
        found["reserved_gib"] = round(torch.cuda.max_memory_reserved() / 2**30, 2)


def random_grids(n: int, largest: int) -> list[Grid]:
    rng = np.random.default_rng(0)
    return [as_grid(rng.integers(0, 10, rng.integers(min(5, largest), largest + 1, 2))) for _ in range(n)]


def attention(device: str, dtype: torch.dtype, rows: int, tokens: int, shares: bool, backward: bool) -> Figures:
    """One layer's attention, keys shared by four heads or repeated."""
    q, k, v = (
        torch.randn(rows, heads, tokens, 64, device=device, dtype=dtype, requires_grad=backward) for heads in (8, 2, 2)
    )

    def once() -> Tensor:
        out = attend_fused(q, k, v)
        if backward:
            torch.autograd.grad(out.float().sum(), (q, k, v))
        return out

    with (
        torch.set_grad_enabled(backward),
        mock.patch.object(fused_attention, "takes_shared_heads", return_value=shares),
    ):
        once()
        with measured(device) as found:
            for _ in range(10):
                once()
    return found


def learning(device: str, precision: str, steps: int, largest: int, n_tokens: int) -> Figures:
    """Steps as `joint` makes them."""
    model = load_compact(WEIGHTS / "cells").to(device)
    grids = random_grids(64, largest)
    renew_tasks(model, len(grids))
    corpus = Corpus.build([("a", f"task {index}", [Pair(grid, grid)]) for index, grid in enumerate(grids)])
    draw = DrawConfig({"a": 1.0}, n_rows=gpu_joint().n_rows if device == "cuda" else 1, n_tokens=n_tokens)
    batches = [make_batch(corpus, draw, 0, index) for index in range(steps + 2)]
    how = FitConfig(1e9, precision=precision, optimizer="adamw", part_tokens=GPU_PART_TOKENS)
    fit(model, iter(batches[:2]), how, log=lambda record: None)
    with measured(device) as found:
        result = fit(model, iter(batches[2:]), how, log=lambda record: None)
    return {**found, "loss": round(result.loss, 4), "tokens_per_s": round(result.n_tokens / found["seconds"])}


def writing(model: CellModel, device: str, n: int, largest: int, n_ahead: int) -> Figures:
    """Answers as large as their inputs; half of the cells are guessed right."""
    grids = random_grids(n, largest)
    starts = [Start(prompt(words.TASK, IDENTITY, [], one), (one.shape[0] - 1, one.shape[1] - 1)) for one in grids]
    guesses = None if n_ahead == 1 else list(grids)
    with mock.patch.object(cache.Cache, "read", autospec=True, side_effect=cache.Cache.read) as read:
        write(model, starts[:4], None, n_ahead=1)
        read.reset_mock()
        with measured(device) as found:
            lines = write(model, starts, guesses, n_ahead=n_ahead)
        n_steps = read.call_count
    n_tokens = sum(line.n_written for line in lines)
    n_lost = sum(line.answer is None for line in lines)
    speeds = {
        "tokens_per_s": round(n_tokens / found["seconds"]),
        "ms_a_step": round(1e3 * found["seconds"] / n_steps, 2),
    }
    return {**found, **speeds, "steps": n_steps, "tokens": n_tokens, "not_finite": n_lost}


def waiting(model: CellModel, device: str, n: int, largest: int) -> Figures:
    """Kernels that are launched a step, and how often the host waits for the GPU."""
    grids = random_grids(n, largest)
    starts = [Start(prompt(words.TASK, IDENTITY, [], one), (one.shape[0] - 1, one.shape[1] - 1)) for one in grids]
    with mock.patch.object(cache.Cache, "read", autospec=True, side_effect=cache.Cache.read) as read:
        with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
            write(model, starts, list(grids))
        n_steps = read.call_count
    counts = {event.key: event.count for event in seen.key_averages()}
    found = {"steps": n_steps, "launches_a_step": round(counts.get("cudaLaunchKernel", 0) / n_steps)}
    if device == "cuda":
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
            try:
                write(model, starts, list(grids))
            finally:
                torch.cuda.set_sync_debug_mode("default")
        found["waits_a_step"] = round(sum("synchroniz" in str(one.message) for one in caught) / n_steps, 2)
    return found


@contextmanager
def narrow_cache() -> Iterator[None]:
    """As on CPUs: no place is looked at that was not written to."""
    with mock.patch.object(cache, "_is_wide", return_value=False):
        yield


@click.command(help=__doc__)
@click.option("--small", is_flag=True, help="A few tokens of each, to see that it runs.")
def main(small: bool) -> None:
    device, precision = prepare(torch.get_num_threads())
    dtype, largest = torch_dtype(precision), 4 if small else 30
    model = load_compact(WEIGHTS / "cells").to(device)
    renew_tasks(model, 0)
    twin = inference_copy(model, dtype)
    every: Figures = {}

    def take(name: str, measure: Callable[[], Figures]) -> None:
        try:
            every[name] = measure()
        except Exception as error:  # noqa: BLE001  (a GPU's time is dear: the other measurements must not be lost)
            every[name] = {"failed": f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"}
        print(f"{name:44} {every[name]}", flush=True)

    shapes = ((2, 16, True),) if small else ((256, 950, False), (4, 2048, True), (16, 512, True))
    for (rows, tokens, backward), shares in itertools.product(shapes, (True, False)):
        name = f"attention {rows}x{tokens}{' and back' if backward else ''}, {'shared' if shares else 'repeated'}"
        take(name, partial(attention, device, dtype, rows, tokens, shares, backward))
    for chosen in dict.fromkeys((precision, "fp16") if device == "cuda" else (precision,)):
        take(f"learning in {chosen}", partial(learning, device, chosen, *((1, 4, 64) if small else (20, 20, 2048))))
    few, middle = (4, 4) if small else (64, 128)
    for n in (4,) if small else (64, 128, 256):
        take(f"writing {n}", partial(writing, twin, device, n, largest, decoding.N_AHEAD))
    for n_ahead in (1, 4, 16):
        take(f"writing, {n_ahead} ahead", partial(writing, twin, device, middle, largest, n_ahead))
    with narrow_cache():
        take(f"writing {middle}, narrow", partial(writing, twin, device, middle, largest, decoding.N_AHEAD))
    halves = inference_copy(model, torch.float16)
    take(f"writing {few} in fp16", partial(writing, halves, device, few, largest, decoding.N_AHEAD))
    take("waits", partial(waiting, twin, device, few, min(largest, 12)))
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    print(json.dumps({"device": name, "torch": torch.__version__, "precision": precision, **every}))


if __name__ == "__main__":
    main()
