"""Write docs/dsl.md from the registry: every primitive with its signature, what it does, a picture and its examples.

Usage: python scripts/dsl_docs.py [--check]. With --check nothing is written; exit code 1 says that a file is stale.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from dsl_pictures import picture

from arc_solver.dsl.registry import PRIMITIVES, Object, Primitive, type_name

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "dsl.md"
PICTURES = "pictures/dsl"


def render() -> dict[str, str]:
    """Every file below docs/ by its path: the page, and a picture for each primitive."""
    files: dict[str, str] = {}
    groups: dict[str, list[Primitive]] = {}
    for primitive in PRIMITIVES.values():
        groups.setdefault(primitive.group, []).append(primitive)
    parts = [_introduction(groups)]
    for group, primitives in groups.items():
        module = sys.modules[f"arc_solver.dsl.{group}"]
        summary = (inspect.getdoc(module) or "").splitlines()[0]
        parts.append(f"## {group}\n\n{summary}\n")
        for primitive in primitives:
            call, svg = picture(primitive)
            parts.append(_entry(primitive, call))
            files[f"{PICTURES}/{primitive.name}.svg"] = svg
    return {PAGE.name: "\n".join(parts)} | files


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
            "number, `int` may be negative, `Cells` says True or False for each cell, `CellMap` a number,",
            "`Places` are rows and columns of cells. A picture shows the call on a small scene; `objects` are",
            "`find_objects(grid)`.",
            "",
            "An `Object` has " + " ".join((inspect.getdoc(Object) or "").split("Attributes:")[1].split()),
            "",
            "| group | primitives |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def _entry(primitive: Primitive, call: str) -> str:
    text, _, examples = (inspect.getdoc(primitive.function) or "").partition(">>>")
    lines = [f"### `{_signature(primitive)}`", "", " ".join(text.split()), ""]
    lines += [f"![{call}]({PICTURES}/{primitive.name}.svg)", "", f"`{call}`", ""]
    if examples:
        lines += ["```pycon", f">>>{examples}".rstrip(), "```", ""]
    return "\n".join(lines)


def _signature(primitive: Primitive) -> str:
    parameters = inspect.signature(primitive.function).parameters.values()
    arguments = []
    for parameter, kind in zip(parameters, primitive.argument_types, strict=True):
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        arguments.append(f"{parameter.name}: {type_name(kind)}{default}")
    return f"{primitive.name}({', '.join(arguments)}) -> {type_name(primitive.result_type)}"


def main(arguments: list[str]) -> int:
    """Write the files, or compare them with what would be written."""
    files = render()
    stored = {path.relative_to(DOCS).as_posix(): path for path in [PAGE, *(DOCS / PICTURES).glob("*.svg")]}
    if "--check" in arguments:
        is_fresh = set(files) == set(stored) and all(
            path.exists() and path.read_text(encoding="utf-8") == files[name] for name, path in stored.items()
        )
        return 0 if is_fresh else 1
    (DOCS / PICTURES).mkdir(parents=True, exist_ok=True)
    for name in set(stored) - set(files):
        stored[name].unlink()
    for name, text in files.items():
        (DOCS / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
