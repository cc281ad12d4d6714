"""Lanes that die, hang, get stuck or rave are ended and started again: real processes, under a real supervisor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from arc_solver.budget import MonotonicClock
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Scored
from arc_solver.config import RunConfig
from arc_solver.grids import as_grid
from arc_solver.journal import read
from arc_solver.lanes.process import LANE_COMMAND
from arc_solver.lanes.wire import Beat, LaneFault, ProposerDone, encode
from arc_solver.memory import Memory, MemoryWatch, Relief, held_by
from arc_solver.pipeline import RunFiles, RunResult, solve
from arc_solver.processes import descendants
from arc_solver.progress import Silent
from arc_solver.proposers.base import TaskDone, TaskStarted
from arc_solver.submission import load, validate
from arc_solver.tasks import Challenges
from arc_solver.watching import Patience

QUICK = Patience(silence_s=1.5, starting_s=60.0, stuck_s=60.0, factor=1.0, pause_s=0.1)

# A lane that works like the search, task by task, and comes upon something bad. `lives` counts its lives.
LANE = """
import json, os, signal, sys, threading, time
from arc_solver.candidates import Candidate, Origin, ProgramEvidence
from arc_solver.grids import as_grid
from arc_solver.lanes.beating import beat
from arc_solver.lanes.wire import *
from arc_solver.processes import die_with_parent, take_standard_output
from arc_solver.proposers.base import TaskDone, TaskStarted

die_with_parent()
write = take_standard_output()
say = lambda message: write(encode(message))
spec = decode_spec(sys.stdin.buffer.readline())
asked = [task.task_id for task in spec.tasks if ("search", task.task_id) not in spec.done]
with open({lives!r}, "a") as file:
    file.write(json.dumps(asked) + "\\n")
life = len(open({lives!r}).readlines())
beat(say)
for task_id in asked:
    say(TaskStarted(task_id, "search"))
    {bad}
    say(Candidate(task_id, {{0: as_grid([[7, 1, 7]])}}, Origin("search"), ProgramEvidence(task_id, 3, 3, 1.0)))
    say(TaskDone(task_id, "search"))
say(ProposerDone("search", 0.1))
"""


def run(
    challenges: Challenges, folder: Path, code: str, patience: Patience = QUICK, limit_s: float = 120.0
) -> RunResult:
    config = RunConfig(limit_s, ("search",), reserve_s=0.1, refresh_s=0.1, n_search_lanes=1, patience=patience)
    files = RunFiles(folder / "submission.json")
    result = solve(
        challenges, config, files, resume=False, clock=MonotonicClock(), progress=Silent(),
        lane_command=[sys.executable, "-c", code],
    )  # fmt: skip
    assert validate(load(files.submission), challenges) == []
    assert list(read(files.journal).faults) == [
        replace(fault, when_s=round(fault.when_s, 2)) for fault in result.faults
    ]
    return result


def lane(folder: Path, bad: str) -> str:
    return LANE.format(lives=str(folder / "lives"), bad=bad)


def lives(folder: Path) -> list[list[str]]:
    return [json.loads(line) for line in (folder / "lives").read_text().splitlines()]


def solved(result: RunResult) -> list[str]:
    return sorted(task_id for task_id, found in result.board.candidates.items() if found)


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "the lane of search died (signal 9)"),
        ("os._exit(1)", "the lane of search died (exit 1)"),
        ("os.kill(os.getpid(), signal.SIGSTOP)", "the lane of search hangs: no sign of life for "),
        ("write(b'nonsense\\n' * 200); time.sleep(600)", "the lane of search says only what cannot be read"),
    ],
)
def test_a_lane_goes_on_after_what_ended_it(flip_challenges: Challenges, tmp_path: Path, bad: str, what: str) -> None:
    code = lane(tmp_path, f"if life == 1 and task_id == 'task1': {bad}")
    result = run(flip_challenges, tmp_path, code)
    assert lives(tmp_path) == [["task0", "task1", "task2"], ["task2", "task1"]]
    assert solved(result) == ["task0", "task1", "task2"]
    first = next(iter(result.faults))
    assert (first.where, first.what_was_done) == ("search 0", "started again with 2 unfinished tasks")
    assert first.what.startswith(what)
    assert "search 0" in result.failures


def test_a_lane_that_takes_the_last_memory_is_ended_before_the_kernel_does_it(
    flip_challenges: Challenges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lanes hold is real, the machine on which it is too much is not."""

    others = set(descendants(os.getpid()))  # a browser of another test, say

    def small_machine() -> Memory:
        ours = [pid for pid in descendants(os.getpid()) if pid not in others]
        return Memory(max(0, (400 << 20) - held_by(ours)), 2 << 30)

    monkeypatch.setattr("arc_solver.memory.read_memory", small_machine)
    takes = "if life == 1 and task_id == 'task1': held = bytearray(b'x') * (200 << 20); time.sleep(600)"
    # A busy machine takes its time to hand out so much.
    result = run(flip_challenges, tmp_path, lane(tmp_path, takes), replace(QUICK, silence_s=60.0))
    assert lives(tmp_path) == [["task0", "task1", "task2"], ["task2", "task1"]]
    assert solved(result) == ["task0", "task1", "task2"]
    (fault,) = result.faults
    assert fault.what.startswith("the lane of search was ended: host memory was short (0.2 GiB left)")
    assert fault.what_was_done == "started again with 2 unfinished tasks"


def test_a_lane_that_may_not_return_is_left_out(
    flip_challenges: Challenges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relief = Relief("search 0", held_bytes=8 << 30, free_bytes=0, may_return=False)
    monkeypatch.setattr(MemoryWatch, "look", lambda self, now_s, held: relief if held() else None)
    result = run(flip_challenges, tmp_path, lane(tmp_path, "time.sleep(600)"))
    (fault,) = result.faults
    assert fault.what_was_done == "it is not started any more; what it found stays"
    assert "(8.0 GiB)" in fault.what


def test_a_task_that_ends_its_lane_twice_is_left_out_and_named(flip_challenges: Challenges, tmp_path: Path) -> None:
    result = run(flip_challenges, tmp_path, lane(tmp_path, "if task_id == 'task0': os._exit(9)"))
    assert lives(tmp_path) == [["task0", "task1", "task2"], ["task1", "task2", "task0"]]
    assert solved(result) == ["task1", "task2"]
    died, again, left_out = result.faults
    assert died.what == again.what == "the lane of search died (exit 9)"
    assert left_out.what == "task task0 was in hand both times that the lane died"
    assert left_out.what_was_done.startswith("it is left out")


def test_what_lives_and_does_nothing_is_stuck(flip_challenges: Challenges, tmp_path: Path) -> None:
    code = lane(tmp_path, "if life == 1 and task_id == 'task1': time.sleep(600)")
    result = run(flip_challenges, tmp_path, code, replace(QUICK, silence_s=60.0, stuck_s=1.5))
    assert solved(result) == ["task0", "task1", "task2"]
    assert next(iter(result.faults)).what.startswith("the lane of search is stuck: it lives but did nothing for ")


def test_a_slow_lane_that_shows_that_it_lives_is_left_alone(flip_challenges: Challenges, tmp_path: Path) -> None:
    code = lane(tmp_path, "if task_id == 'task1': time.sleep(6.0)")
    result = run(flip_challenges, tmp_path, code, replace(QUICK, silence_s=4.0))
    assert solved(result) == ["task0", "task1", "task2"]
    assert list(result.faults) == []
    assert len(lives(tmp_path)) == 1


def test_what_a_hanging_lane_had_said_is_read_before_it_is_ended(flip_challenges: Challenges, tmp_path: Path) -> None:
    found = Candidate("task0", {0: as_grid([[7, 1, 7]])}, Origin("search"), ProgramEvidence("one", 3, 3, 1.0))
    code = f"""
import os, sys, time
sys.stdin.buffer.readline()
sys.stdout.buffer.write({encode(Beat()) + encode(found)!r}); sys.stdout.flush()
time.sleep(600)
"""
    result = run(flip_challenges, tmp_path, code, replace(QUICK, max_deaths=1))
    assert solved(result) == ["task0"]
    (fault,) = result.faults
    assert fault.what_was_done == "given up after 1 times in a row: 3 tasks were not finished"


def test_what_does_not_belong_is_dropped_and_told(flip_challenges: Challenges, tmp_path: Path) -> None:
    grid = as_grid([[7, 1, 7]])
    program = ProgramEvidence("one", 3, 3, 1.0)
    strange = [
        Candidate("stranger", {0: grid}, Origin("search"), program),
        Candidate("task0", {5: grid}, Origin("search"), program),
        Candidate("task0", {}, Origin("search"), program),
        Candidate("task0", {0: grid}, Origin("transduction"), GridEvidence(-1.0, 3)),
        Scored("task0", 3, grid, -1.0, 2, "search"),
        TaskDone("task1", "transduction"),
    ]
    said = b"".join(map(encode, [*strange, LaneFault("sandbox", "a zygote was killed", "another took its place")]))
    code = f"import sys\nsys.stdin.readline()\nsys.stdout.buffer.write({said!r})"
    result = run(flip_challenges, tmp_path, code)
    assert solved(result) == []
    assert result.board.done == set()
    told, dropped = result.faults
    assert (told.where, told.what, told.what_was_done) == (
        "sandbox", "a zygote was killed", "another took its place",
    )  # fmt: skip
    assert dropped.what == "6 messages about what it was not asked were dropped"


def test_a_lane_whose_log_cannot_be_written_runs(flip_challenges: Challenges, tmp_path: Path) -> None:
    (tmp_path / "submission.log").mkdir()
    assert solved(run(flip_challenges, tmp_path, lane(tmp_path, "pass"))) == ["task0", "task1", "task2"]


def test_a_lane_that_cannot_be_started_costs_its_own_part(flip_challenges: Challenges, tmp_path: Path) -> None:
    config = RunConfig(60.0, ("search",), reserve_s=0.1, n_search_lanes=1, patience=QUICK)
    files = RunFiles(tmp_path / "submission.json")
    result = solve(
        flip_challenges, config, files, resume=False, clock=MonotonicClock(), progress=Silent(),
        lane_command=[str(tmp_path / "nowhere")],
    )  # fmt: skip
    assert [fault.what for fault in result.faults] == [
        "the lane of search cannot be started: No such file or directory"
    ] * 2
    assert validate(load(files.submission), flip_challenges) == []


def test_children_of_a_hanging_lane_go_with_it_whatever_their_session(
    flip_challenges: Challenges, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    bad = f"""
    if life == 1:
        if os.fork() == 0:
            os.setsid()
            with open({str(pids)!r}, "w") as file: file.write(str(os.getpid()))
            while True: time.sleep(1)
        while not os.path.exists({str(pids)!r}) or not open({str(pids)!r}).read(): time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGSTOP)
"""
    result = run(flip_challenges, tmp_path, lane(tmp_path, bad.strip()))
    assert solved(result) == ["task0", "task1", "task2"]
    pid = int(pids.read_text())
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        state = "Z"
    assert state == "Z" or pid == os.getpid()


def test_a_lane_that_is_through_is_not_started_again(flip_challenges: Challenges, tmp_path: Path) -> None:
    said = encode(TaskStarted("task0", "search")) + encode(ProposerDone("search", 0.1))
    code = f"import os, sys\nsys.stdin.readline()\nsys.stdout.buffer.write({said!r}); sys.stdout.flush()\nos._exit(4)"
    result = run(flip_challenges, tmp_path, code)
    (fault,) = result.faults
    assert fault.what_was_done == "nothing else was left to do"


def test_a_lane_that_is_still_being_read_from_the_disk_dies_with_its_parent(tmp_path: Path) -> None:
    slow = tmp_path / "slow" / "numpy"
    slow.mkdir(parents=True)
    reading = tmp_path / "reading"
    (slow / "__init__.py").write_text(f"import time\nopen({str(reading)!r}, 'w').close()\ntime.sleep(600)\n")
    code = f"import subprocess, time; print(subprocess.Popen({list(LANE_COMMAND)!r}).pid, flush=True); time.sleep(600)"
    paths = os.pathsep.join([str(slow.parent), str(Path(__file__).resolve().parents[2])])
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": paths}
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        while not reading.exists():
            time.sleep(0.02)
        parent.kill()
    while _runs(pid):
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
