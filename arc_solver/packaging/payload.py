"""Which weights go into a bundle, and what must never go into one.

A folder of weights is copied whole, so everything in it is looked at first: pickles, which run code when they are read,
and files that hold a secret are refused by name; a model and an adapter that do not fit each other, too. Knows nothing
of wheels.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from arc_solver.config import WEIGHTS, load_preset
from arc_solver.engines.adapter_preflight import check_adapter
from arc_solver.engines.devices import simulated
from arc_solver.engines.model_folder import read_facts
from arc_solver.engines.plans import Plan, Wishes, make_plan
from arc_solver.engines.preflight import Remark, Severity, check_model, raise_refusals
from arc_solver.errors import InputError, ModelError
from arc_solver.finetune.manifest import MANIFEST, verify_adapter, verify_base, verify_manifest
from arc_solver.packaging.images import Target

WEIGHTS_FOLDER, MODEL_FOLDER, ADAPTER_FOLDER = "weights", "model", "adapter"

_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz")
_SECRET_NAMES = (
    "kaggle.json", ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "id_rsa*", "id_ed25519*", "id_ecdsa*",
    ".netrc", "_netrc", ".git", ".git-credentials", ".gitconfig", ".pypirc", ".npmrc", ".htpasswd", ".ssh", ".aws",
    "credentials", "credentials.json", "token", "*.token", "access_token",
)  # fmt: skip
_SECRETS = (
    ("a Hugging Face token", re.compile(rb"\bhf_[A-Za-z0-9]{30,}\b")),
    ("a Kaggle token", re.compile(rb"\bKGAT_[A-Za-z0-9]{16,}\b")),
    ("a Kaggle key", re.compile(rb'"username"\s*:\s*"[^"]+"\s*,\s*"key"\s*:\s*"[0-9a-f]{32}"')),
    ("a GitHub token", re.compile(rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,})\b")),
    ("an API key", re.compile(rb"\bsk-[A-Za-z0-9_-]{40,}\b")),
    ("an AWS key", re.compile(rb"\bAKIA[0-9A-Z]{16}\b")),
    ("a private key", re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
)
_NEVER_UPLOADED = frozenset({".cache", ".huggingface", "__pycache__", ".ipynb_checkpoints", ".DS_Store"})
"""Left out in silence: caches, some of which Kaggle's client leaves out, too."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The weights of a bundle.

    Attributes:
        files: Name in the bundle, `/` between the parts -> file here.
        model: Name of the user's model in the bundle; None for the bundled one.
        adapter: Name of the user's adapter in the bundle, `none` for no adapter, None for what belongs to the model.
        warnings: Worth telling, a line each.
    """

    files: dict[str, Path]
    model: str | None
    adapter: str | None
    warnings: tuple[str, ...]


def choose_payload(target: Target, model: Path | None, adapter: str | None) -> Payload:
    """The weights that were asked for, checked.

    Args:
        target: For what machine.
        model: A causal LM's folder; None for the bundled weights.
        adapter: A LoRA's folder, or `none`; None for what belongs to the model.

    Raises:
        ModelError: Model or adapter are missing, damaged, cannot be used there, or do not belong together.
        InputError: A folder holds a pickle or a secret.
    """
    own = Path(adapter) if adapter not in (None, "none") else None
    # The bundled ones go along in any case: the cell model is asked beside a model of the user's.
    files = _bundled() | ({} if model is None else _files_of(model, MODEL_FOLDER))
    if own is not None:
        files |= _files_of(own, ADAPTER_FOLDER)
    remarks = _check(target, model or WEIGHTS / "base", own, is_own_model=model is not None)
    chosen = ADAPTER_FOLDER if own is not None else "none" if adapter == "none" else None
    warnings = tuple(remark.text() for remark in remarks if remark.severity is Severity.WARNING)
    return Payload(files, MODEL_FOLDER if model is not None else None, chosen, warnings)


def _bundled() -> dict[str, Path]:
    """The weights that come with the package, those that its manifest lists."""
    names = [*verify_manifest(WEIGHTS)["files"], MANIFEST, *(path.name for path in WEIGHTS.glob("*.md"))]
    return {f"{WEIGHTS_FOLDER}/{name}": WEIGHTS / name for name in sorted(names)}


def _files_of(folder: Path, name: str) -> dict[str, Path]:
    """A user's folder, whole but for caches."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder")
    check_folder(folder)
    files = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not _NEVER_UPLOADED & set(parts):
            files["/".join((name, *parts))] = path
    return files


def check_folder(folder: Path) -> None:
    """Refuse a folder with a pickle, a secret, or a part that would not be copied.

    Raises:
        InputError: There is one; the message names it.
    """
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if _NEVER_UPLOADED & set(parts):
            continue
        if any(fnmatch.fnmatch(part.lower(), pattern) for part in parts for pattern in _SECRET_NAMES):
            raise InputError(f"{path}: looks like a secret, and a bundle is uploaded: move it out of {folder}")
        if path.is_dir():
            if path.is_symlink():
                raise InputError(f"{path}: a link to a folder, which would not be copied: copy its files there")
            continue
        if not path.exists():
            raise InputError(f"{path}: a link to nothing: download the file again")
        if path.suffix.lower() in _PICKLES:
            raise InputError(
                f"{path}: a pickle, which can run any code when it is read: convert it to safetensors, or delete it if "
                "it is not needed (training_args.bin never is)"
            )
        secret = _secret_in(path)
        if secret:
            raise InputError(
                f"{path}: holds {secret}, and a bundle is uploaded: remove it (and revoke it, if it was real)"
            )


def _secret_in(path: Path) -> str:
    """What kind of secret a file holds; of weights only the header is looked at."""
    with path.open("rb") as file:
        if path.suffix == ".safetensors":
            content = file.read(min(int.from_bytes(file.read(8), "little"), 1 << 20))
            return next((what for what, pattern in _SECRETS if pattern.search(content)), "")
        before = b""
        while piece := file.read(1 << 22):
            # A secret may lie across the border of two pieces.
            for what, pattern in _SECRETS:
                if pattern.search(before + piece):
                    return what
            before = piece[-256:]
    return ""


def _check(target: Target, model: Path, adapter: Path | None, *, is_own_model: bool) -> Iterable[Remark]:
    remarks: tuple[Remark, ...] = ()
    if is_own_model:
        remarks = check_model(model)
        raise_refusals(f"model {model}", remarks)
        verify_base(model)
    if adapter is not None:
        of_adapter = check_adapter(model, adapter, served=_is_served(target, model))
        raise_refusals(f"adapter {adapter}", of_adapter)
        verify_adapter(model, adapter)
        remarks += of_adapter
    return remarks


def _is_served(target: Target, model: Path) -> bool:
    """Whether the target's plan serves adapters beside the weights, which some of them do not stand."""
    if target.wheels == "none" or not target.machine_shape:
        return False
    engine = load_preset(target.preset).engine
    wishes = Wishes(engine.kind, engine.device, engine.dtype, engine.max_batch_size, engine.context_length)
    plan = make_plan(simulated(target.accelerator), read_facts(model), wishes)
    if not isinstance(plan, Plan):
        raise ModelError(f"model {model} on {target.accelerator}: {plan.text()}")
    return not plan.engines[0].merge_adapter
