"""What a learning task is: an exercise made of a lesson, written in a style, and read back.

Knows no particular learning task, nothing of where lessons come from, nor of tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from arc_solver.grids import Grid, grids_equal
from arc_solver.omni.recipes.lessons import AnyLesson
from arc_solver.prompts.base import Prompt, Sample
from arc_solver.prompts.build import (
    PromptTooLong,
    build_prompt,
    code_completion,
    fit_to_context,
    grid_completion,
    word_completion,
)
from arc_solver.prompts.encoders import GridEncoder, Unparsed
from arc_solver.prompts.parse import parse_code, parse_grid, parse_word
from arc_solver.prompts.templates import Template, get_template
from arc_solver.tasks import Pair

_L = TypeVar("_L", bound=AnyLesson)

Answer = Grid | str
"""A grid, a program, or a word."""


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
class Exercise:
    """What a question may show, and its answer; the prompt version decides what is shown of it.

    Attributes:
        answer: What is to be said.
        examples: Demonstrations: pairs, or single grids.
        test_input: The input asked about.
        source: The program asked about.
        candidates: Proposed outputs.
    """

    answer: Answer
    examples: tuple[Pair, ...] | tuple[Grid, ...] = ()
    test_input: Grid | None = None
    source: str = ""
    candidates: tuple[Grid, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """What kind of answer completes a prompt.

    Attributes:
        write: (prefill, encoder, answer) -> completion.
        read: (prefill, completion, encoder) -> answer; the exact inverse.
    """

    write: Callable[[str, GridEncoder, Any], str]
    read: Callable[[str, str, GridEncoder], Answer | Unparsed]


@dataclass(frozen=True, slots=True)
class Recipe(Generic[_L]):
    """One learning task.

    Attributes:
        name: Its name, which is also that of its templates.
        lesson_type: What it is taught with.
        needs_program: Its lessons must carry a program.
        exercise: (lesson, template) -> what is asked and answered.
        form: What kind of answer it wants.
    """

    name: str
    lesson_type: type[_L]
    needs_program: bool
    exercise: Callable[[_L, Template], Exercise]
    form: Form

    def make_exercise(self, lesson: _L, version: str) -> Exercise:
        """What is asked and answered in this prompt version.

        Raises:
            InputError: There is no such prompt version.
            ArgumentError: The lesson's program cannot call its argument as the prompt version does.
        """
        return self.exercise(lesson, get_template(self.name, version))

    def make_sample(self, lesson: _L, style: Style, min_pairs: int = 1) -> Sample | PromptTooLong:
        """The sample, with demonstrations dropped from the end, but not below `min_pairs`, until it fits.

        Raises:
            InputError: There is no such prompt version.
            ArgumentError: The lesson's program cannot call its argument as the prompt version does.
        """
        template = get_template(self.name, style.version)
        exercise = self.exercise(lesson, template)
        completion = self.form.write(template.prefill, style.encoder, exercise.answer)
        max_prompt_chars = style.max_chars - len(completion)
        build = partial(
            build_prompt,
            self.name,
            style.version,
            style.encoder,
            test_input=exercise.test_input,
            source=exercise.source,
            candidates=exercise.candidates,
        )
        if not template.pair:
            prompt = build(())
            n_chars = prompt_chars(prompt)
            too_long = n_chars > max_prompt_chars
            return PromptTooLong(n_chars) if too_long else Sample(self.name, lesson.task_id, prompt, completion)
        fitted = fit_to_context(build, exercise.examples, prompt_chars, max_prompt_chars)
        if isinstance(fitted, PromptTooLong):
            return fitted
        if len(exercise.examples) - fitted.n_dropped < min_pairs:
            return PromptTooLong(fitted.n_tokens)
        return Sample(self.name, lesson.task_id, fitted.prompt, completion)

    def read_back(self, sample: Sample, encoder: GridEncoder) -> Answer | Unparsed:
        """What the sample's completion says."""
        return self.form.read(sample.prompt.prefill, sample.completion, encoder)


def prompt_chars(prompt: Prompt) -> int:
    """Characters of all turns of a prompt."""
    return len(prompt.system) + len(prompt.user) + len(prompt.prefill)


def same_answer(a: Answer | Unparsed, b: Answer | Unparsed) -> bool:
    """True if both are the same grid, or the same text."""
    if isinstance(a, Unparsed | str) or isinstance(b, Unparsed | str):
        return type(a) is type(b) and a == b
    return grids_equal(a, b)


def _write_grid(prefill: str, encoder: GridEncoder, answer: Grid) -> str:
    return grid_completion(prefill, encoder, answer)


def _write_code(prefill: str, encoder: GridEncoder, answer: str) -> str:
    return code_completion(prefill, answer)


def _read_code(prefill: str, completion: str, encoder: GridEncoder) -> str | Unparsed:
    return parse_code(prefill, completion)


def word_form(words: tuple[str, ...]) -> Form:
    """The form of an answer that is one of these words."""

    def write(prefill: str, encoder: GridEncoder, answer: str) -> str:
        return word_completion(prefill, answer)

    def read(prefill: str, completion: str, encoder: GridEncoder) -> str | Unparsed:
        return parse_word(completion, words)

    return Form(write, read)


GRID = Form(_write_grid, parse_grid)
PROGRAM = Form(_write_code, _read_code)
