"""The one place that starts pip: for another Python and platform than this one, and never a build from source.

Knows flags, environments and how pip words its failures (`pip_for_target` what pip must be told of the other machine);
nothing of bundles.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from arc_solver.errors import InputError
from arc_solver.packaging.images import platform_tags

_UNREACHABLE = (
    "NewConnectionError", "ConnectTimeoutError", "Failed to establish a new connection", "NameResolutionError",
    "Temporary failure in name resolution", "ProxyError", "SSLError",
)  # fmt: skip
_SCRIPT = Path(__file__).with_name("pip_for_target.py")
OLDEST = (22, 3)
"""First release of pip with `install --dry-run --report`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run of pip said.

    Attributes:
        good: It ended well.
        reason: Its errors, on one line; empty if it ended well.
    """

    good: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Machine:
    """For what wheels are chosen: a Python on Linux, x86_64.

    Attributes:
        python: Such as `3.12`.
        glibc: Such as `2.35`.
    """

    python: str
    glibc: str

    def flags(self) -> list[str]:
        """What pip must be told to choose wheels for it, and wheels only."""
        abis = (f"cp{self.python.replace('.', '')}", "abi3", "none")
        return [
            "--only-binary=:all:",
            "--implementation=cp",
            f"--python-version={self.python}",
            *(flag for abi in abis for flag in ("--abi", abi)),
            *(flag for tag in platform_tags(self.glibc) for flag in ("--platform", tag)),
        ]

    def markers(self) -> dict[str, str]:
        """With what the conditions of requirements are compared on it."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": "x86_64",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


def offline_environment() -> dict[str, str]:
    """The environment without anything that could show pip another package than those that it is told of."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("PIP_")}
    return kept | {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def check_pip() -> None:
    """Make sure that there is a pip that can do what is asked of it.

    Raises:
        InputError: There is none beside this Python, or it is too old.
    """
    done = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"pip (\d+)\.(\d+)", done.stdout)
    if done.returncode or found is None:
        raise InputError(f"packaging needs pip beside {sys.executable}: python -m ensurepip --upgrade")
    if (int(found[1]), int(found[2])) < OLDEST:
        raise InputError(f"packaging needs pip {OLDEST[0]}.{OLDEST[1]} or later, here is {found[1]}.{found[2]}")


@contextmanager
def started(
    machine: Machine, arguments: Iterable[str], words: IO[str], *, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A running pip, killed if it is left before it has ended.

    Args:
        machine: For what it chooses wheels.
        arguments: What follows `pip`, but the flags of the machine.
        words: Where its output goes.
        environment: Of the process; None for this one's.
    """
    command, *rest = arguments
    process = subprocess.Popen(
        [
            # -P: this folder must not be searched for modules.
            *(sys.executable, "-P", str(_SCRIPT), json.dumps(machine.markers())),
            *(command, "--no-input", "--disable-pip-version-check", *machine.flags(), *rest),
        ],
        stdin=subprocess.DEVNULL,
        stdout=words,
        stderr=subprocess.STDOUT,
        env=None if environment is None else dict(environment),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def run(machine: Machine, arguments: Iterable[str], *, environment: Mapping[str, str] | None = None) -> Answer:
    """Run pip to its end."""
    with TemporaryFile("w+", errors="replace") as words:
        with started(machine, arguments, words, environment=environment) as process:
            process.wait()
        return read_answer(process.returncode, words)


def read_answer(code: int, words: IO[str]) -> Answer:
    """Exit code and output of a run as an answer."""
    words.seek(0)
    return answer_of(code, words.read())


def answer_of(code: int, words: str) -> Answer:
    """Exit code and output of a run as an answer."""
    if code == 0:
        return Answer(True, "")
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    if "DO NOT MATCH THE HASHES" in words:
        changed = [line.split()[0] for line in lines if "==" in line and " from " in line and line.endswith(":")]
        return Answer(False, f"{', '.join(changed)}: the index has other bytes than the lock names")
    if any(sign in words for sign in _UNREACHABLE):
        return Answer(False, "the package index cannot be reached (no network, or a proxy that pip must be told of)")
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    # What stands between is what a conflict consists of, a line each.
    conflict = [line for line in lines if "depends on" in line or "The user requested" in line]
    told = [line for line in (*conflict, *(errors or lines[-3:])) if "ResolutionImpossible" not in line]
    return Answer(False, "; ".join(dict.fromkeys(told)) or f"pip ended with {code}")
