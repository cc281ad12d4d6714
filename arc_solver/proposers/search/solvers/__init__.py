"""Solvers that infer parameters from the training pairs and write programs, one module each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from arc_solver.proposers.search.examples import Draft, Examples, Solver
from arc_solver.proposers.search.solvers import cell_rules, panel_rules, recolor, selection, tiling
from arc_solver.proposers.search.values import Value

SOLVERS: dict[str, Solver] = {
    "recolor": recolor.solve,
    "tiling": tiling.solve,
    "cell_rules": cell_rules.solve,
}
"""Solvers that need the examples only."""

LIST_SOLVERS: dict[str, Callable[[Examples, Sequence[Value]], Iterator[Draft]]] = {
    "selection": selection.solve,
    "panel_rules": panel_rules.solve,
}
"""Solvers that need lists which the enumerator found."""
