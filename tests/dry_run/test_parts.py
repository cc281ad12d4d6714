"""The parts of a rehearsal that no process is needed for, and a look at real ones."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.candidates import Candidate, Origin, ProgramEvidence
from arc_solver.config import RunConfig, load_preset
from arc_solver.dry_run.choosing import first, n_cells, spread
from arc_solver.dry_run.costs import Evidence
from arc_solver.dry_run.machines import stand_of
from arc_solver.dry_run.observing import LaneLook, Look, Timeline, look_at, machine_s
from arc_solver.dry_run.resources import Expected, expect, expected_journal_bytes
from arc_solver.dry_run.scenarios import SCENARIOS, Scenario, play
from arc_solver.dry_run.trial import Trial, kind_bytes
from arc_solver.dry_run.verdict import Verdict, judge
from arc_solver.dry_run.writing import Written, repeated, write_many
from arc_solver.grids import as_grid
from arc_solver.journal import Decision, JournalContents, Note, Work
from arc_solver.memory import Memory
from arc_solver.processes import descendants
from arc_solver.proposers.cells.learned import DROPPED
from arc_solver.simulation.profiles import PROFILES
from arc_solver.tasks import Challenges, MalformedTask, Pair, Task

MIB = 1 << 20


def config_of(time_limit_s: float, *proposers: str) -> RunConfig:
    return dataclasses.replace(load_preset("cpu"), time_limit_s=time_limit_s, proposers=proposers or ("search",))


def challenges_of(sizes: list[int]) -> Challenges:
    grids = [as_grid(np.zeros((size, 1), np.int8)) for size in sizes]
    tasks = tuple(Task(f"t{number}", (Pair(grid, grid),), (grid,)) for number, grid in enumerate(grids))
    broken = MalformedTask("broken", "a reason", (None,))
    return Challenges(tasks, (broken,), (*(task.task_id for task in tasks), "broken"))


# -- tasks -------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.integers(1, 50))
def test_tasks_to_measure_on_are_of_all_sizes(sizes: list[int], n_tasks: int) -> None:
    challenges = challenges_of(sizes)
    chosen = spread(challenges, n_tasks)
    assert len(chosen.tasks) == min(n_tasks, len(sizes)) == len(chosen.order)
    assert not chosen.malformed
    assert [task for task in challenges.tasks if task in chosen.tasks] == list(chosen.tasks)
    if len(chosen.tasks) >= 2:
        found = sorted(map(n_cells, chosen.tasks))
        known = sorted(map(n_cells, challenges.tasks))
        assert found[0] <= known[len(known) // 2] <= found[-1], "small ones and large ones"


def test_the_first_tasks_are_those_of_the_file() -> None:
    assert [task.task_id for task in first(challenges_of([9, 1, 5]), 2).tasks] == ["t0", "t1"]


# -- processes ---------------------------------------------------------------------------------------------------------


def wait_for(what: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until_s
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are seen on Linux only")
def test_lanes_are_seen_and_what_they_start_is_theirs() -> None:
    # As a lane is called; its child bears the same name, as one that is forked does.
    script = (
        "import subprocess, sys\n"
        "own = subprocess.Popen([sys.executable, '-c', 'while True: pass', *sys.argv[1:]])\n"
        "own.wait()\n"
    )
    lane = subprocess.Popen([sys.executable, "-c", script, "arc_solver.lanes"])
    try:
        wait_for(lambda: any(b"arc_solver.lanes" in command_of(pid) for pid in descendants(lane.pid)))
        wait_for(lambda: look_at(os.getpid(), 0.0).lanes[lane.pid].cpu_s > 0)
        look = look_at(os.getpid(), 3.0)
        assert set(look.lanes) == {lane.pid}
        assert look.lanes[lane.pid].held_bytes > MIB
        assert look.supervisor_bytes > MIB, "that is us"
        assert look.cpu_s >= look.lanes[lane.pid].cpu_s
    finally:
        subprocess.run(["kill", "-9", *map(str, descendants(lane.pid)), str(lane.pid)], check=False)
        lane.wait()
    assert not look_at(os.getpid(), 4.0).lanes


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_the_machines_processor_time_is_read_or_unknown(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    assert machine_s(tmp_path) is None
    (tmp_path / "proc" / "stat").write_text("cpu  100 200 300 9999 50 1 2 3 7 8\ncpu0 1 2 3\n")
    assert machine_s(tmp_path) == pytest.approx(606 / os.sysconf("SC_CLK_TCK"))


def looks(*held: int, pid: int = 7) -> Timeline:
    return Timeline(
        tuple(
            Look(float(at), 10 * MIB, {pid: LaneLook(1.0, 2.0 * at, n)}, 1.0 * at, 2.0 * at)
            for at, n in enumerate(held)
        )
    )


def test_between_looks_processor_time_is_reckoned() -> None:
    seen = looks(1, 1, 1, 1)
    assert seen.cpu_s(7, 0.5, 2.5) == pytest.approx(4.0)
    assert seen.cpu_s(7, -5.0, 99.0) == pytest.approx(6.0)
    assert seen.cpu_s(8, 0.0, 2.0) == 0.0
    assert seen.others_share(2) == pytest.approx(0.5)
    assert Timeline().others_share(2) is None


# -- disk and memory ---------------------------------------------------------------------------------------------------


def trial_of(seconds: float = 100.0, **changes: object) -> Trial:
    sizes = {"header": 100, "run": 900, "task": 12_000, "candidate": 50_000, "work": 10_000}
    trial = Trial(12, 100.0, seconds, 0, "fine\n", {"faults": []}, None, sizes, 1000)
    return dataclasses.replace(trial, **changes)  # type: ignore[arg-type]


def test_a_journal_grows_with_the_time_and_tasks_with_their_number() -> None:
    expected = expected_journal_bytes(trial_of(), config_of(10_000.0), 240)
    assert expected == 1000 + 20 * 12_000 + 100 * 61_000
    through = expected_journal_bytes(trial_of(seconds=50.0), config_of(10_000.0), 240)
    assert through == 1000 + 20 * 12_000 + 20 * 61_000, "all was done: only more tasks give more"


def test_a_journal_is_bounded() -> None:
    much = trial_of(kind_bytes={"candidate": 1 << 30})
    assert expected_journal_bytes(much, config_of(1e9), 12) < 20 << 30


def evidence_of(timeline: Timeline) -> Evidence:
    journal = JournalContents(
        decisions=((0.0, Decision("started", "search 0", "")),), work=((3.0, Work("search", "t0", "pass 1", 1.0)),)
    )
    return Evidence(config_of(100.0), journal, timeline, 0)


def test_memory_that_stays_grows_with_the_tasks() -> None:
    flat = expect(trial_of(), evidence_of(looks(*[50 * MIB] * 24)), config_of(100.0), 240, 0, None, None)
    assert flat.search_bytes == 50 * MIB
    rising = [50 * MIB] * 12 + [60 * MIB] * 12
    grown = expect(trial_of(), evidence_of(looks(*rising)), config_of(100.0), 240, 0, None, None)
    assert grown.search_bytes == 60 * MIB + 19 * 10 * MIB, "for 20 times as many tasks"
    assert grown.model_bytes is None
    assert grown.memory_bytes == grown.search_bytes + 10 * MIB
    unseen = expect(trial_of(), None, config_of(100.0), 240, 0, None, None)
    assert unseen.memory_bytes is None
    assert not unseen.lacks_memory
    assert not unseen.lacks_disk


def test_answers_are_written_in_larger_batches_than_were_seen() -> None:
    journal = JournalContents(
        decisions=((0.0, Decision("started", "model", "")),),
        notes=(Note("said", {"text": f"{DROPPED}9s: worse"}),),
        notes_s=(9.5,),
    )
    seen = looks(*[90 * MIB] * 10, *[40 * MIB, 43 * MIB])
    evidence = Evidence(config_of(100.0, "cells"), journal, seen, 0)
    expected = expect(trial_of(), evidence, config_of(100.0, "cells"), 240, 0, None, None)
    assert evidence.answers_by_cells
    assert expected.model_bytes == 90 * MIB, "learning took more than 40 + 3 * 64 / 12 MiB"
    steep = dataclasses.replace(evidence, timeline=looks(*[90 * MIB] * 10, *[40 * MIB, 60 * MIB]))
    expected = expect(trial_of(), steep, config_of(100.0, "cells"), 240, 0, None, None)
    assert expected.model_bytes == int((40 + 20 * 64 / 12) * MIB)


def test_what_is_free_is_compared() -> None:
    memory = Memory(300 * MIB, 1000 * MIB)
    expected = expect(trial_of(), evidence_of(looks(*[50 * MIB] * 24)), config_of(100.0), 240, MIB, 5 * MIB, memory)
    assert expected.disk_bytes == expected.journal_bytes + 3 * MIB
    assert expected.lacks_memory, "256 MiB have to stay free"
    assert not expected.lacks_disk
    assert dataclasses.replace(expected, disk_free_bytes=3 * MIB).lacks_disk


def test_kinds_of_lines_are_weighed(tmp_path: Path) -> None:
    journal = tmp_path / "a.jsonl"
    journal.write_bytes(
        b'{"crc":"0","record":{"kind":"work"}}\n' * 2 + b'{"crc":"0","record":{"kind":"malformed task"}}\nx'
    )
    assert kind_bytes(journal) == {"work": 74, "malformed task": 47, "?": 1}


# -- the last write ----------------------------------------------------------------------------------------------------


def test_as_many_answers_as_wanted_are_voted_on_and_written(tmp_path: Path) -> None:
    challenges = challenges_of([2, 3])
    grid = as_grid([[1, 2]])
    program = ProgramEvidence("def task(grid): return grid", 1, 1, 1.0)
    found = (Candidate("t1", {0: grid}, Origin("search"), program),)
    ticks = iter(range(100))
    written = write_many(challenges, found, 7, tmp_path, clock=lambda: float(next(ticks)), cpu_clock=lambda: 0.0)
    assert (written.problem, written.vote_s, written.write_s) == ("", 0.0, 1.0)
    assert written.n_bytes == (tmp_path / "answers.json").stat().st_size
    assert (tmp_path / "answers.json").read_text().count("[[1,2]]") == 3, "t1 comes three times"
    assert not list(tmp_path.glob(".*")), "its room is given back"
    assert len({task.task_id for task in repeated(challenges, 7).tasks}) == 7


def test_answers_that_cannot_be_written_are_a_problem(tmp_path: Path) -> None:
    written = write_many(challenges_of([2]), (), 3, tmp_path / "nowhere")
    assert "cannot be written" in written.problem


# -- simulation and verdict --------------------------------------------------------------------------------------------


def test_every_scenario_is_played() -> None:
    told: list[tuple[int, int]] = []
    config = dataclasses.replace(config_of(600.0), reserve_s=2.0)
    calm, slow, stormy = play(PROFILES["cpu"], config, 6, 0, n_seeds=2, tell=lambda done, of: told.append((done, of)))
    assert [one.name for one in (calm, slow, stormy)] == list(SCENARIOS)
    assert told == [(number, 6) for number in range(1, 7)]
    assert (calm.n_late, calm.n_runs, calm.limit_s) == (0, 2, 600.0)
    assert slow.latest_s > calm.latest_s
    never_through = dataclasses.replace(config, time_limit_s=20.0)
    _, slow, _ = play(PROFILES["cpu"], never_through, 60, 0, n_seeds=2)
    assert slow.n_late == 2, "2.5 times 1.5 seconds of votes and kills do not fit two"


EXPECTED = Expected(MIB, 2 * MIB, 100 * MIB, MIB, MIB, None, 100 * MIB, MIB)
SCENARIO = Scenario("as measured", 20, 0, 90.0, 100.0, 0.9, None, 0.0, 0, 0)
WRITTEN = Written(240, 0.1, 0.1, 1000)


def verdict_of(
    trial: Trial | None = None,
    *scenarios: Scenario,
    expected: Expected = EXPECTED,
    written: Written | None = WRITTEN,
    load_s: float = 0.0,
    others_share: float | None = 0.0,
) -> Verdict:
    return judge(
        trial or trial_of(),
        scenarios or (SCENARIO,),
        expected,
        written,
        reserve_s=5.0,
        load_s=load_s,
        others_share=others_share,
    )


def test_where_nothing_is_wrong_it_would_finish() -> None:
    assert verdict_of() == Verdict(True, (), (), ())
    assert verdict_of().line() == "would finish: yes"


def test_late_runs_want_a_larger_reserve() -> None:
    late = dataclasses.replace(SCENARIO, name="slow", n_late=3, latest_s=103.2)
    verdict = verdict_of(None, SCENARIO, late)
    assert verdict.line() == "would finish: no"
    assert verdict.reasons == ("slow: 3 of 20 runs end up to 3.2s after the limit",)
    assert "keep 10s for the end instead of 5s" in verdict.advice[0]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (verdict_of(trial_of(exit_code=1, said="one\nit broke\n")), "the short run failed (exit code 1): it broke"),
        (verdict_of(trial_of(exit_code=-9, said="")), "the short run failed (signal 9): it printed nothing"),
        (
            verdict_of(trial_of(figures={"failures": {"induction": "no torch"}, "candidates": {"induction": 0}})),
            "induction broke in the short run: no torch",
        ),
        (verdict_of(trial_of(seconds=130.0)), "the short run ended 30.0s after its limit"),
        (verdict_of(written=None), "no journal"),
        (verdict_of(written=dataclasses.replace(WRITTEN, problem="no room")), "cannot be written: no room"),
        (verdict_of(expected=dataclasses.replace(EXPECTED, disk_free_bytes=MIB)), "too little disk"),
        (verdict_of(expected=dataclasses.replace(EXPECTED, memory_free_bytes=2 * MIB)), "too little memory"),
    ],
)
def test_what_is_wrong_is_a_reason(found: Verdict, reason: str) -> None:
    assert not found.would_finish
    assert any(reason in one for one in found.reasons)


def test_what_is_worth_knowing_does_not_keep_it_from_finishing() -> None:
    faults = [{"where": "search", "what": f"fault {number}"} for number in range(5)]
    scenario = dataclasses.replace(SCENARIO, n_unasked=7, ran_out_s=30.0)
    verdict = verdict_of(trial_of(figures={"faults": faults}), scenario, load_s=60.0, others_share=0.9)
    assert verdict.would_finish
    told = "\n".join(verdict.remarks)
    for what in (
        "search: fault 0",
        "2 more faults",
        "7 of the tasks",
        "90% of the processors",
        "hardly be loaded",
        "30.0s",
    ):
        assert what in told


# -- machines ----------------------------------------------------------------------------------------------------------


def test_guesses_come_from_the_machine_of_the_preset() -> None:
    here = stand_of(load_preset("cpu"), "cpu", 0, 0, 8)
    assert (here.shipped.name, here.shipped.n_cores, here.n_engines, here.is_elsewhere) == ("cpu", 8, 0, False)
    away = stand_of(load_preset("kaggle-t4x2"), "kaggle-t4x2", 0, 0, 8)
    assert (away.shipped, away.is_elsewhere) == (PROFILES["t4x2"], True)
    assert any("no GPU works here" in text for text in away.remarks)
    there = stand_of(load_preset("kaggle-l4x4"), "kaggle-l4x4", 3, 3, 8)
    assert (there.shipped.n_engines, there.shipped.n_cores, there.is_elsewhere) == (3, 8, False)
    assert stand_of(load_preset("kaggle-p100"), "kaggle-p100", 0, 0, 8).shipped.n_engines == 1
    assert not stand_of(load_preset("kaggle"), "kaggle", 0, 0, 8).is_elsewhere, "it takes what there is"
    searching = dataclasses.replace(load_preset("kaggle-t4x2"), proposers=("search",))
    assert not stand_of(searching, "kaggle-t4x2", 0, 0, 8).is_elsewhere
