"""Runs the jobs of an experiment: as many at once as the machine has room for, each a process of its own.

Whatever kills this process takes the jobs along; the next call skips what is finished and lets what is half done go on
from its checkpoint or journal. A job that fails costs itself and what needs it. Knows commands and folders; nothing of
what a job finds.
"""

from __future__ import annotations

import fcntl
import os
import platform
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from arc_solver.budget import Clock, format_duration
from arc_solver.errors import InputError
from arc_solver.experiments.jobs import Job, Repeat, trainings
from arc_solver.experiments.outlook import Outlook

LOCK = ".lock"
_POLL_S = 0.2
_LEAVE_S = 30.0
_N_TRIES = 5
_STILL_HELD = "another run is writing to it"
"""What the journal says while a process of a killed experiment is still dying."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Places:
    """Where jobs can run at the same time.

    Attributes:
        devices: For each place the GPU that it sees, "" for none.
        n_threads: CPU threads of each.
    """

    devices: tuple[str, ...]
    n_threads: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that did not end well.

    Attributes:
        job: Which.
        reason: In one line.
    """

    job: Job
    reason: str


@dataclass(slots=True)
class _Running:
    job: Job
    process: subprocess.Popen[bytes]
    device: str
    started_s: float
    n_tries: int


def run_jobs(
    repeats: Sequence[Repeat],
    places: Places,
    command: Sequence[str],
    *,
    clock: Clock,
    say: Say,
    show: Say = lambda text: None,
    extra: Sequence[str] = (),
) -> list[Failure]:
    """Run what is not finished yet.

    Args:
        repeats: Every run that is wanted.
        places: How many at once, and where.
        command: Starts `arc-solver` in a process that dies with this one; a job's arguments follow.
        clock: Time.
        say: Told lines that stay.
        show: Told the state, often.
        extra: Further arguments of every `solve`.

    Returns:
        The jobs that failed, and those that could not be started for their sake.

    Raises:
        KeyboardInterrupt: Somebody wanted to stop; the jobs have been ended, and keep what they found.
    """
    jobs = [*trainings(tuple(repeats)), *(repeat.job for repeat in repeats)]
    waiting = deque(job for job in _in_order(jobs) if not job.is_done() and _is_wanted(job, repeats))
    outlook = Outlook(jobs, len(places.devices))
    say(f"{len(jobs)} jobs, {len(jobs) - len(waiting)} of them done; {_where(places)}")
    crew = _Crew(places, command, clock, extra)
    failures: list[Failure] = []
    try:
        while waiting or crew.running:
            _start(waiting, crew, failures)
            for job, reason, seconds in crew.ended():
                if reason is None:
                    outlook.took(job, seconds)
                    say(f"{job.name}: done in {format_duration(seconds)}; {outlook.line(waiting, crew.elapsed())}")
                else:
                    failures.append(Failure(job, reason))
                    say(f"{job.name}: failed: {reason}; see {job.log}")
            show(outlook.line(waiting, crew.elapsed()))
            if waiting or crew.running:
                time.sleep(_POLL_S)
    finally:
        crew.stop()
    return failures


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Keeps a second call out of an experiment's folder; a killed one frees it.

    Raises:
        InputError: Another call is at work, or the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror or error}") from error
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(f"{out}: another `experiment run` is at work there") from error
        yield
    finally:
        os.close(descriptor)


class _Crew:
    """The processes that are running."""

    def __init__(self, places: Places, command: Sequence[str], clock: Clock, extra: Sequence[str]) -> None:
        self.running: list[_Running] = []
        self._n_threads, self._command, self._clock, self._extra = places.n_threads, command, clock, extra
        self._free = list(places.devices)

    @property
    def has_room(self) -> bool:
        return bool(self._free)

    def start(self, job: Job, n_tries: int = 1) -> None:
        """Start a job in a free place."""
        device = self._free.pop(0)
        job.prepare(self._n_threads)
        arguments = [*self._command, *job.arguments, *(self._extra if job.kind == "solve" else ())]
        environment = os.environ | {"OMP_NUM_THREADS": str(self._n_threads)}
        if device:
            environment["CUDA_VISIBLE_DEVICES"] = device
        with open(job.log, "ab") as log:
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        self.running.append(_Running(job, process, device, self._clock.now_s(), n_tries))

    def elapsed(self) -> dict[str, float]:
        """Key of each running job -> how long it has been running."""
        now_s = self._clock.now_s()
        return {item.job.key: now_s - item.started_s for item in self.running}

    def ended(self) -> list[tuple[Job, str | None, float]]:
        """Jobs that have ended since, each with what went wrong, or None, and how long it took."""
        found = []
        for item in [item for item in self.running if item.process.poll() is not None]:
            self.running.remove(item)
            self._free.append(item.device)
            seconds = self._clock.now_s() - item.started_s
            reason = _what_went_wrong(item)
            if reason is not None and _STILL_HELD in reason and item.n_tries < _N_TRIES:
                time.sleep(1.0)
                self.start(item.job, item.n_tries + 1)
                continue
            if reason is None:
                self._stamp(item, seconds)
            found.append((item.job, reason, seconds))
        return found

    def stop(self) -> None:
        """End what still runs: as Ctrl-C would, so that everything is written, then for good."""
        for item in self.running:
            with suppress(ProcessLookupError):
                item.process.send_signal(signal.SIGTERM)
        end_s = self._clock.now_s() + _LEAVE_S
        for item in self.running:
            with suppress(subprocess.TimeoutExpired):
                item.process.wait(max(0.0, end_s - self._clock.now_s()))
            with suppress(ProcessLookupError):
                os.killpg(item.process.pid, signal.SIGKILL)
            item.process.wait()
        self.running.clear()

    def _stamp(self, item: _Running, seconds: float) -> None:
        item.job.finish(
            {
                "command": ["arc-solver", *item.job.arguments, *(self._extra if item.job.kind == "solve" else ())],
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
                # Of the last start only: what a killed one took is not known.
                "seconds": round(seconds, 2),
                "machine": {"system": platform.platform(), "n_cores": os.cpu_count(), "python": sys.version.split()[0]},
                "n_threads": self._n_threads,
                "device": item.device or "any",
            }
        )


def _start(waiting: deque[Job], crew: _Crew, failures: list[Failure]) -> None:
    """Fill the free places with what can be done now."""
    failed = {failure.job.key for failure in failures}
    at_work = set(crew.elapsed())
    for job in list(waiting):
        if not crew.has_room:
            return
        need = job.needs
        if need is not None and need.key in failed:
            waiting.remove(job)
            failures.append(Failure(job, f"needs {need.name}, which failed"))
        elif need is None or (need.key not in at_work and need not in waiting):
            waiting.remove(job)
            crew.start(job)


def _in_order(jobs: Sequence[Job]) -> list[Job]:
    """Each job once, a training right before the first run that needs it."""
    ordered: dict[str, Job] = {}
    for job in jobs:
        if job.kind == "solve":
            for one in (job.needs, job):
                if one is not None:
                    ordered.setdefault(one.key, one)
    return list(ordered.values())


def _is_wanted(job: Job, repeats: Sequence[Repeat]) -> bool:
    """Runs are; a training only as long as a run that needs it is not finished."""
    return job.kind == "solve" or any(
        repeat.job.needs is not None and repeat.job.needs.key == job.key and not repeat.job.is_done()
        for repeat in repeats
    )


def _what_went_wrong(item: _Running) -> str | None:
    """One line, or None where the job ended well."""
    status = item.process.returncode
    if status == 0:
        return None if item.job.result.is_file() else f"left no {item.job.result.name}"
    how = f"killed by signal {-status}" if status < 0 else f"exit code {status}"
    lines = [line for line in _tail(item.job.log).splitlines() if line.strip()]
    return f"{how}: {lines[-1].strip()}" if lines else how


def _tail(path: Path, n_bytes: int = 4000) -> str:
    with open(path, "rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - n_bytes))
        return file.read().decode(errors="replace")


def _where(places: Places) -> str:
    n = len(places.devices)
    on = f"on {n} GPUs" if any(places.devices) else f"{places.n_threads} threads each"
    return f"{n} at a time, {on}"
