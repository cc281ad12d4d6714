"""Views: exact inverses, composition, and that they are what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.augment import IDENTITY, N_SYMMETRIES, View, all_symmetries, sample_view
from arc_solver.grids import Grid, as_grid, grids_equal
from arc_solver.tasks import Pair, Task


@st.composite
def grids(draw: st.DrawFn, max_side: int = 30) -> Grid:
    n_rows, n_columns = draw(st.integers(1, max_side)), draw(st.integers(1, max_side))
    seed = draw(st.integers(0, 2**32 - 1))
    return as_grid(np.random.default_rng(seed).integers(0, 10, (n_rows, n_columns)))


@st.composite
def views(draw: st.DrawFn, n_pairs: int | None = None) -> View:
    colors = tuple(draw(st.permutations(range(10))))
    order = None
    if n_pairs is not None and draw(st.booleans()):
        order = tuple(draw(st.permutations(range(n_pairs))))
    return View(draw(st.integers(0, N_SYMMETRIES - 1)), colors, order)


@st.composite
def tasks(draw: st.DrawFn, n_pairs: int = 3) -> Task:
    pairs = tuple(Pair(draw(grids(8)), draw(grids(8))) for _ in range(n_pairs))
    return Task("t", pairs, (draw(grids(8)), draw(grids(8))))


def same_task(a: Task, b: Task) -> bool:
    grids_a = [grid for pair in a.train for grid in (pair.input, pair.output)] + list(a.test_inputs)
    grids_b = [grid for pair in b.train for grid in (pair.input, pair.output)] + list(b.test_inputs)
    return a.task_id == b.task_id and all(map(grids_equal, grids_a, grids_b)) and len(grids_a) == len(grids_b)


@given(views(), grids())
def test_invert_undoes_apply_and_the_other_way_round(view: View, grid: Grid) -> None:
    assert grids_equal(view.invert(view.apply(grid)), grid)
    assert grids_equal(view.apply(view.invert(grid)), grid)


@given(views(3))
def test_the_words_of_a_view_say_what_it_does_to_grids(view: View) -> None:
    assert View.from_text(view.text()) == view.on_grids
    assert view.on_grids.pair_order is None


def test_the_words_of_views() -> None:
    swapped = (0, 2, 1, 3, 4, 5, 6, 7, 8, 9)
    assert IDENTITY.text() == View(pair_order=(1, 0)).text() == ""
    assert View(3).text() == "symmetry 3"
    assert View(colors=swapped).text() == "colours 0213456789"
    assert View(5, swapped, (1, 0)).text() == "symmetry 5, colours 0213456789"


@pytest.mark.parametrize(
    "text", ["symmetry 0", "symmetry 8", "colours 012", "colours 0123456788", ", colours 0213456789", "symmetry 1, "]
)
def test_words_of_no_view(text: str) -> None:
    with pytest.raises(ValueError, match=r"view|permutation"):
        View.from_text(text)


@given(views(3), tasks())
def test_the_inverse_view_undoes_a_whole_task(view: View, task: Task) -> None:
    assert same_task(view.inverse().apply_task(view.apply_task(task)), task)
    assert same_task(view.then(view.inverse()).apply_task(task), task)


@given(views(3), views(3), tasks())
def test_then_is_one_view_after_the_other(first: View, second: View, task: Task) -> None:
    assert same_task(first.then(second).apply_task(task), second.apply_task(first.apply_task(task)))


@given(views(), grids())
def test_what_apply_answers_is_a_grid(view: View, grid: Grid) -> None:
    answer = view.apply(grid)
    assert answer.dtype == np.int8
    assert answer.flags.c_contiguous
    assert not answer.flags.writeable
    assert sorted(answer.shape) == sorted(grid.shape)


def test_the_eight_symmetries_are_the_rotations_and_mirrors_of_a_square() -> None:
    square = as_grid([[1, 2], [3, 4]])
    expected = {
        ((1, 2), (3, 4)),
        ((2, 4), (1, 3)),
        ((4, 3), (2, 1)),
        ((3, 1), (4, 2)),
        ((1, 3), (2, 4)),
        ((4, 2), (3, 1)),
        ((2, 1), (4, 3)),
        ((3, 4), (1, 2)),
    }
    seen = [tuple(map(tuple, view.apply(square).tolist())) for view in all_symmetries()]
    assert set(seen) == expected
    assert len(seen) == 8
    assert seen[0] == ((1, 2), (3, 4))
    # A quarter turn counter-clockwise, then a transposition alone.
    assert View(1).apply(square).tolist() == [[2, 4], [1, 3]]
    assert View(4).apply(square).tolist() == [[1, 3], [2, 4]]


def test_a_color_permutation_says_where_each_color_goes() -> None:
    view = View(colors=(3, 0, 2, 1, 4, 5, 6, 7, 8, 9))
    assert view.apply(as_grid([[0, 1, 3, 9]])).tolist() == [[3, 0, 1, 9]]


def test_pair_order_says_where_each_pair_comes_from() -> None:
    pairs = tuple(Pair(as_grid([[color]]), as_grid([[color]])) for color in range(3))
    viewed = View(pair_order=(2, 0, 1)).apply_pairs(pairs)
    assert [int(pair.input[0, 0]) for pair in viewed] == [2, 0, 1]


def test_the_identity_changes_nothing() -> None:
    grid = as_grid([[1, 2, 3]])
    assert IDENTITY.apply(grid) is grid
    assert all_symmetries()[0] == IDENTITY


@given(st.integers(0, 2**32 - 1))
def test_options_of_sample_view_hold(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert sample_view(rng, keep_background=True).colors[0] == 0
    assert sample_view(rng, symmetries=False, colors=False) == IDENTITY
    assert sample_view(rng, 4).pair_order is not None
    assert sample_view(np.random.default_rng(seed), 3) == sample_view(np.random.default_rng(seed), 3)


def test_sample_view_reaches_every_symmetry_and_moves_the_background() -> None:
    rng = np.random.default_rng(0)
    drawn = [sample_view(rng) for _ in range(200)]
    assert {view.symmetry for view in drawn} == set(range(8))
    assert {view.colors[0] for view in drawn} == set(range(10))


@pytest.mark.parametrize(
    "fields",
    [{"symmetry": 8}, {"symmetry": -1}, {"colors": (0, 1)}, {"colors": (0,) * 10}, {"pair_order": (1, 2)}],
)
def test_a_view_refuses_what_is_no_permutation(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"outside|permutation"):
        View(**fields)  # type: ignore[arg-type]


def test_a_view_refuses_to_order_another_number_of_pairs() -> None:
    pair = Pair(as_grid([[1]]), as_grid([[1]]))
    with pytest.raises(ValueError, match="orders 2 pairs"):
        View(pair_order=(1, 0)).apply_pairs((pair,))
    with pytest.raises(ValueError, match="order 2 and 3"):
        View(pair_order=(1, 0)).then(View(pair_order=(1, 0, 2)))
