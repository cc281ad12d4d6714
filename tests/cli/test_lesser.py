"""What a run does without when its model cannot be used."""

from __future__ import annotations

from pathlib import Path

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


def test_first_the_adapter_then_the_text_model() -> None:
    assert steps(RunConfig(60.0, PROPOSERS, adapter=Path("adapter"))) == [
        (PROPOSERS, "the base goes on without its adapter"),
        (("search", "cells"), "the cell model goes on without the text model"),
    ]


def test_without_the_cell_model_the_search_is_left() -> None:
    assert steps(RunConfig(60.0, ("search", "induction", "transduction"), adapter=None)) == [
        (("search",), "the search runs alone")
    ]
    assert steps(RunConfig(60.0, ("induction",), adapter=None)) == []
    assert steps(RunConfig(60.0, ("induction",), adapter=Path("adapter"))) == [
        (("induction",), "the base goes on without its adapter")
    ]
