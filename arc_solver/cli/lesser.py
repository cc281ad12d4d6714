"""With what a run goes on, where nobody can be asked, when its model cannot be used: a step down at a time.

Pure decisions about settings. Knows nothing of why.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from arc_solver.choices import TEXT_PROPOSERS
from arc_solver.config import RunConfig


@dataclass(frozen=True, slots=True)
class Lesser:
    """A step down.

    Attributes:
        config: With what the run goes on.
        what_was_done: In words.
        is_sure: Nothing is left in it that the check which failed is about.
    """

    config: RunConfig
    what_was_done: str
    is_sure: bool


def step_down(config: RunConfig) -> Lesser | None:
    """What is next best after a configuration whose text model cannot be used; None if nothing is left."""
    if config.adapter is not None:
        without = dataclasses.replace(config, adapter=None)
        return Lesser(without, "the base goes on without its adapter", is_sure=False)
    rest = tuple(name for name in config.proposers if name not in TEXT_PROPOSERS)
    if "cells" in rest:
        left = dataclasses.replace(config, proposers=rest)
        return Lesser(left, "the cell model goes on without the text model", is_sure=True)
    if rest:
        return Lesser(dataclasses.replace(config, proposers=rest), "the search runs alone", is_sure=True)
    return None
