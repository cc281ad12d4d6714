"""Templates of the learning tasks that imagine what puzzles are made of: one more input or output, and generators.

What one grid of many has in common with the others is learned without any rule. Demonstrations are single grids here.
"""

from __future__ import annotations

from arc_solver.prompts.encoders import GRID_FENCE
from arc_solver.prompts.templates.words import (
    CODE_HEADING,
    CODE_PREFILL,
    LEGEND,
    PRIORS,
    SYSTEM,
    Template,
    goal_section,
    sections,
    versions,
)

INPUT_FROM_INPUTS = "input-from-inputs"
OUTPUT_FROM_OUTPUTS = "output-from-outputs"
INPUT_FROM_CODE = "input-from-code"
CODE_FROM_INPUTS = "code-from-inputs"

_BLOCK_AND_NOTHING_ELSE = "as one block of the same form and nothing else."
_GENERATOR = (
    "a Python function `generate(rng)` that takes a numpy random generator and returns one more grid of the same kind, "
    "another one each time."
)
_GENERATOR_LEAD_IN = f"{CODE_HEADING}\n\nThis function makes such grids:\n\n{CODE_PREFILL}"
_FROM_CODE_GOAL = (
    "A grid that the function below may return; it takes a numpy random generator and returns another grid each time. "
    f"Write it as one block that starts with rows x columns and nothing else. {LEGEND.strip()}"
)


def _premise(what: str) -> str:
    return f"All grids below are {what}s of one and the same puzzle. {LEGEND}"


def _spoken_grid(what: str) -> str:
    return f"{what.capitalize()} {{number}}\n\n{{grid}}\n\n"


def _more_templates(recipe: str, what: str) -> dict[tuple[str, str], Template]:
    """One more grid of the kind `what`, `input` or `output`."""
    heading = f"# One more {what}"
    section = f"\n\n## {what.capitalize()} {{number}}\n\n{{grid}}"
    opening = sections(
        f"# The grids\n\n{_premise(what).strip()}",
        PRIORS,
        goal_section(f"One more {what} of the same kind, unlike any of these, {_BLOCK_AND_NOTHING_ELSE}"),
        f"# {what.capitalize()}s",
    )
    lead_in = f"{heading}\n\nThis grid is of the same kind:\n\n{GRID_FENCE}"
    in_answer = Template(opening, section, "", lead_in, SYSTEM)
    return versions(
        recipe,
        brief=Template("", f"{what}\n{{grid}}\n", what, ""),
        v0=Template(
            f"{_premise(what)}Write one more {what} of the same kind, unlike any of these, "
            f"{_BLOCK_AND_NOTHING_ELSE}\n\n",
            _spoken_grid(what),
            f"One more {what}:",
            GRID_FENCE,
            SYSTEM,
        ),
        v1=Template(opening, section, f"\n\n{heading}", GRID_FENCE, SYSTEM),
        v2=in_answer,
        v3=in_answer,
    )


_GENERATOR_SECTIONS = sections(
    f"# The grids\n\n{_premise('input').strip()}",
    PRIORS,
    goal_section(f"Write {_GENERATOR} Answer with one Python block and nothing else."),
    "# Inputs",
)
_GENERATOR_IN_ANSWER = Template(_GENERATOR_SECTIONS, "\n\n## Input {number}\n\n{grid}", "", _GENERATOR_LEAD_IN, SYSTEM)
_FROM_CODE_SECTIONS = f"{goal_section(_FROM_CODE_GOAL)}\n\n# Function\n\n{{code}}"
_FROM_CODE_IN_ANSWER = Template(
    "", "", _FROM_CODE_SECTIONS, f"# Input\n\nThis is a grid that it may return:\n\n{GRID_FENCE}", SYSTEM
)

IMAGINING_TEMPLATES = {
    **_more_templates(INPUT_FROM_INPUTS, "input"),
    **_more_templates(OUTPUT_FROM_OUTPUTS, "output"),
    **versions(
        INPUT_FROM_CODE,
        brief=Template("", "", "code\n{code}\ninput", ""),
        v0=Template(f"{_FROM_CODE_GOAL}\n\n", "", "{code}\n\nInput:", GRID_FENCE, SYSTEM),
        v1=Template("", "", f"{_FROM_CODE_SECTIONS}\n\n# Input", GRID_FENCE, SYSTEM),
        v2=_FROM_CODE_IN_ANSWER,
        v3=_FROM_CODE_IN_ANSWER,
    ),
    **versions(
        CODE_FROM_INPUTS,
        brief=Template("", "input\n{grid}\n", "code", CODE_PREFILL),
        v0=Template(
            f"{_premise('input')}Write {_GENERATOR} Answer with one Python block and nothing else.\n\n",
            _spoken_grid("input"),
            "Write the function `generate(rng)`.",
            CODE_PREFILL,
            SYSTEM,
        ),
        v1=Template(
            _GENERATOR_SECTIONS, "\n\n## Input {number}\n\n{grid}", f"\n\n{CODE_HEADING}", CODE_PREFILL, SYSTEM
        ),
        v2=_GENERATOR_IN_ANSWER,
        v3=_GENERATOR_IN_ANSWER,
    ),
}
