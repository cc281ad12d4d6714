"""A seccomp allow-list as a BPF program. Knows system call numbers, nothing of what is run under it.

The list is what the interpreter and numpy need to compute and to write a result: memory, time, the descriptors that are
open. Whatever is not on it answers EPERM: opening files, sockets, processes, threads, signals and their handlers,
memfd, ptrace, limits, namespaces.
"""

from __future__ import annotations

import platform
import struct

_ALLOWED_X86_64 = {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12,
    "rt_sigreturn": 15, "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35, "getitimer": 36,
    "setitimer": 38, "getpid": 39, "exit": 60, "uname": 63, "gettimeofday": 96, "getrusage": 98, "times": 100,
    "getuid": 102, "getgid": 104, "geteuid": 107, "getegid": 108, "getppid": 110, "sigaltstack": 131, "gettid": 186,
    "time": 201, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228,
    "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "getcpu": 309, "getrandom": 318,
}  # fmt: skip
_ALLOWED_AARCH64 = {
    "close": 57, "lseek": 62, "read": 63, "write": 64, "fstat": 80, "exit": 93, "exit_group": 94, "futex": 98,
    "nanosleep": 101, "getitimer": 102, "setitimer": 103, "clock_gettime": 113, "clock_getres": 114,
    "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124, "restart_syscall": 128, "sigaltstack": 132,
    "rt_sigreturn": 139, "times": 153, "uname": 160, "getrusage": 165, "getcpu": 168, "gettimeofday": 169,
    "getpid": 172, "getppid": 173, "getuid": 174, "geteuid": 175, "getgid": 176, "getegid": 177, "gettid": 178,
    "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278,
}  # fmt: skip
_TABLES = {"x86_64": (0xC000003E, _ALLOWED_X86_64), "aarch64": (0xC00000B7, _ALLOWED_AARCH64)}

_LOAD_WORD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_OFFSET_NR, _OFFSET_ARCH = 0, 4
_KILL_PROCESS, _ALLOW, _EPERM = 0x80000000, 0x7FFF0000, 0x00050000 | 1
_X32_BIT = 0x40000000


def allow_list_filter(machine: str | None = None) -> bytes:
    """The filter for a machine: instructions of (code u16, jump true u8, jump false u8, value u32).

    Args:
        machine: `x86_64` or `aarch64`, default this machine.

    Raises:
        OSError: No list for this machine.
    """
    machine = machine or platform.machine()
    if machine not in _TABLES:
        raise OSError(f"no system call list for {machine}")
    arch, allowed = _TABLES[machine]
    numbers = sorted(allowed.values())
    program = [(_LOAD_WORD, 0, 0, _OFFSET_ARCH), (_JUMP_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _KILL_PROCESS)]
    # Numbers with the x32 bit are the same calls under other names: refused like everything unknown.
    program += [(_LOAD_WORD, 0, 0, _OFFSET_NR), (_JUMP_AT_LEAST, len(numbers), 0, _X32_BIT)]
    for index, number in enumerate(numbers):
        program.append((_JUMP_EQUAL, len(numbers) - index, 0, number))
    program += [(_RETURN, 0, 0, _EPERM), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
