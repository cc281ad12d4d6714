"""Faults are values: told in a line, written and read again, and never so many that they are a burden."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from arc_solver.faults import MAX_FAULTS, Fault, Faults


@given(st.text(), st.text(), st.integers(0, 10**7), st.text())
def test_what_is_written_is_read_again(where: str, what: str, hundredths: int, done: str) -> None:
    fault = Fault(where, what, hundredths / 100, done)
    assert Fault.from_json(fault.to_json()) == fault


def test_a_fault_is_told_in_one_line() -> None:
    assert Fault("search 0", "killed\nby signal 9", 1.0, "started again").text() == (
        "search 0: killed by signal 9; started again"
    )
    assert Fault("model", "no such file", 1.0).text() == "model: no such file"


def test_of_too_many_the_first_are_kept_and_the_others_counted() -> None:
    faults = Faults()
    kept = [faults.add(Fault("journal", str(index), float(index))) for index in range(MAX_FAULTS + 3)]
    assert kept == [True] * MAX_FAULTS + [False] * 3
    assert len(faults) == len(faults.to_json()) == MAX_FAULTS
    assert [fault.what for fault in faults] == [str(index) for index in range(MAX_FAULTS)]
    assert faults.n_left_out == 3


def test_of_a_long_line_what_was_done_stays() -> None:
    text = Fault("model", "x" * 1000, 1.0, "the base goes on without its adapter").text()
    assert text.startswith("model: xxx")
    assert text.endswith("...; the base goes on without its adapter")
    assert len(text) == 300
