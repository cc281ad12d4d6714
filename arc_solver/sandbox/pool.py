"""The sandbox as the rest of the package sees it: programs in, verdicts out.

Whose fault is it? A broken program is data: whatever it does, its verdict says so and nothing is raised. A broken
sandbox raises `SandboxError`: a zygote that cannot be started, or processes that keep dying though no program can be
blamed.

The parent keeps expected outputs to itself and compares; it reads from a child nothing but capped binary frames. Knows
nothing of tasks and votes.
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from types import TracebackType
from typing import Generic

from arc_solver.budget import Deadline
from arc_solver.errors import SandboxError
from arc_solver.grids import grids_equal
from arc_solver.sandbox.fleet import Fleet, Tell, say_nothing
from arc_solver.sandbox.frames import Answer, Request, encode_program, encode_request, max_answer_bytes
from arc_solver.sandbox.judging import Judgement, T, judge, judge_parses
from arc_solver.sandbox.layers import Isolation
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.portable import PortableFleet
from arc_solver.sandbox.verdicts import (
    Crashed,
    Exited,
    Failed,
    NonDeterministic,
    Normalised,
    NotRun,
    Ok,
    OutOfMemory,
    Program,
    SyntaxInvalid,
    TimedOut,
    TooLarge,
    Verdict,
)
from arc_solver.sandbox.worker import Job

DEFAULT_LIMITS = Limits()

_JudgeJob = Callable[[Answer | None, Sequence[int], bool], Judgement[T]]

_SCREENING_HASH_SEED = 1
_CONFIRMING_HASH_SEED = 2
_GRACE_S = 30.0


class Sandbox:
    """Runs unknown programs in processes of its own. A context manager.

    One thread at a time is served. The processes end with the thread that started them (and are replaced if another one
    goes on), so that nothing survives even a SIGKILL of this process.

    Args:
        limits: What each program may use.
        n_workers: Processes that fork children, one a core.
        without: Isolation layers to leave off, of `layers.LAYERS`, for tests.
        tell: Gets what a zygote did whenever one is lost; another takes its place.

    Raises:
        SandboxError: On entry, if it cannot be started here.
    """

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        n_workers: int = 1,
        *,
        without: Collection[str] = (),
        portable: bool | None = None,
        tell: Tell = say_nothing,
    ) -> None:
        self.limits = limits
        self._n_workers = n_workers
        # One hash seed for all screening: which worker a program meets must not decide its verdict.
        self._screening: Fleet | PortableFleet = Fleet(n_workers, _SCREENING_HASH_SEED, without, tell)
        self._confirming: Fleet | PortableFleet = Fleet(n_workers, _CONFIRMING_HASH_SEED, without, tell)
        if portable:
            self._become_portable("it was asked for")
        elif portable is None and sys.platform != "linux":
            self._become_portable(f"this is {sys.platform}")
        self._may_become_portable = portable is None
        self._job_ids = itertools.count(1)
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Sandbox:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every process. Closing twice is allowed."""
        with self._lock:
            self._closed = True
            self._screening.close()
            self._confirming.close()

    def describe(self) -> Isolation:
        """Which isolation layers hold, and the grade that they make."""
        with self._lock:
            self._ensure_open()
            self._start()
            return self._screening.isolation

    def process_ids(self) -> tuple[int, ...]:
        """Process ids of the zygotes that run now, for reports and tests."""
        return self._screening.process_ids() + self._confirming.process_ids()

    def run(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        """Screen programs in batches; what a batch may have caused is run again, alone.

        Programs of a batch share a process. What they can do to each other is noticed in most cases and at worst costs
        a program a pass, so whatever is *used* goes through `confirm` as well.

        Args:
            programs: Programs, each with its inputs.
            deadline: When to stop; what has no verdict by then is `NotRun`.

        Returns:
            verdicts[i] belongs to programs[i].

        Raises:
            SandboxError: The sandbox broke, whatever the programs did.
        """
        return self._run(self._screening, programs, deadline, solo=False)

    def confirm(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        """Run each program twice alone, in zygotes with different hash seeds.

        Args:
            programs: Programs, each with its inputs.
            deadline: When to stop; what has not run twice by then is `NotRun`.

        Returns:
            verdicts[i] belongs to programs[i]: Ok only where both runs gave the same grids.

        Raises:
            SandboxError: The sandbox broke, whatever the programs did.
        """
        verdicts = self._run(self._screening, programs, deadline, solo=True)
        indices = [index for index, verdict in enumerate(verdicts) if isinstance(verdict, Ok)]
        second = self._run(self._confirming, [programs[index] for index in indices], deadline, solo=True)
        for index, other in zip(indices, second, strict=True):
            verdicts[index] = _reconcile(verdicts[index], other)
        return verdicts

    def normalise(self, sources: Sequence[str], deadline: Deadline | None = None) -> list[Normalised | Failed]:
        """Parse sources, in the processes that run programs, and run nothing.

        Args:
            sources: Sources of programs.
            deadline: When to stop; what has not been parsed by then is `NotRun`.

        Returns:
            For each source its digest, which it shares with those that differ only in comments, spacing, docstrings and
            local names; or why it is not worth running (`SyntaxInvalid`, or what it did to the parser).

        Raises:
            SandboxError: The sandbox broke, whatever the sources hold.
        """
        programs = [Program(source, ()) for source in sources]
        call = _Call(programs, self.limits, self._job_ids, judge_parses, parse_only=True)
        return self._drive(self._screening, call, deadline)

    def _start(self) -> None:
        try:
            self._screening.start()
        except SandboxError as error:
            # Only at first: what has worked must not become weaker in the middle of a run.
            if not self._may_become_portable or isinstance(self._screening, PortableFleet):
                raise
            self._become_portable(str(error))
            self._screening.start()
        self._may_become_portable = False

    def _become_portable(self, why: str) -> None:
        self._screening = PortableFleet(self._n_workers, _SCREENING_HASH_SEED, why)
        self._confirming = PortableFleet(self._n_workers, _CONFIRMING_HASH_SEED, why)

    def _run(
        self, fleet: Fleet | PortableFleet, programs: Sequence[Program], deadline: Deadline | None, solo: bool
    ) -> list[Verdict]:
        return self._drive(fleet, _Call(programs, self.limits, self._job_ids, judge), deadline, solo)

    def _drive(
        self, fleet: Fleet | PortableFleet, call: _Call[T], deadline: Deadline | None, solo: bool = False
    ) -> list[T | Failed]:
        with self._lock:
            self._ensure_open()
            call.enqueue(call.pending, self._batch_size(len(call.pending), solo), solo)
            fleet.drive(call.queue, call.accept, deadline)
            return call.outcomes()

    def _batch_size(self, n_programs: int, solo: bool) -> int:
        if solo:
            return 1
        # Few programs are spread over all workers.
        return max(1, min(self.limits.batch_size, -(-n_programs // self._n_workers)))

    def _ensure_open(self) -> None:
        if self._closed:
            raise SandboxError("the sandbox is closed")


class _Call(Generic[T]):
    """One call: the programs as bytes, the outcomes so far, the jobs to do."""

    def __init__(
        self,
        programs: Sequence[Program],
        limits: Limits,
        job_ids: Iterator[int],
        judge_job: _JudgeJob[T],
        parse_only: bool = False,
    ) -> None:
        self.queue: deque[Job] = deque()
        self.pending: list[int] = []
        self._limits = limits
        self._job_ids = job_ids
        self._judge_job: _JudgeJob[T] = judge_job
        self._parse_only = parse_only
        self._n_inputs = [len(program.inputs) for program in programs]
        self._encoded: dict[int, bytes] = {}
        self._outcomes: dict[int, T | Failed] = {}
        for index, program in enumerate(programs):
            encoded = _encode(program, limits)
            if isinstance(encoded, bytes):
                self._encoded[index] = encoded
                self.pending.append(index)
            else:
                self._outcomes[index] = encoded

    def enqueue(self, indices: Sequence[int], batch_size: int, solo: bool) -> None:
        """Add jobs for programs, behind what waits already."""
        for start in range(0, len(indices), batch_size):
            self.queue.append(self._job(tuple(indices[start : start + batch_size]), solo))

    def accept(self, job: Job, answer: Answer | None) -> None:
        """Judge a job and queue what must run again."""
        n_inputs = [self._n_inputs[index] for index in job.indices]
        judgement = self._judge_job(answer, n_inputs, job.solo)
        for position, outcome in judgement.final.items():
            self._outcomes[job.indices[position]] = outcome
        self.enqueue([job.indices[position] for position in judgement.solo], 1, solo=True)
        self.enqueue([job.indices[position] for position in judgement.again], self._limits.batch_size, solo=False)

    def outcomes(self) -> list[T | Failed]:
        """All outcomes, in the order of the programs."""
        return [self._outcomes.get(index, NotRun()) for index in range(len(self._n_inputs))]

    def _job(self, indices: tuple[int, ...], solo: bool) -> Job:
        limits = self._limits
        wall_s = limits.wall_limit_s(solo)
        request = Request(
            job_id=next(self._job_ids) & 0xFFFFFFFF,
            cpu_s=limits.cpu_limit_s(solo),
            wall_s=wall_s,
            memory_bytes=limits.memory_mb << 20,
            max_result_bytes=max_answer_bytes([self._n_inputs[index] for index in indices]),
            n_programs=len(indices),
            parse_only=self._parse_only,
        )
        body = b"".join(self._encoded[index] for index in indices)
        return Job(request.job_id, solo, indices, encode_request(request, body), wall_s * (len(indices) + 1) + _GRACE_S)


def _encode(program: Program, limits: Limits) -> bytes | Failed:
    if len(program.source) > limits.source_chars:
        return TooLarge()
    try:
        source = program.source.encode()
    except UnicodeEncodeError:
        return SyntaxInvalid()
    return encode_program(source, [(*grid.shape, grid.tobytes()) for grid in program.inputs])


def _reconcile(first: Verdict, second: Verdict) -> Verdict:
    """The verdict of two runs, the first of which was Ok."""
    if isinstance(second, TimedOut | OutOfMemory | Crashed | Exited | NotRun):
        return dataclasses.replace(second, outputs=())
    if isinstance(second, Ok) and all(map(grids_equal, first.outputs, second.outputs)):
        return first
    return NonDeterministic()
