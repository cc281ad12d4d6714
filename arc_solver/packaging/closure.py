"""Proves that a wheelhouse is complete: pip resolves it for the target, offline, beside what the image has.

pip itself is the judge, since it is pip that installs; it sees the wheelhouse, stand-ins for what the image has
(`stubs`) and nothing else. Knows nothing of how the wheels came there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from arc_solver.packaging.pip_process import Machine, offline_environment, run
from arc_solver.packaging.stubs import write_stubs


@dataclass(frozen=True, slots=True)
class Closure:
    """What must hold of a wheelhouse.

    Attributes:
        machine: For what the wheels are.
        present: What counts as installed, in each variant of the image: name -> version.
        roots: What must be installable.
    """

    machine: Machine
    present: Sequence[Mapping[str, str]]
    roots: Sequence[str]


def find_gaps(closure: Closure, folders: Iterable[Path]) -> str:
    """What is missing from a wheelhouse.

    Args:
        closure: What must hold.
        folders: Where its wheels lie.

    Returns:
        The missing or clashing package and who needs it, as pip says; empty if the wheelhouse is complete.
    """
    found = [f"--find-links={folder}" for folder in folders]
    for variant in closure.present or ({},):
        with TemporaryDirectory(prefix="arc-solver-") as temporary:
            folder = Path(temporary)
            constraints = write_stubs(folder / "stubs", variant)
            answer = run(
                closure.machine,
                [
                    "install", "--dry-run", "--ignore-installed", "--no-index", "--no-cache-dir",
                    f"--target={folder / 'nowhere'}", f"--constraint={constraints}",
                    f"--find-links={folder / 'stubs'}", *found,
                    *closure.roots,
                ],
                environment=offline_environment(),
            )  # fmt: skip
        if not answer.good:
            return _shortly(answer.reason)
    return ""


def _shortly(reason: str) -> str:
    """`foo>=1, which bar needs, is missing` where pip says that; its own words otherwise."""
    found = re.search(r"requirement (.+?) \(from ([^)]*)\) \(from versions: ([^)]*)\)", reason)
    if found is None:
        return reason
    wanted, asker, versions = found.groups()
    there = "" if versions == "none" else f" (there is {versions})"
    return f"{wanted.partition(';')[0].strip()}, which {asker} needs, is missing{there}"
