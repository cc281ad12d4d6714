"""What a bundle is built for: Kaggle's accelerators and images, as the files beside this module describe them.

Knows what is installed where and which vLLM goes with it; nothing of how wheels are found.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from arc_solver.errors import InputError

WheelsMode = Literal["full", "overlay", "none"]
WHEEL_MODES: tuple[WheelsMode, ...] = ("full", "overlay", "none")

_TARGETS = "targets.toml"
_FOLDER = "images"


@dataclass(frozen=True, slots=True)
class Image:
    """A Python environment on which a bundle is installed.

    Attributes:
        name: As in the file's name.
        python: Such as `3.12`.
        glibc: Such as `2.35`: the newest manylinux wheels that it can load.
        cuda: Version of its CUDA libraries; empty for none.
        packages: What it has: normalised name -> the lowest and the highest version (one, if they are the same).
        overlay: What an overlay starts from.
        constraints: Bounds for what an overlay's packages leave open, a line each.
        no_overlay: Why there can be no overlay on it, and what to do; empty if there can.
    """

    name: str
    python: str
    glibc: str
    cuda: str
    packages: Mapping[str, tuple[str, ...]]
    overlay: tuple[str, ...]
    constraints: tuple[str, ...]
    no_overlay: str = ""

    def lowest(self) -> dict[str, str]:
        """The image with the oldest packages that were seen."""
        return {name: versions[0] for name, versions in self.packages.items()}

    def highest(self) -> dict[str, str]:
        """The image with the newest packages that were seen."""
        return {name: versions[-1] for name, versions in self.packages.items()}


@dataclass(frozen=True, slots=True)
class Target:
    """What a bundle is built for.

    Attributes:
        accelerator: `t4x2`, `l4x4` or `cpu`.
        machine_shape: What Kaggle calls it; empty for no accelerator.
        preset: Of the scoring run on it.
        wheels: Which wheels the bundle holds beside our own.
        image: On which it is installed.
        python: For which Python the wheels are.
        full: What a full wheelhouse starts from.
        full_constraints: Bounds for what its packages leave open, a line each.
        left_out: What is asked for by packages but left out on purpose: name -> version that stands in for it.
    """

    accelerator: str
    machine_shape: str
    preset: str
    wheels: WheelsMode
    image: Image
    python: str
    full: tuple[str, ...]
    full_constraints: tuple[str, ...]
    left_out: Mapping[str, str]

    def roots(self) -> tuple[str, ...]:
        """The requirements that the wheelhouse must fulfil beside our own package."""
        return {"none": (), "overlay": self.image.overlay, "full": self.full}[self.wheels]

    def constraints(self) -> tuple[str, ...]:
        """Bounds for what packages leave open, a line each."""
        return {"none": (), "overlay": self.image.constraints, "full": self.full_constraints}[self.wheels]

    def present(self) -> tuple[dict[str, str], ...]:
        """What counts as installed or not needed, in each variant of the image: name -> version."""
        if self.wheels == "full":
            return (dict(self.left_out),)
        brought = {_name(root) for root in self.roots()}
        variants = (self.image.lowest(), self.image.highest())
        kept = [{name: version for name, version in variant.items() if name not in brought} for variant in variants]
        return tuple(kept[:1]) if kept[0] == kept[1] else tuple(kept)


def platform_tags(glibc: str) -> tuple[str, ...]:
    """The platform tags of wheels for Linux on x86_64 with this version of glibc, newest first."""
    modern = [f"manylinux_2_{minor}_x86_64" for minor in range(int(glibc.partition(".")[2]), 4, -1)]
    return (*modern, "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64")


def accelerators() -> tuple[str, ...]:
    """The accelerators for which bundles can be built."""
    return tuple(_read(_TARGETS))


def image_names() -> tuple[str, ...]:
    """The images that are described here."""
    names = (entry.name for entry in (resources.files(__package__) / _FOLDER).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml") and name != _TARGETS))


def load_image(name: str) -> Image:
    """An image by its name, or from a file in the same format.

    Raises:
        InputError: There is none, or the file is broken.
    """
    if name.endswith(".toml"):
        return _image(Path(name).stem, _parse(name, _read_file(Path(name))))
    if name not in image_names():
        raise InputError(f"image {name!r}: choose from {', '.join(image_names())}, or give a .toml file like theirs")
    return _image(name, _read(f"{name}.toml"))


def load_target(accelerator: str, wheels: WheelsMode, image: str | None = None, python: str | None = None) -> Target:
    """The target of a bundle.

    Args:
        accelerator: One of `accelerators`.
        wheels: Which wheels it shall hold.
        image: Name or file of the image; None for the accelerator's own.
        python: For which Python; None for the image's.

    Raises:
        InputError: An unknown name, or an overlay where there can be none.
    """
    targets = _read(_TARGETS)
    if accelerator not in targets:
        raise InputError(f"accelerator {accelerator!r}: choose from {', '.join(targets)}")
    values = targets[accelerator]
    found = load_image(image or values["image"])
    if wheels == "overlay" and (found.no_overlay or not found.overlay):
        raise InputError(f"image {found.name}: {found.no_overlay or 'it names no overlay: use --wheels full'}")
    if wheels == "overlay" and python not in (None, found.python):
        raise InputError(f"--python {python}: an overlay is built for its image's Python, {found.python}")
    return Target(
        accelerator,
        values["machine_shape"],
        values["preset"],
        wheels,
        found,
        python or found.python,
        tuple(values["full"]),
        _constraints(values.get("full_constraints", "")),
        dict(values.get("left_out", {})),
    )


def _image(name: str, value: Mapping[str, Any]) -> Image:
    try:
        packages = {key: tuple(versions) for key, versions in value["packages"].items()}
        return Image(
            name,
            str(value["python"]),
            str(value["glibc"]),
            str(value["cuda"]),
            packages,
            tuple(value["overlay"]),
            _constraints(str(value.get("constraints", ""))),
            str(value.get("no_overlay", "")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"image {name}: {error} is missing or wrong; see the files in arc_solver/packaging") from error


def _constraints(name: str) -> tuple[str, ...]:
    """The lines of a file of constraints that ships with the package; none for no name."""
    if not name:
        return ()
    path = resources.files(__package__) / _FOLDER / "constraints" / f"{name}.txt"
    if not path.is_file():
        raise InputError(f"constraints {name!r}: no such file in arc_solver/packaging")
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _name(requirement: str) -> str:
    return requirement.partition("==")[0].partition("[")[0]


def _read(name: str) -> dict[str, Any]:
    return _parse(name, (resources.files(__package__) / _FOLDER / name).read_text(encoding="utf-8"))


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"image {path}: unreadable: {error}") from error


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"image {name}: broken TOML: {error}") from error
