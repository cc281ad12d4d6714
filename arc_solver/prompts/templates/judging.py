"""Templates of the learning tasks that judge: is this output right, and which of these two is.

The answer is one word. `brief` calls a proposed output `candidate`, never `output`: where a new model learns from the
outputs of examples as well, it must not learn from wrong ones.
"""

from __future__ import annotations

from arc_solver.prompts.templates.words import (
    BRIEF_PAIR,
    PREMISE,
    PRIORS,
    PUZZLE_SECTION,
    SECTION_PAIR,
    SECTION_TEST,
    SPOKEN_PAIR,
    SYSTEM,
    Template,
    goal_section,
    sections,
    versions,
)

VERIFY_OUTPUT = "verify-output"
SELECT_OUTPUT = "select-output"

YES_OR_NO = ("yes", "no")
FIRST_OR_SECOND = ("1", "2")

_VERIFY_GOAL = "One word: yes if the candidate is the right output of the test input, no if it is not."
_SELECT_GOAL = (
    "One digit: 1 if the first candidate is the right output of the test input, 2 if the second one is. Exactly one "
    "of them is right."
)
_VERIFY_TEST = f"{SECTION_TEST}\n\nCandidate:\n{{candidate}}"
_SELECT_TEST = f"{SECTION_TEST}\n\nCandidate 1:\n{{first}}\n\nCandidate 2:\n{{second}}"


def _judging_templates(
    recipe: str, goal: str, brief: str, spoken: str, asked: str, test: str
) -> dict[tuple[str, str], Template]:
    opening = sections(PUZZLE_SECTION, PRIORS, goal_section(goal), "# Examples")
    in_answer = Template(opening, SECTION_PAIR, test, f"# Verdict\n\n{asked}\n\n", SYSTEM)
    return versions(
        recipe,
        brief=Template("", BRIEF_PAIR, brief, ""),
        v0=Template(
            f"{PREMISE}Find the rule from the examples and judge what is proposed as the output of the last input. "
            f"Answer with one word. {goal}\n\n",
            SPOKEN_PAIR,
            f"Test\n\nInput:\n{{test}}\n\n{spoken}\n\n{asked}",
            "",
            SYSTEM,
        ),
        v1=Template(opening, SECTION_PAIR, f"{test}\n\n# Verdict", "", SYSTEM),
        v2=in_answer,
        v3=in_answer,
    )


JUDGING_TEMPLATES = {
    **_judging_templates(
        VERIFY_OUTPUT,
        _VERIFY_GOAL,
        "input\n{test}\ncandidate\n{candidate}\nright",
        "Candidate:\n{candidate}",
        "Is the candidate right?",
        _VERIFY_TEST,
    ),
    **_judging_templates(
        SELECT_OUTPUT,
        _SELECT_GOAL,
        "input\n{test}\ncandidate 1\n{first}\ncandidate 2\n{second}\nright",
        "Candidate 1:\n{first}\n\nCandidate 2:\n{second}",
        "Which candidate is right?",
        _SELECT_TEST,
    ),
}
