"""What hostile programs are after, and whether they got it: a file, a folder, two sockets, this process."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import tempfile
from pathlib import Path

import numpy as np
from hostile.base import OTHER, SAME

from arc_solver.grids import as_grid
from arc_solver.sandbox.verdicts import Ok, Program, Verdict

GRID = as_grid([[1, 2, 3], [4, 5, 6]])
FLIPPED = as_grid([[4, 5, 6], [1, 2, 3]])
GOOD = Program(
    """
import collections, json, re
def task(grid):
    assert np.array([[1]]).sum() == 1 and len(str(10**50)) == 51 and json.loads("[5]") == [5]
    assert re.fullmatch("a+", "aaa") and collections.Counter("aab").most_common(1) == [("a", 2)]
    assert sum(sorted({3, 1, 2})) == 6 and isinstance(grid, np.ndarray) and transpose(grid).shape == (3, 2)
    print("a good neighbour", grid)
    return np.flipud(grid)
""",
    (GRID, GRID),
)
_CANARY = b"the canary sings\n"


class Witness:
    """A context manager: everything that it watches lives from `__enter__` to `__exit__`."""

    def __enter__(self) -> Witness:
        # Open to every user: only the sandbox keeps a program away from it.
        self.folder = Path(tempfile.mkdtemp(prefix="arc-solver-hostile-"))
        self.folder.chmod(0o777)
        self.canary = self.folder / "canary"
        self.canary.write_bytes(_CANARY)
        self.canary.chmod(0o666)
        (self.folder / "canary_module.py").write_text("open(__file__ + '.ran', 'w')\n")
        self._file = self.canary.open("rb")
        self._pipe = os.pipe()
        os.set_blocking(self._pipe[0], False)
        self._sockets = [_listening(socket.SOCK_STREAM), _listening(socket.SOCK_DGRAM)]
        self.tcp, self.udp = (each.getsockname()[1] for each in self._sockets)
        self._sockets.append(_listening(socket.SOCK_STREAM, f"\0arc-solver-{self.tcp}"))
        self._before = self._state()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        for fd in self._pipe:
            os.close(fd)
        for each in self._sockets:
            each.close()
        shutil.rmtree(self.folder)

    def aim(self, source: str) -> str:
        """A hostile source with its target filled in."""
        targets = {
            "@CANARY@": str(self.canary), "@FOLDER@": str(self.folder), "@PARENT@": str(os.getpid()),
            "@TCP@": str(self.tcp), "@UDP@": str(self.udp),
        }  # fmt: skip
        for word, target in targets.items():
            source = source.replace(word, target)
        return source

    def harm(self) -> list[str]:
        """What happened to this process, its files and its network: one word each, empty if nothing."""
        after = self._state()
        harm = [name for name, value in self._before.items() if after[name] != value]
        return harm + [f"network {number}" for number, each in enumerate(self._sockets) if _got_something(each)]

    def _state(self) -> dict[str, object]:
        return {
            "files": sorted(
                (path.name, path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
                for path in self.folder.rglob("*")
            ),
            "descriptors": (
                [(os.fstat(fd).st_dev, os.fstat(fd).st_ino) for fd in (0, 1, 2, *self._pipe, self._file.fileno())],
                self._file.tell(),
                _read(self._pipe[0]),
            ),
            "limits": [resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n.startswith("RLIMIT_")],
            "priority": os.getpriority(os.PRIO_PROCESS, 0),
            "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPROF)],
        }


def reason_of(verdict: Verdict) -> str:
    """The verdict as `Hostile.verdicts` has it."""
    if isinstance(verdict, Ok):
        return SAME if all(np.array_equal(output, GRID) for output in verdict.outputs) else OTHER
    return verdict.reason


def is_unharmed(verdict: Verdict) -> bool:
    """Whether a good neighbour got what is due to it."""
    return isinstance(verdict, Ok) and [output.tolist() for output in verdict.outputs] == [FLIPPED.tolist()] * 2


def _listening(kind: socket.SocketKind, name: str = "") -> socket.socket:
    listener = socket.socket(socket.AF_UNIX if name else socket.AF_INET, kind)
    listener.bind(name or ("127.0.0.1", 0))
    if kind is socket.SOCK_STREAM:
        listener.listen()
    listener.setblocking(False)
    return listener


def _got_something(listener: socket.socket) -> bool:
    try:
        if listener.type is socket.SOCK_STREAM:
            listener.accept()[0].close()
        else:
            listener.recv(99)
    except BlockingIOError:
        return False
    return True


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 99)
    except BlockingIOError:
        return b""
