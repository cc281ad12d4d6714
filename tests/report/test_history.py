"""How a run's answers grew."""

from __future__ import annotations

from typing import Any

from arc_solver.report.history import MAX_POINTS, course


def test_a_task_is_found_and_chosen_when_its_answer_comes(made_up: Any) -> None:
    found = made_up.run.journal.timed_candidates()
    grown = course(made_up.challenges, found, truth=made_up.truth.outputs, end_s=80.0)
    assert grown is not None
    assert len(grown.moments_s) <= MAX_POINTS + 1
    assert grown.chosen is not None
    steps = dict(zip(grown.moments_s, zip(grown.found, grown.chosen, strict=True), strict=True))
    assert [steps[when] for when in (0.0, 4.0, 5.0, 11.0, 12.0, 29.0, 30.0, 80.0)] == [
        (0, 0), (0, 0), (1, 1), (1, 1), (2, 1), (2, 1), (3, 2), (3, 2),
    ]  # fmt: skip


def test_without_right_answers_programs_that_fit_are_counted(made_up: Any) -> None:
    grown = course(made_up.challenges, made_up.run.journal.timed_candidates())
    assert grown is not None
    assert grown.chosen is None
    assert grown.found[-1] == 1
    assert grown.end_s == 30.0


def test_without_times_there_is_no_course(made_up: Any) -> None:
    assert course(made_up.challenges, []) is None


def test_all_at_once_is_a_course_too(made_up: Any) -> None:
    found = [(0.0, one) for _, one in made_up.run.journal.timed_candidates()]
    grown = course(made_up.challenges, found, truth=made_up.truth.outputs)
    assert grown is not None
    assert (grown.found[-1], grown.chosen) == (3, (0, 2))
