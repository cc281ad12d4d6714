"""Which sources share a digest, and which never do. In this process: only sources that these tests wrote are parsed."""

from __future__ import annotations

import builtins
import contextlib
import itertools
import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver import dsl
from arc_solver.sandbox.normalise import DIGEST_BYTES, digest

VOCABULARY = frozenset(vars(builtins)) | frozenset(dsl.__all__) | {"np"}


def digest_of(source: str) -> bytes | None:
    return digest(source, VOCABULARY)


PROGRAM = '''
from collections import deque

LIMIT = 3

def grow(cells, steps=LIMIT):
    """Grow {doc}."""
    queue = deque(cells)
    for step in range(steps):
        queue = [(r + dr, c) for r, c in queue for dr in (-1, 1)]
    return queue

def task(grid):
    h, w = grid.shape  # comment
    out = np.zeros((h, w), dtype=int)
    key = lambda cell: (cell[0], -cell[1])

    def paint(where, *rest, colour=2, **options):
        nonlocal out
        if (size := len(where)) > 1:
            out = out + size
        return [colour for colour in rest]

    for r, c in sorted(grow([(0, 0)]), key=key):
        if 0 <= r < h and 0 <= c < w:
            out[r, c] = grid[r, c]
    paint(out)
    return out
'''


def test_a_digest_is_short_and_stable() -> None:
    first = digest_of("def task(grid): return grid")
    assert first is not None
    assert len(first) == DIGEST_BYTES
    assert digest_of("def task(grid): return grid") == first


@pytest.mark.parametrize(
    "other",
    [
        PROGRAM.replace("  # comment", ""),
        PROGRAM.replace("\n    ", "\n        "),
        PROGRAM.replace("h, w = grid", "h,w    =   grid"),
        PROGRAM.replace("Grow {doc}", "Something else"),
        PROGRAM.replace('"""Grow {doc}."""\n    ', ""),
        PROGRAM.replace("for step in", "for _ in").replace("\n", "\n\n"),
        '"""A module."""\n' + PROGRAM,
        PROGRAM.replace("(-1, 1)", "(-1, 1,)"),
        PROGRAM.replace("dtype=int", "dtype=(int)"),
        re.sub(r"\bgrid\b", "picture", PROGRAM),
        re.sub(r"\bw\b", "n_columns", PROGRAM),
        re.sub(r"\bcell\b", "z", PROGRAM),
        re.sub(r"\bqueue\b", "q", PROGRAM),
        re.sub(r"\bsize\b", "q", PROGRAM),
        re.sub(r"\bwhere\b", "q", PROGRAM),
    ],
)
def test_what_does_not_count(other: str) -> None:
    assert other != PROGRAM
    assert digest_of(other) == digest_of(PROGRAM)


def test_locals_of_different_functions_are_different() -> None:
    one = "def f(a): return a\ndef task(grid): return f(grid)"
    assert digest_of(one) == digest_of(one.replace("task(grid): return f(grid)", "task(a): return f(a)"))


@pytest.mark.parametrize(
    "other",
    [
        PROGRAM.replace("LIMIT = 3", "LIMIT = 4"),
        PROGRAM.replace("dtype=int", "dtype=bool"),
        PROGRAM.replace("-cell[1]", "+cell[1]"),
        PROGRAM.replace("0 <= r < h", "0 <= r <= h"),
        PROGRAM.replace("grid[r, c]", "grid[c, r]"),
        PROGRAM.replace("out[r, c]", "out[c, r]"),
        PROGRAM.replace("h, w = grid", "w, h = grid"),
        PROGRAM.replace("def task", "def solve"),
        PROGRAM.replace("nonlocal out", "pass"),
        PROGRAM.replace("size := len", "out := len"),
    ],
)
def test_what_counts(other: str) -> None:
    assert other != PROGRAM
    assert digest_of(other) != digest_of(PROGRAM)


HEAD = "def task(grid):\n    "


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # a name that means something elsewhere
        ("def f():\n    x = 1\ndef task(grid): return x", "def f():\n    y = 1\ndef task(grid): return len"),
        ("len = 3\ndef task(grid): return len", "a = 3\ndef task(grid): return a"),
        ("x = 1\ndef task(grid):\n    return x", "y = 1\ndef task(grid):\n    return x"),
        ("x = 1\ndef task(grid):\n    x = 2\n    return x", "x = 1\ndef task(grid):\n    y = 2\n    return x"),
        (
            "def task(grid):\n    def f():\n        sum = grid\n        return sum\n    return sum(f())",
            "def task(grid):\n    def f():\n        all = grid\n        return all\n    return all(f())",
        ),
        (
            "x = 1\ndef task(grid):\n    def f():\n        x = 5\n        return x\n    return f() + x",
            "x = 1\ndef task(grid):\n    def f():\n        y = 5\n        return y\n    return f() + y",
        ),
        (
            "def task(grid):\n    class A:\n        x = 1\n        y = lambda x: x\n    return A.x",
            "def task(grid):\n    class A:\n        z = 1\n        y = lambda z: z\n    return A.x",
        ),
        ("class A:\n    x = 1\ndef task(x): return A.x", "class A:\n    y = 1\ndef task(y): return A.x"),
        (
            "def task(grid):\n    global x\n    x = 1\ndef f(): return x",
            "def task(grid):\n    global y\n    y = 1\ndef f(): return x",
        ),
        (
            "from math import *\ndef task(g):\n    def f():\n        e = 5\n        return e\n    return f() + e",
            "from math import *\ndef task(g):\n    def f():\n        q = 5\n        return q\n    return f() + q",
        ),
        ("[x for x in 'ab']\ndef task(g):\n    return x", "[y for y in 'ab']\ndef task(g):\n    return x"),
        # called by keyword
        ("def f(a, b): return a\ndef task(g): return f(b=1)", "def f(b, a): return b\ndef task(g): return f(b=1)"),
        (
            "def f(a, b): return a\ndef task(g): return f(**{'b': 1, 'a': g})",
            "def f(b, a): return b\ndef task(g): return f(**{'b': 1, 'a': g})",
        ),
        # seen through the language itself
        (HEAD + "x = 1\n    return [*locals()]", HEAD + "y = 1\n    return [*locals()]"),
        (HEAD + "x = 1\n    return eval('x')", HEAD + "y = 1\n    return eval('x')"),
        (HEAD + "'a'\n    return task.__doc__", HEAD + "'b'\n    return task.__doc__"),
        (HEAD + "'a'\n    return '{0.__doc__}'.format(task)", HEAD + "'b'\n    return '{0.__doc__}'.format(task)"),
        (HEAD + "return sys._getframe().f_lineno", "\n" + HEAD + "return sys._getframe().f_lineno"),
        (
            HEAD + "try: return xx\n    except Exception as e: return len(str(e))\n    xx = 1",
            HEAD + "try: return x\n    except Exception as e: return len(str(e))\n    x = 1",
        ),
        (HEAD + "x = 1\n    return f'{x=}'", HEAD + "y = 1\n    return f'{y=}'"),
        # equal in Python, not in an output
        (HEAD + "return 1", HEAD + "return True"),
        (HEAD + "return 1", HEAD + "return 1.0"),
        (HEAD + "return 0.0", HEAD + "return -0.0"),
        (HEAD + "return 'a'", HEAD + "return b'a'"),
        (HEAD + "return 'a b'", HEAD + "return 'a  b'"),
        (HEAD + "return '# a'", HEAD + "return '# b'"),
        # structure
        (HEAD + "return [1, [2, 3]]", HEAD + "return [1, [2], 3]"),
        (HEAD + "if grid: pass\n    return 1", HEAD + "if grid:\n        return 1"),
        (HEAD + "return 1 if grid else 2", HEAD + "return 2 if grid else 1"),
        (HEAD + "return f(*grid)", HEAD + "return f(grid)"),
        ("'a'\nfrom __future__ import annotations", "'a'\n'b'\nfrom __future__ import annotations"),
        (HEAD + "match grid:\n        case [a, b]: return a", HEAD + "match grid:\n        case [b, a]: return a"),
        (HEAD + "x = y = 1\n    return x", HEAD + "x = y = 1\n    return z"),
        (HEAD + "a, b = grid\n    return a", HEAD + "a, b = grid\n    return b"),
    ],
)  # fmt: skip
def test_these_are_never_the_same(one: str, other: str) -> None:
    assert digest_of(one) is not None
    assert digest_of(one) != digest_of(other)


def test_a_main_guard_is_no_reason_to_compare_bytes() -> None:
    source = "def task(grid):\n    return grid\nif __name__ == '__main__':\n    task(1)\n"
    assert digest_of(source) == digest_of(source.replace("grid", "g"))


@pytest.mark.parametrize(
    "source", ["def task(grid) return", "x = '", "  x", "\0", "def task(g): return g\0", "(" * 999]
)
def test_what_cannot_be_parsed_has_no_digest(source: str) -> None:
    assert digest_of(source) is None


@pytest.mark.parametrize("source", ["x = " + "-" * 3000 + "1", "x = 0x" + "f" * 6000, "x = " + " + ".join("a" * 5000)])
def test_what_is_too_much_for_a_tree_is_compared_in_another_way(source: str) -> None:
    assert digest_of(source) is not None
    assert digest_of(source) == digest_of(source)
    assert digest_of(source) != digest_of(source + "\ny = 2")


# -- programs that differ in what they do, and programs that do not ----------------------------------------------------

_ATOMS = ("a", "b", "c", "0", "1", "2", "3", "-1")
_BINARY = ("+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>", "<", "<=", "==", "!=", "and", "or")
_EXPRESSIONS = st.recursive(
    st.sampled_from(_ATOMS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(_BINARY), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        inner.map(lambda each: f"(-{each})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"[{parts[0]}, {parts[1]}][{parts[0]} % 2]"),
        st.tuples(inner, inner).map(lambda parts: f"sum({parts[0]} * d for d in range({parts[1]} % 5))"),
        st.tuples(inner, inner).map(lambda parts: f"(lambda a: {parts[0]})({parts[1]})"),
    ),
    max_leaves=6,
)
_INPUTS = tuple(itertools.product((-2, 0, 1, 3), repeat=3))


def program(expression: str) -> str:
    return f"def task(a, b, c):\n    return {expression}\n"


def behaviour(source: str) -> list[object]:
    """What the function gives for some inputs, types included; exceptions by their class."""
    names: dict[str, object] = {"np": np}
    exec(source, names)
    results: list[object] = []
    for inputs in _INPUTS:
        try:
            value = names["task"](*inputs)  # type: ignore[operator]
            results.append((type(value).__name__, value))
        except (ArithmeticError, ValueError, TypeError, IndexError, OverflowError) as error:
            results.append(type(error).__name__)
    return results


_CHANGES = ("+1", "-1", "+", "-", "*", "<", "<=", "a", "b", "c", "0", "1", "2", "d", "and", "or", "if", " ", "//", "%")


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, str]:
    """An expression, and it with one token exchanged or two swapped."""
    expression = draw(_EXPRESSIONS)
    tokens = re.findall(r"\w+|<<|>>|<=|==|!=|//|\S", expression)
    first, second = (draw(st.integers(0, len(tokens) - 1)) for _ in range(2))
    other = list(tokens)
    if draw(st.booleans()):
        other[first], other[second] = other[second], other[first]
    else:
        other[first] = draw(st.sampled_from(_CHANGES))
    return expression, " ".join(other)


@given(mutants())
def test_programs_that_do_different_things_never_share_a_digest(pair: tuple[str, str]) -> None:
    one, other = map(program, pair)
    if digest_of(other) is None:
        with pytest.raises(SyntaxError):
            compile(other, "<program>", "exec")
        return
    if digest_of(one) == digest_of(other):
        with contextlib.suppress(SyntaxError):
            assert behaviour(one) == behaviour(other)


@given(_EXPRESSIONS, st.permutations(("x", "y", "z", "a", "b", "c", "d", "grid", "_")), st.integers(0, 3))
def test_names_and_spacing_do_not_count(expression: str, names: list[str], n_spaces: int) -> None:
    new = dict(zip("abcd", names, strict=False))
    source = program(expression)
    renamed = re.sub(r"\b[abcd]\b", lambda match: new[match[0]], source)
    spaced = renamed.replace(" + ", " " * n_spaces + "+" + " " * n_spaces).replace("\n", "  # comment\n", 1)
    assert digest_of(source) == digest_of(spaced)
    assert behaviour(source) == behaviour(spaced)


def test_equal_digests_mean_equal_behaviour_over_many_pairs() -> None:
    """All pairs of a few hundred small programs, so that collisions cannot hide behind unlikely draws."""
    rng = random.Random(5)
    sources = set()
    for _ in range(600):
        names = rng.sample("abcxyz", 3)
        left, middle, right = (rng.choice((*names, "1")) for _ in range(3))
        operator = rng.choice("+-*")
        sources.add(f"def task({', '.join(names)}):\n    return {left} {operator} ({middle} - {right})\n")
    groups: dict[bytes, list[list[object]]] = {}
    for source in sources:
        key = digest_of(source)
        assert key is not None
        groups.setdefault(key, []).append(behaviour(source))
    assert max(map(len, groups.values())) > 1
    assert all(each == group[0] for group in groups.values() for each in group)
