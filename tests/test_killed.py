"""kill -9 at random moments: the file is valid each time, and the end is that of an unbroken run; with `--resume` where
all of a run was killed, by itself where its guard lives.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from arc_solver.datasets import load_challenges
from arc_solver.journal import read
from arc_solver.submission import load, validate

ROOT = Path(__file__).resolve().parents[1]
N_KILLS = int(os.environ.get("ARC_SOLVER_N_KILLS", "4"))


def command(folder: Path, output: str, *flags: str) -> list[str]:
    return [
        sys.executable, str(ROOT / "make_submission.py"), "--challenges", str(folder / "challenges.json"),
        "--output", str(folder / output), "--proposers", "search", "--time-limit", "5m", *flags,
    ]  # fmt: skip


def write_challenges(folder: Path, n_tasks: int) -> None:
    """Tasks with some for the search to do: the larger grid's mirror image under a small change of colour."""
    rng = np.random.default_rng(5)
    challenges = {}
    for index in range(n_tasks):
        grids = [rng.integers(0, 10, rng.integers(3, 9, 2)) for _ in range(4)]
        pairs = [{"input": grid.tolist(), "output": ((grid[::-1] + index) % 10).tolist()} for grid in grids]
        challenges[f"task{index}"] = {"train": pairs[:3], "test": [{"input": pairs[3]["input"]}]}
    (folder / "challenges.json").write_text(json.dumps(challenges))


def supervisor_of(guard: int) -> int | None:
    """The only child of a guard, if it has one now."""
    try:
        children = Path(f"/proc/{guard}/task/{guard}/children").read_text().split()
    except FileNotFoundError:
        return None
    return int(children[0]) if len(children) == 1 else None


def kill_living(pid: int) -> bool:
    """Kill it, and whether there was something to kill: one that has ended stays listed until it is buried."""
    os.kill(pid, signal.SIGSTOP)
    while (state := _state(pid)) not in "TZX":
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    return state == "T"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def lanes_of(folder: Path) -> list[int]:
    """Processes whose command or open log belongs to runs in `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            targets = [os.readlink(link) for link in (entry / "fd").iterdir()]
        except OSError:
            continue
        if any(target.startswith(str(folder)) for target in targets):
            found.append(int(entry.name))
    return found


def test_killed_at_random_moments(tmp_path: Path) -> None:
    write_challenges(tmp_path, 6)
    challenges = load_challenges(tmp_path / "challenges.json")
    rng = np.random.default_rng(11)
    n_done = 0
    for kill in range(N_KILLS):
        process = subprocess.Popen(
            command(tmp_path, "submission.json", *(["--resume"] if kill else [])),
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        while not (tmp_path / "submission.json").exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(float(rng.uniform(0.0, 4.0)))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert validate(load(tmp_path / "submission.json"), challenges) == []
        # Killed as soon as its first file stood, a run may not have come to its journal.
        journal = tmp_path / "submission.journal.jsonl"
        n_before, n_done = n_done, len(read(journal).done) if journal.exists() else 0
        assert n_done >= n_before
        for _ in range(100):
            if not lanes_of(tmp_path):
                break
            time.sleep(0.05)
        assert lanes_of(tmp_path) == []
    subprocess.run(command(tmp_path, "submission.json", "--resume"), check=True, stdout=subprocess.DEVNULL)
    subprocess.run(command(tmp_path, "unbroken.json"), check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / "submission.json").read_bytes() == (tmp_path / "unbroken.json").read_bytes()


def test_a_supervisor_killed_at_random_moments_has_successors(tmp_path: Path) -> None:
    write_challenges(tmp_path, 4)
    preset = tmp_path / "quick.toml"
    preset.write_text('preset = "cpu"\n[patience]\npause_s = 0.05\nmax_deaths = 1000\n')
    flags = ["--preset", str(preset), "--time-limit", f"{20 + N_KILLS}m"]  # a killed run does its task again
    rng = np.random.default_rng(12)
    run = subprocess.Popen(
        command(tmp_path, "submission.json", *flags, "--json", str(tmp_path / "run.json")),
        stdout=subprocess.PIPE,
        text=True,
    )
    journal = tmp_path / "submission.journal.jsonl"
    n_killed = n_lines = 0
    while n_killed < N_KILLS:
        # From its first line on the journal is the run's.
        while not journal.exists() or not journal.stat().st_size:
            assert run.poll() is None
            time.sleep(0.01)
        time.sleep(float(rng.uniform(0.0, 6.0)))
        supervisor = supervisor_of(run.pid)
        if run.poll() is not None:
            break
        if supervisor is not None and kill_living(supervisor):
            n_killed += 1
            assert validate(load(tmp_path / "submission.json"), load_challenges(tmp_path / "challenges.json")) == []
            n_before, n_lines = n_lines, journal.read_bytes().count(b"\n")
            assert n_lines >= n_before, "nothing that was found is lost"
    said, _ = run.communicate()
    assert run.returncode == 0, said
    figures = json.loads((tmp_path / "run.json").read_text())
    killed = [fault for fault in figures["faults"] if fault["where"] == "supervisor"]
    assert [fault["what"] for fault in killed] == ["was killed by signal 9"] * n_killed
    assert said.count("the supervisor was killed by signal 9") == n_killed
    subprocess.run(command(tmp_path, "unbroken.json", *flags), check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / "submission.json").read_bytes() == (tmp_path / "unbroken.json").read_bytes()
    assert lanes_of(tmp_path) == []
