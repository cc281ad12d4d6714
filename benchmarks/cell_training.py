"""How fast the cell model learns on a CPU: attention in blocks against torch's fused kernel, and a step in parts that
fit the cache against the whole batch at once, two workers side by side against one product after the other. Prints
three tables, then one JSON line.

Demonstrations come from the ARC-AGI-1 training tasks. Speed is given in CPU time, so that other work on the machine
disturbs less; in the last table in wall time, which needs a quiet machine. Knows nothing of how well a model answers.
"""

from __future__ import annotations

import itertools
import json
import platform
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any
from unittest import mock

import click
import torch
from torch import Tensor
from torch.nn import functional as F

from arc_solver.augment import IDENTITY
from arc_solver.config import WEIGHTS
from arc_solver.datasets import load_named_challenges
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.batches import DrawConfig, stream
from arc_solver.finetune.cells.blocked_attention import attend_blocked
from arc_solver.finetune.cells.checkpoint import load_compact
from arc_solver.finetune.cells.corpus import Corpus
from arc_solver.finetune.cells.decoding import inference_copy
from arc_solver.finetune.cells.drafting import consult
from arc_solver.finetune.cells.joint import renew_tasks
from arc_solver.finetune.cells.scoring import Question
from arc_solver.finetune.cells.training import PART_TOKENS, FitConfig, fit
from arc_solver.finetune.precision import AUTO, choose_precision, torch_dtype
from arc_solver.tasks import Task

_N_HEADS, _N_KV_HEADS, _HEAD_WIDTH = 6, 2, 64
PRECISION = choose_precision(AUTO, "cpu")
"""As a run on this machine computes."""


def fused(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """torch's own attention: (H, T, D), (G, T, D), (G, T, D) -> (H, T, D)."""
    return F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True, enable_gqa=True)[0]


def cpu_seconds(work: Callable[[], Any], n_times: int) -> float:
    """Median CPU seconds of a call, after one that warms up."""
    work()
    found = []
    for _ in range(n_times):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return median(found)


def attention(n_tokens: int, n_times: int) -> dict[str, float]:
    """Milliseconds of attention forth and back over one document, by kernel."""
    generator = torch.Generator().manual_seed(n_tokens)

    def drawn(n_heads: int) -> Tensor:
        drawn = torch.randn(n_heads, n_tokens, _HEAD_WIDTH, generator=generator)
        return drawn.to(torch_dtype(PRECISION)).requires_grad_()

    inputs, along = [drawn(_N_HEADS), drawn(_N_KV_HEADS), drawn(_N_KV_HEADS)], drawn(_N_HEADS).detach()

    def both_ways(kernel: Callable[..., Tensor]) -> None:
        torch.autograd.grad(kernel(*inputs), inputs, along)

    return {
        name: 1000 * cpu_seconds(partial(both_ways, kernel), n_times)
        for name, kernel in (("fused", fused), ("blocked", attend_blocked))
    }


def training(
    corpus: Corpus,
    n_steps: int,
    kernel: Callable[..., Tensor],
    part_tokens: int,
    clock: Callable[[], float] = time.process_time,
) -> tuple[float, float]:
    """Tokens a second of a run of some steps (CPU time unless `clock` is another), and its last loss."""
    model = load_compact(WEIGHTS / "cells")
    renew_tasks(model, corpus.n_tasks)
    batches = stream(corpus, DrawConfig({"demonstrations": 1.0}, n_rows=2), 0)
    marks = [clock()]
    how = FitConfig(
        1e9,
        n_steps,
        lr=5e-4,
        warmup_steps=2,
        optimizer="adamw",
        precision=PRECISION,
        part_tokens=part_tokens,
        log_every_steps=1,
    )
    with mock.patch("arc_solver.finetune.cells.model.attend_blocked", kernel):
        result = fit(model, batches, how, log=lambda record: marks.append(clock()))
    a_step = median(after - before for before, after in itertools.pairwise(marks[1:]))
    return result.n_tokens / n_steps / a_step, result.loss


def answering(tasks: Sequence[Task], n_workers: int) -> float:
    """Cells written a second of wall time by the model as it is, to the first test input of each task."""
    model = load_compact(WEIGHTS / "cells")
    renew_tasks(model, 0)
    twin = inference_copy(model, torch_dtype(PRECISION))
    questions = [Question(words.TASK, IDENTITY, task.test_inputs[0], ()) for task in tasks]
    with mock.patch("arc_solver.finetune.cells.crew.N_WORKERS", n_workers):
        started = time.monotonic()
        found = consult(twin, questions)
    return sum(one.n_written for one in found) / (time.monotonic() - started)


def side_by_side(corpus: Corpus, tasks: Sequence[Task], n_steps: int, n_threads: int) -> dict[str, dict[str, float]]:
    """Tokens a second of wall time, by who computes and at what."""
    torch.set_num_threads(n_threads)
    found: dict[str, dict[str, float]] = {}
    for name, n_workers in (("all cores at one product", 1), ("two workers (ours)", 2)):
        with mock.patch("arc_solver.finetune.cells.crew.N_WORKERS", n_workers):
            learned = training(corpus, n_steps, attend_blocked, PART_TOKENS, time.monotonic)[0]
        found[name] = {"learning": round(learned), "answering": round(answering(tasks, n_workers))}
    return found


@click.command(help=__doc__)
@click.option("--steps", default=6, show_default=True, type=click.IntRange(min=2), help="Of each run.")
@click.option("--repeats", default=15, show_default=True, type=click.IntRange(min=1), help="Of each attention.")
@click.option("--tasks", default=100, show_default=True, type=click.IntRange(min=1), help="Whose demonstrations.")
@click.option("--threads", default=2, show_default=True, type=click.IntRange(min=2), help="Of the last table.")
def main(steps: int, repeats: int, tasks: int, threads: int) -> None:
    torch.set_num_threads(1)
    figures: dict[str, Any] = {"attention_ms": {}, "tokens_per_cpu_s": {}, "loss": {}}
    print(f"{'tokens':>8} {'fused ms':>10} {'blocked ms':>11} {'ratio':>6}")
    for n_tokens in (200, 400, 800, 1500):
        found = attention(n_tokens, repeats)
        figures["attention_ms"][str(n_tokens)] = {name: round(value, 2) for name, value in found.items()}
        ratio = found["fused"] / found["blocked"]
        print(f"{n_tokens:>8} {found['fused']:>10.2f} {found['blocked']:>11.2f} {ratio:>6.2f}")
    chosen = load_named_challenges("arc1-train").tasks[:tasks]
    corpus = Corpus.build(("demonstrations", task.task_id, task.train) for task in chosen)
    print(f"\n{'a step of 4,096 tokens':32} {'tokens/CPU-s':>13} {'loss':>8}")
    for name, kernel, part_tokens in (
        ("whole, fused", fused, 0),
        ("whole, blocked", attend_blocked, 0),
        ("parts of 1,024, fused", fused, 1024),
        ("parts of 1,024, blocked (ours)", attend_blocked, 1024),
    ):
        speed, loss = training(corpus, steps, kernel, part_tokens)
        figures["tokens_per_cpu_s"][name], figures["loss"][name] = round(speed), round(loss, 4)
        print(f"{name:32} {speed:>13,.0f} {loss:>8.4f}", flush=True)
    print(f"\n{f'on {threads} cores, tokens/s':32} {'learning':>13} {'answering':>10}")
    figures["side_by_side"] = side_by_side(corpus, chosen[:64], steps, threads)
    for name, speed in figures["side_by_side"].items():
        print(f"{name:32} {speed['learning']:>13,} {speed['answering']:>10,}", flush=True)
    speeds = list(figures["tokens_per_cpu_s"].values())
    figures |= {
        "ratio": round(speeds[-1] / speeds[0], 2),
        "steps": steps,
        "torch": torch.__version__,
        "precision": PRECISION,
    }
    print(json.dumps(figures | {"machine": platform.processor() or platform.machine()}))


if __name__ == "__main__":
    main()
