"""Prompts and completions: what they hold, and how they are shortened."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from arc_solver.errors import InputError
from arc_solver.grids import as_grid
from arc_solver.prompts.base import Prompt
from arc_solver.prompts.build import (
    FittedPrompt,
    PromptTooLong,
    build_prompt,
    code_completion,
    fit_to_context,
    grid_completion,
)
from arc_solver.prompts.encoders import ENCODERS, GridEncoder
from arc_solver.prompts.templates import (
    CODE_FROM_EXAMPLES,
    OUTPUT_FROM_CODE,
    OUTPUT_FROM_EXAMPLES,
    TEMPLATES,
    get_template,
)
from arc_solver.tasks import Pair

ROWS = ENCODERS["rows"]
PAIRS = tuple(Pair(as_grid([[color, color]]), as_grid([[color], [color]])) for color in range(1, 5))
TEST = as_grid([[9, 8, 7]])
SOURCE = "def task(grid):\n    return grid\n"


def test_the_brief_prompt_is_almost_only_grids() -> None:
    prompt = build_prompt(OUTPUT_FROM_EXAMPLES, "brief", ROWS, PAIRS[:1], TEST)
    assert prompt == Prompt(
        user="input\n```grid 1x2\n11\n```\noutput\n```grid 2x1\n1\n1\n```\ninput\n```grid 1x3\n987\n```\noutput"
    )


def test_the_brief_code_prompt_shows_no_test_input_and_opens_the_fence() -> None:
    prompt = build_prompt(CODE_FROM_EXAMPLES, "brief", ROWS, PAIRS[:1], TEST)
    assert prompt.user == "input\n```grid 1x2\n11\n```\noutput\n```grid 2x1\n1\n1\n```\ncode"
    assert prompt.prefill == "```python\n"


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=list(ENCODERS))
@pytest.mark.parametrize(("recipe", "version"), list(TEMPLATES))
def test_every_template_shows_every_pair_in_order_and_the_test_input_where_asked(
    recipe: str, version: str, encoder: GridEncoder
) -> None:

    prompt = build_prompt(recipe, version, encoder, PAIRS, TEST, SOURCE)
    shown = () if recipe == OUTPUT_FROM_CODE else PAIRS
    blocks = [encoder.encode(grid) for pair in shown for grid in (pair.input, pair.output)]
    if recipe != CODE_FROM_EXAMPLES:
        blocks.append(encoder.encode(TEST))
    at = -1
    for block in blocks:
        at = prompt.user.index(block, at + 1)
    assert prompt.user.count("```grid") == len(blocks)
    assert prompt.user.count(f"```python\n{SOURCE}```\n") == (recipe == OUTPUT_FROM_CODE)
    assert "{" not in prompt.user + prompt.system + prompt.prefill


@pytest.mark.parametrize(("recipe", "version"), list(TEMPLATES))
def test_words_do_not_end_in_white_space_that_chat_templates_strip(recipe: str, version: str) -> None:
    prompt = build_prompt(recipe, version, ROWS, PAIRS, TEST, SOURCE)
    assert prompt.user == prompt.user.strip()
    assert prompt.system == prompt.system.strip()


def test_prefill_and_completion_together_are_one_block() -> None:
    grid_block = "```grid 1x3\n987\n```"
    code_block = "```python\ndef task(grid):\n    return grid\n```"
    assert grid_completion("", ROWS, TEST) == grid_block
    assert "```grid" + grid_completion("```grid", ROWS, TEST) == grid_block
    assert "```python\n" + code_completion("```python\n", "\ndef task(grid):\n    return grid\n\n") == code_block
    with pytest.raises(ValueError, match="prefill"):
        grid_completion("```python\n", ROWS, TEST)
    with pytest.raises(ValueError, match="fence"):
        code_completion("```python\n", "text = '''\n```\n'''")


def build(train_pairs: Sequence[Pair]) -> Prompt:
    return partial(build_prompt, OUTPUT_FROM_EXAMPLES, "brief", ROWS, test_input=TEST)(train_pairs)


def count(prompt: Prompt) -> int:
    return len(prompt.user)


@pytest.mark.parametrize("n_kept", [1, 2, 3, 4])
def test_pairs_are_dropped_from_the_end_until_it_just_fits(n_kept: int) -> None:
    limit = count(build(PAIRS[:n_kept]))
    assert fit_to_context(build, PAIRS, count, limit) == FittedPrompt(build(PAIRS[:n_kept]), limit, 4 - n_kept)


def test_what_does_not_fit_with_one_pair_says_so() -> None:
    n_least = count(build(PAIRS[:1]))
    assert fit_to_context(build, PAIRS, count, n_least - 1) == PromptTooLong(n_least, "prompt: too long")


def test_mistakes_of_the_caller() -> None:
    with pytest.raises(ValueError, match="at least one training pair"):
        fit_to_context(build, (), count, 1000)
    with pytest.raises(ValueError, match="test input"):
        build_prompt(OUTPUT_FROM_EXAMPLES, "brief", ROWS, PAIRS)
    with pytest.raises(ValueError, match="shows a program"):
        build_prompt(OUTPUT_FROM_CODE, "brief", ROWS, PAIRS, TEST)
    with pytest.raises(InputError, match=r"'v9'; known: .*output-from-examples v0"):
        get_template(OUTPUT_FROM_EXAMPLES, "v9")
