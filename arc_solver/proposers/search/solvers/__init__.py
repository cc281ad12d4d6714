"""Solvers that infer parameters from the training pairs and write programs, one module each."""

from arc_solver.proposers.search.examples import Solver
from arc_solver.proposers.search.solvers import cell_rules

SOLVERS: dict[str, Solver] = {
    "cell_rules": cell_rules.solve,
}
