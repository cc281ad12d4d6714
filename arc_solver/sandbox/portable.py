"""Workers where no zygote can be (macOS, Windows, a Linux that refuses them): spawned processes, grade C.

A process runs batch after batch until something in it looks changed, dies or takes too long; then another takes its
place. A program that runs alone gets a process of its own. Pipes and threads only, because that is what every system
has. Knows bytes and jobs, nothing of verdicts.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque

from arc_solver.budget import Deadline
from arc_solver.errors import SandboxError
from arc_solver.sandbox.fleet import Accept
from arc_solver.sandbox.frames import LENGTH, READY, Answer, End, Request, decode_request
from arc_solver.sandbox.interpreter import command, environment
from arc_solver.sandbox.layers import LAYERS, Isolation
from arc_solver.sandbox.worker import Job

_READ_BYTES = 1 << 16
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 1.0
_POLL_S = 1.0
_CPU_POLL_S = 0.02
_MAX_LOSSES_IN_A_ROW = 16
_MAX_JOBS = 64
"""After so many jobs a process is replaced: what programs leave behind must not pile up."""


class PortableFleet:
    """Spawned processes with the same hash seed, started on `start` and replaced when they end.

    Args:
        n_workers: Processes that run at a time.
        hash_seed: PYTHONHASHSEED of all of them.
        why: Why there are no zygotes, for `isolation`.
    """

    def __init__(self, n_workers: int, hash_seed: int, why: str) -> None:
        self._n_workers = n_workers
        self._hash_seed = hash_seed
        self._why = why
        self._workers: list[_Worker] = []
        self._heard: queue.SimpleQueue[tuple[_Worker, bytes]] = queue.SimpleQueue()
        self._n_losses_in_a_row = 0

    @property
    def isolation(self) -> Isolation:
        """No layer holds, so the grade is C."""
        missing = dict.fromkeys(LAYERS, f"portable worker, because {self._why}")
        return Isolation((), missing | {"rlimits": "only what this system has, and a program may undo some of it"})

    def start(self) -> None:
        """Start what is not running, and wait until it is ready.

        Raises:
            SandboxError: A process does not start.
        """
        self._fill()
        deadline = Deadline.after(_START_TIMEOUT_S)
        while any(worker.is_starting for worker in self._workers):
            self._listen(deadline.remaining_s())
            failed = [worker for worker in self._workers if worker.has_ended or deadline.passed()]
            if failed:
                complaint = failed[0].complaint()
                self.close()
                raise SandboxError(f"the sandbox does not start: {complaint}")

    def close(self) -> None:
        """End every process."""
        while self._workers:
            self._workers.pop().stop()
        self._heard = queue.SimpleQueue()

    def process_ids(self) -> tuple[int, ...]:
        """Process ids of the workers that run now."""
        return tuple(worker.pid for worker in self._workers)

    def drive(self, jobs: deque[Job], accept: Accept, deadline: Deadline | None = None) -> None:
        """Work until everything is answered, or until the deadline; as `Fleet.drive`.

        Raises:
            SandboxError: Processes do not start, or die again and again without having run anything.
        """
        try:
            self._listen(0.0)
            self._settle(jobs, accept)
            while jobs or any(worker.job is not None for worker in self._workers):
                if deadline is not None and deadline.passed():
                    jobs.clear()
                    self._drop([worker for worker in self._workers if worker.job is not None])
                    return
                self._fill()
                self._hand_out(jobs)
                wait_s = min([_POLL_S, *(worker.patience_s() for worker in self._workers)])
                self._listen(wait_s if deadline is None else min(wait_s, deadline.remaining_s()))
                self._settle(jobs, accept)
        except BaseException:
            # Answers of an abandoned run must not meet the jobs of the next.
            self.close()
            raise

    def _fill(self) -> None:
        while len(self._workers) < self._n_workers:
            self._workers.append(_Worker(self._hash_seed, self._heard))

    def _hand_out(self, jobs: deque[Job]) -> None:
        for position, worker in enumerate(self._workers):
            if not jobs or worker.job is not None or worker.has_ended:
                continue
            if worker.n_jobs and (jobs[0].solo or worker.n_jobs >= _MAX_JOBS):
                worker.stop()
                worker = self._workers[position] = _Worker(self._hash_seed, self._heard)
            worker.submit(jobs.popleft())

    def _listen(self, wait_s: float) -> None:
        """Take in what processes say, for at most that long if they say nothing."""
        with contextlib.suppress(queue.Empty):
            worker, data = self._heard.get(timeout=max(0.001, wait_s))
            worker.hear(data)
            while True:
                worker, data = self._heard.get_nowait()
                worker.hear(data)

    def _settle(self, jobs: deque[Job], accept: Accept) -> None:
        for worker in list(self._workers):
            worker.enforce()
            job, answer = worker.job, worker.answer()
            if job is not None and answer is not None:
                self._n_losses_in_a_row = 0
                worker.job = None
                if job.solo or worker.has_ended or worker.is_spent:
                    self._drop([worker])
                if worker.was_killed_by_others and not job.n_losses:
                    job.n_losses += 1
                    jobs.appendleft(job)
                else:
                    accept(job, answer)
            elif worker.has_ended:
                self._lose(worker, jobs)
                self._drop([worker])

    def _lose(self, worker: _Worker, jobs: deque[Job]) -> None:
        """It ended on its own, with nothing begun: nobody is blamed."""
        if worker.job is not None:
            jobs.appendleft(worker.job)
        # After a job that is usual: something in it looked changed.
        self._n_losses_in_a_row += worker.n_jobs == 0 or worker.is_starting
        if self._n_losses_in_a_row > _MAX_LOSSES_IN_A_ROW:
            raise SandboxError(f"the processes of the sandbox die again and again: {worker.complaint()}")

    def _drop(self, workers: list[_Worker]) -> None:
        for worker in workers:
            if worker in self._workers:
                self._workers.remove(worker)
            worker.stop()


class _Worker:
    """One spawned process.

    It says READY whenever it waits for a job. What it says between is the answer to its job; so is its end.
    """

    def __init__(self, hash_seed: int, heard: queue.SimpleQueue[tuple[_Worker, bytes]]) -> None:
        self.job: Job | None = None
        self.n_jobs = 0
        self.is_starting = True
        self.has_ended = False
        self.is_spent = False
        self._said = bytearray()
        self._n_read = 0
        self._n_frames = 0
        self._is_idle = False
        self._request: Request | None = None
        self._killed_for: End | None = None
        self._last_frame_s = time.monotonic()
        self._cpu_at_last_frame_s = 0.0
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `stop`)
        try:
            self._process = subprocess.Popen(
                command("arc_solver.sandbox.spawned", ()),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                cwd=tempfile.gettempdir(),
                env=environment(hash_seed),
                start_new_session=True,  # so that what it starts can be ended with it; Windows ignores this
                bufsize=0,
            )
        except OSError as error:
            self._complaints.close()
            raise SandboxError(f"the sandbox does not start: {error}") from error
        self._reader = threading.Thread(target=self._pump, args=(heard,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def was_killed_by_others(self) -> bool:
        """True if it was killed, but not from here: perhaps for want of memory, perhaps by its own program."""
        killed = -getattr(signal, "SIGKILL", 0)
        return self.has_ended and self._killed_for is None and bool(killed) and self._process.poll() == killed

    def submit(self, job: Job) -> None:
        """Send a job. In a thread, because a process that does not read must not stop this one."""
        self.job = job
        self._request = decode_request(job.request[LENGTH.size :])[0]
        self.n_jobs += 1
        self._n_frames = 0
        self._is_idle = False
        self._restart_clocks()
        threading.Thread(target=self._send, args=(job.request,), daemon=True).start()

    def hear(self, data: bytes) -> None:
        """Take what the process said; nothing if it has ended."""
        if not data:
            self.has_ended = True
            return
        self._said += data
        if self._request is not None and len(self._said) > self._request.max_result_bytes:
            self._kill_for(End.FLOOD)
        while (frame := self._next_frame()) is not None:
            self._n_frames += 1
            if frame == READY:
                self._become_idle()
            elif self._request is not None and self._n_frames > self._request.n_programs:
                self._kill_for(End.FLOOD)
            self._restart_clocks()

    def answer(self) -> Answer | None:
        """The answer to the job, once there is one."""
        if self.job is None or not (self._is_idle or self.has_ended):
            return None
        if self.is_starting:
            return None  # it never got as far as the job
        results = READY + bytes(self._said)
        if not self.has_ended:
            self._said.clear()
            self._n_read = 0
            return Answer(self.job.job_id, End.EXITED, 0, results)
        status = self._process.wait()
        # Windows reports a crash as a large exit status.
        died = status < 0 or status > 0xFF
        end = self._killed_for or (End.SIGNALED if died else End.EXITED)
        return Answer(self.job.job_id, end, abs(status) & 0x7FFFFFFF, results)

    def patience_s(self) -> float:
        """How long nothing needs to be checked."""
        if self.job is None:
            return _POLL_S
        wall_s = self._last_frame_s + self._wall_limit_s() - time.monotonic()
        return max(0.0, wall_s if self._cpu_used_s() is None else min(wall_s, _CPU_POLL_S))

    def enforce(self) -> None:
        """End it if its job takes too long."""
        if self.job is None or self._request is None or self.has_ended or self._is_idle:
            return
        if time.monotonic() - self._last_frame_s >= self._wall_limit_s():
            self._kill_for(End.WALL)
            return
        # A program may have disarmed the timer that the process set: then this one gets it, a little later.
        used_s = (self._cpu_used_s() or 0.0) - self._cpu_at_last_frame_s
        if not self.is_starting and used_s >= 1.25 * self._request.cpu_s + 0.03:
            self._kill_for(End.CPU)

    def complaint(self) -> str:
        """The last thing that it said to its standard error."""
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it ended without a word"

    def stop(self) -> None:
        """End the process and what it started."""
        self._kill()
        self._process.wait()
        self._reader.join(_STOP_TIMEOUT_S)
        for stream in (self._process.stdin, self._process.stdout, self._complaints):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _next_frame(self) -> bytes | None:
        start = self._n_read
        if len(self._said) - start < LENGTH.size:
            return None
        end = start + LENGTH.size + LENGTH.unpack_from(self._said, start)[0]
        if self._request is not None and end > self._request.max_result_bytes:
            self._kill_for(End.FLOOD)
        if end > len(self._said):
            return None
        self._n_read = end
        return bytes(self._said[start:end])

    def _become_idle(self) -> None:
        del self._said[self._n_read - len(READY) : self._n_read]
        self._n_read -= len(READY)
        if self.is_starting:
            self.is_starting = False
        else:
            self._is_idle = True
            # If it says so too early, perhaps a program said it, and what comes next would go to the wrong job.
            self.is_spent |= self._request is not None and self._n_frames <= self._request.n_programs
        self._n_frames = 0

    def _restart_clocks(self) -> None:
        self._last_frame_s = time.monotonic()
        self._cpu_at_last_frame_s = self._cpu_used_s() or 0.0

    def _wall_limit_s(self) -> float:
        return _START_TIMEOUT_S if self.is_starting or self._request is None else self._request.wall_s

    def _cpu_used_s(self) -> float | None:
        if sys.platform != "linux":
            return None
        try:
            # Linux's name for the CPU time of a whole process.
            return time.clock_gettime((~self.pid << 3) | 2)
        except OSError:
            return None

    def _kill_for(self, end: End) -> None:
        self._killed_for = self._killed_for or end
        self._kill()

    def _kill(self) -> None:
        if self._process.poll() is None and sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._process.kill()

    def _send(self, request: bytes) -> None:
        stream = self._process.stdin
        with contextlib.suppress(OSError, ValueError):
            while stream is not None and request:
                request = request[stream.write(request) :]

    def _pump(self, heard: queue.SimpleQueue[tuple[_Worker, bytes]]) -> None:
        stream = self._process.stdout
        while stream is not None:
            try:
                data = stream.read(_READ_BYTES)
            except (OSError, ValueError):
                data = b""
            heard.put((self, data))
            if not data:
                return
