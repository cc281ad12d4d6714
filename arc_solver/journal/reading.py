"""Reading a journal: whatever killed its run, every whole line of it.

A torn last line is dropped, a damaged line in the middle is skipped and counted, and nothing raises. A candidate that a
resumed run found again counts once, and of several scores of the same output the one of most views; rejections that it
met again count again. Journals of the version before (no times, no tasks, grids as lists) are read too. Knows nothing
of votes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from arc_solver.candidates import Candidate, Rejected, Scored
from arc_solver.datasets import challenges_hash
from arc_solver.errors import GridError, InputError
from arc_solver.faults import Fault
from arc_solver.grids import Grid, grid_key
from arc_solver.journal.lines import unframed
from arc_solver.journal.records import Decision, Note, RunRecord, Surplus, Work, from_json
from arc_solver.proposers.base import TaskDone
from arc_solver.tasks import Challenges, MalformedTask, Task

VERSION = 2
READABLE = (1, 2)
_CHUNK_BYTES = 1 << 20
_WHAT_WAS_ASKED = ("header", "run", "task", "malformed task")


@dataclass(frozen=True, slots=True)
class JournalContents:
    """What a journal holds. Times are seconds since the start of its first run, those of resumed runs counted on; None
    where the journal does not tell.

    Attributes:
        run_key: The key in its header, None if it has no readable header.
        candidates: Distinct candidates in the order in which they were found.
        done: (proposer, task_id) of the tasks that a proposer finished.
        rejected: (proposer, reason) -> how often.
        notes: In order.
        n_damaged: Lines that are no records, a torn last line not among them.
        n_repeated: Candidates that were already there.
        torn: True if the last line was cut off and dropped.
        scores: Of each output that was scored the score to go by.
        repeated: Samples that only repeat another, each once; they are counted in `rejected` too.
        found_s: When each of `candidates` came.
        scored_s: When each of `scores` came.
        done_s: When each of `done` was said.
        rejected_of: (task_id, proposer, reason) -> how often.
        surplus: (task_id, proposer) -> candidates that were counted and not kept.
        runs: Each run that wrote to this journal, with when it started.
        work: What pieces of work cost, with when they ended.
        decisions: With when they were made.
        faults: In order.
        challenges: The tasks, as far as they can be read; see `whole_challenges`.
        end_s: When the last record was written.
        notes_s: When each of `notes` was written.
    """

    run_key: str | None = None
    candidates: tuple[Candidate, ...] = ()
    done: frozenset[tuple[str, str]] = frozenset()
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: tuple[Note, ...] = ()
    n_damaged: int = 0
    n_repeated: int = 0
    torn: bool = False
    scores: tuple[Scored, ...] = ()
    repeated: frozenset[Rejected] = frozenset()
    found_s: tuple[float | None, ...] = ()
    scored_s: tuple[float | None, ...] = ()
    done_s: Mapping[tuple[str, str], float | None] = field(default_factory=dict)
    rejected_of: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    surplus: Counter[tuple[str, str]] = field(default_factory=Counter)
    runs: tuple[tuple[float, RunRecord], ...] = ()
    work: tuple[tuple[float, Work], ...] = ()
    decisions: tuple[tuple[float, Decision], ...] = ()
    faults: tuple[Fault, ...] = ()
    challenges: Challenges = field(default_factory=lambda: Challenges((), (), ()))
    end_s: float = 0.0
    notes_s: tuple[float | None, ...] = ()

    def whole_challenges(self) -> Challenges | None:
        """The tasks of the run, if the journal holds them all, unharmed."""
        wanted = {run.challenges_hash for _, run in self.runs}
        return self.challenges if wanted == {challenges_hash(self.challenges)} else None

    def timed_candidates(self) -> list[tuple[float, Candidate]]:
        """Candidates with when they came, those of which that is known."""
        return [(at_s, one) for at_s, one in zip(self.found_s, self.candidates, strict=False) if at_s is not None]

    def timed_notes(self) -> list[tuple[float, Note]]:
        """Notes with when they were written, those of which that is known."""
        return [(at_s, one) for at_s, one in zip(self.notes_s, self.notes, strict=False) if at_s is not None]

    def timed_scores(self) -> list[tuple[float, Scored]]:
        """Scores with when they came, those of which that is known."""
        return [(at_s, one) for at_s, one in zip(self.scored_s, self.scores, strict=False) if at_s is not None]


def read(path: Path, until_s: float | None = None) -> JournalContents:
    """Read a journal, also one that is being written or was cut off anywhere.

    Args:
        path: The file.
        until_s: Leave out what came later, in seconds since the start of its first run; None for nothing.

    Raises:
        InputError: The file cannot be read at all. What is in it never raises.
    """
    try:
        with Path(path).open("rb") as file:
            return Reader(until_s).read(iter(lambda: file.read(_CHUNK_BYTES), b""))
    except OSError as error:
        raise InputError(f"journal {path}: cannot be read: {error.strerror or error}") from error


def parse(data: bytes) -> JournalContents:
    """The contents of a journal's bytes; never raises."""
    return Reader().read((data,))


class Reader:
    """Gathers records line by line, so that a long journal does not fill the memory twice.

    Args:
        until_s: As for `read`.

    Attributes:
        n_whole_bytes: Bytes up to the end of the last line that has a line end.
        ended: Whether there is nothing after that.
    """

    def __init__(self, until_s: float | None = None) -> None:
        self._until_s = math.inf if until_s is None else until_s
        self.n_whole_bytes = 0
        self.ended = True
        self._n_damaged = self._n_repeated = 0
        self._run_key: str | None = None
        self._seen: set[bytes] = set()
        self._outputs: dict[bytes, Mapping[int, Grid]] = {}
        self._candidates: list[Candidate] = []
        self._found_s: list[float | None] = []
        self._scores: dict[tuple[object, ...], tuple[float | None, Scored]] = {}
        self._done: dict[tuple[str, str], float | None] = {}
        self._rejected: Counter[tuple[str, str, str]] = Counter()
        self._repeated: set[Rejected] = set()
        self._surplus: Counter[tuple[str, str]] = Counter()
        self._tasks: dict[str, Task | MalformedTask] = {}
        self._notes: list[Note] = []
        self._notes_s: list[float | None] = []
        self._runs: list[tuple[float, RunRecord]] = []
        self._work: list[tuple[float, Work]] = []
        self._decisions: list[tuple[float, Decision]] = []
        self._faults: list[Fault] = []
        self._end_s = 0.0

    def read(self, chunks: Iterable[bytes]) -> JournalContents:
        """The contents of a journal that comes in pieces; call it once."""
        tail = b""
        for line, ended in _lines(chunks):
            if not ended:
                tail = line
            else:
                self.n_whole_bytes += len(line) + 1
                self._n_damaged += not self._take(line)
        self.ended = not tail
        return self._contents(torn=bool(tail) and not self._take(tail))

    def _contents(self, torn: bool) -> JournalContents:
        rejected: Counter[tuple[str, str]] = Counter()
        for (_, proposer, reason), count in self._rejected.items():
            rejected[proposer, reason] += count
        tasks = self._tasks.values()
        return JournalContents(
            self._run_key,
            tuple(self._candidates),
            frozenset(self._done),
            rejected,
            tuple(self._notes),
            self._n_damaged,
            self._n_repeated,
            torn,
            tuple(score for _, score in self._scores.values()),
            frozenset(self._repeated),
            tuple(self._found_s),
            tuple(at_s for at_s, _ in self._scores.values()),
            self._done,
            self._rejected,
            self._surplus,
            tuple(self._runs),
            tuple(self._work),
            tuple(self._decisions),
            tuple(self._faults),
            Challenges(
                tuple(task for task in tasks if isinstance(task, Task)),
                tuple(task for task in tasks if isinstance(task, MalformedTask)),
                tuple(self._tasks),
            ),
            self._end_s,
            tuple(self._notes_s),
        )

    def _take(self, line: bytes) -> bool:
        """Take in one line; False if it is no record."""
        record = unframed(line)
        if record is None:
            return False
        try:
            self._take_record(record, json.loads(record))
        except (KeyError, TypeError, ValueError, AttributeError, GridError, RecursionError, OverflowError):
            return False
        return True

    def _take_record(self, record: bytes, value: dict[str, Any]) -> None:
        at_s = float(value["at_s"]) if "at_s" in value else None
        if at_s is not None and at_s > self._until_s and value["kind"] not in _WHAT_WAS_ASKED:
            return
        if value["kind"] == "header":
            if value["version"] not in READABLE:
                raise ValueError(f"journal version {value['version']}")
            self._run_key = str(value["run_key"])
        elif value["kind"] == "rejected":
            self._take_rejected(value)
        else:
            self._keep(from_json(value), at_s, record)
        self._end_s = max(self._end_s, at_s or 0.0)

    def _take_rejected(self, value: dict[str, Any]) -> None:
        which = (str(value["task_id"]), str(value["proposer"]), str(value["reason"]))
        count = int(value["count"])
        told = value.get("repeats", ())
        pairs = [(value["seed"], told)] if isinstance(told, int) else told
        repeated = {Rejected(*which, int(seed), int(repeats)) for seed, repeats in pairs}
        self._rejected[which] += count
        self._repeated |= repeated

    def _keep(self, record: object, at_s: float | None, text: bytes) -> None:
        match record:
            case Candidate():
                self._keep_candidate(record, at_s, text)
            case Scored():
                known = self._scores.get(record.what)
                if known is None or record.is_better_than(known[1]):
                    self._scores[record.what] = (at_s, record)
            case TaskDone():
                self._done.setdefault((record.proposer, record.task_id), at_s)
            case Task() | MalformedTask():
                self._tasks.pop(record.task_id, None)  # told again they come in the right order
                self._tasks[record.task_id] = record
            case Surplus():
                self._surplus[record.task_id, record.proposer] += record.count
            case Note():
                self._notes.append(record)
                self._notes_s.append(at_s)
            case RunRecord():
                self._runs.append((at_s or 0.0, record))
            case Work():
                self._work.append((at_s or 0.0, record))
            case Decision():
                self._decisions.append((at_s or 0.0, record))
            case Fault():
                self._faults.append(record)

    def _keep_candidate(self, candidate: Candidate, at_s: float | None, text: bytes) -> None:
        # The same bytes are the same candidate: keys are written in a fixed order.
        identity = _digest(text[max(0, text.find(b'"candidate":{')) :])
        if identity in self._seen:
            self._n_repeated += 1
            return
        self._seen.add(identity)
        # Many votes are for the same grid, which need not be in memory once for each.
        key = b"".join(b"%d " % index + grid_key(grid) for index, grid in candidate.outputs.items())
        outputs = self._outputs.setdefault(_digest(key), candidate.outputs)
        self._candidates.append(replace(candidate, outputs=outputs))
        self._found_s.append(at_s)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _lines(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Lines without their line end, each with whether it has one; an empty rest is none."""
    parts: list[bytes] = []
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        parts.append(first)
        if others:
            yield b"".join(parts), True
            *whole, rest = others
            yield from ((line, True) for line in whole)
            parts = [rest]
    if rest := b"".join(parts):
        yield rest, False
