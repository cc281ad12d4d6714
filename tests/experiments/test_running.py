"""The order of jobs, what failures cost, and what a second call does; the jobs are a stand-in's."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from arc_solver.budget import MonotonicClock
from arc_solver.errors import InputError
from arc_solver.experiments.jobs import plan_jobs
from arc_solver.experiments.outlook import Outlook
from arc_solver.experiments.running import Places, alone_in, run_jobs
from arc_solver.experiments.tasks import MeasuredTasks
from arc_solver.tasks import Challenges

NO_TASKS = MeasuredTasks(Challenges((), (), ()), {})


def calls(out: Path) -> list[list[str]]:
    """(command, folder, threads, GPUs, arguments ...) of every call, in order."""
    path = out / "calls.txt"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def go(fake, tmp_path):
    """Runs an experiment with the stand-in; gives failures, and what was said."""

    def run(asked, places=None, behaviour=None, extra=()):
        (tmp_path / "behaviour.json").write_text(json.dumps(behaviour or {}))
        said: list[str] = []
        repeats = plan_jobs(asked, NO_TASKS, tmp_path)
        places = places or Places(("",), 1)
        failures = run_jobs(repeats, places, fake, clock=MonotonicClock(), say=said.append, extra=extra)
        return failures, said

    return run


def test_each_run_follows_its_training_and_nothing_runs_twice(go, new_experiment, swept, tmp_path):
    asked = new_experiment(swept)
    failures, said = go(asked)
    assert failures == []
    assert [call[0] for call in calls(tmp_path)] == ["train", *["solve"] * 3] * 2
    assert said[0].startswith("8 jobs, 0 of them done")
    assert "nothing to go" in said[-1]
    assert go(asked)[1] == ["8 jobs, 8 of them done; 1 at a time, 1 threads each"]
    assert len(calls(tmp_path)) == 8


def test_a_point_more_costs_its_own_runs_only(go, new_experiment, swept, tmp_path):
    go(new_experiment(swept))
    n_before = len(calls(tmp_path))
    go(new_experiment(swept.replace("[0, 0.5, 1.0]", "[0, 0.5, 0.7, 1.0]")))
    assert [call[0] for call in calls(tmp_path)[n_before:]] == ["solve"] * 2


def test_what_is_trained_already_for_finished_runs_is_not_trained_again(go, new_experiment, swept, tmp_path):
    """Somebody may delete the models to make room: the runs that they made stay."""
    asked = new_experiment(swept)
    go(asked)
    for stamp in (tmp_path / "trained").glob("*/done.json"):
        stamp.unlink()
    go(asked)
    assert len(calls(tmp_path)) == 8


def test_a_failure_costs_itself_and_what_needs_it(go, new_experiment, swept, tmp_path):
    asked = new_experiment(swept, **{"train.seed": 3, "seeds": [0]})
    failures, said = go(asked, behaviour={"lora_rank": "fail"})
    first, *others = failures
    assert first.reason == "exit code 3: ValueError: it cannot be done"
    assert [failure.reason for failure in others] == [f"needs {first.job.name}, which failed"] * 3
    assert len(calls(tmp_path)) == 1
    assert any("failed: exit code 3" in line and "log.txt" in line for line in said)
    failures, _ = go(asked, behaviour={"temperature = 0.5": "die"})
    assert [failure.reason for failure in failures] == ["killed by signal 9"]
    assert go(asked)[0] == []


def test_a_command_that_leaves_nothing_has_not_done_its_job(go, new_experiment, swept):
    failures, _ = go(new_experiment(swept, seeds=[0]), behaviour={"temperature = 0.5": "nothing"})
    assert [failure.reason for failure in failures] == ["left no run.json"]


def test_a_journal_that_a_dying_process_still_holds_is_waited_for(go, new_experiment, swept, tmp_path):
    failures, _ = go(new_experiment(swept, seeds=[0]), behaviour={"temperature = 0.5": "held once"})
    assert failures == []
    assert [call[0] for call in calls(tmp_path)] == ["train", *["solve"] * 4]


def test_every_place_has_its_gpu_and_its_threads(go, new_experiment, swept, tmp_path):
    failures, said = go(new_experiment(swept), Places(("GPU-a", "GPU-b"), 3), extra=("--ray", "local"))
    assert failures == []
    assert "2 at a time, on 2 GPUs" in said[0]
    assert {call[2] for call in calls(tmp_path)} == {"3"}
    assert {call[3] for call in calls(tmp_path)} == {"GPU-a", "GPU-b"}
    assert {tuple(call[-2:]) == ("--ray", "local") for call in calls(tmp_path) if call[0] == "solve"} == {True}
    assert not any("--ray" in call for call in calls(tmp_path) if call[0] == "train")


def test_two_calls_do_not_work_in_one_folder(tmp_path):
    held = textwrap.dedent(f"""
        import pathlib, sys
        from arc_solver.experiments.running import alone_in
        with alone_in(pathlib.Path({str(tmp_path)!r})):
            print("in", flush=True)
            sys.stdin.read()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
        with pytest.raises(InputError, match="another `experiment run` is at work"), alone_in(tmp_path):
            pass
        other.kill()
        other.wait()
        with alone_in(tmp_path):
            pass


def test_an_interruption_ends_the_jobs(new_experiment, swept, fake, tmp_path):
    (tmp_path / "behaviour.json").write_text(json.dumps({"temperature = 0": "wait"}))
    repeats = plan_jobs(new_experiment(swept), NO_TASKS, tmp_path)

    def interrupt(line: str) -> None:
        if len(calls(tmp_path)) >= 2:
            time.sleep(0.5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_jobs(repeats, Places(("",), 1), fake, clock=MonotonicClock(), say=lambda line: None, show=interrupt)
    assert len(calls(tmp_path)) == 2
    assert not repeats[0].job.is_done()


def test_the_outlook_goes_by_what_jobs_of_a_kind_took(new_experiment, swept, tmp_path):
    repeats = plan_jobs(new_experiment(swept), NO_TASKS, tmp_path)
    solves = [repeat.job for repeat in repeats]
    trained = solves[0].needs
    assert trained is not None
    outlook = Outlook([trained, *solves], 2)
    assert outlook.to_go_s([trained, *solves], {}) is None
    assert outlook.line([trained, *solves], {}) == "7 of 7 jobs to go"
    outlook.took(trained, 60.0)
    outlook.took(solves[0], 10.0)
    outlook.took(solves[1], 30.0)
    assert outlook.to_go_s(solves[3:], {solves[2].key: 15.0}) == pytest.approx((3 * 20 + 5) / 2)
    assert outlook.to_go_s([], {solves[2].key: 90.0}) == 0.0
    assert outlook.to_go_s([trained], {}) == 60.0  # one job is not divided
    assert outlook.line([], {}) == "nothing to go"
    for job in (trained, *solves):
        job.prepare(1)
        job.finish({"seconds": 4.0})
    assert Outlook([trained, *solves], 1).to_go_s(solves[:3], {}) == 12.0
