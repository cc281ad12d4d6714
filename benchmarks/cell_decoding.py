"""How fast the cell model writes grids on a CPU: cell after cell, and with guesses, several cells at once.
Prints a table, then one JSON line.

The bundled model, not adapted, answers the first test inputs of ARC-AGI-1 training tasks, one core, CPU time. A guess
is the test input, as in a run, or the answer itself, which is the best that guesses can do. Knows nothing of how well a
model answers.
"""

from __future__ import annotations

import json
import platform
import time

import click
import numpy as np
import torch

from arc_solver.augment import IDENTITY
from arc_solver.config import WEIGHTS
from arc_solver.datasets import load_named_challenges
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.checkpoint import load_compact
from arc_solver.finetune.cells.decoding import Line, Start, inference_copy, write
from arc_solver.finetune.cells.joint import renew_tasks
from arc_solver.finetune.cells.sequences import prompt
from arc_solver.finetune.precision import AUTO, choose_precision, torch_dtype


@click.command(help=__doc__)
@click.option("--tasks", default=32, show_default=True, type=click.IntRange(min=1), help="Answered together.")
@click.option("--first", default=60, show_default=True, type=click.IntRange(min=0), help="Smaller ones left out.")
def main(tasks: int, first: int) -> None:
    torch.set_num_threads(1)
    model = load_compact(WEIGHTS / "cells")
    renew_tasks(model, 0)
    twin = inference_copy(model, torch_dtype(choose_precision(AUTO, "cpu")))
    inputs = sorted((task.test_inputs[0] for task in load_named_challenges("arc1-train").tasks[:100]), key=np.size)
    inputs = inputs[first : first + tasks]
    starts = [Start(prompt(words.TASK, IDENTITY, [], one)) for one in inputs]
    figures: dict[str, int] = {}
    print(f"{'guess':28} {'ahead':>6} {'tokens/CPU-s':>13} {'same grids':>11}")
    first_lines: list[Line] = []
    for name, n_ahead in (("none", 1), ("input", 4), ("input", 8), ("input", 16), ("answer", 8), ("answer", 16)):
        answers = [line.answer.grid for line in first_lines if line.answer is not None]
        guesses = {"none": None, "input": list(inputs), "answer": answers}[name]
        began = time.process_time()
        lines = write(twin, starts, guesses, n_ahead=n_ahead)
        speed = sum(line.n_written for line in lines) / (time.process_time() - began)
        first_lines = first_lines or lines
        pairs = [(a.answer, b.answer) for a, b in zip(first_lines, lines, strict=True)]
        n_same = sum(a is not None and b is not None and np.array_equal(a.grid, b.grid) for a, b in pairs)
        figures[f"{name} {n_ahead}"] = round(speed)
        print(f"{name:28} {n_ahead:>6} {speed:>13,.0f} {n_same:>8}/{len(lines)}", flush=True)
    ratio = round(figures["input 8"] / figures["none 1"], 2)
    machine = {"torch": torch.__version__, "machine": platform.machine()}
    print(json.dumps({"tokens_per_cpu_s": figures, "ratio": ratio, **machine}))


if __name__ == "__main__":
    main()
