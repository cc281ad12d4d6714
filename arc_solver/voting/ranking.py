"""From candidates to ranked grids: which output is the likeliest, and why.

Four classes, each above the next: programs that pass every training pair, grids that were voted for, programs that
pass some pairs, grids that the model itself hardly believes in. Within a class agreement counts first, simplicity
second, and the grid's bytes break what is still a tie, so that the ranking depends on the set of candidates and not
on their order. Knows nothing of fall-backs, files or solutions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from arc_solver.augment import View
from arc_solver.candidates import Candidate, ProgramEvidence
from arc_solver.grids import Grid, grid_key, to_lists
from arc_solver.tasks import Task
from arc_solver.voting.sizes import Shape, predict_shapes

# Below this many cells a literal in a program is a pattern, not a memorised answer.
MIN_LITERAL_CELLS = 9

MISSING_LOGPROB = -1e9

# A grid to which the model gives less than this in every view, and that few views agree on, is likelier wrong than a
# fall-back: none of 236 such grids was right on held-out training tasks (docs/log.md).
MIN_PROBABILITY = 0.1
MIN_AGREEING = 3

_PASSING, _VOTED, _PARTIAL, _DOUBTED = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class RankedGrid:
    """One distinct output for one test input.

    Attributes:
        grid: The output.
        reason: Why it stands where it stands, for people.
        kind: `program`, `voted`, `partial program` or `doubted`.
        proposers: Who proposed it, sorted.
    """

    grid: Grid
    reason: str
    kind: str
    proposers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A grid with its sort key (smaller is better) before duplicates are dropped."""

    key: tuple[Any, ...]
    ranked: RankedGrid


def rank_outputs(task: Task, candidates: Iterable[Candidate]) -> tuple[tuple[RankedGrid, ...], ...]:
    """Rank the distinct output grids of each test input, best first.

    Programs are grouped by the *joint* tuple of their outputs for all test inputs: a program that is right is right
    everywhere. A group counts its independent derivations (distinct sources). A program that holds an answer as a
    literal, or fails on a test input, comes after those that do not. Grids are counted per test input; one that
    contradicts the output size that all training pairs agree on comes last in its class. A program that passes no
    training pair is ignored.

    Args:
        task: The task.
        candidates: In any order; repeated ones count once, those of other tasks not at all.

    Returns:
        Per test input its ranked grids, possibly none.
    """
    programs: dict[tuple[Any, ...], list[Candidate]] = {}
    votes: dict[tuple[int, bytes], list[Candidate]] = {}
    for candidate in _distinct(task, candidates):
        if isinstance(candidate.evidence, ProgramEvidence):
            if candidate.evidence.n_train_passed:
                programs.setdefault(_group_key(candidate), []).append(candidate)
        else:
            for test_index, grid in candidate.outputs.items():
                votes.setdefault((test_index, grid_key(grid)), []).append(candidate)
    shapes = [predict_shapes(task.train, test_input) for test_input in task.test_inputs]
    entries: list[list[_Entry]] = [[] for _ in task.test_inputs]
    for group in programs.values():
        _rank_programs(task, group, shapes, entries)
    for (test_index, _), hits in votes.items():
        entries[test_index].append(_voted_entry(hits, test_index, shapes[test_index]))
    return tuple(_best_first(found) for found in entries)


def _distinct(task: Task, candidates: Iterable[Candidate]) -> list[Candidate]:
    """The task's candidates without repetitions and without outputs for test inputs that it does not have."""
    found: dict[tuple[Any, ...], Candidate] = {}
    n_test = len(task.test_inputs)
    for candidate in candidates:
        if candidate.task_id != task.task_id:
            continue
        outputs = {index: grid for index, grid in sorted(candidate.outputs.items()) if 0 <= index < n_test}
        if not outputs:
            continue
        key = (candidate.origin, candidate.evidence, tuple((index, grid_key(grid)) for index, grid in outputs.items()))
        found[key] = Candidate(candidate.task_id, outputs, candidate.origin, candidate.evidence)
    return list(found.values())


def _group_key(candidate: Candidate) -> tuple[Any, ...]:
    evidence = _program(candidate)
    passed = (evidence.n_train_passed, evidence.n_train)
    return passed, tuple((index, grid_key(grid)) for index, grid in candidate.outputs.items())


def _rank_programs(
    task: Task, group: Sequence[Candidate], shapes: Sequence[tuple[Shape, ...]], entries: Sequence[list[_Entry]]
) -> None:
    """Add an entry for each output of a group of programs that all give the same outputs."""
    first = _program(group[0])
    outputs = group[0].outputs
    sources = {_program(candidate).source: candidate for candidate in group}
    answers = [pair.output for pair in task.train] + list(outputs.values())
    literal = all(_holds_literal(_program(candidate), answers) for candidate in sources.values())
    cost = min(_cost(candidate) for candidate in group)
    logprob = max(_logprob(candidate) for candidate in group)
    n_missing = len(task.test_inputs) - len(outputs)
    n_odd = 0 if first.passes_all else sum(_contradicts(shapes[index], grid) for index, grid in outputs.items())
    joint = tuple(key for _, key in sorted((index, grid_key(grid)) for index, grid in outputs.items()))
    key = (
        _PASSING if first.passes_all else _PARTIAL,
        n_odd,
        -first.n_train_passed / max(1, first.n_train),
        literal,
        n_missing,
        -len(sources),
        cost,
        -logprob,
        min(len(source) for source in sources),
        joint,
    )
    reason = _program_reason(first, len(sources), cost, literal)
    kind = "program" if first.passes_all else "partial program"
    proposers = tuple(sorted({candidate.origin.proposer for candidate in group}))
    for test_index, grid in outputs.items():
        entries[test_index].append(_Entry((*key, grid_key(grid)), RankedGrid(grid, reason, kind, proposers)))


def _program_reason(evidence: ProgramEvidence, n_sources: int, cost: float, literal: bool) -> str:
    passed = "" if evidence.passes_all else f" ({evidence.n_train_passed} of {evidence.n_train} pairs)"
    derivations = f"{n_sources} derivation{'s' if n_sources > 1 else ''}"
    return f"program{passed}, {derivations}, cost {cost:g}" + (", holds the answer as a literal" if literal else "")


def _voted_entry(hits: Sequence[Candidate], test_index: int, shapes: tuple[Shape, ...]) -> _Entry:
    grid = hits[0].outputs[test_index]
    logprobs = sorted(_logprob(candidate) for candidate in hits)
    mean_logprob = sum(logprobs) / len(logprobs)
    odd = _contradicts(shapes, grid)
    doubted = logprobs[-1] < math.log(MIN_PROBABILITY) and len(hits) < MIN_AGREEING
    key = (_DOUBTED if doubted else _VOTED, odd, -len(hits), -mean_logprob, -logprobs[-1], grid.size, grid_key(grid))
    votes = f"{len(hits)} vote{'s' if len(hits) > 1 else ''}"
    reason = f"{votes}, mean log-probability {mean_logprob:.2f}" + (", of an odd size" if odd else "")
    kind = "doubted" if doubted else "voted"
    return _Entry(key, RankedGrid(grid, reason, kind, tuple(sorted({hit.origin.proposer for hit in hits}))))


def _best_first(entries: Iterable[_Entry]) -> tuple[RankedGrid, ...]:
    """Sorted, and each grid only at its best place."""
    best: dict[bytes, RankedGrid] = {}
    for entry in sorted(entries, key=lambda entry: entry.key):
        best.setdefault(grid_key(entry.ranked.grid), entry.ranked)
    return tuple(best.values())


def _contradicts(shapes: tuple[Shape, ...], grid: Grid) -> bool:
    return bool(shapes) and grid.shape not in shapes


def _holds_literal(evidence: ProgramEvidence, answers: Iterable[Grid]) -> bool:
    """True if the source spells out one of the grids, as it saw them, as nested lists or tuples."""
    view = View.from_text(evidence.view)
    text = "".join(evidence.source.split()).replace("(", "[").replace(")", "]").replace(",]", "]")
    return any(
        answer.size >= MIN_LITERAL_CELLS and str(to_lists(view.apply(answer))).replace(" ", "") in text
        for answer in answers
    )


def _program(candidate: Candidate) -> ProgramEvidence:
    if not isinstance(candidate.evidence, ProgramEvidence):
        raise TypeError("a grid stands where a program is expected")
    return candidate.evidence


def _logprob(candidate: Candidate) -> float:
    """The candidate's log-probability; where there is none, or it is no number, one below all others."""
    logprob = candidate.evidence.logprob
    return logprob if logprob is not None and math.isfinite(logprob) else MISSING_LOGPROB


def _cost(candidate: Candidate) -> float:
    cost = _program(candidate).cost
    return cost if not math.isnan(cost) else math.inf
