"""Learning tasks: each turns a lesson into a training sample and parses its own completions back.

Knows nothing of where lessons come from, nor of tokens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from arc_solver.errors import InputError
from arc_solver.grids import Grid
from arc_solver.prompts.arguments import with_argument
from arc_solver.prompts.base import Prompt, Sample
from arc_solver.prompts.build import (
    PromptTooLong,
    build_prompt,
    code_completion,
    fit_to_context,
    grid_completion,
)
from arc_solver.prompts.encoders import GridEncoder, Unparsed
from arc_solver.prompts.parse import parse_code, parse_grid
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES, OUTPUT_FROM_CODE, OUTPUT_FROM_EXAMPLES, get_template
from arc_solver.tasks import Pair


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a sample is made from.

    Attributes:
        task_id: The task, or an id of its own for a synthetic one.
        train_pairs: Demonstrations.
        test: A further pair of the same task.
        source: A program that computes every pair, where one is known; else empty.
    """

    task_id: str
    train_pairs: tuple[Pair, ...]
    test: Pair
    source: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """How samples are written.

    Attributes:
        version: Prompt version.
        encoder: How grids are written.
        max_chars: Upper bound on prompt and completion together; with one token a cell an upper bound on tokens too.
    """

    version: str
    encoder: GridEncoder
    max_chars: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """One learning task.

    Attributes:
        name: Its name, which is also that of its templates.
        needs_program: Lessons must carry a program; its argument is called as the prompt version calls it.
        complete: (prefill, encoder, lesson) -> the right completion.
        parse: (prefill, completion, encoder) -> the grid or the program that the completion holds.
    """

    name: str
    needs_program: bool
    complete: Callable[[str, GridEncoder, Lesson], str]
    parse: Callable[[str, str, GridEncoder], Grid | str | Unparsed]

    def make_sample(self, lesson: Lesson, style: Style, min_pairs: int = 1) -> Sample | PromptTooLong:
        """The sample, with demonstrations dropped from the end, but not below `min_pairs`, until it fits.

        Raises:
            InputError: There is no such prompt version.
            ValueError: The lesson's program cannot call its argument as the prompt version does.
        """
        template = get_template(self.name, style.version)
        if self.needs_program:
            lesson = dataclasses.replace(lesson, source=with_argument(lesson.source, template.argument))
        build = partial(
            build_prompt,
            self.name,
            style.version,
            style.encoder,
            test_input=lesson.test.input,
            source=lesson.source,
        )
        prompt = build(lesson.train_pairs[:1])
        completion = self.complete(prompt.prefill, style.encoder, lesson)
        max_prompt_chars = style.max_chars - len(completion)
        if not template.pair:
            n_chars = prompt_chars(prompt)
            too_long = n_chars > max_prompt_chars
            return PromptTooLong(n_chars) if too_long else Sample(self.name, lesson.task_id, prompt, completion)
        fitted = fit_to_context(build, lesson.train_pairs, prompt_chars, max_prompt_chars)
        if isinstance(fitted, PromptTooLong):
            return fitted
        if len(lesson.train_pairs) - fitted.n_dropped < min_pairs:
            return PromptTooLong(fitted.n_tokens)
        return Sample(self.name, lesson.task_id, fitted.prompt, completion)

    def read_back(self, sample: Sample, encoder: GridEncoder) -> Grid | str | Unparsed:
        """What the sample's completion says."""
        return self.parse(sample.prompt.prefill, sample.completion, encoder)


def prompt_chars(prompt: Prompt) -> int:
    """Characters of all turns of a prompt."""
    return len(prompt.system) + len(prompt.user) + len(prompt.prefill)


def _complete_output(prefill: str, encoder: GridEncoder, lesson: Lesson) -> str:
    return grid_completion(prefill, encoder, lesson.test.output)


def _complete_code(prefill: str, encoder: GridEncoder, lesson: Lesson) -> str:
    return code_completion(prefill, lesson.source)


def _parse_program(prefill: str, completion: str, encoder: GridEncoder) -> str | Unparsed:
    return parse_code(prefill, completion)


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(OUTPUT_FROM_EXAMPLES, False, _complete_output, parse_grid),
        Recipe(CODE_FROM_EXAMPLES, True, _complete_code, _parse_program),
        Recipe(OUTPUT_FROM_CODE, True, _complete_output, parse_grid),
    )
}


def get_recipe(name: str) -> Recipe:
    """The learning task of that name.

    Raises:
        InputError: There is none; the message lists those that exist.
    """
    if name not in RECIPES:
        raise InputError(f"no recipe is named {name!r}; known: {', '.join(RECIPES)}")
    return RECIPES[name]
