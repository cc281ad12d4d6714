"""The journal: everything that a run found, one checksummed line each, append-only.

Each line is `{"crc":"1c291ca3","record":{...}}`, the CRC-32 taken over the bytes of the record. The first record is a
header with the run's key. Whatever kills the run, reading gives every whole line: a torn last line is dropped, a
damaged line in the middle is skipped and counted, and nothing raises. A candidate that a resumed run found again
counts once, and of several scores of the same output the one of most views; rejections that it met again count again.
Knows nothing of votes or of how a run is steered.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from arc_solver.budget import Clock, MonotonicClock
from arc_solver.candidates import Candidate, Rejected, Scored
from arc_solver.errors import GridError, InputError
from arc_solver.proposers.base import TaskDone

VERSION = 1
FSYNC_INTERVAL_S = 5.0

_LINE = re.compile(rb'\{"crc":"(?P<crc>[0-9a-f]{8})","record":(?P<record>\{.*\})\}', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Note:
    """Something else worth keeping: a timing, a decision, a failure.

    Attributes:
        kind: What it is, such as `timing`.
        content: JSON values.
    """

    kind: str
    content: Mapping[str, Any]


Record = Candidate | Scored | Rejected | TaskDone | Note


@dataclass(frozen=True, slots=True)
class JournalContents:
    """What a journal holds.

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


class Journal:
    """An open journal. One process writes to it; a lock that dies with the process keeps others out."""

    def __init__(self, descriptor: int, path: Path, clock: Clock, fsync_interval_s: float) -> None:
        self._descriptor = descriptor
        self._path = path
        self._clock = clock
        self._fsync_interval_s = fsync_interval_s
        self._synced_s = clock.now_s()
        self._dirty = False
        self._torn = False

    @classmethod
    def open(
        cls,
        path: Path,
        run_key: str,
        *,
        resume: bool = True,
        clock: Clock | None = None,
        fsync_interval_s: float = FSYNC_INTERVAL_S,
    ) -> tuple[Journal, JournalContents]:
        """Open a journal for appending, taking over what an earlier run left.

        Args:
            path: The file; it is made if it is not there.
            run_key: What the run solves and how: only a run with the same key may go on with a journal.
            resume: False to start anew; what is there is kept at `earlier_path`.
            clock: Paces the fsyncs.
            fsync_interval_s: How much work a power cut (not a kill) may cost.

        Returns:
            The journal, and the contents that the run starts from.

        Raises:
            InputError: The journal belongs to another run, another process is writing to it, or it cannot be opened.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise InputError(f"journal {path}: cannot be opened: {error.strerror or error}") from error
        journal = cls(descriptor, path, clock or MonotonicClock(), fsync_interval_s)
        try:
            _lock(descriptor, path)
            return journal, journal._begin(run_key, resume)
        except BaseException:
            os.close(descriptor)
            raise

    def append(self, *records: Record) -> None:
        """Hand records to the operating system, in one write: from here on a killed process cannot lose them.

        Raises:
            OSError: The disk is full. The half-written line will be read as damaged, later ones are whole again.
        """
        lines = [_line(value) for value in _to_json(records)]
        if lines:
            self._write(b"".join(lines))
            self.flush()

    def flush(self, *, force: bool = False) -> None:
        """Bring what was appended to the disk itself, if the last time is long enough ago or `force` is set."""
        now_s = self._clock.now_s()
        if self._dirty and (force or now_s - self._synced_s >= self._fsync_interval_s):
            os.fsync(self._descriptor)
            self._synced_s = now_s
            self._dirty = False

    def close(self) -> None:
        """Flush and close; a second call does nothing."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            try:
                if self._dirty:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, run_key: str, resume: bool) -> JournalContents:
        if resume:
            data = _read_all(self._descriptor)
            contents = parse(data)
            if contents.run_key == run_key:
                self._mend(data, contents)
                return contents
            if contents.run_key is not None:
                raise InputError(
                    f"journal {self._path}: belongs to a run on other tasks or with another seed or settings: "
                    "use --no-resume to start anew, or another --output"
                )
            if contents.candidates or contents.done:
                raise InputError(
                    f"journal {self._path}: its header is damaged: use --no-resume to start anew, or another --output"
                )
        elif data := _read_all(self._descriptor):
            # Whoever forgot --resume after a crash must not lose hours of work by it.
            earlier_path(self._path).write_bytes(data)
        os.ftruncate(self._descriptor, 0)
        self._write(_line({"kind": "header", "version": VERSION, "run_key": run_key}))
        self.flush(force=True)
        return JournalContents(run_key)

    def _mend(self, data: bytes, contents: JournalContents) -> None:
        """Make the file end with a whole line, so that the next one starts on its own."""
        if contents.torn:
            os.ftruncate(self._descriptor, data.rfind(b"\n") + 1)
        elif not data.endswith(b"\n"):
            self._write(b"\n")

    def _write(self, data: bytes) -> None:
        if self._torn:
            data = b"\n" + data
        view = memoryview(data)
        self._torn = True
        self._dirty = True
        while view:
            view = view[os.write(self._descriptor, view) :]
        self._torn = False


def earlier_path(path: Path) -> Path:
    """Where the journal of the run before is kept when a new run starts without resuming it."""
    return path.with_name(f"{path.name}.earlier")


def read(path: Path) -> JournalContents:
    """Read a journal, also one that is being written or was cut off anywhere.

    Raises:
        InputError: The file cannot be read at all. What is in it never raises.
    """
    try:
        return parse(Path(path).read_bytes())
    except OSError as error:
        raise InputError(f"journal {path}: cannot be read: {error.strerror or error}") from error


def parse(data: bytes) -> JournalContents:
    """The contents of a journal's bytes; never raises."""
    reader = _Reader()
    lines = data.split(b"\n")
    tail = lines.pop()
    for line in lines:
        if not reader.take(line):
            reader.n_damaged += 1
    torn = bool(tail) and not reader.take(tail)
    return reader.contents(torn)


class _Reader:
    """Collects records line by line."""

    def __init__(self) -> None:
        self.n_damaged = 0
        self._n_repeated = 0
        self._run_key: str | None = None
        self._candidates: dict[bytes, Candidate] = {}
        self._scores: dict[tuple[object, ...], Scored] = {}
        self._done: set[tuple[str, str]] = set()
        self._rejected: Counter[tuple[str, str]] = Counter()
        self._notes: list[Note] = []
        self._repeated: set[Rejected] = set()

    def take(self, line: bytes) -> bool:
        """Take in one line; False if it is no record."""
        match = _LINE.fullmatch(line)
        if match is None or int(match["crc"], 16) != zlib.crc32(match["record"]):
            return False
        try:
            self._take_record(match["record"])
        except (KeyError, TypeError, ValueError, AttributeError, GridError, RecursionError):
            return False
        return True

    def contents(self, torn: bool) -> JournalContents:
        return JournalContents(
            self._run_key,
            tuple(self._candidates.values()),
            frozenset(self._done),
            self._rejected,
            tuple(self._notes),
            self.n_damaged,
            self._n_repeated,
            torn,
            tuple(self._scores.values()),
            frozenset(self._repeated),
        )

    def _take_record(self, record: bytes) -> None:
        value = json.loads(record)
        match value["kind"]:
            case "candidate":
                # The same bytes are the same candidate: keys are written in a fixed order.
                if record in self._candidates:
                    self._n_repeated += 1
                else:
                    self._candidates[record] = Candidate.from_json(value["candidate"])
            case "scored":
                score = Scored.from_json(value["scored"])
                if score.what not in self._scores or score.is_better_than(self._scores[score.what]):
                    self._scores[score.what] = score
            case "done":
                self._done.add((str(value["proposer"]), str(value["task_id"])))
            case "rejected":
                self._rejected[str(value["proposer"]), str(value["reason"])] += int(value["count"])
                if value.get("repeats"):
                    which = (str(value[name]) for name in ("task_id", "proposer", "reason"))
                    self._repeated.add(Rejected(*which, int(value["seed"]), int(value["repeats"])))
            case "note":
                self._notes.append(Note(str(value["note"]), dict(value["content"])))
            case "header":
                if value["version"] != VERSION:
                    raise ValueError(f"journal version {value['version']}")
                self._run_key = str(value["run_key"])
            case unknown:
                raise ValueError(f"unknown record {unknown!r}")


def _to_json(records: tuple[Record, ...]) -> list[dict[str, Any]]:
    """Records as JSON objects, in order; equal rejections of one batch become one line."""
    values: list[dict[str, Any]] = []
    rejected: Counter[Rejected] = Counter()
    for record in records:
        if isinstance(record, Candidate):
            values.append({"kind": "candidate", "candidate": record.to_json()})
        elif isinstance(record, Scored):
            values.append({"kind": "scored", "scored": record.to_json()})
        elif isinstance(record, TaskDone):
            values.append({"kind": "done", "proposer": record.proposer, "task_id": record.task_id})
        elif isinstance(record, Rejected):
            rejected[record] += 1
        else:
            values.append({"kind": "note", "note": record.kind, "content": dict(record.content)})
    counts: list[dict[str, Any]] = [
        {"kind": "rejected", "task_id": item.task_id, "proposer": item.proposer, "reason": item.reason, "count": count}
        | ({"seed": item.seed, "repeats": item.repeats} if item.repeats else {})
        for item, count in rejected.items()
    ]
    return counts + values


def _line(value: Mapping[str, Any]) -> bytes:
    record = json.dumps(value, separators=(",", ":")).encode()
    return b'{"crc":"%08x","record":%s}\n' % (zlib.crc32(record), record)


def _read_all(descriptor: int) -> bytes:
    # Not through a second descriptor: closing it would free the record lock.
    parts = []
    offset = 0
    while part := os.pread(descriptor, 1 << 20, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _lock(descriptor: int, path: Path) -> None:
    try:
        # A record lock belongs to the process: forked workers do not hold it, and a killed run frees it.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise InputError(f"journal {path}: another run is writing to it: wait, or use another --output") from error
        # A file system without locks: one run is then the user's own care.
