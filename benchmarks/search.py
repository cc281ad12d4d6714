"""What the program search solves and what it costs: `python benchmarks/search.py --help`.

Runs on ARC-AGI-1 training tasks only, split into those that constants may be tuned on and the 100 held-out ones; of
the latter it prints counts alone. With `--cpu-s-per-test` the search of a task ends when its processes have used so
much CPU time for each test input; smaller budgets are read off the same run, as what had been found by then.
"""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click

from arc_solver.budget import Deadline
from arc_solver.candidates import Candidate, Origin, ProgramEvidence
from arc_solver.datasets import load_named
from arc_solver.grids import Grid, grids_equal
from arc_solver.omni.splits import held_out_ids
from arc_solver.proposers.search.enumerate import Enumeration
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.proposer import SearchProposer
from arc_solver.proposers.search.settings import SearchSettings
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Program, Verdict
from arc_solver.tasks import Task
from arc_solver.voting.attempts import choose_attempts

_CAP_MB = 1536
_PLAIN_PROGRAMS = 8_000
_BUDGET_PROGRAMS = 512_000
"""Where time is the limit, programs should not be."""


@dataclass(frozen=True, slots=True)
class Job:
    """One task, what it should give, and how much may be tried; budgets are CPU-seconds a test input, rising."""

    task: Task
    outputs: tuple[Grid, ...]
    max_programs: int
    baseline: bool
    budgets_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task.

    Attributes:
        task_id: The task.
        share: Share of the test outputs that are among the two attempts.
        fits: Some program reproduces all training pairs.
        stage: Stage of the first right program, else "".
        cpu_s: CPU time of the search and of its sandbox.
        solve_cpu_s: CPU time after which the first right program was there.
        n_run: Programs that ran in the sandbox.
        n_lines: Lines of that program, its signature included.
        memory_mb: Largest resident size of the worker so far.
        naive_share: As `share`, of the enumerator alone.
        naive_cpu_s: Its CPU time.
        n_tried: Programs that it evaluated.
        shares: As `share`, for each budget.
    """

    task_id: str
    share: float
    fits: bool
    stage: str
    cpu_s: float
    solve_cpu_s: float
    n_run: int
    n_lines: int
    memory_mb: float
    shares: tuple[float, ...] = ()
    naive_share: float = 0.0
    naive_cpu_s: float = 0.0
    n_tried: int = 0


class Meter:
    """A sandbox that counts, and a clock: CPU seconds of this process and of the sandbox's, which only grow."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._used_s: dict[int, float] = {}
        self.n_run = 0

    def confirm(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        """As the sandbox's own."""
        verdicts = self._sandbox.confirm(programs, deadline)
        self.n_run += len(programs)
        self._used_s |= {pid: cpu_s for pid in self._sandbox.process_ids() if (cpu_s := process_cpu_s(pid))}
        return verdicts

    def now_s(self) -> float:
        """What was used so far; the sandbox's share as it was after its last call."""
        return time.process_time() + sum(self._used_s.values())


def process_cpu_s(pid: int) -> float:
    """CPU time of a process and of its children that ended; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


_SANDBOX: list[Sandbox] = []


def start() -> None:
    """Start a worker: one sandbox for all its tasks."""
    sandbox = Sandbox(n_workers=1)
    sandbox.__enter__()
    _SANDBOX.append(sandbox)


def search(job: Job) -> Outcome:
    """Search one task, then let the enumerator alone do the same."""
    meter = Meter(_SANDBOX[0])
    # The sandbox's processes are older than this task.
    meter.confirm([])
    started_s = meter.now_s()
    n_tests = len(job.task.test_inputs)
    deadline = Deadline.after(job.budgets_s[-1] * n_tests, meter) if job.budgets_s else _never()
    proposer = SearchProposer(meter, SearchSettings(job.max_programs))
    found = [
        (event, meter.now_s() - started_s)
        for event in proposer.propose([job.task], deadline)
        if isinstance(event, Candidate)
    ]
    outcome = _outcome(job, found, meter.now_s() - started_s, meter.n_run)
    return dataclasses.replace(outcome, **_baseline(job)) if job.baseline else outcome


def _never() -> Deadline:
    return Deadline.after(1e9)


def _outcome(job: Job, found: Sequence[tuple[Candidate, float]], cpu_s: float, n_run: int) -> Outcome:
    """What became of a task, given its candidates, each with the CPU time after which it was there."""
    programs = [(one, one.evidence, at_s) for one, at_s in found if isinstance(one.evidence, ProgramEvidence)]
    right = [(one, evidence, at_s) for one, evidence, at_s in programs if _is_right(one.outputs, job.outputs)]
    n_tests = len(job.task.test_inputs)
    return Outcome(
        task_id=job.task.task_id,
        share=_share(job, [one for one, _ in found]),
        shares=tuple(_share(job, [one for one, at_s in found if at_s <= b * n_tests]) for b in job.budgets_s),
        fits=any(evidence.n_train_passed == evidence.n_train for _, evidence, _ in programs),
        stage=right[0][0].origin.detail if right else "",
        cpu_s=cpu_s,
        solve_cpu_s=right[0][2] if right else 0.0,
        n_run=n_run,
        n_lines=len(right[0][1].source.splitlines()) if right else 0,
        memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _baseline(job: Job) -> dict[str, Any]:
    """The enumerator alone: its cheapest fitting programs, trusted as they are."""
    started = time.process_time()
    bank = Enumeration(Examples.of_task(job.task), min(job.max_programs, _PLAIN_PROGRAMS), _never()).run()
    cpu_s = time.process_time() - started
    n_train = len(job.task.train)
    found = [
        Candidate(
            job.task.task_id,
            dict(enumerate(value.results[n_train:])),
            Origin("search", detail="naive"),
            ProgramEvidence(f"def task(grid):\n    return {value.expression}\n", n_train, n_train, value.cost / 2),
        )
        for value in bank.fitting
    ]
    return {"naive_share": _share(job, found), "naive_cpu_s": cpu_s, "n_tried": bank.n_programs}


def _share(job: Job, found: Sequence[Candidate]) -> float:
    pairs = choose_attempts(job.task, found).pairs
    right = [
        any(attempt.rank is not None and grids_equal(attempt.grid, wanted) for attempt in attempts)
        for attempts, wanted in zip(pairs, job.outputs, strict=True)
    ]
    return sum(right) / len(right)


def _is_right(outputs: Mapping[int, Grid], wanted: Sequence[Grid]) -> bool:
    return all(index in outputs and grids_equal(outputs[index], grid) for index, grid in enumerate(wanted))


@click.command(context_settings={"max_content_width": 110})
@click.option("--part", type=click.Choice(["tuning", "held-out", "both"]), default="both", show_default=True)
@click.option("--limit", default=0, help="Only the first N tasks of each part.  [default: all]")
@click.option("--every", default=1, help="Only every N-th task.")
@click.option(
    "--max-programs",
    default=0,
    help=f"For each task, in its last pass.  [default: {_PLAIN_PROGRAMS}; {_BUDGET_PROGRAMS} with --cpu-s-per-test]",
)
@click.option("--cpu-s-per-test", "budgets", metavar="S,S", help="Budgets of CPU-seconds a test input, such as 2,5,10.")
@click.option("--workers", "n_workers", default=0, help="Processes at a time.  [default: one a core]")
@click.option("--baseline/--no-baseline", default=True, show_default=True, help="Time the enumerator alone as well.")
@click.option("--solved", "solved_path", type=click.Path(dir_okay=False), help="Write ids of solved tuning tasks here.")
def main(
    part: str,
    limit: int,
    every: int,
    max_programs: int,
    budgets: str | None,
    n_workers: int,
    baseline: bool,
    solved_path: str | None,
) -> None:
    """Search ARC-AGI-1 training tasks: solves at two attempts, time, memory, stages.

    A task counts as solved if all its test outputs are among the two attempts and come from a program (fall-backs do
    not count here). "naive" is the baseline: the typed enumerator alone with the same number of programs.
    The last line is one JSON object. Takes about ten minutes on two cores; half an hour with --cpu-s-per-test 2,5,10.
    """
    budgets_s = _budgets(budgets)
    max_programs = max_programs or (_BUDGET_PROGRAMS if budgets_s else _PLAIN_PROGRAMS)
    challenges, solutions = load_named("arc1-train")
    tasks = {task.task_id: task for task in challenges.tasks}
    held_out = held_out_ids(tasks)
    parts = {"tuning": sorted(set(tasks) - held_out), "held-out": sorted(held_out)}
    figures: dict[str, Any] = {"max_programs": max_programs, "cpu_s_per_test": budgets_s}
    click.echo(
        f"{'part':<10}{'tasks':>7}{'solved':>8}{'score':>8}{'fit':>6}{'naive':>7}"
        f"{'cpu s, median':>15}{'90%':>7}{'sum':>8}"
    )
    with ProcessPoolExecutor(n_workers or os.cpu_count(), get_context("spawn"), start) as pool:
        for name in parts if part == "both" else [part]:
            ids = parts[name][::every][: limit or None]
            jobs = [Job(tasks[one], solutions.outputs[one], max_programs, baseline, budgets_s) for one in ids]
            outcomes = list(pool.map(search, jobs))
            figures |= {f"{name.replace('-', '_')}_{key}": value for key, value in _figures(outcomes).items()}
            at = {f"{budget:g}": _solved_at(outcomes, index) for index, budget in enumerate(budgets_s)}
            if at:
                figures[f"{name.replace('-', '_')}_solved_at_cpu_s_per_test"] = at
            click.echo(_row(name, outcomes))
            for budget, n_solved in at.items():
                click.echo(f"{'':<10}{n_solved:>14} at {budget} CPU-seconds a test input")
            if name == "tuning" and solved_path:
                Path(solved_path).write_text(
                    "".join(f"{one.task_id} {one.stage}\n" for one in outcomes if one.share == 1)
                )
    click.echo(json.dumps(figures))


def _budgets(text: str | None) -> tuple[float, ...]:
    try:
        budgets_s = tuple(sorted({float(one) for one in (text or "").split(",") if one.strip()}))
    except ValueError:
        raise click.BadParameter(f"{text!r} are no numbers", param_hint="--cpu-s-per-test") from None
    if not all(0 < budget < 1e6 for budget in budgets_s):
        raise click.BadParameter("budgets must be above 0", param_hint="--cpu-s-per-test")
    return budgets_s


def _solved_at(outcomes: Sequence[Outcome], index: int) -> int:
    return sum(one.shares[index] == 1 for one in outcomes)


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    figures = _figures(outcomes)
    return (
        f"{name:<10}{figures['n_tasks']:>7}{figures['solved']:>8}{figures['score']:>8.1f}{figures['fits']:>6}"
        f"{figures['naive_solved']:>7}{figures['cpu_s_median']:>15.2f}{figures['cpu_s_90']:>7.2f}{figures['cpu_s']:>8.0f}"
    )


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    times = sorted(one.cpu_s for one in outcomes)
    solved = [one for one in outcomes if one.share == 1]
    to_solve = sorted(one.solve_cpu_s for one in solved) or [0.0]
    lines = sorted(one.n_lines for one in solved if one.n_lines) or [0]
    naive_s = sum(one.naive_cpu_s for one in outcomes)
    return {
        "n_tasks": len(outcomes),
        "solved": len(solved),
        "score": round(sum(one.share for one in outcomes), 2),
        "fits": sum(one.fits for one in outcomes),
        "naive_solved": sum(one.naive_share == 1 for one in outcomes),
        "stages": dict(Counter(one.stage for one in solved).most_common()),
        "cpu_s_median": round(statistics.median(times), 3),
        "cpu_s_90": round(times[int(0.9 * (len(times) - 1))], 3),
        "cpu_s": round(sum(times), 1),
        "solve_cpu_s_median": round(statistics.median(to_solve), 3),
        "solve_cpu_s_90": round(to_solve[int(0.9 * (len(to_solve) - 1))], 3),
        "programs_run_in_sandbox": sum(one.n_run for one in outcomes),
        "programs_per_cpu_s": round(sum(one.n_tried for one in outcomes) / naive_s) if naive_s else None,
        "lines_median": statistics.median(lines),
        "lines_max": lines[-1],
        "memory_mb": round(max(one.memory_mb for one in outcomes)),
        "memory_within_cap": max(one.memory_mb for one in outcomes) < _CAP_MB,
    }


if __name__ == "__main__":
    main()
