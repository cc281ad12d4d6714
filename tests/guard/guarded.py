"""A guard and small supervisors that behave as a test says: real processes, no numpy, so that they are quick."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What a supervisor does before it misbehaves. Each life adds a line to `lives`: its pid and what it was told.
PROGRAM = """
import os, signal, subprocess, sys, time
sys.path.insert(0, {root!r})
from arc_solver import guard, overseeing
from arc_solver.faults import Fault
from arc_solver.oversight import current
from arc_solver.watching import Patience

overseeing.REPORT_S = {report_s}
it = guard.enter()
lives = {folder!r} + "/lives"
told = [os.getpid(), os.getppid(), int(it.resume), int(it.end_s is not None and time.monotonic() >= it.end_s)]
told += [int(it.interrupted), it.settled or "-",  "|".join(f"{{f.where}}:{{f.what}}" for f in it.earlier) or "-"]
with open(lives, "a") as file:
    file.write("\\t".join(map(str, told)) + "\\n")
life = len(open(lives).readlines())
patience = Patience(silence_s=2.0, starting_s=30.0, stuck_s=60.0, factor=1.0, pause_s=0.1, max_deaths=3, grace_s=1.0,
                    closing_s=5.0)
limit_s, tail_s = 60.0, 0.0
closing = bool(told[3])

def end(code=0):
    it.written()
    it.leave()
    sys.exit(code)

def run_on(seconds=600):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        it.step(found=True)
        time.sleep(0.05)

def child(code="import time; time.sleep(600)", session=True):
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=session)
    with open({folder!r} + "/children", "a") as file:
        file.write(f"{{process.pid}}\\n")

def begin():
    it.limit(it.began_s + limit_s, patience, tail_s)
    it.settle({{"seed": 3}})
    it.begin()

{body}
"""


@dataclass(frozen=True, slots=True)
class Life:
    """What a supervisor was, and was told."""

    pid: int
    guard: int
    resume: bool
    closing: bool
    interrupted: bool
    settled: str
    faults: str


@dataclass(slots=True)
class Room:
    """Starts programs under a guard in one folder."""

    folder: Path
    process: subprocess.Popen[str] | None = None

    def start(self, body: str, *arguments: str, report_s: float = 60.0, **environment: str) -> subprocess.Popen[str]:
        program = self.folder / "program.py"
        program.write_text(PROGRAM.format(root=str(ROOT), folder=str(self.folder), body=body, report_s=report_s))
        self.process = subprocess.Popen(
            [sys.executable, str(program), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | environment,
        )
        return self.process

    def run(self, body: str, report_s: float = 60.0) -> tuple[int, str]:
        said, _ = self.start(body, report_s=report_s).communicate()
        assert self.process is not None
        return self.process.returncode, said

    def finish(self) -> tuple[int, str]:
        assert self.process is not None
        said, _ = self.process.communicate()
        return self.process.returncode, said

    def lives(self) -> list[Life]:
        try:
            lines = [line.split("\t") for line in (self.folder / "lives").read_text().splitlines()]
        except FileNotFoundError:
            return []
        return [
            Life(int(pid), int(guard), resume == "1", closing == "1", interrupted == "1", settled, faults)
            for pid, guard, resume, closing, interrupted, settled, faults in lines
        ]

    def children(self) -> list[int]:
        try:
            return [int(line) for line in (self.folder / "children").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def wait_until(self, condition: Callable[[], object]) -> None:
        while not condition():
            assert self.process is not None
            assert self.process.poll() is None, self.process.communicate()[0]
            time.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
