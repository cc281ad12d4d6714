"""Resolution, download and closure, with real pip on a folder of fake wheels: no network."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arc_solver.errors import InputError
from arc_solver.finetune.manifest import hash_file
from arc_solver.packaging.closure import Closure, find_gaps
from arc_solver.packaging.downloading import batches, fetch, in_cache
from arc_solver.packaging.images import Target, load_target
from arc_solver.packaging.pip_process import Machine, answer_of
from arc_solver.packaging.resolution import (
    Wheel,
    cached_lock,
    fingerprint,
    normalised,
    read_lock,
    resolve,
    write_lock,
)
from arc_solver.packaging.wheel import build_wheel

MACHINE = Machine("3.12", "2.35")
PRESENT = {"torch": "2.10.0+cu128", "numpy": "2.0.2"}
NEEDED = {"fakevllm", "middle", "deep", "newer", "linuxish", "extra-of-deep"}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    return build_wheel(folder)


def listed(folder: Path) -> tuple[Wheel, ...]:
    """A lock of all wheels of a folder but numpy."""
    wheels = []
    for path in sorted(folder.glob("*.whl")):
        name, version = path.name.split("-")[:2]
        record = hash_file(path)
        wheels.append(Wheel(normalised(name), version, path.name, record.sha256, record.n_bytes))
    return tuple(wheel for wheel in wheels if wheel.name != "numpy")


def test_resolution_leaves_out_what_the_image_has_and_takes_what_the_target_needs(
    index: Path, target: Target, own: Path
) -> None:
    wheels = resolve(target, own)
    assert {wheel.name for wheel in wheels} == NEEDED
    assert all(wheel.sha256 and wheel.n_bytes for wheel in wheels)


def test_what_cannot_be_found_is_named(index: Path, target: Target, own: Path) -> None:
    next(index.glob("middle-*")).unlink()
    with pytest.raises(InputError, match=r"middle>=1 \(from fakevllm\)"):
        resolve(target, own)


def test_a_conflict_with_the_image_is_told(
    index: Path, target: Target, own: Path, fake_wheel: Callable[..., Path]
) -> None:
    fake_wheel(index, "middle", requires=["numpy>=2.1"])
    with pytest.raises(InputError, match=r"middle 1\.0 depends on numpy>=2\.1.*numpy==2\.0\.2"):
        resolve(target, own)


def test_the_closure_holds_until_a_wheel_is_removed_which_is_then_named(index: Path, tmp_path: Path) -> None:
    """What pip is configured to look at elsewhere does not count: there, everything is."""
    wheels = tmp_path / "wheels"
    shutil.copytree(index, wheels)
    next(wheels.glob("numpy*")).unlink()
    closure = Closure(MACHINE, [PRESENT], ["fakevllm==1.0"])
    assert find_gaps(closure, [wheels]) == ""
    for name, asker in (("extra_of_deep", r"deep\[more\]"), ("newer", "fakevllm"), ("linuxish", "fakevllm")):
        path = next(wheels.glob(f"{name}-*"))
        content = path.read_bytes()
        path.unlink()
        assert re.fullmatch(rf"{name}, which {asker} needs, is missing", find_gaps(closure, [wheels]))
        path.write_bytes(content)


def test_a_wheel_for_another_platform_or_python_does_not_count(
    index: Path, tmp_path: Path, fake_wheel: Callable[..., Path]
) -> None:
    wheels = tmp_path / "wheels"
    shutil.copytree(index, wheels)
    (wheels / "newer-1.0-py3-none-any.whl").unlink()
    for tag in ("cp311-cp311-manylinux_2_17_x86_64", "py3-none-manylinux_2_39_x86_64", "py3-none-macosx_11_0_arm64"):
        fake_wheel(wheels, "newer", tag=tag)
    assert find_gaps(Closure(MACHINE, [PRESENT], ["fakevllm==1.0"]), [wheels]).startswith("newer, which fakevllm needs")
    fake_wheel(wheels, "newer", tag="cp312-abi3-manylinux_2_34_x86_64")
    assert find_gaps(Closure(MACHINE, [PRESENT], ["fakevllm==1.0"]), [wheels]) == ""


def test_every_variant_of_the_image_is_checked(tmp_path: Path, fake_wheel: Callable[..., Path]) -> None:
    """A wheel that suits the oldest packages of the image but not its newest."""
    wheels = tmp_path / "wheels"
    fake_wheel(wheels, "asks", requires=["click<8.2"])
    assert "click<8.2" in find_gaps(Closure(MACHINE, [{"click": "8.1.8"}, {"click": "8.4.1"}], ["asks"]), [wheels])


def test_conditions_are_those_of_the_target_not_of_this_python(tmp_path: Path, fake_wheel: Callable[..., Path]) -> None:
    wheels = tmp_path / "wheels"
    fake_wheel(wheels, "asks", requires=['old; python_version < "3.10"', 'new; python_version >= "3.30"'])
    for python, missing in (("3.9", "old"), ("3.30", "new")):
        gap = find_gaps(Closure(Machine(python, "2.35"), [{}], ["asks"]), [wheels])
        assert gap.partition(",")[0] == missing


def test_downloads_are_kept_and_damaged_ones_fetched_again(
    index: Path, target: Target, tmp_path: Path, quiet: Any
) -> None:
    cache = tmp_path / "cache"
    wheels = fetch(listed(index), target, cache, quiet)
    assert wheels == listed(index)
    assert quiet.moves[-1] == (len(NEEDED), sum(wheel.n_bytes for wheel in wheels))
    damaged = cache / wheels[0].file
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    kept = cache / wheels[1].file
    before = kept.stat().st_mtime_ns
    assert set(in_cache(wheels, cache)) == {wheel.file for wheel in wheels[1:]}
    assert fetch(wheels, target, cache, quiet) == wheels
    assert kept.stat().st_mtime_ns == before
    assert sorted(path.name for path in cache.iterdir()) == sorted(wheel.file for wheel in wheels)


def test_a_wheel_that_is_not_what_the_lock_says_is_refused(
    index: Path, target: Target, tmp_path: Path, quiet: Any, fake_wheel: Callable[..., Path]
) -> None:
    wheels = listed(index)
    fake_wheel(index, "newer", requires=["something; python_version < '3'"])
    with pytest.raises(InputError, match=r"newer==1\.0: the index has other bytes"):
        fetch(wheels, target, tmp_path / "cache", quiet)
    assert not list((tmp_path / "cache").glob("newer*"))


def test_a_killed_download_goes_on_where_it_was(index: Path, target: Target, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    lock = tmp_path / "lock.json"
    wheels = listed(index)
    write_lock(target, (), wheels, lock)
    code = textwrap.dedent(f"""
        import json, sys
        from pathlib import Path
        from arc_solver.packaging.downloading import fetch
        from arc_solver.packaging.images import load_target
        from arc_solver.packaging.resolution import Wheel
        class Quiet:
            def moved(self, n_files, n_bytes): print(n_files, flush=True)
        wheels = [Wheel(**item) for item in json.loads(Path({str(lock)!r}).read_text())["wheels"]]
        target = load_target("t4x2", "overlay", {str(tmp_path / "image.toml")!r})
        fetch(wheels, target, Path({str(cache)!r}), Quiet(), batch_files=2)
    """)
    first = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert first.stdout is not None
    for line in first.stdout:
        if int(line) >= 2:
            break
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    first.stdout.close()
    kept = {name: (cache / name).stat().st_mtime_ns for name in in_cache(wheels, cache)}
    assert 2 <= len(kept) < len(wheels)
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert {name: (cache / name).stat().st_mtime_ns for name in kept} == kept
    assert sorted(path.name for path in cache.iterdir()) == sorted(wheel.file for wheel in wheels)


def test_what_another_build_fetches_right_now_is_left_alone(target: Target, tmp_path: Path, quiet: Any) -> None:
    cache = tmp_path / "cache"
    mine, dead = cache / f"incoming-{os.getpid()}-x", cache / "incoming-999999999-x"
    mine.mkdir(parents=True)
    dead.mkdir()
    fetch((), target, cache, quiet)
    assert mine.is_dir()
    assert not dead.exists()


def test_a_lock_is_used_for_the_same_target_only(target: Target, tmp_path: Path) -> None:
    own = ("numpy>=2.0",)
    wheels = (Wheel("a", "1.0", "a-1.0-py3-none-any.whl", "0" * 64, 7),)
    path = cached_lock(target, own, tmp_path)
    write_lock(target, own, wheels, path)
    assert read_lock(target, own, tmp_path) == wheels
    assert read_lock(target, ("numpy>=2.1",), tmp_path) is None
    assert fingerprint(target, own) != fingerprint(load_target("cpu", "full"), own)


def test_batches_are_small_in_files_and_bytes_and_never_mix_checked_with_unchecked() -> None:
    wheels = [Wheel(f"w{number}", "1", f"w{number}.whl", "0" * 64, 40_000_000) for number in range(3)]
    wheels += [Wheel(f"u{number}", "1", f"u{number}.whl") for number in range(5)]
    groups = list(batches(wheels, 2))
    assert [wheel for group in groups for wheel in group] == wheels
    assert [len(group) for group in groups] == [1, 1, 1, 2, 2, 1]


def test_a_failure_of_pip_is_one_line() -> None:
    words = "Looking in links\nERROR: no such thing\nERROR: ResolutionImpossible: for help visit somewhere\n"
    assert answer_of(1, words).reason == "no such thing"
    assert answer_of(0, words).good
    lost = (
        "WARNING: Retrying after connection broken by 'NewConnectionError(...)'\nERROR: No matching distribution found"
    )
    assert "cannot be reached" in answer_of(1, lost).reason
