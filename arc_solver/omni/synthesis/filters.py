"""What makes a task worth learning: outputs that differ, are no copies and no blanks, and no statement for nothing.

Knows nothing of how programs are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import CodeType
from typing import Any

from arc_solver.dsl.registry import Grid
from arc_solver.grids import grid_key
from arc_solver.omni.synthesis.growing import Growth, Statement, same_value
from arc_solver.omni.synthesis.running import execute
from arc_solver.omni.synthesis.scope import Variable
from arc_solver.omni.synthesis.vocabulary import N_LITERALS, Kind

_N_ROUNDS = 6
MAX_SHARE_DULL = 0.34
"""At most this share of a task's outputs may be blank or equal to their inputs."""


def is_interesting(inputs: Sequence[Grid], outputs: Sequence[Grid]) -> bool:
    """Outputs differ from one another, and few of them are blank or equal to their inputs."""
    keys = [grid_key(output) for output in outputs]
    if len(set(keys)) == 1:
        return False
    n_same = sum(grid_key(grid) == key for grid, key in zip(inputs, keys, strict=True))
    n_blank = sum(bool((output == output[0, 0]).all()) for output in outputs)
    return max(n_same, n_blank) <= MAX_SHARE_DULL * len(outputs)


def reduced(growth: Growth) -> Growth | None:
    """The program with its statements as simple as they can be for these outputs.

    Returns:
        None if a statement can be left out: its value can be an earlier one, or the same number for every input.
    """
    for _ in range(_N_ROUNDS):
        simpler = _simplified(growth)
        if simpler is growth:
            return growth if _every_statement_matters(growth) else None
        growth = simpler
    return None


def _simplified(growth: Growth) -> Growth:
    """The program with its first statement that says too much replaced by a simpler one; itself if there is none."""
    for number, statement in enumerate(growth.statements):
        place = next((n for n, text in enumerate(statement.lesser) if _does_as_well(growth, number, text)), None)
        if place is not None:
            statements = list(growth.statements)
            # The simplest come first; none of those before this one does.
            lesser = statement.lesser[:place]
            statements[number] = Statement.of(statement.target, statement.lesser[place], lesser)
            for namespace in growth.namespaces:
                for changed in statements[number:]:
                    execute(changed.code, namespace)
            return Growth(tuple(statements), growth.namespaces)
    return growth


def _every_statement_matters(growth: Growth) -> bool:
    earlier: dict[str, Kind] = {"v0": Grid}
    for number, statement in enumerate(growth.statements):
        target = statement.target
        simpler = [f"{target.name} = {name}" for name, kind in earlier.items() if _could_stand_for(kind, target.kind)]
        if target.kind in N_LITERALS:
            values = {repr(namespace[target.name]) for namespace in growth.namespaces}
            simpler += [f"{target.name} = {value}" for value in sorted(values)]
        if any(_does_as_well(growth, number, text) for text in simpler):
            return False
        earlier[target.name] = target.kind
    return True


def _could_stand_for(kind: Kind, other: Kind) -> bool:
    # Some words care for no more than how long a list is, or how many rows a grid has.
    return bool(kind == other) or (kind not in N_LITERALS and other not in N_LITERALS)


def _does_as_well(growth: Growth, number: int, text: str) -> bool:
    """True if another text for statement `number` leads to the same outputs, for every input."""
    code = compile(text, "<simpler>", "exec")
    target = growth.statements[number].target
    rest = growth.statements[number + 1 :]
    # Most texts are found out by the first input.
    return all(_same_output(code, target, rest, namespace) for namespace in growth.namespaces)


def _same_output(code: CodeType, target: Variable, rest: Sequence[Statement], namespace: dict[str, Any]) -> bool:
    changed = dict(namespace)
    if not execute(code, changed):
        return False
    if same_value(target.kind, changed[target.name], namespace[target.name]):
        return True
    touched = {target.name}
    for statement in rest:
        if touched & statement.names:
            if not execute(statement.code, changed):
                return False
            touched.add(statement.target.name)
    last = rest[-1].target if rest else target
    return same_value(last.kind, changed[last.name], namespace[last.name])
