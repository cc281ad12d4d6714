"""The language model writes programs; the sandbox runs them on the training pairs and the test inputs.

Views differ in the order of the pairs only: a program that was written for a rotated task would not be one for the task
itself. Knows prompts, an engine and a sandbox; nothing of votes, and not which model answers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from arc_solver.augment import IDENTITY, View, sample_view
from arc_solver.budget import Deadline
from arc_solver.candidates import Candidate, Origin, ProgramEvidence, Rejected
from arc_solver.engines.base import Completion, Engine, Finish, Request, Sampling
from arc_solver.prompts.build import STOP_STRINGS, PromptTooLong, build_prompt, fit_to_context
from arc_solver.prompts.encoders import Unparsed, get_encoder
from arc_solver.prompts.parse import parse_code
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES, get_template
from arc_solver.proposers.base import Event
from arc_solver.proposers.waves import Ledger, Question, describe_view, sampling_seed, shown_pairs, task_rng, waves
from arc_solver.sandbox.screening import Runner, Screened, TaskPrograms, confirm, resume, screen
from arc_solver.tasks import Task

_LOG = logging.getLogger(__name__)
_NAME = "induction"
_VIEW, _SAMPLE = 2, 3  # purposes of random numbers


@dataclass(frozen=True, slots=True)
class InductionSettings:
    """How often and how the model is asked, and what is kept.

    Attributes:
        n_samples: Programs asked for, a task.
        wave_size: Programs of a task that are asked for together, after the first; they share a prompt.
        temperature: Of all samples but the first, which takes the likeliest token at every step.
        top_p: Nucleus of sampling.
        encoder: How grids are written; what the model was trained on.
        version: Prompt version; what the model was trained on.
        max_pairs: Most training pairs that a prompt shows, 0 for all. Programs are run on all of them.
        max_new_tokens: Upper bound on a program.
        stop_after: A task is done once so many different programs pass all its training pairs.
        max_partial: Programs that pass only some pairs are kept up to this number a task, later ones only if they pass
            more than all before.
        stop_at_miss: A program that is wrong on the first training pair is not run on the others. Few of those that are
            dropped would have been right (docs/log.md).
        execute_batch: Programs that are run together.
        reserve_s: Sampling ends this long before the deadline, so that the last programs can still be run.
        use_stop_strings: For models that were not trained on our prompts and go on talking after the program.

    Raises:
        ValueError: A setting that makes no sense.
        InputError: No such encoder or prompt version.
    """

    n_samples: int = 8
    wave_size: int = 4
    temperature: float = 0.8
    top_p: float = 1.0
    encoder: str = "numbered"
    version: str = "brief"
    max_pairs: int = 4
    max_new_tokens: int = 300
    stop_after: int = 4
    max_partial: int = 3
    stop_at_miss: bool = True
    execute_batch: int = 16
    reserve_s: float = 1.0
    use_stop_strings: bool = False

    def __post_init__(self) -> None:
        if min(self.n_samples, self.wave_size, self.stop_after, self.execute_batch) < 1:
            raise ValueError("n_samples, wave_size, stop_after and execute_batch must be at least 1")
        if min(self.max_pairs, self.max_partial, self.reserve_s) < 0:
            raise ValueError("max_pairs, max_partial and reserve_s must be at least 0")
        Sampling(self.max_new_tokens, self.temperature, self.top_p)
        get_encoder(self.encoder)
        get_template(CODE_FROM_EXAMPLES, self.version)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A program that waits to be run."""

    question: Question
    completion: Completion
    source: str


@dataclass(slots=True)
class _Record:
    """What is known of one task's programs."""

    programs: TaskPrograms
    sources: set[str] = field(default_factory=set)
    n_passing: int = 0
    n_partial: int = 0
    most_passed: int = 0


class InductionProposer:
    """Proposes what programs that a language model writes compute.

    Args:
        engine: Samples completions.
        sandbox: Runs the programs.
        settings: How often and how the model is asked, and what is kept.
        seed: Of views and samples, at least 0.
    """

    def __init__(self, engine: Engine, sandbox: Runner, settings: InductionSettings, seed: int) -> None:
        self._engine = engine
        self._sandbox = sandbox
        self._settings = settings
        self._seed = seed
        self._encoder = get_encoder(settings.encoder)

    @property
    def name(self) -> str:
        return _NAME

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        settings = self._settings
        ledger = Ledger(_NAME, {task.task_id: settings.n_samples for task in tasks})
        records = {task.task_id: _Record(TaskPrograms(task.train, task.test_inputs)) for task in tasks}
        sampling_deadline = deadline.minus(settings.reserve_s)
        for number, samples in enumerate(waves(settings.n_samples, settings.wave_size)):
            questions: dict[str, Question] = {}
            for task in tasks:
                if sampling_deadline.passed():
                    return
                if ledger.is_open(task.task_id):
                    for event in self._ask(task, number, samples, questions):
                        yield event
                        yield from ledger.settle(task.task_id)
            _LOG.info("induction wave %d: %d questions", number, len(questions))
            if questions:
                yield from self._sample_and_run(questions, ledger, records, sampling_deadline, deadline)

    # -- asking ------------------------------------------------------------------------------------------------------

    def _ask(self, task: Task, wave: int, samples: range, questions: dict[str, Question]) -> list[Rejected]:
        """Add one question for each sample; those that cannot be asked come back as rejected."""
        rejected = []
        for sample in samples:
            asked = self._question(task, wave, sample)
            if isinstance(asked, PromptTooLong):
                rejected.append(Rejected(task.task_id, _NAME, asked.reason))
            else:
                questions[asked.request.request_id] = asked
        return rejected

    def _question(self, task: Task, wave: int, sample: int) -> Question | PromptTooLong:
        settings = self._settings
        view = self._view(task, wave)
        test_index = wave % len(task.test_inputs)  # prompt versions that show a test input show each in turn
        build = partial(
            build_prompt,
            CODE_FROM_EXAMPLES,
            settings.version,
            self._encoder,
            test_input=task.test_inputs[test_index],
        )  # only the pairs are left open
        pairs = shown_pairs(view, task.train, settings.max_pairs)
        room = self._engine.context_length - settings.max_new_tokens
        fitted = fit_to_context(build, pairs, self._engine.count_tokens, room)
        if isinstance(fitted, PromptTooLong):
            return fitted
        sampling = Sampling(
            settings.max_new_tokens,
            0.0 if sample == 0 else settings.temperature,
            settings.top_p,
            sampling_seed(self._seed, task.task_id, _SAMPLE, sample),
            STOP_STRINGS if settings.use_stop_strings else (),
        )
        n_left_out = len(task.train) - len(pairs) + fitted.n_dropped
        left_out = f"; {n_left_out} pairs left out" if n_left_out else ""
        detail = f"{settings.version}; {describe_view(view)}{left_out}"
        return Question(Request(f"{task.task_id}/{sample}", fitted.prompt, sampling), task, test_index, view, detail)

    def _view(self, task: Task, wave: int) -> View:
        """One order of the pairs for each wave: its samples share a prompt, which is read by the model only once."""
        if wave == 0:
            return IDENTITY
        rng = task_rng(self._seed, task.task_id, _VIEW, wave)
        return sample_view(rng, len(task.train), symmetries=False, colors=False)

    # -- answers -----------------------------------------------------------------------------------------------------

    def _sample_and_run(
        self,
        questions: dict[str, Question],
        ledger: Ledger,
        records: dict[str, _Record],
        sampling_deadline: Deadline,
        deadline: Deadline,
    ) -> Iterator[Event]:
        """One wave: programs are run in batches while others are still being written."""
        drafts: list[_Draft] = []
        requests = [question.request for question in questions.values()]

        def is_wanted(request_id: str) -> bool:
            """Not once its task has programs enough: the model's time goes to tasks that have none."""
            return ledger.is_open(questions[request_id].task.task_id)

        for request_id, completion in self._engine.generate(requests, sampling_deadline, is_wanted):
            question = questions[request_id]
            task_id = question.task.task_id
            if not ledger.is_open(task_id):
                continue
            draft = self._draft(question, completion, records[task_id])
            if isinstance(draft, Rejected):
                yield draft
                yield from ledger.settle(task_id)
                continue
            drafts.append(draft)
            if len(drafts) >= self._settings.execute_batch:
                yield from self._run(drafts, ledger, records, deadline)
                drafts = []
        if drafts and not deadline.passed():
            yield from self._run(drafts, ledger, records, deadline)

    def _draft(self, question: Question, completion: Completion, record: _Record) -> _Draft | Rejected:
        stopped = self._settings.use_stop_strings and completion.finish is Finish.STOP
        source = parse_code(question.request.prompt.prefill, completion.text, stopped=stopped)
        task = question.task
        if isinstance(source, Unparsed):
            return Rejected(task.task_id, _NAME, source.reason)
        if source in record.sources:
            return Rejected(task.task_id, _NAME, "program: duplicate")
        record.sources.add(source)
        return _Draft(question, completion, source)

    def _run(
        self, drafts: Sequence[_Draft], ledger: Ledger, records: dict[str, _Record], deadline: Deadline
    ) -> Iterator[Event]:
        """Screen the programs, confirm those that are worth keeping, and say what became of each."""
        owners = [records[draft.question.task.task_id] for draft in drafts]
        found = self._screened(drafts, owners, deadline)
        reasons = [self._refusal(known, record) for known, record in zip(found, owners, strict=True)]
        kept = [index for index, reason in enumerate(reasons) if reason is None]
        confirmed = confirm(self._sandbox, [(owners[index].programs, found[index]) for index in kept], deadline)
        for index, known in zip(kept, confirmed, strict=True):
            found[index] = known
            reasons[index] = _uselessness(known)
        for draft, record, known, reason in zip(drafts, owners, found, reasons, strict=True):
            task_id = draft.question.task.task_id
            if not ledger.is_open(task_id):
                continue  # an earlier program of this batch was the last one wanted
            if known.was_cut_off:
                continue  # nothing is known of it, and the task is not done
            yield Rejected(task_id, _NAME, reason) if reason is not None else _candidate(draft, known)
            record.n_passing += reason is None and known.passes_all
            if record.n_passing >= self._settings.stop_after:
                yield from ledger.close(task_id)
            else:
                yield from ledger.settle(task_id)

    def _screened(self, drafts: Sequence[_Draft], owners: Sequence[_Record], deadline: Deadline) -> list[Screened]:
        """Run programs as far as they deserve; partial ones on the test inputs only where they may be kept."""
        pairs = [(record.programs, draft.source) for record, draft in zip(owners, drafts, strict=True)]
        found = screen(self._sandbox, pairs, deadline, self._settings.stop_at_miss)
        partial = [
            index
            for index, (known, record) in enumerate(zip(found, owners, strict=True))
            if known.is_partial and not known.is_duplicate and self._may_be_kept(known, record)
        ]
        resumed = resume(self._sandbox, [(owners[index].programs, found[index]) for index in partial], deadline)
        for index, known in zip(partial, resumed, strict=True):
            found[index] = known
        return found

    def _may_be_kept(self, known: Screened, record: _Record) -> bool:
        return record.n_partial < self._settings.max_partial or known.n_passed > record.most_passed

    def _refusal(self, known: Screened, record: _Record) -> str | None:
        """Why a program is not worth keeping, or None; counts the partial ones that are."""
        if known.is_duplicate:
            return "program: duplicate"
        if known.is_partial and known.failure is None and not self._may_be_kept(known, record):
            return "program: partial, not better"
        reason = _uselessness(known)
        if reason is None and known.is_partial:
            record.n_partial += 1
            record.most_passed = max(record.most_passed, known.n_passed)
        return reason


def _uselessness(known: Screened) -> str | None:
    """Why a program says nothing about the test inputs, or None."""
    if known.failure is not None and not known.answers:
        return known.failure.reason
    if known.n_passed == 0:
        which = "the first" if len(known.outputs) < known.n_train else "every"
        return f"program: wrong on {which} training pair"
    return None if known.answers else "program: no test output"


def _candidate(draft: _Draft, known: Screened) -> Candidate:
    question, completion = draft.question, draft.completion
    cost = float(len(completion.token_ids))
    return Candidate(
        question.task.task_id,
        dict(enumerate(known.answers)),
        Origin(_NAME, question.detail, question.request.sampling.seed),
        ProgramEvidence(draft.source, known.n_passed, known.n_train, cost, completion.logprob),
    )
