"""Our wheel: the same bytes each time, whole by its own record, and it works where it is installed."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from arc_solver import __version__
from arc_solver.packaging.wheel import ENTRY, OUTSIDE, PACKAGE, build_wheel

ROOT = PACKAGE.parent


def test_the_same_sources_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [tmp_path / name for name in ("one", "two", "later")]
    for folder in folders:
        folder.mkdir()
    first, second = build_wheel(folders[0]), build_wheel(folders[1])
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    later = build_wheel(folders[2])
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() != later.read_bytes()


def test_its_record_names_every_file_with_its_digest(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_wheel(tmp_path)) as archive:
        record = next(name for name in archive.namelist() if name.endswith("/RECORD"))
        rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(archive.read(record).decode()))}
        assert set(rows) == set(archive.namelist())
        for name in set(rows) - {record}:
            content = archive.read(name)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert rows[name] == [f"sha256={digest}", str(len(content))]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_it_holds_the_package_and_what_it_needs_beside_its_code(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_wheel(tmp_path)) as archive:
        names = set(archive.namelist())
        metadata = archive.read(f"arc_solver-{__version__}.dist-info/METADATA").decode()
    assert {"arc_solver/presets/cpu.toml", "arc_solver/py.typed", f"{OUTSIDE}/{ENTRY}"} <= names
    assert f"{OUTSIDE}/notebook.py" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert f"Version: {__version__}\n" in metadata
    assert 'Requires-Dist: torch>=2.10; extra == "llm"\n' in metadata
    assert "Requires-Dist: numpy>=2.0\n" in metadata


def test_installed_it_finds_weights_through_the_variable_and_packages_again(tmp_path: Path) -> None:
    """A folder that holds nothing but our wheel stands for an installation; the clone is out of sight."""
    wheel = build_wheel(tmp_path)
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    code = (
        "import arc_solver, sys; from pathlib import Path;"
        "from arc_solver.config import WEIGHTS, load_preset;"
        "from arc_solver.packaging.wheel import build_wheel;"
        "print(Path(arc_solver.__file__).is_relative_to(sys.argv[1]), WEIGHTS, load_preset('cpu').has_cells());"
        "print(build_wheel(Path(sys.argv[2])).name)"
    )
    again = tmp_path / "again"
    again.mkdir()
    environment = os.environ | {"PYTHONPATH": str(site), "ARC_SOLVER_WEIGHTS": str(ROOT / "weights")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(site), str(again)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[0] == f"True {ROOT / 'weights'} True"
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again / wheel.name) as second:
        assert first.namelist() == second.namelist()
    assert wheel.read_bytes() == (again / wheel.name).read_bytes()


def test_without_the_variable_an_installation_has_no_weights(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(build_wheel(tmp_path)) as archive:
        archive.extractall(site)
    environment = {name: value for name, value in os.environ.items() if name != "ARC_SOLVER_WEIGHTS"}
    code = "from arc_solver.config import WEIGHTS, load_preset; print(WEIGHTS.exists(), load_preset('cpu').has_cells())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path, env=environment | {"PYTHONPATH": str(site)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["False", "False"]
