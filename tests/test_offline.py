"""The main job with the bundled model, all proposers, tries no network: every process of ours reports if it does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.model

ROOT = Path(__file__).resolve().parents[1]

# An audit hook sees what Python code asks of the network, also where a library would swallow the failure.
WITNESS = """
import os, sys
def _witness(event, args):
    if event in ("socket.getaddrinfo", "socket.gethostbyname") or (
        event == "socket.connect" and isinstance(args[1], tuple) and not str(args[1][0]).startswith(("127.", "::1"))
    ):
        with open(os.environ["WITNESS_FILE"], "a") as file:
            file.write(f"{event} {args!r} {sys.argv}\\n")
sys.addaudithook(_witness)
"""

# Everything once and little of it: what a run asks for does not depend on how often.
SETTINGS = """
[induction]
n_samples = 2
n_more = 0
[cell_model]
n_views = 2
[cell_model.joint]
n_rows = 1
max_passes = 2.0
"""


def solve(
    folder: Path, *prefix: str, code: str = WITNESS, proposers: str = "search,induction,cells"
) -> subprocess.CompletedProcess[str]:
    grids = [[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 1], [2, 2]]]
    pairs = [{"input": grid, "output": [row[::-1] for row in grid]} for grid in grids]
    challenges = {"flip": {"train": pairs[:2], "test": [{"input": pairs[2]["input"]}]}}
    (folder / "challenges.json").write_text(json.dumps(challenges))
    (folder / "sitecustomize.py").write_text(code)
    (folder / "settings.toml").write_text(SETTINGS)
    environment = os.environ | {"PYTHONPATH": str(folder), "WITNESS_FILE": str(folder / "witness")}
    command = [
        *prefix, sys.executable, str(ROOT / "make_submission.py"), "--challenges", str(folder / "challenges.json"),
        "--output", str(folder / "submission.json"), "--time-limit", "2m", "--json", str(folder / "run.json"),
        "--proposers", proposers, "--preset", str(folder / "settings.toml"),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_nothing_asks_for_the_network(tmp_path: Path) -> None:
    result = solve(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    figures = json.loads((tmp_path / "run.json").read_text())
    assert figures["failures"] == {}
    assert set(figures["proposer_seconds"]) == {"search", "induction", "cells"}
    assert not (tmp_path / "witness").exists()


def test_the_witness_sees_a_process_that_does(tmp_path: Path) -> None:
    asks = (
        "\nif 'make_submission.py' in str(sys.orig_argv):\n    import socket\n    socket.gethostbyname('localhost')\n"
    )
    solve(tmp_path, code=WITNESS + asks, proposers="search")
    assert "gethostbyname" in (tmp_path / "witness").read_text()


def test_it_runs_where_there_is_no_network_at_all(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-n", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets us make no network namespace")
    result = solve(tmp_path, unshare, "-n")
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads((tmp_path / "run.json").read_text())["failures"] == {}
