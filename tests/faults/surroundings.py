"""What surrounds a run and can go wrong: disks that fill up, folders that close, a machine short of memory."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, size_kib: int) -> Iterator[Path]:
    """A disk of its own, mounted on a new folder; only the superuser can make one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this system lets us make no disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(disk: Path) -> None:
    """Take every byte that is left, as a program that writes on the same disk does."""
    with (disk / "others").open("ab", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 1024)
        with contextlib.suppress(OSError):
            while True:
                file.write(b"x")


@contextlib.contextmanager
def closed(folder: Path) -> Iterator[None]:
    """From now on nothing can be written in the folder; what is open there already stays open."""
    if os.geteuid() != 0:
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(0o755)
        return
    # Permissions do not hold for the superuser: a mount that is read-only does.
    for flags in (("--bind", str(folder)), ("-o", "remount,bind,ro")):
        done = subprocess.run(["mount", *flags, str(folder)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("this system lets us close no folder")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def limit_files(pid: int, n_bytes: int) -> None:
    """From now on no file that the process writes may grow beyond that: a quota, where no disk can be made."""
    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (n_bytes, hard))


def lift_limit(pid: int) -> None:
    """Undo `limit_files`."""
    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


def say_memory(root: Path, free_mib: int, total_mib: int = 2048) -> None:
    """Write what `/proc/meminfo` shall say of a made-up machine."""
    (root / "proc").mkdir(parents=True, exist_ok=True)
    new = root / "proc" / "meminfo.new"
    new.write_text(f"MemTotal: {total_mib * 1024} kB\nMemAvailable: {free_mib * 1024} kB\n")
    new.replace(root / "proc" / "meminfo")
