"""Version v4: as v2, and whoever writes a program is shown the vocabulary, one word a line.

The list is made from the registry, so a new primitive is in the next prompt. It costs some thousand tokens, but they
are the same for every task: an engine that keeps prefixes reads them once.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping

from arc_solver.dsl.registry import PRIMITIVES, Grid, Primitive, type_name
from arc_solver.prompts.templates.words import EXAMPLES_HEADING, Template, sections

_INTRODUCTION = (
    "# Words\n\n"
    "All of these functions are in scope, besides numpy as `np`. `grid` arguments are grids; a function without `->` "
    "returns a grid. None changes its arguments; one that does not apply raises ValueError. Cells are chosen by a "
    "boolean array (`Cells`); a `CellMap` has a number for each cell. An `Object` has `grid`, `row`, `col`, `mask`, "
    "`height`, `width`, `size`, `bottom`, `right`, `center`, `color`, `colors` and `cells`."
)


def vocabulary_section() -> str:
    """The registry as text: a heading, how to read it, and the signatures of each group."""
    groups: dict[str, list[str]] = {}
    for primitive in PRIMITIVES.values():
        groups.setdefault(primitive.group, []).append(f"- {_signature(primitive)}")
    return sections(_INTRODUCTION, *(f"## {name}\n\n" + "\n".join(lines) for name, lines in groups.items()))


def worded(templates: Mapping[tuple[str, str], Template]) -> dict[tuple[str, str], Template]:
    """The templates of version v4, made of those of v2."""
    vocabulary = vocabulary_section()
    return {
        (recipe, "v4"): _with_words(template, vocabulary)
        for (recipe, version), template in templates.items()
        if version == "v2"
    }


def _with_words(template: Template, vocabulary: str) -> Template:
    if "`task(" not in template.opening:
        return template
    before, heading, after = template.opening.rpartition(EXAMPLES_HEADING)
    return dataclasses.replace(template, opening=f"{before}{vocabulary}\n\n{heading}{after}")


def _signature(primitive: Primitive) -> str:
    parameters = inspect.signature(primitive.function).parameters.values()
    arguments = []
    for parameter, kind in zip(parameters, primitive.argument_types, strict=True):
        told = parameter.name if kind == Grid else f"{parameter.name}: {type_name(kind)}"
        arguments.append(told if parameter.default is parameter.empty else f"{told} = {parameter.default!r}")
    result = "" if primitive.result_type == Grid else f" -> {type_name(primitive.result_type)}"
    return f"{primitive.name}({', '.join(arguments)}){result}"
