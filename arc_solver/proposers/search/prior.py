"""The prior: how likely each word is in a program for a task, given what the analysis says of it.

Learned by counting, from the solvers of tuning tasks and from programs that the search itself found right on them
(`scripts/fit-search-prior` writes `prior.json`). Naive Bayes with shrinkage, so a task can be taken out of the counts
when its own search is measured. Knows words and names of features, nothing of what either means.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

TABLE = Path(__file__).parent / "prior.json"

SMOOTHING = 0.5
"""Programs in which every word is thought to occur once more."""
SHRINKAGE = 4.0
"""How many programs a feature's effect on a word must have been seen in to count half."""
TEMPER = 0.6
"""Features overlap: each one's evidence counts that much."""
MIN_BITS, MAX_BITS = 2, 9


@dataclass(frozen=True, slots=True)
class Prior:
    """Counts over programs.

    Attributes:
        programs: For each task with programs its features and its words, sorted by task id.
    """

    programs: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]

    def prices(self, features: Iterable[str], words: Iterable[str], without: str | None = None) -> dict[str, int]:
        """Bits for each word.

        Args:
            features: What holds of the task (`Analysis.features`).
            words: Every word to be priced, also those that never occurred.
            without: A task whose programs must not be counted.
        """
        tasks = [one for task_id, one in self.programs.items() if task_id != without]
        names = sorted(set(words))
        place = {word: index for index, word in enumerate(names)}
        counts = np.full(len(names), SMOOTHING)
        held = [set(known) for known, _ in tasks]
        rows = np.zeros((len(tasks), len(names)))
        for row, (_, used) in enumerate(tasks):
            rows[row, [place[word] for word in used if word in place]] = 1
        counts += rows.sum(axis=0)
        logs = np.log2(counts)
        for feature in features:
            has = np.array([feature in known for known in held], dtype=bool)
            if not has.any():
                continue
            share = has.mean()
            together = rows[has].sum(axis=0)
            lift = (together + SHRINKAGE * share) / (share * (counts - SMOOTHING + SHRINKAGE))
            logs += TEMPER * np.log2(lift)
        logs -= np.log2(np.exp2(logs).sum())
        bits = np.clip(np.rint(-logs), MIN_BITS, MAX_BITS).astype(int)
        return dict(zip(names, bits.tolist(), strict=True))


@cache
def load_prior() -> Prior:
    """The prior that comes with the package."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    programs = {
        task_id: (tuple(one["features"]), tuple(one["words"])) for task_id, one in sorted(table["programs"].items())
    }
    return Prior(MappingProxyType(programs))
