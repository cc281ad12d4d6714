"""Edits of a program's text that keep it readable: a line before, a call around what it returns, another color.

A program is a source with one function `task(grid)` at its top. Knows nothing of what programs compute, nor of tasks.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from arc_solver.dsl.registry import PRIMITIVES, Color, Grid
from arc_solver.grids import N_COLORS
from arc_solver.prompts.arguments import with_argument

_INDENT = "    "
_INNER_ARGUMENT = "start"


@dataclass(frozen=True, slots=True)
class ColorLiteral:
    """A number in a source that means a color.

    Attributes:
        line: Index of its line.
        start: Where it begins in the line's UTF-8 bytes.
        end: Where it ends.
        color: The color.
    """

    line: int
    start: int
    end: int
    color: int


def with_first_line(source: str, line: str) -> str:
    """The program with a statement before all others."""
    function = _function(source)
    lines = source.splitlines()
    first = function.body[0].lineno - 1
    return _joined([*lines[:first], _INDENT + line, *lines[first:]])


def with_last_call(source: str, call: str) -> str:
    """The program with a call around what it returns; `call` has `{}` in its place.

    Raises:
        ArgumentError: It becomes an inner function, and its argument cannot be renamed.
    """
    if _has_one_exit(source):
        return _with_return(source, "return " + call)
    return _joined(["def task(grid):", *_inner(source, "solve"), f"{_INDENT}return {call.format('solve(grid)')}"])


def in_sequence(first: str, second: str) -> str:
    """The program that does what both do, one after the other.

    Raises:
        ArgumentError: As `with_last_call`.
    """
    if _has_one_exit(first):
        lines = _with_return(first, "grid = {}").splitlines()
        function = _function(second)
        body = second.splitlines()[function.body[0].lineno - 1 :]
        return _joined([*lines, *body])
    return with_first_call(second, first)


def with_first_call(source: str, first: str) -> str:
    """The program on what another one, kept as an inner function, makes of the grid.

    Raises:
        ArgumentError: As `with_last_call`.
    """
    lines = source.splitlines()
    start = _function(source).body[0].lineno - 1
    return _joined([*lines[:start], *_inner(first, "prepare"), f"{_INDENT}grid = prepare(grid)", *lines[start:]])


def color_literals(source: str) -> list[ColorLiteral]:
    """Numbers that mean colors: arguments of that kind, what is assigned to cells, what cells are compared with."""
    found: dict[tuple[int, int], ColorLiteral] = {}
    for node in ast.walk(_function(source)):
        for constant, color in _color_nodes(node):
            start, end = constant.col_offset, constant.end_col_offset or 0
            literal = ColorLiteral(constant.lineno - 1, start, end, color)
            found[literal.line, literal.start] = literal
    return [found[key] for key in sorted(found)]


def with_colors(source: str, colors: Mapping[int, int]) -> str:
    """The program with other colors in the place of some of those that it names."""
    lines = [line.encode() for line in source.splitlines()]
    for literal in reversed(color_literals(source)):
        line = lines[literal.line]
        color = str(colors.get(literal.color, literal.color)).encode()
        lines[literal.line] = line[: literal.start] + color + line[literal.end :]
    return _joined([line.decode() for line in lines])


def n_lines(source: str) -> int:
    """Lines that are not blank."""
    return sum(bool(line.strip()) for line in source.splitlines())


def _function(source: str) -> ast.FunctionDef:
    (function,) = ast.parse(source).body
    if not isinstance(function, ast.FunctionDef):
        raise ValueError("a program is one function")
    return function


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _inner(source: str, name: str) -> list[str]:
    """The program as an inner function, and a blank line."""
    # `grid` stays the name of the outer function's argument alone, so that it can be renamed.
    renamed = with_argument(source, _INNER_ARGUMENT)
    lines = textwrap.indent(renamed.rstrip(), _INDENT).splitlines()
    start = _function(renamed).lineno - 1
    lines[start] = lines[start].replace("def task(", f"def {name}(", 1)
    return [*lines, ""]


def _own_returns(function: ast.FunctionDef) -> list[ast.Return]:
    """Its return statements, without those of functions inside it."""
    found: list[ast.Return] = []
    waiting: list[ast.stmt] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return):
            found.append(node)
        elif not isinstance(node, ast.FunctionDef | ast.ClassDef):
            children = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            handlers = [child.body for child in ast.iter_child_nodes(node) if isinstance(child, ast.match_case)]
            waiting += children + [child for body in handlers for child in body]
    return found


def _has_one_exit(source: str) -> bool:
    function = _function(source)
    return _own_returns(function) == [function.body[-1]]


def _with_return(source: str, form: str) -> str:
    """The program whose last statement, a return, is written in another form; `{}` stands for the value."""
    last = _function(source).body[-1]
    assert isinstance(last, ast.Return)
    value = ast.get_source_segment(source, last.value) if last.value is not None else "None"
    return _joined([*source.splitlines()[: last.lineno - 1], _INDENT + form.format(value)])


def _color_nodes(node: ast.AST) -> list[tuple[ast.Constant, int]]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in PRIMITIVES:
            nodes = _color_arguments(name, node)
        case ast.Assign(targets=[ast.Subscript()], value=value):
            nodes = [value]
        case ast.Compare(left=left, comparators=[right]) if _tells_color(left):
            nodes = [right]
        case _:
            nodes = []
    constants = [one for one in nodes if isinstance(one, ast.Constant)]
    return [(one, one.value) for one in constants if type(one.value) is int and 0 <= one.value < N_COLORS]


def _color_arguments(name: str, call: ast.Call) -> list[ast.expr]:
    primitive = PRIMITIVES[name]
    names = inspect.signature(primitive.function).parameters
    kinds = dict(zip(names, primitive.argument_types, strict=True))
    given = [*zip(names, call.args, strict=False), *((one.arg, one.value) for one in call.keywords)]
    return [value for parameter, value in given if parameter is not None and kinds.get(parameter) == Color]


def _tells_color(node: ast.expr) -> bool:
    """True for the grid, its cells, an object's color, and what a primitive tells of them."""
    match node:
        case ast.Name(id="grid") | ast.Attribute(attr="color" | "grid"):
            return True
        case ast.Subscript(value=value):
            return _tells_color(value)
        case ast.Call(func=ast.Name(id=name)) if name in PRIMITIVES:
            return PRIMITIVES[name].result_type in (Color, Grid)
    return False
