"""A tiny bundle, a fake /kaggle, and the bootstrap as the notebook imports it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAIR = {"input": [[1, 2]], "output": [[2, 1]]}
TASKS = {
    "a": {"train": [PAIR], "test": [{"input": [[3, 4], [5, 6]]}, {"input": [[7]]}]},
    "b": {"train": [PAIR], "test": [{"input": [[0, 9]]}]},
}


def load_source(folder: str, name: str) -> ModuleType:
    """A module that lies outside of the package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def installing() -> ModuleType:
    return load_source("kaggle", "bootstrap_install")


@pytest.fixture(scope="session")
def bootstrap(installing: ModuleType) -> ModuleType:
    return load_source("kaggle", "bootstrap")


@pytest.fixture(scope="session")
def stage() -> ModuleType:
    return load_source("scripts", "kaggle_stage")


@pytest.fixture
def at_once(installing: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is installed, for tests of what else is done: pip takes a second each time."""
    monkeypatch.setattr(installing, "_pip", lambda *_: "")
    monkeypatch.setattr(installing, "_try_package", lambda: "")


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is displayed in a kernel."""
    found: list[Any] = []
    module = ModuleType("IPython.display")
    monkeypatch.setattr(module, "display", found.append, raising=False)
    monkeypatch.setattr(module, "Image", lambda data: data, raising=False)
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return found


@pytest.fixture(scope="session")
def notebook() -> Callable[[dict[str, Any]], dict[str, Any]]:
    made: Callable[[dict[str, Any]], dict[str, Any]] = load_source("kaggle", "notebook").notebook
    return made


@pytest.fixture(autouse=True)
def _environment_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before, paths = dict(os.environ), list(sys.path)
    (tmp_path / "tmp").mkdir()
    monkeypatch.chdir(tmp_path)  # not where the package itself could be imported from
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    os.environ.pop("KAGGLE_IS_COMPETITION_RERUN", None)
    yield
    os.environ.clear()
    os.environ.update(before)
    sys.path[:] = paths


def wheel(folder: Path, name: str, version: str, *needs: str, files: dict[str, str] | None = None) -> str:
    """Write a wheel that pip installs; its name."""
    info = f"{name}-{version}.dist-info"
    metadata = [
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}",
        *(f"Requires-Dist: {need}" for need in needs),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        **(files or {f"{name}/__init__.py": f"__version__ = '{version}'\n"}),
        f"{info}/METADATA": "\n".join(metadata) + "\n\nWhat it is for.\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    content[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*content, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in content.items():
            archive.writestr(file, text)
    return path.name


def record(path: Path, part: int = 1) -> dict[str, Any]:
    """What a manifest says of a file."""
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "part": part}


SOLVER = """
import json, sys
flags = dict(zip(sys.argv[1::2], sys.argv[2::2]))
tasks = json.load(open(flags["--challenges"]))
answer = {"attempt_1": [[8]], "attempt_2": [[9]]}
json.dump({name: [answer] * len(task["test"]) for name, task in tasks.items()}, open(flags["--output"], "w"))
json.dump(sys.argv[1:], open(flags["--json"], "w"))
print("solved", len(tasks))
"""

CLI = """
import pathlib, sys

def main():
    print("asked to", sys.argv[1])
    if "--out" in sys.argv:
        pathlib.Path(sys.argv[-1]).write_bytes(b"picture")
"""


class FakeKaggle:
    """A folder that stands for /kaggle, with a bundle whose solver answers at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dataset = root / "input" / "datasets" / "somebody" / "arc-solver"
        competition = root / "input" / "competitions" / "arc-prize"
        for folder in (self.dataset, competition, root / "working"):
            folder.mkdir(parents=True)
        self.challenges = competition / "arc-agi_test_challenges.json"
        self.challenges.write_text(json.dumps(TASKS))
        self.submission = root / "working" / "submission.json"
        wheels = self.dataset / "wheels"
        cli = {"arc_solver/__init__.py": "__version__ = '9'\n", "arc_solver/cli.py": CLI}
        wheel(wheels, "arc_solver", "9", "numpy>=2", files=cli)
        wheel(wheels, "engine", "2.0", "core.lib (>=1)", 'extra ; extra == "all"')
        wheel(wheels, "core_lib", "1.0")
        wheel(wheels, "other", "3.1")
        (self.dataset / "make_submission.py").write_text(SOLVER)
        for name in ("bootstrap.py", "bootstrap_install.py"):
            (self.dataset / name).write_bytes((ROOT / "kaggle" / name).read_bytes())
        for name in ("base/config.json", "adapter/adapter_model.safetensors", "cells/model.safetensors"):
            (self.dataset / "weights" / name).parent.mkdir(parents=True)
            (self.dataset / "weights" / name).write_text(name)
        self.write_manifest()

    def write_manifest(self, **changes: Any) -> dict[str, Any]:
        """The manifest of what lies there now."""
        files = {
            str(path.relative_to(self.dataset)): record(path)
            for path in sorted(self.dataset.rglob("*"))
            if path.is_file() and path.name != "manifest.json"
        }
        manifest = {
            "format": 1, "name": "arc_solver", "version": "9", "accelerator": "cpu", "wheels": "overlay",
            "preset": "cpu", "competition": "arc-prize",
            "install_options": ["--no-index", "--no-deps", "--no-warn-conflicts"],
            "assumes": {"python": f"{sys.version_info[0]}.{sys.version_info[1]}", "torch": None},
            "install": ["core-lib==1.0", "engine==2.0", "other==3.1", "arc_solver==9"],
            "weights": "weights", "model": None, "adapter": None, "cells": "weights/cells",
            "parts": [{"folder": "dataset", "id": "somebody/arc-solver"}], "files": files, **changes,
        }  # fmt: skip
        (self.dataset / "manifest.json").write_text(json.dumps(manifest))
        return manifest


@pytest.fixture
def kaggle(tmp_path: Path) -> FakeKaggle:
    return FakeKaggle(tmp_path / "kaggle")
