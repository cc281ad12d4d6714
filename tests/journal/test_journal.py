from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.budget import ManualClock
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Rejected, Scored
from arc_solver.errors import InputError
from arc_solver.grids import as_grid
from arc_solver.journal import Journal, Note, parse, read
from arc_solver.proposers.base import TaskDone

PROGRAM = Candidate(
    "t1", {0: as_grid([[1, 2]])}, Origin("search"), ProgramEvidence("def task(g):\n return g", 2, 2, 3.0)
)
WRITTEN = Candidate("t2", {1: as_grid([[3]])}, Origin("transduction", "rot90", 7), GridEvidence(-0.25, 4))
SCORED = Scored("t1", 0, as_grid([[1, 2]]), -0.75, 8, "transduction")
RECORDS = (
    PROGRAM,
    SCORED,
    TaskDone("t1", "search"),
    Rejected("t2", "induction", "program: timeout"),
    WRITTEN,
    Note("timing", {"search_s": 1.5}),
    TaskDone("t2", "transduction"),
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def write(path, *records, run_key="key", resume=True):
    journal, contents = Journal.open(path, run_key, resume=resume)
    with journal:
        for record in records:
            journal.append(record)
    return contents


def facts(contents):
    """Contents in a form that can be compared."""
    return (
        [candidate.to_json() for candidate in contents.candidates],
        sorted(contents.done),
        sorted(contents.rejected.items()),
        list(contents.notes),
        [score.to_json() for score in contents.scores],
    )


def n_read(contents):
    """How many records were read, the header not among them."""
    return (
        len(contents.candidates)
        + len(contents.scores)
        + len(contents.done)
        + len(contents.notes)
        + contents.rejected.total()
    )


class TestReading:
    def test_what_was_appended_is_read(self, path):
        write(path, *RECORDS)
        contents = read(path)
        assert contents.run_key == "key"
        assert facts(contents) == (
            [PROGRAM.to_json(), WRITTEN.to_json()],
            [("search", "t1"), ("transduction", "t2")],
            [(("induction", "program: timeout"), 1)],
            [Note("timing", {"search_s": 1.5})],
            [SCORED.to_json()],
        )
        assert (contents.n_damaged, contents.n_repeated, contents.torn) == (0, 0, False)

    def test_every_line_is_json_with_a_checksum(self, path):
        write(path, *RECORDS)
        lines = path.read_text().splitlines()
        assert len(lines) == 1 + len(RECORDS)
        for line in lines:
            assert set(json.loads(line)) == {"crc", "record"}

    def test_a_candidate_found_again_counts_once(self, path):
        write(path, PROGRAM, WRITTEN, PROGRAM)
        contents = read(path)
        assert [candidate.to_json() for candidate in contents.candidates] == [PROGRAM.to_json(), WRITTEN.to_json()]
        assert contents.n_repeated == 1

    def test_of_two_scores_of_an_output_the_one_of_more_views_counts_wherever_it_stands(self, path):
        more = dataclasses.replace(SCORED, logprob=-9.0, n_views=16)
        other = dataclasses.replace(SCORED, test_index=1)
        write(path, SCORED, more, other, SCORED)
        assert [score.to_json() for score in read(path).scores] == [more.to_json(), other.to_json()]

    def test_a_journal_from_before_there_were_scores_is_read(self, path):
        lines = [
            {"kind": "header", "version": 1, "run_key": "key"},
            {"kind": "candidate", "candidate": WRITTEN.to_json()},
            {"kind": "done", "proposer": "transduction", "task_id": "t2"},
        ]
        texts = [json.dumps(line, separators=(",", ":")).encode() for line in lines]
        path.write_bytes(b"".join(b'{"crc":"%08x","record":%s}\n' % (zlib.crc32(text), text) for text in texts))
        contents = write(path, SCORED)
        assert facts(contents) == ([WRITTEN.to_json()], [("transduction", "t2")], [], [], [])
        assert contents.n_damaged == 0
        assert [score.to_json() for score in read(path).scores] == [SCORED.to_json()]

    def test_equal_rejections_of_one_batch_are_one_line(self, path):
        journal, _ = Journal.open(path, "key")
        with journal:
            journal.append(*[Rejected("t", "induction", "no code")] * 50, Rejected("t", "induction", "syntax"))
        assert len(path.read_bytes().splitlines()) == 3
        assert read(path).rejected == {("induction", "no code"): 50, ("induction", "syntax"): 1}

    def test_a_sample_that_repeats_another_is_known_once_however_often_it_is_met(self, path):
        repeat = Rejected("t", "induction", "program: duplicate", seed=5, repeats=3)
        for resumed in (False, True):
            journal, _ = Journal.open(path, "key", resume=resumed)
            with journal:
                journal.append(repeat, Rejected("t", "induction", "program: duplicate"))
        assert read(path).repeated == {repeat}
        assert read(path).rejected == {("induction", "program: duplicate"): 4}

    def test_what_was_counted_of_a_task_stands_there_once_it_is_done(self, path):
        """Nobody asks about it again: were it lost with a killed run, it would be lost for good."""
        others = [Rejected("t2", "induction", "no code"), Rejected("t", "transduction", "no grid")]
        repeat = Rejected("t", "induction", "program: duplicate", seed=5, repeats=3)
        journal, _ = Journal.open(path, "key")
        with journal:
            journal.append(repeat, *others, TaskDone("t", "induction"))
            assert read(path).rejected == {("induction", "program: duplicate"): 1}
            assert read(path).repeated == {repeat}
        assert read(path).rejected.total() == 3

    def test_a_missing_file_is_told(self, path):
        with pytest.raises(InputError, match="cannot be read: No such file"):
            read(path)

    def test_cut_off_anywhere_a_prefix_of_the_records_is_left(self, path):
        write(path, *RECORDS)
        data = path.read_bytes()
        ends = [index + 1 for index, byte in enumerate(data) if byte == ord("\n")]
        for cut in range(len(data) + 1):
            contents = parse(data[:cut])
            # A line that lacks nothing but its line end is whole.
            n_whole = sum(end <= cut + 1 for end in ends)
            assert n_read(contents) == max(0, n_whole - 1)
            assert contents.run_key == ("key" if n_whole else None)
            assert contents.n_damaged == 0
            assert contents.torn == (cut not in ends and cut + 1 not in ends and cut != 0)

    def test_one_wrong_byte_costs_one_line(self, path):
        write(path, *RECORDS)
        data = path.read_bytes()
        n_lines = data.count(b"\n")
        for index in range(0, len(data), 3):
            damaged = bytearray(data)
            damaged[index] ^= 1
            contents = parse(bytes(damaged))
            n_found = n_read(contents) + (contents.run_key is not None)
            # A line end that is damaged costs the two lines that it parted.
            assert n_found >= n_lines - (2 if data[index : index + 1] == b"\n" else 1)
            assert contents.n_damaged + contents.torn >= 1

    @settings(deadline=None)
    @given(st.binary(max_size=200), st.integers(0, 10**6))
    def test_garbage_anywhere_never_raises(self, garbage, place):
        data = _journal_bytes()
        place %= len(data)
        parse(garbage)
        parse(data[:place] + garbage + data[place:])

    @pytest.mark.parametrize(
        "record",
        [
            {"kind": "candidate", "candidate": {"task_id": "t"}},
            {"kind": "candidate", "candidate": 5},
            {"kind": "candidate", "candidate": PROGRAM.to_json() | {"outputs": {"0": [[11]]}}},
            {"kind": "scored", "scored": SCORED.to_json() | {"grid": [[11]]}},
            {"kind": "scored", "scored": SCORED.to_json() | {"n_views": 0}},
            {"kind": "scored", "scored": 5},
            {"kind": "done"},
            {"kind": "rejected", "proposer": "p", "reason": "r", "count": "many"},
            {"kind": "note", "note": "n", "content": 3},
            {"kind": "header", "version": 99, "run_key": "key"},
            {"kind": "of a later version"},
            {},
        ],
    )
    def test_a_line_that_is_whole_but_no_record_is_counted(self, record):
        text = json.dumps(record).encode()
        contents = parse(b'{"crc":"%08x","record":%s}\n' % (zlib.crc32(text), text))
        assert contents.n_damaged == 1
        assert facts(contents) == ([], [], [], [], [])


@functools.cache
def _journal_bytes():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        write(path, *RECORDS)
        return path.read_bytes()


class TestResuming:
    def test_a_new_journal_is_empty(self, path):
        assert facts(write(path)) == ([], [], [], [], [])
        assert read(path).run_key == "key"

    def test_a_run_goes_on_where_the_last_one_ended(self, path):
        write(path, *RECORDS[:4])
        contents = write(path, *RECORDS[4:])
        assert [candidate.task_id for candidate in contents.candidates] == ["t1"]
        assert contents.done == {("search", "t1")}
        assert [score.to_json() for score in contents.scores] == [SCORED.to_json()]
        assert len(read(path).candidates) == 2

    def test_no_resume_starts_anew(self, path):
        write(path, *RECORDS)
        assert facts(write(path, WRITTEN, run_key="other", resume=False)) == ([], [], [], [], [])
        contents = read(path)
        assert contents.run_key == "other"
        assert len(contents.candidates) == 1

    def test_another_runs_journal_is_refused_and_left_alone(self, path):
        write(path, *RECORDS)
        before = path.read_bytes()
        with pytest.raises(InputError, match=r"other tasks or with another seed.*--no-resume.*--output") as caught:
            Journal.open(path, "other")
        assert "\n" not in str(caught.value)
        assert path.read_bytes() == before

    def test_after_a_cut_anywhere_a_run_goes_on_and_its_records_are_whole(self, path):
        write(path, *RECORDS)
        data = path.read_bytes()
        line_ends = [index for index, byte in enumerate(data) if byte == ord("\n")]
        for cut in [*range(0, len(data) + 1, 11), *line_ends]:
            path.write_bytes(data[:cut])
            contents = write(path, WRITTEN, Note("after", {}))
            after = read(path)
            assert (after.n_damaged, after.torn) == (0, False)
            assert after.notes[-1] == Note("after", {})
            assert after.done == contents.done
            assert WRITTEN.to_json() in [candidate.to_json() for candidate in after.candidates]
            if cut < line_ends[0]:
                assert facts(contents) == ([], [], [], [], [])

    def test_answers_below_a_damaged_header_are_not_thrown_away(self, path):
        write(path, *RECORDS)
        path.write_bytes(b"x" + path.read_bytes())
        with pytest.raises(InputError, match="its header is damaged"):
            Journal.open(path, "key")
        assert len(read(path).candidates) == 2

    def test_a_folder_is_no_journal(self, tmp_path):
        with pytest.raises(InputError, match="cannot be opened: Is a directory"):
            Journal.open(tmp_path, "key")


HOLDER = """
import pathlib, sys, time
from arc_solver.journal import Journal, Note
journal, _ = Journal.open(pathlib.Path(sys.argv[1]), "key")
journal.append(Note("mine", {}))
print("ready", flush=True)
time.sleep(60)
"""


class TestWriting:
    def test_two_runs_cannot_write_at_once_and_a_killed_one_loses_nothing(self, path):
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE)
        try:
            assert holder.stdout.readline() == b"ready\n"
            with pytest.raises(InputError, match="another run is writing to it"):
                Journal.open(path, "key")
        finally:
            holder.send_signal(signal.SIGKILL)
            holder.wait()
            holder.stdout.close()
        assert write(path).notes == (Note("mine", {}),)

    def test_records_are_in_the_file_at_once(self, path):
        journal, _ = Journal.open(path, "key")
        with journal:
            journal.append(PROGRAM)
            assert len(read(path).candidates) == 1
            journal.append()
            assert len(path.read_bytes().splitlines()) == 2

    def test_the_disk_is_asked_at_intervals_and_at_the_end(self, path, monkeypatch):
        synced = []
        monkeypatch.setattr(os, "fsync", synced.append)
        clock = ManualClock()
        journal, _ = Journal.open(path, "key", clock=clock, fsync_interval_s=5)
        assert len(synced) == 1
        for _ in range(10):
            journal.append(PROGRAM)
            clock.advance(1)
        assert len(synced) == 2
        journal.flush()
        assert len(synced) == 3
        journal.flush()
        journal.flush(force=True)
        assert len(synced) == 3
        journal.append(WRITTEN)
        journal.close()
        journal.close()
        assert len(synced) == 4

    def test_a_full_disk_tears_one_line_and_what_it_did_not_take_is_written_when_it_has_room(self, path):
        journal, _ = Journal.open(path, "key")
        with journal:
            journal.append(PROGRAM)
            with full_disk(path.stat().st_size + 20):
                for record in (WRITTEN, SCORED):
                    with pytest.raises(OSError, match="File too large"):
                        journal.append(record)
                with pytest.raises(OSError, match="File too large"):
                    journal.flush()
            journal.append(TaskDone("t1", "search"))
        contents = read(path)
        assert [candidate.to_json() for candidate in contents.candidates] == [PROGRAM.to_json(), WRITTEN.to_json()]
        assert [score.to_json() for score in contents.scores] == [SCORED.to_json()]
        assert contents.done == {("search", "t1")}
        assert (contents.n_damaged, contents.n_repeated, contents.torn) == (1, 0, False)

    def test_what_waits_for_room_is_bounded_and_made_of_whole_lines(self, path, monkeypatch):
        monkeypatch.setattr("arc_solver.journal.writing.MAX_PENDING_BYTES", 400)
        journal, _ = Journal.open(path, "key")
        with journal:
            with full_disk(path.stat().st_size):
                for number in range(50):
                    with pytest.raises(OSError, match="File too large"):
                        journal.append(Note("number", {"n": number}))
            journal.flush()
        contents = read(path)
        assert contents.notes[0] == Note("number", {"n": 0})
        assert 1 < len(contents.notes) < 8
        assert (contents.n_damaged, contents.torn) == (0, False)

    def test_a_disk_that_is_full_from_the_start_gets_the_header_when_it_has_room(self, path):
        with full_disk(0):
            journal, _ = Journal.open(path, "key")
            with pytest.raises(OSError, match="File too large"):
                journal.append(TaskDone("a", "search"))
        journal.append(TaskDone("b", "search"))
        journal.close()
        contents = read(path)
        assert (contents.run_key, contents.n_damaged) == ("key", 0)
        assert contents.done == {("search", "a"), ("search", "b")}

    def test_a_disk_that_stays_full_keeps_no_run_from_ending(self, path):
        journal, _ = Journal.open(path, "key")
        journal.append(PROGRAM)
        with full_disk(path.stat().st_size + 20):
            with pytest.raises(OSError, match="File too large"):
                journal.append(WRITTEN)
            journal.close()
        assert len(read(path).candidates) == 1


@contextlib.contextmanager
def full_disk(n_bytes):
    """No file of this process grows beyond `n_bytes`."""
    old_limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, old_limits[1]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old_limits)
        signal.signal(signal.SIGXFSZ, old_handler)
