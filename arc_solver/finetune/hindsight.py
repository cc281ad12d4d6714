"""Hindsight: a program that is wrong for its task is right for the task that it computes.

Programs that a model wrote are run on all inputs of their task; inputs and what became of them are a new task, with the
program as its solution. What says nothing is left out: what fails, changes nothing, or answers everything alike; of
those that do the same, the shortest stays. Knows nothing of models.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from arc_solver.augment import View
from arc_solver.budget import Deadline
from arc_solver.grids import Grid, grid_key, grids_equal
from arc_solver.omni.recipes import Lesson
from arc_solver.sandbox.screening import Runner
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair, Task

MIN_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Written:
    """A program that somebody wrote for a task in a view.

    Attributes:
        task: The task as it is.
        view: In which it was shown, as far as grids go.
        source: The program.
    """

    task: Task
    view: View
    source: str


@dataclass(frozen=True, slots=True)
class Relabelled:
    """What can be learned from programs.

    Attributes:
        lessons: A program each, with pairs that it computes, in the view in which it was written.
        left_out: Reason -> programs.
    """

    lessons: tuple[Lesson, ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Ran:
    """A program with what it computes; sorted, the one to keep comes first."""

    written: Written
    inputs: tuple[Grid, ...]
    outputs: tuple[Grid, ...]

    @property
    def behaviour(self) -> tuple[object, ...]:
        """What it does to the task as it is: equal for programs of different views that do the same."""
        return tuple(grid_key(self.written.view.invert(output)) for output in self.outputs)

    @property
    def order(self) -> tuple[int, int, str]:
        """Those that reproduce most demonstrations first, then the shortest."""
        view = self.written.view
        answers = {grid_key(given): output for given, output in zip(self.inputs, self.outputs, strict=True)}
        pairs = map(view.apply_pair, self.written.task.train)
        n_right = sum(grids_equal(answers[grid_key(pair.input)], pair.output) for pair in pairs)
        return -n_right, len(self.written.source), self.written.source


def relabel(programs: Sequence[Written], sandbox: Runner, deadline: Deadline, *, max_per_task: int) -> Relabelled:
    """Run programs on the inputs of their tasks and make lessons of those that say something.

    Args:
        programs: In any order; what comes out does not depend on it.
        sandbox: Runs them.
        deadline: What has not run by then is left out.
        max_per_task: Most lessons of a task.

    Raises:
        SandboxError: The sandbox broke.
    """
    distinct = {(one.task.task_id, one.view.text(), one.source): one for one in programs}
    ordered = [distinct[key] for key in sorted(distinct)]
    ran, left_out = _run(ordered, sandbox, deadline)
    by_task: dict[str, dict[tuple[object, ...], _Ran]] = defaultdict(dict)
    for one in sorted(ran, key=lambda one: (one.written.task.task_id, *one.order, one.written.view.text())):
        found = by_task[one.written.task.task_id]
        if one.behaviour in found:
            left_out["does what another does"] += 1
        elif len(found) >= max_per_task:
            left_out["more than are needed"] += 1
        else:
            found[one.behaviour] = one
    chosen = [one for found in by_task.values() for one in found.values()]
    # Whatever is learned from must be so each time.
    again = sandbox.confirm([_program(one.written, one.inputs) for one in chosen], deadline)
    lessons = []
    for one, verdict in zip(chosen, again, strict=True):
        if isinstance(verdict, Ok) and all(map(grids_equal, verdict.outputs, one.outputs)):
            lessons.append(_lesson(one))
        else:
            left_out["not the same again"] += 1
    return Relabelled(tuple(lessons), left_out)


def _run(programs: Sequence[Written], sandbox: Runner, deadline: Deadline) -> tuple[list[_Ran], Counter[str]]:
    inputs = [_inputs(one) for one in programs]
    verdicts = sandbox.run([_program(one, given) for one, given in zip(programs, inputs, strict=True)], deadline)
    ran: list[_Ran] = []
    left_out: Counter[str] = Counter()
    for one, given, verdict in zip(programs, inputs, verdicts, strict=True):
        if not isinstance(verdict, Ok):
            left_out["fails"] += 1
        elif (why := _trivial(given, verdict.outputs)) is not None:
            left_out[why] += 1
        else:
            ran.append(_Ran(one, given, verdict.outputs))
    return ran, left_out


def _inputs(written: Written) -> tuple[Grid, ...]:
    """All inputs of the task in the program's view, none twice, the demonstrations' first."""
    given = [pair.input for pair in written.task.train] + list(written.task.test_inputs)
    return tuple({grid_key(grid): written.view.apply(grid) for grid in given}.values())


def _program(written: Written, inputs: tuple[Grid, ...]) -> Program:
    return Program(written.source, inputs)


def _trivial(inputs: Sequence[Grid], outputs: Sequence[Grid]) -> str | None:
    """Why there is nothing to learn, if so."""
    if len(inputs) < MIN_PAIRS:
        return "too few inputs"
    if all(map(grids_equal, inputs, outputs)):
        return "changes nothing"
    if len({grid_key(output) for output in outputs}) == 1:
        return "answers everything alike"
    return None


def _lesson(one: _Ran) -> Lesson:
    *shown, last = map(Pair, one.inputs, one.outputs)
    return Lesson(one.written.task.task_id, tuple(shown), last, one.written.source)
