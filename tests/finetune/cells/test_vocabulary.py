"""Tokens of the cell model: every number means one thing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.augment import View
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.sequences import N_AROUND_PAIR, N_HEADER, document, header, n_document_tokens, prompt
from arc_solver.grids import as_grid
from arc_solver.tasks import Pair

sides = st.integers(1, 30)


@st.composite
def grids(draw, max_side=8):
    n_rows, n_columns = draw(st.integers(1, max_side)), draw(st.integers(1, max_side))
    cells = draw(st.lists(st.integers(0, 9), min_size=n_rows * n_columns, max_size=n_rows * n_columns))
    return as_grid(np.array(cells).reshape(n_rows, n_columns))


pairs = st.builds(Pair, grids(), grids())
views = st.builds(View, st.integers(0, 7), st.permutations(range(10)).map(tuple))


class TestCells:
    @given(grids(), st.integers(0, 22), st.integers(0, 22))
    def test_a_token_names_colour_row_and_column(self, grid, top, left):
        tokens = words.cell_tokens(grid, (top, left)) - words.CELL
        color, row, column = np.unravel_index(tokens, (10, 30, 30))
        expected_rows, expected_columns = np.indices(grid.shape)
        assert (color.reshape(grid.shape) == grid).all()
        assert (row.reshape(grid.shape) == expected_rows + top).all()
        assert (column.reshape(grid.shape) == expected_columns + left).all()

    @given(sides, sides)
    def test_sizes_have_tokens_of_their_own(self, n_rows, n_columns):
        height, width = words.size_tokens((n_rows, n_columns))
        assert words.HEIGHT <= height < words.WIDTH <= width < words.CELL
        assert (height - words.HEIGHT + 1, width - words.WIDTH + 1) == (n_rows, n_columns)


class TestFactors:
    def test_no_two_tokens_are_the_same_sum(self):
        table = words.factors(5)
        assert len(np.unique(np.sort(table[words.INPUT :], axis=1), axis=0)) == len(table) - words.INPUT

    def test_padding_is_nothing(self):
        assert (words.factors(5)[words.PAD] == 0).all()

    def test_tasks_have_a_row_each_behind_the_shared_ones(self):
        assert words.factors(5)[words.TASK :, 0].tolist() == list(range(words.N_SHARED_ROWS, words.N_SHARED_ROWS + 5))

    def test_the_head_can_answer_sizes_cells_and_the_end_alone(self):
        answered = np.flatnonzero(words.head_factors().any(axis=1))
        assert answered.tolist() == [words.END, *range(words.HEIGHT, words.TASK)]
        assert words.N_TOKENS - len(answered) == words.N_NEVER_ANSWERED

    def test_every_row_of_the_head_is_used(self):
        assert set(words.head_factors().ravel().tolist()) == set(range(words.N_HEAD_ROWS))


class TestDocuments:
    @given(st.lists(pairs, min_size=1, max_size=3), views)
    def test_length_is_known_beforehand(self, shown, view):
        assert len(document(words.TASK, view, shown).tokens) == n_document_tokens(shown)
        assert n_document_tokens(shown[:1]) == N_HEADER + N_AROUND_PAIR + shown[0].input.size + shown[0].output.size

    @given(pairs, views)
    def test_only_what_follows_output_is_answered(self, pair, view):
        made = document(words.TASK, view, [pair])
        after = int(np.flatnonzero(made.tokens == words.OUTPUT)[0]) + 1
        assert not made.answered[:after].any()
        assert made.answered[after:].all()
        assert made.tokens[-1] == words.END

    @given(st.lists(pairs, min_size=2, max_size=3), views)
    def test_given_pairs_are_not_answered(self, shown, view):
        some, every = document(words.TASK, view, shown, n_given=1), document(words.TASK, view, shown)
        assert every.answered.sum() - some.answered.sum() == shown[0].output.size + 3

    @given(pairs, views)
    def test_a_prompt_is_the_start_of_its_document(self, pair, view):
        asked, whole = prompt(words.TASK, view, [], pair.input), document(words.TASK, view, [pair])
        assert asked.tolist() == whole.tokens[: len(asked)].tolist()
        assert asked[-1] == words.OUTPUT
        assert not whole.answered[: len(asked)].any()
        assert whole.answered[len(asked)]

    @given(views)
    def test_the_header_says_how_each_colour_is_shown(self, view):
        tokens = header(words.TASK, view)[2:] - words.SHOWN
        assert [int(t) // 10 for t in tokens] == list(range(10))
        assert [int(t) % 10 for t in tokens] == list(view.colors)
