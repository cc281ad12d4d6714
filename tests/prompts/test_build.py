"""Prompts and completions: what they hold, and how they are shortened."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.errors import InputError
from arc_solver.grids import Grid, as_grid, grids_equal
from arc_solver.prompts.base import Prompt
from arc_solver.prompts.build import (
    FittedPrompt,
    Mistake,
    PromptTooLong,
    build_prompt,
    code_completion,
    fit_to_context,
    grid_completion,
    word_completion,
)
from arc_solver.prompts.encoders import ENCODERS, GridEncoder, Unparsed
from arc_solver.prompts.parse import parse_blocks, parse_code, parse_grid, parse_word
from arc_solver.prompts.templates import (
    CODE_FROM_EXAMPLES,
    CODE_FROM_INPUTS,
    CODE_REPAIR,
    INPUT_FROM_CODE,
    OUTPUT_FROM_CODE,
    OUTPUT_FROM_EXAMPLES,
    SELECT_OUTPUT,
    TEMPLATES,
    VERIFY_OUTPUT,
    get_template,
)
from arc_solver.tasks import Pair

ROWS = ENCODERS["rows"]
PAIRS = tuple(Pair(as_grid([[color, color]]), as_grid([[color], [color]])) for color in range(1, 5))
TEST = as_grid([[9, 8, 7]])
SOURCE = "def task(grid):\n    return grid\n"
MISTAKE = Mistake(PAIRS[1], as_grid([[5]]))
CANDIDATES = (as_grid([[4, 4], [2, 2]]), as_grid([[7]]))


def whole_prompt(recipe: str, version: str, encoder: GridEncoder) -> Prompt:
    """A prompt with everything that its template shows."""
    template = get_template(recipe, version)
    shown = [pair.input for pair in PAIRS] if "{grid}" in template.pair else PAIRS
    candidates = CANDIDATES[: template.n_candidates]
    return build_prompt(recipe, version, encoder, shown, TEST, SOURCE, MISTAKE, candidates)


def shown_blocks(recipe: str, version: str) -> list[Grid | str]:
    """What such a prompt shows, in order."""
    template = get_template(recipe, version)
    blocks: list[Grid | str] = []
    for pair in PAIRS if template.pair else ():
        blocks += [pair.input] if "{grid}" in template.pair else [pair.input, pair.output]
    fields = {
        "code": SOURCE,
        "test": TEST,
        "input": MISTAKE.pair.input,
        "verdict": MISTAKE.answer,
        "expected": MISTAKE.pair.output,
        "candidate": CANDIDATES[0],
        "first": CANDIDATES[0],
        "second": CANDIDATES[1],
    }
    return blocks + [fields[name] for _, name, _, _ in Formatter().parse(template.question) if name]


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
    prompt = whole_prompt(recipe, version, encoder)
    blocks = parse_blocks(prompt.user, encoder)
    expected = shown_blocks(recipe, version)
    assert [str(block) for block in blocks] == [str(block) for block in expected]
    assert prompt.user.count("```grid") == sum(not isinstance(block, str) for block in expected)
    assert prompt.user.count(f"```python\n{SOURCE}```") == (recipe in (OUTPUT_FROM_CODE, CODE_REPAIR, INPUT_FROM_CODE))
    assert "{" not in prompt.user + prompt.system + prompt.prefill


@pytest.mark.parametrize(("recipe", "version"), list(TEMPLATES))
def test_words_do_not_end_in_white_space_that_chat_templates_strip(recipe: str, version: str) -> None:
    prompt = whole_prompt(recipe, version, ROWS)
    assert prompt.user == prompt.user.strip()
    assert prompt.system == prompt.system.strip()


@given(version=st.sampled_from(["brief", "v0", "v1", "v2", "v3", "v4"]), data=st.data())
def test_what_is_completed_is_read_in_every_version(version: str, data: st.DataObject) -> None:
    recipe = data.draw(st.sampled_from([recipe for recipe, known in TEMPLATES if known == version]))
    prefill = get_template(recipe, version).prefill
    if recipe in (VERIFY_OUTPUT, SELECT_OUTPUT):
        assert parse_word(word_completion(prefill, "yes"), ("yes", "no")) == "yes"
    elif recipe in (CODE_FROM_EXAMPLES, CODE_REPAIR, CODE_FROM_INPUTS):
        letters = st.characters(codec="utf-8", exclude_characters="`")
        body = data.draw(st.text(alphabet=letters, max_size=60).filter(str.strip))
        if not body.strip("\n").strip():
            return
        source = body.strip("\n") + "\n"
        assert parse_code(prefill, code_completion(prefill, source)) == source
    else:
        cells = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=30))
        grid = as_grid([cells, cells])
        encoder = ENCODERS[data.draw(st.sampled_from(list(ENCODERS)))]
        read = parse_grid(prefill, grid_completion(prefill, encoder, grid), encoder)
        assert not isinstance(read, Unparsed)
        assert grids_equal(read, grid)


def test_the_four_versions_differ_as_they_should() -> None:
    v0, v1, v2, v3 = (build_prompt(CODE_FROM_EXAMPLES, f"v{number}", ROWS, PAIRS, TEST) for number in range(4))
    assert not any(line.startswith("#") for line in v0.user.splitlines())
    for prompt in (v1, v2, v3):
        assert "taken for granted" in prompt.user
    assert v1.user.endswith("# Code")
    assert v0.prefill == v1.prefill == "```python\n"
    assert not v2.user.endswith("# Code")
    assert v2.prefill.startswith("# Code\n\n")
    assert v2.prefill.endswith("\n\n```python\n")
    assert v3.prefill == v2.prefill
    assert [ROWS.encode(TEST) in prompt.user for prompt in (v0, v1, v2, v3)] == [False, False, False, True]
    assert ["task(input_grid)" in prompt.user for prompt in (v0, v1, v2, v3)] == [False, False, False, True]
    assert ["task(grid)" in prompt.user for prompt in (v0, v1, v2, v3)] == [True, True, True, False]


@pytest.mark.parametrize("version", ["brief", "v0", "v1", "v2", "v3", "v4"])
def test_a_repair_tells_what_was_returned_or_why_nothing(version: str) -> None:
    def shown(answer: Grid | str) -> str:
        mistake = Mistake(PAIRS[0], answer)
        return build_prompt(CODE_REPAIR, version, ROWS, PAIRS[1:2], TEST, SOURCE, mistake).user

    wrong, broken = shown(as_grid([[5, 6, 7]])), shown("raised IndexError")
    assert wrong.replace(f"{ROWS.encode(as_grid([[5, 6, 7]]))}", "") != wrong
    assert "raised IndexError" in broken
    for text in (wrong, broken):
        at = [text.index(ROWS.encode(grid)) for grid in (PAIRS[0].input, PAIRS[0].output)]
        assert text.index(SOURCE) < at[0] < at[1]
        assert "{" not in text


def test_prefill_and_completion_together_are_one_block() -> None:
    grid_block = "```grid 1x3\n987\n```"
    code_block = "```python\ndef task(grid):\n    return grid\n```"
    assert grid_completion("", ROWS, TEST) == grid_block
    assert "```grid" + grid_completion("```grid", ROWS, TEST) == grid_block
    assert "```python\n" + code_completion("```python\n", "\ndef task(grid):\n    return grid\n\n") == code_block
    with pytest.raises(ValueError, match="prefill"):
        grid_completion("```python\n", ROWS, TEST)
    lead_in = "# Code\n\nThis is it:\n\n```python\n"
    assert lead_in + code_completion(lead_in, "x = 1\n") == "# Code\n\nThis is it:\n\n```python\nx = 1\n```"
    with pytest.raises(ValueError, match="prefill"):
        code_completion("# Code\n", "x = 1\n")
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
    with pytest.raises(ValueError, match="shows a mistake"):
        build_prompt(CODE_REPAIR, "v0", ROWS, PAIRS, TEST, SOURCE)
    with pytest.raises(ValueError, match="one word"):
        word_completion("Is it: ", "yes")
    with pytest.raises(ValueError, match="shows 1 candidates, not 2"):
        build_prompt(VERIFY_OUTPUT, "brief", ROWS, PAIRS, TEST, candidates=CANDIDATES)
    with pytest.raises(ValueError, match="shows a program"):
        build_prompt(OUTPUT_FROM_CODE, "brief", ROWS, PAIRS, TEST)
    with pytest.raises(InputError, match=r"'v9'; known: .*output-from-examples v0"):
        get_template(OUTPUT_FROM_EXAMPLES, "v9")
