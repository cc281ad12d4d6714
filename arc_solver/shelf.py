"""What is kept of a proposer's candidates for one task: so many that nothing is lost that could still win a vote, and
no more, so that memory and journal are bounded however long a run lasts.

Three sections, as the votes know them: programs that pass every training pair, programs that pass some, grids that were
voted for (of each test input). Within a section candidates with the same outputs form a group. A section takes every
candidate until it is full, and no group gets more than half of it. Then a newcomer must make its group stronger than
the weakest other group (by pairs passed, then agreement, then cost or log-probability), which gives up its weakest
member. So what comes late and is good finds its place, and what is refused changes nothing: whoever puts the same
candidates on a shelf in the same order, those left out that were refused, ends with the same shelf.

Knows nothing of tasks, votes and journals.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from arc_solver.candidates import Candidate, ProgramEvidence
from arc_solver.grids import Grid, grid_key


@dataclass(frozen=True, slots=True)
class ShelfLimits:
    """How much is kept; several times what the presets ask for, so that they seldom matter.

    Attributes:
        n_passing: Programs that pass every training pair.
        n_partial: Other programs.
        n_voted: Grids for one test input.
        n_changes: A section takes at most so many times its size in all, replaced ones among them.

    Raises:
        ValueError: A section that could not hold two different answers.
    """

    n_passing: int = 256
    n_partial: int = 64
    n_voted: int = 256
    n_changes: int = 8

    def __post_init__(self) -> None:
        if min(self.n_passing, self.n_partial, self.n_voted) < 2 or self.n_changes < 1:
            raise ValueError("a section of a shelf holds at least two candidates")


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a newcomer.

    Attributes:
        kept: Whether it has a place now.
        replaced: Who gave up its place for it.
    """

    kept: bool
    replaced: Candidate | None = None


_Name = tuple[object, ...]


@dataclass(slots=True)
class _Section:
    size: int
    groups: dict[bytes, list[Candidate]] = field(default_factory=dict)
    n_kept: int = 0
    n_taken: int = 0


class Shelf:
    """The shelf of one proposer for one task."""

    def __init__(self, limits: ShelfLimits) -> None:
        self._limits = limits
        self._sections: dict[_Name, _Section] = {}

    def put(self, candidate: Candidate) -> Placed:
        """Offer a candidate that was not offered before."""
        name, size = self._section_of(candidate)
        section = self._sections.setdefault(name, _Section(size))
        if section.n_taken >= size * self._limits.n_changes:
            return Placed(False)
        key = _group_of(candidate)
        group = section.groups.get(key, [])
        if len(group) >= size // 2:
            return Placed(False)
        replaced = None
        if section.n_kept >= size:
            weakest = min(
                (other for other in section.groups if other != key),
                key=lambda other: _strength(section.groups[other]),
            )
            if _strength([*group, candidate]) <= _strength(section.groups[weakest]):
                return Placed(False)
            replaced = _remove_weakest(section, weakest)
        section.groups.setdefault(key, group).append(candidate)
        section.n_kept += 1
        section.n_taken += 1
        return Placed(True, replaced)

    def _section_of(self, candidate: Candidate) -> tuple[_Name, int]:
        """Its section's name and size."""
        if not isinstance(candidate.evidence, ProgramEvidence):
            return ("voted", *sorted(candidate.outputs)), self._limits.n_voted
        if candidate.evidence.passes_all:
            return ("passing",), self._limits.n_passing
        return ("partial",), self._limits.n_partial


def outputs_key(outputs: Mapping[int, Grid]) -> bytes:
    """Equal for equal outputs of the same test inputs, and small."""
    cells = b"".join(b"%d " % index + grid_key(grid) for index, grid in sorted(outputs.items()))
    return hashlib.blake2b(cells, digest_size=16).digest()


def _group_of(candidate: Candidate) -> bytes:
    """What agrees is in one group, as the votes see it."""
    evidence, key = candidate.evidence, outputs_key(candidate.outputs)
    if isinstance(evidence, ProgramEvidence):
        return key + b"%d of %d" % (evidence.n_train_passed, evidence.n_train)
    return key


def _merit(candidate: Candidate) -> tuple[float, float]:
    """More is better."""
    evidence = candidate.evidence
    logprob = -math.inf if evidence.logprob is None or math.isnan(evidence.logprob) else evidence.logprob
    if not isinstance(evidence, ProgramEvidence):
        return (logprob, 0.0)
    return (-math.inf if math.isnan(evidence.cost) else -evidence.cost, logprob)


def _strength(group: Sequence[Candidate]) -> tuple[float, int, tuple[float, float]]:
    evidence = group[0].evidence
    share = evidence.n_train_passed / max(1, evidence.n_train) if isinstance(evidence, ProgramEvidence) else 0.0
    return (share, len(group), max(map(_merit, group)))


def _remove_weakest(section: _Section, key: bytes) -> Candidate:
    group = section.groups[key]
    candidate = group.pop(min(range(len(group)), key=lambda index: _merit(group[index])))
    if not group:
        del section.groups[key]
    section.n_kept -= 1
    return candidate
