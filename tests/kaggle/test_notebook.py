"""The generated notebook: deterministic, well-formed, and a valid submission whatever is wrong with the rest."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from arc_solver.datasets import load_challenges
from arc_solver.submission import load, validate

Notebook = Callable[[dict[str, Any]], dict[str, Any]]


def run_cells(made: dict[str, Any], kaggle: Any, *, upto: str = "pictures") -> dict[str, Any]:
    """Execute the cells as a kernel would, `!` lines through the shell; the variables at the end."""
    os.environ["ARC_SOLVER_KAGGLE"] = str(kaggle.root)
    values: dict[str, Any] = {"shell": lambda text: subprocess.run(text, shell=True, check=False)}
    for cell in made["cells"]:
        if cell["cell_type"] == "code":
            source = re.sub(r"^( *)!(.*)$", r'\1shell(f"""\2""")', cell["source"], flags=re.MULTILINE)
            exec(compile(source, cell["id"], "exec"), values)
        if cell["id"] == upto:
            break
    return values


def problems(kaggle: Any) -> list[str]:
    return validate(load(kaggle.submission), load_challenges(kaggle.challenges))


def test_it_depends_on_the_manifest_alone(notebook: Notebook, kaggle: Any) -> None:
    manifest = kaggle.write_manifest()
    text = json.dumps(notebook(manifest))
    assert text == json.dumps(notebook(json.loads(json.dumps(manifest))))
    assert text != json.dumps(notebook(manifest | {"competition": "another"}))
    ids = [cell["id"] for cell in notebook(manifest)["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", name) for name in ids)


def test_it_is_a_notebook(notebook: Notebook, kaggle: Any) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbformat.validate(notebook(kaggle.write_manifest()))


def test_it_says_what_to_attach(notebook: Notebook, kaggle: Any) -> None:
    title = notebook(kaggle.write_manifest(accelerator="t4x2"))["cells"][0]["source"]
    assert "`somebody/arc-solver`" in title
    assert "`arc-prize`" in title
    assert "GPU T4 x2" in title
    assert "python make_submission.py" not in title


def test_all_of_it(notebook: Notebook, kaggle: Any, capfd: Any, displayed: list[Any]) -> None:
    values = run_cells(notebook(kaggle.write_manifest()), kaggle)
    said = capfd.readouterr().out
    assert "first answers to 2 tasks" in said
    assert "solved 2" in said
    assert "asked to validate" in said
    assert displayed == [b"picture"] * 2
    assert "PROBLEM" not in said
    assert values["run"].ready
    assert problems(kaggle) == []
    assert load(kaggle.submission)["b"][0]["attempt_1"] == [[8]]


class TestTheFirstCell:
    def test_it_leaves_a_valid_submission(self, notebook: Notebook, kaggle: Any) -> None:
        run_cells(notebook(kaggle.write_manifest()), kaggle, upto="first")
        assert problems(kaggle) == []
        assert load(kaggle.submission)["a"][0] == {"attempt_1": [[3, 4], [5, 6]], "attempt_2": [[6, 5], [4, 3]]}

    def test_tasks_that_cannot_be_read_are_answered_too(self, notebook: Notebook, kaggle: Any) -> None:
        grids: list[Any] = [
            [[1, 2], [3]],
            [[1.0]],
            [[True]],
            [[10]],
            [[0] * 31],
            [[0]] * 31,
            [],
            [[]],
            None,
            "x",
            [[[1]]],
        ]
        tests = [{"input": grid} for grid in grids]
        tasks = {
            "good": {"train": [], "test": tests},
            "list": [],
            "null": None,
            "none": {"test": []},
            "odd": {"test": [3]},
        }
        kaggle.challenges.write_text(json.dumps(tasks))
        run_cells(notebook(kaggle.write_manifest()), kaggle, upto="first")
        assert problems(kaggle) == []

    @pytest.mark.parametrize("place", ["arc-prize", "competitions/arc-prize", "competitions/other", "deep/er/still"])
    def test_the_competition_is_found_wherever_it_is(self, notebook: Notebook, kaggle: Any, place: str) -> None:
        moved = kaggle.root / "input" / place / kaggle.challenges.name
        moved.parent.mkdir(parents=True, exist_ok=True)
        kaggle.challenges.rename(moved)
        kaggle.challenges = moved
        values = run_cells(notebook(kaggle.write_manifest()), kaggle, upto="first")
        assert values["challenges"] == str(moved)
        assert problems(kaggle) == []

    def test_of_several_the_bundles_own_competition_is_taken(self, notebook: Notebook, kaggle: Any) -> None:
        other = kaggle.root / "input" / "competitions" / "zzz" / kaggle.challenges.name
        other.parent.mkdir()
        other.write_text("{}")
        values = run_cells(notebook(kaggle.write_manifest()), kaggle, upto="first")
        assert values["challenges"] == str(kaggle.challenges)

    def test_a_file_of_ones_own(self, notebook: Notebook, kaggle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        own = kaggle.root / "own.json"
        own.write_text('{"only": {"train": [], "test": [{"input": [[1]]}]}}')
        monkeypatch.setenv("ARC_SOLVER_CHALLENGES", str(own))
        run_cells(notebook(kaggle.write_manifest()), kaggle, upto="first")
        assert list(load(kaggle.submission)) == ["only"]

    def test_without_a_competition_it_says_so(self, notebook: Notebook, kaggle: Any, capfd: Any) -> None:
        kaggle.challenges.unlink()
        run_cells(notebook(kaggle.write_manifest()), kaggle)
        assert "PROBLEM: no tasks: attach the competition" in capfd.readouterr().out


class TestTheBundle:
    @pytest.mark.parametrize("place", ["arc-solver", "datasets/somebody/arc-solver", "renamed", "datasets/x/y/z"])
    def test_it_is_found_in_every_layout(self, notebook: Notebook, kaggle: Any, place: str) -> None:
        target = kaggle.root / "input" / place
        if target != kaggle.dataset:
            target.parent.mkdir(parents=True, exist_ok=True)
            kaggle.dataset.rename(target)
        kaggle.dataset = target
        values = run_cells(notebook(kaggle.write_manifest()), kaggle, upto="find")
        assert values["manifest_file"] == str(target / "manifest.json")

    def test_other_peoples_manifests_do_not_count(self, notebook: Notebook, kaggle: Any, capfd: Any) -> None:
        for name, text in (
            ("aaa", "{}"),
            ("aab", "[]"),
            ("aac", "\x00"),
            ("aad", '{"name": "arc_solver", "files": {}}'),
        ):
            (kaggle.root / "input" / name).mkdir()
            (kaggle.root / "input" / name / "manifest.json").write_text(text)
        values = run_cells(notebook(kaggle.write_manifest()), kaggle, upto="find")
        assert values["bootstrap"] is not None
        kaggle.dataset.rename(kaggle.root / "gone")
        values = run_cells(notebook({"parts": [{"id": "somebody/arc-solver"}], "accelerator": "cpu"}), kaggle)
        assert values["bootstrap"] is None
        assert "PROBLEM: no bundle: attach its dataset" in capfd.readouterr().out
        assert problems(kaggle) == []

    def test_a_place_of_ones_own_comes_first(
        self, notebook: Notebook, kaggle: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = notebook(kaggle.write_manifest())
        kaggle.dataset.rename(kaggle.root / "elsewhere")
        monkeypatch.setenv("ARC_SOLVER_DATASET", str(kaggle.root / "elsewhere"))
        assert run_cells(made, kaggle, upto="find")["bootstrap"] is not None

    def test_a_changed_bootstrap_is_not_imported(self, notebook: Notebook, kaggle: Any, capfd: Any) -> None:
        made = notebook(kaggle.write_manifest())
        with open(kaggle.dataset / "bootstrap.py", "a") as file:
            file.write("raise SystemExit('imported')\n")
        values = run_cells(made, kaggle)
        assert values["bootstrap"] is None
        assert "bootstrap.py is damaged" in capfd.readouterr().out
        assert problems(kaggle) == []

    def test_a_missing_bootstrap_is_told(self, notebook: Notebook, kaggle: Any, capfd: Any) -> None:
        made = notebook(kaggle.write_manifest())
        (kaggle.dataset / "bootstrap_install.py").unlink()
        assert run_cells(made, kaggle)["bootstrap"] is None
        assert "bootstrap_install.py" in capfd.readouterr().out
        assert problems(kaggle) == []
