"""Write docs/solvers.md: every solver with its rule in words, the tasks without one, and how often each word is used.

Usage: python scripts/solver_docs.py [--check]. With --check nothing is written; exit code 1: the file is stale.
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections import Counter
from pathlib import Path

from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.omni.solvers import Solver, load_solvers, load_unsolved

PAGE = Path(__file__).parent.parent / "docs" / "solvers.md"
SOURCES = "../arc_solver/omni/solvers"


def render() -> str:
    """The whole page."""
    solvers, unsolved = load_solvers(), load_unsolved()
    lines = statistics.median(solver.n_lines for solver in solvers.values())
    rows = [
        f"| [{task_id}]({SOURCES}/t_{task_id}.py) | {solver.summary} | {solver.n_lines} |"
        for task_id, solver in solvers.items()
    ]
    left = [f"| {task_id} | {reason} |" for task_id, reason in unsolved.items()]
    return "\n".join(
        [
            "# Solvers of the training tasks",
            "",
            "This page is written by `python scripts/solver_docs.py`. `python -m arc_solver.omni.verify --re-arc FILE`",
            "runs every solver on its task's pairs and on its RE-ARC examples; right is all of the former and 95% of",
            "the latter.",
            "",
            f"{len(solvers)} of the 400 ARC-AGI-1 training tasks have a solver, of {lines:g} lines in the median.",
            "",
            "| task | rule | lines |",
            "|---|---|---|",
            *rows,
            "",
            "## Tasks without a solver",
            "",
            "| task | why |",
            "|---|---|",
            *left,
            "",
            "## Words, by the number of solvers that use them",
            "",
            *_words(list(solvers.values())),
            "",
        ]
    )


def _words(solvers: list[Solver]) -> list[str]:
    counts = Counter(word for solver in solvers for word in _used(solver))
    by_count: dict[int, list[str]] = {}
    for word in PRIMITIVES:
        by_count.setdefault(counts[word], []).append(f"`{word}`")
    rows = [f"| {count} | {', '.join(sorted(words))} |" for count, words in sorted(by_count.items(), reverse=True)]
    return ["| solvers | words |", "|---|---|", *rows]


def _used(solver: Solver) -> set[str]:
    names = {node.id for node in ast.walk(ast.parse(solver.source)) if isinstance(node, ast.Name)}
    return names & set(PRIMITIVES)


def main(arguments: list[str]) -> int:
    """Write the page, or compare it with what would be written."""
    page = render()
    if "--check" in arguments:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page else 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
