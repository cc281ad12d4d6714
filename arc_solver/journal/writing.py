"""Writing a journal: one process appends, and what it was handed survives its death.

Knows nothing of votes or of how a run is steered.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from arc_solver.budget import Clock, MonotonicClock
from arc_solver.candidates import Rejected
from arc_solver.datasets import challenges_hash
from arc_solver.errors import InputError
from arc_solver.journal.lines import framed
from arc_solver.journal.reading import VERSION, JournalContents, Reader
from arc_solver.journal.records import Record, RunRecord, Surplus, to_json
from arc_solver.proposers.base import TaskDone
from arc_solver.tasks import Challenges

FSYNC_INTERVAL_S = 5.0
COUNTS_INTERVAL_S = 60.0
"""What is only counted is written this often: a killed run loses so much of its statistics, and no answer."""

MAX_REPEATS = 256
"""So many samples of a proposer for a task that only repeat another are told one by one; more are counted."""

MAX_PENDING_BYTES = 4 << 20
"""So much of what a full disk did not take is kept until it takes it."""

_CHUNK_BYTES = 1 << 20


class Journal:
    """An open journal. One process writes to it; a lock that dies with the process keeps others out."""

    def __init__(
        self, descriptor: int, path: Path, clock: Clock, fsync_interval_s: float, started_s: float | None = None
    ) -> None:
        self._descriptor = descriptor
        self._path = path
        self._clock = clock
        self._fsync_interval_s = fsync_interval_s
        self._synced_s = self._counted_s = clock.now_s()
        self._started_s = self._synced_s if started_s is None else started_s
        self._dirty = False
        self._torn = False
        self._pending = b""
        self._tasks_known = ""
        self._counts = _Counts()

    @classmethod
    def open(
        cls,
        path: Path,
        run_key: str,
        *,
        resume: bool = True,
        clock: Clock | None = None,
        started_s: float | None = None,
        fsync_interval_s: float = FSYNC_INTERVAL_S,
    ) -> tuple[Journal, JournalContents]:
        """Open a journal for appending, taking over what an earlier run left.

        Args:
            path: The file; it is made if it is not there.
            run_key: What the run solves and how: only a run with the same key may go on with a journal.
            resume: False to start anew; what is there is kept at `earlier_path`.
            clock: Paces the fsyncs and tells when each record was written.
            started_s: When the run started on that clock; now, if None. Times of a resumed run count on from its
                journal's last.
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
        journal = cls(descriptor, path, clock or MonotonicClock(), fsync_interval_s, started_s)
        try:
            _lock(descriptor, path)
            return journal, journal._begin(run_key, resume)
        except BaseException:
            os.close(descriptor)
            raise

    def begin_run(self, run: RunRecord, challenges: Challenges) -> None:
        """Record what this run is, and its tasks, unless they are there already.

        Raises:
            OSError: As `append`.
        """
        tasks = () if self._tasks_known == run.challenges_hash else tuple(challenges.by_id().values())
        self.append(run, *tasks)

    def append(self, *records: Record) -> None:
        """Hand records to the operating system, in one write: from here on a killed process cannot lose them. What is
        only counted (`Rejected`, `Surplus`) waits for its task to be done, for a minute or for `close`.

        Raises:
            OSError: The disk is full. The half-written line will be read as damaged; what was not written is written
                with what comes next, as far as it is not too much.
        """
        lines: list[bytes] = []
        for record in records:
            if isinstance(record, Rejected | Surplus):
                self._counts.add(record)
            else:
                if isinstance(record, TaskDone):  # it will not be asked again, so nothing of it may be lost
                    lines += map(self._stamped, self._counts.take(record.task_id, record.proposer))
                lines.append(self._stamped(to_json(record)))
        if self._clock.now_s() - self._counted_s >= COUNTS_INTERVAL_S:
            lines += self._counted()
        self._write(b"".join(lines))
        self.flush()

    def flush(self, *, force: bool = False) -> None:
        """Bring what was appended to the disk itself, if the last time is long enough ago or `force` is set.

        Raises:
            OSError: As `append`.
        """
        self._write(b"")
        now_s = self._clock.now_s()
        if self._dirty and (force or now_s - self._synced_s >= self._fsync_interval_s):
            os.fsync(self._descriptor)
            self._synced_s = now_s
            self._dirty = False

    def close(self) -> None:
        """Write what was counted, flush and close; a second call does nothing."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):  # statistics, on a full disk
                self._write(b"".join(self._counted()))
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
            reader = Reader()
            contents = reader.read(_chunks(self._descriptor))
            if contents.run_key == run_key:
                self._mend(reader, contents)
                self._started_s -= contents.end_s
                self._tasks_known = challenges_hash(contents.challenges)
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
        else:
            self._keep_earlier()
        os.ftruncate(self._descriptor, 0)
        with contextlib.suppress(OSError):  # a disk that is full already: it waits with all that comes after it
            self._write(framed({"kind": "header", "version": VERSION, "run_key": run_key}))
            self.flush(force=True)
        return JournalContents(run_key)

    def _keep_earlier(self) -> None:
        """Whoever forgot --resume after a crash must not lose hours of work by it."""
        if os.fstat(self._descriptor).st_size == 0:
            return
        earlier = earlier_path(self._path)
        try:
            with earlier.open("wb") as file:
                file.writelines(_chunks(self._descriptor))
        except OSError as error:
            raise InputError(
                f"journal {self._path}: cannot be kept as {earlier}: {error.strerror or error}: "
                "use --resume to go on with it, or another --output"
            ) from error

    def _mend(self, reader: Reader, contents: JournalContents) -> None:
        """Make the file end with a whole line, so that the next one starts on its own."""
        if contents.torn:
            os.ftruncate(self._descriptor, reader.n_whole_bytes)
        elif not reader.ended:
            self._write(b"\n")

    def _stamped(self, value: dict[str, Any]) -> bytes:
        at_s = round(self._clock.now_s() - self._started_s, 3)
        return framed({"kind": value.pop("kind"), "at_s": at_s, **value})

    def _counted(self) -> list[bytes]:
        self._counted_s = self._clock.now_s()
        return [self._stamped(value) for value in self._counts.take()]

    def _write(self, data: bytes) -> None:
        data, self._pending = self._pending + data, b""
        if not data:
            return
        if self._torn:
            data = b"\n" + data
        n_written, was_torn = 0, self._torn
        self._torn = self._dirty = True
        try:
            while n_written < len(data):
                n_written += os.write(self._descriptor, memoryview(data)[n_written:])
        except OSError:
            # Whole lines again, from the torn one on; what is too much is lost, the oldest last.
            whole = data.rfind(b"\n", 0, n_written) + 1
            end = data.rfind(b"\n", 0, whole + MAX_PENDING_BYTES) + 1
            self._pending = data[whole : max(whole, end)].lstrip(b"\n")
            self._torn = n_written > whole if n_written else was_torn
            raise
        self._torn = False


class _Counts:
    """What is counted and not yet written."""

    def __init__(self) -> None:
        self._rejected: Counter[tuple[str, str, str]] = Counter()
        self._repeats: dict[tuple[str, str, str], list[list[int]]] = {}
        self._n_repeats: Counter[tuple[str, str]] = Counter()
        self._surplus: Counter[tuple[str, str]] = Counter()

    def add(self, record: Rejected | Surplus) -> None:
        if isinstance(record, Surplus):
            self._surplus[record.task_id, record.proposer] += record.count
            return
        which = (record.task_id, record.proposer, record.reason)
        self._rejected[which] += 1
        if record.repeats and self._n_repeats[which[:2]] < MAX_REPEATS:
            self._n_repeats[which[:2]] += 1
            self._repeats.setdefault(which, []).append([record.seed, record.repeats])

    def take(self, *of: str) -> list[dict[str, Any]]:
        """A line for each count, which begins anew; of one task and proposer only, if they are given."""
        found = []
        for which in [which for which in self._rejected if not of or which[:2] == of]:
            repeats = self._repeats.pop(which, None)
            count = {"count": self._rejected.pop(which)}
            found.append(to_json(Rejected(*which)) | count | ({"repeats": repeats} if repeats else {}))
        for whose in [whose for whose in self._surplus if not of or whose == of]:
            found.append(to_json(Surplus(*whose, self._surplus.pop(whose))))
        return found


def earlier_path(path: Path) -> Path:
    """Where the journal of the run before is kept when a new run starts without resuming it."""
    return path.with_name(f"{path.name}.earlier")


def _chunks(descriptor: int) -> Iterator[bytes]:
    # Not through a second descriptor: closing it would free the record lock.
    offset = 0
    while part := os.pread(descriptor, _CHUNK_BYTES, offset):
        yield part
        offset += len(part)


def _lock(descriptor: int, path: Path) -> None:
    try:
        # A record lock belongs to the process: forked workers do not hold it, and a killed run frees it.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise InputError(f"journal {path}: another run is writing to it: wait, or use another --output") from error
        # A file system without locks: one run is then the user's own care.
