"""A model of about 20 thousand parameters and a task that it can learn in seconds."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arc_solver.prompts.base import Prompt, Sample


def reversals(start: int) -> Iterator[Sample]:
    """Sample i: some digits, and the same digits backwards."""
    for index in itertools.count(start):
        digits = "".join(map(str, np.random.default_rng([7, index]).integers(0, 10, 4)))
        yield Sample("reverse", "t", Prompt(digits), digits[::-1])


def one_sample(start: int) -> Iterator[Sample]:
    """The same sample again and again."""
    return itertools.repeat(Sample("same", "t", Prompt("12"), "3141592653"))


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    pytest.importorskip("transformers")
    from arc_solver.finetune.tokenizer import build_tokenizer

    return build_tokenizer(())


@pytest.fixture
def tiny_model(tokenizer: Any) -> Any:
    pytest.importorskip("torch")
    return make_tiny(tokenizer)


def make_tiny(tokenizer: Any, seed: int = 0) -> Any:
    from arc_solver.finetune.nano import NanoConfig, new_model

    return new_model(
        NanoConfig(width=32, n_layers=2, n_heads=2, head_width=16, ffn_width=48, context_length=128),
        tokenizer,
        seed=seed,
    )


@pytest.fixture
def tiny_base(tokenizer: Any, tmp_path: Path) -> Path:
    """A saved base."""
    pytest.importorskip("torch")
    from arc_solver.finetune.nano import save_model

    folder = tmp_path / "base"
    save_model(make_tiny(tokenizer), tokenizer, folder)
    return folder
