"""Where answers go while the file that they belong in cannot be written: on real disks that are full or closed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from arc_solver.grids import as_grid
from arc_solver.submission import SubmissionFile, build, encode, largest_bytes, load, rescued_name, validate
from arc_solver.tasks import Challenges, MalformedTask, Task
from arc_solver.voting import Attempt, TaskAttempts

GRIDS = tuple(as_grid(np.full((30, 30), color)) for color in range(3))
CHALLENGES = Challenges((), (MalformedTask("bäd", "task bäd: is ill", GRIDS),), ("bäd",))
LARGE = build(CHALLENGES, {"bäd": TaskAttempts("bäd", ((Attempt(GRIDS[0], ""), Attempt(GRIDS[1], "")),) * 3)})
SMALL = build(CHALLENGES, {"bäd": TaskAttempts("bäd", ((Attempt(as_grid([[1]]), ""),) * 2,) * 3)})
KIB = 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this system lets us make no disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leave not a byte free."""
    with (disk / "others").open("ab", buffering=0) as file:
        while _takes_more(file):
            pass


def _takes_more(file: IO[bytes]) -> bool:
    try:
        return bool(file.write(b"x" * KIB))
    except OSError:
        return False


def test_no_submission_is_larger_than_the_room_that_is_kept_for_it() -> None:
    tasks = tuple(Task(f"{index:08x}", (), GRIDS[:1]) for index in range(50))
    challenges = Challenges(tasks, (), tuple(task.task_id for task in tasks))
    attempts = {task.task_id: TaskAttempts(task.task_id, ((Attempt(GRIDS[0], ""),) * 2,)) for task in tasks}
    assert len(encode(LARGE)) < largest_bytes(CHALLENGES)
    assert len(encode(build(challenges, attempts))) < largest_bytes(challenges) < 250 * KIB


def test_the_kept_room_carries_better_answers_onto_a_full_disk(disk: Path, tmp_path: Path) -> None:
    file = SubmissionFile(disk / "submission.json", largest_bytes(CHALLENGES), [tmp_path])
    file.write(SMALL)
    fill(disk)
    file.write(LARGE)
    assert (file.path, file.trouble) == (disk / "submission.json", "")
    assert load(disk / "submission.json") == LARGE
    file.close()
    assert {path.name for path in disk.iterdir()} == {"submission.json", "others"}


def test_without_room_the_answers_go_elsewhere_and_come_back(disk: Path, tmp_path: Path) -> None:
    wanted = disk / "submission.json"
    closed = tmp_path / "no such folder"
    file = SubmissionFile(wanted, 0, [closed, tmp_path])
    file.write(SMALL)
    fill(disk)
    file.write(LARGE)
    assert file.path == tmp_path / rescued_name(wanted)
    assert "No space left" in file.trouble
    assert validate(load(file.path), CHALLENGES) == []
    assert load(file.path) == LARGE
    assert load(wanted) == SMALL
    (disk / "others").unlink()
    file.write(LARGE)
    assert (file.path, file.trouble) == (wanted, "")
    assert load(wanted) == LARGE
    assert not (tmp_path / rescued_name(wanted)).exists()


def test_a_disk_that_was_full_from_the_start_leaves_the_second_place(disk: Path, tmp_path: Path) -> None:
    fill(disk)
    file = SubmissionFile(disk / "submission.json", largest_bytes(CHALLENGES), [tmp_path])
    file.write(SMALL)
    assert file.path == tmp_path / rescued_name(disk / "submission.json")
    assert {path.name for path in disk.iterdir()} == {"others"}


def test_where_nothing_can_be_written_that_is_told_and_nothing_raised(tmp_path: Path) -> None:
    file = SubmissionFile(tmp_path / "gone" / "submission.json", 0, [tmp_path / "gone too"])
    file.write(SMALL)
    assert file.path is None
    assert "No such file" in file.trouble
    (tmp_path / "gone").mkdir()
    file.write(SMALL)
    assert (file.path, file.trouble) == (tmp_path / "gone" / "submission.json", "")


def test_an_output_folder_that_vanishes_costs_no_answer(tmp_path: Path) -> None:
    wanted = tmp_path / "out" / "submission.json"
    wanted.parent.mkdir()
    file = SubmissionFile(wanted, KIB, [tmp_path])
    file.write(SMALL)
    shutil.rmtree(wanted.parent)
    file.write(LARGE)
    assert file.path == tmp_path / rescued_name(wanted)
    assert load(file.path) == LARGE


def test_room_of_a_process_that_is_no_more_is_given_back(tmp_path: Path) -> None:
    wanted = tmp_path / "submission.json"
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / f".submission.json.{dead.pid}.room").write_bytes(b"x")
    (tmp_path / ".submission.json.1.room").write_bytes(b"of one that lives")
    (tmp_path / ".submission.json.notes.room").write_bytes(b"not ours")
    file = SubmissionFile(wanted, KIB, [])
    file.write(SMALL)
    rooms = {path.name for path in tmp_path.glob(".*.room")}
    assert rooms == {f".submission.json.{os.getpid()}.room", ".submission.json.1.room", ".submission.json.notes.room"}
    file.close()


def test_second_places_have_a_name_for_each_wanted_file(tmp_path: Path) -> None:
    names = {rescued_name(tmp_path / folder / "submission.json") for folder in ("a", "b", "b")}
    assert len(names) == 2
    assert all(name.startswith("rescued-") and name.endswith("-submission.json") for name in names)


def test_where_there_is_no_second_place_the_wanted_one_still_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The working folder was removed, and every folder for temporary files is full."""

    def gone() -> str:
        raise FileNotFoundError("no such folder")

    monkeypatch.setattr("os.getcwd", gone)
    monkeypatch.setattr("tempfile.gettempdir", gone)
    file = SubmissionFile(tmp_path / "submission.json", KIB)
    file.write(SMALL)
    file.close()
    assert (file.path, file.trouble) == (tmp_path / "submission.json", "")
