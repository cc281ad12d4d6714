"""What the tests of the guard share lies beside this file."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent))

from guarded import Room, runs


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    for pid in [*room.children(), *(life.pid for life in room.lives())]:
        if runs(pid):
            os.kill(pid, signal.SIGKILL)
    if room.process is not None and room.process.poll() is None:
        room.process.kill()
    if room.process is not None and room.process.stdout is not None and not room.process.stdout.closed:
        room.process.communicate()
