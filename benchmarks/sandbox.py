"""How many programs a second the sandbox runs, beside the usual ways: `python benchmarks/sandbox.py --help`.

Every way runs the same programs on the same grids in the same run, with as many workers, and every output is checked.
Start-up is not counted. Knows nothing of tasks and votes.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import click
import numpy as np
import sandbox_peers
from sandbox_programs import HANGING_SOURCE, Workload, make_workload

from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Ok, Program, TimedOut, Verdict

_N_WARM_UP = 256


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many programs each way runs, and how often the fast ones are repeated."""

    n_programs: int
    n_solo: int
    n_confirm: int
    n_hanging_load: int
    n_spawn: int
    n_human_eval: int
    n_forkserver: int
    n_repeats: int


FULL = Sizes(2000, 500, 250, 1000, 40, 200, 300, 5)
QUICK = Sizes(24, 8, 4, 20, 2, 4, 4, 1)


@dataclass(slots=True)
class Report:
    """Rows for people, figures for machines."""

    figures: dict[str, Any] = field(default_factory=dict)

    def add(self, key: str, label: str, n_programs: int, seconds: Sequence[float]) -> None:
        """Add a measurement: the median of the repeats counts."""
        per_s = n_programs / statistics.median(seconds)
        self.figures[key] = round(per_s, 1)
        spread = f"{n_programs / max(seconds):,.0f} .. {n_programs / min(seconds):,.0f}" if len(seconds) > 1 else ""
        click.echo(f"{label:<58}{n_programs:>9,}{per_s:>12,.1f}  {spread}")


@click.command(context_settings={"max_content_width": 110})
@click.option("--quick", is_flag=True, help="Tiny sizes: shows that everything runs; the figures mean nothing.")
@click.option("--seed", default=0, show_default=True, help="Seed of programs and grids.")
@click.option("--workers", "n_workers", default=0, help="Processes at a time, for every way.  [default: one a core]")
@click.option("--repeats", "n_repeats", default=0, help="Repeats of the fast ways, of which the median counts.")
def main(quick: bool, seed: int, n_workers: int, n_repeats: int) -> None:
    """Time the sandbox beside the usual ways of running generated programs.

    All ways run the same trivial programs (flips, recolourings, crops, shifts, each source different) on 4 grids of
    10x10 and every output is checked against one that numpy computed. Slow ways run only the first programs;
    their figures are programs a second as well. Takes about a minute; leave the machine alone meanwhile.

    \b
    batch      Sandbox.run: up to 128 programs share a process with all isolation layers
    solo       a process with all layers for every program
    confirm    Sandbox.confirm: two such processes for every program, under two hash seeds
    hanging    batch, with 1% and 3% of the programs replaced by endless loops, until every verdict is there

    The last line is one JSON object.

    \b
    Examples:
      python benchmarks/sandbox.py
      python benchmarks/sandbox.py --workers 1 --repeats 9
      python benchmarks/sandbox.py | tail -n 1 > figures.json
    """
    sizes = QUICK if quick else FULL
    n_workers = n_workers or len(os.sched_getaffinity(0))
    workload = make_workload(sizes.n_programs, seed)
    report = Report()
    click.echo(f"{'programs a second, median':<58}{'programs':>9}{'per s':>12}  slowest .. fastest")
    _time_peers(report, workload, sizes, n_workers)
    _time_ours(report, workload, sizes, n_workers, n_repeats or sizes.n_repeats)
    figures = report.figures
    figures["ratio_to_human_eval_style"] = round(figures["ours_per_s"] / figures["human_eval_style_per_s"], 1)
    figures |= {"cores": len(os.sched_getaffinity(0)), "n_workers": n_workers, "seed": seed, "quick": quick}
    figures |= {"python": platform.python_version(), "numpy": np.__version__}
    click.echo(f"ours, batch, is {figures['ratio_to_human_eval_style']:g} times the human-eval style")
    click.echo(json.dumps(figures))


def _time_peers(report: Report, workload: Workload, sizes: Sizes, n_workers: int) -> None:
    for key, label, run, n_programs in (
        ("spawn_per_s", "spawn: a new interpreter with numpy", sandbox_peers.spawn, sizes.n_spawn),
        (
            "human_eval_style_per_s",
            "human-eval style: fork, alarm, a manager",
            sandbox_peers.human_eval_style,
            sizes.n_human_eval,
        ),
        (
            "fork_and_pipe_per_s",
            "the same with a pipe in the manager's place",
            sandbox_peers.fork_and_pipe,
            sizes.n_forkserver,
        ),
        (
            "forkserver_per_s",
            "stdlib forkserver with numpy, a process a program",
            sandbox_peers.forkserver,
            sizes.n_forkserver,
        ),
    ):
        some = workload.head(n_programs)
        # Once before the clock runs: a forkserver starts with its first process.
        run(workload.head(1), n_workers)
        started_s = time.perf_counter()
        outputs = run(some, n_workers)
        seconds = time.perf_counter() - started_s
        if not all(some.is_right(index, grids) for index, grids in enumerate(outputs)):
            raise click.ClickException(f"{label}: an output is wrong")
        report.add(key, label, n_programs, [seconds])


def _time_ours(report: Report, workload: Workload, sizes: Sizes, n_workers: int, n_repeats: int) -> None:
    started_s = time.perf_counter()
    with Sandbox(Limits(), n_workers) as sandbox:
        isolation = sandbox.describe()
        report.figures |= {"start_s": round(time.perf_counter() - started_s, 2), "grade": isolation.grade}
        report.figures["layers"] = list(isolation.active)
        layers = f"grade {isolation.grade}"
        seconds = _repeat(sandbox.run, workload, n_repeats)
        report.add("ours_per_s", f"ours, batch, {layers}", sizes.n_programs, seconds)
        some = workload.head(sizes.n_confirm)
        report.add(
            "confirm_per_s", f"ours, confirm, {layers}", sizes.n_confirm, _repeat(sandbox.confirm, some, n_repeats)
        )
        for percent in (1, 3):
            n_programs, seconds_taken = _time_hanging(sandbox, workload.head(sizes.n_hanging_load), percent)
            label = f"ours, batch, {layers}, {percent}% hanging"
            report.add(f"hanging_{percent}_percent_per_s", label, n_programs, [seconds_taken])
    # A batch of one is the solo tier: the same processes with the same layers and limits.
    with Sandbox(Limits(cpu_s=Limits().solo_cpu_s, batch_size=1), n_workers) as sandbox:
        seconds = _repeat(sandbox.run, workload.head(sizes.n_solo), n_repeats)
        report.add("solo_per_s", f"ours, solo, {layers}", sizes.n_solo, seconds)


def _repeat(run: Callable[[Sequence[Program]], list[Verdict]], workload: Workload, n_repeats: int) -> list[float]:
    programs = _programs(workload)
    run(programs[:_N_WARM_UP])
    seconds = []
    for _ in range(n_repeats):
        started_s = time.perf_counter()
        verdicts = run(programs)
        seconds.append(time.perf_counter() - started_s)
        _check(verdicts, workload, frozenset())
    return seconds


def _time_hanging(sandbox: Sandbox, workload: Workload, percent: int) -> tuple[int, float]:
    """Replace some programs by endless loops, evenly; at least one."""
    programs = _programs(workload)
    n_hanging = max(1, len(programs) * percent // 100)
    hanging = frozenset(np.linspace(0, len(programs) - 1, n_hanging).astype(int).tolist())
    for index in hanging:
        programs[index] = Program(HANGING_SOURCE, workload.grids)
    started_s = time.perf_counter()
    verdicts = sandbox.run(programs)
    seconds = time.perf_counter() - started_s
    _check(verdicts, workload, hanging)
    return len(programs), seconds


def _programs(workload: Workload) -> list[Program]:
    return [Program(source, workload.grids) for source in workload.sources]


def _check(verdicts: Sequence[Verdict], workload: Workload, hanging: frozenset[int]) -> None:
    for index, verdict in enumerate(verdicts):
        if index in hanging:
            right = isinstance(verdict, TimedOut)
        else:
            right = isinstance(verdict, Ok) and workload.is_right(index, verdict.outputs)
        if not right:
            raise click.ClickException(f"program {index}: {verdict}\n{workload.sources[index]}")


if __name__ == "__main__":
    main()
