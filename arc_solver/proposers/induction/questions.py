"""Questions to the model: for a new program in some view of a task, or for one that was wrong to be mended.

Knows prompts and how much an engine reads; nothing of answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from arc_solver.augment import IDENTITY, View, sample_view
from arc_solver.engines.base import Engine, Request, Sampling
from arc_solver.prompts.base import Prompt
from arc_solver.prompts.build import STOP_STRINGS, PromptTooLong, build_prompt, fit_to_context
from arc_solver.prompts.encoders import get_encoder
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES, CODE_REPAIR
from arc_solver.proposers.induction.records import Draft
from arc_solver.proposers.induction.repairs import first_mistake
from arc_solver.proposers.induction.settings import InductionSettings
from arc_solver.proposers.waves import Question, describe_view, sampling_seed, shown_pairs, task_rng
from arc_solver.sandbox.screening import Screened
from arc_solver.tasks import Pair, Task

_VIEW, _SAMPLE = 2, 3  # purposes of random numbers


class Questioner:
    """Writes questions that fit the engine's context.

    Args:
        engine: Whom they are for.
        settings: How the model is asked.
        seed: Of views and samples.
        adapters: Task id -> the adapter that is asked about it; the engine's own weights about others.
    """

    def __init__(
        self,
        engine: Engine,
        settings: InductionSettings,
        seed: int,
        adapters: Mapping[str, Path] | None = None,
    ) -> None:
        self._adapters = adapters or {}
        self._engine = engine
        self._settings = settings
        self._seed = seed
        self._encoder = get_encoder(settings.encoder)

    def for_program(self, task: Task, wave: int, number: int) -> Question | PromptTooLong:
        """The question for sample `number`, in the view of its wave."""
        view = self._view(task, wave)
        test_index = wave % len(task.test_inputs)  # prompt versions that show a test input show each in turn
        build = self._prompts_of(CODE_FROM_EXAMPLES, task, view, test_index)
        greedy = number == 0 and self._settings.greedy_first
        return self._question(build, task, view, test_index, number, 0.0 if greedy else self._settings.temperature)

    def for_repair(self, draft: Draft, known: Screened, number: int) -> Question | PromptTooLong:
        """The question for sample `number`, which mends a program, in the view in which that one was written."""
        question = draft.question
        task, view, test_index = question.task, question.view, question.test_index
        build = partial(
            self._prompts_of(CODE_REPAIR, task, view, test_index),
            source=draft.source,
            mistake=first_mistake(draft, known),
        )
        origin = f"; repair of sample {question.number}"
        return self._question(build, task, view, test_index, number, self._settings.temperature, origin)

    def _prompts_of(self, recipe: str, task: Task, view: View, test_index: int) -> Callable[..., Prompt]:
        """`build_prompt` with all but the training pairs and the program bound."""
        return partial(
            build_prompt,
            recipe,
            self._settings.version,
            self._encoder,
            test_input=view.apply(task.test_inputs[test_index]),
        )

    def _question(
        self,
        build: Callable[[Sequence[Pair]], Prompt],
        task: Task,
        view: View,
        test_index: int,
        number: int,
        temperature: float,
        origin: str = "",
    ) -> Question | PromptTooLong:
        settings = self._settings
        pairs = shown_pairs(view, task.train, settings.max_pairs)
        room = self._engine.context_length - settings.max_new_tokens
        fitted = fit_to_context(build, pairs, self._engine.count_tokens, room)
        if isinstance(fitted, PromptTooLong):
            return fitted
        sampling = Sampling(
            settings.max_new_tokens,
            temperature,
            settings.top_p,
            sampling_seed(self._seed, task.task_id, _SAMPLE, number),
            STOP_STRINGS if settings.use_stop_strings else (),
            settings.min_p,
        )
        n_left_out = len(task.train) - len(pairs) + fitted.n_dropped
        left_out = f"; {n_left_out} pairs left out" if n_left_out else ""
        detail = f"{settings.version}; {describe_view(view)}{left_out}{origin}"
        adapter = self._adapters.get(task.task_id)
        request = Request(f"{task.task_id}/{number}", fitted.prompt, sampling, adapter)
        return Question(request, task, test_index, view, detail, number)

    def _view(self, task: Task, wave: int) -> View:
        """One view for each wave: its samples share a prompt, which is read by the model only once."""
        if wave == 0:
            return IDENTITY
        settings = self._settings
        return sample_view(
            task_rng(self._seed, task.task_id, _VIEW, wave),
            len(task.train),
            symmetries=settings.symmetries,
            colors=settings.colors,
            keep_background=settings.keep_background,
        )
