"""A real run whose surroundings break in the middle of its work: disks, folders, clocks, memory, and who ends it.

As in `test_matrix.py`: the submission is valid and holds what was found, the run ends in time, its report says what
happened. What nobody needs (the journal on a full disk) costs its own part only.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("disks and folders are closed as Linux lets one", allow_module_level=True)

from real_runs import N_TASKS, RealRun, check_nothing_lost, check_told, wait_for
from surroundings import closed, fill, lift_limit, limit_files, say_memory, small_disk

from arc_solver.config import WEIGHTS
from arc_solver.submission import rescued_name


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RealRun]:
    """A run that is not started; whatever is left of it in the end is killed."""
    (tmp_path / "out").mkdir()
    (tmp_path / "work").mkdir()
    run = RealRun(tmp_path, tmp_path / "out" / "submission.json", popen={"cwd": tmp_path / "work"})
    yield run
    run.stop()


@pytest.fixture
def disk(run: RealRun) -> Iterator[Path]:
    """A small disk that a run may write on."""
    with small_disk(run.folder / "disk", 512) as disk:
        yield disk


def rescued(run: RealRun) -> Path:
    """Where the answers are while they cannot be where they belong."""
    return run.folder / "work" / rescued_name(run.output)


# -- disks -------------------------------------------------------------------------------------------------------------


def test_a_disk_that_fills_up_costs_the_journal_and_no_answer(run: RealRun, disk: Path) -> None:
    run.output = disk / "submission.json"
    run.start()
    before = run.wait_until_half_done()
    fill(disk)
    run.go_on()
    assert run.finish() == 0, run.report()
    check_nothing_lost(run, before)
    assert len(run.answered()) == N_TASKS, run.report()
    check_told(run, r"journal: cannot be written: No space left")


def test_a_disk_that_is_full_from_the_start_costs_the_journal_and_no_answer(run: RealRun, disk: Path) -> None:
    run.output = disk / "submission.json"
    fill(disk)
    run.go_on()
    run.start()
    assert run.finish() == 0, run.report()
    assert run.answered(rescued(run)) == {f"task{index}" for index in range(N_TASKS)}
    check_told(run, r"submission: cannot be written: No space left.*" + rescued(run).name)
    assert f"{rescued(run)}: {N_TASKS} tasks answered" in run.report()
    assert run.figures()["answers"] == str(rescued(run))


def test_a_log_that_cannot_be_written_costs_its_lines_only(run: RealRun, disk: Path) -> None:
    """Standard output on the full disk too."""
    run.said = disk / "said"
    run.start()
    before = run.wait_until_half_done()
    fill(disk)
    run.go_on()
    assert run.finish() == 0, run.report()
    check_nothing_lost(run, before)
    assert len(run.answered()) == N_TASKS


def test_a_quota_that_is_lifted_in_time_costs_nothing(run: RealRun) -> None:
    run.through_a_pipe = True
    run.start()
    before = run.wait_until_half_done()
    supervisor = run.pid_of("supervisor")
    limit_files(supervisor, 1)
    (run.folder / "hold").touch()  # or a quick run is over before the quota is lifted
    run.go_on()
    wait_for(lambda: "submission: cannot be written" in run.report() or run.ended(), "trouble with the submission")
    lift_limit(supervisor)
    (run.folder / "hold").unlink()
    assert run.finish() == 0, run.report()
    check_nothing_lost(run, before)
    assert len(run.answered()) == N_TASKS
    assert run.solved() == run.answered()  # the journal caught up too
    check_told(run, r"submission: cannot be written: File too large")


# -- folders -----------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_closed_from_the_start_is_refused_in_one_line(run: RealRun) -> None:
    with closed(run.output.parent):
        run.start()
        assert run.finish() == 2, run.report()
    lines = [line for line in run.report().splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    assert "cannot be written" in lines[0]
    assert "Traceback" not in run.report()


def test_a_folder_that_closes_sends_the_answers_to_a_second_place(run: RealRun) -> None:
    run.start()
    before = run.wait_until_half_done()
    with closed(run.output.parent):
        run.go_on()
        assert run.finish() == 0, run.report()
        check_nothing_lost(run, before, rescued(run))
        assert len(run.answered(rescued(run))) == N_TASKS
        assert len(run.answered()) >= N_TASKS // 2  # what was written before stays where it belongs
    check_told(run, r"submission: cannot be written: .*" + rescued(run).name)


# -- time --------------------------------------------------------------------------------------------------------------


def test_a_wall_clock_that_jumps_changes_nothing(run: RealRun) -> None:
    run.environment["FAULTS_CLOCK"] = "1"
    run.silence_s = 120.0  # who is watched by the wrong clock is silent for years
    run.start()
    before = run.wait_until_half_done()
    (run.folder / "jump").write_text(str(10 * 365 * 86400))
    run.go_on()
    wait_for(lambda: run.ended() or len(run.solved()) > len(before.done), "the run to go on")
    (run.folder / "jump").write_text(str(-10 * 365 * 86400))
    assert run.finish() == 0, run.report()
    check_nothing_lost(run, before)
    assert len(run.answered()) == N_TASKS
    assert run.faults() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_ends_a_run_gets_what_it_found(run: RealRun, number: signal.Signals) -> None:
    run.start()
    before = run.wait_until_half_done()
    assert run.process is not None
    os.kill(run.process.pid, number)
    asked_s = time.monotonic()
    assert run.finish() == 1, run.report()
    assert time.monotonic() - asked_s < run.limit_s / 2  # not at the end of its time
    check_nothing_lost(run, before)
    check_told(run, r"interrupted", in_figures=False)
    assert run.figures()["interrupted"] is True


def test_a_supervisor_that_hangs_shortly_before_the_end_costs_no_answer_and_no_time(run: RealRun) -> None:
    run.silence_s = 600.0  # nobody would call that too long but for the end
    for run.limit_s in (40, 160, 640):  # as long as a busy machine needs for the first half
        run.start()
        wait_for(lambda: len(run.solved()) >= N_TASKS // 2 or run.ended(), "the first half", 700.0)
        if not run.ended():
            break
    before = run.wait_until_half_done()
    supervisor = run.pid_of("supervisor")
    time.sleep(max(0.0, run.started_s + run.limit_s - 8.0 - time.monotonic()))
    os.kill(supervisor, signal.SIGSTOP)
    assert run.finish() == 0, run.report()
    check_nothing_lost(run, before)
    check_told(run, r"supervisor.*(no sign of life|did not end)", in_figures=False)


def test_a_run_ends_when_its_time_is_over_whatever_its_lanes_do(run: RealRun) -> None:
    run.limit_s = 30
    run.start()
    assert run.finish() == 0, run.report()  # nobody lets it go on
    check_nothing_lost(run, run.contents())


# -- memory ------------------------------------------------------------------------------------------------------------


def test_memory_that_gets_short_ends_the_lane_that_holds_it(run: RealRun) -> None:
    """The lane really holds it; the machine that has no more is made up."""
    say_memory(run.folder, free_mib=1500)
    run.environment |= {"FAULTS_ROOT": str(run.folder), "FAULT": "hold"}
    run.start()
    before = run.wait_until_half_done()
    lane = run.pid_of("lane")
    os.kill(lane, signal.SIGUSR1)
    wait_for(lambda: (run.folder / "held").exists() or run.ended(), "the lane to hold memory")
    say_memory(run.folder, free_mib=100)
    wait_for(lambda: lane not in run.pids_of("lane") or run.ended(), "the lane to be ended")
    say_memory(run.folder, free_mib=1500)
    run.go_on()
    assert run.finish() == 0, run.report()
    check_nothing_lost(run, before)
    assert len(run.answered()) == N_TASKS
    check_told(run, r"search 0: .*host memory was short")


# -- what is not installed, or broken ----------------------------------------------------------------------------------


def test_without_the_model_s_packages_the_search_goes_on_alone(run: RealRun) -> None:
    """As where a wheel is missing."""
    run.proposers = "search,induction"
    run.environment["FAULTS_MISSING"] = "torch,transformers,peft,tokenizers,safetensors,vllm"
    run.go_on()
    run.start()
    assert run.finish() == 0, run.report()
    assert len(run.answered()) == N_TASKS
    check_told(run, r"induction: torch is not installed: .*install")


def test_a_damaged_adapter_is_done_without_where_nobody_can_be_asked(run: RealRun) -> None:
    """As in Kaggle's scoring run."""
    adapter = run.folder / "adapter"
    shutil.copytree(WEIGHTS / "adapter", adapter)
    (adapter / "adapter_config.json").write_text("{")
    run.proposers, run.flags = "induction", ("--adapter", str(adapter))
    run.environment["KAGGLE_IS_COMPETITION_RERUN"] = "1"
    run.go_on()
    run.start()
    assert run.finish() == 0, run.report()
    assert len(run.answered()) == N_TASKS
    check_told(run, r"model: adapter .*the base goes on without its adapter")
