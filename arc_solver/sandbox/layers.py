"""The isolation layers: how each is put on, and how it is shown to hold.

A layer is optional. At start a sacrificial child puts it on and tries the act that it forbids; only a layer that
refused the act counts as active. Knows nothing of programs and grids. Linux; standard library
only: it lives inside the sandbox.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import signal
import struct
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from arc_solver.sandbox.seccomp import allow_list_filter

try:
    import resource
except ImportError:  # Windows, where none of this is put on; `Isolation` is needed there as well
    resource = None  # type: ignore[assignment]

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_GET_NO_NEW_PRIVS = (
    1,
    22,
    36,
    38,
    39,
)
_SECCOMP_MODE_FILTER = 2
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15}
LAYERS = ("chroot", "setuid", "no_new_privs", "landlock", "descriptors", "rlimits", "oom_score_adj", "seccomp")
"""Every layer, in the order in which they are put on."""

_N_OPEN_FDS = 4
_HIGHEST_OOM_SCORE = "1000"
_UNUSED_UID_BASE = 1_900_000_000
_NOBODY_UID = 65_534

_T = TypeVar("_T")

_HELD, _DID_NOT_HOLD, _FAILED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Isolation:
    """Which layers are on.

    Attributes:
        active: Names of the layers that a probe saw holding, in the order in which they are put on.
        missing: Layer -> why it is off.
    """

    active: tuple[str, ...]
    missing: dict[str, str]

    @property
    def grade(self) -> str:
        """A: system calls and files are closed. B: one of calls, files and user is. C: at most the limits hold."""
        files = "chroot" in self.active or "landlock" in self.active
        if "seccomp" in self.active and files:
            return "A"
        return "B" if files or "setuid" in self.active or "seccomp" in self.active else "C"

    def text(self) -> str:
        """One line for people."""
        without: dict[str, list[str]] = {}
        for name, why in self.missing.items():
            without.setdefault(why, []).append(name)
        missing = "; ".join(f"no {', '.join(names)}: {why}" for why, names in without.items())
        layers = ", ".join(self.active) or "no layer"
        return f"sandbox grade {self.grade} ({layers})" + (f"; {missing}" if missing else "")


class Plan:
    """The layers to put on in every child, with what they need prepared once in the zygote."""

    def __init__(self, disabled: Collection[str] = ()) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        # What can be made once is made here: in a child, every touched page is a copied page.
        self._empty_dir_fd = _made(_open_unlinked_dir)
        self._ruleset_fd = _made(self._create_ruleset)
        self._filter = _made(_Filter)
        self._active: list[str] = []
        missing: dict[str, str] = {}
        for name, (apply, probe) in self._layers().items():
            why = "switched off" if name in disabled else self._try(apply, probe)
            if why:
                missing[name] = why
            else:
                self._active.append(name)
        self.isolation = Isolation(tuple(self._active), missing)

    def apply_before_limits(self) -> None:
        """Close files, users and rights to this process, for good.

        Raises:
            OSError: A layer that held in the probe is refused now.
        """
        layers = self._layers()
        for name in self._active:
            if name in ("chroot", "setuid", "no_new_privs", "landlock"):
                layers[name][0]()

    def apply_limits(self, memory_bytes: int, cpu_s: int) -> None:
        """Close all descriptors but the first four and set what this process may use, for good.

        Args:
            memory_bytes: Size of the address space.
            cpu_s: CPU time after which the kernel kills.
        """
        if "descriptors" in self._active:
            _close_descriptors()
        if "rlimits" in self._active:
            _set_limits(memory_bytes, cpu_s)

    def apply_after_limits(self) -> None:
        """Put on seccomp, which refuses the very calls that set limits.

        Raises:
            OSError: It held in the probe and is refused now.
        """
        if "seccomp" in self._active:
            self._seccomp()

    def die_with_parent(self, parent_pid: int) -> None:
        """Let the kernel kill this process when its parent ends. A change of user forgets it, so it comes after."""
        self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:
            os._exit(1)

    def go_first_when_memory_ends(self) -> None:
        """Make this process and its children the first that the kernel kills when the machine has no memory left."""
        if "oom_score_adj" in self._active:
            _raise_oom_score()

    def adopt_orphans(self) -> None:
        """Become the parent of every descendant whose own parent ends, so that none can slip away."""
        self._prctl(_PR_SET_CHILD_SUBREAPER, 1)

    def _layers(self) -> dict[str, tuple[Callable[[], None], Callable[[], bool]]]:
        return {
            "chroot": (self._chroot, _root_is_empty),
            "setuid": (self._setuid, _cannot_become_root),
            "no_new_privs": (self._no_new_privs, self._has_no_new_privs),
            "landlock": (self._landlock, _cannot_list_root),
            "descriptors": (_close_descriptors, _only_four_are_open),
            "rlimits": (_set_probe_limits, _cannot_take_memory),
            "oom_score_adj": (_raise_oom_score, _has_oom_score),
            "seccomp": (self._seccomp, _cannot_fork),
        }

    def _try(self, apply: Callable[[], None], probe: Callable[[], bool]) -> str:
        """Why the layer does not hold, empty if it does."""
        pid = os.fork()
        if pid == 0:
            code = _FAILED
            try:
                apply()
                code = _HELD if probe() else _DID_NOT_HOLD
            except OSError as error:
                code = _FAILED + (error.errno or 0) % (256 - _FAILED)
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == _HELD:
            return ""
        if code == _DID_NOT_HOLD:
            return "the act was not refused"
        return os.strerror(code - _FAILED) if code > _FAILED else "not supported here"

    def _chroot(self) -> None:
        os.fchdir(_usable(self._empty_dir_fd))
        os.chroot(".")

    def _setuid(self) -> None:
        if os.getuid() != 0:
            raise PermissionError(errno.EPERM, "only root can become somebody else")
        # A user of its own, so that it may signal nobody; where only 65,536 users exist (containers), nobody.
        for uid in (_UNUSED_UID_BASE + os.getppid(), _NOBODY_UID):
            try:
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
            except OSError:
                continue
            return
        raise OSError("no unused user id")

    def _no_new_privs(self) -> None:
        self._prctl(_PR_SET_NO_NEW_PRIVS, 1)

    def _has_no_new_privs(self) -> bool:
        return int(self._libc.prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)) == 1

    def _landlock(self) -> None:
        self._no_new_privs()
        self._syscall(_LANDLOCK_RESTRICT_SELF, _usable(self._ruleset_fd), 0)

    def _create_ruleset(self) -> int:
        abi = self._syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1)
        fs_bits = (1 << _LANDLOCK_FS_BITS.get(abi, 16)) - 1
        net_bits = 0b11 if abi >= 4 else 0
        scope_bits = 0b11 if abi >= 6 else 0
        size = 24 if abi >= 6 else 16 if abi >= 4 else 8
        attributes = ctypes.create_string_buffer(struct.pack("=QQQ", fs_bits, net_bits, scope_bits), 24)
        return self._syscall(_LANDLOCK_CREATE_RULESET, attributes, size, 0)

    def _seccomp(self) -> None:
        self._no_new_privs()
        self._prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _usable(self._filter).address)

    def _prctl(self, option: int, *arguments: int) -> None:
        padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
        if self._libc.prctl(option, *padded) != 0:
            raise OSError(ctypes.get_errno(), f"prctl {option}")

    def _syscall(self, number: int, *arguments: object) -> int:
        converted = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
        result = int(self._libc.syscall(ctypes.c_long(number), *converted))
        if result < 0:
            raise OSError(ctypes.get_errno(), f"system call {number}")
        return result


class _Filter:
    """The seccomp filter where the kernel can read it."""

    def __init__(self) -> None:
        instructions = allow_list_filter()
        self._instructions = ctypes.create_string_buffer(instructions, len(instructions))
        program = struct.pack("@HP", len(instructions) // 8, ctypes.addressof(self._instructions))
        self._program = ctypes.create_string_buffer(program, len(program))
        self.address = ctypes.addressof(self._program)


def _made(make: Callable[[], _T]) -> _T | OSError:
    try:
        return make()
    except OSError as error:
        return error


def _usable(made: _T | OSError) -> _T:
    if isinstance(made, OSError):
        raise made
    return made


def _open_unlinked_dir() -> int:
    """An empty directory that has no name any more: nothing can be made in it, nothing is left behind."""
    path = tempfile.mkdtemp()
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    os.rmdir(path)
    return fd


def _close_descriptors() -> None:
    os.closerange(_N_OPEN_FDS, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _set_limits(memory_bytes: int, cpu_s: int) -> None:
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _N_OPEN_FDS),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (value, value))


def _set_probe_limits() -> None:
    # Less than what every interpreter has already: it keeps that and gets no more.
    _set_limits(1 << 20, 60)


def _raise_oom_score() -> None:
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write(_HIGHEST_OOM_SCORE)


def _only_four_are_open() -> bool:
    return all(not _is_open(fd) for fd in range(_N_OPEN_FDS, resource.getrlimit(resource.RLIMIT_NOFILE)[0]))


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _cannot_take_memory() -> bool:
    try:
        mmap.mmap(-1, 1 << 26)
    except OSError:
        return True
    return False


def _has_oom_score() -> bool:
    with open("/proc/self/oom_score_adj") as file:
        return file.read().strip() == _HIGHEST_OOM_SCORE


def _root_is_empty() -> bool:
    return os.listdir("/") == [] and not os.path.exists("/proc/self")


def _cannot_become_root() -> bool:
    try:
        os.setuid(0)
    except OSError:
        return os.getuid() != 0
    return False


def _cannot_list_root() -> bool:
    try:
        os.listdir("/")
    except PermissionError:
        return True
    return False


def _cannot_fork() -> bool:
    try:
        pid = os.fork()
    except PermissionError:
        return True
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return False
