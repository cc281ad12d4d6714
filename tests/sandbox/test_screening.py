"""Each program once, and only as far as it deserves: with a runner that counts, and once with the sandbox."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.budget import Deadline
from arc_solver.grids import Grid, as_grid
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.screening import Screened, TaskPrograms, confirm, resume, screen
from arc_solver.sandbox.verdicts import (
    Failed,
    InvalidOutput,
    NonDeterministic,
    Normalised,
    NotRun,
    Ok,
    Program,
    Raised,
    SyntaxInvalid,
    TimedOut,
    Verdict,
)
from arc_solver.tasks import Pair


def cell(value: int) -> Grid:
    return as_grid([[value]])


def counting(n_train: int, n_test: int = 1) -> TaskPrograms:
    """Training pair i turns i into i + 1; test inputs come after."""
    pairs = [Pair(cell(i), cell(i + 1)) for i in range(n_train)]
    return TaskPrograms(pairs, [cell(i) for i in range(n_train, n_train + n_test)])


class TableRunner:
    """Sources are rows of digits: what the program gives for input 0, 1, 2, ...; a letter makes it raise.

    A source that begins with `!` cannot be parsed; spaces do not count.
    """

    def __init__(self, n_calls: int = 99, unstable: Sequence[str] = ()) -> None:
        self.ran: list[tuple[str, tuple[int, ...]]] = []
        self.normalised: list[str] = []
        self.confirmed: list[Program] = []
        self._n_calls = n_calls
        self._unstable = unstable

    def normalise(self, sources: Sequence[str], deadline: Deadline | None = None) -> list[Normalised | Failed]:
        self.normalised += sources
        return [SyntaxInvalid() if s[0] == "!" else Normalised(s.replace(" ", "").encode()) for s in sources]

    def run(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        self._n_calls -= 1
        if self._n_calls < 0:
            return [NotRun() for _ in programs]
        self.ran += [(each.source, tuple(int(grid[0, 0]) for grid in each.inputs)) for each in programs]
        return [self._verdict(each) for each in programs]

    def confirm(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        self.confirmed += programs
        return [NonDeterministic() if each.source in self._unstable else self._verdict(each) for each in programs]

    def _verdict(self, program: Program) -> Verdict:
        outputs: list[Grid] = []
        for grid in program.inputs:
            given_back = program.source.replace(" ", "").ljust(9, "x")[int(grid[0, 0])]
            if not given_back.isdigit():
                return Raised(tuple(outputs), "ValueError")
            outputs.append(cell(int(given_back)))
        return Ok(tuple(outputs))


def outputs_of(known: Screened) -> str:
    return "".join(str(grid[0, 0]) for grid in known.outputs)


def test_the_first_pair_then_the_others_then_the_test_inputs() -> None:
    runner, task = TableRunner(), counting(3, 2)
    right, first_only, none = screen(runner, [(task, "12345"), (task, "10345"), (task, "02345")])
    assert runner.ran == [
        ("12345", (0,)), ("10345", (0,)), ("02345", (0,)),
        ("12345", (1, 2)), ("10345", (1, 2)),
        ("12345", (3, 4)),
    ]  # fmt: skip
    assert (right.n_passed, first_only.n_passed, none.n_passed) == (3, 2, 0)
    assert (right.passes_all, right.is_partial) == (True, False)
    assert (first_only.passes_all, first_only.is_partial, first_only.n_missed) == (False, True, 1)
    assert (none.is_partial, none.n_missed) == (False, 1)
    assert list(map(outputs_of, (right, first_only, none))) == ["12345", "103", "0"]
    assert [grid[0, 0] for grid in right.answers] == [4, 5]


def test_without_early_stop_every_training_pair_is_run() -> None:
    runner, task = TableRunner(), counting(3)
    (known,) = screen(runner, [(task, "0034")], stop_at_miss=False)
    assert runner.ran == [("0034", (0, 1, 2))]
    assert (known.n_passed, known.is_partial) == (1, True)


def test_failures_keep_the_outputs_before_them() -> None:
    runner, task = TableRunner(), counting(3, 2)
    found = screen(runner, [(task, source) for source in ("xxxxx", "1x345", "12x45", "1234x", "123xx")])
    assert [outputs_of(known) for known in found] == ["", "1", "12", "1234", "123"]
    assert [known.failure for known in found] == [Raised(f.failure.outputs, "ValueError") for f in found if f.failure]
    assert [known.is_partial for known in found] == [False] * 5
    assert [len(known.answers) for known in found] == [0, 0, 0, 1, 0]


def test_partial_programs_get_their_test_inputs_when_asked() -> None:
    runner, task = TableRunner(), counting(3, 2)
    partial, failed = screen(runner, [(task, "10345"), (task, "1x345")])
    runner.ran.clear()
    resumed = resume(runner, [(task, partial), (task, failed)])
    assert runner.ran == [("10345", (3, 4))]
    assert outputs_of(resumed[0]) == "10345"
    assert resumed[0].n_passed == 2
    assert resumed[1] == failed


def test_a_program_is_run_once_a_task_whatever_its_spacing() -> None:
    runner, task, other = TableRunner(), counting(2), counting(2)
    found = screen(runner, [(task, "123"), (task, "1 23"), (other, "123"), (task, "02 3"), (task, "12 3")])
    assert [known.is_duplicate for known in found] == [False, True, False, False, True]
    assert [known.source for known in found] == ["123", "123", "123", "02 3", "123"]
    assert all(known.passes_all for known in found if known.source == "123")
    n_ran, n_normalised = len(runner.ran), len(runner.normalised)
    again = screen(runner, [(task, "1 2 3"), (task, "123"), (task, "1 23"), (task, "023")])
    assert all(known.is_duplicate for known in again)
    assert len(runner.ran) == n_ran
    # A text that was seen is not even parsed.
    assert runner.normalised[n_normalised:] == ["1 2 3", "023"]


def test_what_cannot_be_parsed_is_not_run() -> None:
    runner, task = TableRunner(), counting(2)
    found = screen(runner, [(task, "!1"), (task, "!1"), (task, "!2")])
    assert [known.failure for known in found] == [SyntaxInvalid()] * 3
    assert [known.is_duplicate for known in found] == [False, True, False]
    assert not runner.ran


@pytest.mark.parametrize("n_calls", [0, 1, 2])
def test_what_the_deadline_cuts_off_is_not_remembered(n_calls: int) -> None:
    task = counting(2)
    first = screen(TableRunner(n_calls), [(task, "123"), (task, "12 3")])
    assert all(known.was_cut_off and not known.is_duplicate for known in first)
    again = screen(TableRunner(), [(task, "123"), (task, "12 3")])
    assert [(known.passes_all, known.is_duplicate) for known in again] == [(True, False), (True, True)]


def test_what_is_used_comes_from_the_confirming_run() -> None:
    runner, task = TableRunner(unstable=["1235"]), counting(3, 2)
    known = screen(runner, [(task, "12345"), (task, "1235"), (task, "1234x")])
    assert known[1].failure is not None  # it has no fifth digit, but four outputs
    right, unstable, cut = confirm(runner, [(task, each) for each in known])
    assert [len(program.inputs) for program in runner.confirmed] == [5, 4, 4]
    assert outputs_of(right) == "12345"
    assert right.failure is None
    assert (unstable.failure, unstable.outputs, unstable.n_passed) == (NonDeterministic(), (), 0)
    assert outputs_of(cut) == "1234"
    assert isinstance(cut.failure, Raised)
    assert screen(runner, [(task, "1 235")])[0].failure == NonDeterministic()


@given(st.lists(st.text("0123x ", min_size=4, max_size=6), max_size=8), st.booleans())
def test_screening_says_what_running_everything_would(sources: list[str], stop_at_miss: bool) -> None:
    sources = [source.replace(" ", "") + " " * source.count(" ") + "x" * 4 for source in sources]
    runner, task = TableRunner(), counting(3)
    found = screen(runner, [(task, source) for source in sources], None, stop_at_miss)
    seen = set()
    for source, known in zip(sources, found, strict=True):
        digits = source.replace(" ", "")
        assert known.is_duplicate == (digits in seen)
        seen.add(digits)
        assert known.passes_all == digits.startswith("123")
        whole = digits[:4].partition("x")[0]
        assert whole.startswith(outputs_of(known))
        assert known.n_passed == sum(a == b for a, b in zip(outputs_of(known), "123", strict=False))
        if known.passes_all or not stop_at_miss:
            assert outputs_of(known)[:3] == whole[:3]
    assert len(runner.ran) == len(set(runner.ran))


def test_the_sandbox_screens() -> None:
    def program(expression: str, name: str = "grid") -> str:
        return f"def task({name}):\n    return {expression}\n"

    task = counting(3, 2)
    sources = [
        program("grid + 1"),
        program("picture + 1  # the same", "picture"),
        program("np.where(grid < 2, grid + 1, 0)"),
        program("grid"),
        program("[[int(grid[0, 0]) + 1 + 0 * (1 // (4 - int(grid[0, 0])))]]"),
        "def task(grid):\n    while True: pass\n",
        "def task(grid:\n",
        program("[[int(grid[0, 0]) + 1 + (hash('a') % 10 == 99)]]"),
    ]
    with Sandbox(Limits(cpu_s=0.05, solo_cpu_s=0.1)) as sandbox:
        found = screen(sandbox, [(task, source) for source in sources])
        resumed = resume(sandbox, [(task, found[2])])
        confirmed = confirm(sandbox, [(task, found[0]), (task, resumed[0]), (task, found[4])])
    assert [known.n_passed for known in found] == [3, 3, 2, 0, 3, 0, 0, 3]
    assert [known.is_duplicate for known in found] == [False, True] + [False] * 6
    assert found[2].is_partial
    assert outputs_of(resumed[0]) == "12000"
    assert found[5].failure == TimedOut(kind="cpu")
    assert found[6].failure == SyntaxInvalid()
    assert [outputs_of(known) for known in confirmed] == ["12345", "12000", "1234"]
    assert isinstance(confirmed[2].failure, Raised)
    assert not isinstance(confirmed[0].failure, InvalidOutput)
    assert all(np.array_equal(a, b) for a, b in zip(found[0].outputs, confirmed[0].outputs, strict=True))
