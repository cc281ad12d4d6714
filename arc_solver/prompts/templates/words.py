"""What templates are made of: their fields, and the sentences that several of them share. Knows no learning task."""

from __future__ import annotations

from dataclasses import dataclass

CODE_FENCE = "```python"
CODE_PREFILL = f"{CODE_FENCE}\n"
USUAL_ARGUMENT = "grid"
OTHER_ARGUMENT = "input_grid"


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one prompt version of one learning task.

    Attributes:
        opening: Text before the first demonstration.
        pair: Format of a demonstration, with the fields `number`, `input` and `output`, or `number` and `grid` where
            demonstrations are single grids; empty to show none.
        question: Format of what follows the demonstrations, with the fields `test`, `code`, `candidate`, `first` and
            `second`, each where it is shown; where a mistake is shown `input`, `verdict` and `expected` as well.
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

    @property
    def n_chars(self) -> int:
        """Characters of the words that every prompt has, roughly: names of fields count, pairs do not."""
        return len(self.system) + len(self.opening) + len(self.question) + len(self.prefill)

    @property
    def n_candidates(self) -> int:
        """How many proposed outputs the question shows."""
        return sum(field in self.question for field in ("{candidate}", "{first}", "{second}"))


# -- brief -------------------------------------------------------------------------------------------------------------

BRIEF_PAIR = "input\n{input}\noutput\n{output}\n"

# -- one paragraph -----------------------------------------------------------------------------------------------------

SYSTEM = "You solve grid puzzles precisely."
LEGEND = "The digits 0 to 9 stand for colours, and the first line of a block gives rows x columns. "
PREMISE = f"One hidden rule turns every input grid below into its output grid. {LEGEND}"
SPOKEN_PAIR = "Example {number}\n\nInput:\n{input}\n\nOutput:\n{output}\n\n"

# -- sections ----------------------------------------------------------------------------------------------------------

PRIORS = (
    "# What may be taken for granted\n\n"
    "- Cells of one colour that touch are often one object. An object can be moved, turned, mirrored, copied, scaled, "
    "recoloured, cut out or completed, and it goes on existing where another covers it.\n"
    "- Objects can go towards something, reach it, surround it or be held back by it, as if on purpose.\n"
    "- Small numbers count: how many, the most and the fewest, the largest and the smallest, sorted, repeated.\n"
    "- Geometry counts: lines and rectangles, inside and outside, symmetry, neighbours, distance, alignment.\n"
    "- One colour, mostly 0, may be nothing but the background."
)
SECTION_PAIR = "\n\n## Example {number}\n\nInput:\n{input}\n\nOutput:\n{output}"
SECTION_TEST = "\n\n# Test\n\nInput:\n{test}"
OUTPUT_HEADING = "# Output"
CODE_HEADING = "# Code"
EXAMPLES_HEADING = "# Examples"


def sections(*texts: str) -> str:
    """Texts with an empty line between them."""
    return "\n\n".join(texts)


def goal_section(goal: str) -> str:
    """The section that says what is asked for."""
    return f"# What is to be written\n\n{goal}"


PUZZLE_SECTION = f"# The puzzle\n\n{PREMISE.strip()}"


def versions(recipe: str, **templates: Template) -> dict[tuple[str, str], Template]:
    """The templates of one learning task, keyed as the registry of all keys them."""
    return {(recipe, version): template for version, template in templates.items()}
