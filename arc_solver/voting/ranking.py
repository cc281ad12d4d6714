"""From candidates to ranked grids: which output is the likeliest, and why.

Four classes, each above the next: programs that pass every training pair, grids that were voted for, programs that
pass some pairs, grids that the model itself hardly believes in. Within a class a model's score counts first where
there is one for all (`scores`), then agreement, then simplicity, and the grid's bytes break what is still a tie, so
that the ranking depends on the set of candidates and scores and not on their order. Knows nothing of fall-backs, files
or solutions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from arc_solver.augment import View
from arc_solver.candidates import Candidate, ProgramEvidence, Scored
from arc_solver.grids import Grid, grid_key, to_lists
from arc_solver.proposers.base import GridKind
from arc_solver.tasks import Task
from arc_solver.voting.scores import ScoreTable, Votes, program_keys, vote_keys
from arc_solver.voting.sizes import Shape, predict_shapes

# Below this many cells a literal in a program is a pattern, not a memorised answer.
MIN_LITERAL_CELLS = 9

MISSING_LOGPROB = -1e9

# A grid to which a model gives less than this in every view, and that few views agree on, is no better than a
# fall-back: on held-out training tasks none of 210 such grids of the cell model (7 views) was right, and none of 202 of
# the text model. At 0.1, chosen for the text model alone, two of 311 were (docs/log.md).
MIN_PROBABILITY = 0.03
MIN_AGREEING = 3

_PASSING, _VOTED, _PARTIAL, _DOUBTED = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class RankedGrid:
    """One distinct output for one test input.

    Attributes:
        grid: The output.
        reason: Why it stands where it stands, for people.
        kind: Its class.
        n_hits: Programs of different source, or votes, that say so.
        proposers: Who proposed it, sorted.
    """

    grid: Grid
    reason: str
    kind: GridKind
    n_hits: int
    proposers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A grid with its sort key (smaller is better) before duplicates are dropped."""

    key: tuple[Any, ...]
    ranked: RankedGrid


def rank_outputs(
    task: Task, candidates: Iterable[Candidate], scores: Iterable[Scored] = ()
) -> tuple[tuple[RankedGrid, ...], ...]:
    """Rank the distinct output grids of each test input, best first.

    Programs are grouped by the *joint* tuple of their outputs for all test inputs: a program that is right is right
    everywhere. A group counts its independent derivations (distinct sources). A program that holds an answer as a
    literal, or fails on a test input, comes after those that do not. Grids are counted per test input; one that
    contradicts the output size that all training pairs agree on comes last in its class. A program that passes no
    training pair is ignored.

    Args:
        task: The task.
        candidates: In any order; repeated ones count once, those of other tasks not at all.
        scores: What a model thinks of outputs, in any order. What nobody proposed is not ranked, whatever its score.

    Returns:
        Per test input its ranked grids, possibly none.
    """
    programs: dict[tuple[Any, ...], list[Candidate]] = {}
    votes: list[dict[bytes, list[Candidate]]] = [{} for _ in task.test_inputs]
    for candidate in _distinct(task, candidates):
        if isinstance(candidate.evidence, ProgramEvidence):
            if candidate.evidence.n_train_passed:
                programs.setdefault(_group_key(candidate), []).append(candidate)
        else:
            for test_index, grid in candidate.outputs.items():
                votes[test_index].setdefault(grid_key(grid), []).append(candidate)
    table = ScoreTable(task, scores)
    shapes = [predict_shapes(task.train, test_input) for test_input in task.test_inputs]
    entries: list[list[_Entry]] = [[] for _ in task.test_inputs]
    for group, merit in _with_merits(programs.values(), table):
        _rank_programs(task, group, merit, shapes, entries)
    for test_index, found in enumerate(votes):
        entries[test_index] += _voted_entries(list(found.values()), test_index, shapes[test_index], table)
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


def _with_merits(groups: Iterable[list[Candidate]], table: ScoreTable) -> Iterator[tuple[list[Candidate], float]]:
    """Each group of programs, with the sort key that scores give it; programs that fail on a pair get none."""
    passing: list[list[Candidate]] = []
    partial: list[list[Candidate]] = []
    for group in groups:
        (passing if _program(group[0]).passes_all else partial).append(group)
    yield from zip(passing, program_keys([table.of_all(group[0].outputs) for group in passing]), strict=True)
    yield from ((group, 0.0) for group in partial)


def _rank_programs(
    task: Task,
    group: Sequence[Candidate],
    merit: float,
    shapes: Sequence[tuple[Shape, ...]],
    entries: Sequence[list[_Entry]],
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
        merit,
        -logprob,
        min(len(source) for source in sources),
        joint,
    )
    reason = _program_reason(first, len(sources), cost, literal)
    kind: GridKind = "program" if first.passes_all else "partial program"
    proposers = tuple(sorted({candidate.origin.proposer for candidate in group}))
    for test_index, grid in outputs.items():
        ranked = RankedGrid(grid, reason, kind, len(sources), proposers)
        entries[test_index].append(_Entry((*key, grid_key(grid)), ranked))


def _program_reason(evidence: ProgramEvidence, n_sources: int, cost: float, literal: bool) -> str:
    passed = "" if evidence.passes_all else f" ({evidence.n_train_passed} of {evidence.n_train} pairs)"
    derivations = f"{n_sources} derivation{'s' if n_sources > 1 else ''}"
    return f"program{passed}, {derivations}, cost {cost:g}" + (", holds the answer as a literal" if literal else "")


def _voted_entries(
    found: Iterable[Sequence[Candidate]], test_index: int, shapes: tuple[Shape, ...], table: ScoreTable
) -> Iterator[_Entry]:
    """An entry for each grid of a test input that was voted for, given the votes for each."""
    classes: dict[GridKind, list[tuple[Sequence[Candidate], Votes]]] = {"voted": [], "doubted": []}
    for hits in found:
        logprobs = sorted(_logprob(candidate) for candidate in hits)
        votes = Votes(len(hits), sum(logprobs) / len(logprobs), logprobs[-1])
        doubted = votes.best_logprob < math.log(MIN_PROBABILITY) and votes.n_votes < MIN_AGREEING
        classes["doubted" if doubted else "voted"].append((hits, votes))
    for kind, members in classes.items():
        scores = [table.of(test_index, hits[0].outputs[test_index]) for hits, _ in members]
        merits = vote_keys(
            [votes for _, votes in members], [None if score is None else score.logprob for score in scores]
        )
        for (hits, votes), score, merit in zip(members, scores, merits, strict=True):
            grid = hits[0].outputs[test_index]
            odd = _contradicts(shapes, grid)
            key = (_VOTED if kind == "voted" else _DOUBTED, odd, *merit, grid.size, grid_key(grid))
            proposers = tuple(sorted({hit.origin.proposer for hit in hits}))
            yield _Entry(key, RankedGrid(grid, _voted_reason(votes, odd, score), kind, votes.n_votes, proposers))


def _voted_reason(votes: Votes, odd: bool, score: Scored | None) -> str:
    said = f"{votes.n_votes} vote{'s' if votes.n_votes > 1 else ''}, mean log-probability {votes.mean_logprob:.2f}"
    if score is not None:
        said += f", scored {score.logprob:.2f} in {score.n_views} view{'s' if score.n_views > 1 else ''}"
    return said + (", of an odd size" if odd else "")


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
