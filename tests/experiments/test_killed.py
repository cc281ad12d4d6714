"""A sweep of real runs is killed with -9 in the middle, and goes on: nothing that was finished is done again, what was
half done keeps what it had found, and the figures are those of a sweep that nobody killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arc_solver.experiments.jobs import DONE
from arc_solver.journal import read

SWEEP = """
seeds = [0]
[measure]
challenges = "{challenges}"
solutions = "{solutions}"
metrics = ["pass_n", "vote_1"]
[run]
time_limit_s = 600
proposers = ["search"]
n_search_lanes = 1
[sweep]
run.search.max_programs = [300, 400]
"""
PATIENCE_S = 900.0


def command(folder: Path, out: str, what: str = "run", *flags: str) -> list[str]:
    program = "import sys; from arc_solver.cli import main; sys.argv[0] = 'arc-solver'; main()"
    return [sys.executable, "-c", program, "experiment", what, str(folder / "sweep.toml"), "--out", str(folder / out),
            *flags]  # fmt: skip


def wait_for(condition, process: subprocess.Popen[bytes]) -> None:
    """Wait for a condition, however slow the machine is; not for a process that has ended."""
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < end_s
        time.sleep(0.02)


def stamps(out: Path) -> dict[str, tuple[str, int]]:
    """Of every finished run: when its stamp was written."""
    return {path.parent.name: (path.read_text(), path.stat().st_mtime_ns) for path in out.glob(f"points/*/{DONE}")}


def processes_in(folder: Path) -> list[int]:
    """Processes of the sweep: they have a file open in its folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                targets = [os.readlink(link) for link in (entry / "fd").iterdir()]
            except OSError:
                continue
            if any(target.startswith(str(folder)) for target in targets):
                found.append(int(entry.name))
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="children die with their parent on Linux only")
def test_a_sweep_killed_in_the_middle_goes_on_where_it_was(tmp_path: Path, task_files: tuple[Path, Path]) -> None:
    challenges, solutions = task_files
    # Tasks that no program solves quickly, or a run would be over before it could be killed.
    tasks = json.loads(challenges.read_text())
    for index, task in enumerate(tasks.values()):
        for number, pair in enumerate(task["train"]):
            pair["output"] = [[(3 * index + 7 * number + 5 * i * j) % 10 for i in range(4)] for j in range(5)]
    challenges.write_text(json.dumps(tasks))
    (tmp_path / "sweep.toml").write_text(SWEEP.format(challenges=challenges, solutions=solutions))
    killed = tmp_path / "killed"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}

    def in_the_middle() -> bool:
        """One run is finished, and the next has finished a task."""
        if len(stamps(killed)) != 1:
            return False
        journals = [path for path in killed.glob("points/*/*.journal.jsonl") if path.parent.name not in stamps(killed)]
        return any(read(path).done for path in journals)

    process = subprocess.Popen(
        command(tmp_path, "killed", "run", "--jobs", "1"), stdout=subprocess.DEVNULL, env=environment
    )
    try:
        wait_for(in_the_middle, process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    end_s = time.monotonic() + PATIENCE_S
    while processes_in(killed):
        assert time.monotonic() < end_s, "the jobs outlive the sweep"
        time.sleep(0.05)
    before = stamps(killed)
    half = {path.parent.name: read(path).done for path in killed.glob("points/*/*.journal.jsonl")}
    (half_done,) = (done for name, done in half.items() if name not in before)
    assert half_done

    again = subprocess.run(
        command(tmp_path, "killed", "run", "--jobs", "1"), capture_output=True, text=True, env=environment, check=True
    )
    assert "2 jobs, 1 of them done" in again.stdout
    after = stamps(killed)
    assert len(after) == 2
    assert {name: after[name] for name in before} == before
    logs = [path.read_text() for path in killed.glob("points/*/log.txt")]
    assert sum(f"{len(half_done)} finished pieces of work" in log for log in logs) == 1
    # Of a run that was not taken up again there is one beginning in its log.
    assert sorted(log.count("answers: ") for log in logs) == [1, 2]

    subprocess.run(command(tmp_path, "unbroken"), check=True, stdout=subprocess.DEVNULL, env=environment)
    tables = [
        subprocess.run(command(tmp_path, out, "table"), capture_output=True, text=True, env=environment, check=True)
        for out in ("killed", "unbroken")
    ]
    rows = [[line for line in table.stdout.splitlines() if line.startswith("|")] for table in tables]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 4
