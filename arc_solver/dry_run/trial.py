"""A short real run, started as the user would start it, and watched from outside.

It is a child process of the ordinary entry, with guard, supervisor and lanes, in a folder of its own. Knows nothing of
what is measured.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arc_solver.datasets import challenges_json
from arc_solver.dry_run.observing import Look, Timeline, look_at, now_s
from arc_solver.journal import JournalContents
from arc_solver.journal import read as read_journal
from arc_solver.processes import descendants, kill
from arc_solver.tasks import Challenges

ENTRY = "from arc_solver.entry import make_submission; make_submission()"
_LOOK_EVERY_S = 0.5
_OVERDUE_S = 180.0
"""After its time limit a run that the guard did not end is ended here."""
_MAX_SAID = 4000
_KIND = re.compile(rb'"kind":"([a-z ]+)"')


@dataclass(frozen=True, slots=True)
class Trial:
    """What a short run left.

    Attributes:
        n_tasks: Its tasks.
        time_limit_s: What it was given.
        seconds: From its start to its end, as whoever started it sees it.
        exit_code: Negative if it had to be killed.
        said: The end of what it printed.
        figures: What it wrote with `--json`; empty if it did not come to that.
        journal: None if it has none.
        kind_bytes: Kind of record -> bytes of its lines in the journal.
        log_bytes: Of what lanes wrote to their log.
        timeline: What was seen of its processes.
    """

    n_tasks: int
    time_limit_s: float
    seconds: float
    exit_code: int
    said: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)
    journal: JournalContents | None = None
    kind_bytes: Mapping[str, int] = field(default_factory=dict)
    log_bytes: int = 0
    timeline: Timeline = field(default_factory=Timeline)

    def last_line(self) -> str:
        """The last thing that it printed."""
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        return lines[-1] if lines else "it printed nothing"


def run_trial(
    tasks: Challenges,
    arguments: Sequence[str],
    time_limit_s: float,
    folder: Path,
    tell: Callable[[float], None],
) -> Trial:
    """Run and watch; whatever happens, no process of it is left.

    Args:
        tasks: What it is asked.
        arguments: Of `make_submission.py`, without tasks, output and time limit.
        time_limit_s: What it is given.
        folder: Where it works; nobody else does.
        tell: Called often with the seconds since its start.
    """
    asked, output, figures = folder / "challenges.json", folder / "submission.json", folder / "run.json"
    asked.write_text(json.dumps(challenges_json(tasks)), encoding="utf-8")
    own = ["--challenges", asked, "--output", output, "--json", figures, "--time-limit", f"{time_limit_s:.3f}s"]
    printed = folder / "printed.txt"
    with printed.open("wb") as sink:
        began_s = now_s()
        process = subprocess.Popen(
            [sys.executable, "-c", ENTRY, *map(str, own), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=_environment(),
            start_new_session=True,
        )
        try:
            looks = _watch(process, began_s, time_limit_s, tell)
        finally:
            _end(process)
    seconds = now_s() - began_s
    journal = folder / "submission.journal.jsonl"
    return Trial(
        len(tasks.tasks),
        time_limit_s,
        seconds,
        process.returncode,
        printed.read_text(encoding="utf-8", errors="replace")[-_MAX_SAID:],
        _read_figures(figures),
        read_journal(journal) if journal.exists() else None,
        kind_bytes(journal) if journal.exists() else {},
        _size(folder / "submission.log"),
        Timeline(tuple(looks)),
    )


def kind_bytes(journal: Path) -> dict[str, int]:
    """Kind of record -> bytes of its lines."""
    found: Counter[str] = Counter()
    with journal.open("rb") as file:
        for line in file:
            kind = _KIND.search(line[:200])
            found[kind[1].decode() if kind else "?"] += len(line)
    return dict(found)


def _watch(
    process: subprocess.Popen[bytes], began_s: float, time_limit_s: float, tell: Callable[[float], None]
) -> list[Look]:
    looks: list[Look] = []
    while process.poll() is None:
        at_s = now_s() - began_s
        looks.append(look_at(process.pid, at_s))
        tell(at_s)
        if at_s > time_limit_s + _OVERDUE_S:
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_EVERY_S)
    return looks


def _end(process: subprocess.Popen[bytes]) -> None:
    """See to it that nothing of it is left: nobody wants its answers."""
    if process.poll() is None:
        kill([process.pid, *descendants(process.pid)])
    process.wait()


def _environment() -> dict[str, str]:
    """Ours, with our package importable from where it is."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return os.environ | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def _read_figures(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
