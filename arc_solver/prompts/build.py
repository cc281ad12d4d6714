"""Prompts from pairs: fill a template, and shorten what does not fit the model's context.

Training (`omni`, `finetune`) and inference (`proposers`) build prompts and completions here, so that they agree to the
character. Knows nothing of tokenizers: whoever asks for a fit passes a function that counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from arc_solver.grids import Grid
from arc_solver.prompts.base import Prompt
from arc_solver.prompts.encoders import FENCE, GRID_FENCE, GridEncoder
from arc_solver.prompts.templates import CODE_FENCE, Template, get_template
from arc_solver.tasks import Pair

_T = TypeVar("_T")

STOP_STRINGS = (f"\n{FENCE}\n",)
"""For models that were not trained on our completions and go on talking after the block. A trained model ends its turn
right after the closing fence and needs none. The string swallows that fence: tell `prompts.parse` by `stopped=True`."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a program did wrong on a training pair.

    Attributes:
        pair: The pair, as the program saw it.
        answer: The wrong grid that it returned, or a few words on why it returned none.
    """

    pair: Pair
    answer: Grid | str


@dataclass(frozen=True, slots=True)
class FittedPrompt:
    """A prompt that fits, and what it cost.

    Attributes:
        prompt: The prompt.
        n_tokens: Its length.
        n_dropped: Training pairs left out at the end.
    """

    prompt: Prompt
    n_tokens: int
    n_dropped: int


@dataclass(frozen=True, slots=True)
class PromptTooLong:
    """Not even one training pair fits.

    Attributes:
        n_tokens: Length of the prompt with one pair.
        reason: A phrase to count by.
    """

    n_tokens: int
    reason: str = "prompt: too long"


def build_prompt(
    recipe: str,
    version: str,
    encoder: GridEncoder,
    train_pairs: Sequence[Pair | Grid],
    test_input: Grid | None = None,
    source: str = "",
    mistake: Mistake | None = None,
    candidates: Sequence[Grid] = (),
) -> Prompt:
    """The prompt of one learning task.

    Args:
        recipe: A learning task, such as `output-from-examples`.
        version: A prompt version of it.
        encoder: How grids are written.
        train_pairs: The demonstrations, in the order shown; single grids where the template shows such.
        test_input: The input asked about; templates that do not show it ignore it.
        source: The program asked about; templates that do not show it ignore it.
        mistake: What that program did wrong; templates that do not show it ignore it.
        candidates: Proposed outputs of the test input, as many as the template shows.

    Raises:
        InputError: There is no such template.
        ValueError: The template shows the test input, a program, a mistake or candidates, and none (or another number)
            was given.
    """
    template = get_template(recipe, version)
    if template.asks_about_test and test_input is None:
        raise ValueError(f"{recipe} {version} shows the test input, and none was given")
    if template.shows_code and not source:
        raise ValueError(f"{recipe} {version} shows a program, and none was given")
    if template.shows_mistake and mistake is None:
        raise ValueError(f"{recipe} {version} shows a mistake, and none was given")
    if template.n_candidates != len(candidates):
        raise ValueError(f"{recipe} {version} shows {template.n_candidates} candidates, not {len(candidates)}")
    demonstrations = train_pairs if template.pair else ()
    shown = [
        template.pair.format(number=number, **_demonstration_fields(encoder, demonstration))
        for number, demonstration in enumerate(demonstrations, start=1)
    ]
    fields = {"code": _code_block(source)}
    if test_input is not None and template.asks_about_test:
        fields["test"] = encoder.encode(test_input)
    if mistake is not None and template.shows_mistake:
        fields |= _mistake_fields(template, encoder, mistake)
    names = ("candidate",) if len(candidates) == 1 else ("first", "second")
    fields |= {name: encoder.encode(grid) for name, grid in zip(names, candidates, strict=False)}
    user = "".join((template.opening, *shown, template.question.format(**fields)))
    return Prompt(user=user, system=template.system, prefill=template.prefill)


def grid_completion(prefill: str, encoder: GridEncoder, grid: Grid) -> str:
    """The right continuation of `prefill` where the answer is a grid.

    Raises:
        ValueError: No answer starts with this prefill.
    """
    return _continuation(prefill, GRID_FENCE, encoder.encode(grid))


def code_completion(prefill: str, source: str) -> str:
    """The right continuation of `prefill` where the answer is a program.

    Raises:
        ValueError: No answer starts with this prefill, or the source holds a fence.
    """
    if FENCE in source:
        raise ValueError("a program in a fenced block cannot hold a fence")
    return _continuation(prefill, CODE_FENCE, _code_block(source))


def word_completion(prefill: str, word: str) -> str:
    """The right continuation of `prefill` where the answer is a single word: that word.

    Raises:
        ValueError: The prefill ends in the middle of a line, so that the word would continue what stands there.
    """
    if prefill and not prefill.endswith("\n"):
        raise ValueError(f"no answer of one word follows the prefill {prefill!r}")
    return word


def fit_to_context(
    build: Callable[[Sequence[_T]], Prompt],
    train_pairs: Sequence[_T],
    count_tokens: Callable[[Prompt], int],
    max_prompt_tokens: int,
) -> FittedPrompt | PromptTooLong:
    """The prompt with as many training pairs as fit, dropped from the end.

    Args:
        build: Training pairs -> prompt (`build_prompt` with its other arguments bound).
        train_pairs: All demonstrations, at least one.
        count_tokens: Length of a rendered prompt (`Engine.count_tokens`).
        max_prompt_tokens: Upper bound on that length.
    """
    if not train_pairs:
        raise ValueError("a prompt needs at least one training pair")
    n_tokens = 0
    for n_kept in range(len(train_pairs), 0, -1):
        prompt = build(train_pairs[:n_kept])
        n_tokens = count_tokens(prompt)
        if n_tokens <= max_prompt_tokens:
            return FittedPrompt(prompt, n_tokens, len(train_pairs) - n_kept)
    return PromptTooLong(n_tokens)


def _code_block(source: str) -> str:
    body = source.strip("\n")
    return f"{CODE_FENCE}\n{body}\n{FENCE}"


def _demonstration_fields(encoder: GridEncoder, demonstration: Pair | Grid) -> dict[str, str]:
    if isinstance(demonstration, Pair):
        return {"input": encoder.encode(demonstration.input), "output": encoder.encode(demonstration.output)}
    return {"grid": encoder.encode(demonstration)}


def _mistake_fields(template: Template, encoder: GridEncoder, mistake: Mistake) -> dict[str, str]:
    if isinstance(mistake.answer, str):
        verdict = template.failed.format(reason=mistake.answer)
    else:
        verdict = template.returned.format(output=encoder.encode(mistake.answer))
    pair = mistake.pair
    return {"input": encoder.encode(pair.input), "verdict": verdict, "expected": encoder.encode(pair.output)}


def _continuation(prefill: str, fence: str, block: str) -> str:
    """What follows `prefill` in an answer that is the prefill's own words before its fence, if any, and the block."""
    lead_in, found, _ = prefill.partition(fence)
    answer = f"{lead_in}{block}" if found else block
    if not answer.startswith(prefill):
        raise ValueError(f"no answer starts with the prefill {prefill!r}")
    return answer[len(prefill) :]
