"""The words that a user may choose from, for whoever needs them before anything else is read. Knows no more."""

from __future__ import annotations

import os
from importlib import resources
from typing import Literal

PROPOSERS = ("search", "induction", "transduction", "cells")
"""In the order in which those that share a lane are asked: the cell model comes last, since it learns only what nobody
solved, weighs the grids of all, and can use whatever time is left.
"""
TEXT_PROPOSERS = ("induction", "transduction")
"""Those that a text model answers."""
EngineKind = Literal["auto", "vllm", "transformers"]
Device = Literal["auto", "cpu", "cuda"]
Dtype = Literal["auto", "float32", "bfloat16", "float16"]

TRAINING_PRESET = "train-"
"""Presets whose names start so are for training, and no configurations of a run: `cli.training` reads them."""


def preset_names(*, training: bool = False) -> tuple[str, ...]:
    """The presets that ship with the package, for runs or for training."""
    folder = resources.files("arc_solver") / "presets"
    names = [entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return tuple(sorted(name for name in names if name.startswith(TRAINING_PRESET) == training))


def default_preset() -> str:
    """`kaggle` in Kaggle's scoring run, else `cpu`."""
    return "kaggle" if os.environ.get("KAGGLE_IS_COMPETITION_RERUN") else "cpu"
