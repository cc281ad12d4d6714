"""Completions back to grids, programs and single words, prompts back to their blocks, or the reason why not.

Only the block is read, and strictly; what a talkative model says before or after it is ignored. Nothing is repaired: a
block without its closing fence was cut off, and is refused. Knows nothing of whether a program is any good.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from arc_solver.grids import Grid
from arc_solver.prompts.encoders import FENCE, GRID_FENCE, GridEncoder, Unparsed
from arc_solver.prompts.templates import CODE_FENCE

_WORD = re.compile(r"\w+")


def parse_grid(prefill: str, completion: str, encoder: GridEncoder, *, stopped: bool = False) -> Grid | Unparsed:
    """The grid in the first grid block of an answer.

    Args:
        prefill: `Prompt.prefill`.
        completion: What the model wrote after it.
        encoder: How the prompt's grids were written.
        stopped: The completion ended (not: ran out of tokens) while `STOP_STRINGS` were in use, so that a closing fence
            at its end may have been swallowed.

    Returns:
        The grid, or a reason that starts with `grid: `.
    """
    block = _first_block(prefill + completion, GRID_FENCE, stopped)
    if isinstance(block, Unparsed):
        return Unparsed(f"grid: {block.reason}")
    return encoder.parse(block)


def parse_code(prefill: str, completion: str, *, stopped: bool = False) -> str | Unparsed:
    """The program in the first Python block of an answer.

    Args:
        prefill: `Prompt.prefill`.
        completion: What the model wrote after it.
        stopped: As in `parse_grid`.

    Returns:
        The source, ending in one newline, or a reason that starts with `program: `.
    """
    block = _first_block(prefill + completion, CODE_FENCE, stopped)
    if isinstance(block, Unparsed):
        return Unparsed(f"program: {block.reason}")
    source = block.split("\n", 1)[1].removesuffix(FENCE).strip("\n")
    return f"{source}\n" if source.strip() else Unparsed("program: empty")


def parse_word(completion: str, words: Collection[str]) -> str | Unparsed:
    """The answer of one word.

    Args:
        completion: What the model wrote after the prefill.
        words: The answers that there are, in lower case.

    Returns:
        The first word of the completion, if it is one of `words` (in any case, whatever stands around it), or a reason
        that starts with `word: `.
    """
    found = _WORD.search(completion)
    if found is None:
        return Unparsed("word: none")
    word = found.group().lower()
    return word if word in words else Unparsed("word: unknown")


def parse_blocks(text: str, encoder: GridEncoder) -> list[Grid | str | Unparsed]:
    """Every fenced block of a prompt, in order: grids, programs, and the reason for what is neither."""
    found: list[Grid | str | Unparsed] = []
    lines = text.split("\n")
    start = 0
    while (start := next((at for at in range(start, len(lines)) if lines[at].startswith(FENCE)), len(lines))) < len(
        lines
    ):
        end = next((at for at in range(start + 1, len(lines)) if lines[at] == FENCE), len(lines))
        block = "\n".join(lines[start : end + 1])
        found.append(parse_code("", block) if lines[start] == CODE_FENCE else encoder.parse(block))
        start = end + 1
    return found


def _first_block(text: str, opening: str, stopped: bool) -> str | Unparsed:
    """From the first line that starts with `opening` to the fence that closes it."""
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if line.startswith(opening)), None)
    if start is None:
        return Unparsed("no fence")
    end = next((number for number in range(start + 1, len(lines)) if lines[number].rstrip() == FENCE), None)
    if end is not None:
        return "\n".join([*lines[start:end], FENCE])
    return "\n".join([*lines[start:], FENCE]) if stopped else Unparsed("truncated")
