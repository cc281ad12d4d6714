"""Limits, grades and the system call filter: no processes."""

from __future__ import annotations

import struct

import pytest

from arc_solver.errors import InputError
from arc_solver.sandbox.layers import Isolation
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.seccomp import allow_list_filter


@pytest.mark.parametrize(
    "wrong",
    [
        {"cpu_s": 0.0},
        {"solo_cpu_s": -1.0},
        {"wall_factor": 5.9},
        {"memory_mb": 0},
        {"source_chars": 0},
        {"batch_size": 1025},
    ],
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Limits(**wrong)  # type: ignore[arg-type]


def test_wall_time_is_a_multiple_of_cpu_time() -> None:
    limits = Limits(cpu_s=0.1, solo_cpu_s=2.0, wall_factor=10.0)
    assert limits.wall_limit_s(solo=False) == pytest.approx(1.0)
    assert limits.wall_limit_s(solo=True) == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("active", "grade"),
    [
        (("chroot", "setuid", "no_new_privs", "landlock", "seccomp"), "A"),
        (("landlock", "seccomp"), "A"),
        (("chroot", "seccomp"), "A"),
        (("landlock",), "B"),
        (("setuid",), "B"),
        (("seccomp",), "B"),
        (("no_new_privs",), "C"),
        ((), "C"),
    ],
)
def test_grades(active: tuple[str, ...], grade: str) -> None:
    assert Isolation(active, {}).grade == grade


def simulate(program: bytes, arch: int, number: int) -> int:
    """What the kernel would answer: a tiny interpreter of the four instructions in use."""
    instructions = list(struct.iter_unpack("=HBBI", program))
    at = accumulator = 0
    while True:
        code, jump_true, jump_false, value = instructions[at]
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            accumulator = {0: number, 4: arch}[value]
        else:
            taken = accumulator == value if code == 0x15 else accumulator >= value
            at += jump_true if taken else jump_false


@pytest.mark.parametrize(
    ("machine", "arch", "allowed", "refused"),
    [
        ("x86_64", 0xC000003E, (0, 1, 9, 231), (2, 13, 41, 56, 57, 59, 62, 157, 257, 302, 319, 0x40000001)),
        ("aarch64", 0xC00000B7, (63, 64, 222, 94), (56, 198, 220, 221, 129, 134, 167, 261, 279)),
    ],
)
def test_the_filter_allows_its_list_and_nothing_else(
    machine: str, arch: int, allowed: tuple[int, ...], refused: tuple[int, ...]
) -> None:
    program = allow_list_filter(machine)
    assert {simulate(program, arch, number) for number in allowed} == {0x7FFF0000}
    assert {simulate(program, arch, number) for number in refused} == {0x00050001}
    assert simulate(program, 0x40000003, 1) == 0x80000000


def test_unknown_machines_have_no_filter() -> None:
    with pytest.raises(OSError, match="riscv64"):
        allow_list_filter("riscv64")
