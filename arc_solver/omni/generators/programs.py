"""Generator programs: their text is checked, compiled to a list of calls and run; nothing is ever executed as Python.

The language is the part of Python that needs no trust: one function `generate(rng)`, each line one call of a builder
whose arguments are names of earlier lines and literals that the builder's annotations allow.

    def generate(rng):
        grid = blank(rng, rows=(8, 14), cols=(8, 14))
        return scatter_rectangles(rng, grid, n=(2, 5), colors=[1, 2, 3])

So a text that a model wrote may be handed to `run_generator` as well: the worst that it can do is draw a dull grid.
Knows nothing of families.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import Grid, frozen
from arc_solver.omni.generators.canvas import check_sides
from arc_solver.omni.generators.registry import BUILDERS, Builder, Kind

MAX_CHARS = 4000
MAX_LINES = 16

# No backslash, no character outside ASCII: no escapes, and no name that Python would normalise into another one.
_TEXT = re.compile(r"""[A-Za-z0-9_ ,.()\[\]=:"'\n]*""")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_RNG = "rng"


@dataclass(frozen=True, slots=True)
class _Call:
    """One line: the value at `target` becomes `function(rng, **literals, **values)`."""

    target: str
    function: Callable[..., NDArray[np.int8]]
    values: tuple[tuple[str, str], ...]
    literals: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class InputGenerator:
    """A program that draws the inputs of one imagined task.

    Attributes:
        family: What sort of scenes it draws.
        source: Its text, `def generate(rng): ...`.
    """

    family: str
    source: str

    def sample(self, seed: int) -> Grid:
        """The grid of this seed; see `run_generator`."""
        return run_generator(self.source, seed)


def run_generator(source: str, seed: int) -> Grid:
    """Draw one grid.

    Args:
        source: Text of a generator program, trusted or not.
        seed: Same text and seed, same grid.

    Raises:
        ValueError: The text is no generator program, or its grid would have a side of 0 or above 30.
    """
    rng = np.random.default_rng(seed)
    scope: dict[str, NDArray[np.int8]] = {}
    grid = np.empty((0, 0), np.int8)
    for call in _compiled(source):
        values = {name: scope[variable] for name, variable in call.values}
        grid = scope[call.target] = call.function(rng, **values, **call.literals)
        # After each line, so that no builder ever meets anything larger.
        check_sides(*grid.shape)
    return frozen(grid)


def check_generator(source: str) -> None:
    """Check a text without running it.

    Raises:
        ValueError: It is no generator program; the message says why.
    """
    _compiled(source)


@lru_cache(maxsize=2048)
def _compiled(source: str) -> tuple[_Call, ...]:
    """The program's calls, in order; the last one gives the grid."""
    statements = _body(source)
    kinds: dict[str, Kind] = {}
    calls = []
    for index, statement in enumerate(statements):
        is_last = index == len(statements) - 1
        target = "" if is_last else _target(statement)
        value = statement.value if isinstance(statement, ast.Return | ast.Assign) else None
        if is_last != isinstance(statement, ast.Return) or not isinstance(value, ast.Call):
            raise ValueError(f"line {statement.lineno}: each line is `name = builder(...)`, the last one a return")
        word, call = _call(value, target, kinds)
        kinds[target] = word.result
        calls.append(call)
    if kinds[""].name != "grid":
        raise ValueError("the last line must return a grid")
    return tuple(calls)


def _body(source: str) -> list[ast.stmt]:
    if not isinstance(source, str) or len(source) > MAX_CHARS or not _TEXT.fullmatch(source):
        raise ValueError(f"a generator is at most {MAX_CHARS} plain characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(f"no Python: {error}") from error
    function = module.body[0] if len(module.body) == 1 else None
    if not isinstance(function, ast.FunctionDef) or function.name != "generate":
        raise ValueError("a generator is one function `generate`")
    if not _takes_only_rng(function):
        raise ValueError("`generate` takes rng and nothing else")
    if len(function.body) > MAX_LINES:
        raise ValueError(f"a generator has at most {MAX_LINES} lines")
    return function.body


def _takes_only_rng(function: ast.FunctionDef) -> bool:
    """True for `def generate(rng):`: no default, no annotation, no decorator, nothing that could be evaluated."""
    arguments = function.args
    others = [arguments.posonlyargs, arguments.kwonlyargs, arguments.kw_defaults, arguments.defaults]
    extras = [arguments.vararg, arguments.kwarg, function.decorator_list, function.returns]
    if any(others) or any(extras) or getattr(function, "type_params", None):
        return False
    return [(argument.arg, argument.annotation) for argument in arguments.args] == [(_RNG, None)]


def _target(statement: ast.stmt) -> str:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if len(targets) != 1 or not isinstance(targets[0], ast.Name):
        raise ValueError(f"line {statement.lineno}: expected `name = builder(...)`")
    name = targets[0].id
    if not _NAME.fullmatch(name) or name == _RNG or name in BUILDERS:
        raise ValueError(f"line {statement.lineno}: {name} cannot be assigned")
    return name


def _call(node: ast.Call, target: str, kinds: Mapping[str, Kind]) -> tuple[Builder, _Call]:
    """The builder that a call names, and the call, its arguments bound and checked."""
    word = BUILDERS.get(node.func.id) if isinstance(node.func, ast.Name) else None
    if word is None:
        # The expression may be nested so deeply that it cannot be written out.
        called = node.func.id[:40] if isinstance(node.func, ast.Name) else "what is called"
        raise ValueError(f"line {node.lineno}: {called} is no builder")
    values, literals = [], {}
    for name, argument in _bound(node, word).items():
        kind = word.parameters[name]
        if kind.is_value:
            if not isinstance(argument, ast.Name) or kinds.get(argument.id) != kind:
                raise ValueError(f"line {node.lineno}: {name} of {word.name} must be a {kind.name} made above")
            values.append((name, argument.id))
        else:
            literals[name] = _literal(argument, kind, f"line {node.lineno}: {name} of {word.name}")
    return word, _Call(target, word.function, tuple(values), literals)


def _bound(node: ast.Call, word: Builder) -> dict[str, ast.expr]:
    """Parameter name -> argument; `rng` comes first and is left out."""
    where = f"line {node.lineno}: {word.name}"
    first = node.args[0] if node.args else None
    if not isinstance(first, ast.Name) or first.id != _RNG:
        raise ValueError(f"{where} takes rng first")
    names = list(word.parameters)
    bound = dict(zip(names, node.args[1:], strict=False))
    if len(node.args) - 1 > len(names):
        raise ValueError(f"{where} takes {len(names)} arguments besides rng")
    for keyword in node.keywords:
        if keyword.arg not in word.parameters or keyword.arg in bound:
            raise ValueError(f"{where} has no free argument {keyword.arg}")
        bound[keyword.arg] = keyword.value
    missing = [name for name in names if name not in bound and name not in word.defaults]
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    return bound


def _literal(node: ast.expr, kind: Kind, where: str) -> object:
    """The constant, or the tuple or list of constants, that stands here."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    constants = [part.value for part in parts if isinstance(part, ast.Constant)]
    if len(constants) < len(parts):
        raise ValueError(f"{where} must be a literal")
    value: object = constants
    if not isinstance(node, ast.List):
        value = tuple(constants) if isinstance(node, ast.Tuple) else constants[0]
    if not kind.accepts(value):
        raise ValueError(f"{where}: {ast.unparse(node)[:40]} is no {kind.name}")
    return value
