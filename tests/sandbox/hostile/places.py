"""Where the suite runs when it must not run here: throw-away process namespaces, other users, no capabilities.

Every function that cannot do its part on this machine skips the test and says why.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile.suite import HOSTILES

import arc_solver

ORDINARY_UID = 12_345
"""A user who owns nothing and is nobody in particular."""


def throw_away() -> list[str]:
    """The start of a command that runs in process and mount namespaces of its own: no signal reaches out of them, and
    what is left of them dies with their first process, a shell.
    """
    unshare = [_tool("unshare"), "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
    if os.getuid() != 0:
        unshare.append("--map-root-user")
    return _allowed([*unshare, "sh", "-c", '"$@"; exit $?', "sh"])


def user_namespace() -> list[str]:
    """The start of a command that runs as root of a user namespace."""
    return _allowed([_tool("unshare"), "--map-root-user"])


def without_capabilities() -> list[str]:
    """The start of a command that can win no capability, whoever runs it."""
    return _allowed([_tool("setpriv"), "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"])


def as_ordinary_user() -> list[str]:
    """The start of a command that runs as a user who is not root."""
    if os.getuid() != 0:
        return []
    who = str(ORDINARY_UID)
    return _allowed([_tool("setpriv"), f"--reuid={who}", f"--regid={who}", "--clear-groups"])


@contextmanager
def readable_copy() -> Iterator[Path]:
    """The package, numpy and these tests where every user can read them."""
    with tempfile.TemporaryDirectory(prefix="arc-solver-readable-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        packages = Path(np.__file__).parents[1]
        for source in (Path(arc_solver.__file__).parent, packages / "numpy", packages / "numpy.libs"):
            if source.exists():
                skipped = shutil.ignore_patterns("__pycache__", "tests", "*.pyi", "*.h", "*.a", "weights")
                shutil.copytree(source, folder / source.name, ignore=skipped)
        shutil.copytree(Path(__file__).parent, folder / "tests" / "hostile", ignore=shutil.ignore_patterns("__py*"))
        subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
        yield folder


def run_suite(
    prefix: Sequence[str],
    folder: Path,
    *,
    without: Iterable[str] = (),
    names: Iterable[str] = (),
    flags: Iterable[str] = (),
) -> dict[str, Any]:
    """What `suite.py` of a readable copy says; it fails the test if the suite says nothing."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    script = str(folder / "tests" / "hostile" / "suite.py")
    flags = [*flags, "--without", "|".join(without), "--names", "|".join(names)]
    command = [*prefix, _interpreter(prefix, environment), "-s", script, *flags]
    run = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=300, check=False)
    assert run.stdout, f"the suite did not survive: {run.returncode} {run.stderr[-2000:]}"
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def reaching_out() -> list[str]:
    """Names of the programs whose fate depends on the layers, most of them quick."""
    slow = {"drips bytes", "closes the result pipe and waits"}
    work = {
        "loop",
        "disarms the timer",
        "handles the timer",
        "sleeps",
        "memory by list",
        "memory by malloc",
        "memory by memfd",
    }
    ends = {"null pointer", "abort", "_exit", "deep recursion", "patches built-ins", "removes the child from within"}
    names = [hostile.name for hostile in HOSTILES]
    reach = names[names.index("forks") : names.index("reads every descriptor") + 1]
    return [name for name in names if name in work | ends or (name in reach and name not in slow)]


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no {name} on this machine")
    return path


def _allowed(prefix: list[str]) -> list[str]:
    run = subprocess.run([*prefix, "true"], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        pytest.skip(f"not allowed here: {' '.join(prefix)}: {run.stderr.strip()}")
    return prefix


def _interpreter(prefix: Sequence[str], environment: dict[str, str]) -> str:
    """A Python of this version that can be run there: a virtual environment's may be closed to others."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [
        str(Path(sys.executable).resolve()),
        *(f"{folder}/{version}" for folder in ("/usr/local/bin", "/usr/bin")),
    ]
    code = "import sys, subprocess, numpy, arc_solver; subprocess.run([sys.executable, '-c', ''], check=True)"
    for python in filter(os.path.exists, candidates):
        run = subprocess.run(
            [*prefix, python, "-s", "-c", code], env=environment, cwd="/", capture_output=True, check=False
        )
        if run.returncode == 0:
            return python
    pytest.skip(f"no interpreter can be run there: tried {', '.join(candidates)}")
