"""Renames the argument of `task` in a program, where a prompt version calls it otherwise than our own programs do.

Training needs it: prompt and completion must agree. At inference programs are called with their argument by place, so
any name is right. Knows nothing of prompts, and runs nothing.
"""

from __future__ import annotations

import ast
import io
import itertools
import tokenize
from collections.abc import Iterable

_FUNCTION = "task"


class ArgumentError(ValueError):
    """The argument of a program cannot be called as asked."""


def with_argument(source: str, name: str) -> str:
    """The same program with its function `task` calling its first argument `name`; all else stays, spaces too.

    Raises:
        ArgumentError: There is no function `task` with an argument, the program uses `name` for something else, or the
            argument's name means something else too within the function.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise ArgumentError(f"no Python: {error}") from error
    function = next((node for node in reversed(tree.body) if _takes_argument(node)), None)
    if not isinstance(function, ast.FunctionDef):
        raise ArgumentError(f"no function `{_FUNCTION}` with an argument")
    argument = (*function.args.posonlyargs, *function.args.args)[0]
    old = argument.arg
    if old == name:
        return source
    if name in _names(source):
        raise ArgumentError(f"the program uses the name {name!r} already")
    uses = [
        node
        for statement in function.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and node.id == old
    ]
    places = [(argument.lineno, argument.col_offset), *((node.lineno, node.col_offset) for node in uses)]
    renamed = _replaced(source, places, old, name)
    argument.arg = name
    for node in uses:
        node.id = name
    # What else the name may be to the function (a nested argument, a keyword, a default, `global`) is still called so,
    # and a use whose place is not told (in an f-string, before Python 3.12) was not found in the text.
    if old in _names(ast.unparse(function)) or not _is_text_of(renamed, tree):
        raise ArgumentError(f"the argument {old!r} cannot be renamed: its name means something else too")
    return renamed


def _takes_argument(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.FunctionDef) and node.name == _FUNCTION and bool(node.args.posonlyargs or node.args.args)
    )


def _names(source: str) -> set[str]:
    """Every name in the text but attributes: what stands behind a dot is no variable."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    return {
        token.string
        for before, token in itertools.pairwise([tokens[-1], *tokens])
        if token.type == tokenize.NAME and before.string != "."
    }


def _replaced(source: str, places: Iterable[tuple[int, int]], old: str, new: str) -> str:
    """The source with `old` replaced at these lines (from 1) and byte offsets."""
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    for line, offset in sorted(places, reverse=True):
        text = lines[line - 1]
        if text[offset:].startswith(old.encode()):
            lines[line - 1] = text[:offset] + new.encode() + text[offset + len(old.encode()) :]
    return b"".join(lines).decode()


def _is_text_of(source: str, tree: ast.Module) -> bool:
    try:
        return ast.dump(ast.parse(source)) == ast.dump(tree)
    except SyntaxError:
        return False
