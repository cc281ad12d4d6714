"""`arc-solver vote`: the journal alone gives the bytes that the run wrote, and whatever is left out shows."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from arc_solver.budget import MonotonicClock
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Scored
from arc_solver.cli.merging import merge
from arc_solver.cli.voting import differences, vote
from arc_solver.config import RunConfig
from arc_solver.datasets import load_challenges
from arc_solver.grids import as_grid
from arc_solver.journal import Journal, read
from arc_solver.lanes.wire import encode
from arc_solver.pipeline import RunFiles, solve
from arc_solver.progress import Silent

# A lane as it is, but for who proposes: the search finds programs, the other votes and scores.
LANE = """
import sys
sys.stdin.buffer.readline()
sys.stdout.buffer.write(open({path!r}, "rb").read())
"""


def write_tasks(folder: Path, n_tasks: int = 4) -> tuple[Path, Path]:
    """Challenges with a malformed task, and solutions: flipped and recoloured, which no fall-back is."""
    rng = np.random.default_rng(3)
    challenges: dict[str, Any] = {}
    solutions: dict[str, Any] = {}
    for index in range(n_tasks):
        grids = [rng.integers(0, 10, rng.integers(2, 6, 2)) for _ in range(4)]
        pairs = [{"input": grid.tolist(), "output": ((grid[:, ::-1] + 3) % 10).tolist()} for grid in grids]
        challenges[f"flip{index}"] = {"train": pairs[:3], "test": [{"input": pairs[3]["input"]}]}
        solutions[f"flip{index}"] = [pairs[3]["output"]]
    challenges["odd"] = {"train": [], "test": [{"input": [[1]]}]}
    (folder / "challenges.json").write_text(json.dumps(challenges))
    (folder / "solutions.json").write_text(json.dumps(solutions))
    return folder / "challenges.json", folder / "solutions.json"


def found(solutions: Any) -> list[Candidate | Scored]:
    """The search is right about flip0 and fits flip1 wrongly, the votes for flip1 and flip2 are right."""

    def program(task_id: str, grid: Any, source: str) -> Candidate:
        return Candidate(task_id, {0: as_grid(grid)}, Origin("search"), ProgramEvidence(source, 3, 3, 1.0))

    def voted(task_id: str, grid: Any, seed: int) -> Candidate:
        return Candidate(task_id, {0: as_grid(grid)}, Origin("transduction", "", seed), GridEvidence(-0.5, 9))

    right = {task_id: grids[0] for task_id, grids in solutions.items()}
    return [
        program("flip0", right["flip0"], "one"),
        program("flip1", [[9]], "two"),
        program("flip1", [[8]], "three"),
        *(voted("flip1", right["flip1"], seed) for seed in range(3)),
        voted("flip2", [[1]], 0),
        voted("flip2", right["flip2"], 1),
        Scored("flip2", 0, as_grid([[1]]), -9.0, 8, "transduction"),
        Scored("flip2", 0, as_grid(right["flip2"]), -1.0, 8, "transduction"),
    ]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a run with real processes ended; not to be written to."""
    folder = tmp_path_factory.mktemp("run")
    challenges, solutions = write_tasks(folder)
    (folder / "said").write_bytes(b"".join(map(encode, found(json.loads(solutions.read_text())))))
    config = RunConfig(60.0, ("search", "transduction"), cells=None, reserve_s=0.1, refresh_s=0.1, n_search_lanes=1)
    config = dataclasses.replace(config, patience=dataclasses.replace(config.patience, max_deaths=1))
    solve(
        load_challenges(challenges), config, RunFiles(folder / "submission.json"), resume=False,
        clock=MonotonicClock(), progress=Silent(), tasks_from=str(challenges),
        lane_command=[sys.executable, "-c", LANE.format(path=str(folder / "said"))],
    )  # fmt: skip
    assert len(read(folder / "submission.journal.jsonl").candidates) == 8
    return folder


def call(ran: Path, tmp_path: Path, *args: str, journal: Path | None = None) -> Result:
    source = journal or ran / "submission.journal.jsonl"
    return CliRunner().invoke(vote, [str(source), "--output", str(tmp_path / "out.json"), *args])


def test_the_journal_alone_gives_what_the_run_wrote(ran: Path, tmp_path: Path) -> None:
    shutil.copy(ran / "submission.journal.jsonl", tmp_path / "j.jsonl")
    result = call(ran, tmp_path, "--against", str(ran / "submission.json"), journal=tmp_path / "j.jsonl")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out.json").read_bytes() == (ran / "submission.json").read_bytes()
    assert result.output.splitlines() == [
        f"0 differences from {ran}/submission.json",
        f"{tmp_path}/out.json: 5 tasks answered, 2 by a program that fits all training pairs; "
        "candidates: 3 of search, 5 of transduction",
    ]


def test_merging_a_run_alone_or_with_what_it_wrote_gives_it_again(ran: Path, tmp_path: Path) -> None:
    journal, submission = str(ran / "submission.journal.jsonl"), str(ran / "submission.json")
    for sources in ([journal], [str(ran)], [submission], [journal, journal], [journal, submission]):
        output = tmp_path / "merged.json"
        result = CliRunner().invoke(merge, [*sources, "--output", str(output)])
        assert result.exit_code == 0, result.output
        assert output.read_bytes() == (ran / "submission.json").read_bytes()
        assert len(result.output.splitlines()) == 1


def test_what_a_proposer_is_worth_and_what_differs(ran: Path, tmp_path: Path) -> None:
    result = call(
        ran, tmp_path, "--proposers", "transduction", "--against", str(ran / "submission.json"), "--json",
        "--solutions", str(ran / "solutions.json"),
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    value = json.loads(result.output)
    assert value["candidates"] == {"transduction": 5}
    assert (value["tasks_solved"], value["n_fitting"]) == (2, 0)
    assert "task flip0: [0].attempt_1: was attempt_2" in value["differences"]
    assert "task flip1: [0].attempt_1: another grid" in value["differences"]
    assert not any("flip2" in line for line in value["differences"])
    both = call(ran, tmp_path, "--json", "--solutions", str(ran / "solutions.json"))
    assert json.loads(both.output)["tasks_solved"] == 2  # flip0 is gained; flip1's votes come after two programs
    result = call(ran, tmp_path, "--solutions", str(ran / "solutions.json"))
    assert "tasks solved" in result.output.lower()


def test_what_scores_are_worth_and_what_was_there_when(ran: Path, tmp_path: Path) -> None:
    solutions = json.loads((ran / "solutions.json").read_text())
    copy = Path(shutil.copy(ran / "submission.journal.jsonl", tmp_path / "j.jsonl"))
    with Journal.open(copy, str(read(copy).run_key))[0] as journal:
        wrong = [[(cell + 1) % 10 for cell in row] for row in solutions["flip2"][0]]
        journal.append(
            Candidate("flip2", {0: as_grid(wrong)}, Origin("transduction", "", 2), GridEvidence(-0.9, 9)),
            Scored("flip2", 0, as_grid(wrong), -0.1, 8, "transduction"),
        )

    def attempts(*flags: str) -> Any:
        assert call(ran, tmp_path, *flags, journal=copy).exit_code == 0
        return json.loads((tmp_path / "out.json").read_text())["flip2"][0]

    # Both grids have a vote; in the end the model believes in the wrong one.
    assert attempts()["attempt_1"] == wrong
    assert attempts("--no-scores")["attempt_1"] == solutions["flip2"][0]
    assert solutions["flip2"][0] not in attempts("--until", "0.0001s").values()
    assert attempts("--until", "1h") == attempts()


def test_a_journal_whose_tasks_are_damaged_takes_the_file_that_it_names(ran: Path, tmp_path: Path) -> None:
    lines = (ran / "submission.journal.jsonl").read_bytes().splitlines(keepends=True)
    damaged = tmp_path / "j.jsonl"
    damaged.write_bytes(b"".join(line for line in lines if b'"kind":"task"' not in line or b"flip1" not in line))
    result = call(ran, tmp_path, journal=damaged)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out.json").read_bytes() == (ran / "submission.json").read_bytes()
    assert "the journal's tasks are damaged; those of" in result.output


def test_without_its_tasks_challenges_are_needed(ran: Path, tmp_path: Path) -> None:
    lines = (ran / "submission.journal.jsonl").read_bytes().splitlines(keepends=True)
    old = tmp_path / "j.jsonl"
    kinds = (b'"kind":"task"', b'"kind":"malformed task"', b'"kind":"run"')
    old.write_bytes(b"".join(line for line in lines if not any(kind in line for kind in kinds)))
    result = call(ran, tmp_path, journal=old)
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert line.startswith(f"error: journal {old}: does not hold its tasks")
    result = call(ran, tmp_path, "--challenges", str(ran / "challenges.json"), journal=old)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out.json").read_bytes() == (ran / "submission.json").read_bytes()


def test_other_challenges_are_told_and_answered(ran: Path, tmp_path: Path) -> None:
    challenges = json.loads((ran / "challenges.json").read_text())
    del challenges["flip3"]
    (tmp_path / "c.json").write_text(json.dumps(challenges))
    result = call(ran, tmp_path, "--challenges", str(tmp_path / "c.json"))
    assert result.output.startswith("these are not the very tasks that the run was asked\n")
    assert list(json.loads((tmp_path / "out.json").read_text())) == ["flip0", "flip1", "flip2", "odd"]


def test_a_torn_and_damaged_journal_is_voted_on_as_far_as_it_goes(ran: Path, tmp_path: Path) -> None:
    data = (ran / "submission.journal.jsonl").read_bytes()
    damaged = tmp_path / "j.jsonl"
    damaged.write_bytes(data.replace(b'"kind":"candidate"', b'"kind":"candidatf"', 1)[:-9])
    result = call(ran, tmp_path, journal=damaged)
    assert result.exit_code == 0, result.output
    assert f"{damaged}: 1 damaged lines were skipped" in result.output


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--proposers", "oracle"], "proposers oracle: choose from search"),
        (["--proposers", ","], "proposers (none): choose from"),
        (["--dataset", "arc1-train", "--challenges", "x.json"], "--dataset excludes --challenges"),
        (["--against", "nothing.json"], "submission nothing.json: cannot be read"),
        (["--solutions", "nothing.json"], "solutions file nothing.json: cannot be read"),
    ],
)
def test_wrong_usage_is_one_line_and_writes_nothing(ran: Path, tmp_path: Path, args: list[str], message: str) -> None:
    result = call(ran, tmp_path, *args)
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert message in line
    assert not (tmp_path / "out.json").exists()


def test_the_journal_is_not_written_over(ran: Path) -> None:
    journal = str(ran / "submission.journal.jsonl")
    result = CliRunner().invoke(vote, [journal, "--output", journal])
    assert (result.exit_code, "is one of the inputs" in result.output) == (2, True)


def test_differences_are_told_by_attempt() -> None:
    def one(first: Any, second: Any) -> Any:
        return {"attempt_1": first, "attempt_2": second}

    new = {name: [one([[1]], [[2]])] for name in "abcde"}
    old = {
        "a": [one([[1]], [[2]])],
        "b": [one([[2]], [[1]])],
        "c": [one([[1]], [[3]])],
        "d": [one([[1]], [[2]])] * 2,
        "z": [],
    }
    assert differences(old, new) == [
        "task b: [0].attempt_1: was attempt_2",
        "task b: [0].attempt_2: was attempt_1",
        "task c: [0].attempt_2: another grid",
        "task d: answered as asked in one of them only",
        "task e: answered as asked in one of them only",
        "task z: is not asked here",
    ]
