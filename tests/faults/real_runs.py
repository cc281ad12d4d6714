"""Real runs to be broken: `make_submission.py` in a process of its own on small made-up tasks, its processes found by
what they are, and what must hold of it in the end whatever happened.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from arc_solver.datasets import load_challenges
from arc_solver.journal import JournalContents, read
from arc_solver.knowing import END_GRACE_S
from arc_solver.overseeing import LAST_WAIT_S
from arc_solver.processes import descendants
from arc_solver.submission import load, validate
from arc_solver.tasks import Challenges

ROOT = Path(__file__).resolve().parents[2]
INJECT = Path(__file__).resolve().with_name("inject")
N_TASKS = 6
LIMIT_S = 600
LATE_S = END_GRACE_S + LAST_WAIT_S + 5.0
"""What is allowed beyond the time limit: what the guard allows, and some for a busy machine to run the guard at all."""

_MARKS = {
    "lane": "paced_lane.py",
    "zygote": "arc_solver.sandbox.zygote",
    "engine": "scripted_engine.py",
}
SETTINGS = """
preset = "cpu"
n_search_lanes = {n_lanes}
refresh_s = 0.3
[patience]
silence_s = {silence_s}
starting_s = 60.0
factor = 4.0
pause_s = 0.1
[induction]
n_samples = 4
wave_size = 4
repair_rounds = 0
execute_batch = 1
"""


def rule(grid: np.ndarray) -> np.ndarray:
    """What every task asks for; no fall-back comes upon it."""
    return 9 - grid[::-1]


def write_challenges(path: Path, n_tasks: int) -> None:
    rng = np.random.default_rng(5)
    challenges = {}
    for index in range(n_tasks):
        grids = [rng.integers(0, 10, rng.integers(3, 9, 2)) for _ in range(4)]
        pairs = [{"input": grid.tolist(), "output": rule(grid).tolist()} for grid in grids]
        challenges[f"task{index}"] = {"train": pairs[:3], "test": [{"input": pairs[3]["input"]}]}
    path.write_text(json.dumps(challenges))


def wait_for(condition: Callable[[], Any], what: str, timeout_s: float = 300.0) -> Any:
    """What the condition gives as soon as it gives something."""
    end_s = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < end_s, f"waited in vain for {what}"
        time.sleep(0.02)
    return found


@dataclass(slots=True)
class RealRun:
    """One run, from its start to its end.

    Args:
        folder: Where signs, logs and the tasks are.
        output: The submission; beside it the journal.
        proposers: What runs.
        environment: Faults that are there from the start (`inject/sitecustomize.py`).
        flags: More flags.
        popen: How the process is started, as `subprocess.Popen` takes it.
        limit_s: Its time limit.
        n_tasks: How many tasks it gets.
        n_lanes: How many lanes search.
        silence_s: Shorter silence of a process is never too long.
        said: Where what it says is kept; None for a file in `folder`.
        through_a_pipe: Whether it writes that itself, or somebody else does it.
    """

    folder: Path
    output: Path
    proposers: str = "search"
    environment: dict[str, str] = field(default_factory=dict)
    flags: Sequence[str] = ()
    popen: dict[str, Any] = field(default_factory=dict)
    limit_s: float = LIMIT_S
    n_tasks: int = N_TASKS
    n_lanes: int = 1
    silence_s: float = 8.0
    said: Path | None = None
    through_a_pipe: bool = False
    pens: list[subprocess.Popen[bytes]] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None
    started_s: float = 0.0
    seen: set[int] = field(default_factory=set)
    text: str = ""

    @property
    def journal(self) -> Path:
        return self.output.with_name(f"{self.output.stem}.journal.jsonl")

    def start(self, *flags: str) -> RealRun:
        """Start it and come back at once."""
        if not (self.folder / "challenges.json").exists():
            write_challenges(self.folder / "challenges.json", self.n_tasks)
        (self.folder / "settings.toml").write_text(SETTINGS.format(n_lanes=self.n_lanes, silence_s=self.silence_s))
        command = [
            sys.executable, str(ROOT / "make_submission.py"), "--challenges", str(self.folder / "challenges.json"),
            "--output", str(self.output), "--preset", str(self.folder / "settings.toml"), "--time-limit",
            str(self.limit_s), "--proposers", self.proposers, "--json", str(self.folder / "run.json"),
            *self.flags, *flags,
        ]  # fmt: skip
        environment = os.environ | {
            "PYTHONPATH": str(INJECT),
            "FAULTS_FOLDER": str(self.folder),
            "FAULTS_LANE": str(INJECT / "paced_lane.py"),
            "OMP_NUM_THREADS": "1",
        }
        self.started_s = time.monotonic()
        self.said = self.said or self.folder / "said"
        with self.said.open("a") as said:
            # Not straight into the file where the run's own files are limited.
            pen = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=said) if self.through_a_pipe else None
            self.process = subprocess.Popen(
                command, stdout=pen.stdin if pen else said, stderr=subprocess.STDOUT, text=True,
                env=environment | self.environment, start_new_session=True, **self.popen,
            )  # fmt: skip
            if pen is not None and pen.stdin is not None:
                pen.stdin.close()
                self.pens.append(pen)
        return self

    # -- its processes -------------------------------------------------------------------------------------------------

    def pids_of(self, part: str) -> list[int]:
        """The processes that are this part now, oldest first."""
        assert self.process is not None
        below = [pid for pid in descendants(self.process.pid) if _runs(pid)]
        self.seen.update(below)
        lanes = [pid for pid in below if _MARKS["lane"] in _command(pid)]
        if part == "supervisor":
            return sorted({_parent(pid) for pid in lanes})
        return sorted(pid for pid in below if _MARKS[part] in _command(pid))

    def pid_of(self, part: str) -> int:
        """One of them, as soon as it is there."""
        found: list[int] = wait_for(lambda: self.pids_of(part), f"a {part}")
        return found[0]

    # -- what it found -------------------------------------------------------------------------------------------------

    def contents(self) -> JournalContents:
        return read(self.journal) if self.journal.exists() else JournalContents()

    def solved(self) -> set[str]:
        """Tasks for which the journal has a program that fits."""
        return {candidate.task_id for candidate in self.contents().candidates}

    def wait_until_half_done(self, n_solved: int = N_TASKS // 2) -> JournalContents:
        """What the journal holds when the first half is found and the rest waits, and stands in the submission."""
        try:
            wait_for(lambda: len(self.solved()) >= n_solved or self.ended(), "the first half")
            wait_for(lambda: self.ended() or self.solved() <= self.answered(), "the submission to hold the first half")
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.report()}") from None
        assert not self.ended(), self.report()
        return self.contents()

    def answered(self, path: Path | None = None) -> set[str]:
        """Tasks that the submission answers right."""
        answers, challenges = load(path or self.output), self.challenges()
        tasks = challenges.by_id()
        return {
            task_id
            for task_id, (attempts,) in answers.items()
            if rule(np.asarray(tasks[task_id].test_inputs[0])).tolist() in attempts.values()
        }

    def challenges(self) -> Challenges:
        return load_challenges(self.folder / "challenges.json")

    def go_on(self) -> None:
        """Let it do what is left."""
        (self.folder / "go").touch()

    # -- its end -------------------------------------------------------------------------------------------------------

    def finish(self) -> int:
        """Wait for its end, which is due, and give its exit status."""
        assert self.process is not None
        left_s = self.started_s + self.limit_s + LATE_S - time.monotonic()
        try:
            status = self.process.wait(timeout=left_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running {LATE_S}s after its time limit:\n{self.report()}") from None
        wait_for(lambda: not self.leftovers(), f"its processes to be gone, {self.leftovers()} run")
        for pen in self.pens:
            pen.wait()
        return status

    def leftovers(self) -> list[int]:
        """Processes of the run that still run: they have its folder in their environment, or are zygotes that were
        seen below it.
        """
        mark = f"FAULTS_FOLDER={self.folder}\0".encode()
        zygotes = {pid for pid in self.seen if _MARKS["zygote"] in _command(pid)}
        return [pid for pid in _all_pids() if (mark in _environ(pid) or pid in zygotes) and _runs(pid)]

    def stop(self) -> None:
        """End what is left of it, after a test that failed."""
        for pid in self.leftovers():
            os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def report(self) -> str:
        """All that it said."""
        log = self.output.with_name(f"{self.output.stem}.log")
        more = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        said = self.said.read_text(errors="replace") if self.said and self.said.exists() else ""
        return said + more

    def figures(self) -> dict[str, Any]:
        """What `--json` says."""
        found: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return found

    def faults(self) -> list[dict[str, Any]]:
        """What broke, as the figures say."""
        found: list[dict[str, Any]] = self.figures()["faults"]
        return found

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None


def check_nothing_lost(run: RealRun, before: JournalContents, answers: Path | None = None) -> None:
    """The submission is valid and holds every answer that the journal had; the journal lost nothing."""
    assert validate(load(answers or run.output), run.challenges()) == []
    found = {candidate.task_id for candidate in before.candidates}
    assert found <= run.answered(answers), run.report()
    after = run.contents()
    known = [candidate.to_json() for candidate in after.candidates]
    assert all(candidate.to_json() in known for candidate in before.candidates)
    assert before.done <= after.done


def check_told(run: RealRun, pattern: str, *, in_figures: bool = True) -> None:
    """The end of what people see names the fault, and so do the figures for programs."""
    lines = [line for line in run.report().splitlines() if re.search(pattern, line)]
    assert lines, f"no line names {pattern!r}:\n{run.report()}"
    if in_figures:
        assert any(line.startswith("fault after ") for line in lines), lines
        texts = [f"{fault['where']}: {fault['what']}; {fault['what_was_done']}" for fault in run.faults()]
        assert any(re.search(pattern, text) for text in texts), texts


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _command(pid: int) -> str:
    return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")


def _environ(pid: int) -> bytes:
    return _read(pid, "environ") + b"\0"


def _stat(pid: int) -> list[bytes]:
    return _read(pid, "stat").rpartition(b")")[2].split() or [b"Z", b"0"]


def _runs(pid: int) -> bool:
    return _stat(pid)[0] not in (b"Z", b"X")


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])
