"""Templates of the learning tasks that solve a puzzle: outputs and programs from examples, outputs from programs.

Weights were trained on these: not one byte of them may change.
"""

from __future__ import annotations

from arc_solver.prompts.encoders import GRID_FENCE
from arc_solver.prompts.templates.words import (
    BRIEF_PAIR,
    CODE_HEADING,
    CODE_PREFILL,
    LEGEND,
    OTHER_ARGUMENT,
    OUTPUT_HEADING,
    PREMISE,
    PRIORS,
    PUZZLE_SECTION,
    SECTION_PAIR,
    SECTION_TEST,
    SPOKEN_PAIR,
    SYSTEM,
    USUAL_ARGUMENT,
    Template,
    goal_section,
    sections,
    versions,
)

OUTPUT_FROM_EXAMPLES = "output-from-examples"
CODE_FROM_EXAMPLES = "code-from-examples"
OUTPUT_FROM_CODE = "output-from-code"
CODE_REPAIR = "code-repair"

_FUNCTION = (
    "a Python function `task({argument})` that takes a two-dimensional numpy array and returns the output as a "
    "two-dimensional array. It must be right for other inputs of the same puzzle too. You may use numpy as `np`."
)
_RETURNED = "It returned:\n{output}"
_FAILED = "It returned no grid: {reason}"

_SECTION_MISTAKE = (
    "\n\n# A program that is wrong\n\n{code}\n\nFor this input:\n{input}\n\n{verdict}\n\nIt should return:\n{expected}"
)
_OUTPUT_LEAD_IN = f"{OUTPUT_HEADING}\n\nFor the test input this comes out:\n\n{GRID_FENCE}"
_CODE_LEAD_IN = f"{CODE_HEADING}\n\nThis function turns each of these inputs into its output:\n\n{CODE_PREFILL}"
_REPAIRED_LEAD_IN = f"{CODE_HEADING}\n\nWith the mistake mended the function is this:\n\n{CODE_PREFILL}"

_OUTPUT_SECTIONS = sections(
    PUZZLE_SECTION,
    PRIORS,
    goal_section("The output grid of the test input, as one block of the same form and nothing else."),
    "# Examples",
)


def _code_sections(argument: str, goal: str = "") -> str:
    wanted = f"{goal}Write {_FUNCTION.format(argument=argument)} Answer with one Python block and nothing else."
    return sections(PUZZLE_SECTION, PRIORS, goal_section(wanted), "# Examples")


_RUN_SECTIONS = (
    f"# What is to be written\n\nThe grid that the function below returns for the input below it, as one block of the "
    f"same form and nothing else. {LEGEND.strip()}\n\n# Function\n\n{{code}}{SECTION_TEST}"
)
_REPAIR_GOAL = (
    "Behind the examples stands a program that is wrong for at least one of them; mend it, or find a better one that "
    "is right for all of them. "
)

_OUTPUT_IN_ANSWER = Template(_OUTPUT_SECTIONS, SECTION_PAIR, SECTION_TEST, _OUTPUT_LEAD_IN, SYSTEM)

SOLVING_TEMPLATES = {
    **versions(
        OUTPUT_FROM_EXAMPLES,
        brief=Template("", BRIEF_PAIR, "input\n{test}\noutput", ""),
        v0=Template(
            f"{PREMISE}Find the rule from the examples and write the output grid of the last input, as one block of "
            "the same form and nothing else.\n\n",
            SPOKEN_PAIR,
            "Test\n\nInput:\n{test}\n\nOutput:",
            GRID_FENCE,
            SYSTEM,
        ),
        v1=Template(_OUTPUT_SECTIONS, SECTION_PAIR, f"{SECTION_TEST}\n\n{OUTPUT_HEADING}", GRID_FENCE, SYSTEM),
        v2=_OUTPUT_IN_ANSWER,
        v3=_OUTPUT_IN_ANSWER,  # the test input was always shown, and there is no argument
    ),
    **versions(
        CODE_FROM_EXAMPLES,
        brief=Template("", BRIEF_PAIR, "code", CODE_PREFILL),
        v0=Template(
            f"{PREMISE}Find the rule and write it as {_FUNCTION.format(argument=USUAL_ARGUMENT)} Answer with one "
            "Python block and nothing else.\n\n",
            SPOKEN_PAIR,
            "Write the function `task(grid)`.",
            CODE_PREFILL,
            SYSTEM,
        ),
        v1=Template(_code_sections(USUAL_ARGUMENT), SECTION_PAIR, f"\n\n{CODE_HEADING}", CODE_PREFILL, SYSTEM),
        v2=Template(_code_sections(USUAL_ARGUMENT), SECTION_PAIR, "", _CODE_LEAD_IN, SYSTEM),
        v3=Template(
            _code_sections(OTHER_ARGUMENT),
            SECTION_PAIR,
            SECTION_TEST,
            _CODE_LEAD_IN,
            SYSTEM,
            argument=OTHER_ARGUMENT,
        ),
    ),
    **versions(
        OUTPUT_FROM_CODE,
        brief=Template("", "", "code\n{code}\ninput\n{test}\noutput", ""),
        v0=Template(
            f"Below are a Python function and an input grid. {LEGEND}Write the grid that the function returns for "
            "this input, as one block of the same form and nothing else.\n\n",
            "",
            "{code}\n\nInput:\n{test}\n\nOutput:",
            GRID_FENCE,
            SYSTEM,
        ),
        v1=Template("", "", f"{_RUN_SECTIONS}\n\n{OUTPUT_HEADING}", GRID_FENCE, SYSTEM),
        v2=Template("", "", _RUN_SECTIONS, _OUTPUT_LEAD_IN, SYSTEM),
        v3=Template("", "", _RUN_SECTIONS, _OUTPUT_LEAD_IN, SYSTEM, argument=OTHER_ARGUMENT),
    ),
    **versions(
        CODE_REPAIR,
        brief=Template(
            "",
            BRIEF_PAIR,
            "code\n{code}\ninput\n{input}\n{verdict}\noutput\n{expected}\ncode",
            CODE_PREFILL,
            returned="wrong\n{output}",
            failed="wrong\n{reason}",
        ),
        v0=Template(
            f"{PREMISE}A program that should do the same is wrong for at least one of them. Find the rule and write "
            f"it as {_FUNCTION.format(argument=USUAL_ARGUMENT)} Answer with one Python block and nothing else.\n\n",
            SPOKEN_PAIR,
            "The wrong program:\n{code}\n\nFor this input:\n{input}\n\n{verdict}\n\nIt should return:\n{expected}\n\n"
            "Write the function `task(grid)` without the mistake.",
            CODE_PREFILL,
            SYSTEM,
            returned=_RETURNED,
            failed=_FAILED,
        ),
        v1=Template(
            _code_sections(USUAL_ARGUMENT, _REPAIR_GOAL),
            SECTION_PAIR,
            f"{_SECTION_MISTAKE}\n\n{CODE_HEADING}",
            CODE_PREFILL,
            SYSTEM,
            returned=_RETURNED,
            failed=_FAILED,
        ),
        v2=Template(
            _code_sections(USUAL_ARGUMENT, _REPAIR_GOAL),
            SECTION_PAIR,
            _SECTION_MISTAKE,
            _REPAIRED_LEAD_IN,
            SYSTEM,
            returned=_RETURNED,
            failed=_FAILED,
        ),
        v3=Template(
            _code_sections(OTHER_ARGUMENT, _REPAIR_GOAL),
            SECTION_PAIR,
            f"{SECTION_TEST}{_SECTION_MISTAKE}",
            _REPAIRED_LEAD_IN,
            SYSTEM,
            argument=OTHER_ARGUMENT,
            returned=_RETURNED,
            failed=_FAILED,
        ),
    ),
}
