"""What a run does without when its model cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from arc_solver.cli.lesser import step_down
from arc_solver.config import PROPOSERS, RunConfig


def steps(config: RunConfig) -> list[tuple[tuple[str, ...], str]]:
    """The ladder down to what is sure to work, or to its end."""
    found = []
    lesser = step_down(config)
    while lesser is not None:
        found.append((lesser.config.proposers, lesser.what_was_done))
        assert lesser.config.adapter is None
        lesser = None if lesser.is_sure else step_down(lesser.config)
    return found


def test_first_the_adapter_then_the_text_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunConfig, "uses_cells", lambda self: True)
    assert steps(RunConfig(60.0, PROPOSERS, adapter=Path("adapter"))) == [
        (PROPOSERS, "the base goes on without its adapter"),
        (("search", "transduction"), "the model for grids goes on without the text model"),
    ]


def test_without_a_model_for_grids_the_search_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunConfig, "uses_cells", lambda self: False)
    assert steps(RunConfig(60.0, PROPOSERS, adapter=None)) == [(("search",), "the search runs alone")]
    assert steps(RunConfig(60.0, ("induction",), adapter=None)) == []
    assert steps(RunConfig(60.0, ("induction",), adapter=Path("adapter"))) == [
        (("induction",), "the base goes on without its adapter")
    ]
