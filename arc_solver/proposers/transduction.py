"""The language model writes the output grid, once for each of many views of the task.

Each view shows the task rotated, recoloured, with its pairs in another order; the grid that comes back is inverted.
Knows prompts, views and an engine; nothing of votes, and not which model answers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from arc_solver.augment import IDENTITY, View, sample_view
from arc_solver.budget import Deadline
from arc_solver.candidates import Candidate, GridEvidence, Origin, Rejected
from arc_solver.engines.base import Completion, Engine, Finish, Request, Sampling
from arc_solver.grids import MAX_SIDE, N_COLORS, Grid, frozen
from arc_solver.prompts.base import Prompt
from arc_solver.prompts.build import STOP_STRINGS, FittedPrompt, PromptTooLong, build_prompt, fit_to_context
from arc_solver.prompts.encoders import GridEncoder, Unparsed, get_encoder
from arc_solver.prompts.parse import parse_grid
from arc_solver.prompts.templates import OUTPUT_FROM_EXAMPLES, get_template
from arc_solver.proposers.base import Event, Pool
from arc_solver.proposers.waves import (
    Ledger,
    Question,
    WavePlan,
    describe_view,
    sampling_seed,
    shown_pairs,
    task_rng,
    unsolved_share,
)
from arc_solver.tasks import Pair, Task

_LOG = logging.getLogger(__name__)
_NAME = "transduction"
_VIEW, _SAMPLE = 0, 1  # purposes of random numbers


@dataclass(frozen=True, slots=True)
class TransductionSettings:
    """How often and how the model is asked.

    Attributes:
        n_samples: Views of each test input; the first is the task as it is.
        wave_size: Views of a task that are asked for together, after the first.
        temperature: 0 takes the likeliest token at every step, which many views suit best.
        top_p: Nucleus of sampling.
        min_p: Tokens less probable than this share of the likeliest one are never chosen; 0 drops none.
        encoder: How grids are written; what the model was trained on.
        version: Prompt version; what the model was trained on.
        max_pairs: Most training pairs that a view shows, 0 for all.
        max_new_tokens: Upper bound on an answer; most get a lower one from the size that their output should have.
        size_margin: An answer may be this much longer than the expected output.
        symmetries: Views may be rotated and mirrored.
        colors: Views may be recoloured.
        keep_background: Colour 0 stays 0 in recoloured views.
        use_stop_strings: For models that were not trained on our prompts and go on talking after the grid.

    Raises:
        ValueError: A setting that makes no sense.
        InputError: No such encoder or prompt version.
    """

    n_samples: int = 8
    wave_size: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    min_p: float = 0.0
    encoder: str = "numbered"
    version: str = "brief"
    max_pairs: int = 4
    max_new_tokens: int = 1100
    size_margin: float = 1.25
    symmetries: bool = True
    colors: bool = True
    keep_background: bool = True
    use_stop_strings: bool = False

    def __post_init__(self) -> None:
        if self.n_samples < 1 or self.wave_size < 1 or self.max_pairs < 0:
            raise ValueError("n_samples and wave_size must be at least 1, max_pairs at least 0")
        if self.size_margin < 1:
            raise ValueError("size_margin must be at least 1")
        Sampling(self.max_new_tokens, self.temperature, self.top_p, min_p=self.min_p)
        get_encoder(self.encoder)
        get_template(OUTPUT_FROM_EXAMPLES, self.version)


class TransductionProposer:
    """Proposes grids that a language model writes.

    Args:
        engine: Samples completions.
        settings: How often and how it is asked.
        seed: Of views and samples, at least 0.
        adapters: Task id -> the adapter that is asked about it; the engine's own weights about others.
        pool: What others found: tasks that they solved are asked about less.
    """

    def __init__(
        self,
        engine: Engine,
        settings: TransductionSettings,
        seed: int,
        adapters: Mapping[str, Path] | None = None,
        pool: Pool | None = None,
    ) -> None:
        self._engine = engine
        self._pool = pool
        self._settings = settings
        self._seed = seed
        self._adapters = adapters or {}
        self._encoder = get_encoder(settings.encoder)
        self._lengths = AnswerLengths(engine, self._encoder)

    @property
    def name(self) -> str:
        return _NAME

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        settings = self._settings
        ledger = Ledger(_NAME, {task.task_id: settings.n_samples * len(task.test_inputs) for task in tasks})
        plan = WavePlan(tasks, settings.n_samples, settings.wave_size, partial(unsolved_share, self._pool))
        while portions := plan.next(ledger.is_open):
            questions: dict[str, Question] = {}
            for portion in portions:
                if deadline.passed():
                    return
                for event in self._ask(portion.task, portion.samples, questions):
                    yield event
                    yield from ledger.settle(portion.task.task_id)
            _LOG.info("transduction wave: %d questions", len(questions))
            if not questions:
                continue
            requests = [question.request for question in questions.values()]
            for request_id, completion in self._engine.generate(requests, deadline):
                question = questions[request_id]
                yield self._read(question, completion)
                yield from ledger.settle(question.task.task_id)

    def _ask(self, task: Task, samples: range, questions: dict[str, Question]) -> list[Rejected]:
        """Add one question for each view and test input; those that cannot be asked come back as rejected."""
        rejected = []
        for test_index in range(len(task.test_inputs)):
            for sample in samples:
                asked = self._question(task, test_index, sample)
                if isinstance(asked, PromptTooLong):
                    rejected.append(Rejected(task.task_id, _NAME, asked.reason))
                else:
                    questions[asked.request.request_id] = asked
        return rejected

    def _question(self, task: Task, test_index: int, sample: int) -> Question | PromptTooLong:
        settings = self._settings
        view = self._view(task, sample)
        test_input = view.apply(task.test_inputs[test_index])
        pairs = shown_pairs(view, task.train, settings.max_pairs)
        shape = largest_output(view.apply_pairs(task.train), test_input)
        limit = min(settings.max_new_tokens, round(settings.size_margin * self._lengths.of(shape)) + 8)
        build = partial(
            build_prompt, OUTPUT_FROM_EXAMPLES, settings.version, self._encoder, test_input=test_input
        )  # only the pairs are left open
        fitted = fit_to_context(build, pairs, self._engine.count_tokens, self._engine.context_length - limit)
        if isinstance(fitted, PromptTooLong):
            return fitted
        sampling = Sampling(
            limit,
            settings.temperature,
            settings.top_p,
            sampling_seed(self._seed, task.task_id, _SAMPLE, test_index, sample),
            STOP_STRINGS if settings.use_stop_strings else (),
            settings.min_p,
        )
        adapter = self._adapters.get(task.task_id)
        request = Request(f"{task.task_id}/{test_index}/{sample}", fitted.prompt, sampling, adapter)
        return Question(request, task, test_index, view, self._detail(task, view, fitted, len(pairs)))

    def _view(self, task: Task, sample: int) -> View:
        """View 0 is the task as it is. All test inputs of a task share a view, so that their prompts begin alike."""
        if sample == 0:
            return IDENTITY
        settings = self._settings
        return sample_view(
            task_rng(self._seed, task.task_id, _VIEW, sample),
            len(task.train),
            symmetries=settings.symmetries,
            colors=settings.colors,
            keep_background=settings.keep_background,
        )

    def _detail(self, task: Task, view: View, fitted: FittedPrompt, n_pairs: int) -> str:
        n_left_out = len(task.train) - n_pairs + fitted.n_dropped
        return f"{self._settings.version}; {describe_view(view)}" + (
            f"; {n_left_out} pairs left out" if n_left_out else ""
        )

    def _read(self, question: Question, completion: Completion) -> Candidate | Rejected:
        stopped = self._settings.use_stop_strings and completion.finish is Finish.STOP
        grid = parse_grid(question.request.prompt.prefill, completion.text, self._encoder, stopped=stopped)
        task_id = question.task.task_id
        if isinstance(grid, Unparsed):
            return Rejected(task_id, _NAME, grid.reason)
        return Candidate(
            task_id,
            {question.test_index: question.view.invert(grid)},
            Origin(_NAME, question.detail, question.request.sampling.seed),
            GridEvidence(completion.logprob, len(completion.token_ids)),
        )


class AnswerLengths:
    """How many tokens a grid of some shape takes, asked of the engine once for each shape."""

    def __init__(self, engine: Engine, encoder: GridEncoder) -> None:
        self._engine = engine
        self._encoder = encoder
        self._n_empty = engine.count_tokens(Prompt(""))
        self._known: dict[tuple[int, int], int] = {}

    def of(self, shape: tuple[int, int]) -> int:
        """Tokens of a grid of this shape in which neighbours differ, as no tokenizer can merge them."""
        if shape not in self._known:
            cells = np.add.outer(3 * np.arange(shape[0]), 7 * np.arange(shape[1])) % N_COLORS
            text = self._encoder.encode(frozen(cells))
            self._known[shape] = self._engine.count_tokens(Prompt("", prefill=text)) - self._n_empty
        return self._known[shape]


def largest_output(train: Sequence[Pair], test_input: Grid) -> tuple[int, int]:
    """The shape that the output should have, or, where no rule fits all pairs, the largest that is likely.

    It only bounds how long an answer may be, so it errs on the large side.
    """
    sides = []
    for axis in (0, 1):
        inputs = [pair.input.shape[axis] for pair in train]
        outputs = [pair.output.shape[axis] for pair in train]
        asked = test_input.shape[axis]
        likely = []
        if len(set(outputs)) == 1:  # one size, whatever the input's
            likely.append(outputs[0])
        if all(output * inputs[0] == outputs[0] * size for size, output in zip(inputs, outputs, strict=True)):
            likely.append(-(-asked * outputs[0] // inputs[0]))  # one ratio, 1 included
        side = max(likely or [asked, *outputs])
        sides.append(min(MAX_SIDE, side))
    return sides[0], sides[1]
