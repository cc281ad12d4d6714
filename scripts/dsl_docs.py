"""Write docs/dsl.md from the registry: every primitive with its signature, what it does, and its examples.

Usage: python scripts/dsl_docs.py [--check]. With --check nothing is written; exit code 1 says that the file is stale.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from arc_solver.dsl.registry import PRIMITIVES, Grid, Primitive

PAGE = Path(__file__).parent.parent / "docs" / "dsl.md"


def render() -> str:
    """The whole page."""
    groups: dict[str, list[Primitive]] = {}

    for primitive in PRIMITIVES.values():
        groups.setdefault(primitive.group, []).append(primitive)
    parts = [_introduction(groups)]
    for group, primitives in groups.items():
        module = sys.modules[f"arc_solver.dsl.{group}"]
        summary = (inspect.getdoc(module) or "").splitlines()[0]
        parts += [f"## {group}\n\n{summary}\n", *map(_entry, primitives)]
    return "\n".join(parts)


def _introduction(groups: dict[str, list[Primitive]]) -> str:
    rows = [f"| [{name}](#{name}) | {len(members)} |" for name, members in groups.items()]
    total = sum(map(len, groups.values()))
    return "\n".join(
        [
            "# The vocabulary of programs",
            "",
            "This page is written by `python scripts/dsl_docs.py` from the docstrings of `arc_solver/dsl/`.",
            "",
            f"`from arc_solver.dsl import *` gives {total} primitives, `Object` and `Grid`. They are pure,",
            "deterministic and first-order; none changes its argument. One that does not apply raises `ValueError`,",
            "and so does one whose grid would have a side of 0 or above 30. *Background* is color 0 where a grid has",
            "any 0, else its most common color; *content* is the rest. `Color` is 0..9, `Count` a small positive",
            "number, `int` may be negative.",
            "",
            "| group | primitives |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def _entry(primitive: Primitive) -> str:
    text, _, examples = (inspect.getdoc(primitive.function) or "").partition(">>>")
    lines = [f"### `{_signature(primitive)}`", "", " ".join(text.split()), ""]
    if examples:
        lines += ["```pycon", f">>>{examples}".rstrip(), "```", ""]
    return "\n".join(lines)


def _signature(primitive: Primitive) -> str:
    parameters = inspect.signature(primitive.function).parameters.values()
    arguments = []
    for parameter, kind in zip(parameters, primitive.argument_types, strict=True):
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        arguments.append(f"{parameter.name}: {_type_name(kind)}{default}")
    return f"{primitive.name}({', '.join(arguments)}) -> {_type_name(primitive.result_type)}"


def _type_name(kind: object) -> str:
    if kind == Grid:
        return "Grid"
    if kind == list[Grid]:
        return "list[Grid]"
    name = getattr(kind, "__name__", str(kind))
    if name == "list":
        return str(kind).replace("arc_solver.dsl.registry.", "")
    return "CellMap" if name == "ndarray" else name


def main(arguments: list[str]) -> int:
    """Write the page, or compare it with what would be written."""
    page = render()
    if "--check" in arguments:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page else 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
