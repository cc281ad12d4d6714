"""Every kind of record goes through a line and back, and a journal tells what a run was, when things came, what they
cost.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.budget import ManualClock
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Rejected, Scored
from arc_solver.datasets import challenges_hash
from arc_solver.faults import Fault
from arc_solver.grids import as_grid, grid_key
from arc_solver.journal import (
    COUNTS_INTERVAL_S,
    Decision,
    Journal,
    Note,
    Record,
    RunRecord,
    Surplus,
    Work,
    parse,
    read,
)
from arc_solver.journal.lines import framed, unframed
from arc_solver.journal.records import from_json, to_json
from arc_solver.journal.writing import MAX_REPEATS
from arc_solver.proposers.base import TaskDone
from arc_solver.tasks import Challenges, MalformedTask, Pair, Task

# Lone halves of surrogate pairs too: a file may hold them as a task's id.
texts = st.text(max_size=8)
numbers = st.floats(-1e9, 1e9)
seconds = st.floats(0, 1e6)
counts = st.integers(0, 10**6)
sides = st.integers(1, 4)
grids = st.tuples(sides, sides, st.integers(0, 2**31)).map(
    lambda drawn: as_grid(np.random.default_rng(drawn[2]).integers(0, 10, drawn[:2]))
)
json_values = st.dictionaries(
    texts, st.none() | st.booleans() | counts | numbers | texts | st.lists(counts), max_size=3
)
evidence = st.builds(
    ProgramEvidence, texts, st.integers(0, 5), st.integers(0, 5), numbers, st.none() | numbers, texts
) | st.builds(GridEvidence, numbers, st.integers(1, 900))
outputs = st.dictionaries(st.integers(0, 3), grids, max_size=2)
pairs = st.builds(Pair, grids, grids)
KINDS: dict[type, st.SearchStrategy[Any]] = {
    Candidate: st.builds(Candidate, texts, outputs, st.builds(Origin, texts, texts, st.integers(0, 2**63)), evidence),
    Scored: st.builds(Scored, texts, st.integers(0, 3), grids, numbers, st.integers(1, 99), texts),
    Rejected: st.builds(Rejected, texts, texts, texts)
    | st.builds(Rejected, texts, texts, texts, st.integers(0, 2**63), st.integers(1, 2**63)),
    TaskDone: st.builds(TaskDone, texts, texts),
    Note: st.builds(Note, texts, json_values),
    RunRecord: st.builds(RunRecord, texts, counts, json_values, json_values, texts, texts, texts, texts),
    Work: st.builds(Work, texts, texts, texts, seconds, st.none() | seconds),
    Decision: st.builds(Decision, texts, texts, texts, texts, json_values),
    Fault: st.builds(Fault, texts, texts, st.integers(0, 10**6).map(lambda n: n / 100), texts),
    Surplus: st.builds(Surplus, texts, texts, counts),
    Task: st.builds(
        Task, texts, st.lists(pairs, min_size=1, max_size=2).map(tuple), st.lists(grids, min_size=1).map(tuple)
    ),
    MalformedTask: st.builds(
        MalformedTask, texts, texts, st.lists(st.none() | grids, min_size=1, max_size=3).map(tuple)
    ),
}


def plain(value: Any) -> Any:
    """A value that can be compared: grids as bytes."""
    if isinstance(value, np.ndarray):
        return grid_key(value)
    if dataclasses.is_dataclass(value):
        return type(value), *(plain(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return tuple(map(plain, value)) if isinstance(value, tuple | list) else value


def test_every_kind_of_record_is_tried_here() -> None:
    assert set(KINDS) == set(get_args(Record))


@settings(deadline=None, max_examples=300)
@given(st.one_of(*KINDS.values()))
def test_a_record_goes_through_a_line_and_back(record: Record) -> None:
    line = framed(to_json(record))
    assert line.count(b"\n") == 1
    text = unframed(line[:-1])
    assert text is not None
    assert plain(from_json(json.loads(text))) == plain(record)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(*KINDS.values()), max_size=12))
def test_what_is_appended_is_read_whatever_it_is(tmp_path_factory: Any, records: list[Record]) -> None:
    path = tmp_path_factory.mktemp("journal") / "j.jsonl"
    with Journal.open(path, "key")[0] as journal:
        journal.append(*records)
    contents = read(path)
    assert (contents.n_damaged, contents.torn) == (0, False)

    def those(kind: type) -> list[Any]:
        return [plain(record) for record in records if isinstance(record, kind)]

    distinct = {repr(one): one for one in those(Candidate)}
    assert [plain(one) for one in contents.candidates] == list(distinct.values())
    assert contents.n_repeated == len(those(Candidate)) - len(distinct)
    assert [plain(one) for one in contents.notes] == those(Note)
    assert [plain(one) for _, one in contents.runs] == those(RunRecord)
    assert [plain(one) for _, one in contents.work] == those(Work)
    assert [plain(one) for _, one in contents.decisions] == those(Decision)
    assert [plain(one) for one in contents.faults] == those(Fault)
    assert contents.rejected.total() == len(those(Rejected))
    assert {plain(one) for one in contents.repeated} == {
        plain(one) for one in records if isinstance(one, Rejected) and one.repeats
    }
    assert contents.surplus.total() == sum(one.count for one in records if isinstance(one, Surplus))
    assert set(contents.done) == {(one.proposer, one.task_id) for one in records if isinstance(one, TaskDone)}
    last = {one.task_id: one for one in records if isinstance(one, Task | MalformedTask)}
    assert plain(contents.challenges.by_id()) == plain(last)


def test_a_stranger_has_no_place_in_a_journal(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "j", "key")[0] as journal, pytest.raises(TypeError, match="no place for a int"):
        journal.append(5)  # type: ignore[arg-type]


def found(cell: int) -> Candidate:
    return Candidate("t", {0: as_grid([[cell]])}, Origin("search"), ProgramEvidence(str(cell), 1, 1, 1.0))


def scored(n_views: int) -> Scored:
    return Scored("t", 0, as_grid([[1]]), -1.0, n_views, "transduction")


class TestTimes:
    def test_what_came_until_a_moment_is_read_with_all_that_was_asked(self, tmp_path: Path) -> None:
        clock = ManualClock(0.0)
        journal, _ = Journal.open(tmp_path / "j", "key", clock=clock, started_s=0.0)
        with journal:
            journal.append(found(1), Scored("t", 0, as_grid([[1]]), -0.5, 2, "transduction"))
            clock.advance(5.5)
            # A better score of the same output: the one before still counts for who looks at the time before.
            journal.append(found(2), Scored("t", 0, as_grid([[1]]), -0.25, 8, "transduction"), TaskDone("t", "search"))
            journal.append(Task("late", (Pair(as_grid([[1]]), as_grid([[2]])),), (as_grid([[3]]),)))
        early = read(tmp_path / "j", until_s=5.0)
        assert early.run_key == "key"
        assert list(early.candidates) == [found(1)]
        assert [score.n_views for score in early.scores] == [2]
        assert not early.done
        assert [task.task_id for task in early.challenges.tasks] == ["late"]
        assert len(read(tmp_path / "j", until_s=5.5).candidates) == 2

    def test_everything_is_stamped_with_seconds_since_the_start(self, tmp_path: Path) -> None:
        clock = ManualClock(1000.0)
        journal, _ = Journal.open(tmp_path / "j", "key", clock=clock, started_s=990.0)
        with journal:
            journal.append(found(1))
            clock.advance(5.5)
            journal.append(found(2), scored(1), TaskDone("t", "search"), Work("search", "t", "pass 1", 5.5, 5.25))
            clock.advance(1.0)
            journal.append(scored(8), Decision("stopped", "search", "all is solved"), TaskDone("t", "search"))
        contents = read(tmp_path / "j")
        assert contents.found_s == (10.0, 15.5)
        assert [at_s for at_s, _ in contents.timed_candidates()] == [10.0, 15.5]
        assert contents.timed_scores() == [(16.5, contents.scores[0])]
        assert contents.done_s == {("search", "t"): 15.5}
        assert contents.work == ((15.5, Work("search", "t", "pass 1", 5.5, 5.25)),)
        assert contents.decisions == ((16.5, Decision("stopped", "search", "all is solved")),)
        assert contents.end_s == 16.5

    def test_a_resumed_run_counts_on(self, tmp_path: Path) -> None:
        for number in (1, 2, 3):
            clock = ManualClock(number * 1e6)
            journal, _ = Journal.open(tmp_path / "j", "key", clock=clock)
            with journal:
                clock.advance(60.0)
                journal.append(found(number))
        assert read(tmp_path / "j").found_s == (60.0, 120.0, 180.0)

    def test_a_journal_of_the_version_before_has_no_times(self) -> None:
        records = [
            {"kind": "header", "version": 1, "run_key": "key"},
            {"kind": "candidate", "candidate": found(1).to_json() | {"outputs": {"0": [[1]]}}},
            {"kind": "rejected", "task_id": "t", "proposer": "p", "reason": "r", "count": 3, "seed": 5, "repeats": 4},
            {"kind": "done", "proposer": "search", "task_id": "t"},
        ]
        contents = parse(b"".join(map(framed, records)))
        assert contents.run_key == "key"
        assert plain(contents.candidates) == plain((found(1),))
        assert (contents.found_s, contents.timed_candidates()) == ((None,), [])
        assert contents.done_s == {("search", "t"): None}
        assert contents.rejected_of == {("t", "p", "r"): 3}
        assert contents.repeated == {Rejected("t", "p", "r", 5, 4)}
        assert contents.whole_challenges() is None


class TestCounts:
    def test_counts_are_written_once_a_minute_and_at_the_end(self, tmp_path: Path) -> None:
        clock = ManualClock()
        journal, _ = Journal.open(tmp_path / "j", "key", clock=clock)
        with journal:
            for _ in range(50):
                journal.append(Rejected("t", "p", "program: timeout"), Surplus("t", "p", 2))
            assert len((tmp_path / "j").read_bytes().splitlines()) == 1
            clock.advance(COUNTS_INTERVAL_S)
            journal.append()
            assert len((tmp_path / "j").read_bytes().splitlines()) == 3
            journal.append(Rejected("t", "p", "program: timeout"))
        contents = read(tmp_path / "j")
        assert len((tmp_path / "j").read_bytes().splitlines()) == 4
        assert contents.rejected_of == {("t", "p", "program: timeout"): 51}
        assert contents.surplus == {("t", "p"): 100}

    def test_many_repeats_are_only_counted(self, tmp_path: Path) -> None:
        with Journal.open(tmp_path / "j", "key")[0] as journal:
            journal.append(*(Rejected("t", "p", "r", seed, 1) for seed in range(2, MAX_REPEATS + 50)))
        contents = read(tmp_path / "j")
        assert len(contents.repeated) == MAX_REPEATS
        assert contents.rejected.total() == MAX_REPEATS + 48

    def test_counts_that_find_no_room_on_the_disk_keep_no_run_from_ending(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        journal, _ = Journal.open(tmp_path / "j", "key")
        journal.append(found(1), Rejected("t", "p", "r"))

        def full(data: bytes) -> None:
            raise OSError("No space left on device")

        monkeypatch.setattr(journal, "_write", full)
        journal.close()
        assert len(read(tmp_path / "j").candidates) == 1


CHALLENGES = Challenges(
    (Task("b", (Pair(as_grid([[1]]), as_grid([[2]])),), (as_grid([[3]]), as_grid([[4, 5]]))),),
    (MalformedTask("a\ud800", "no train", (None, as_grid([[6]]))),),
    ("b", "a\ud800"),
)


def run_of(challenges: Challenges, seed: int = 7) -> RunRecord:
    return RunRecord(
        "0.1.0", seed, {"search": {"max_programs": 5}}, {"n_cores": 2}, challenges_hash(challenges), "c.json"
    )


class TestRuns:
    def test_a_journal_holds_its_tasks_and_what_its_runs_were(self, tmp_path: Path) -> None:
        for resume in (False, True):
            with Journal.open(tmp_path / "j", "key", resume=resume)[0] as journal:
                journal.begin_run(run_of(CHALLENGES), CHALLENGES)
        contents = read(tmp_path / "j")
        assert [run for _, run in contents.runs] == [run_of(CHALLENGES)] * 2
        whole = contents.whole_challenges()
        assert whole is not None
        assert plain(whole) == plain(CHALLENGES)
        # The header, two runs, and each task once.
        assert len((tmp_path / "j").read_bytes().splitlines()) == 1 + 2 + 2

    def test_tasks_that_are_not_all_there_are_not_taken_for_whole_and_are_written_again(self, tmp_path: Path) -> None:
        path = tmp_path / "j"
        with Journal.open(path, "key")[0] as journal:
            journal.begin_run(run_of(CHALLENGES), CHALLENGES)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(line for line in lines if b'"task_id":"b"' not in line))
        assert read(path).whole_challenges() is None
        with Journal.open(path, "key")[0] as journal:
            journal.begin_run(run_of(CHALLENGES), CHALLENGES)
        whole = read(path).whole_challenges()
        assert whole is not None
        assert set(whole.order) == set(CHALLENGES.order)

    def test_runs_on_different_tasks_in_one_journal_leave_it_open_which_are_meant(self, tmp_path: Path) -> None:
        other = Challenges(CHALLENGES.tasks, (), ("b",))
        with Journal.open(tmp_path / "j", "key")[0] as journal:
            journal.begin_run(run_of(CHALLENGES), CHALLENGES)
            journal.begin_run(run_of(other), other)
        assert read(tmp_path / "j").whole_challenges() is None


def test_a_journal_is_read_in_pieces_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "j"
    with Journal.open(path, "key")[0] as journal:
        journal.append(*map(found, range(9)), Note("long", {"text": "x" * 500}))
    data = path.read_bytes()[:-20]
    for size in (1, 7, 64, len(data)):
        monkeypatch.setattr("arc_solver.journal.reading._CHUNK_BYTES", size)
        path.write_bytes(data)
        contents = read(path)
        assert (len(contents.candidates), contents.torn, contents.n_damaged) == (9, True, 0)


def test_equal_outputs_are_in_memory_once(tmp_path: Path) -> None:
    votes = [
        Candidate("t", {0: as_grid([[1, 2]])}, Origin("transduction", "", seed), GridEvidence(-1.0, 2))
        for seed in range(5)
    ]
    with Journal.open(tmp_path / "j", "key")[0] as journal:
        journal.append(*votes, found(1))
    first, *others, last = read(tmp_path / "j").candidates
    assert all(one.outputs is first.outputs for one in others)
    assert last.outputs is not first.outputs


def test_the_checksum_is_taken_over_the_bytes_of_the_record() -> None:
    line = framed({"kind": "note"})
    assert unframed(line[:-1]) == b'{"kind":"note"}'
    assert int(line[8:16], 16) == zlib.crc32(b'{"kind":"note"}')
    assert unframed(line[:-1].replace(b"note", b"nose")) is None
