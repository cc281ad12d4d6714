"""Which programs stand behind an answer. Knows nothing of right answers or of where programs run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from arc_solver.candidates import Candidate, Origin, ProgramEvidence
from arc_solver.grids import Grid, grids_equal


@dataclass(frozen=True, slots=True)
class Standing:
    """A program that stands for an answer.

    Attributes:
        origin: Who found it first.
        program: Its source, and what speaks for it.
    """

    origin: Origin
    program: ProgramEvidence


def programs_behind(candidates: Iterable[Candidate], test_index: int, grid: Grid) -> tuple[Standing, ...]:
    """The programs that gave this grid, the simplest first; one for each source and view.

    Args:
        candidates: Those of one task.
        test_index: The test input.
        grid: The answer.
    """
    found: dict[tuple[str, str], Standing] = {}
    for one in candidates:
        evidence, output = one.evidence, one.outputs.get(test_index)
        if output is None or not isinstance(evidence, ProgramEvidence):
            continue
        if evidence.n_train_passed and grids_equal(output, grid):
            found.setdefault((evidence.source, evidence.view), Standing(one.origin, evidence))
    return tuple(sorted(found.values(), key=_simplicity))


def _simplicity(one: Standing) -> tuple[int, float, int, str]:
    program = one.program
    return (-program.n_train_passed, program.cost, len(program.source), program.source)
