"""The words around the grids: one template for each learning task and prompt version.

`brief` is for models that are trained on it, so that almost every token is a cell. The others explain themselves to an
instruction-tuned model: `v0` in one paragraph; `v1` in sections, with what every puzzle takes for granted and a closing
heading; in `v2` that heading and a sentence to lead in belong to the answer; `v3` shows the test input beside a
program's examples too and calls the program's argument by another name; `v4` is `v2` with the vocabulary. Knows nothing
of encoders, tasks or models.
"""

from __future__ import annotations

from arc_solver.errors import InputError
from arc_solver.prompts.templates.imagining import (
    CODE_FROM_INPUTS,
    IMAGINING_TEMPLATES,
    INPUT_FROM_CODE,
    INPUT_FROM_INPUTS,
    OUTPUT_FROM_OUTPUTS,
)
from arc_solver.prompts.templates.judging import (
    FIRST_OR_SECOND,
    JUDGING_TEMPLATES,
    SELECT_OUTPUT,
    VERIFY_OUTPUT,
    YES_OR_NO,
)
from arc_solver.prompts.templates.solving import (
    CODE_FROM_EXAMPLES,
    CODE_REPAIR,
    OUTPUT_FROM_CODE,
    OUTPUT_FROM_EXAMPLES,
    SOLVING_TEMPLATES,
)
from arc_solver.prompts.templates.worded import worded
from arc_solver.prompts.templates.words import CODE_FENCE, USUAL_ARGUMENT, Template

__all__ = [
    "CODE_FENCE",
    "CODE_FROM_EXAMPLES",
    "CODE_FROM_INPUTS",
    "CODE_REPAIR",
    "FIRST_OR_SECOND",
    "INPUT_FROM_CODE",
    "INPUT_FROM_INPUTS",
    "OUTPUT_FROM_CODE",
    "OUTPUT_FROM_EXAMPLES",
    "OUTPUT_FROM_OUTPUTS",
    "SELECT_OUTPUT",
    "TEMPLATES",
    "USUAL_ARGUMENT",
    "VERIFY_OUTPUT",
    "VERSIONS",
    "YES_OR_NO",
    "Template",
    "get_template",
]

_WRITTEN = {**SOLVING_TEMPLATES, **IMAGINING_TEMPLATES, **JUDGING_TEMPLATES}
TEMPLATES: dict[tuple[str, str], Template] = {**_WRITTEN, **worded(_WRITTEN)}

VERSIONS = tuple(dict.fromkeys(version for _, version in TEMPLATES))


def get_template(recipe: str, version: str) -> Template:
    """The template of a learning task in one prompt version.

    Raises:
        InputError: No such learning task, or none of that version; the message lists those that exist.
    """
    if (recipe, version) not in TEMPLATES:
        known = ", ".join(f"{recipe} {version}" for recipe, version in TEMPLATES)
        raise InputError(f"no prompt for {recipe!r} in version {version!r}; known: {known}")
    return TEMPLATES[recipe, version]
