"""A whole bundle: the same bytes each time, every file listed, never half of one; and the command that builds it."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from arc_solver import __version__
from arc_solver.cli import main
from arc_solver.errors import InputError
from arc_solver.finetune.manifest import hash_file
from arc_solver.packaging import bundle as room
from arc_solver.packaging.bundle import build, check
from arc_solver.packaging.images import load_target
from arc_solver.packaging.metadata import Names
from arc_solver.packaging.parts import Limits


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_manifest_lists_every_file_as_it_is(built: Any) -> None:
    folder = built.bundle.folder
    manifest = json.loads((folder / "dataset" / "manifest.json").read_text())
    assert manifest == built.bundle.manifest
    there = {name.removeprefix("dataset/") for name in tree(folder) if name.startswith("dataset/")}
    assert there - set(manifest["files"]) == {"manifest.json", "dataset-metadata.json"}
    for name, file in manifest["files"].items():
        record = hash_file(folder / "dataset" / name)
        assert (record.n_bytes, record.sha256, 1) == (file["bytes"], file["sha256"], file["part"])
    assert {"make_submission.py", "bootstrap.py", "model/config.json", "adapter/adapter_config.json"} <= there
    assert "weights/cells/cells-compact.safetensors" in there, "the cell model is asked beside a model of one's own"


def test_the_manifest_says_how_it_is_used(built: Any) -> None:
    manifest = built.bundle.manifest
    assert manifest["install"][-1] == f"arc_solver=={__version__}"
    assert len(manifest["install"]) == sum(name.endswith(".whl") for name in manifest["files"])
    assert {"fakevllm==1.0", "newer==1.0", "linuxish==1.0"} <= set(manifest["install"])
    assert (manifest["model"], manifest["adapter"], manifest["weights"]) == ("model", "adapter", "weights")
    assert manifest["assumes"]["torch"] == "2.10.0+cu128"
    assert manifest["preset"] == "kaggle-t4x2"


def test_the_notebook_and_its_metadata_are_there(built: Any) -> None:
    folder = built.bundle.folder / "notebook"
    kernel = json.loads((folder / "kernel-metadata.json").read_text())
    assert kernel["dataset_sources"] == [built.bundle.manifest["parts"][0]["id"]] == ["some-one/arc-solver"]
    assert json.loads((folder / kernel["code_file"]).read_text())["nbformat"] == 4


def test_the_bytes_do_not_depend_on_place_time_or_cache(
    built: Any, quiet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another place, nothing in the cache, and another order of the same files on the disk."""
    model = tmp_path / "renamed"
    model.mkdir()
    for path in sorted(built.order.model.iterdir(), reverse=True):
        shutil.copyfile(path, model / path.name)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    order = dataclasses.replace(built.order, out=tmp_path / "again", cache=tmp_path / "empty", model=model)
    build(order, quiet)
    assert tree(tmp_path / "again") == tree(built.bundle.folder)


def test_a_second_build_neither_resolves_nor_downloads(
    built: Any, quiet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setattr(room, "find_gaps", lambda *_: "")
    build(dataclasses.replace(built.order, out=tmp_path / "again"), quiet)
    assert not [text for text in quiet.stages if "asking the package index" in text]
    assert quiet.expected[1] == quiet.moves[0][1] == quiet.moves[-1][1] > 0


def test_a_bundle_that_is_too_large_becomes_several_datasets(
    built: Any, quiet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "find_gaps", lambda *_: "")
    files = built.bundle.manifest["files"].items()
    largest = sum(file["bytes"] for name, file in files if name.startswith("weights/"))  # they stay together
    order = dataclasses.replace(built.order, out=tmp_path / "split", limits=Limits(part_bytes=largest + 1500))
    bundle = build(order, quiet)
    parts = bundle.manifest["parts"]
    assert len(parts) > 1
    assert parts[1] == {"folder": "dataset-2", "id": "some-one/arc-solver-2"}
    kernel = json.loads((bundle.folder / "notebook" / "kernel-metadata.json").read_text())
    assert kernel["dataset_sources"] == [part["id"] for part in parts]
    for part in parts:
        metadata = json.loads((bundle.folder / part["folder"] / "dataset-metadata.json").read_text())
        assert metadata["id"] == part["id"]
    assert all(n_bytes <= largest + 1500 for n_bytes in bundle.part_bytes().values())
    assert {len(tree(bundle.folder / part["folder"])) for part in parts} != {0}
    assert len(bundle.upload_commands()) == len(parts) + 1
    assert all("-r zip" in command for command in bundle.upload_commands()[:-1])


@pytest.mark.parametrize("failing", ["make_notebook", "find_problems", "build_manifest"])
def test_what_fails_leaves_the_old_bundle_and_no_half_of_a_new_one(
    built: Any, quiet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "bundle"
    shutil.copytree(built.bundle.folder, out)
    before = tree(out)
    monkeypatch.setattr(room, failing, fail)
    with pytest.raises(KeyboardInterrupt):
        build(dataclasses.replace(built.order, out=out, names=Names("an-other")), quiet)
    assert tree(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_build_that_was_killed_is_not_taken_for_a_bundle(
    built: Any, quiet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    building = tmp_path / "bundle.building" / "dataset"
    building.mkdir(parents=True)
    (building / "leftover").write_text("x")
    with pytest.raises(InputError, match="no finished bundle"):
        check(tmp_path / "bundle")
    with pytest.raises(InputError, match="no finished bundle"):
        check(tmp_path / "bundle.building")
    monkeypatch.setattr(room, "find_gaps", lambda *_: "")
    build(dataclasses.replace(built.order, out=tmp_path / "bundle"), quiet)
    assert tree(tmp_path / "bundle") == tree(built.bundle.folder)
    assert not building.exists()


def test_a_gap_in_the_wheels_stops_the_build(
    built: Any, quiet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "find_gaps", lambda *_: "deep, which middle needs, is missing")
    with pytest.raises(InputError, match="deep, which middle needs, is missing"):
        build(dataclasses.replace(built.order, out=tmp_path / "bundle"), quiet)
    assert not list(tmp_path.iterdir())


def test_other_people_s_folders_are_never_replaced(built: Any, quiet: Any, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    with pytest.raises(InputError, match="something else than a bundle"):
        build(dataclasses.replace(built.order, out=tmp_path), quiet)
    with pytest.raises(InputError, match="is a file"):
        build(dataclasses.replace(built.order, out=tmp_path / "precious"), quiet)
    assert (tmp_path / "precious").read_text() == "x"


def test_check_names_what_is_missing_damaged_or_too_much(built: Any, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(built.bundle.folder, folder)
    next((folder / "dataset" / "wheels").glob("deep-*")).unlink()
    (folder / "dataset" / "adapter" / "adapter_config.json").write_text("{}")
    (folder / "dataset" / "model" / "more.json").write_text("{}")
    told = CliRunner().invoke(main, ["package", "--check", str(folder)])
    assert told.exit_code == 2
    assert "deep-1.0-py3-none-any.whl: missing" in told.stderr
    assert "adapter_config.json: damaged" in told.stderr
    assert "more.json: not listed" in told.stderr
    assert re.search(r"wheels: deep(\[more\])?>=1, which middle needs, is missing", told.stderr)
    assert len(told.stderr.splitlines()) == 1


def test_check_of_a_whole_bundle_says_how_to_upload_it(built: Any) -> None:
    told = CliRunner().invoke(main, ["package", "--check", str(built.bundle.folder)])
    assert told.exit_code == 0
    assert "its wheels are complete" in told.stdout
    assert f"kaggle datasets create -r zip -p {built.bundle.folder / 'dataset'}" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "give --out FOLDER and --owner NAME"),
        (["--owner", "Some One"], "owner 'Some One'"),
        (["--owner", "me", "--title", "short"], "title 'short'"),
        (["--owner", "me", "--slug", "arc"], "slug 'arc'"),
        (["--owner", "me", "--licence", "MIT"], "licence 'MIT'"),
        (["--owner", "me", "--subtitle", "short"], "subtitle 'short'"),
        (["--owner", "me", "--adapter", "nowhere"], "nowhere: no such folder"),
        (["--owner", "me", "--model", "nowhere"], "nowhere: no such folder"),
        (["--owner", "me", "--image", "kaggle-1999"], "image 'kaggle-1999'"),
        (["--owner", "me", "--python", "three"], "--python 'three'"),
        (["--owner", "me", "--competition", "a/b"], "competition 'a/b'"),
        (["--owner", "me", "--model-source", "a/b"], "model source 'a/b'"),
        (["--owner", "me", "--part-size", "huge"], "no size such as 500M"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(main, ["package", "--wheels", "none", *(["--out", "b"] if arguments else []), *arguments])
    assert told.exit_code == 2
    assert reason in told.stderr
    assert not list(tmp_path.iterdir())


def test_the_bundled_weights_work_from_a_bundle(quiet: Any, tmp_path: Path) -> None:
    """As on Kaggle: our wheel installed, the weights in the dataset, no clone in sight."""
    order = room.Order(tmp_path / "bundle", Names("some-one"), load_target("cpu", "none"), tmp_path / "cache")
    bundle = build(order, quiet)
    assert (bundle.manifest["weights"], bundle.manifest["cells"]) == ("weights", "weights/cells")
    dataset = bundle.folder / "dataset"
    with zipfile.ZipFile(next((dataset / "wheels").glob("*.whl"))) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import runpy, sys; runpy.run_path(sys.argv[1]); import arc_solver; from arc_solver.config import *;"
        "from arc_solver.finetune.manifest import verify_manifest; verify_manifest(WEIGHTS);"
        "print(arc_solver.__file__); print(WEIGHTS); print(load_preset('cpu').has_cells())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ARC_SOLVER_WEIGHTS"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(dataset / "make_submission.py")],
        env=environment | {"PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        str(tmp_path / "site" / "arc_solver" / "__init__.py"),
        str(dataset / "weights"),
        "True",
    ]
