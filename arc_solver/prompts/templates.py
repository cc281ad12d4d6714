"""The words around the grids: one template for each learning task and prompt version.

`brief` is for models that are trained on it, so that almost every token is a cell; `v0` explains itself to an
instruction-tuned model. Knows nothing of encoders, tasks or models.
"""

from __future__ import annotations

from dataclasses import dataclass

from arc_solver.errors import InputError
from arc_solver.prompts.encoders import GRID_FENCE

OUTPUT_FROM_EXAMPLES = "output-from-examples"
CODE_FROM_EXAMPLES = "code-from-examples"
OUTPUT_FROM_CODE = "output-from-code"

CODE_FENCE = "```python"


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one prompt version of one learning task.

    Attributes:
        opening: Text before the first pair.
        pair: Format of a training pair, with the fields `number`, `input` and `output`; empty to show none.
        question: Format of what follows the pairs, with the fields `test` and `code`, each where it is shown.
        prefill: Start of the answer, always the same, in training and at inference.
        system: The system's turn; empty for none.
    """

    opening: str
    pair: str
    question: str
    prefill: str
    system: str = ""

    @property
    def asks_about_test(self) -> bool:
        """Whether the question shows the test input."""
        return "{test}" in self.question

    @property
    def shows_code(self) -> bool:
        """Whether the question shows a program."""
        return "{code}" in self.question


_BRIEF_PAIR = "input\n{input}\noutput\n{output}\n"
_SPOKEN_PAIR = "Example {number}\n\nInput:\n{input}\n\nOutput:\n{output}\n\n"
_SPOKEN_SYSTEM = "You solve grid puzzles precisely."
_SPOKEN_PREMISE = (
    "One hidden rule turns every input grid below into its output grid. The digits 0 to 9 stand for colours, and the "
    "first line of a block gives rows x columns. "
)

TEMPLATES: dict[tuple[str, str], Template] = {
    (OUTPUT_FROM_EXAMPLES, "brief"): Template(
        opening="", pair=_BRIEF_PAIR, question="input\n{test}\noutput", prefill=""
    ),
    (CODE_FROM_EXAMPLES, "brief"): Template(opening="", pair=_BRIEF_PAIR, question="code", prefill=f"{CODE_FENCE}\n"),
    (OUTPUT_FROM_EXAMPLES, "v0"): Template(
        opening=(
            f"{_SPOKEN_PREMISE}Find the rule from the examples and write the output grid of the last input, as one "
            "block of the same form and nothing else.\n\n"
        ),
        pair=_SPOKEN_PAIR,
        question="Test\n\nInput:\n{test}\n\nOutput:",
        prefill=GRID_FENCE,
        system=_SPOKEN_SYSTEM,
    ),
    (CODE_FROM_EXAMPLES, "v0"): Template(
        opening=(
            f"{_SPOKEN_PREMISE}Find the rule and write it as a Python function `task(grid)` that takes a two-"
            "dimensional numpy array and returns the output as a two-dimensional array. It must be right for other "
            "inputs of the same puzzle too. You may use numpy as `np`. Answer with one Python block and nothing "
            "else.\n\n"
        ),
        pair=_SPOKEN_PAIR,
        question="Write the function `task(grid)`.",
        prefill=f"{CODE_FENCE}\n",
        system=_SPOKEN_SYSTEM,
    ),
    (OUTPUT_FROM_CODE, "brief"): Template(
        opening="", pair="", question="code\n{code}\ninput\n{test}\noutput", prefill=""
    ),
    (OUTPUT_FROM_CODE, "v0"): Template(
        opening=(
            "Below are a Python function and an input grid. The digits 0 to 9 stand for colours, and the first line of "
            "a block gives rows x columns. Write the grid that the function returns for this input, as one block of "
            "the same form and nothing else.\n\n"
        ),
        pair="",
        question="{code}\n\nInput:\n{test}\n\nOutput:",
        prefill=GRID_FENCE,
        system=_SPOKEN_SYSTEM,
    ),
}


def get_template(recipe: str, version: str) -> Template:
    """The template of a learning task in one prompt version.

    Raises:
        InputError: No such learning task, or none of that version; the message lists those that exist.
    """
    if (recipe, version) not in TEMPLATES:
        known = ", ".join(f"{recipe} {version}" for recipe, version in TEMPLATES)
        raise InputError(f"no prompt for {recipe!r} in version {version!r}; known: {known}")
    return TEMPLATES[recipe, version]
