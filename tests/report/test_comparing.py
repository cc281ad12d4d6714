"""Who solved what, and whether it can be chance."""

from __future__ import annotations

import dataclasses
from math import comb
from typing import Any

import pytest

from arc_solver.report.answers import Run
from arc_solver.report.comparing import BOTH, NEITHER, ONLY_A, ONLY_B, compare_runs, comparison_page
from arc_solver.tasks import Solutions


@pytest.fixture(scope="module")
def other(made_up: Any) -> Run:
    """The made-up run, but it solves `near` and `wrong`, and neither `second` nor the first of `partly`."""
    answers: dict[str, Any] = dict(made_up.run.submission)
    for task_id in ("near", "wrong"):
        (right,) = made_up.truth.outputs[task_id]
        answers[task_id] = [{"attempt_1": [[0]], "attempt_2": right.tolist()}]
    answers["second"] = [{"attempt_1": [[0]], "attempt_2": [[1]]}]
    answers["partly"] = [{"attempt_1": [[0]], "attempt_2": [[1]]}] * 2
    return Run("other", answers)


def test_tasks_are_told_apart_by_who_solved_them(made_up: Any, other: Run) -> None:
    comparison, content = compare_runs((made_up.run, other), made_up.challenges, made_up.truth)
    assert comparison.of(BOTH) == ("at-once",)
    assert comparison.of(ONLY_A) == ("second",)
    assert comparison.of(ONLY_B) == ("near", "wrong")
    assert comparison.of(NEITHER) == ("partly", "unchosen", "left-out")
    groups = {task["id"]: task["group"] for task in content["tasks"]}
    assert groups["near"] == "only_b"
    assert groups["no-truth"] == "unknown"
    assert [len(test["runs"]) for test in content["tasks"][0]["tests"]] == [2]


def test_the_test_is_mcnemar_s_on_the_tasks_that_differ(made_up: Any, other: Run) -> None:
    comparison, _ = compare_runs((made_up.run, other), made_up.challenges, made_up.truth)
    # One against two: every outcome of three fair coins but those more even than this, of which there are none.
    assert comparison.solved.p_value == pytest.approx(min(1, 2 * sum(comb(3, k) for k in (0, 1)) / 2**3))
    assert comparison.solved.difference.value == pytest.approx(1 / 7)
    assert comparison.outputs.difference.value == pytest.approx((1 + 1 - 1 - 0.5) / 7)
    assert "cannot tell" in comparison.verdict()


def test_the_other_way_round_it_is_the_mirror_image(made_up: Any, other: Run) -> None:
    one, _ = compare_runs((made_up.run, other), made_up.challenges, made_up.truth)
    two, _ = compare_runs((other, made_up.run), made_up.challenges, made_up.truth)
    assert one.of(ONLY_A) == two.of(ONLY_B)
    assert one.solved.p_value == two.solved.p_value
    assert one.solved.difference.value == pytest.approx(-two.solved.difference.value)
    assert one.solved.difference.low == pytest.approx(-two.solved.difference.high)


def test_a_run_differs_from_itself_in_nothing(made_up: Any) -> None:
    comparison, _ = compare_runs((made_up.run, made_up.run), made_up.challenges, made_up.truth)
    assert comparison.solved.p_value == 1.0
    assert comparison.verdict() == "Both solve exactly the same tasks."


def test_a_clear_difference_is_called_one(made_up: Any) -> None:
    tasks = [dataclasses.replace(made_up.challenges.tasks[0], task_id=f"t{index}") for index in range(12)]
    challenges = dataclasses.replace(
        made_up.challenges, tasks=tuple(tasks), malformed=(), order=tuple(task.task_id for task in tasks)
    )
    right = made_up.truth.outputs["at-once"]
    truth = Solutions({task.task_id: right for task in tasks})
    good = Run("good", {task.task_id: [{"attempt_1": right[0].tolist(), "attempt_2": [[0]]}] for task in tasks})
    comparison, _ = compare_runs((Run("bad", {}), good), challenges, truth)
    assert comparison.verdict() == (
        "B solves 12 tasks more (12 that the other does not, against 0); were neither better, chance would bring this "
        "or more with probability 0.0005."
    )


def test_the_page_tells_the_four_numbers(made_up: Any, other: Run) -> None:
    comparison, content = compare_runs((made_up.run, other), made_up.challenges, made_up.truth)
    page = comparison_page(content, comparison, made_up.challenges, "made up")
    assert page["kind"] == "comparison"
    assert page["title"] == "made up against other"
    assert {key: one["n"] for key, one in page["comparison"]["corners"].items()} == {
        "both": 1, "only_a": 1, "only_b": 2, "neither": 3,
    }  # fmt: skip


def test_without_a_right_answer_there_is_nothing_to_compare(made_up: Any) -> None:
    with pytest.raises(ValueError, match="no right answer"):
        compare_runs((made_up.run, made_up.run), made_up.challenges, Solutions({"elsewhere": ()}))
