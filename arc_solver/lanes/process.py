"""The parent's end of a lane: start it, read what it says, stop it for good.

A lane that dies, hangs or writes garbage is an outcome here, never an exception. Knows nothing of what proposers do.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from arc_solver.lanes.feeding import Feed
from arc_solver.lanes.wire import Beat, LaneSpec, Message, ProposerDone, ProposerFailed, decode, encode_spec
from arc_solver.memory import held_by
from arc_solver.processes import cpu_s, descendants, kill
from arc_solver.proposers.base import PoolState

# A reader that has not got a newline within this many bytes is reading garbage.
_MAX_LINE_BYTES = 4 << 20
_PARTING_S = 5.0
_BURIAL_S = 5.0

# Nobody says so much that cannot be read by mistake.
_MAX_GARBAGE_IN_A_ROW = 100
_MAX_GARBAGE_BYTES_IN_A_ROW = 8 << 20

LANE_COMMAND = (sys.executable, "-m", "arc_solver.lanes")
"""The program of a lane; tests put worse ones in its place."""


class LaneProcess:
    """One running lane.

    It lives in a process group of its own, which `stop` kills as a whole, and dies with its parent. What it leaves in
    its folder for temporary files goes with it.
    """

    def __init__(
        self,
        name: str,
        spec: LaneSpec,
        log: Path,
        n_threads: int,
        command: Sequence[str],
        *,
        last: bool = True,
    ) -> None:
        """Start the lane.

        Args:
            name: For messages to people.
            spec: What it shall do.
            log: Its standard error is appended here.
            n_threads: Threads for numerical libraries.
            command: `LANE_COMMAND`, or a test's own.
            last: No other spec follows this one: the lane ends when it is through with it. After one that is to be fed
                news of the pool may follow.
        """
        self.name = name
        self.proposers = spec.proposers
        self.garbage = 0
        self._garbage_in_a_row = self._garbage_bytes_in_a_row = 0
        self._rest = b""
        self._scratch = _new_scratch()
        with _log(log) as sink:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                env=lane_environment(n_threads) | ({"TMPDIR": self._scratch} if self._scratch else {}),
                start_new_session=True,
                bufsize=0,
            )
        assert self._process.stdin is not None
        # A spec may be larger than a pipe holds, and a lane that hangs must not make us hang.
        self._feed = Feed(self._process.stdin)
        self.give(spec, last=last)

    def give(self, spec: LaneSpec, *, last: bool) -> None:
        """Hand over a spec, to a lane that is through with the one before."""
        self._fed, self._open = spec.fed, set(spec.proposers)
        self._feed.give(encode_spec(spec), last=last and not spec.fed)

    def tell(self, states: Iterable[PoolState]) -> None:
        """Hand over what is known of tasks, to a lane that is to be fed, without waiting for it."""
        if self._fed:
            self._feed.tell(states)

    @property
    def channel(self) -> int:
        """The file descriptor to wait on."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def read(self) -> list[Message] | None:
        """Messages that have arrived; call it when `channel` is readable. None at the lane's end."""
        data = os.read(self.channel, 1 << 20)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        messages = []
        for line in lines:
            try:
                messages.append(decode(line))
            except ValueError:
                self._drop(line)
            else:
                # A thread of its own says that the lane lives, whatever else is written beside it.
                if not isinstance(messages[-1], Beat):
                    self._garbage_in_a_row = self._garbage_bytes_in_a_row = 0
        if len(self._rest) > _MAX_LINE_BYTES:
            self._drop(self._rest)
            self._rest = b""
        self._open -= {found.proposer for found in messages if isinstance(found, ProposerDone | ProposerFailed)}
        return messages

    def _drop(self, data: bytes) -> None:
        self.garbage += 1
        self._garbage_in_a_row += 1
        self._garbage_bytes_in_a_row += len(data)

    @property
    def raves(self) -> bool:
        """Whether nothing has come for long but what cannot be read."""
        return (
            self._garbage_in_a_row >= _MAX_GARBAGE_IN_A_ROW
            or self._garbage_bytes_in_a_row >= _MAX_GARBAGE_BYTES_IN_A_ROW
        )

    @property
    def through(self) -> bool:
        """Whether every proposer said that it returned or broke."""
        return not self._open

    def cpu_s(self) -> float:
        """Processor time of the lane and of all that it started; 0 where nobody says."""
        return cpu_s([self._process.pid, *descendants(self._process.pid)])

    def held_bytes(self) -> int:
        """Memory that the lane and all that it started hold; 0 where nobody says."""
        return held_by([self._process.pid, *descendants(self._process.pid)])

    def kill(self) -> None:
        """End whatever still runs in the lane; `stop` must follow."""
        # Some of it is in groups of its own, and would notice only later that its parent is gone.
        below = descendants(self._process.pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):  # all of it is gone already
            os.killpg(self._process.pid, signal.SIGKILL)
        kill(below)

    def drain(self) -> list[Message]:
        """What a lane that was killed had said and nobody had read."""
        messages: list[Message] = []
        os.set_blocking(self.channel, False)
        with contextlib.suppress(BlockingIOError):
            while (found := self.read()) is not None:
                messages += found
        return messages

    def stop(self) -> int:
        """Kill whatever still runs in the lane and give its exit status (negative: the signal)."""
        self.kill()
        try:
            status = self._process.wait(timeout=_BURIAL_S)
        except subprocess.TimeoutExpired:  # it waits for a device that does not answer, and the kernel for both
            status = -signal.SIGKILL
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._feed.end()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status

    def ended(self) -> int | None:
        """The exit status of a lane whose channel closed (waits a moment for it), or None while it runs."""
        try:
            return self._process.wait(timeout=_PARTING_S)
        except subprocess.TimeoutExpired:
            return None


def _log(path: Path) -> IO[bytes]:
    """Where a lane's standard error goes: nowhere, if the log cannot be written."""
    try:
        return path.open("ab")
    except OSError:
        return open(os.devnull, "ab")


def _new_scratch() -> str | None:
    """A folder for a lane's temporary files, or None where there is no room for one: they go where others' go then."""
    try:
        return tempfile.mkdtemp(prefix="arc_solver_lane_")
    except OSError:
        return None


def lane_environment(n_threads: int) -> dict[str, str]:
    """A child's environment: offline, bounded threads that do not spin, our package importable from where it is."""
    package_root = str(Path(__file__).resolve().parents[2])
    paths = [package_root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": str(n_threads),
        "MKL_NUM_THREADS": str(n_threads),
        "OPENBLAS_NUM_THREADS": str(n_threads),
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUNBUFFERED": "1",
    }
