"""What is learned at test time: each demonstration once as the question, the others shown, in ever new views.

Also programs, with what they compute. Some exercises are kept apart, to tell whether learning helped. Knows prompts and
views; nothing of models.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from arc_solver.augment import IDENTITY, View, sample_view
from arc_solver.finetune.dataset import SampleSource
from arc_solver.finetune.test_time.wire import PromptStyle
from arc_solver.omni.recipes import Lesson, get_recipe
from arc_solver.prompts.arguments import ArgumentError
from arc_solver.prompts.base import Prompt, Sample
from arc_solver.prompts.build import FittedPrompt, build_prompt, fit_to_context
from arc_solver.prompts.encoders import get_encoder
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES, OUTPUT_FROM_EXAMPLES, get_template
from arc_solver.tasks import Pair, Task

_PROBE_VIEWS = 2
_ORDER, _VIEW, _PROBE = 0, 1, 2  # purposes of random numbers


@dataclass(frozen=True, slots=True)
class Exercise:
    """One thing to learn.

    Attributes:
        recipe: `output-from-examples` or `code-from-examples`.
        lesson: With the demonstration that is asked about last, and the program where one is asked for.
    """

    recipe: str
    lesson: Lesson

    @property
    def task_id(self) -> str:
        """Whose it is."""
        return self.lesson.task_id


@dataclass(frozen=True, slots=True)
class Course:
    """What is learned, and what is kept apart to measure by. No output of the second is a target of the first."""

    learned: tuple[Exercise, ...]
    kept: tuple[Exercise, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes exercises as samples that fit.

    Attributes:
        grids: How grids are asked for.
        programs: How programs are asked for.
        max_tokens: Of prompt, completion and end token.
        count_prompt: Tokens of a prompt.
        count_text: Tokens of a completion.
    """

    grids: PromptStyle
    programs: PromptStyle
    max_tokens: int
    count_prompt: Callable[[Prompt], int]
    count_text: Callable[[str], int]

    def sample(self, exercise: Exercise, rng: np.random.Generator | None) -> Sample | None:
        """The sample in a view that `rng` draws (None: as it is), or None where it does not fit.

        A program belongs to the colours and the orientation that it was written for; only its pairs change places.
        """
        asks_for_code = exercise.recipe == CODE_FROM_EXAMPLES
        style = self.programs if asks_for_code else self.grids
        lesson = exercise.lesson
        view = IDENTITY
        if rng is not None:
            view = sample_view(
                rng,
                len(lesson.train_pairs),
                symmetries=style.symmetries and not asks_for_code,
                colors=style.colors and not asks_for_code,
                keep_background=style.keep_background,
            )
        shown = view.apply_pairs(lesson.train_pairs)[: style.max_pairs or None]
        return self._written(exercise.recipe, style, lesson, view, shown)

    def _written(
        self, name: str, style: PromptStyle, lesson: Lesson, view: View, shown: tuple[Pair, ...]
    ) -> Sample | None:
        recipe, encoder = get_recipe(name), get_encoder(style.encoder)
        seen = Lesson(lesson.task_id, shown, view.apply_pair(lesson.test), lesson.source)
        try:
            made = recipe.make_exercise(seen, style.version)
        except ArgumentError:
            return None
        completion = recipe.form.write(get_template(name, style.version).prefill, encoder, made.answer)
        build = partial(build_prompt, name, style.version, encoder, test_input=made.test_input, source=made.source)
        room = self.max_tokens - self.count_text(completion) - 1
        fitted = fit_to_context(build, shown, self.count_prompt, room)
        return Sample(name, lesson.task_id, fitted.prompt, completion) if isinstance(fitted, FittedPrompt) else None


def course(
    tasks: Sequence[Task], relabelled: Sequence[Lesson], *, min_pairs: int, n_kept: int, one_program_in: int = 5
) -> Course:
    """What to learn of some tasks.

    Args:
        tasks: The tasks; one with a single demonstration teaches nothing.
        relabelled: Programs with what they compute.
        min_pairs: Only of tasks with so many demonstrations is one kept apart: the last.
        n_kept: Of so many tasks at most, spread over all that can spare one.
        one_program_in: Of so many programs one is kept apart.
    """
    able = [task.task_id for task in tasks if len(task.train) >= min_pairs]
    apart = set(able[:: max(1, math.ceil(len(able) / n_kept))])
    learned: list[Exercise] = []
    kept: list[Exercise] = []
    for task in tasks:
        pairs = task.train[:-1] if task.task_id in apart else task.train
        if len(pairs) > 1:
            learned += [_asking(task.task_id, pairs, index) for index in range(len(pairs))]
        if task.task_id in apart:
            kept.append(_asking(task.task_id, task.train, len(task.train) - 1))
    for number, lesson in enumerate(relabelled):
        of = kept if number % one_program_in == one_program_in - 1 else learned
        of.append(Exercise(CODE_FROM_EXAMPLES, lesson))
    return Course(tuple(learned), tuple(kept))


def endless(exercises: Sequence[Exercise], writer: Writer, seed: int) -> SampleSource:
    """The exercises again and again, in a new order and in new views each time; sample i is always the same.

    Args:
        exercises: Those that fit as they are, at least one. One that does not fit in a view is written as it is.
        writer: Writes them.
        seed: Of order and views.
    """

    def source(start: int) -> Iterator[Sample]:
        for index in itertools.count(start):
            turn, place = divmod(index, len(exercises))
            order = np.random.default_rng([seed, _ORDER, turn]).permutation(len(exercises))
            exercise = exercises[order[place]]
            rng = np.random.default_rng([seed, _VIEW, index])
            sample = writer.sample(exercise, rng) or writer.sample(exercise, None)
            assert sample is not None
            yield sample

    return source


def probe(exercises: Sequence[Exercise], writer: Writer, seed: int) -> list[Sample]:
    """What was kept apart, as it is and in another view, as far as it fits."""
    samples = [writer.sample(exercise, None) for exercise in exercises]
    for view in range(1, _PROBE_VIEWS):
        rngs = (np.random.default_rng([seed, _PROBE, view, index]) for index in range(len(exercises)))
        samples += [writer.sample(exercise, rng) for exercise, rng in zip(exercises, rngs, strict=False)]
    return [sample for sample in samples if sample is not None]


def fitting(exercises: Sequence[Exercise], writer: Writer) -> list[tuple[Exercise, int]]:
    """The exercises that fit as they are, with their tokens."""
    sizes = []
    for exercise in exercises:
        sample = writer.sample(exercise, None)
        if sample is not None:
            n_tokens = writer.count_prompt(sample.prompt) + writer.count_text(sample.completion) + 1
            sizes.append((exercise, n_tokens))
    return sizes


def _asking(task_id: str, pairs: Sequence[Pair], index: int) -> Exercise:
    others = (*pairs[:index], *pairs[index + 1 :])
    return Exercise(OUTPUT_FROM_EXAMPLES, Lesson(task_id, others, pairs[index]))
