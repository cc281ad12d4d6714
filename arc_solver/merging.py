"""Runs and submissions become one submission: journals are voted on together, submissions have their say in order.

All journals together are one source: the union of their candidates, one vote. Each submission is another. For a test
input the attempts of all sources are ranked:

1. Agreement first: a grid that more sources name goes before one that fewer name. The journals together name the two
   grids that they vote for.
2. Then a first attempt goes before a second one, and of equals that of the file that was given first.
3. Last come fall-backs, however many name them: every run answers what it cannot solve with the same guesses, and their
   agreement says nothing. The journals tell which are theirs. In a submission those are taken for fall-backs that this
   program would give (where the task is known), and the placeholders of sample files.

Where all sources say the same, that is the answer, as it is: so merging one is the identity. What is left open is
filled with fall-backs, and the result is always valid. Knows nothing of files and of solutions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from arc_solver.board import Board
from arc_solver.datasets import MAX_ID_LENGTH, challenges_hash
from arc_solver.errors import GridError, InputError, one_line
from arc_solver.grids import Grid, as_grid, grid_key, to_lists
from arc_solver.journal import JournalContents
from arc_solver.shelf import ShelfLimits
from arc_solver.submission import ATTEMPT_KEYS, Submission, validate_form
from arc_solver.tasks import Challenges, MalformedTask, Task
from arc_solver.voting import TaskAttempts, choose_attempts

PLACEHOLDERS = frozenset(grid_key(as_grid(value)) for value in ([[0, 0], [0, 0]], [[0]]))
"""What stands for no answer in sample submissions."""

_MAX_NAMED = 6


@dataclass(frozen=True, slots=True)
class FromJournal:
    """What a run found. `name` is for people."""

    name: str
    contents: JournalContents


@dataclass(frozen=True, slots=True)
class FromSubmission:
    """What was submitted, as `submission.load` reads it. `name` is for people."""

    name: str
    value: Mapping[str, Any]


Source = FromJournal | FromSubmission


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of merging.

    Attributes:
        submission: Valid, whatever was merged.
        remarks: A line for everything odd.
        n_agreed: First attempts that several sources name.
        n_filled: Test inputs that nobody answered with a grid.
    """

    submission: Submission
    remarks: tuple[str, ...]
    n_agreed: int
    n_filled: int


@dataclass(frozen=True, slots=True)
class _Attempt:
    grid: Grid
    is_fallback: bool


@dataclass(frozen=True, slots=True)
class _Voice:
    """What one source says: task id -> per test input its attempts, None where it has no grid."""

    name: str
    answers: Mapping[str, Sequence[Sequence[_Attempt | None]]]


def merge(sources: Sequence[Source], challenges: Challenges | None = None) -> Merged:
    """One submission from several sources.

    Args:
        sources: In the order that breaks ties.
        challenges: The tasks that are to be answered. Without them all tasks of all sources are.

    Raises:
        InputError: A journal that does not hold its tasks, and no other source does.
    """
    remarks: list[str] = []
    known = _known_tasks(sources, challenges)
    voices = list(_voices(sources, known, remarks))
    tasks = list(challenges.order) if challenges else _union(known, sources)
    _remark_tasks(voices, tasks, challenges, remarks)
    submission: Submission = {}
    n_agreed = n_filled = 0
    for task_id in tasks:
        said = [voice.answers.get(task_id, ()) for voice in voices]
        n_test = _n_test(task_id, known.get(task_id), voices, said, remarks)
        guesses = _Guesses(known.get(task_id) or MalformedTask(task_id, "", (None,) * n_test))
        submission[task_id] = []
        for index in range(n_test):
            of_input = [answers[index] if index < len(answers) else () for answers in said]
            pair, agreed = _choose(of_input, guesses, index)
            n_agreed += agreed
            n_filled += not any(attempt for attempts in of_input for attempt in attempts)
            submission[task_id].append(dict(zip(ATTEMPT_KEYS, map(to_lists, pair), strict=True)))
    return Merged(submission, tuple(remarks), n_agreed, n_filled)


class _Guesses:
    """The fall-backs of a task, worked out when they are asked for."""

    def __init__(self, task: Task | MalformedTask) -> None:
        self._task = task
        self._attempts: TaskAttempts | None = None

    def of(self, index: int) -> tuple[Grid, Grid]:
        if self._attempts is None:
            self._attempts = choose_attempts(self._task)
        first, second = self._attempts.pairs[index]
        return first.grid, second.grid

    def has(self, index: int, grid: Grid) -> bool:
        return grid_key(grid) in {*map(grid_key, self.of(index)), *PLACEHOLDERS}


def _choose(said: Sequence[Sequence[_Attempt | None]], guesses: _Guesses, index: int) -> tuple[tuple[Grid, Grid], bool]:
    """The two answers to a test input, and whether several sources name the first."""
    whole = {tuple(grid_key(one.grid) for one in attempts if one) for attempts in said if any(attempts)}
    if len(whole) == 1 and len(next(iter(whole))) == 2:
        first, second, *_ = (one.grid for attempts in said for one in attempts if one)
        return (first, second), sum(map(any, said)) > 1
    found: dict[bytes, _Named] = {}
    for number, attempts in enumerate(said):
        for place, one in enumerate(attempts):
            if one is not None:
                is_guess = one.is_fallback or guesses.has(index, one.grid)
                named = found.setdefault(grid_key(one.grid), _Named(one.grid, place, number))
                named.add(number, place, is_guess)
    ranked = sorted(found.values(), key=_Named.key)
    grids = [named.grid for named in ranked[:2]]
    for guess in guesses.of(index):
        if len(grids) < 2 and grid_key(guess) not in map(grid_key, grids):
            grids.append(guess)
    return (grids[0], grids[1]), bool(ranked) and len(ranked[0].sources) > 1


class _Named:
    """A grid, and who names it."""

    def __init__(self, grid: Grid, place: int, number: int) -> None:
        self.grid, self.place, self.number = grid, place, number
        self.sources: set[int] = set()
        self.guessed_by: set[int] = set()

    def add(self, number: int, place: int, is_guess: bool) -> None:
        self.place = min(self.place, place)
        (self.guessed_by if is_guess else self.sources).add(number)

    def key(self) -> tuple[bool, int, int, int]:
        return (not self.sources, -len(self.sources or self.guessed_by), self.place, self.number)


def _known_tasks(sources: Iterable[Source], challenges: Challenges | None) -> dict[str, Task | MalformedTask]:
    """The tasks that are known: the challenges', or of each id the first that a journal tells."""
    if challenges is not None:
        return challenges.by_id()
    known: dict[str, Task | MalformedTask] = {}
    for source in sources:
        if isinstance(source, FromJournal):
            known = source.contents.challenges.by_id() | known
    return known


def _union(known: Mapping[str, Task | MalformedTask], sources: Iterable[Source]) -> list[str]:
    """Every task, in the order in which the sources tell of them."""
    tasks: dict[str, None] = {}
    for source in sources:
        told = source.value if isinstance(source, FromSubmission) else source.contents.challenges.order
        tasks.update(dict.fromkeys(told))
    return list(tasks | dict.fromkeys(known))


def _voices(
    sources: Sequence[Source], known: Mapping[str, Task | MalformedTask], remarks: list[str]
) -> Iterator[_Voice]:
    """What the sources say: the journals together where the first of them stands, each submission in its place."""
    journals = [source for source in sources if isinstance(source, FromJournal)]
    for source in sources:
        if isinstance(source, FromSubmission):
            remarks.extend(f"{source.name}: {problem}" for problem in validate_form(source.value))
            yield _Voice(source.name, {task_id: _read_answers(value) for task_id, value in source.value.items()})
        elif source is journals[0]:
            name = ", ".join(journal.name for journal in journals)
            yield _Voice(name, _vote(journals, known, remarks))


def _vote(
    journals: Sequence[FromJournal], known: Mapping[str, Task | MalformedTask], remarks: list[str]
) -> dict[str, list[list[_Attempt | None]]]:
    """What the journals together vote for, on every task that one of them is about."""
    tasks = Challenges(
        tuple(task for task in known.values() if isinstance(task, Task)),
        tuple(task for task in known.values() if isinstance(task, MalformedTask)),
        tuple(known),
    )
    own, n = ShelfLimits(), len(journals)
    board = Board(tasks, ShelfLimits(own.n_passing * n, own.n_partial * n, own.n_voted * n, own.n_changes))
    about: set[str] = set()
    for journal in journals:
        contents = _fitting(journal, known, remarks)
        board.take_over(contents)
        about |= set(contents.challenges.order) | {candidate.task_id for candidate in contents.candidates}
    attempts = board.attempts()
    return {
        task_id: [[_Attempt(one.grid, one.is_fallback) for one in pair] for pair in attempts[task_id].pairs]
        for task_id in known
        if task_id in about
    }


def _fitting(journal: FromJournal, known: Mapping[str, Task | MalformedTask], remarks: list[str]) -> JournalContents:
    """A journal's contents without what is about other tasks than those that are known by the same ids."""
    name, contents = journal.name, journal.contents
    if contents.n_damaged:
        remarks.append(f"{name}: {contents.n_damaged} damaged lines were skipped")
    own = contents.challenges.by_id()
    if contents.candidates and not own:
        if not known:
            raise InputError(
                f"journal {name}: does not hold its tasks, since an older version wrote it or it is damaged: "
                "give --challenges"
            )
        remarks.append(f"{name}: does not tell its tasks; those of the same ids are taken for them")
    other = {task_id for task_id, task in own.items() if task_id in known and _hash(task) != _hash(known[task_id])}
    for task_id in sorted(other):
        remarks.append(f"{_task(task_id)}: {name} is about another task of this id; what it found is left out")
    wanted = set(known) - other
    unknown = {one.task_id for one in contents.candidates} - set(known)
    if unknown:
        remarks.append(f"{name}: {_tasks(unknown)} {_are(unknown)} not known and left out")
    return replace(
        contents,
        candidates=tuple(one for one in contents.candidates if one.task_id in wanted),
        scores=tuple(one for one in contents.scores if one.task_id in wanted),
        challenges=Challenges((), (), tuple(task_id for task_id in own if task_id in wanted)),
    )


def _hash(task: Task | MalformedTask) -> str:
    alone = (task.task_id,)
    one = Challenges((task,), (), alone) if isinstance(task, Task) else Challenges((), (task,), alone)
    return challenges_hash(one)


def _read_answers(value: Any) -> list[list[_Attempt | None]]:
    """A submission's answers to a task, as far as they are grids."""
    answers = value if isinstance(value, list) else []
    return [[_read_attempt(answer, key) for key in ATTEMPT_KEYS] for answer in answers]


def _read_attempt(answer: Any, key: str) -> _Attempt | None:
    try:
        return _Attempt(as_grid(answer[key]), False) if isinstance(answer, dict) and key in answer else None
    except GridError:
        return None


def _n_test(
    task_id: str,
    task: Task | MalformedTask | None,
    voices: Sequence[_Voice],
    said: Sequence[Sequence[object]],
    remarks: list[str],
) -> int:
    """How many outputs a task has: as many as test inputs, else as most sources say, in doubt the more."""
    counts = Counter(len(answers) for voice, answers in zip(voices, said, strict=True) if task_id in voice.answers)
    if task is not None:
        n_test, told = len(task.test_inputs), "the task has"
    else:
        n_test, told = (
            max(counts, key=lambda count: (counts[count] if count else 0, count), default=0) or 1,
            "taken are",
        )
    if set(counts) - {n_test}:
        each = ", ".join(
            f"{len(answers)} by {voice.name}"
            for voice, answers in zip(voices, said, strict=True)
            if task_id in voice.answers
        )
        remarks.append(f"{_task(task_id)}: outputs answered: {each}; {told} {n_test}")
    return n_test


def _remark_tasks(
    voices: Sequence[_Voice], tasks: Sequence[str], challenges: Challenges | None, remarks: list[str]
) -> None:
    """Say who leaves out what others answer, and who answers what is not asked."""
    wanted = set(tasks)
    answered = {task_id for voice in voices for task_id in voice.answers}
    for voice in voices:
        if not voice.answers:
            remarks.append(f"{voice.name}: answers nothing")
            continue
        missing = [task_id for task_id in tasks if task_id in answered and task_id not in voice.answers]
        if missing:
            remarks.append(f"{voice.name}: does not answer {_tasks(missing)}")
        strange = [task_id for task_id in voice.answers if task_id not in wanted]
        if strange:
            remarks.append(f"{voice.name}: {_tasks(strange)} {_are(strange)} not among the challenges and left out")
    unanswered = [task_id for task_id in tasks if task_id not in answered]
    if challenges is not None and unanswered:
        remarks.append(f"nobody answers {_tasks(unanswered)}; fall-backs are taken")


def _tasks(task_ids: Iterable[str]) -> str:
    """`the task a` or `3 tasks (a, b, c)`."""
    names = [one_line(task_id, MAX_ID_LENGTH) for task_id in sorted(task_ids)]
    if len(names) == 1:
        return f"the task {names[0]}"
    shown = ", ".join(names[:_MAX_NAMED]) + (", ..." if len(names) > _MAX_NAMED else "")
    return f"{len(names)} tasks ({shown})"


def _are(task_ids: Iterable[str]) -> str:
    return "is" if len(list(task_ids)) == 1 else "are"


def _task(task_id: str) -> str:
    return f"task {one_line(task_id, MAX_ID_LENGTH)}"
