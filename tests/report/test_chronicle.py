"""Nothing that a journal tells twice counts twice."""

from __future__ import annotations

from typing import Any

import pytest

from arc_solver.journal import JournalContents, Work
from arc_solver.report.chronicle import MAX_REASONS, NO_TASK, rejected, settings, time_on_tasks, time_spent


def spent(*work: Work) -> dict[tuple[int, str], float]:
    journal = JournalContents(work=tuple((0.0, one) for one in work))
    return {(row["by"], row["phase"]): row["seconds"] for row in time_spent(journal, ["search", "fall-back"])}


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        ([("", "model", 9.0)], {"": 9.0}),
        ([("", "lane 0", 9.0), ("", "lane 1", 3.0)], {"": 12.0}),
        ([("a", "", 2.0), ("b", "", 3.0)], {"": 5.0}),
        ([("a", "", 2.0), ("a", "pass 1", 1.0), ("a", "pass 2", 0.5)], {"pass 1": 1.0, "pass 2": 0.5}),
        ([("", "lane 0", 9.0), ("a", "pass 1", 6.0)], {"pass 1": 6.0, NO_TASK: 3.0}),
        ([("", "lane 0", 9.0), ("a", "pass 1", 9.0)], {"pass 1": 9.0}),
        ([("", "lane 0", 2.0), ("a", "pass 1", 9.0)], {"pass 1": 9.0}),
        ([], {}),
    ],
)
def test_parts_count_rather_than_their_sums(work: list[Any], expected: dict[str, float]) -> None:
    records = [Work("search", task_id, phase, seconds) for task_id, phase, seconds in work]
    assert spent(*records) == {(0, phase): seconds for phase, seconds in expected.items()}


def test_time_on_a_task_is_the_sum_of_its_phases() -> None:
    work = (Work("search", "a", "pass 1", 1.0), Work("search", "a", "pass 2", 2.0), Work("search", "a", "", 9.0))
    journal = JournalContents(work=tuple((0.0, one) for one in (*work, Work("model", "a", "", 4.0))))
    assert time_on_tasks(journal) == {"a": {"search": 3.0, "model": 4.0}}
    assert time_on_tasks(None) == {}


def test_rare_reasons_are_told_together() -> None:
    journal = JournalContents()
    for index in range(MAX_REASONS + 5):
        journal.rejected["search", f"reason {index}"] = 100 - index
    rows = rejected(journal, ["search", "fall-back"])
    assert len(rows) == MAX_REASONS + 1
    assert sum(row["n"] for row in rows) == journal.rejected.total()
    assert rows[-1]["reason"] == "other reasons"


def test_without_a_record_of_the_run_there_are_no_settings() -> None:
    assert settings(None) == settings(JournalContents()) == []
