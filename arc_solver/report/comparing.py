"""Two runs on the same tasks: who solved what, and whether the difference can be chance.

Both are scored on the same tasks, so the test is a paired one: only tasks on which they differ speak. Knows nothing of
files, of HTML or of how the runs were made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from arc_solver.evaluation import Evaluation, Scores
from arc_solver.report.answers import Run, answers_of
from arc_solver.report.content import (
    known_truth,
    page_head,
    proposer_names,
    score_run,
    scored_group,
    task_contents,
    used_groups,
)
from arc_solver.report.outcomes import Group
from arc_solver.report.overview import overview
from arc_solver.statistics import Comparison as Test
from arc_solver.statistics import compare
from arc_solver.tasks import Challenges, Solutions

ONLY_A = Group("only_a", "Only A", "A", "run-0", "A solves it, B does not")
ONLY_B = Group("only_b", "Only B", "B", "run-1", "B solves it, A does not")
BOTH = Group("both", "Both", "✓", "right", "both solve it")
NEITHER = Group("neither", "Neither", "×", "wrong", "neither solves it")
UNKNOWN = Group("unknown", "Not known", "?", "wrong", "there is no right answer to compare with")
GROUPS = (ONLY_A, ONLY_B, BOTH, NEITHER, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs have in common and what not; A is the first.

    Attributes:
        names: What they are called.
        evaluations: Their figures.
        group_of: Each task with a right answer -> the group that it is in.
        solved: The paired test on tasks solved or not: McNemar's exact test.
        outputs: The paired test on the share of a task's outputs that are right within two attempts.
    """

    names: tuple[str, str]
    evaluations: tuple[Evaluation, Evaluation]
    group_of: Mapping[str, Group]
    solved: Test
    outputs: Test

    def of(self, group: Group) -> tuple[str, ...]:
        """The tasks of a group, in the file's order."""
        return tuple(task_id for task_id, one in self.group_of.items() if one == group)

    def verdict(self) -> str:
        """What can be said, in one sentence; differences are B's less A's."""
        n_a, n_b = len(self.of(ONLY_A)), len(self.of(ONLY_B))
        if not n_a and not n_b:
            return "Both solve exactly the same tasks."
        chance = f"were neither better, chance would bring this or more with probability {_p(self.solved.p_value)}"
        if n_a == n_b:
            return f"Each solves {_tasks(n_a)} that the other does not: no difference in number."
        better, more, fewer = ("B", n_b, n_a) if n_b > n_a else ("A", n_a, n_b)
        told = f"{better} solves {_tasks(more - fewer)} more ({more} that the other does not, against {fewer})"
        if self.solved.p_value < 0.05:
            return f"{told}; {chance}."
        return f"{told}, but {chance}: these tasks cannot tell which is better."

    def to_json(self) -> dict[str, Any]:
        """The figures, for programs."""
        return {
            "runs": list(self.names),
            "n_tasks": len(self.group_of),
            "tasks_solved": [one.together.tasks_solved for one in self.evaluations],
            "kaggle_score": [one.together.figures["kaggle_score"].value for one in self.evaluations],
            **{group.key: list(self.of(group)) for group in (BOTH, ONLY_A, ONLY_B, NEITHER)},
            "mcnemar_p": self.solved.p_value,
            "solved_difference": _figure(self.solved),
            "outputs_difference": _figure(self.outputs),
            "outputs_p": self.outputs.p_value,
            "verdict": self.verdict(),
        }


def compare_runs(
    runs: tuple[Run, Run], challenges: Challenges, truth: Solutions, *, seed: int = 0
) -> tuple[Comparison, dict[str, Any]]:
    """Compare two runs on the tasks whose right answers are known.

    Args:
        runs: A and B.
        challenges: The tasks; those that a run left out count as not answered by it.
        truth: The right answers.
        seed: Of the bootstrap.

    Returns:
        The comparison, and the content of its page.

    Raises:
        ValueError: There is no right answer to any of these tasks.
    """
    known = known_truth(truth, challenges)
    if known is None:
        raise ValueError("no right answer to any of the tasks")
    answers = [answers_of(run, challenges) for run in runs]
    first, second = (score_run(run, said, challenges, known, seed) for run, said in zip(runs, answers, strict=True))
    group_of = {
        a.task_id: _group(a.solved, b.solved) for a, b in zip(first.together.tasks, second.together.tasks, strict=True)
    }
    comparison = Comparison(
        (runs[0].name, runs[1].name),
        (first, second),
        group_of,
        _test([task.solved for task in second.together.tasks], [task.solved for task in first.together.tasks], seed),
        _test(_shares(second.together), _shares(first.together), seed),
    )
    names = proposer_names(answers, runs)
    groups = {task_id: group_of.get(task_id, UNKNOWN) for task_id in challenges.order}
    parts = []
    for run, said, evaluation in zip(runs, answers, comparison.evaluations, strict=True):
        scores = {task.task_id: task for task in evaluation.together.tasks}
        own = {
            task_id: scored_group(task, said[task_id], known, scores.get(task_id))
            for task_id, task in challenges.by_id().items()
        }
        parts.append(overview(run, challenges, said, known, evaluation, own, names))
    content = {
        "scored": True,
        "proposers": names,
        "groups": used_groups(GROUPS, groups),
        "comparison": _told(comparison),
        "runs": parts,
        **task_contents(challenges, known, groups, runs, answers, names),
    }
    return comparison, content


def comparison_page(content: Mapping[str, Any], comparison: Comparison, challenges: Challenges, where: str) -> Any:
    """The content of the page of a comparison."""
    return page_head("comparison", " against ".join(comparison.names), challenges, where) | dict(content)


def _group(solved_by_a: bool, solved_by_b: bool) -> Group:
    if solved_by_a:
        return BOTH if solved_by_b else ONLY_A
    return ONLY_B if solved_by_b else NEITHER


def _shares(scores: Scores) -> list[float]:
    """The share of each task's outputs that are right within two attempts."""
    return [sum(map(bool, task.correct)) / len(task.correct) for task in scores.tasks]


def _test(first: Sequence[float], second: Sequence[float], seed: int) -> Test:
    ours, theirs = (np.array([values], dtype=np.float64) for values in (first, second))
    return compare(ours, theirs, np.random.default_rng(seed))


def _told(comparison: Comparison) -> dict[str, Any]:
    labels = {BOTH: "solved by both", ONLY_A: "only by A", ONLY_B: "only by B", NEITHER: "by neither"}
    return {
        "verdict": comparison.verdict(),
        "corners": {
            group.key: {"n": len(comparison.of(group)), "label": label, "tone": group.tone}
            for group, label in labels.items()
        },
        "tests": [
            {"label": label, "text": f"B less A: {_points(test)}; exact paired test p = {_p(test.p_value)}"}
            for label, test in (("Tasks solved", comparison.solved), ("Outputs right", comparison.outputs))
        ],
    }


def _figure(test: Test) -> list[float]:
    return [test.difference.value, test.difference.low, test.difference.high]


def _points(test: Test) -> str:
    value, low, high = (100 * bound for bound in _figure(test))
    return f"{value:+.1f} points [{low:+.1f}, {high:+.1f}]"


def _p(value: float) -> str:
    return "less than 0.0001" if value < 1e-4 else f"{value:.4f}" if value < 0.01 else f"{value:.2f}"


def _tasks(n: int) -> str:
    return f"{n} task" if n == 1 else f"{n} tasks"
