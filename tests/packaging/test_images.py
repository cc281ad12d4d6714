"""The targets and images that ship with the package, and what a target counts on."""

from __future__ import annotations

from pathlib import Path

import pytest

from arc_solver.errors import InputError
from arc_solver.packaging.images import (
    WHEEL_MODES,
    Target,
    accelerators,
    image_names,
    load_image,
    load_target,
    platform_tags,
)


@pytest.mark.parametrize("accelerator", accelerators())
@pytest.mark.parametrize("wheels", WHEEL_MODES)
def test_every_target_that_ships_can_be_loaded(accelerator: str, wheels: str) -> None:
    target = load_target(accelerator, wheels)  # type: ignore[arg-type]
    assert target.wheels == wheels
    assert bool(target.roots()) == (wheels != "none")
    assert bool(target.machine_shape) == (accelerator != "cpu")
    assert target.present()


@pytest.mark.parametrize("name", image_names())
def test_every_image_that_ships_says_which_torch_it_has(name: str) -> None:
    image = load_image(name)
    assert "torch" in image.packages
    assert bool(image.overlay) != bool(image.no_overlay)


def test_what_an_overlay_brings_does_not_count_as_present() -> None:
    target = load_target("t4x2", "overlay")
    for variant in target.present():
        assert "torch" in variant
        assert "transformers" not in variant


def test_both_ends_of_what_was_seen_of_an_image_count(target: Target) -> None:
    lowest, highest = target.present()
    assert (lowest["click"], highest["click"]) == ("8.1.8", "8.4.1")
    assert lowest["numpy"] == highest["numpy"]


def test_a_full_wheelhouse_counts_on_nothing_of_the_image() -> None:
    assert load_target("t4x2", "full").present() == ({},)
    assert set(load_target("cpu", "full").present()[0]) == {"torchvision", "torchaudio", "torchcodec"}


def test_wheels_for_a_newer_glibc_than_the_image_has_are_not_for_it() -> None:
    tags = platform_tags("2.17")
    assert tags[0] == "manylinux_2_17_x86_64"
    assert "manylinux_2_18_x86_64" not in tags
    assert "manylinux2014_x86_64" in tags


def test_an_overlay_that_cannot_work_is_refused_with_advice() -> None:
    with pytest.raises(InputError, match=r"built for CUDA 13.*--wheels full"):
        load_target("t4x2", "overlay", "kaggle-2026-08-torch211")
    assert load_target("t4x2", "full", "kaggle-2026-08-torch211").roots()


def test_an_overlay_is_for_the_python_of_its_image() -> None:
    with pytest.raises(InputError, match=r"3\.13.*3\.12"):
        load_target("t4x2", "overlay", python="3.13")
    assert load_target("cpu", "full", python="3.11").python == "3.11"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("python = ", "broken TOML"),
        ('python = "3.12"', "'packages' is missing"),
        (
            'python = "3.12"\nglibc = "2.35"\ncuda = ""\noverlay = []\nconstraints = "nothing"\n[packages]',
            "no such file",
        ),
    ],
)
def test_a_broken_image_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=reason):
        load_image(str(path))


def test_unknown_names_are_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose from kaggle-2026-08"):
        load_image("kaggle-1999")
    with pytest.raises(InputError, match="choose from t4x2"):
        load_target("tpu", "none")
    with pytest.raises(InputError, match="unreadable"):
        load_image(str(tmp_path / "nothing.toml"))
