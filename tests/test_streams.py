"""A program whose standard streams lead to a full disk ends as it would have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
CODE = """
import sys
{forgive}
print("a line")
print("another", file=sys.stderr)
sys.stdout.write("no line end")
try:
    1 / 0
except ZeroDivisionError:
    import traceback
    traceback.print_exc()
open(sys.argv[1], "w").write("the end")
"""
FORGIVE = "from arc_solver.streams import forgive_standard_streams; forgive_standard_streams()"


def run(folder: Path, forgive: str, stream: Path) -> tuple[int, bool]:
    """The exit status, and whether the program came to its end."""
    with stream.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-c", CODE.format(forgive=forgive), str(folder / "end")],
            stdout=file, stderr=file, check=False,
        )  # fmt: skip
    return done.returncode, (folder / "end").exists()


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_nobody_dies_of_a_line_that_cannot_be_written(tmp_path: Path) -> None:
    assert run(tmp_path, FORGIVE, FULL) == (0, True)
    (tmp_path / "end").unlink()
    assert run(tmp_path, "", FULL)[0] != 0  # or the test would prove nothing


def test_what_can_be_said_is_said(tmp_path: Path) -> None:
    assert run(tmp_path, FORGIVE, tmp_path / "said") == (0, True)
    text = (tmp_path / "said").read_text()
    assert [word in text for word in ("a line\n", "another\n", "no line end", "ZeroDivisionError")] == [True] * 4
