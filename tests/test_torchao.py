"""An old torchao is hidden from peft, a new one is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); import importlib.util; "
    "from arc_solver.torchao import hide_old_torchao; hide_old_torchao(); "
    "print('torchao' not in sys.modules and importlib.util.find_spec('torchao') is not None)"
)


def install(folder: Path, version: str) -> None:
    """A torchao with nothing in it."""
    (folder / "torchao").mkdir()
    (folder / "torchao" / "__init__.py").touch()
    facts = folder / f"torchao-{version}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torchao\nVersion: {version}\n")


@pytest.mark.parametrize(
    ("version", "is_seen"), [("0.10.0", False), ("0.15.1", False), ("0.16.0", True), ("1.0", True), ("odd", True)]
)
def test_only_an_old_one_is_hidden(tmp_path: Path, version: str, is_seen: bool) -> None:
    install(tmp_path, version)
    done = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == str(is_seen)
