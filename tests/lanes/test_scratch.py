"""What a lane leaves among temporary files goes with it, however it ended."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from arc_solver.config import RunConfig
from arc_solver.lanes.process import LaneProcess
from arc_solver.lanes.wire import LaneSpec

WRITES = "import os, tempfile, time; f = tempfile.mkdtemp(); open(f + '/x', 'w').write('x'); print(f, flush=True); "


@pytest.mark.parametrize("ending", ["os.kill(os.getpid(), 9)", "time.sleep(600)", ""])
def test_what_a_lane_leaves_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spec = LaneSpec((), (), frozenset(), 0.0, RunConfig(1.0).to_json(), os.getpid())
    lane = LaneProcess("x", spec, tmp_path / "log", 1, [sys.executable, "-c", WRITES + ending])
    left = Path(os.read(lane.channel, 1000).decode().strip())
    assert left.is_relative_to(tmp_path)
    assert (left / "x").is_file()
    lane.stop()
    assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_a_full_disk_does_not_keep_a_lane_from_starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**options: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    spec = LaneSpec((), (), frozenset(), 0.0, RunConfig(1.0).to_json(), os.getpid())
    lane = LaneProcess("x", spec, tmp_path / "log", 1, [sys.executable, "-c", "print('here', flush=True)"])
    assert os.read(lane.channel, 100).startswith(b"here")
    lane.stop()
