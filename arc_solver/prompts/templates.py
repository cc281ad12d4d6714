"""The words around the grids: one template for each learning task and prompt version.

`brief` is for models that are trained on it, so that almost every token is a cell. The others explain themselves to an
instruction-tuned model: `v0` in one paragraph; `v1` in sections, with what every puzzle takes for granted and a closing
heading; in `v2` that heading and a sentence to lead in belong to the answer; `v3` shows the test input beside a
program's examples too and calls the program's argument by another name. Knows nothing of encoders, tasks or models.
"""

from __future__ import annotations

from dataclasses import dataclass

from arc_solver.errors import InputError
from arc_solver.prompts.encoders import GRID_FENCE

OUTPUT_FROM_EXAMPLES = "output-from-examples"
CODE_FROM_EXAMPLES = "code-from-examples"
OUTPUT_FROM_CODE = "output-from-code"
CODE_REPAIR = "code-repair"

CODE_FENCE = "```python"
USUAL_ARGUMENT = "grid"


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one prompt version of one learning task.

    Attributes:
        opening: Text before the first pair.
        pair: Format of a training pair, with the fields `number`, `input` and `output`; empty to show none.
        question: Format of what follows the pairs, with the fields `test` and `code`, each where it is shown; where a
            mistake is shown `input`, `verdict` and `expected` as well.
        prefill: Start of the answer, always the same, in training and at inference; words before its fence lead in.
        system: The system's turn; empty for none.
        argument: What the argument of `task` is called.
        returned: Format of a mistake's verdict, with the field `output`, where a wrong grid was returned.
        failed: Format of a mistake's verdict, with the field `reason`, where no grid was returned.
    """

    opening: str
    pair: str
    question: str
    prefill: str
    system: str = ""
    argument: str = USUAL_ARGUMENT
    returned: str = ""
    failed: str = ""

    @property
    def asks_about_test(self) -> bool:
        """Whether the question shows the test input."""
        return "{test}" in self.question

    @property
    def shows_code(self) -> bool:
        """Whether the question shows a program."""
        return "{code}" in self.question

    @property
    def shows_mistake(self) -> bool:
        """Whether the question shows what a program did wrong."""
        return "{verdict}" in self.question


_CODE_PREFILL = f"{CODE_FENCE}\n"

# -- brief -------------------------------------------------------------------------------------------------------------

_BRIEF_PAIR = "input\n{input}\noutput\n{output}\n"

# -- one paragraph -----------------------------------------------------------------------------------------------------

_SYSTEM = "You solve grid puzzles precisely."
_LEGEND = "The digits 0 to 9 stand for colours, and the first line of a block gives rows x columns. "
_PREMISE = f"One hidden rule turns every input grid below into its output grid. {_LEGEND}"
_SPOKEN_PAIR = "Example {number}\n\nInput:\n{input}\n\nOutput:\n{output}\n\n"
_FUNCTION = (
    "a Python function `task({argument})` that takes a two-dimensional numpy array and returns the output as a "
    "two-dimensional array. It must be right for other inputs of the same puzzle too. You may use numpy as `np`."
)
_RETURNED = "It returned:\n{output}"
_FAILED = "It returned no grid: {reason}"

# -- sections ----------------------------------------------------------------------------------------------------------

_PRIORS = (
    "# What may be taken for granted\n\n"
    "- Cells of one colour that touch are often one object. An object can be moved, turned, mirrored, copied, scaled, "
    "recoloured, cut out or completed, and it goes on existing where another covers it.\n"
    "- Objects can go towards something, reach it, surround it or be held back by it, as if on purpose.\n"
    "- Small numbers count: how many, the most and the fewest, the largest and the smallest, sorted, repeated.\n"
    "- Geometry counts: lines and rectangles, inside and outside, symmetry, neighbours, distance, alignment.\n"
    "- One colour, mostly 0, may be nothing but the background."
)
_SECTION_PAIR = "\n\n## Example {number}\n\nInput:\n{input}\n\nOutput:\n{output}"
_SECTION_TEST = "\n\n# Test\n\nInput:\n{test}"
_SECTION_MISTAKE = (
    "\n\n# A program that is wrong\n\n{code}\n\nFor this input:\n{input}\n\n{verdict}\n\nIt should return:\n{expected}"
)
_OUTPUT_HEADING = "# Output"
_CODE_HEADING = "# Code"
_OUTPUT_LEAD_IN = f"{_OUTPUT_HEADING}\n\nFor the test input this comes out:\n\n{GRID_FENCE}"
_CODE_LEAD_IN = f"{_CODE_HEADING}\n\nThis function turns each of these inputs into its output:\n\n{_CODE_PREFILL}"
_REPAIRED_LEAD_IN = f"{_CODE_HEADING}\n\nWith the mistake mended the function is this:\n\n{_CODE_PREFILL}"


def _sections(*sections: str) -> str:
    return "\n\n".join(sections)


def _goal_section(goal: str) -> str:
    return f"# What is to be written\n\n{goal}"


_PUZZLE_SECTION = f"# The puzzle\n\n{_PREMISE.strip()}"
_OUTPUT_SECTIONS = _sections(
    _PUZZLE_SECTION,
    _PRIORS,
    _goal_section("The output grid of the test input, as one block of the same form and nothing else."),
    "# Examples",
)


def _code_sections(argument: str, goal: str = "") -> str:
    wanted = f"{goal}Write {_FUNCTION.format(argument=argument)} Answer with one Python block and nothing else."
    return _sections(_PUZZLE_SECTION, _PRIORS, _goal_section(wanted), "# Examples")


_RUN_SECTIONS = (
    f"# What is to be written\n\nThe grid that the function below returns for the input below it, as one block of the "
    f"same form and nothing else. {_LEGEND.strip()}\n\n# Function\n\n{{code}}{_SECTION_TEST}"
)
_REPAIR_GOAL = (
    "Behind the examples stands a program that is wrong for at least one of them; mend it, or find a better one that "
    "is right for all of them. "
)
_OTHER_ARGUMENT = "input_grid"


def _versions(recipe: str, **templates: Template) -> dict[tuple[str, str], Template]:
    return {(recipe, version): template for version, template in templates.items()}


_OUTPUT_IN_ANSWER = Template(_OUTPUT_SECTIONS, _SECTION_PAIR, _SECTION_TEST, _OUTPUT_LEAD_IN, _SYSTEM)

TEMPLATES: dict[tuple[str, str], Template] = {
    **_versions(
        OUTPUT_FROM_EXAMPLES,
        brief=Template("", _BRIEF_PAIR, "input\n{test}\noutput", ""),
        v0=Template(
            f"{_PREMISE}Find the rule from the examples and write the output grid of the last input, as one block of "
            "the same form and nothing else.\n\n",
            _SPOKEN_PAIR,
            "Test\n\nInput:\n{test}\n\nOutput:",
            GRID_FENCE,
            _SYSTEM,
        ),
        v1=Template(_OUTPUT_SECTIONS, _SECTION_PAIR, f"{_SECTION_TEST}\n\n{_OUTPUT_HEADING}", GRID_FENCE, _SYSTEM),
        v2=_OUTPUT_IN_ANSWER,
        v3=_OUTPUT_IN_ANSWER,  # the test input was always shown, and there is no argument
    ),
    **_versions(
        CODE_FROM_EXAMPLES,
        brief=Template("", _BRIEF_PAIR, "code", _CODE_PREFILL),
        v0=Template(
            f"{_PREMISE}Find the rule and write it as {_FUNCTION.format(argument=USUAL_ARGUMENT)} Answer with one "
            "Python block and nothing else.\n\n",
            _SPOKEN_PAIR,
            "Write the function `task(grid)`.",
            _CODE_PREFILL,
            _SYSTEM,
        ),
        v1=Template(_code_sections(USUAL_ARGUMENT), _SECTION_PAIR, f"\n\n{_CODE_HEADING}", _CODE_PREFILL, _SYSTEM),
        v2=Template(_code_sections(USUAL_ARGUMENT), _SECTION_PAIR, "", _CODE_LEAD_IN, _SYSTEM),
        v3=Template(
            _code_sections(_OTHER_ARGUMENT),
            _SECTION_PAIR,
            _SECTION_TEST,
            _CODE_LEAD_IN,
            _SYSTEM,
            argument=_OTHER_ARGUMENT,
        ),
    ),
    **_versions(
        OUTPUT_FROM_CODE,
        brief=Template("", "", "code\n{code}\ninput\n{test}\noutput", ""),
        v0=Template(
            f"Below are a Python function and an input grid. {_LEGEND}Write the grid that the function returns for "
            "this input, as one block of the same form and nothing else.\n\n",
            "",
            "{code}\n\nInput:\n{test}\n\nOutput:",
            GRID_FENCE,
            _SYSTEM,
        ),
        v1=Template("", "", f"{_RUN_SECTIONS}\n\n{_OUTPUT_HEADING}", GRID_FENCE, _SYSTEM),
        v2=Template("", "", _RUN_SECTIONS, _OUTPUT_LEAD_IN, _SYSTEM),
        v3=Template("", "", _RUN_SECTIONS, _OUTPUT_LEAD_IN, _SYSTEM, argument=_OTHER_ARGUMENT),
    ),
    **_versions(
        CODE_REPAIR,
        brief=Template(
            "",
            _BRIEF_PAIR,
            "code\n{code}\ninput\n{input}\n{verdict}\noutput\n{expected}\ncode",
            _CODE_PREFILL,
            returned="wrong\n{output}",
            failed="wrong\n{reason}",
        ),
        v0=Template(
            f"{_PREMISE}A program that should do the same is wrong for at least one of them. Find the rule and write "
            f"it as {_FUNCTION.format(argument=USUAL_ARGUMENT)} Answer with one Python block and nothing else.\n\n",
            _SPOKEN_PAIR,
            "The wrong program:\n{code}\n\nFor this input:\n{input}\n\n{verdict}\n\nIt should return:\n{expected}\n\n"
            "Write the function `task(grid)` without the mistake.",
            _CODE_PREFILL,
            _SYSTEM,
            returned=_RETURNED,
            failed=_FAILED,
        ),
        v1=Template(
            _code_sections(USUAL_ARGUMENT, _REPAIR_GOAL),
            _SECTION_PAIR,
            f"{_SECTION_MISTAKE}\n\n{_CODE_HEADING}",
            _CODE_PREFILL,
            _SYSTEM,
            returned=_RETURNED,
            failed=_FAILED,
        ),
        v2=Template(
            _code_sections(USUAL_ARGUMENT, _REPAIR_GOAL),
            _SECTION_PAIR,
            _SECTION_MISTAKE,
            _REPAIRED_LEAD_IN,
            _SYSTEM,
            returned=_RETURNED,
            failed=_FAILED,
        ),
        v3=Template(
            _code_sections(_OTHER_ARGUMENT, _REPAIR_GOAL),
            _SECTION_PAIR,
            f"{_SECTION_TEST}{_SECTION_MISTAKE}",
            _REPAIRED_LEAD_IN,
            _SYSTEM,
            argument=_OTHER_ARGUMENT,
            returned=_RETURNED,
            failed=_FAILED,
        ),
    ),
}


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
