"""Learning tasks: each turns a lesson into a training sample and parses its own completions back.

Adding one takes a `Recipe` here and a template for each prompt version in `prompts.templates`. Knows nothing of where
lessons come from, nor of tokens.
"""

from __future__ import annotations

from typing import Any

from arc_solver.errors import InputError
from arc_solver.omni.recipes.base import (
    GRID,
    PROGRAM,
    Answer,
    Exercise,
    Form,
    Recipe,
    Style,
    prompt_chars,
    same_answer,
    word_form,
)
from arc_solver.omni.recipes.lessons import AnyLesson, InputsLesson, JudgingLesson, Lesson
from arc_solver.prompts.arguments import with_argument
from arc_solver.prompts.templates import (
    CODE_FROM_EXAMPLES,
    CODE_FROM_INPUTS,
    FIRST_OR_SECOND,
    INPUT_FROM_CODE,
    INPUT_FROM_INPUTS,
    OUTPUT_FROM_CODE,
    OUTPUT_FROM_EXAMPLES,
    OUTPUT_FROM_OUTPUTS,
    SELECT_OUTPUT,
    VERIFY_OUTPUT,
    YES_OR_NO,
    Template,
)

__all__ = [
    "RECIPES",
    "Answer",
    "AnyLesson",
    "Exercise",
    "Form",
    "InputsLesson",
    "JudgingLesson",
    "Lesson",
    "Recipe",
    "Style",
    "get_recipe",
    "prompt_chars",
    "same_answer",
]


def _output_from_examples(lesson: Lesson, template: Template) -> Exercise:
    return Exercise(lesson.test.output, lesson.train_pairs, lesson.test.input)


def _code_from_examples(lesson: Lesson, template: Template) -> Exercise:
    return Exercise(with_argument(lesson.source, template.argument), lesson.train_pairs, lesson.test.input)


def _output_from_code(lesson: Lesson, template: Template) -> Exercise:
    source = with_argument(lesson.source, template.argument)
    return Exercise(lesson.test.output, test_input=lesson.test.input, source=source)


def _input_from_inputs(lesson: InputsLesson, template: Template) -> Exercise:
    return Exercise(lesson.inputs[-1], lesson.inputs[:-1])


def _output_from_outputs(lesson: Lesson, template: Template) -> Exercise:
    return Exercise(lesson.test.output, tuple(pair.output for pair in lesson.train_pairs))


def _input_from_code(lesson: InputsLesson, template: Template) -> Exercise:
    return Exercise(lesson.inputs[-1], source=lesson.source)


def _code_from_inputs(lesson: InputsLesson, template: Template) -> Exercise:
    return Exercise(lesson.source, lesson.inputs)


def _verify_output(lesson: JudgingLesson, template: Template) -> Exercise:
    task = lesson.task
    word = YES_OR_NO[0 if lesson.right_comes_first else 1]
    return Exercise(word, task.train_pairs, task.test.input, candidates=lesson.candidates[:1])


def _select_output(lesson: JudgingLesson, template: Template) -> Exercise:
    task = lesson.task
    word = FIRST_OR_SECOND[0 if lesson.right_comes_first else 1]
    return Exercise(word, task.train_pairs, task.test.input, candidates=lesson.candidates)


RECIPES: dict[str, Recipe[Any]] = {
    recipe.name: recipe
    for recipe in (
        Recipe(OUTPUT_FROM_EXAMPLES, Lesson, False, _output_from_examples, GRID),
        Recipe(CODE_FROM_EXAMPLES, Lesson, True, _code_from_examples, PROGRAM),
        Recipe(OUTPUT_FROM_CODE, Lesson, True, _output_from_code, GRID),
        Recipe(INPUT_FROM_INPUTS, InputsLesson, False, _input_from_inputs, GRID),
        Recipe(OUTPUT_FROM_OUTPUTS, Lesson, False, _output_from_outputs, GRID),
        Recipe(INPUT_FROM_CODE, InputsLesson, True, _input_from_code, GRID),
        Recipe(CODE_FROM_INPUTS, InputsLesson, True, _code_from_inputs, PROGRAM),
        Recipe(VERIFY_OUTPUT, JudgingLesson, False, _verify_output, word_form(YES_OR_NO)),
        Recipe(SELECT_OUTPUT, JudgingLesson, False, _select_output, word_form(FIRST_OR_SECOND)),
    )
}


def get_recipe(name: str) -> Recipe[Any]:
    """The learning task of that name.

    Raises:
        InputError: There is none; the message lists those that exist.
    """
    if name not in RECIPES:
        raise InputError(f"no recipe is named {name!r}; known: {', '.join(RECIPES)}")
    return RECIPES[name]
