"""What a real run leaves in its journal: what it was, when things came, what was decided and what broke."""

from __future__ import annotations

import sys
from pathlib import Path

from arc_solver.budget import MonotonicClock
from arc_solver.candidates import Candidate, Origin, ProgramEvidence, Rejected
from arc_solver.config import RunConfig
from arc_solver.datasets import challenges_hash
from arc_solver.journal import Decision, read
from arc_solver.lanes.wire import Note, ProposerDone, Spent, encode
from arc_solver.pipeline import RunFiles, RunResult, solve
from arc_solver.progress import Silent
from arc_solver.proposers.base import Decided, TaskDone, TaskStarted
from arc_solver.tasks import Challenges
from arc_solver.watching import Patience

# A lane that dies in its first life, before it is through.
LANE = """
import os, sys
sys.stdin.buffer.readline()
sys.stdout.buffer.write({said!r})
sys.stdout.flush()
try:
    open({first!r}, "x").close()
except FileExistsError:
    sys.stdout.buffer.write({done!r})
else:
    os._exit(3)
"""


def run(challenges: Challenges, folder: Path, *, resume: bool = False) -> RunResult:
    first, *_ = challenges.tasks
    found = Candidate("task0", {0: first.test_inputs[0]}, Origin("search"), ProgramEvidence("p", 3, 3, 1.0))
    learned = Decided("refused", "learning", "it takes too long", "task1", 2.5)
    said = [
        *(Note("grade A"), Spent(1.0), TaskStarted("task0", "search"), found, learned),
        Rejected("task0", "search", "program: memory"),
    ]
    code = LANE.format(
        said=b"".join(map(encode, said)),
        done=b"".join(map(encode, (Spent(3.5), TaskDone("task0", "search"), ProposerDone("search", 1.5)))),
        first=str(folder / "first"),
    )
    config = RunConfig(120.0, ("search",), seed=5, n_search_lanes=1, patience=Patience(pause_s=0.1))
    return solve(
        challenges, config, RunFiles(folder / "submission.json"), resume=resume, clock=MonotonicClock(),
        progress=Silent(), lane_command=[sys.executable, "-c", code], tasks_from="tasks.json",
    )  # fmt: skip


def test_a_run_can_be_understood_from_its_journal_alone(flip_challenges: Challenges, tmp_path: Path) -> None:
    result = run(flip_challenges, tmp_path)
    contents = read(tmp_path / "submission.journal.jsonl")
    ((began_s, record),) = contents.runs
    assert 0 <= began_s <= contents.end_s
    assert (record.seed, record.tasks_from, record.challenges_hash) == (
        5,
        "tasks.json",
        challenges_hash(flip_challenges),
    )
    assert RunConfig.from_json(record.config).seed == 5
    whole = contents.whole_challenges()
    assert whole is not None
    assert whole.order == flip_challenges.order
    ((found_s, found),) = contents.timed_candidates()
    assert found.task_id == "task0"
    assert began_s <= found_s <= contents.end_s
    assert contents.rejected_of == {("task0", "search", "program: memory"): 2}
    decisions = [(one.what, one.about) for _, one in contents.decisions if one.about != "learning"]
    assert decisions == [("started", "search 0"), ("restarted", "search 0"), ("stopped", "lanes")]
    (restarted,) = (one for _, one in contents.decisions if one.what == "restarted")
    assert restarted.content == {"proposers": ["search"], "n_tasks": 3, "n_done": 0}
    learning = Decision("refused", "learning", "it takes too long", "task1", {"seconds": 2.5})
    assert [one for _, one in contents.decisions if one.about == "learning"] == [learning] * 2
    (fault, *_) = contents.faults
    assert fault.where == "search 0"
    assert [one.text() for one in contents.faults] == [one.text() for one in result.faults]
    phases = [(one.proposer, one.task_id, one.phase) for _, one in contents.work]
    assert phases == [
        ("search", "task0", "pass 1"),
        ("search", "task0", "pass 2"),
        ("search", "", "search 0"),
    ]
    assert contents.work[-1][1].wall_s == 1.5
    assert [one.cpu_s for _, one in contents.work] == [None, 2.5, 2.5], "of a lane that died nobody knows"
    assert [note.content for note in contents.notes] == [{"text": "grade A"}]


def test_a_resumed_run_adds_itself_and_its_times_count_on(flip_challenges: Challenges, tmp_path: Path) -> None:
    run(flip_challenges, tmp_path)
    before = read(tmp_path / "submission.journal.jsonl")
    assert run(flip_challenges, tmp_path, resume=True).resumed == 1
    after = read(tmp_path / "submission.journal.jsonl")
    assert [at_s >= before.end_s for at_s, _ in after.runs] == [False, True]
    assert after.whole_challenges() is not None
    assert len(after.candidates) == 1
