"""Another name for the argument of `task`, and nothing else changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.grids import as_grid
from arc_solver.omni.synthesis import synthesize
from arc_solver.prompts.arguments import with_argument


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_program_that_we_teach_is_renamed_and_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = synthesize(rng, [as_grid(rng.integers(0, 4, (5, 6))) for _ in range(3)])
    if made is None:
        return
    renamed = with_argument(made.source, "input_grid")
    assert renamed.startswith("def task(input_grid")
    assert renamed != made.source
    assert with_argument(renamed, "grid") == made.source


def test_uses_are_renamed_and_everything_else_stays() -> None:
    source = (
        "import numpy as np  # grid\n"
        "def other(grid):\n    return grid.grid\n\n"
        "def task( grid, scale=2 ):  # ä grid\n"
        "    'the grid'\n"
        "    text = 'ä'; rows = [grid[row] for row in range(len(grid))]\n"
        "    return other(np.array(rows)) + scale*grid\n"
    )
    assert with_argument(source, "picture") == (
        "import numpy as np  # grid\n"
        "def other(grid):\n    return grid.grid\n\n"
        "def task( picture, scale=2 ):  # ä grid\n"
        "    'the grid'\n"
        "    text = 'ä'; rows = [picture[row] for row in range(len(picture))]\n"
        "    return other(np.array(rows)) + scale*picture\n"
    )
    assert with_argument(source, "grid") == source


def test_an_attribute_of_that_name_stays() -> None:
    source = "def task(grid):\n    obj = largest_object(grid)\n    return obj.grid + grid.grid\n"
    renamed = "def task(picture):\n    obj = largest_object(picture)\n    return obj.grid + picture.grid\n"
    assert with_argument(source, "picture") == renamed
    assert with_argument(renamed, "grid") == source


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def task(grid:\n", "no Python"),
        ("def other(grid):\n    return grid\n", "no function"),
        ("def task():\n    return 1\n", "no function"),
        ("def task(grid):\n    picture = grid\n    return picture\n", "uses the name"),
        ("def task(grid):\n    return (lambda grid: grid)(grid)\n", "something else"),
        ("def task(grid):\n    def inner(grid):\n        return grid\n    return inner(grid)\n", "something else"),
        ("def task(grid):\n    return f(grid=grid)\n", "something else"),
        ("grid = 1\ndef task(grid, other=grid):\n    return grid\n", "something else"),
        (
            "def task(grid):\n    try:\n        pass\n    except E as grid:\n        pass\n    return 1\n",
            "something else",
        ),
    ],
)
def test_what_cannot_be_renamed_safely_is_refused(source: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        with_argument(source, "picture")


def test_a_name_in_a_formatted_string_is_renamed_or_refused_never_lost() -> None:
    source = "def task(grid):\n    return f'{grid} {len(grid)}'\n"
    try:
        renamed = with_argument(source, "picture")
    except ValueError:
        return
    assert renamed == "def task(picture):\n    return f'{picture} {len(picture)}'\n"
