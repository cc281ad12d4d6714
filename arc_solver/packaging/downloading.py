"""Fetches the wheels of a lock into a cache, a few at a time, so that a killed build goes on where it was.

A wheel enters the cache by one rename after its digest was checked, so what is there is whole. pip does the fetching,
with whatever index, proxy and certificates it is configured for. Knows nothing of bundles.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from typing import Protocol

from arc_solver.errors import InputError
from arc_solver.finetune.manifest import hash_file
from arc_solver.packaging.images import Target
from arc_solver.packaging.pip_process import read_answer, started
from arc_solver.packaging.resolution import Wheel, machine_of, normalised

BATCH_BYTES = 64_000_000
BATCH_FILES = 16
_INCOMING = "incoming-"
_LOOK_EVERY_S = 0.25


class Watcher(Protocol):
    """Who is told how the download goes on."""

    def moved(self, n_files: int, n_bytes: int) -> None:
        """So many files are there, and so many bytes, those of files on their way included."""


def default_cache() -> Path:
    """Where wheels are kept between builds."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "arc_solver" / "wheels"


def in_cache(wheels: Iterable[Wheel], cache: Path) -> dict[str, Wheel]:
    """The wheels that are there and whole, by file, with digest and size; damaged ones are removed."""
    found = {}
    for wheel in wheels:
        path = cache / wheel.file
        if not path.is_file():
            continue
        record = hash_file(path)
        if wheel.sha256 not in ("", record.sha256):
            path.unlink()
            continue
        found[wheel.file] = dataclasses.replace(wheel, sha256=record.sha256, n_bytes=record.n_bytes)
    return found


def fetch(
    wheels: Sequence[Wheel], target: Target, cache: Path, watcher: Watcher, *, batch_files: int = BATCH_FILES
) -> tuple[Wheel, ...]:
    """Make sure that all wheels are in the cache.

    Args:
        wheels: What is needed.
        target: What they are for.
        cache: The folder; made if it is not there.
        watcher: Told now and then.
        batch_files: Most files that one run of pip fetches.

    Returns:
        The wheels in the same order, with digests and sizes.

    Raises:
        InputError: One cannot be had, or is not what the lock says.
    """
    cache.mkdir(parents=True, exist_ok=True)
    _remove_stale(cache)
    found = in_cache(wheels, cache)
    missing = [wheel for wheel in wheels if wheel.file not in found]
    for batch in batches(missing, batch_files):
        n_bytes = sum(wheel.n_bytes for wheel in found.values())
        watcher.moved(len(found), n_bytes)
        incoming = Path(mkdtemp(prefix=f"{_INCOMING}{os.getpid()}-", dir=cache))
        try:
            most = sum(wheel.n_bytes for wheel in batch)
            for n_more in _download(batch, target, incoming):
                # pip copies what it has fetched, so that for a moment it is there twice.
                watcher.moved(len(found), n_bytes + (min(n_more, most) if most else n_more))
            found |= _accept(batch, incoming, cache)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
    watcher.moved(len(found), sum(wheel.n_bytes for wheel in found.values()))
    return tuple(found[wheel.file] for wheel in wheels)


def batches(wheels: Sequence[Wheel], batch_files: int = BATCH_FILES) -> Iterator[list[Wheel]]:
    """Wheels in groups that one run of pip fetches: few enough that little is lost with a group."""
    group: list[Wheel] = []
    for wheel in wheels:
        # Digests are checked for a whole group or not at all.
        full = len(group) >= batch_files or sum(item.n_bytes for item in group) + wheel.n_bytes > BATCH_BYTES
        if group and (full or bool(group[0].sha256) != bool(wheel.sha256)):
            yield group
            group = []
        group.append(wheel)
    if group:
        yield group


def _download(batch: Sequence[Wheel], target: Target, incoming: Path) -> Iterator[int]:
    """Let pip fetch a batch into `incoming/wheels`, and say now and then how many bytes have come.

    What is on its way lies in a folder of ours, too, so that it can be seen to grow.
    """
    temporary, wheels = incoming / "tmp", incoming / "wheels"
    temporary.mkdir()
    wheels.mkdir()
    wanted = incoming / "wanted.txt"
    hashed = bool(batch[0].sha256)
    lines = [wheel.pin() + (f" --hash=sha256:{wheel.sha256}" if hashed else "") for wheel in batch]
    wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
    arguments = [
        "download", "--no-deps", "--no-cache-dir", "--progress-bar=off", f"--dest={wheels}",
        *(["--require-hashes"] if hashed else []),
        f"--requirement={wanted}",
    ]  # fmt: skip
    environment = os.environ | {"TMPDIR": str(temporary)}
    with TemporaryFile("w+", errors="replace") as words:
        with started(machine_of(target), arguments, words, environment=environment) as process:
            while process.poll() is None:
                try:
                    process.wait(_LOOK_EVERY_S)
                except subprocess.TimeoutExpired:
                    yield _size(temporary) + _size(wheels)
        answer = read_answer(process.returncode, words)
    if not answer.good:
        names = ", ".join(wheel.pin() for wheel in batch[:4]) + (", ..." if len(batch) > 4 else "")
        raise InputError(
            f"download of {names}: {answer.reason}. What was fetched is kept: the same command goes on there"
        )


def _accept(batch: Iterable[Wheel], incoming: Path, cache: Path) -> dict[str, Wheel]:
    """Check a batch and move it into the cache."""
    accepted = {}
    files = {path.name: path for path in (incoming / "wheels").iterdir()}
    for wheel in batch:
        path = files.get(wheel.file)
        if path is None:
            near = [name for name in files if normalised(name).startswith(wheel.name)]
            raise InputError(
                f"download of {wheel.pin()}: pip brought {near[0] if near else 'nothing'}, not {wheel.file}"
            )
        record = hash_file(path)
        if wheel.sha256 not in ("", record.sha256):
            raise InputError(f"download of {wheel.file}: its sha256 is {record.sha256}, not {wheel.sha256}")
        os.replace(path, cache / wheel.file)
        accepted[wheel.file] = dataclasses.replace(wheel, sha256=record.sha256, n_bytes=record.n_bytes)
    return accepted


def _size(folder: Path) -> int:
    """Bytes of all files below a folder that another process fills and empties."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _remove_stale(cache: Path) -> None:
    """Remove what killed downloads left behind; folders carry the number of the process that fills them."""
    for path in cache.glob(f"{_INCOMING}*"):
        number = path.name.removeprefix(_INCOMING).partition("-")[0]
        if number.isdigit() and not _lives(int(number)):
            shutil.rmtree(path, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
