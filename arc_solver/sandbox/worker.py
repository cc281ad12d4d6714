"""One zygote as the parent sees it: a process and a socket. Knows bytes and jobs, nothing of verdicts."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from arc_solver.budget import Deadline
from arc_solver.errors import SandboxError
from arc_solver.sandbox.frames import (
    LENGTH,
    MAX_MESSAGE_BYTES,
    OUT_OF_MEMORY_STATUS,
    Answer,
    GarbledError,
    decode_answer,
)
from arc_solver.sandbox.interpreter import command, environment
from arc_solver.sandbox.layers import Isolation

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 2.0
_READ_BYTES = 1 << 18


@dataclass(slots=True, eq=False)
class Job:
    """What one forked child does.

    Attributes:
        job_id: Unique in this parent.
        solo: Whether it holds one program with the limits of a program that runs alone.
        indices: Its programs, as positions in the caller's sequence.
        request: The bytes for the zygote.
        longest_s: Wall time after which even the zygote must have failed.
        n_losses: How often a zygote was lost while it had this job.
        n_false_starts: How often no child came up for it.
    """

    job_id: int
    solo: bool
    indices: tuple[int, ...]
    request: bytes
    longest_s: float
    n_losses: int = 0
    n_false_starts: int = 0


class LostError(Exception):
    """The zygote is gone or talks nonsense; the message says what it did. Handled by `fleet`."""


class Worker:
    """An exec'd zygote, started by the constructor.

    Args:
        hash_seed: PYTHONHASHSEED of the zygote and its children.
        disabled: Isolation layers that are left off.

    Raises:
        SandboxError: It does not start; the message holds what it said.
    """

    def __init__(self, hash_seed: int, disabled: Collection[str] = ()) -> None:
        self.jobs: deque[Job] = deque()
        self._out = b""
        self._in = bytearray()
        self._deadline: Deadline | None = None
        self._socket, theirs = socket.socketpair()
        with theirs, _memory_file() as complaints:
            try:
                self._process = _exec_zygote(theirs.fileno(), hash_seed, disabled, complaints)
            except SandboxError:
                self._socket.close()
                raise
            theirs.close()
            self.isolation = self._handshake(complaints)
        self._socket.setblocking(False)

    @property
    def pid(self) -> int:
        return self._process.pid

    def fileno(self) -> int:
        return self._socket.fileno()

    def wants_to_write(self) -> bool:
        return bool(self._out)

    def overdue(self) -> bool:
        """True if the zygote should have answered long ago."""
        return self._deadline is not None and self._deadline.passed()

    def submit(self, job: Job) -> None:
        """Queue a job; `write` sends it."""
        self.jobs.append(job)
        self._out += job.request
        if len(self.jobs) == 1:
            self._deadline = Deadline.after(job.longest_s)

    def write(self) -> None:
        """Send as much as the socket takes.

        Raises:
            LostError: The zygote is gone.
        """
        try:
            self._out = self._out[self._socket.send(self._out) :]
        except BlockingIOError:
            return
        except OSError as error:
            raise LostError(self.end_text()) from error

    def read(self) -> list[tuple[Job, Answer]]:
        """The answers that have arrived whole.

        Raises:
            LostError: The zygote is gone, or what it says makes no sense.
        """
        try:
            data = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return []
        except OSError as error:
            raise LostError(self.end_text()) from error
        if not data:
            raise LostError(self.end_text())
        self._in += data
        answers = []
        while (message := self._take_message()) is not None:
            answers.append((self.jobs.popleft(), message))
            self._deadline = Deadline.after(self.jobs[0].longest_s) if self.jobs else None
        return answers

    def end_text(self) -> str:
        """How a zygote ended that should not have, for people."""
        try:
            status = self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return "closed its channel"
        if status == OUT_OF_MEMORY_STATUS:
            return "ran out of memory"
        return f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}"

    def stop(self) -> None:
        """End the process; its child dies with it."""
        self._socket.close()
        try:
            self._process.wait(_STOP_TIMEOUT_S if not self.jobs else 0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _take_message(self) -> Answer | None:
        if len(self._in) < LENGTH.size:
            return None
        length = LENGTH.unpack_from(self._in)[0]
        if length > MAX_MESSAGE_BYTES:
            raise LostError("wrote garbage on its channel: an answer is too long")
        end = LENGTH.size + length
        if len(self._in) < end:
            return None
        message = bytes(self._in[LENGTH.size : end])
        del self._in[:end]
        try:
            answer = decode_answer(message)
        except GarbledError as error:
            raise LostError(f"wrote garbage on its channel: {error}") from error
        if not self.jobs or self.jobs[0].job_id != answer.job_id:
            raise LostError("wrote garbage on its channel: an answer to something else")
        return answer

    def _handshake(self, complaints: IO[bytes]) -> Isolation:
        self._socket.settimeout(_START_TIMEOUT_S)
        try:
            length = LENGTH.unpack(_receive(self._socket, LENGTH.size))[0]
            hello = json.loads(_receive(self._socket, min(length, MAX_MESSAGE_BYTES)))
        except OSError as error:
            self._process.kill()
            self._process.wait()
            self._socket.close()
            complaints.seek(0)
            said = complaints.read().decode("utf-8", "replace").strip().splitlines()
            reason = said[-1] if said else str(error)
            raise SandboxError(f"the sandbox does not start: {reason}") from error
        return Isolation(tuple(hello["active"]), dict(hello["missing"]))


def _memory_file() -> IO[bytes]:
    """A file that no full disk keeps from being made, where the system has such files."""
    try:
        return os.fdopen(os.memfd_create("complaints"), "w+b")
    except (AttributeError, OSError):
        return tempfile.TemporaryFile()


def _exec_zygote(
    socket_fd: int, hash_seed: int, disabled: Collection[str], complaints: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start the interpreter without site packages, user settings or anything inherited but one socket."""
    if not hasattr(os, "fork") or not Path("/proc/self/statm").exists():
        raise SandboxError("the sandbox needs Linux")
    arguments = [str(socket_fd), str(os.getpid()), *sorted(disabled)]
    try:
        return subprocess.Popen(
            command("arc_solver.sandbox.zygote", arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            cwd="/",
            env=environment(hash_seed),
            pass_fds=(socket_fd,),
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"the sandbox does not start: {error}") from error


def _receive(connection: socket.socket, n_bytes: int) -> bytes:
    data = b""
    while len(data) < n_bytes:
        chunk = connection.recv(n_bytes - len(data))
        if not chunk:
            raise ConnectionError("it ended at once")
        data += chunk
    return data
