"""Writing a grown program as source that people like to read: names by kind, used again when they are free.

Knows nothing of what programs do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from arc_solver.dsl.registry import Grid
from arc_solver.omni.synthesis.growing import Statement
from arc_solver.omni.synthesis.vocabulary import Kind, element_of, label_of

_NAME = re.compile(r"\bv\d+\b")
_COPY = re.compile(r"v\d+ = (v\d+)\.copy\(\)\n")
_ONE = re.compile(r"for (v\d+) in (v\d+)")


def source_of(statements: Sequence[Statement]) -> str:
    """The source of `task(grid)`."""
    last_use = {name: number for number, one in enumerate(statements) for name in _NAME.findall(one.text)}
    names = {"v0": "grid"}
    kinds: dict[str, Kind] = {"v0": Grid}
    lines = ["def task(grid):"]
    for number, statement in enumerate(statements):
        target = statement.target
        is_last = number == len(statements) - 1
        kinds[target.name] = target.kind
        simple = statement.text.startswith(f"{target.name} = ") and "\n" not in statement.text
        # A name is free once its value has had its last use, in a block only after the block.
        taken = {
            name for key, name in names.items() if last_use[key] > number or (last_use[key] == number and not simple)
        }
        local = {**names, target.name: _free_name(label_of(target.kind), taken)}
        for one, listed in _ONE.findall(statement.text):
            in_use = {
                *taken,
                local[target.name],
                *(local[key] for key in _NAME.findall(statement.text) if key in local),
            }
            local[one] = _free_name(label_of(_loop_kind(kinds[listed])), in_use, short=True)
        text = statement.text
        source = _painted_over(statements, number)
        if source is not None:
            # Nobody needs the grid as it was: it is painted without a copy.
            text, local[target.name] = text.partition("\n")[2], names[source]
        text = _renamed(text, local)
        if is_last and simple:
            text = "return " + text.partition(" = ")[2]
        lines += [f"    {line}" for line in text.splitlines()]
        if is_last and not simple:
            lines.append(f"    return {local[target.name]}")
        names[target.name] = local[target.name]
    return "\n".join(lines) + "\n"


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return _NAME.sub(lambda match: names[match[0]], text)


def _painted_over(statements: Sequence[Statement], number: int) -> str | None:
    """The variable whose copy a statement paints, if it is a copy itself and has no other use."""
    match = _COPY.match(statements[number].text)
    if match is None:
        return None
    source = match[1]
    made = [one for one in statements if one.target.name == source and _COPY.match(one.text)]
    n_readers = sum(source in one.names for one in statements)
    return source if made and n_readers == 2 else None


def _loop_kind(listed: Kind) -> Kind:
    return element_of(listed)


def _free_name(label: str, taken: set[str], short: bool = False) -> str:
    label = "part" if short and label == label_of(Grid) else label
    if label not in taken:
        return label
    names = (f"other_{label}", *(f"{label}_{number}" for number in range(3, 10)))
    return next(name for name in names if name not in taken)
