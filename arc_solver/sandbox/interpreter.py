"""How an interpreter for unknown programs is started: nothing of this one's settings, packages or secrets gets in.

Knows nothing of what runs in it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import arc_solver

_INHERITED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")


def command(module: str, arguments: Sequence[str]) -> list[str]:
    """The command that calls `main` of a module with these texts as arguments."""
    roots = [str(Path(module.__file__ or "").resolve().parents[1]) for module in (arc_solver, np)]
    boot = f"import sys; sys.path += sys.argv[1:3]; from {module} import main; main(*sys.argv[3:])"
    # Not -I: it would ignore the hash seed. No site packages: their start-up files are not ours.
    return [sys.executable, "-s", "-S", "-P", "-c", boot, *roots, *arguments]


def environment(hash_seed: int) -> dict[str, str]:
    """All the environment that it gets."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR", "VECLIB")}
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    settings = {"PYTHONHASHSEED": str(hash_seed), "LC_ALL": "C.UTF-8"}
    return threads | inherited | settings | {"PATH": os.defpath}
