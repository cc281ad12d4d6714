"""A run that was made up, and a real browser to look at its page: headless Chromium, spoken to over a pipe."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence
from arc_solver.faults import Fault
from arc_solver.grids import Grid, as_grid
from arc_solver.journal import Decision, JournalContents, RunRecord, Work
from arc_solver.report.answers import Run, answers_of, submission_of
from arc_solver.tasks import Challenges, MalformedTask, Pair, Solutions, Task

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chrome-headless-shell")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--force-color-profile=srgb", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE_S = 120.0
# The browser reads commands from descriptor 3 and answers on 4.
LAUNCH = "import os,sys; os.dup2(int(sys.argv[1]),3); os.dup2(int(sys.argv[2]),4); os.execv(sys.argv[3],sys.argv[3:])"


class Browser:
    """A browser with one tab."""

    def __init__(self, program: str, folder: Path) -> None:
        commands, self._write = _pipe()
        self._read, answers = _pipe()
        flags = (*FLAGS, f"--user-data-dir={folder}", "about:blank")
        self._process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(commands), str(answers), program, *flags],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(commands)
        os.close(answers)
        self._buffer = b""
        self._next_id = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        try:
            self._attach()
        except BaseException:
            self.close()
            raise

    def _attach(self) -> None:
        (target, *_) = [one for one in self.ask("Target.getTargets")["targetInfos"] if one["type"] == "page"] or [
            self.ask("Target.createTarget", url="about:blank")
        ]
        attached = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events that come meanwhile are kept."""
        self._next_id += 1
        message: dict[str, Any] = {"id": self._next_id, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._next_id:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], PATIENCE_S)
            part = os.read(self._read, 1 << 16) if ready else b""
            if not part:
                raise RuntimeError("the browser does not answer")
            self._buffer += part
        line, self._buffer = self._buffer.split(b"\0", 1)
        value: dict[str, Any] = json.loads(line)
        return value

    def look_like(self, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Size of the window and what the system prefers."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media="", features=[scheme])

    def open(self, path: Path, fragment: str = "") -> None:
        """Open a file from disk, as a double click does, and wait until its script has run."""
        # Another document first: a new fragment alone would not load the page anew.
        self.ask("Page.navigate", url="about:blank")
        self.events.clear()
        self.ask("Page.navigate", url=path.resolve().as_uri() + fragment)
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until a JavaScript expression is true."""
        until = time.monotonic() + PATIENCE_S
        while not self.run(f"Boolean({expression})"):
            assert time.monotonic() < until, f"never true: {expression}"
            time.sleep(0.05)

    def press(self, key: str) -> None:
        """Press and release a key as a user does: where it writes a character, the character comes."""
        codes = {"Escape": 27, "Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        code = codes.get(key, ord(key[0].upper()))
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text: str) -> None:
        for character in text:
            self.press(character)

    def click(self, selector: str) -> None:
        """Click in the middle of the first element that matches, once it is in sight."""
        place = self.run(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            " one.scrollIntoView({block: 'center'}); const box = one.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def text(self, selector: str) -> str:
        return str(self.run(f"document.querySelector({json.dumps(selector)}).innerText"))

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        answer = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def print(self) -> bytes:
        """The page on paper, as a PDF."""
        return base64.b64decode(self.ask("Page.printToPDF", printBackground=True)["data"])

    def complaints(self) -> list[str]:
        """Errors and warnings in the console, and exceptions, since the page was opened."""
        self.run("0")
        found = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"]))
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(str(params["entry"]["text"]))
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(str(params["args"]))
        return found

    def requests(self) -> list[str]:
        """Addresses that were asked for since the page was opened, `data:` ones left out, which are in the page."""
        self.run("0")
        asked = [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith(("data:", "about:"))]

    def close(self) -> None:
        """End the browser and all its processes."""
        for descriptor in (self._write, self._read):
            os.close(descriptor)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are far from the descriptors that the browser wants."""
    ends = []
    for end in os.pipe():
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10))
        os.close(end)
    return ends[0], ends[1]


def find_browser() -> str | None:
    """Chromium or a relative of it, `ARC_SOLVER_CHROMIUM` before all others."""
    named = os.environ.get("ARC_SOLVER_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; they are skipped where there is none."""
    program = find_browser()
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium, or name one with ARC_SOLVER_CHROMIUM")
    # Not below pytest's folder: what a killed browser leaves half deleted must not fail the tests.
    folder = Path(tempfile.mkdtemp(prefix="arc-solver-browser-"))
    running = Browser(program, folder)
    try:
        yield running
    finally:
        running.close()
        shutil.rmtree(folder, ignore_errors=True)


TIMEOUT = "program: timeout cpu"
HOSTILE = "</script><b id=evil>&amp;\u2028"
ROLL = (
    "def task(grid):\n    # the last column comes first\n    return flip_vertical(np.roll(flip_vertical(grid), 1, 1))\n"
)


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A run with one task for each thing that can become of a task."""

    challenges: Challenges
    truth: Solutions
    run: Run


def grid(*rows: str) -> Grid:
    return as_grid([[int(cell) for cell in row] for row in rows])


def task(task_id: str, *test_inputs: Grid) -> Task:
    pairs = [grid("120", "345"), grid("451"), grid("1234567")]
    return Task(task_id, tuple(Pair(one, rolled(one)) for one in pairs), test_inputs)


def rolled(one: Grid, n_columns: int = 1) -> Grid:
    return as_grid(np.roll(one, n_columns, axis=1))


def said(task_id: str, outputs: dict[int, Grid], logprob: float = -1.0, seed: int = 0) -> Candidate:
    return Candidate(task_id, outputs, Origin("transduction", "a view", seed), GridEvidence(logprob, 9))


@pytest.fixture(scope="session")
def made_up() -> MadeUp:
    """See `MadeUp`; ids say what becomes of each task."""
    wide = grid(*["0123456789" * 2] * 3)
    almost = wide.copy()
    almost[0, 0] = 5
    tasks = (
        task("at-once", grid("102", "340")),
        task("second", grid("123")),
        task("partly", grid("123"), grid("456")),
        task("near", rolled(wide, -1)),
        task("unchosen", grid("789")),
        task("wrong", grid("314")),
        task("left-out", grid("112", "230")),
        task("no-truth", grid("556")),
    )
    malformed = MalformedTask(HOSTILE, f"task {HOSTILE}: train: is empty", (grid("7"),))
    challenges = Challenges(tasks, (malformed,), (*(one.task_id for one in tasks), HOSTILE))
    right = {one.task_id: tuple(map(rolled, one.test_inputs)) for one in tasks if one.task_id != "no-truth"}
    program = ProgramEvidence(ROLL, 3, 3, 2.0)
    timed = [
        (5.0, Candidate("at-once", dict(enumerate(right["at-once"])), Origin("search", "enumerate"), program)),
        (6.0, said("second", {0: grid("777")}, seed=1)),
        (7.0, said("second", {0: grid("777")}, seed=2)),
        (30.0, said("second", {0: right["second"][0]})),
        (8.0, said("partly", {0: right["partly"][0]})),
        (9.0, said("partly", {1: grid("000")})),
        (10.0, said("near", {0: as_grid(almost)})),
        *((11.0, said("unchosen", {0: grid(f"{cell}00")}, seed=seed)) for cell in "12" for seed in (1, 2)),
        (12.0, said("unchosen", {0: right["unchosen"][0]}, -0.5)),
    ]
    journal = JournalContents(
        "key",
        tuple(one for _, one in timed),
        rejected=Counter({("search", TIMEOUT): 4, ("transduction", "grid: ragged"): 2}),
        found_s=tuple(when for when, _ in timed),
        rejected_of=Counter({("wrong", "search", TIMEOUT): 4, ("near", "transduction", "grid: ragged"): 2}),
        runs=((0.0, RunRecord("0.1", 3, {"refresh_s": 5.0}, {"n_cores": 2}, "", "here", "solve --seed 3", "today")),),
        work=((20.0, Work("search", "wrong", "pass 1", 2.5)), (40.0, Work("transduction", "", "", 12.0))),
        decisions=((41.0, Decision("stopped", "search", "the time is over")),),
        faults=(Fault("model", "killed by signal 9", 13.0, "started again"),),
        end_s=42.0,
    )
    run = Run("made up", None, journal)
    answers = {**submission_of(run, answers_of(run, challenges))}
    del answers["left-out"]
    return MadeUp(challenges, Solutions(right), Run("made up", answers, journal))
