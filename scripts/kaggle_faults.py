"""What can be wrong with a bundle or an image: each fault breaks one thing of a stage, and says what must then be told.

Nothing of the bundle itself is touched: a fault gets a copy of links in which its file is another one.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kaggle_stage import Stage


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is broken.

    Attributes:
        name: Of the fault.
        must_say: What the notebook must print.
        break_it: Gives the stage on which it is broken.
        rerun: Whether it happens in the scoring run, where nobody reads.
    """

    name: str
    must_say: tuple[str, ...]
    break_it: Callable[[Stage], Stage]
    rerun: bool = False


def corrupted_wheel(stage: Stage) -> Stage:
    """One bit of the largest wheel of others is flipped (vLLM's, where it is there); else of our own."""
    broken = _copied(stage)
    wheels = sorted((broken.bundle / "dataset" / "wheels").glob("*.whl"), key=lambda path: path.stat().st_size)
    chosen = next((path for path in wheels if path.name.startswith("vllm")), wheels[-1])
    _flip(chosen)
    return broken


def own_wheel(stage: Stage) -> Stage:
    """Our own wheel is damaged: nothing of ours can run."""
    broken = _copied(stage)
    _flip(next((broken.bundle / "dataset" / "wheels").glob("arc_solver-*.whl")))
    return broken


def missing_adapter(stage: Stage) -> Stage:
    """The adapter's weights were not uploaded."""
    broken = _copied(stage)
    next(broken.bundle.glob("dataset*/**/adapter_model.safetensors")).unlink()
    return broken


def old_torchao(stage: Stage) -> Stage:
    """The image has torchao 0.10, beside which peft refuses every adapter."""
    stubs = _stubs(stage)
    info = stubs / "torchao-0.10.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torchao\nVersion: 0.10.0\n")
    (stubs / "torchao").mkdir()
    (stubs / "torchao" / "__init__.py").write_text('__version__ = "0.10.0"\n')
    return dataclasses.replace(stage, environment={**stage.environment, "PYTHONPATH": str(stubs)})


def unsupported_gpu(stage: Stage) -> Stage:
    """torch sees a P100, for which it holds no kernels."""
    stubs = _stubs(stage)
    (stubs / "sitecustomize.py").write_text(_P100)
    return dataclasses.replace(stage, environment={**stage.environment, "PYTHONPATH": str(stubs)})


def damaged_bootstrap(stage: Stage) -> Stage:
    """What the notebook would import from the bundle is not what was packed."""
    broken = _copied(stage)
    _flip(broken.bundle / "dataset" / "bootstrap.py")
    return broken


# torch as it is on that machine: it lists the device, and the first kernel would fail.
_P100 = """
import importlib.abc, importlib.machinery, sys, types


class Loader(importlib.abc.Loader):
    def __init__(self, inner):
        self.inner = inner

    def create_module(self, spec):
        return self.inner.create_module(spec)

    def exec_module(self, module):
        self.inner.exec_module(module)
        cuda = module.cuda
        card = types.SimpleNamespace(major=6, minor=0, name="Tesla P100-PCIE-16GB", total_memory=16 << 30)
        cuda.is_available, cuda.device_count = (lambda: True), (lambda: 1)
        cuda.get_device_properties = lambda index=0: card
        cuda.get_arch_list = lambda: ["sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120"]


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "torch":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None:
            spec.loader = Loader(spec.loader)
        return spec


if sys.argv[-1:] == ["-m"] or "arc_solver" in " ".join(sys.orig_argv):
    sys.meta_path.insert(0, Finder())
"""

_FAULTS = (
    Fault("corrupted-wheel", ("its sha256 differs from", "left out, since a wheel is damaged"), corrupted_wheel),
    Fault("own-wheel", ("the package's own wheel is damaged",), own_wheel, rerun=True),
    Fault("missing-adapter", ("adapter_model.safetensors: is missing", "runs without it"), missing_adapter),
    Fault("old-torchao", ("torchao 0.10.0 makes peft refuse",), old_torchao),
    Fault("unsupported-gpu", ("Tesla P100-PCIE-16GB", "without a model"), unsupported_gpu),
    Fault("unsupported-gpu-rerun", ("Tesla P100-PCIE-16GB", "the search runs alone"), unsupported_gpu, rerun=True),
    Fault("damaged-bootstrap", ("its bundle cannot be used", "the first answers stay"), damaged_bootstrap, rerun=True),
)
FAULTS = {fault.name: fault for fault in _FAULTS}


def _copied(stage: Stage) -> Stage:
    """The stage with a bundle of its own, whose files are links to those of the real one."""
    copy = stage.folder / "bundle"
    shutil.copytree(stage.bundle, copy, copy_function=_link)
    return dataclasses.replace(stage, bundle=copy)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _flip(path: Path) -> None:
    """Change a byte in the middle of a file, without touching what it is linked to."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)


def _stubs(stage: Stage) -> Path:
    folder = stage.folder / "stubs"
    folder.mkdir()
    return folder
