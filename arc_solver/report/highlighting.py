"""Programs with syntax colours: their text in pieces, each of one kind.

Python's own tokenizer cuts; what it cannot read is shown plainly. Nothing is ever lost: the pieces put together are
the text. Knows nothing of pages.
"""

from __future__ import annotations

import builtins
import inspect
import io
import keyword
import tokenize

import arc_solver.dsl  # noqa: F401 (fills the registry)
from arc_solver.dsl.registry import PRIMITIVES

PLAIN, KEYWORD, WORD, BUILTIN, NUMBER, STRING, COMMENT, NAME_OF_FUNCTION, OPERATOR = "pkwbnscfo"
"""Kinds of pieces: `w` is a word of the vocabulary, `f` the name behind a `def`."""

_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_")) - {"True", "False", "None"}
_OF_TOKEN = {
    tokenize.NUMBER: NUMBER,
    tokenize.STRING: STRING,
    tokenize.COMMENT: COMMENT,
    tokenize.OP: OPERATOR,
}
_UNSEEN = {tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER, tokenize.ENCODING}


def pieces(source: str) -> list[str]:
    """The text of a program, cut: each piece is one letter for its kind and then its text.

    Args:
        source: Python, or what a model took for it.

    Returns:
        Pieces; without their first letters and joined they are `source` again.
    """
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source, newline="").readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return [PLAIN + source] if source else []
    lines = io.StringIO(source, newline="").readlines()
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    cut: list[str] = []
    at, after = 0, ""
    for token in tokens:
        if token.type in _UNSEEN or not token.string:
            continue
        begin, end = (starts[min(row - 1, len(lines))] + column for row, column in (token.start, token.end))
        if begin < at or source[begin:end] != token.string:
            return [PLAIN + source]
        _add(cut, PLAIN, source[at:begin])
        _add(cut, _kind(token, after), token.string)
        at, after = end, token.string
    _add(cut, PLAIN, source[at:])
    return cut


def used_words(source_pieces: list[str]) -> dict[str, str]:
    """The vocabulary's words among the pieces, each with the first sentence of its documentation."""
    names = {piece[1:].strip() for piece in source_pieces if piece[0] == WORD}
    return {name: _summary(name) for name in sorted(names)}


def _add(cut: list[str], kind: str, text: str) -> None:
    if not text:
        return
    # Blanks look the same in every colour, so that they need no piece of their own.
    if cut and (not text.strip() or (cut[-1][0] == kind and kind != WORD)):
        cut[-1] += text
    else:
        cut.append(kind + text)


def _kind(token: tokenize.TokenInfo, after: str) -> str:
    if token.type != tokenize.NAME:
        return _OF_TOKEN.get(token.type, PLAIN)
    if after == "def":
        return NAME_OF_FUNCTION
    if after == ".":
        return PLAIN
    if keyword.iskeyword(token.string):
        return KEYWORD
    if token.string in PRIMITIVES:
        return WORD
    return BUILTIN if token.string in _BUILTINS else PLAIN


def _summary(name: str) -> str:
    text = inspect.getdoc(PRIMITIVES[name].function) or ""
    return " ".join(text.split("\n\n")[0].split())
