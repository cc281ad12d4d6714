"""How many of the samples that a model was asked for are right, from a run's journal: what pass@k is made of.

A sample is a program or a grid. A grid is right if it is the true output; a program is right for a test output if it
passes every training pair (nobody would choose it otherwise) and gives the true output. A sample that repeats another
is as right as that one. What was asked for and never came counts as wrong, so that nothing leaves the denominator.

The estimate supposes that samples are alike: that none was left out because others were right already (`stop_after` of
programs must not end a task early), and that no sample asks otherwise than the rest. Views differ from sample to
sample, and the first is the task as it is; that is part of the way of asking. Knows nothing of how a run was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from arc_solver.candidates import Candidate, ProgramEvidence, Rejected
from arc_solver.grids import Grid, grids_equal
from arc_solver.statistics import Floats, pass_at_k
from arc_solver.tasks import Solutions


@dataclass(frozen=True, slots=True)
class SampleCounts:
    """What became of the samples of a task.

    Attributes:
        task_id: The task.
        n_samples: Asked for, for each test output.
        n_correct: Of these right, by test output.
    """

    task_id: str
    n_samples: int
    n_correct: tuple[int, ...]

    def pass_at(self, k: int) -> float:
        """The mean over the test outputs of the chance that one of k samples is right."""
        return float(np.mean([pass_at_k(self.n_samples, correct, k) for correct in self.n_correct]))


def count_samples(
    candidates: Iterable[Candidate],
    repeated: Iterable[Rejected],
    solutions: Solutions,
    proposer: str,
    n_samples: int,
) -> tuple[SampleCounts, ...]:
    """What became of a proposer's samples, a count for each task that has a solution.

    Args:
        candidates: Of a journal.
        repeated: Of the same.
        solutions: The true outputs.
        proposer: Whose samples: `induction` or `transduction`.
        n_samples: How many were asked for, for each test output.
    """
    found: dict[str, list[Candidate]] = {task_id: [] for task_id in solutions.outputs}
    for candidate in candidates:
        if candidate.task_id in found and candidate.origin.proposer == proposer:
            found[candidate.task_id].append(candidate)
    repeats: dict[str, dict[int, int]] = {}
    for repeat in repeated:
        if repeat.proposer == proposer:
            repeats.setdefault(repeat.task_id, {})[repeat.seed] = repeat.repeats
    return tuple(
        SampleCounts(task_id, n_samples, _right_samples(found[task_id], repeats.get(task_id, {}), true, n_samples))
        for task_id, true in solutions.outputs.items()
    )


def pass_at(counts: Sequence[SampleCounts], k: int) -> Floats:
    """pass@k of each task: shape (T,)."""
    return np.array([count.pass_at(k) for count in counts], dtype=np.float64)


def _right_samples(
    candidates: Sequence[Candidate], repeats: Mapping[int, int], true: Sequence[Grid], n_samples: int
) -> tuple[int, ...]:
    counts = []
    for index, grid in enumerate(true):
        # By seed: a sample that a resumed run drew again is the same sample.
        right = {candidate.origin.seed for candidate in candidates if _is_right(candidate, index, grid)}
        right |= {seed for seed in repeats if _original(seed, repeats) in right}
        counts.append(min(len(right), n_samples))
    return tuple(counts)


def _is_right(candidate: Candidate, index: int, true: Grid) -> bool:
    evidence = candidate.evidence
    if isinstance(evidence, ProgramEvidence) and not evidence.passes_all:
        return False
    return index in candidate.outputs and grids_equal(candidate.outputs[index], true)


def _original(seed: int, repeats: Mapping[int, int]) -> int:
    """The sample that nobody wrote before, at the end of a chain of repeats."""
    seen = {seed}
    while seed in repeats and repeats[seed] not in seen:
        seed = repeats[seed]
        seen.add(seed)
    return seed
