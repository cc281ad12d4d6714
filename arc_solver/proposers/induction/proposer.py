"""The language model writes programs; the sandbox runs them on the training pairs and the test inputs.

A program that was written for a rotated or recoloured view is a program for that view: it is run there, and only its
outputs, turned back, become a candidate. Knows prompts, an engine and a sandbox; nothing of votes, and not which model
answers.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from arc_solver.allocation.sampling import UNSOLVED_THOUGH_FITTING
from arc_solver.budget import Deadline
from arc_solver.candidates import Rejected
from arc_solver.engines.base import Completion, Engine, Finish
from arc_solver.prompts.build import PromptTooLong
from arc_solver.prompts.encoders import Unparsed
from arc_solver.prompts.parse import parse_code
from arc_solver.proposers.base import Event, Pool
from arc_solver.proposers.induction.questions import Questioner
from arc_solver.proposers.induction.records import Draft, TaskRecord
from arc_solver.proposers.induction.repairs import can_be_mended, most_promising
from arc_solver.proposers.induction.running import DUPLICATE, Outcome, ProgramRunner
from arc_solver.proposers.induction.settings import NAME, InductionSettings
from arc_solver.proposers.waves import Ledger, Portion, Question, WavePlan, unsolved_share
from arc_solver.sandbox.screening import Runner
from arc_solver.tasks import Task

_LOG = logging.getLogger(__name__)


class InductionProposer:
    """Proposes what programs that a language model writes compute.

    Args:
        engine: Samples completions.
        sandbox: Runs the programs.
        settings: How often and how the model is asked, and what is kept.
        seed: Of views and samples, at least 0.
        adapters: Task id -> the adapter that is asked about it; the engine's own weights about others.
        watch: Told of every program before it is run, if it is new.
        pool: What others found: tasks that they solved are asked about less.
    """

    def __init__(
        self,
        engine: Engine,
        sandbox: Runner,
        settings: InductionSettings,
        seed: int,
        *,
        adapters: Mapping[str, Path] | None = None,
        watch: Callable[[Draft], None] = lambda draft: None,
        pool: Pool | None = None,
    ) -> None:
        self._engine = engine
        self._pool = pool
        self._sandbox = sandbox
        self._settings = settings
        self._questioner = Questioner(engine, settings, seed, adapters)
        self._watch = watch

    @property
    def name(self) -> str:
        return NAME

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        run = _Run(
            self._engine, self._sandbox, self._settings, self._questioner, tasks, deadline, self._watch, self._pool
        )
        return run.events()


class _Run:
    """One call of `propose`: what is open, what is known, what time is left."""

    def __init__(
        self,
        engine: Engine,
        sandbox: Runner,
        settings: InductionSettings,
        questioner: Questioner,
        tasks: Sequence[Task],
        deadline: Deadline,
        watch: Callable[[Draft], None],
        pool: Pool | None,
    ) -> None:
        self._watch = watch
        self._pool = pool
        self._engine = engine
        self._settings = settings
        self._questioner = questioner
        self._tasks = tasks
        self._deadline = deadline
        self._sampling_deadline = deadline.minus(settings.reserve_s)
        # While repairs or further programs may follow, one sample that nobody asks for keeps each task open.
        n_samples = settings.n_samples + (1 if settings.repair_rounds or settings.n_more else 0)
        self._ledger = Ledger(NAME, {task.task_id: n_samples for task in tasks})
        self._records = {task.task_id: TaskRecord(task) for task in tasks}
        self._programs = ProgramRunner(sandbox, settings, self._records)

    def events(self) -> Iterator[Event]:
        settings = self._settings
        plan = WavePlan(self._tasks, settings.n_samples, settings.wave_size, self._unsolved)
        for wave in itertools.count():
            portions = plan.next(self._ledger.is_open)
            if not portions:
                break
            questions: dict[str, Question] = {}
            for portion in portions:
                if self._sampling_deadline.passed():
                    return
                if self._ledger.is_open(portion.task.task_id):
                    yield from self._ask(portion, questions)
            _LOG.info("induction wave %d: %d questions", wave, len(questions))
            if questions:
                yield from self._sample_and_run(questions)
            yield from self._repair(wave)
        if settings.repair_rounds and not settings.n_more and not self._sampling_deadline.passed():
            for task in self._tasks:
                if self._ledger.is_open(task.task_id):
                    yield from self._ledger.settle(task.task_id)

    def _unsolved(self, task_id: str) -> float:
        """How likely it is that a task is not solved yet, by others or by a program of ours."""
        passes = self._records[task_id].n_passing > 0
        return UNSOLVED_THOUGH_FITTING if passes else unsolved_share(self._pool, task_id)

    def _repair(self, wave: int) -> Iterator[Event]:
        """Ask again for what is wrong of this wave, then for what is wrong of that, and leave the rest alone."""
        for round_number in range(self._settings.repair_rounds):
            repairs: dict[str, Question] = {}
            yield from self._ask_for_repairs(repairs)
            _LOG.info("induction wave %d, round %d: %d repairs", wave, round_number, len(repairs))
            if not repairs:
                break
            yield from self._sample_and_run(repairs)
        for record in self._records.values():
            record.wrong.clear()

    # -- asking ------------------------------------------------------------------------------------------------------

    def _ask(self, portion: Portion, questions: dict[str, Question]) -> Iterator[Event]:
        """Add one question for each sample; those that cannot be asked are rejected."""
        task = portion.task
        for number in portion.samples:
            asked = self._questioner.for_program(task, portion.number, number)
            if isinstance(asked, PromptTooLong):
                yield Rejected(task.task_id, NAME, asked.reason)
                yield from self._ledger.settle(task.task_id)
            else:
                questions[asked.request.request_id] = asked

    def _ask_for_repairs(self, questions: dict[str, Question]) -> Iterator[Event]:
        """Add questions for the most promising of the wrong programs, each a further sample of its task."""
        for task in self._tasks:
            record = self._records[task.task_id]
            wrong, record.wrong = record.wrong, []
            if not self._ledger.is_open(task.task_id):
                continue
            for draft, known in most_promising(wrong, self._settings.max_repairs):
                if self._sampling_deadline.passed():
                    return
                asked = self._questioner.for_repair(draft, known, self._settings.n_samples + record.n_repairs)
                record.n_repairs += 1
                if isinstance(asked, PromptTooLong):
                    yield Rejected(task.task_id, NAME, f"repair: {asked.reason}")
                else:
                    self._ledger.expect(task.task_id)
                    questions[asked.request.request_id] = asked

    # -- answers -----------------------------------------------------------------------------------------------------

    def _sample_and_run(self, questions: dict[str, Question]) -> Iterator[Event]:
        """One wave or round: programs are run in batches while others are still being written."""
        drafts: list[Draft] = []
        requests = [question.request for question in questions.values()]

        def is_wanted(request_id: str) -> bool:
            """Not once its task has programs enough: the model's time goes to tasks that have none."""
            return self._ledger.is_open(questions[request_id].task.task_id)

        for request_id, completion in self._engine.generate(requests, self._sampling_deadline, is_wanted):
            question = questions[request_id]
            task_id = question.task.task_id
            if not self._ledger.is_open(task_id):
                continue
            draft = self._draft(question, completion)
            if isinstance(draft, Rejected):
                yield draft
                yield from self._ledger.settle(task_id)
                continue
            drafts.append(draft)
            if len(drafts) >= self._settings.execute_batch:
                yield from self._run(drafts)
                drafts = []
        if drafts and not self._deadline.passed():
            yield from self._run(drafts)

    def _draft(self, question: Question, completion: Completion) -> Draft | Rejected:
        stopped = self._settings.use_stop_strings and completion.finish is Finish.STOP
        source = parse_code(question.request.prompt.prefill, completion.text, stopped=stopped)
        task_id = question.task.task_id
        if isinstance(source, Unparsed):
            return Rejected(task_id, NAME, source.reason)
        draft = Draft(question, completion, source)
        record = self._records[task_id]
        if not record.is_new(draft):
            return Rejected(task_id, NAME, DUPLICATE, draft.seed, record.first_with_source(draft))
        self._watch(draft)
        return draft

    def _run(self, drafts: Sequence[Draft]) -> Iterator[Event]:
        """Run programs, and say what became of each."""
        for outcome in self._programs.run(drafts, self._deadline):
            task_id = outcome.draft.question.task.task_id
            if not self._ledger.is_open(task_id):
                continue  # an earlier program of this batch was the last one wanted
            if outcome.known.was_cut_off:
                continue  # nothing is known of it, and the task is not done
            yield from self._told(outcome)

    def _told(self, outcome: Outcome) -> Iterator[Event]:
        draft, known = outcome.draft, outcome.known
        task_id = draft.question.task.task_id
        record = self._records[task_id]
        if outcome.refusal is not None:
            repeats = record.first_with_behaviour(draft, known) if outcome.refusal == DUPLICATE else 0
            yield Rejected(task_id, NAME, outcome.refusal, draft.seed if repeats else 0, repeats)
        else:
            yield draft.candidate(known)
            record.n_passing += known.passes_all
        if self._settings.repair_rounds and can_be_mended(draft, known):
            record.wrong.append((draft, known))
        if record.n_passing >= self._settings.stop_after:
            yield from self._ledger.close(task_id)
        else:
            yield from self._ledger.settle(task_id)
