"""A run leaves a valid submission whatever its lanes do: real processes, scripted to be bad."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from arc_solver.budget import MonotonicClock
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence
from arc_solver.config import RunConfig
from arc_solver.errors import InputError
from arc_solver.grids import as_grid
from arc_solver.journal import earlier_path
from arc_solver.lanes.process import LaneProcess
from arc_solver.lanes.wire import ProposerDone, ProposerFailed, encode
from arc_solver.oversight import Supervised
from arc_solver.pipeline import RunFiles, RunResult, plan_lanes, run_key, solve, tail_s
from arc_solver.progress import Silent, Status
from arc_solver.proposers.base import TaskDone
from arc_solver.submission import load, validate
from arc_solver.tasks import Challenges, MalformedTask, Task
from arc_solver.watching import Patience


def lane(code: str) -> list[str]:
    """A lane that runs this code after reading its spec."""
    return [sys.executable, "-c", f"import os, sys, time, signal\nspec = sys.stdin.buffer.read()\n{code}"]


def saying(*lines: bytes, then: str = "") -> list[str]:
    return lane(f"sys.stdout.buffer.write({b''.join(lines)!r}); sys.stdout.flush()\n{then}")


# A lane that died is not started again.
ONCE = Patience(max_deaths=1)

# No fall-back comes upon this by itself.
ANSWER = as_grid([[7, 1, 7, 2, 7, 3, 7, 4, 7, 5, 7, 6, 7]])


def right_answer(task: Task) -> Candidate:
    evidence = ProgramEvidence("def task(grid):\n    return rule(grid)\n", len(task.train), len(task.train), 1.0)
    return Candidate(task.task_id, {0: ANSWER}, Origin("search"), evidence)


def run(
    challenges: Challenges,
    folder: Path,
    command: list[str],
    *,
    limit_s: float = 20.0,
    resume: bool = False,
    patience: Patience = ONCE,
) -> tuple[RunResult, dict[str, list[dict[str, list[list[int]]]]]]:
    config = RunConfig(
        limit_s, proposers=("search",), reserve_s=0.1, refresh_s=0.1, n_search_lanes=1, patience=patience
    )
    files = RunFiles(folder / "submission.json")
    result = solve(
        challenges,
        config,
        files,
        resume=resume,
        clock=MonotonicClock(),
        progress=Silent(),
        lane_command=command,
    )
    answers = load(files.submission)
    assert validate(answers, challenges) == []
    return result, answers


def answered(answers: dict, task: Task) -> bool:
    return bool(np.array_equal(answers[task.task_id][0]["attempt_1"], ANSWER))


def test_what_a_lane_says_becomes_the_answer(flip_challenges: Challenges, tmp_path: Path) -> None:
    first, second, third = flip_challenges.tasks
    command = saying(encode(right_answer(first)), encode(right_answer(third)), encode(ProposerDone("search", 0.5)))
    result, answers = run(flip_challenges, tmp_path, command)
    assert answered(answers, first)
    assert answered(answers, third)
    assert not answered(answers, second)
    assert result.failures == {}
    assert result.proposer_seconds == {"search": 0.5}


def test_answers_before_a_crash_stay_and_the_crash_is_named(flip_challenges: Challenges, tmp_path: Path) -> None:
    for ending, how in (("os._exit(3)", "exit 3"), ("os.kill(os.getpid(), signal.SIGSEGV)", "signal 11")):
        command = saying(encode(right_answer(flip_challenges.tasks[1])), then=ending)
        result, answers = run(flip_challenges, tmp_path, command)
        assert answered(answers, flip_challenges.tasks[1])
        assert how in result.failures["search 0"]


def test_a_lane_that_hangs_is_killed_with_all_its_children_at_the_deadline(
    flip_challenges: Challenges, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    hang = f"""
child = os.fork()
with open({str(pids)!r}, "a") as file: file.write(str(os.getpid()) + "\\n")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True: time.sleep(1)
"""
    command = saying(encode(right_answer(flip_challenges.tasks[0])), then=hang)
    _, answers = run(flip_challenges, tmp_path, command, limit_s=2.0)
    assert answered(answers, flip_challenges.tasks[0])
    found = [int(line) for line in pids.read_text().split()]
    assert len(found) == 2
    for _ in range(50):
        if not any(_runs(pid) for pid in found):
            break
        time.sleep(0.1)
    assert not any(_runs(pid) for pid in found)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("said", [(ProposerDone("search", 0.5),), ()])
def test_a_lane_that_said_all_may_take_its_time_to_leave(
    flip_challenges: Challenges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: tuple[ProposerDone, ...]
) -> None:
    monkeypatch.setattr("arc_solver.lanes.process._PARTING_S", 0.1)
    command = saying(*map(encode, said), then="os.close(1); time.sleep(600)")
    result, _ = run(flip_challenges, tmp_path, command)
    assert result.failures == ({} if said else {"search 0": "the lane of search died (hangs at its end)"})


def test_garbage_on_the_channel_is_dropped_and_reported(flip_challenges: Challenges, tmp_path: Path) -> None:
    command = saying(b"\xff\xfe not a message\n", encode(right_answer(flip_challenges.tasks[2])), b'{"say":"candid')
    result, answers = run(flip_challenges, tmp_path, command)
    assert answered(answers, flip_challenges.tasks[2])
    assert "1 unreadable" in result.failures["search 0"]


def test_a_candidate_for_another_file_s_task_is_ignored(flip_challenges: Challenges, tmp_path: Path) -> None:
    stranger = Candidate("stranger", {0: as_grid([[1]])}, Origin("search"), GridEvidence(-1.0, 3))
    result, answers = run(flip_challenges, tmp_path, saying(encode(stranger)))
    assert "stranger" not in answers
    assert result.board.n_candidates().total() == 0


def test_a_proposer_s_failure_is_told(flip_challenges: Challenges, tmp_path: Path) -> None:
    result, _ = run(flip_challenges, tmp_path, saying(encode(ProposerFailed("search", "no luck"))))
    assert result.failures == {"search": "no luck"}


def test_a_lane_that_never_starts_costs_only_its_share(flip_challenges: Challenges, tmp_path: Path) -> None:
    result, _ = run(flip_challenges, tmp_path, [sys.executable, "-c", "raise SystemExit('broken install')"])
    assert "exit 1" in result.failures["search 0"]
    assert "broken install" in (tmp_path / "submission.log").read_text()


def test_a_valid_file_stands_before_the_first_lane_speaks(flip_challenges: Challenges, tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    copy = f"import shutil; shutil.copy({str(tmp_path / 'submission.json')!r}, {str(seen)!r})"
    run(flip_challenges, tmp_path, lane(copy))
    assert validate(json.loads(seen.read_text()), flip_challenges) == []


def test_malformed_tasks_get_well_formed_answers(flip_challenges: Challenges, tmp_path: Path) -> None:
    broken = MalformedTask("broken", "task broken: no training pairs", (None, as_grid([[1, 2]])))
    challenges = Challenges(flip_challenges.tasks, (broken,), ("broken", *flip_challenges.order))
    _, with_it = run(challenges, tmp_path, saying(encode(right_answer(flip_challenges.tasks[0]))))
    assert len(with_it.pop("broken")) == 2
    _, without = run(flip_challenges, tmp_path, saying(encode(right_answer(flip_challenges.tasks[0]))))
    assert with_it == without


def test_resume_takes_over_what_was_found_and_asks_only_for_the_rest(
    flip_challenges: Challenges, tmp_path: Path
) -> None:
    first, second, _ = flip_challenges.tasks
    run(flip_challenges, tmp_path, saying(encode(right_answer(first)), encode(TaskDone(first.task_id, "search"))))
    spec = tmp_path / "spec"
    keep_spec = f"open({str(spec)!r}, 'wb').write(spec)\n"
    says = f"sys.stdout.buffer.write({encode(right_answer(second))!r})"
    result, answers = run(flip_challenges, tmp_path, lane(keep_spec + says), resume=True)
    assert result.resumed == 1
    assert answered(answers, first)
    assert answered(answers, second)
    assert json.loads(spec.read_bytes())["done"] == [["search", first.task_id]]


def test_without_resume_nothing_is_taken_over_and_nothing_lost(flip_challenges: Challenges, tmp_path: Path) -> None:
    first = flip_challenges.tasks[0]
    run(flip_challenges, tmp_path, saying(encode(right_answer(first))))
    before = (tmp_path / "submission.journal.jsonl").read_bytes()
    result, answers = run(flip_challenges, tmp_path, lane(""))
    assert result.resumed == 0
    assert not answered(answers, first)
    assert earlier_path(tmp_path / "submission.journal.jsonl").read_bytes() == before


def test_a_journal_of_another_run_is_refused(flip_challenges: Challenges, tmp_path: Path) -> None:
    run(flip_challenges, tmp_path, saying(encode(right_answer(flip_challenges.tasks[0]))))
    fewer = Challenges(flip_challenges.tasks[:2], (), flip_challenges.order[:2])
    before = (tmp_path / "submission.json").read_bytes()
    with pytest.raises(InputError, match="belongs to"):
        run(fewer, tmp_path, lane(""), resume=True)
    assert (tmp_path / "submission.json").read_bytes() == before


def test_the_run_key_follows_what_decides_the_answers_and_nothing_else(flip_challenges: Challenges) -> None:
    config = RunConfig(60.0)
    assert run_key(flip_challenges, config) == run_key(flip_challenges, RunConfig(120.0, proposers=("search",)))
    assert run_key(flip_challenges, config) != run_key(flip_challenges, RunConfig(60.0, seed=1))


def test_a_journal_belongs_to_the_weights_wherever_they_lie(flip_challenges: Challenges, tmp_path: Path) -> None:
    def key(name: str, weights: bytes) -> str:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "adapter_model.safetensors").write_bytes(b"the same head" * 9000 + weights)
        return run_key(flip_challenges, RunConfig(60.0, adapter=folder))

    first = key("first", b"1")
    assert key("copy of first", b"1") == first
    assert key("another of the same size", b"2") != first
    assert run_key(flip_challenges, RunConfig(60.0, adapter=None)) != first


def test_every_task_is_searched_in_exactly_one_lane_and_the_model_sees_all(flip_challenges: Challenges) -> None:
    for n_lanes in (1, 2, 3, 8):
        lanes = plan_lanes(flip_challenges, RunConfig(60.0, n_search_lanes=n_lanes))
        assert [proposers for _, proposers, _ in lanes[:-1]] == [("search",)] * min(n_lanes, 3)
        searched = [task.task_id for _, _, tasks in lanes[:-1] for task in tasks]
        assert sorted(searched) == ["task0", "task1", "task2"]
        assert lanes[-1] == ("model", ("induction", "transduction", "cells"), flip_challenges.tasks)
    assert plan_lanes(flip_challenges, RunConfig(60.0, proposers=("transduction",)))[0][1] == ("transduction",)


def test_a_lane_dies_with_its_parent(flip_challenges: Challenges, tmp_path: Path) -> None:
    code = """
import sys
from arc_solver.lanes.process import LaneProcess
from arc_solver.lanes.wire import LaneSpec
from arc_solver.config import RunConfig
from pathlib import Path
import os, time
spec = LaneSpec(("search",), (), frozenset(), time.monotonic() + 60, RunConfig(60.0).to_json(), os.getpid())
lives = "import sys, time; from arc_solver.processes import die_with_parent as bind; bind(); "
lives += "open(sys.argv[1], 'w').close(); time.sleep(600)"
command = [sys.executable, "-c", lives, sys.argv[1] + ".bound"]
lane = LaneProcess("cpu", spec, Path(sys.argv[1]), 1, command)
print(lane._process.pid, flush=True)
time.sleep(60)
"""
    import signal
    import subprocess

    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        while not (tmp_path / "log.bound").exists():
            time.sleep(0.02)
        assert _runs(pid)
        os.kill(parent.pid, signal.SIGKILL)
    while _runs(pid):
        time.sleep(0.02)


def test_the_eta_never_passes_the_limit() -> None:
    def status(done: dict[str, int]) -> Status:
        return Status(elapsed_s=10.0, limit_s=60.0, n_tasks=100, n_fitting=0, n_candidates=0, done=done)

    assert status({"search": 50}).eta_s() == 10.0
    assert status({"search": 1}).eta_s() == 50.0
    assert status({"search": 0}).eta_s() == 50.0
    assert status({"search": 100}).eta_s() == 0.0
    assert status({"search": 50, "induction": 25}).eta_s() == 30.0


def test_the_line_begins_with_what_a_narrow_terminal_must_show() -> None:
    status = Status(10.0, 60.0, n_tasks=100, n_fitting=7, n_candidates=30, done={"search": 50, "induction": 25})
    assert status.line()[:80].startswith("10.0s of 1m00s, 30.0s to go | fitting programs for 7 tasks | done: search 50")
    assert status.line().endswith("30 candidates (3.0/s)")


@pytest.mark.parametrize(
    ("write_s", "limit_s", "expected_s"),
    [(0.1, 3600.0, 5.0), (3.0, 3600.0, 9.0), (3.0, 60.0, 6.0), (100.0, 43200.0, 60.0), (100.0, 10.0, 5.0)],
)
def test_where_writing_is_slow_the_last_vote_is_due_earlier(write_s: float, limit_s: float, expected_s: float) -> None:
    assert tail_s(RunConfig(limit_s, reserve_s=5.0), write_s) == expected_s


def test_the_answers_stand_before_the_dead_are_buried(
    flip_challenges: Challenges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device may hold a process, and what a lane leaves behind may be large."""
    story: list[str] = []
    stop = LaneProcess.stop
    monkeypatch.setattr(LaneProcess, "stop", lambda lane: (story.append("buried"), stop(lane))[1])
    monkeypatch.setattr(Supervised, "written", lambda supervised: story.append("written"))
    _, answers = run(flip_challenges, tmp_path, lane("time.sleep(600)"), limit_s=3.0)
    assert answers
    assert story == ["written", "buried"]
