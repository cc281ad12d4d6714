"""The content of a report is what the files say: outcomes, figures, who found what, when, and what went wrong."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from arc_solver.evaluation import evaluate_submission
from arc_solver.grids import grids_equal, to_lists
from arc_solver.journal import JournalContents
from arc_solver.report.answers import Run
from arc_solver.report.content import report_content
from arc_solver.report.packing import unpack
from arc_solver.tasks import Solutions


def by_id(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {task["id"]: task for task in content["tasks"]}


def groups(content: dict[str, Any]) -> dict[str, str]:
    return {task["id"]: task["group"] for task in content["tasks"]}


@pytest.fixture(scope="module")
def content(made_up: Any) -> dict[str, Any]:
    return report_content(made_up.run, made_up.challenges, made_up.truth, where="made up")


def test_every_outcome_is_told_apart(made_up: Any, content: dict[str, Any]) -> None:
    told = groups(content)
    assert told.pop(made_up.challenges.malformed[0].task_id) == "malformed"
    assert told == {
        "at-once": "first",
        "second": "second",
        "partly": "partly",
        "near": "near",
        "unchosen": "near",
        "wrong": "wrong",
        "left-out": "wrong",
        "no-truth": "unknown",
    }
    assert [task["id"] for task in content["tasks"]] == list(made_up.challenges.order)
    assert {group["key"] for group in content["groups"]} == set(groups(content).values())


def test_the_cards_show_what_evaluate_says(made_up: Any, content: dict[str, Any]) -> None:
    journal = made_up.run.journal
    evaluation = evaluate_submission(
        made_up.run.submission, made_up.truth, journal.candidates, made_up.challenges, journal.scores
    )
    (run,) = content["runs"]
    solved, kaggle, *_ = run["cards"]
    assert (solved["count"], solved["of"]) == (evaluation.together.tasks_solved, 7) == (2, 7)
    figure = evaluation.together.figures["kaggle_score"]
    assert (kaggle["share"], kaggle["low"], kaggle["high"]) == (figure.value, figure.low, figure.high)


def test_answers_to_other_tasks_change_nothing(made_up: Any, content: dict[str, Any]) -> None:
    others = Solutions({**made_up.truth.outputs, "elsewhere": made_up.truth.outputs["near"]})
    assert report_content(made_up.run, made_up.challenges, others, where="made up") == content


def test_the_grids_are_those_of_the_task_and_none_is_there_twice(made_up: Any, content: dict[str, Any]) -> None:
    told = by_id(content)
    for task in made_up.challenges.tasks:
        grids = [unpack(text) for text in told[task.task_id]["grids"]]
        assert len(told[task.task_id]["grids"]) == len(set(told[task.task_id]["grids"]))
        for pair, (given, wanted) in zip(task.train, told[task.task_id]["train"], strict=True):
            assert grids_equal(grids[given], pair.input)
            assert grids_equal(grids[wanted], pair.output)
        for index, test in enumerate(told[task.task_id]["tests"]):
            assert grids_equal(grids[test["input"]], task.test_inputs[index])
            (run,) = test["runs"]
            submitted = made_up.run.submission.get(task.task_id)
            for number, attempt in enumerate(run["attempts"]):
                if submitted is None:
                    assert attempt["grid"] is None
                else:
                    assert to_lists(grids[attempt["grid"]]) == submitted[index][f"attempt_{number + 1}"]
            true = made_up.truth.outputs.get(task.task_id)
            assert (test["truth"] is None) == (true is None)
            assert true is None or grids_equal(grids[test["truth"]], true[index])


def test_an_attempt_tells_who_stands_for_it_with_which_program_and_since_when(content: dict[str, Any]) -> None:
    told, names = by_id(content), content["proposers"]
    assert names == ["search", "transduction", "fall-back"]
    (first, fallback), (voted, later) = (
        told[name]["tests"][0]["runs"][0]["attempts"] for name in ("at-once", "second")
    )
    assert (names[first["by"][0]], first["right"], first["found_s"], first["n_programs"]) == ("search", True, 5.0, 1)
    program = told["at-once"]["programs"][first["program"]]
    assert "".join(piece[1:] for piece in program["code"]).startswith("def task(grid):\n    # the last column")
    assert (program["passed"], program["of"], program["cost"], program["detail"]) == (3, 3, "2", "enumerate")
    assert list(content["words"]) == ["flip_vertical"]
    assert (names[fallback["by"][0]], fallback["program"], fallback["found_s"]) == ("fall-back", None, None)
    assert (names[voted["by"][0]], voted["right"], voted["found_s"]) == ("transduction", False, 6.0)
    assert (later["right"], later["found_s"], later["program"]) == (True, 30.0, None)


def test_the_votes_hold_the_right_answer_however_far_down_it_stands(content: dict[str, Any]) -> None:
    (run,) = by_id(content)["unchosen"]["tests"][0]["runs"]
    assert [(entry["rank"], entry["right"], entry["hits"]) for entry in run["ranked"]] == [
        (1, False, 2),
        (2, False, 2),
        (3, True, 1),
    ]


def test_it_is_told_who_solved_what_and_with_whom(made_up: Any, content: dict[str, Any]) -> None:
    (run,) = content["runs"]
    rows = {content["proposers"][row["by"]]: row for row in run["proposers"]}
    assert (rows["search"]["solved"], rows["search"]["alone"], rows["search"]["candidates"]) == (1, 1, 1)
    assert (rows["transduction"]["solved"], rows["transduction"]["answered"]) == (1, 4)
    assert rows["fall-back"]["solved"] == 0
    order = made_up.challenges.order
    sets = {
        tuple(content["proposers"][by] for by in one["by"]): [order[i] for i in one["tasks"]] for one in run["overlap"]
    }
    assert sets == {("search",): ["at-once"], ("transduction",): ["second"]}


def test_the_course_of_the_run_is_told(content: dict[str, Any]) -> None:
    (run,) = content["runs"]
    course = dict(
        zip(run["course"]["moments_s"], zip(run["course"]["found"], run["course"]["chosen"], strict=True), strict=True)
    )
    assert course[0.0] == (0, 0)
    assert course[42.0] == (3, 2)  # at-once, second and unchosen were found, the last was not chosen
    assert run["verdicts"][0] == {"by": 0, "reason": "program: timeout cpu", "n": 4}
    assert run["faults"] == [
        {"where": "model", "what": "killed by signal 9", "when_s": 13.0, "what_was_done": "started again"}
    ]
    assert [one["what"] for one in run["decisions"]] == ["stopped"]
    assert [(row["by"], row["phase"], row["seconds"]) for row in run["time"]] == [(0, "pass 1", 2.5), (1, "", 12.0)]
    assert ["command", "solve --seed 3"] in run["settings"]
    assert by_id(content)["wrong"]["courses"] == [{"time": [[0, 2.5]], "rejected": [[0, "program: timeout cpu", 4]]}]
    assert by_id(content)["second"]["courses"] == [None]


def test_what_a_reader_should_know_is_said(content: dict[str, Any]) -> None:
    (run,) = content["runs"]
    assert any("1 tasks are not in the submission" in text for text in run["remarks"])
    assert any("Of 2 tasks the right answers are not known" in text for text in run["remarks"])


def test_without_right_answers_outcomes_say_what_speaks_for_the_answer(made_up: Any) -> None:
    content = report_content(made_up.run, made_up.challenges)
    told = groups(content)
    assert told["at-once"] == "fitted"
    assert told["second"] == told["near"] == "guessed"
    assert told["wrong"] == told["no-truth"] == "fallback"
    assert told["left-out"] == "empty"
    assert content["scored"] is False
    (run,) = content["runs"]
    assert run["course"]["chosen"] is None
    assert run["course"]["found"][-1] == 1
    assert "right" not in {group["key"] for group in content["groups"]}


def test_without_a_journal_there_are_attempts_and_figures_only(made_up: Any) -> None:
    bare = Run("bare", made_up.run.submission)
    content = report_content(bare, made_up.challenges, made_up.truth)
    assert groups(content)["second"] == "second"
    assert groups(content)["unchosen"] == "wrong"  # nothing tells that it was found
    (run,) = content["runs"]
    assert (run["journal"], run["course"], run["faults"], run["time"]) == (False, None, None, [])
    assert groups(report_content(bare, made_up.challenges))["second"] == "answered"


def test_without_a_submission_the_journal_is_voted_on(made_up: Any, content: dict[str, Any]) -> None:
    voted = report_content(Run("voted", None, made_up.run.journal), made_up.challenges, made_up.truth)
    told = groups(voted)
    assert told.pop("left-out") == "wrong"
    assert told == {key: group for key, group in groups(content).items() if key != "left-out"}


def test_a_journal_of_an_older_kind_tells_no_course(made_up: Any) -> None:
    old = JournalContents("key", made_up.run.journal.candidates)
    content = report_content(Run("old", made_up.run.submission, old), made_up.challenges, made_up.truth)
    (run,) = content["runs"]
    assert (run["course"], run["faults"], run["settings"]) == (None, None, [])
    assert groups(content)["unchosen"] == "near"
    assert any("older kind" in text for text in run["remarks"])


def test_damage_is_told_and_harms_nothing(made_up: Any) -> None:
    torn = dataclasses.replace(made_up.run.journal, torn=True, n_damaged=2)
    content = report_content(dataclasses.replace(made_up.run, journal=torn), made_up.challenges, made_up.truth)
    texts = " ".join(content["runs"][0]["remarks"])
    assert "2 damaged lines" in texts
    assert "cut off" in texts


@pytest.mark.parametrize(
    "value", [None, 7, [], [{}], [{"attempt_1": [[1, 2], [3]]}], [{"attempt_1": "x", "attempt_2": [[11]]}]]
)
def test_malformed_answers_are_no_answers(made_up: Any, value: Any) -> None:
    run = Run("broken", {**made_up.run.submission, "at-once": value}, made_up.run.journal)
    content = report_content(run, made_up.challenges, made_up.truth)
    attempts = by_id(content)["at-once"]["tests"][0]["runs"][0]["attempts"]
    assert [attempt["grid"] for attempt in attempts] == [None, None]
    assert groups(content)["at-once"] == "near"  # it was found


def test_the_content_is_plain_json_and_the_same_every_time(made_up: Any, content: dict[str, Any]) -> None:
    again = report_content(made_up.run, made_up.challenges, made_up.truth, where="made up")
    assert json.loads(json.dumps(content, allow_nan=False)) == again
