"""Prompts that begin alike follow each other, and nothing else moves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from arc_solver.engines.ordering import prefix_order

START = (1, 2, 3)  # what all prompts have in common


def test_prompts_that_begin_alike_follow_each_other() -> None:
    task_a, task_b = START + (4,) * 9, START + (5,) * 9
    prompts = [(*task_b, 1), (*task_a, 1), (*task_b, 2), (*task_a, 2), (*task_b, 1)]
    order = prefix_order(prompts)
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert {prompts[index][:12] for index in order[:3]} == {task_b}
    assert order[:2] == [0, 4]


def test_prompts_that_share_only_the_instructions_keep_their_order() -> None:
    prompts = [START + (number,) * 9 for number in (7, 3, 9, 1)]
    assert prefix_order(prompts) == [0, 1, 2, 3]


@given(st.lists(st.lists(st.integers(0, 2), max_size=6).map(tuple), max_size=12))
def test_it_is_a_permutation(prompts: list[tuple[int, ...]]) -> None:
    assert sorted(prefix_order(prompts)) == list(range(len(prompts)))
