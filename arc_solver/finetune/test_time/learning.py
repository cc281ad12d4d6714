"""The story of test-time fine-tuning: all tasks learn together, then each alone; what does not help is dropped.

Before anything is admitted its cost is measured on the first steps. A task is let in only if that cost fits the time
that is left. An adapter counts only if the loss on demonstrations kept apart fell and the adapter is saved; every task
for which it does not gets a reason. Knows nothing of processes, engines and test inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from arc_solver.budget import Deadline
from arc_solver.errors import ModelError, one_line
from arc_solver.finetune.dataset import Encoded, Encoding, encode
from arc_solver.finetune.test_time.exercises import Course, Exercise, Writer, course, endless, fitting, probe
from arc_solver.finetune.test_time.fitting import CHUNK_SAMPLES, Learner, Pace, Stopped
from arc_solver.finetune.test_time.settings import JOINT, PER_TASK, TtftSettings
from arc_solver.finetune.test_time.wire import ALL_TASKS, Dropped, Learned, Report, Said
from arc_solver.omni.recipes import Lesson
from arc_solver.tasks import Task

JOINT_FOLDER = "joint"
_MEASURED_STEPS = 2
_PROBE_FACTOR = 1.5  # how much longer than the first look the last one may take
_MAX_FAULTS = 3  # of tasks in a row, by which the device is told from the task

Save = Callable[[str], int]
"""Writes the adapter as it is to a folder of this name; its bytes. Raises OSError or ModelError."""


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What one adapter learns.

    Attributes:
        task_id: Of the task, or `ALL_TASKS`.
        exercises: Those that fit.
        n_tokens: Of each.
        kept: What it is measured by.
    """

    task_id: str
    exercises: tuple[Exercise, ...]
    n_tokens: tuple[int, ...]
    kept: tuple[Encoded, ...]


class Learning:
    """One run of test-time fine-tuning.

    Args:
        learner: The model with its adapter.
        writer: Writes exercises.
        tasks: Whose demonstrations are learned.
        relabelled: Programs with what they compute.
        settings: How.
        seed: Of views and order.
        deadline: When all of it must be through.
        save: Writes the adapter.
        n_bytes_free: Room on disk, asked before each adapter.
    """

    def __init__(
        self,
        learner: Learner,
        writer: Writer,
        tasks: Sequence[Task],
        relabelled: Sequence[Lesson],
        settings: TtftSettings,
        seed: int,
        deadline: Deadline,
        save: Save,
        n_bytes_free: Callable[[], int],
    ) -> None:
        self._learner, self._writer = learner, writer
        self._tasks, self._relabelled = tuple(tasks), tuple(relabelled)
        self._settings, self._seed, self._deadline = settings, seed, deadline
        self._save, self._n_bytes_free = save, n_bytes_free
        self._overhead_s = 0.0
        self._n_bytes = [0]
        self._measured_s = 0.0

    def reports(self) -> Iterator[Report]:
        """What comes of it, as it comes."""
        settings, deadline = self._settings, self._deadline
        together = deadline
        if settings.mode == PER_TASK:
            together = deadline.within(settings.joint_share * deadline.remaining_s())
        before = self._learner.weights()
        for report in self._together(together):
            if isinstance(report, Dropped):
                self._learner.put(before)
            yield report
        if settings.mode == PER_TASK:
            yield from self._each()

    # -- all together ------------------------------------------------------------------------------------------------

    def _together(self, deadline: Deadline) -> Iterator[Report]:
        started_s = deadline.clock.now_s()
        # What a task's own adapter is measured by must not have been learned here either.
        n_kept = self._settings.n_kept if self._settings.mode == JOINT else max(1, len(self._tasks))
        made = course(self._tasks, self._relabelled, min_pairs=self._settings.min_pairs, n_kept=n_kept)
        # Not all of it need be measured to tell whether learning helped.
        stride = -(-len(made.kept) // (2 * self._settings.n_kept)) or 1
        lesson = self._prepared(ALL_TASKS, Course(made.learned, made.kept[::stride]))
        if isinstance(lesson, Dropped):
            yield lesson
            return
        try:
            before = self._measured(lesson, deadline)
            work = deadline.minus(self._after_s())
            self._measure_steps(lesson, work)
            admitted, n_steps = self._admitted(lesson, work)
            n_in, n_all = _n_tasks(admitted.exercises), _n_tasks(lesson.exercises)
            if not n_steps:
                yield Dropped(ALL_TASKS, "not admitted", self._too_dear(lesson, work), self._since(started_s))
                return
            yield Said(
                f"{n_in} of {n_all} tasks admitted to learning together: {n_steps} steps of about "
                f"{self._learner.pace.seconds / self._learner.pace.n_steps:.2f}s, {work.remaining_s():.0f}s are left"
            )
            yield self._learned(admitted, before, n_steps, work, deadline, started_s, JOINT_FOLDER)
        except Stopped as fault:
            yield Dropped(ALL_TASKS, fault.kind, str(fault), self._since(started_s))

    def _measure_steps(self, lesson: _Lesson, work: Deadline) -> None:
        """Make the first steps to see what one costs, and take them back."""
        before = self._learner.weights()
        for _ in self._steps(lesson, _MEASURED_STEPS, work):
            pass
        self._learner.put(before)

    def _admitted(self, lesson: _Lesson, work: Deadline) -> tuple[_Lesson, int]:
        """The tasks of which one pass fits the time, those with the least to read first, and how many steps fit."""
        pace = self._learner.pace
        sizes: dict[str, int] = {}
        for exercise, n_tokens in zip(lesson.exercises, lesson.n_tokens, strict=True):
            sizes[exercise.task_id] = sizes.get(exercise.task_id, 0) + n_tokens
        if not pace.n_steps:
            return lesson, 0
        left_s, total, chosen = work.remaining_s(), 0, set()
        for task_id in sorted(sizes, key=lambda task_id: (sizes[task_id], task_id)):
            if pace.of_tokens(total + sizes[task_id]) > left_s:
                break
            total += sizes[task_id]
            chosen.add(task_id)
        if not chosen:
            return lesson, 0
        kept = [index for index, exercise in enumerate(lesson.exercises) if exercise.task_id in chosen]
        admitted = _Lesson(
            lesson.task_id,
            tuple(lesson.exercises[index] for index in kept),
            tuple(lesson.n_tokens[index] for index in kept),
            lesson.kept,
        )
        n_passes = min(self._settings.max_passes, left_s / max(1e-9, pace.of_tokens(total)))
        return admitted, max(1, round(n_passes * total * pace.n_steps / pace.n_tokens))

    def _too_dear(self, lesson: _Lesson, work: Deadline) -> str:
        pace = self._learner.pace
        if not pace.n_steps:
            return f"no step was finished in the {work.remaining_s():.0f}s that are left"
        cost_s = pace.of_tokens(min(lesson.n_tokens))
        return f"the smallest demonstration takes about {cost_s:.1f}s, and {work.remaining_s():.1f}s are left"

    # -- each alone --------------------------------------------------------------------------------------------------

    def _each(self) -> Iterator[Report]:
        lessons: list[_Lesson] = []
        for task in self._tasks:
            own = [lesson for lesson in self._relabelled if lesson.task_id == task.task_id]
            made = course([task], own, min_pairs=self._settings.min_pairs, n_kept=1, one_program_in=3)
            prepared = self._prepared(task.task_id, made)
            if isinstance(prepared, Dropped):
                yield prepared
            else:
                lessons.append(prepared)
        shared = self._learner.weights()
        n_faults = 0
        # The cheapest first: so most tasks get one.
        for lesson in sorted(lessons, key=lambda lesson: (sum(lesson.n_tokens), lesson.task_id)):
            refusal = self._refusal(lesson, n_faults)
            report = refusal or self._alone(lesson)
            self._learner.put(shared)
            if isinstance(report, Dropped) and report.kind in ("out of memory", "failed", "not saved"):
                n_faults += refusal is None
            elif refusal is None:
                n_faults = 0
            yield report

    def _refusal(self, lesson: _Lesson, n_faults: int) -> Dropped | None:
        """Why a task is not let in, if so."""
        if n_faults >= _MAX_FAULTS:
            return Dropped(lesson.task_id, "given up", f"{n_faults} tasks in a row could not be learned")
        settings = self._settings
        n_saved, largest = len(self._n_bytes) - 1, max(self._n_bytes)
        room = min(self._n_bytes_free() // 2, int(settings.max_disk_gib * (1 << 30)) - sum(self._n_bytes))
        if n_saved >= settings.max_adapters or largest > room:
            return Dropped(lesson.task_id, "no room", f"{n_saved} adapters are there, of {largest:,} bytes each")
        mean = sum(lesson.n_tokens) / len(lesson.n_tokens)
        step_tokens = min(float(settings.batch_tokens), CHUNK_SAMPLES * mean)
        cost_s = self._learner.pace.of_tokens(settings.task_steps * step_tokens) + self._overhead_s
        left_s = self._deadline.remaining_s()
        if left_s <= cost_s:
            return Dropped(lesson.task_id, "not admitted", f"it takes about {cost_s:.1f}s, and {left_s:.1f}s are left")
        return None

    def _alone(self, lesson: _Lesson) -> Report:
        started_s = self._deadline.clock.now_s()
        try:
            before = self._measured(lesson, self._deadline)
            work = self._deadline.minus(self._after_s())
            n_bytes, seconds = len(self._n_bytes), self._learner.pace.seconds
            found = self._learned(
                lesson, before, self._settings.task_steps, work, self._deadline, started_s, f"task-{n_bytes}"
            )
        except Stopped as fault:
            return Dropped(lesson.task_id, fault.kind, str(fault), self._since(started_s))
        self._overhead_s = max(self._overhead_s, self._since(started_s) - (self._learner.pace.seconds - seconds))
        return found

    # -- both --------------------------------------------------------------------------------------------------------

    def _prepared(self, task_id: str, made: Course) -> _Lesson | Dropped:
        encoding = Encoding(self._writer.max_tokens)
        tokenizer = self._learner.tokenizer
        if not made.kept or not made.learned:
            least = self._settings.min_pairs
            return Dropped(task_id, "too few demonstrations", f"fewer than {least}: none can be kept apart")
        sized = fitting(made.learned, self._writer)
        encoded = [encode(tokenizer, sample, encoding) for sample in probe(made.kept, self._writer, self._seed)]
        kept = tuple(item for item in encoded if item is not None)
        if not sized or not kept:
            return Dropped(task_id, "too long", f"its demonstrations do not fit {self._writer.max_tokens} tokens")
        exercises, n_tokens = zip(*sized, strict=True)
        return _Lesson(task_id, exercises, n_tokens, kept)

    def _learned(
        self,
        lesson: _Lesson,
        before: float,
        n_steps: int,
        work: Deadline,
        deadline: Deadline,
        started_s: float,
        name: str,
    ) -> Learned | Dropped:
        """Make the steps, look whether they helped, and save what did."""

        def dropped(kind: str, reason: str) -> Dropped:
            return Dropped(lesson.task_id, kind, reason, self._since(started_s))

        n_done = n_tokens = 0
        for pace in self._steps(lesson, n_steps, work):
            n_done, n_tokens = pace.n_steps, pace.n_tokens
        if not n_done:
            return dropped("deadline", "no step was finished in time")
        if deadline.passed():
            return dropped("deadline", f"{n_done} steps were made, and no time was left to see whether they help")
        after = self._measured(lesson, deadline)
        if not after < before:
            return dropped("no gain", f"the loss on what was kept apart went from {before:.4f} to {after:.4f}")
        try:
            self._n_bytes.append(self._save(name))
        except (OSError, ModelError) as error:
            return dropped("not saved", one_line(f"it could not be saved: {error}"))
        return Learned(lesson.task_id, name, before, after, n_done, n_tokens, self._since(started_s))

    def _steps(self, lesson: _Lesson, n_steps: int, work: Deadline) -> Iterator[Pace]:
        source = endless(lesson.exercises, self._writer, self._seed)
        return self._learner.steps(self._learner.batches(source, self._seed), n_steps, work, self._seed)

    def _measured(self, lesson: _Lesson, deadline: Deadline) -> float:
        started_s = deadline.clock.now_s()
        loss = self._learner.mean_loss(lesson.kept)
        self._measured_s = deadline.clock.now_s() - started_s
        return loss

    def _after_s(self) -> float:
        """What must be left when the last step is made: for measuring and saving."""
        return _PROBE_FACTOR * self._measured_s + min(1.0, 0.1 * self._deadline.remaining_s())

    def _since(self, started_s: float) -> float:
        return self._deadline.clock.now_s() - started_s


def _n_tasks(exercises: Sequence[Exercise]) -> int:
    return len({exercise.task_id for exercise in exercises})
