"""What one run found, task by task: the values that several runs are compared by.

Fall-back attempts count for nothing here: what is compared is what models and programs answered. Knows where a run's
journal lies; nothing of what the run was for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from arc_solver.evaluation.samples import count_samples, pass_at
from arc_solver.evaluation.scores import score_candidates
from arc_solver.journal import JournalContents
from arc_solver.journal import read as read_journal
from arc_solver.statistics import Floats
from arc_solver.tasks import Challenges, Solutions


@dataclass(frozen=True, slots=True)
class RunValues:
    """One run.

    Attributes:
        values: Metric -> value of each task, 0..1, shape (T,), in the order of the solutions.
        n_cut_short: Pieces of work (a task for a proposer) that the time did not suffice for.
    """

    values: Mapping[str, Floats] = field(default_factory=dict)
    n_cut_short: int = 0


Score = Callable[[Path, Sequence[str], Sequence[str], Mapping[str, int], Sequence[int]], RunValues]
"""(journal, task ids, metrics, samples of each proposer, each k) -> `RunValues`; knows the answers."""


def scorer(challenges: Challenges, solutions: Solutions) -> Score:
    """What scores the journals of runs on these tasks."""

    def score(
        journal: Path,
        task_ids: Sequence[str],
        metrics: Sequence[str],
        n_samples: Mapping[str, int],
        ks: Sequence[int],
    ) -> RunValues:
        truth = Solutions({task_id: solutions.outputs[task_id] for task_id in task_ids})
        return run_values(read_journal(journal), challenges, truth, metrics, n_samples, ks)

    return score


def run_values(
    contents: JournalContents,
    challenges: Challenges,
    solutions: Solutions,
    metrics: Sequence[str],
    n_samples: Mapping[str, int],
    ks: Sequence[int],
) -> RunValues:
    """The values of a run.

    Args:
        contents: Of its journal.
        challenges: Its tasks.
        solutions: Of the tasks that are looked at.
        metrics: Of `scores.METRICS`, without the Kaggle score, which is no mean over tasks.
        n_samples: Proposer -> samples asked for, for each test output. A task whose samples were not all looked at has
            fewer right.
        ks: Each k of pass@k; those above the number of samples are left out. Only for a run of one proposer that draws
            samples.
    """
    found = [candidate for candidate in contents.candidates if candidate.task_id in solutions.outputs]
    scores = [score for score in contents.scores if score.task_id in solutions.outputs]
    scored = score_candidates(found, solutions, challenges, scores)
    values: dict[str, Floats] = {
        metric: np.array([task.values[metric] for task in scored.tasks], dtype=np.float64) for metric in metrics
    }
    if len(n_samples) == 1:
        ((proposer, n),) = n_samples.items()
        counts = count_samples(found, contents.repeated, solutions, proposer, n)
        values |= {f"pass@{k}": pass_at(counts, k) for k in ks if k <= n}
    done = sum((proposer, task_id) in contents.done for proposer in n_samples for task_id in solutions.outputs)
    return RunValues(values, len(n_samples) * len(solutions.outputs) - done)
