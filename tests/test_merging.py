"""Merging: one is itself, the result is valid whatever goes in, agreement goes first, odd cases are told."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.board import Board
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence
from arc_solver.cli.merging import merge as command
from arc_solver.datasets import challenges_hash
from arc_solver.errors import InputError
from arc_solver.grids import as_grid, to_lists
from arc_solver.journal import Journal, JournalContents, RunRecord
from arc_solver.merging import FromJournal, FromSubmission, Merged, Source, merge
from arc_solver.submission import build, validate, validate_form
from arc_solver.tasks import Challenges, MalformedTask, Pair, Task
from arc_solver.voting import choose_attempts

TASKS = tuple(
    Task(
        name, (Pair(as_grid([[1, 2]]), as_grid([[2, 1]])),) * 2, tuple(as_grid([[7, 8 - index]]) for index in range(n))
    )
    for name, n in (("a", 1), ("b", 2), ("c", 1))
)
CHALLENGES = Challenges(TASKS, (MalformedTask("m", "odd", (None,)),), ("a", "b", "c", "m"))

cells = st.integers(1, 6)
grids = cells.map(lambda cell: [[cell, 0, cell]])
odd_attempts = st.sampled_from([[], [[]], None, [[1], [1, 2]], [[11]], "x", [[True]], 5])
attempts = grids | grids | odd_attempts
answers = st.fixed_dictionaries({}, optional={"attempt_1": attempts, "attempt_2": attempts}) | st.sampled_from(
    [None, 3]
)
whole_answers = st.fixed_dictionaries({"attempt_1": grids, "attempt_2": grids})
odd_submissions = st.dictionaries(
    st.sampled_from(["a", "b", "c", "m", "z"]), st.lists(answers, max_size=3) | st.none(), max_size=5
)
valid_submissions = st.fixed_dictionaries(
    {name: st.lists(whole_answers, min_size=n, max_size=n) for name, n in (("a", 1), ("b", 2), ("c", 1), ("m", 1))}
)
candidates = st.builds(
    lambda task, index, cell, seed: Candidate(
        task, {index: as_grid([[cell, 0, cell]])}, Origin("transduction", "", seed), GridEvidence(-1.0, 3)
    ),
    st.sampled_from(["a", "b", "c", "z"]),
    st.integers(0, 1),
    cells,
    st.integers(0, 99),
)
journals = st.lists(candidates, max_size=8).map(lambda found: FromJournal("j", of(found)))
sources = st.lists(odd_submissions.map(lambda value: FromSubmission("s", value)) | journals, min_size=1, max_size=4)


def of(found: list[Candidate], challenges: Challenges = CHALLENGES) -> JournalContents:
    return JournalContents("key", tuple(found), challenges=challenges)


def subs(*values: Any) -> list[Source]:
    return [FromSubmission(f"{name}.json", value) for name, value in zip("pqrst", values, strict=False)]


def both(first: Any, second: Any) -> dict[str, Any]:
    return {"attempt_1": first, "attempt_2": second}


def pair(merged: Merged, task_id: str = "a", index: int = 0) -> list[Any]:
    return [merged.submission[task_id][index][key] for key in ("attempt_1", "attempt_2")]


class TestProperties:
    @settings(deadline=None, max_examples=60)
    @given(valid_submissions)
    def test_merging_one_submission_is_the_identity(self, value: Any) -> None:
        for challenges in (None, CHALLENGES):
            merged = merge(subs(value), challenges)
            assert json.dumps(merged.submission, sort_keys=True) == json.dumps(value, sort_keys=True)
            assert merged.remarks == ()
        assert list(merge(subs(value)).submission) == list(value)

    @settings(deadline=None, max_examples=60)
    @given(sources, st.booleans())
    def test_merging_is_idempotent(self, some: list[Source], known: bool) -> None:
        challenges = CHALLENGES if known else None
        once = merge(some, challenges).submission
        for copies in (1, 2, 3):
            again = merge([FromSubmission("m", once)] * copies, challenges)
            assert again.submission == once
            assert again.remarks == () or not once

    @settings(deadline=None, max_examples=150)
    @given(sources, st.booleans())
    def test_the_result_is_always_valid_and_the_inputs_stay_as_they_are(self, some: list[Source], known: bool) -> None:
        before = copy.deepcopy([one.value for one in some if isinstance(one, FromSubmission)])
        merged = merge(some, CHALLENGES if known else None)
        if known:
            assert validate(merged.submission, CHALLENGES) == []
        assert validate_form(merged.submission) == []
        assert [one.value for one in some if isinstance(one, FromSubmission)] == before
        asked = {"a", "b", "c", "m"} if known or any(isinstance(one, FromJournal) for one in some) else set()
        told = {task_id for value in before for task_id in value}
        assert set(merged.submission) == (asked if known else asked | told)

    @settings(deadline=None, max_examples=60)
    @given(st.lists(candidates, max_size=10), st.lists(candidates, max_size=10))
    def test_journals_are_voted_on_as_if_one_run_had_found_everything(
        self, one: list[Candidate], other: list[Candidate]
    ) -> None:
        board = Board(CHALLENGES)
        board.take_over(of(one + other))
        merged = merge([FromJournal("1", of(one)), FromJournal("2", of(other))])
        assert merged.submission == build(CHALLENGES, board.attempts())
        assert merge([FromJournal("12", of(one + other))]).submission == merged.submission

    @settings(deadline=None, max_examples=60)
    @given(st.lists(valid_submissions, min_size=2, max_size=4))
    def test_a_grid_that_most_name_is_among_the_answers(self, values: list[Any]) -> None:
        merged = merge(subs(*values))
        for task_id, said in merged.submission.items():
            for index in range(len(said)):
                named = [str(grid) for value in values for grid in {str(g) for g in value[task_id][index].values()}]
                most = max(named.count(grid) for grid in named)
                assert max(named.count(str(grid)) for grid in pair(merged, task_id, index)) == most


X, Y, Z = ([[cell, cell]] for cell in (3, 4, 5))


class TestWhatGoesFirst:
    def test_agreement_then_first_attempts_then_the_order_of_the_files(self) -> None:
        assert pair(merge(subs({"a": [both(X, Y)]}, {"a": [both(Y, Z)]}))) == [Y, X]
        assert pair(merge(subs({"a": [both(X, Y)]}, {"a": [both(Z, [[0, 9]])]}))) == [X, Z]
        assert pair(merge(subs({"a": [both(Z, Y)]}, {"a": [both(X, [[0, 9]])]}))) == [Z, X]

    def test_a_grid_that_one_names_twice_does_not_agree_with_itself(self) -> None:
        assert pair(merge(subs({"a": [both(X, X)]}, {"a": [both(Y, Z)]}, {"a": [both(Z, Y)]}))) == [Y, Z]

    def test_fall_backs_agree_because_they_are_the_same_guesses(self) -> None:
        first, second = (to_lists(one.grid) for one in choose_attempts(TASKS[0]).pairs[0])
        unsolved = {"a": [both(first, second)]}
        solved = {"a": [both(X, first)]}
        assert pair(merge(subs(unsolved, unsolved, solved), CHALLENGES)) == [X, first]
        # Where nobody knows the task, they cannot be told from answers.
        assert pair(merge(subs(unsolved, unsolved, solved))) == [first, second]

    def test_placeholders_are_no_answers(self) -> None:
        empty = {"a": [both([[0, 0], [0, 0]], [[0, 0], [0, 0]])]}
        assert pair(merge(subs(empty, empty, {"a": [both(X, Y)]}))) == [X, Y]
        assert pair(merge(subs(empty, empty))) == [[[0, 0], [0, 0]], [[0, 0], [0, 0]]]

    def test_journals_together_are_one_source(self) -> None:
        votes = [
            Candidate("a", {0: as_grid(X)}, Origin("transduction", "", seed), GridEvidence(-1.0, 2))
            for seed in range(9)
        ]
        journal = FromJournal("j", of(votes))
        plain = subs({"a": [both(Y, Z)]}, {"a": [both(Y, Z)]})
        assert pair(merge([journal, *plain], CHALLENGES)) == [Y, Z]
        assert pair(merge([journal, plain[0]], CHALLENGES)) == [X, Y]
        assert pair(merge([plain[0], journal], CHALLENGES)) == [Y, X]

    def test_a_fall_back_of_the_journals_goes_last(self) -> None:
        one = Candidate("a", {0: as_grid(X)}, Origin("search"), ProgramEvidence("p", 2, 2, 1.0))
        journal = FromJournal("j", of([one]))
        assert pair(merge([journal, *subs({"a": [both(Y, Z)]})])) == [X, Y]
        # It has no second grid but a fall-back, which the plain one names third.
        assert pair(merge([journal, *subs({"a": [both(X, Y)]})])) == [X, Y]


class TestOddCases:
    def test_different_tasks_lengths_and_empty_attempts(self) -> None:
        one = {"a": [both(X, [])], "b": [both(X, Y)], "only p": [both(X, Y)]}
        other = {"a": [{"attempt_2": Z}], "b": [both(X, Z), both(Y, Z)], "only q": [both(Z, Y)], "none": []}
        merged = merge(subs(one, other))
        assert list(merged.submission) == ["a", "b", "only p", "only q", "none"]
        assert pair(merged) == [X, Z]
        assert [pair(merged, "b", index) for index in (0, 1)] == [[X, Y], [Y, Z]]
        assert pair(merged, "none") == [[[0]], [[1]]]
        assert merged.n_filled == 1
        assert merged.remarks == (
            "p.json: task a: [0].attempt_2: the grid has no rows",
            "q.json: task a: [0]: has no attempt_1",
            "q.json: task none: answers no test input",
            "p.json: does not answer 2 tasks (none, only q)",
            "q.json: does not answer the task only p",
            "task b: outputs answered: 1 by p.json, 2 by q.json; taken are 2",
            "task none: outputs answered: 0 by q.json; taken are 1",
        )

    def test_with_challenges_the_number_of_outputs_is_known_and_strangers_stay_out(self) -> None:
        merged = merge(subs({"b": [both(X, Y)], "z": [both(X, Y)]}, {"b": [both(X, Y)] * 3}), CHALLENGES)
        assert list(merged.submission) == ["a", "b", "c", "m"]
        assert merged.remarks == (
            "p.json: the task z is not among the challenges and left out",
            "nobody answers 3 tasks (a, c, m); fall-backs are taken",
            "task b: outputs answered: 1 by p.json, 3 by q.json; the task has 2",
        )
        assert validate(merged.submission, CHALLENGES) == []

    def test_another_task_of_the_same_id_is_left_out_and_told(self) -> None:
        other = Challenges((Task("a", TASKS[1].train, (as_grid([[9, 9, 9]]),)),), (), ("a",))
        vote = Candidate("a", {0: as_grid(X)}, Origin("transduction"), GridEvidence(-1.0, 2))
        journals: list[Source] = [FromJournal("1", of([])), FromJournal("2", of([vote], other))]
        merged = merge(journals)
        assert merged.remarks == ("task a: 2 is about another task of this id; what it found is left out",)
        assert X not in pair(merged)
        assert pair(merge(journals[::-1]))[0] == X

    def test_a_journal_without_tasks_borrows_them_or_is_refused(self) -> None:
        vote = Candidate("a", {0: as_grid(X)}, Origin("transduction"), GridEvidence(-1.0, 2))
        old = FromJournal("old", JournalContents("key", (vote,)))
        with pytest.raises(InputError, match=r"journal old: does not hold its tasks.*give --challenges"):
            merge([old])
        merged = merge([old], CHALLENGES)
        assert pair(merged)[0] == X
        assert merged.remarks[0] == "old: does not tell its tasks; those of the same ids are taken for them"
        assert pair(merge([old, FromJournal("new", of([]))]))[0] == X

    def test_damaged_lines_and_empty_sources_are_told(self) -> None:
        merged = merge([FromJournal("j", JournalContents("key", n_damaged=3, challenges=CHALLENGES)), *subs({})])
        assert merged.remarks == ("j: 3 damaged lines were skipped", "p.json: answers nothing")
        assert validate(merged.submission, CHALLENGES) == []

    def test_a_malformed_task_takes_the_answers_of_those_who_have_some(self) -> None:
        assert pair(merge([FromJournal("j", of([])), *subs({"m": [both(X, Y)]})]), "m") == [X, Y]

    def test_ids_that_no_terminal_takes(self) -> None:
        (line,) = merge(subs({"\x1b\n": []})).remarks[:1]
        assert line.isprintable()


def call(tmp_path: Path, *args: str) -> Result:
    return CliRunner().invoke(command, [*args, "--output", str(tmp_path / "out.json")])


def write(path: Path, value: Any) -> str:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


def write_run(folder: Path, found: list[Candidate]) -> Path:
    folder.mkdir()
    path = folder / "submission.journal.jsonl"
    with Journal.open(path, "key")[0] as journal:
        journal.begin_run(RunRecord("0", 0, {}, challenges_hash=challenges_hash(CHALLENGES)), CHALLENGES)
        journal.append(*found)
    return path


class TestCommand:
    def test_files_folders_and_journals_in_any_mix(self, tmp_path: Path) -> None:
        vote = Candidate("a", {0: as_grid(X)}, Origin("transduction"), GridEvidence(-0.1, 2))
        journal = write_run(tmp_path / "run", [vote])
        plain = write(tmp_path / "p.json", {"a": [both(X, Y)], "z": [both(Y, [])]})
        before = journal.read_bytes(), Path(plain).read_bytes()
        result = call(tmp_path, str(tmp_path / "run"), plain)
        assert result.exit_code == 0, result.output
        assert result.output.splitlines() == [
            f"{plain}: task z: [0].attempt_2: the grid has no rows",
            f"{journal}: does not answer the task z",
            f"{plain}: does not answer 3 tasks (b, c, m)",
            f"{tmp_path}/out.json: 5 tasks, 6 outputs from 2 sources; 1 first attempts are named by several, "
            "0 outputs by none",
        ]
        assert json.loads((tmp_path / "out.json").read_text())["a"] == [both(X, Y)]
        assert (journal.read_bytes(), Path(plain).read_bytes()) == before
        again = call(tmp_path, str(journal), plain, "--json")
        value = json.loads(again.output)
        assert (value["n_tasks"], value["n_journals"], value["n_submissions"], len(value["remarks"])) == (5, 1, 1, 3)

    def test_many_remarks_are_bounded(self, tmp_path: Path) -> None:
        many = write(tmp_path / "p.json", {f"t{index}": [] for index in range(50)})
        lines = call(tmp_path, many, "--max-remarks", "2").output.splitlines()
        assert lines[2] == "and 98 more"

    @pytest.mark.parametrize("text", ["", "{", "[]", "nul", '{"crc":"'])
    def test_what_cannot_be_read_is_one_line_that_names_it(self, tmp_path: Path, text: str) -> None:
        bad = write(tmp_path / "bad.json", text)
        result = call(tmp_path, write(tmp_path / "p.json", {"a": [both(X, Y)]}), bad)
        assert result.exit_code == 2
        (line,) = result.output.splitlines()
        assert line.startswith("error: ")
        assert bad in line
        assert not (tmp_path / "out.json").exists()

    def test_missing_files_folders_without_a_journal_and_with_several(self, tmp_path: Path) -> None:
        assert call(tmp_path, str(tmp_path / "none.json")).exit_code == 2
        result = call(tmp_path, str(tmp_path))
        assert (result.exit_code, "holds no journal" in result.output) == (2, True)
        for name in ("x", "y"):
            (tmp_path / f"{name}.journal.jsonl").touch()
        result = call(tmp_path, str(tmp_path))
        assert "holds 2 journals, name one: x.journal.jsonl, y.journal.jsonl" in result.output
        result = call(tmp_path, str(tmp_path / "x.journal.jsonl"))
        assert (result.exit_code, "is none, or its header is damaged" in result.output) == (2, True)

    def test_no_input_is_written_over(self, tmp_path: Path) -> None:
        plain = write(tmp_path / "out.json", {"a": [both(X, Y)]})
        result = call(tmp_path, plain)
        assert (result.exit_code, "is one of the inputs" in result.output) == (2, True)
        assert json.loads(Path(plain).read_text()) == {"a": [both(X, Y)]}
