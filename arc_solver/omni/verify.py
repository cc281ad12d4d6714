"""Is every solver the rule of its task? `python -m arc_solver.omni.verify --re-arc FILE` runs all of them and says.

A solver is right if it gives every original pair of its task, demonstrations and tests, and at least 95% of its RE-ARC
examples, which show the same rule on other grids. Programs run in the sandbox; expected outputs stay here. Reads
training tasks only.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from arc_solver.errors import InputError
from arc_solver.grids import grids_equal
from arc_solver.omni.solvers import Solver, load_solvers
from arc_solver.omni.sources import PairSource, ReArc, TrainingTasks
from arc_solver.omni.splits import LEAKING_IDS
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Ok, Program, Verdict
from arc_solver.tasks import Pair

MIN_SHARE = 0.95
"""Share of a task's RE-ARC examples that a solver must get right."""

_LIMITS = Limits(cpu_s=0.5, solo_cpu_s=2.0, batch_size=64)


@dataclass(frozen=True, slots=True)
class Miss:
    """A pair that a solver gets wrong; `verdict` is what came out instead."""

    pair: Pair
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """What one solver does.

    Attributes:
        solver: The solver.
        n_pairs: Original pairs of its task.
        n_pairs_right: Those that it reproduces.
        n_examples: RE-ARC examples that it ran on.
        n_examples_right: Those that it reproduces.
        misses: Every pair that it gets wrong, original ones first.
    """

    solver: Solver
    n_pairs: int
    n_pairs_right: int
    n_examples: int
    n_examples_right: int
    misses: tuple[Miss, ...]

    @property
    def is_right(self) -> bool:
        """All original pairs, and at least 95% of the examples."""
        enough = self.n_examples_right >= MIN_SHARE * self.n_examples
        return self.n_pairs_right == self.n_pairs and enough

    def line(self) -> str:
        """One line of text for people."""
        share = 100 * self.n_examples_right / self.n_examples if self.n_examples else float("nan")
        mark = "right" if self.is_right else "WRONG"
        why = "" if self.is_right or not self.misses else f"  {describe(self.misses[0].verdict)}"
        return (
            f"{self.solver.task_id}  pairs {self.n_pairs_right}/{self.n_pairs}  "
            f"re-arc {self.n_examples_right:3}/{self.n_examples:3} {share:5.1f}%  "
            f"{self.solver.n_lines:2} lines  {mark}{why}"
        )


def describe(verdict: Verdict) -> str:
    """What came out, in a few words."""
    return "wrong grid" if isinstance(verdict, Ok) else str(verdict.reason)


def verify(
    solvers: Iterable[Solver], training: PairSource, examples: PairSource | None, sandbox: Sandbox, n_examples: int = 0
) -> Iterator[Report]:
    """A report for each solver, as it is done.

    Args:
        solvers: What to run.
        training: The original pairs.
        examples: Further pairs of the same tasks; None for none.
        sandbox: Where the programs run.
        n_examples: At most so many further pairs a task, 0 for all.

    Raises:
        InputError: A solver's task is not in `training`, or a file is damaged.
    """
    for solver in solvers:
        if solver.task_id not in training.task_ids():
            raise InputError(f"solver t_{solver.task_id}.py: {solver.task_id} is no training task")
        pairs = _pairs(training, solver.task_id, 0)
        more = _pairs(examples, solver.task_id, n_examples) if examples is not None else []
        verdicts = sandbox.run([Program(solver.source, (pair.input,)) for pair in [*pairs, *more]])
        right = [
            isinstance(verdict, Ok) and grids_equal(verdict.outputs[0], pair.output)
            for pair, verdict in zip([*pairs, *more], verdicts, strict=True)
        ]
        misses = [
            Miss(pair, verdict) for pair, verdict, ok in zip([*pairs, *more], verdicts, right, strict=True) if not ok
        ]
        n_right = sum(right[: len(pairs)])
        yield Report(solver, len(pairs), n_right, len(more), sum(right) - n_right, tuple(misses))


def _pairs(source: PairSource, task_id: str, at_most: int) -> list[Pair]:
    if task_id not in source.task_ids():
        return []
    table = source.table(task_id)
    return [table.pair(index) for index in range(min(len(table), at_most or len(table)))]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m arc_solver.omni.verify",
        description="Run every solver in the sandbox on its task's own pairs and on its RE-ARC examples.",
        epilog=f"Right is: all pairs, and at least {MIN_SHARE:.0%} of the examples. Exit code 1 if a solver is not.",
    )
    parser.add_argument("--re-arc", type=Path, metavar="FILE", help="a RE-ARC archive; without it only original pairs")
    parser.add_argument("--tasks", default="", metavar="ID,ID", help="only these tasks")
    parser.add_argument("--n-examples", type=int, default=0, metavar="N", help="RE-ARC examples a task (0: all)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="sandbox processes")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="draw N misses of each solver")
    parser.add_argument("--failures", action="store_true", help="print only solvers that are not right")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _verify_all(options)
    except (InputError, ValueError) as error:
        _print(f"error: {error}")
        return 2


def _verify_all(options: argparse.Namespace) -> int:
    solvers = load_solvers()
    wanted = [task_id for task_id in options.tasks.split(",") if task_id]
    unknown = [task_id for task_id in wanted if task_id not in solvers]
    if unknown:
        raise InputError(f"no solver for {', '.join(unknown)}")
    chosen = [solvers[task_id] for task_id in wanted] or list(solvers.values())
    examples = ReArc(options.re_arc) if options.re_arc else None
    reports = []
    with Sandbox(_LIMITS, options.workers) as sandbox:
        for report in verify(chosen, TrainingTasks(), examples, sandbox, options.n_examples):
            reports.append(report)
            if not (options.failures and report.is_right):
                _print(report.line())
            for miss in report.misses[: options.show]:
                _print(_picture(miss))
    _print("\n".join(_summary(reports)))
    return 0 if all(report.is_right for report in reports) else 1


def _summary(reports: Sequence[Report]) -> list[str]:
    n_right = sum(report.is_right for report in reports)
    leaking = sorted({report.solver.task_id for report in reports if report.is_right} & LEAKING_IDS)
    figures = {
        "solvers": len(reports),
        "right": n_right,
        "pairs_right": sum(report.n_pairs_right for report in reports),
        "pairs": sum(report.n_pairs for report in reports),
        "examples_right": sum(report.n_examples_right for report in reports),
        "examples": sum(report.n_examples for report in reports),
        "right_but_leaking": leaking,
    }
    return [f"{n_right} of {len(reports)} solvers are right", json.dumps(figures)]


def _picture(miss: Miss) -> str:
    """Input, wanted output and what came out, side by side."""
    grids = [miss.pair.input, miss.pair.output, *(miss.verdict.outputs if isinstance(miss.verdict, Ok) else ())]
    heights = max(len(grid) for grid in grids)
    blocks = [[" ".join(".123456789"[cell] for cell in row) for row in grid] for grid in grids]
    rows = []
    for index in range(heights):
        cells = [
            (block[index] if index < len(block) else "").ljust(2 * grid.shape[1] - 1)
            for block, grid in zip(blocks, grids, strict=True)
        ]
        rows.append("    " + "   |   ".join(cells).rstrip())
    title = "input | wanted" + (" | got" if isinstance(miss.verdict, Ok) else f"; got {describe(miss.verdict)}")
    return "\n".join([f"    {title}", *rows, ""])


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
