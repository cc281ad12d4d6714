"""Whose turn it is when memory ends, decided on numbers; memory read from a made-up machine's files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.memory import MAX_ENDS, Memory, MemoryWatch, choose, held_by, read_memory

GIB = 1 << 30
KAGGLE = Memory(free_bytes=12 * GIB, total_bytes=30 * GIB)
SHORT = Memory(free_bytes=GIB // 2, total_bytes=30 * GIB)

sizes = st.dictionaries(st.sampled_from(["search 0", "search 1", "model"]), st.integers(0, 64 * GIB))


@given(st.integers(0, 64 * GIB), st.integers(1, 64 * GIB), sizes)
def test_somebody_ends_only_where_memory_is_short_and_that_would_help(
    free: int, total: int, held: Mapping[str, int]
) -> None:
    memory = Memory(free, total)
    relief = choose(memory, held, {})
    helps = max(held.values(), default=0) >= memory.reserve_bytes // 2 and bool(held)
    assert (relief is not None) == (free < memory.reserve_bytes and helps)
    if relief is not None:
        assert held[relief.name] == max(held.values()) == relief.held_bytes
        assert relief.may_return


def test_the_reserve_follows_the_machine_within_bounds() -> None:
    assert KAGGLE.reserve_bytes == GIB
    assert Memory(0, 2 * GIB).reserve_bytes == GIB // 4
    assert GIB // 4 < Memory(0, 16 * GIB).reserve_bytes < GIB


def test_the_largest_ends_and_is_named_with_figures() -> None:
    relief = choose(SHORT, {"search 0": 2 * GIB, "model": 20 * GIB}, {})
    assert relief is not None
    assert relief.name == "model"
    assert relief.text() == "host memory was short (0.5 GiB left) and it held the most (20.0 GiB)"
    assert choose(KAGGLE, {"model": 20 * GIB}, {}) is None
    assert choose(SHORT, {"search 0": GIB // 8}, {}) is None  # others took the memory
    assert choose(SHORT, {}, {}) is None


def test_what_ends_again_and_again_does_not_return() -> None:
    watch = MemoryWatch(lambda: SHORT)
    found = [watch.look(100.0 * turn, lambda: {"model": 20 * GIB}) for turn in range(MAX_ENDS + 2)]
    assert [relief is not None and relief.may_return for relief in found] == [True] * MAX_ENDS + [False] * 2


def test_after_an_end_memory_gets_time_to_come_back() -> None:
    n_reads = 0

    def read() -> Memory:
        nonlocal n_reads
        n_reads += 1
        return SHORT

    watch = MemoryWatch(read)
    assert watch.look(0.0, lambda: {"model": 20 * GIB}) is not None
    assert watch.look(1.0, lambda: {"model": 20 * GIB, "search 0": 19 * GIB}) is None
    assert n_reads == 1
    assert watch.look(9.0, lambda: {"search 0": 19 * GIB}) is not None


def test_with_memory_nobody_is_measured_and_without_knowledge_nobody_ends() -> None:
    def unasked() -> Mapping[str, int]:
        raise AssertionError("nobody has to be measured")

    assert MemoryWatch(lambda: KAGGLE).look(0.0, unasked) is None
    assert MemoryWatch(lambda: None).look(0.0, unasked) is None


MEMINFO = "MemTotal:       31457280 kB\nMemFree:  1000 kB\nMemAvailable:   20971520 kB\n"


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in ({"proc/meminfo": MEMINFO} | dict(files)).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def group(folder: str, limit: str, usage: str, stat: str, names: tuple[str, str]) -> dict[str, str]:
    return {
        f"sys/fs/cgroup/{folder}{names[0]}": limit,
        f"sys/fs/cgroup/{folder}{names[1]}": usage,
        f"sys/fs/cgroup/{folder}memory.stat": stat,
    }


V2, V1 = ("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")
STAT = f"anon 5\ninactive_file {GIB}\nactive_file {GIB}\ntotal_inactive_file {GIB}\ntotal_active_file {GIB}\n"


@pytest.mark.parametrize(
    ("files", "free_gib", "total_gib"),
    [
        ({}, 20, 30),
        ({"proc/self/cgroup": "0::/\n"}, 20, 30),
        ({"proc/self/cgroup": "0::/\n"} | group("", "max\n", f"{9 * GIB}\n", STAT, V2), 20, 30),
        # In a container its own limit is at the top, whatever path the host knows it by.
        ({"proc/self/cgroup": "0::/docker/a1\n"} | group("", f"{16 * GIB}\n", f"{10 * GIB}\n", STAT, V2), 8, 16),
        # A limit further up holds as well.
        (
            {"proc/self/cgroup": "0::/a/b\n"}
            | group("a/", f"{12 * GIB}\n", f"{11 * GIB}\n", STAT, V2)
            | group("a/b/", "max\n", f"{10 * GIB}\n", STAT, V2),
            3,
            12,
        ),
        (
            {"proc/self/cgroup": "5:cpu:/x\n4:memory:/docker/a1\n0::/\n"}
            | group("memory/docker/a1/", f"{8 * GIB}\n", f"{9 * GIB}\n", STAT, V1),
            1,
            8,
        ),
        (
            {"proc/self/cgroup": "4:memory:/\n"} | group("memory/", f"{2**63 - 4096}\n", f"{9 * GIB}\n", STAT, V1),
            20,
            30,
        ),
    ],
)
def test_the_memory_of_a_machine_and_of_a_container(
    tmp_path: Path, files: dict[str, str], free_gib: int, total_gib: int
) -> None:
    assert read_memory(write(tmp_path, files)) == Memory(free_gib * GIB, total_gib * GIB)


def test_where_nothing_is_told_nothing_is_known(tmp_path: Path) -> None:
    assert read_memory(tmp_path) is None
    assert held_by([1, 2], tmp_path) == 0


def test_this_machine_and_this_process() -> None:
    memory = read_memory()
    assert memory is not None
    assert 0 < memory.free_bytes <= memory.total_bytes
    before = held_by([os.getpid()])
    block = b"\1" * (64 << 20)
    assert held_by([os.getpid()]) - before > 60 << 20
    del block


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux says whom it would kill")
def test_who_volunteers_goes_first_with_what_it_starts() -> None:
    code = (
        "import subprocess; from arc_solver.memory import volunteer; volunteer(); "
        "print(subprocess.run(['cat', '/proc/self/oom_score_adj'], capture_output=True, text=True).stdout)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > int(Path("/proc/self/oom_score_adj").read_text())
