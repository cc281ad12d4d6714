"""Every program of a task is executed once, and only as far as it deserves.

`TaskPrograms` remembers what a task's programs did: a source that differs from an earlier one only in comments, spacing
or local names is never run again. `screen` runs the first training input alone, then the other training inputs, then
the test inputs, each only for those that are still in; `resume` runs the test inputs for programs that are worth it all
the same, `confirm` runs what will be used.

This is the parent's side: here, and nowhere nearer to a program, outputs are compared with the expected ones. Knows
nothing of where programs come from, nor of votes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from arc_solver.budget import Deadline
from arc_solver.grids import Grid, grids_equal
from arc_solver.sandbox.verdicts import Failed, Normalised, NotRun, Ok, Program, Verdict
from arc_solver.tasks import Pair


class Runner(Protocol):
    """What runs programs: the sandbox, or a stand-in for tests."""

    def normalise(self, sources: Sequence[str], deadline: Deadline | None = None) -> list[Normalised | Failed]:
        """A digest for each source, equal for those that can only do the same."""
        ...

    def run(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        """A verdict for each program."""
        ...

    def confirm(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        """A verdict for each program, from runs that nothing else could have disturbed."""
        ...


@dataclass(frozen=True, slots=True)
class Screened:
    """What is known of a program.

    Attributes:
        source: The source that was run: that of the first of its kind.
        n_train: Training pairs of the task.
        n_passed: Training pairs that it reproduces, of those that it was run on.
        outputs: Its outputs so far: of the training pairs in their order, then of the test inputs.
        failure: Why it got no further; None if it did not fail. A wrong output is not a failure.
        is_duplicate: An earlier program of the task was the same, and this is what became of that one.
    """

    source: str
    n_train: int
    n_passed: int = 0
    outputs: tuple[Grid, ...] = ()
    failure: Failed | None = None
    is_duplicate: bool = False

    @property
    def n_missed(self) -> int:
        """Training pairs for which it gave a wrong grid."""
        return min(len(self.outputs), self.n_train) - self.n_passed

    @property
    def passes_all(self) -> bool:
        """True if it reproduces every training pair."""
        return self.n_passed == self.n_train

    @property
    def is_partial(self) -> bool:
        """True if it gave a grid for every training pair, and some but not all of them are right."""
        return 0 < self.n_passed < self.n_train <= len(self.outputs)

    @property
    def answers(self) -> tuple[Grid, ...]:
        """Outputs of the test inputs, in their order; of all, of some, or of none."""
        return self.outputs[self.n_train :]

    @property
    def was_cut_off(self) -> bool:
        """True if the deadline came before anything could be said."""
        return isinstance(self.failure, NotRun)


class TaskPrograms:
    """The programs of one task: its grids, and what became of every program so far.

    Args:
        train: The training pairs.
        test_inputs: The test inputs.
    """

    def __init__(self, train: Sequence[Pair], test_inputs: Sequence[Grid]) -> None:
        self.inputs = (*(pair.input for pair in train), *test_inputs)
        self.n_train = len(train)
        self._expected = tuple(pair.output for pair in train)
        self._key_of_source: dict[str, bytes | str] = {}
        self._known: dict[bytes | str, Screened] = {}

    def find(self, source: str) -> Screened | None:
        """What is known of exactly this source."""
        key = self._key_of_source.get(source)
        return None if key is None else self._known.get(key)

    def find_digest(self, source: str, digest: bytes) -> Screened | None:
        """What is known of a program with this digest; from now on also of this source."""
        self._key_of_source[source] = digest
        return self._known.get(digest)

    def key_of(self, source: str) -> bytes | str:
        """Equal for sources, whatever their tasks, that can only do the same; a source without a digest is its own."""
        return self._key_of_source.get(source, source)

    def remember(self, screened: Screened) -> None:
        """Note what became of a program, unless nothing is known because the time was over."""
        if not screened.was_cut_off:
            key = self._key_of_source.setdefault(screened.source, screened.source)
            self._known[key] = dataclasses.replace(screened, is_duplicate=False)

    def extended(self, screened: Screened, outputs: Sequence[Grid], failure: Failed | None) -> Screened:
        """The program after more inputs."""
        together = (*screened.outputs, *outputs)
        n_passed = sum(map(grids_equal, together, self._expected))
        return dataclasses.replace(screened, n_passed=n_passed, outputs=together, failure=failure)


Draft = tuple[TaskPrograms, str]
Known = tuple[TaskPrograms, Screened]


def screen(
    runner: Runner, drafts: Sequence[Draft], deadline: Deadline | None = None, stop_at_miss: bool = True
) -> list[Screened]:
    """Run programs on the inputs of their tasks, as far as each deserves.

    Args:
        runner: Runs them.
        drafts: The task and the source of each program; several tasks may be mixed.
        deadline: When to stop. What was not reached is cut off, and not remembered.
        stop_at_miss: What is wrong on the first training pair is not run on the others. What is right there is run on
            all of them at once: most of that is right on the others too, and every round costs a process.

    Returns:
        For each draft what is known of it now; test inputs were run only for those that pass every training pair.

    Raises:
        SandboxError: The sandbox broke, whatever the programs did.
    """
    found: list[Screened | None] = [_duplicate(task.find(source)) for task, source in drafts]
    new: dict[int, Known] = {}
    twins: dict[int, int] = {}
    _identify(runner, drafts, found, new, twins, deadline)

    def is_in(task: TaskPrograms, known: Screened) -> bool:
        return known.n_missed == 0 or not stop_at_miss

    if stop_at_miss:
        _advance(runner, new, lambda task: min(1, task.n_train), is_in, deadline)
    _advance(runner, new, lambda task: task.n_train, is_in, deadline)
    _advance(runner, new, lambda task: len(task.inputs), lambda task, known: known.passes_all, deadline)
    for index, (task, known) in new.items():
        task.remember(known)
        found[index] = known
    for index, first in twins.items():
        known = new[first][1]
        # Cut off, it is as new as its twin when it comes again.
        found[index] = known if known.was_cut_off else _duplicate(known)
    return [known for known in found if known is not None]


def resume(runner: Runner, programs: Sequence[Known], deadline: Deadline | None = None) -> list[Screened]:
    """Run programs that did not fail on the inputs that are left, whatever they missed.

    Args:
        runner: Runs them.
        programs: The task of each, and what is known of it.
        deadline: When to stop.

    Returns:
        What is known of each now.
    """
    resumed = dict(enumerate(programs))
    _advance(runner, resumed, lambda task: len(task.inputs), lambda task, known: True, deadline)
    for task, known in resumed.values():
        task.remember(known)
    return [known for _, known in resumed.values()]


def confirm(runner: Runner, programs: Sequence[Known], deadline: Deadline | None = None) -> list[Screened]:
    """Run what will be used twice more, alone, on every input that it gave an output for.

    Args:
        runner: Runs them.
        programs: The task of each, and what is known of it.
        deadline: When to stop.

    Returns:
        What the confirming runs say, and nothing else: outputs and passes are theirs. An input that failed before is
        left out; that failure stays.
    """
    asked = [Program(known.source, task.inputs[: len(known.outputs)]) for task, known in programs]
    confirmed = []
    for (task, known), verdict in zip(programs, runner.confirm(asked, deadline), strict=True):
        blank = dataclasses.replace(known, outputs=())
        failure = known.failure if isinstance(verdict, Ok) else verdict
        outputs = verdict.outputs if isinstance(verdict, Ok) else ()
        confirmed.append(task.extended(blank, outputs, failure))
        task.remember(confirmed[-1])
    return confirmed


def _identify(
    runner: Runner,
    drafts: Sequence[Draft],
    found: list[Screened | None],
    new: dict[int, Known],
    twins: dict[int, int],
    deadline: Deadline | None,
) -> None:
    """Sort drafts: those that are known or no programs at all (`found`), `new` ones, and `twins` of new ones."""
    unknown = [index for index, known in enumerate(found) if known is None]
    firsts: dict[tuple[int, bytes | str], int] = {}
    outcomes = runner.normalise([drafts[index][1] for index in unknown], deadline)
    for index, outcome in zip(unknown, outcomes, strict=True):
        task, source = drafts[index]
        if isinstance(outcome, Normalised):
            found[index] = _duplicate(task.find_digest(source, outcome.digest))
            key: bytes | str = outcome.digest
        else:
            key = source
        if found[index] is not None:
            continue
        first = firsts.setdefault((id(task), key), index)
        if first != index:
            twins[index] = first
        else:
            failure = None if isinstance(outcome, Normalised) else outcome
            new[index] = (task, Screened(source, task.n_train, failure=failure))


def _advance(
    runner: Runner,
    programs: dict[int, Known],
    end: Callable[[TaskPrograms], int],
    is_in: Callable[[TaskPrograms, Screened], bool],
    deadline: Deadline | None,
) -> None:
    """Run programs up to input `end`, those that have not failed and are still in."""
    chosen = [
        index
        for index, (task, known) in programs.items()
        if known.failure is None and is_in(task, known) and len(known.outputs) < end(task)
    ]
    asked = []
    for index in chosen:
        task, known = programs[index]
        asked.append(Program(known.source, task.inputs[len(known.outputs) : end(task)]))
    for index, verdict in zip(chosen, runner.run(asked, deadline) if asked else (), strict=True):
        task, known = programs[index]
        failure = None if isinstance(verdict, Ok) else verdict
        programs[index] = (task, task.extended(known, verdict.outputs, failure))


def _duplicate(known: Screened | None) -> Screened | None:
    return None if known is None else dataclasses.replace(known, is_duplicate=True)
