"""Scores: what a submission and the candidates behind it are worth, with 95% intervals.

Definitions, each averaged over a task's test inputs and then over tasks, with what is unanswered in the denominator:

    pass_n          any candidate (the two attempts among them) is exact
    vote_1, vote_2  attempt 1 is exact; attempt 1 or attempt 2 is exact
    accuracy        exact candidates / all candidates
    unanswered      there is no candidate
    correct_size    candidates of the right size / all candidates
    correct_pixels  mean share of right cells of the candidates, 0 for a wrong size

`kaggle_score` is the mean over test *outputs* of vote_2, `tasks_solved` the number of tasks all of whose outputs are
right within two attempts. Where no candidates are given, the two attempts stand for them. Knows nothing of how a run
was made, nor how intervals are found (`statistics`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from rich.table import Table

from arc_solver.candidates import Candidate, Scored
from arc_solver.errors import GridError
from arc_solver.grids import Grid, as_grid, frozen, grids_equal
from arc_solver.statistics import Figure, bootstrap_intervals
from arc_solver.submission import ATTEMPT_KEYS
from arc_solver.tasks import Challenges, Solutions, Task
from arc_solver.voting import rank_outputs

METRICS = (
    "kaggle_score",
    "vote_1",
    "vote_2",
    "pass_n",
    "accuracy",
    "unanswered",
    "correct_size",
    "correct_pixels",
)
_PER_TEST = METRICS[1:]

_OfTask = TypeVar("_OfTask", Candidate, Scored)


@dataclass(frozen=True, slots=True)
class TaskScore:
    """What became of one task.

    Attributes:
        task_id: The task.
        correct: Per test output: the attempt that is exact (1 or 2; 1 if both), 0 if none is.
        proposed: Per test output: whether any candidate is exact.
        values: Each of `METRICS` but `kaggle_score`, the mean over the task's test outputs.
    """

    task_id: str
    correct: tuple[int, ...]
    proposed: tuple[bool, ...]
    values: Mapping[str, float] = field(default_factory=dict)

    @property
    def solved(self) -> bool:
        return all(self.correct)


@dataclass(frozen=True, slots=True)
class Scores:
    """The figures of one set of answers; see the module's definitions.

    Attributes:
        n_tasks: Tasks that have a solution: the denominator, whatever was answered.
        n_outputs: Their test outputs.
        n_candidates: Candidates that were looked at.
        tasks_solved: Tasks with all outputs right within two attempts.
        tasks_solved_interval: 95% bootstrap interval of that number.
        figures: Each of `METRICS`.
        tasks: One score per task, in the order of the solutions.
    """

    n_tasks: int
    n_outputs: int
    n_candidates: int
    tasks_solved: int
    tasks_solved_interval: tuple[float, float]
    figures: Mapping[str, Figure]
    tasks: tuple[TaskScore, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The score of a submission, and of each proposer as if it had been alone.

    Attributes:
        together: The submission's scores.
        proposers: Proposer -> its scores, by its own candidates' votes; empty where no candidates were given.
        n_unknown_tasks: Tasks of the submission that have no solution; they are not scored.
    """

    together: Scores
    proposers: Mapping[str, Scores]
    n_unknown_tasks: int


# A test input's two attempts, None where there is no well-formed grid; and all grids proposed for it.
_Attempts = tuple[Grid | None, Grid | None]


@dataclass(frozen=True, slots=True)
class _Answer:
    attempts: _Attempts
    proposed: tuple[Grid, ...]


def evaluate_submission(
    submission: Mapping[str, Any],
    solutions: Solutions,
    candidates: Iterable[Candidate] | None = None,
    challenges: Challenges | None = None,
    scores: Iterable[Scored] = (),
    *,
    seed: int = 0,
) -> Evaluation:
    """Score a submission against the true outputs.

    Args:
        submission: As `submission.load` gives it; anything malformed in it counts as unanswered.
        solutions: The true outputs; a task of these that the submission lacks counts as unanswered.
        candidates: What the proposers found, for pass_n and the figures per proposer.
        challenges: The tasks, so that the votes per proposer know the output sizes that voting knew.
        scores: What the proposers' models think of outputs; of a proposer's figures its own only are part.
        seed: Of the bootstrap.

    Returns:
        The scores together and per proposer.
    """
    answers = {task_id: _submitted(submission, task_id, len(true)) for task_id, true in solutions.outputs.items()}
    proposers: dict[str, Scores] = {}
    found, scored = None if candidates is None else list(candidates), list(scores)
    if found is not None:
        by_task = _by_task(found)
        for task_id, attempts in answers.items():
            answers[task_id] = [
                _Answer(answer.attempts, _proposed(by_task.get(task_id, ()), index))
                for index, answer in enumerate(attempts)
            ]
        for name in sorted({candidate.origin.proposer for candidate in found}):
            own = [candidate for candidate in found if candidate.origin.proposer == name]
            own_scores = [score for score in scored if score.proposer == name]
            proposers[name] = _scores(_voted(own, own_scores, solutions, challenges), solutions, len(own), seed)
    n_candidates = len(found) if found is not None else sum(len(a.proposed) for task in answers.values() for a in task)
    together = _scores(answers, solutions, n_candidates, seed)
    n_unknown = sum(task_id not in solutions.outputs for task_id in submission)
    return Evaluation(together, proposers, n_unknown)


def score_candidates(
    candidates: Iterable[Candidate],
    solutions: Solutions,
    challenges: Challenges | None = None,
    scores: Iterable[Scored] = (),
    *,
    seed: int = 0,
) -> Scores:
    """The scores of what candidates alone would answer: no fall-backs, so that luck of those is nobody's merit.

    Args:
        candidates: What was found, by whomever.
        solutions: The true outputs.
        challenges: The tasks, so that the votes know the output sizes.
        scores: What models think of outputs.
        seed: Of the bootstrap.
    """
    found = list(candidates)
    return _scores(_voted(found, list(scores), solutions, challenges), solutions, len(found), seed)


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """Plain JSON: the figures of `together` at the top, those of each proposer below `proposers`."""
    proposers = {name: _scores_json(scores) for name, scores in evaluation.proposers.items()}
    return _scores_json(evaluation.together) | {
        "n_unknown_tasks": evaluation.n_unknown_tasks,
        "proposers": proposers,
    }


def render_table(evaluation: Evaluation) -> Table:
    """The figures for people: a row per metric, a column for all together and one per proposer."""
    columns = {"together": evaluation.together, **evaluation.proposers}
    scores = evaluation.together
    table = Table(title=f"{scores.n_tasks} tasks, {scores.n_outputs} outputs", title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    table.add_row("tasks solved", *(_solved_text(scores) for scores in columns.values()))
    for metric in METRICS:
        label = metric.replace("_", " ") if metric not in ("pass_n", "vote_1", "vote_2") else metric
        table.add_row(label, *(_figure_text(scores.figures[metric]) for scores in columns.values()))
    table.add_row("candidates", *(str(scores.n_candidates) for scores in columns.values()))
    table.caption = "in brackets: 95% bootstrap interval over tasks; Wilson's where all tasks are alike"
    table.caption_justify = "left"
    return table


def _submitted(submission: Mapping[str, Any], task_id: str, n_test: int) -> list[_Answer]:
    """The two attempts per test input; what is malformed or missing is None."""
    entries = submission.get(task_id)
    answers = []
    for index in range(n_test):
        entry = entries[index] if isinstance(entries, list) and index < len(entries) else None
        first, second = (_grid(entry.get(key)) if isinstance(entry, Mapping) else None for key in ATTEMPT_KEYS)
        answers.append(_Answer((first, second), tuple(grid for grid in (first, second) if grid is not None)))
    return answers


def _grid(value: Any) -> Grid | None:
    try:
        return as_grid(value)
    except GridError:
        return None


def _by_task(values: Iterable[_OfTask]) -> dict[str, list[_OfTask]]:
    found: dict[str, list[_OfTask]] = {}
    for value in values:
        found.setdefault(value.task_id, []).append(value)
    return found


def _proposed(candidates: Iterable[Candidate], test_index: int) -> tuple[Grid, ...]:
    return tuple(candidate.outputs[test_index] for candidate in candidates if test_index in candidate.outputs)


def _voted(
    candidates: Sequence[Candidate], scores: Sequence[Scored], solutions: Solutions, challenges: Challenges | None
) -> dict[str, list[_Answer]]:
    """What these candidates alone would answer, without fall-backs."""
    tasks = {} if challenges is None else {task.task_id: task for task in challenges.tasks}
    by_task = _by_task(candidates)
    scores_by_task = _by_task(scores)
    answers = {}
    for task_id, true in solutions.outputs.items():
        own = by_task.get(task_id, [])
        # Without the tasks the votes are counted all the same; only the output sizes stay unknown.
        task = tasks.get(task_id) or Task(task_id, (), (frozen(np.zeros((1, 1))),) * len(true))
        ranked = rank_outputs(task, own, scores_by_task.get(task_id, ())) if own else ((),) * len(true)
        best = [[entry.grid for entry in entries[:2]] + [None] * 2 for entries in ranked]
        best += [[None, None]] * (len(true) - len(best))
        answers[task_id] = [
            _Answer((best[index][0], best[index][1]), _proposed(own, index)) for index in range(len(true))
        ]
    return answers


def _scores(
    answers: Mapping[str, Sequence[_Answer]],
    solutions: Solutions,
    n_candidates: int,
    seed: int,
) -> Scores:
    rows, tasks = [], []
    for task_id, true in solutions.outputs.items():
        values = np.array([_values(answer, grid) for answer, grid in zip(answers[task_id], true, strict=True)])
        rows.append((float(values[:, 1].sum()), len(true), *values.mean(axis=0)))
        correct = tuple(_which(answer.attempts, grid) for answer, grid in zip(answers[task_id], true, strict=True))
        means = dict(zip(_PER_TEST, map(float, values.mean(axis=0)), strict=True))
        tasks.append(TaskScore(task_id, correct, tuple(bool(value) for value in values[:, 2]), means))
    n_outputs = sum(len(true) for true in solutions.outputs.values())
    n_solved = sum(task.solved for task in tasks)
    if not rows:
        nothing = dict.fromkeys(METRICS, Figure(0.0, 0.0, 0.0))
        return Scores(0, 0, n_candidates, 0, (0.0, 0.0), nothing, ())
    table = np.array(rows, dtype=np.float64)
    ones = np.ones(len(rows))
    solved = np.array([task.solved for task in tasks], dtype=np.float64)
    numerators = np.column_stack([table[:, 0], table[:, 2:], solved])
    denominators = np.column_stack([table[:, 1], *[ones] * len(_PER_TEST), ones])
    low, high = bootstrap_intervals(numerators, denominators, np.random.default_rng(seed))
    means = numerators.sum(axis=0) / denominators.sum(axis=0)
    figures = {
        name: Figure(float(means[index]), float(low[index]), float(high[index])) for index, name in enumerate(METRICS)
    }
    solved_interval = (float(low[-1]) * len(rows), float(high[-1]) * len(rows))
    return Scores(len(rows), n_outputs, n_candidates, n_solved, solved_interval, figures, tuple(tasks))


def _values(answer: _Answer, true: Grid) -> tuple[float, ...]:
    """One test input's values, in the order of `_PER_TEST`."""
    which = _which(answer.attempts, true)
    n_proposed = len(answer.proposed)
    exact = sum(grids_equal(grid, true) for grid in answer.proposed)
    sized = [grid for grid in answer.proposed if grid.shape == true.shape]
    pixels = sum(float(np.count_nonzero(grid == true)) / true.size for grid in sized)
    return (
        float(which == 1),
        float(which > 0),
        float(exact > 0 or which > 0),
        exact / max(1, n_proposed),
        float(n_proposed == 0),
        len(sized) / max(1, n_proposed),
        pixels / max(1, n_proposed),
    )


def _which(attempts: _Attempts, true: Grid) -> int:
    for number, grid in enumerate(attempts, start=1):
        if grid is not None and grids_equal(grid, true):
            return number
    return 0


def _scores_json(scores: Scores) -> dict[str, Any]:
    value: dict[str, Any] = {
        "n_tasks": scores.n_tasks,
        "n_outputs": scores.n_outputs,
        "n_candidates": scores.n_candidates,
        "tasks_solved": scores.tasks_solved,
        "tasks_solved_interval": list(scores.tasks_solved_interval),
    }
    for name, figure in scores.figures.items():
        value[name] = figure.value
        value[f"{name}_interval"] = [figure.low, figure.high]
    return value


def _figure_text(figure: Figure) -> str:
    return f"{100 * figure.value:.2f}% [{100 * figure.low:.1f}, {100 * figure.high:.1f}]"


def _solved_text(scores: Scores) -> str:
    low, high = scores.tasks_solved_interval
    return f"{scores.tasks_solved} [{low:.0f}, {high:.0f}]"
