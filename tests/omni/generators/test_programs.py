"""Generator programs: what passes the check can only draw grids, everything else is refused with ValueError."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.grids import Grid, as_grid, grids_equal
from arc_solver.omni.generators import BUILDERS, check_generator, random_generator, run_generator
from arc_solver.omni.generators.registry import Kind, builder

PROGRAM = """def generate(rng):
    grid = blank(rng, rows=(8, 14), cols=(8, 14), background=0)
    grid = scatter_rectangles(rng, grid, n=(2, 5), colors=[1, 2, 3])
    return add_noise(rng, grid, share=0.05, colors=[5])
"""


def executed(source: str, seed: int) -> Grid:
    """The grid of our own text when Python itself runs it."""
    scope: dict[str, object] = {word.name: word.function for word in BUILDERS.values()}
    exec(source, scope)
    return as_grid(scope["generate"](np.random.default_rng(seed)))


def test_same_text_and_seed_give_the_same_grid() -> None:
    first, second, third = (run_generator(PROGRAM, seed) for seed in (1, 1, 2))
    assert grids_equal(first, second)
    assert not grids_equal(first, third)
    assert not first.flags.writeable


@given(st.integers(0, 2**31 - 1))
@settings(max_examples=150, deadline=None)
def test_a_program_means_what_python_takes_it_to_mean(seed: int) -> None:
    generator = random_generator(np.random.default_rng(seed))
    assert grids_equal(generator.sample(seed), executed(generator.source, seed))


def test_arguments_may_go_by_position_and_names_may_be_used_again() -> None:
    text = (
        "def generate(rng):\n    a = blank(rng, 5, 6)\n    b = random_cells(rng, 4, 4, [1, 2])\n"
        "    a = scatter_dots(rng, a, 2, [3])\n    return joined(rng, b, a, line=8)\n"
    )
    assert grids_equal(run_generator(text, 4), executed(text, 4))


BODY = "    grid = blank(rng, rows=5, cols=5)\n    return grid\n"
CALL = "blank(rng, rows=5, cols=5)"
COPIES = """def generate(rng):
    s = drawing(rng, rows={})
    g = blank(rng, 5, 5)
    return scatter_copies(rng, g, s, 1)
"""

REFUSED = {
    "empty": "",
    "no Python": "def generate(rng:\n    return 1\n",
    "another name": f"def make(rng):\n    return {CALL}\n",
    "two functions": f"def generate(rng):\n    return {CALL}\n\ndef other(rng):\n    return {CALL}\n",
    "an import": f"import os\n\ndef generate(rng):\n    return {CALL}\n",
    "an import inside": f"def generate(rng):\n    import os\n    return {CALL}\n",
    "returns a name": f"def generate(rng):\n{BODY}",
    "returns nothing": f"def generate(rng):\n    grid = {CALL}\n",
    "returns a literal": "def generate(rng):\n    return 1\n",
    "an early return": f"def generate(rng):\n    return {CALL}\n    return {CALL}\n",
    "a default": f"def generate(rng=open(0)):\n    return {CALL}\n",
    "an annotation": f"def generate(rng: open(0)):\n    return {CALL}\n",
    "a return annotation": f"def generate(rng) -> open(0):\n    return {CALL}\n",
    "a decorator": f"@print\ndef generate(rng):\n    return {CALL}\n",
    "another argument": f"def generate(rng, other):\n    return {CALL}\n",
    "variadic": f"def generate(rng, *other):\n    return {CALL}\n",
    "async": f"async def generate(rng):\n    return {CALL}\n",
    "a class": f"class generate:\n    x = {CALL}\n",
    "a lambda": f"generate = lambda rng: {CALL}\n",
    "a loop": f"def generate(rng):\n    for i in [1]:\n        grid = {CALL}\n    return {CALL}\n",
    "a loop without end": f"def generate(rng):\n    while 1:\n        grid = {CALL}\n    return {CALL}\n",
    "an unknown function": "def generate(rng):\n    return open(rng, 5)\n",
    "eval": 'def generate(rng):\n    return eval(rng, "1")\n',
    "an attribute": "def generate(rng):\n    return rng.bit_generator(rng)\n",
    "a method": f"def generate(rng):\n    grid = {CALL}\n    return grid.tofile(rng, 5)\n",
    "a dunder": "def generate(rng):\n    return rng.__class__.__base__(rng)\n",
    "a call of a call": f"def generate(rng):\n    return {CALL}(rng)\n",
    "a subscript": "def generate(rng):\n    return [blank][0](rng, rows=5, cols=5)\n",
    "a nested call": f"def generate(rng):\n    return turn_scene(rng, {CALL})\n",
    "a call as a literal": "def generate(rng):\n    return blank(rng, rows=open(0), cols=5)\n",
    "arithmetic": "def generate(rng):\n    return blank(rng, rows=2 + 3, cols=5)\n",
    "a power": "def generate(rng):\n    return blank(rng, rows=9 ** 9 ** 9, cols=5)\n",
    "a comprehension": "def generate(rng):\n    return random_cells(rng, 5, 5, colors=[i for i in [1]])\n",
    "a starred argument": "def generate(rng):\n    return blank(rng, *[5, 5])\n",
    "starred keywords": "def generate(rng):\n    return blank(rng, **[5, 5])\n",
    "a starred literal": "def generate(rng):\n    return random_cells(rng, 5, 5, colors=[*[1], 2])\n",
    "an f-string": 'def generate(rng):\n    return figure(rng, kind=f"L", size=3, colors=[1])\n',
    "a walrus": f"def generate(rng):\n    return turn_scene(rng, (grid := {CALL}))\n",
    "a name before it is made": "def generate(rng):\n    return turn_scene(rng, grid)\n",
    "rng as a grid": "def generate(rng):\n    return turn_scene(rng, rng)\n",
    "rng assigned": f"def generate(rng):\n    rng = {CALL}\n    return {CALL}\n",
    "a builder assigned": f"def generate(rng):\n    blank = {CALL}\n    return {CALL}\n",
    "a dunder assigned": f"def generate(rng):\n    __builtins__ = {CALL}\n    return {CALL}\n",
    "an attribute assigned": f"def generate(rng):\n    rng.x = {CALL}\n    return {CALL}\n",
    "an item assigned": f"def generate(rng):\n    rng[0] = {CALL}\n    return {CALL}\n",
    "unpacking": f"def generate(rng):\n    a, b = {CALL}\n    return {CALL}\n",
    "a chain": f"def generate(rng):\n    a = b = {CALL}\n    return {CALL}\n",
    "an annotated name": f"def generate(rng):\n    a: open(0) = {CALL}\n    return {CALL}\n",
    "an augmented name": f"def generate(rng):\n    a = {CALL}\n    a += {CALL}\n    return {CALL}\n",
    "a bare expression": f"def generate(rng):\n    {CALL}\n    return {CALL}\n",
    "a docstring": f'def generate(rng):\n    """Blank."""\n    return {CALL}\n',
    "global": f"def generate(rng):\n    global a\n    a = {CALL}\n    return {CALL}\n",
    "a side too long": "def generate(rng):\n    return blank(rng, rows=31, cols=5)\n",
    "a side of 0": "def generate(rng):\n    return blank(rng, rows=0, cols=5)\n",
    "a huge side": f"def generate(rng):\n    return blank(rng, rows={'9' * 3000}, cols=5)\n",
    "bounds upside down": "def generate(rng):\n    return blank(rng, rows=(5, 4), cols=5)\n",
    "three bounds": "def generate(rng):\n    return blank(rng, rows=(3, 4, 5), cols=5)\n",
    "bounds as a list": "def generate(rng):\n    return blank(rng, rows=[3, 4], cols=5)\n",
    "a bool as a number": "def generate(rng):\n    return blank(rng, rows=True, cols=5)\n",
    "a float as a number": "def generate(rng):\n    return blank(rng, rows=5.0, cols=5)\n",
    "text as a number": 'def generate(rng):\n    return blank(rng, rows="5", cols=5)\n',
    "None": "def generate(rng):\n    return blank(rng, rows=None, cols=5)\n",
    "no such color": "def generate(rng):\n    return blank(rng, rows=5, cols=5, background=10)\n",
    "a color twice": "def generate(rng):\n    return random_cells(rng, 5, 5, colors=[1, 1])\n",
    "no color": "def generate(rng):\n    return random_cells(rng, 5, 5, colors=[])\n",
    "colors as a tuple": "def generate(rng):\n    return random_cells(rng, 5, 5, colors=(1, 2))\n",
    "a share above 1": "def generate(rng):\n    return random_cells(rng, 5, 5, colors=[1], share=1.5)\n",
    "a share that is no number": "def generate(rng):\n    return random_cells(rng, 5, 5, colors=[1], share=1e999)\n",
    "no such choice": 'def generate(rng):\n    return figure(rng, kind="Q", size=3, colors=[1])\n',
    "a drawing of letters": 'def generate(rng):\n    return drawing(rng, rows=["a"])\n',
    "a ragged drawing": COPIES.format('["11", "1"]'),
    "an empty drawing": COPIES.format('["..", ".."]'),
    "a shape returned": "def generate(rng):\n    return random_shape(rng, 3, 3, [1])\n",
    "a shape as a grid": "def generate(rng):\n    a = random_shape(rng, 3, 3, [1])\n    return turn_scene(rng, a)\n",
    "a grid as a shape": f"def generate(rng):\n    a = {CALL}\n    return scatter_copies(rng, a, a, 2)\n",
    "a literal as a grid": "def generate(rng):\n    return turn_scene(rng, 5)\n",
    "no rng": "def generate(rng):\n    return blank(5, 5)\n",
    "rng twice": "def generate(rng):\n    return blank(rng, rng, 5, 5)\n",
    "an argument missing": "def generate(rng):\n    return blank(rng, rows=5)\n",
    "an argument twice": "def generate(rng):\n    return blank(rng, 5, rows=5, cols=5)\n",
    "an argument too many": "def generate(rng):\n    return blank(rng, 5, 5, 0, False, 7)\n",
    "an unknown argument": "def generate(rng):\n    return blank(rng, rows=5, cols=5, depth=5)\n",
    "too many lines": f"def generate(rng):\n{f'    grid = {CALL}' + chr(10)}" * 2,
    "seventeen lines": "def generate(rng):\n" + f"    grid = {CALL}\n" * 16 + f"    return {CALL}\n",
    "too long": f"def generate(rng):\n    return blank(rng, rows=5, cols=5{' ' * 5000})\n",
    "deep parentheses": f"def generate(rng):\n    return blank(rng, rows={'(' * 1900}5{')' * 1900}, cols=5)\n",
    "deep lists": f"def generate(rng):\n    return blank(rng, rows={'[' * 1900}5{']' * 1900}, cols=5)\n",
    "deep calls": f"def generate(rng):\n    return blank{'()' * 1900}\n",
    "deep attributes": f"def generate(rng):\n    return blank{'.a' * 1900}(rng)\n",
    "deep not": f"def generate(rng):\n    return blank(rng, rows={'not ' * 900}5, cols=5)\n",
    "deep lambdas": f"def generate(rng):\n    return blank(rng, rows={'lambda:' * 500}5, cols=5)\n",
    "deep default": f"def generate(rng=a{'.a' * 1900}):\n    return {CALL}\n",
    "a backslash": f"def generate(rng):\n    return {CALL}\\\n\n",
    "a null": f"def generate(rng):\n    return {CALL}\0\n",
    "a name that Python normalises": "def generate(rng):\n    return ｂlank(rng, rows=5, cols=5)\n",
    "a comment": f"# coding: rot13\ndef generate(rng):\n    return {CALL}\n",
    "a tab": f"def generate(rng):\n\treturn {CALL}\n",
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_text_that_is_no_generator_is_refused(why: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_generator(REFUSED[why])
    with pytest.raises(ValueError, match=r"."):
        run_generator(REFUSED[why], 0)


HARMLESS = {"a backslash", "a name that Python normalises", "a comment", "a tab", "too long"}
"""Refused as text only: as Python they are programs like others."""


@pytest.mark.parametrize("why", [why for why in REFUSED if why not in HARMLESS])
def test_the_tree_alone_refuses_as_well(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arc_solver.omni.generators.programs._TEXT", re.compile(".*", re.DOTALL))
    with pytest.raises(ValueError, match=r"^(?!a generator is at most 4000)"):
        check_generator(REFUSED[why])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def generate(rng):\n    return open(rng, 5)\n", "line 2: open is no builder"),
        ("def generate(rng):\n    return blank(rng, rows=31, cols=5)\n", "line 2: rows of blank: 31 is no sides"),
        ("def generate(rng):\n    return turn_scene(rng, grid)\n", "grid of turn_scene must be a grid made above"),
        ("def generate(rng):\n    return blank(rng, rows=5)\n", "blank lacks cols"),
        ("def generate(rng):\n    return blank(rng, rows=rng, cols=5)\n", "rows of blank must be a literal"),
        ("def generate(rng):\n    return blank(rng, rows=2 + 3, cols=5)\n", "at most 4000 plain characters"),
    ],
)
def test_a_refusal_says_where_and_why(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_generator(text)


@pytest.mark.parametrize("source", [None, 5, b"def generate(rng): pass", ["x"]])
def test_what_is_no_text_is_refused(source: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        check_generator(source)  # type: ignore[arg-type]


def test_a_grid_that_grows_too_large_is_refused_at_once() -> None:
    for call, sides in (
        ('panels(rng, 30, 30, 30, 30, line=5, colors=[1], content="shapes")', "929x929"),
        ("cell_table(rng, 30, 30, 30, line=5, colors=[1])", "929x929"),
    ):
        text = f"def generate(rng):\n    grid = {call}\n    return repeated(rng, grid, 30, 30)\n"
        with pytest.raises(ValueError, match=sides):
            run_generator(text, 0)


def test_a_builder_needs_kinds_and_a_name_of_its_own() -> None:
    def blank(rng: np.random.Generator, n: int) -> Grid:
        raise NotImplementedError

    before = dict(BUILDERS)
    with pytest.raises(ValueError, match="no kind"):
        builder(blank)
    assert before == BUILDERS


# Every program that passes the check runs: random ones, over everything that the annotations allow.


def literals(kind: Kind) -> st.SearchStrategy[object]:
    color = st.integers(0, 9)
    bounded = {
        "bool": st.booleans(),
        "choice": st.sampled_from(kind.choices or ("",)),
        "color": color,
        "colors": st.lists(color, min_size=1, max_size=10, unique=True),
        "range": numbers(0),
        "sides": numbers(1),
        "share": st.floats(0, 1).map(lambda share: round(share, 3)),
        "drawing": st.lists(st.text("1.", min_size=3, max_size=3), min_size=1, max_size=10).filter(
            lambda rows: any("1" in row for row in rows)
        ),
    }
    return bounded[kind.name]


def numbers(low: int) -> st.SearchStrategy[object]:
    # Small ones mostly: corner cases are there, and most grids stay within 30 a side.
    number = st.one_of(st.integers(low, 5), st.integers(low, 30))
    return st.one_of(number, st.tuples(number, number).map(lambda pair: tuple(sorted(pair))))


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Texts of well-typed programs that use any builder with any literals."""
    grounds = [word for word in BUILDERS.values() if not any(kind.is_value for kind in word.parameters.values())]
    lines: list[str] = []
    for words, target in (
        ([word for word in grounds if word.result.name == "grid"], "grid"),
        ([word for word in grounds if word.result.name == "shape"], "shape"),
        (list(BUILDERS.values()), ""),
        (list(BUILDERS.values()), ""),
    ):
        word = draw(st.sampled_from(words))
        arguments = [
            f"{name}={_value(kind) if kind.is_value else repr(draw(literals(kind)))}"
            for name, kind in word.parameters.items()
        ]
        lines.append(f"    {target or word.result.name} = {word.name}({', '.join(['rng', *arguments])})")
    return "\n".join(["def generate(rng):", *lines, "    return turn_scene(rng, grid)"]) + "\n"


def _value(kind: Kind) -> str:
    return kind.name


@given(programs(), st.integers(0, 2**31 - 1))
@settings(max_examples=120, deadline=None)
def test_what_passes_the_check_gives_a_grid_or_says_that_it_is_too_large(source: str, seed: int) -> None:
    check_generator(source)
    try:
        grid = run_generator(source, seed)
    except ValueError as error:
        assert "grid is outside 1..30" in str(error)  # noqa: PT017
        return
    assert grids_equal(as_grid(grid), grid)
    assert grids_equal(run_generator(source, seed), grid)


@given(st.sampled_from(sorted(BUILDERS)), st.data(), st.integers(0, 2**31 - 1))
@settings(max_examples=200, deadline=None)
def test_no_builder_changes_its_arguments(name: str, data: st.DataObject, seed: int) -> None:
    word = BUILDERS[name]
    rng = np.random.default_rng(seed)
    values = {
        key: rng.integers(-1 if kind.name == "shape" else 0, 4, (6, 5)).astype(np.int8)
        if kind.is_value
        else data.draw(literals(kind), label=key)
        for key, kind in word.parameters.items()
    }
    before = {key: value.copy() if isinstance(value, np.ndarray) else repr(value) for key, value in values.items()}
    try:
        made = word.function(rng, **values)
    except ValueError as error:
        assert "grid is outside 1..30" in str(error)  # noqa: PT017
        made = np.zeros((1, 1), dtype=np.int8)
    for key, value in values.items():
        if isinstance(value, np.ndarray):
            assert (value == before[key]).all()
        else:
            assert repr(value) == before[key]
    assert made.dtype == np.int8
    assert made.min() >= (-1 if word.result.name == "shape" else 0)


@given(st.integers(0, 2**31 - 1), st.integers(0, 400), st.sampled_from(list("()[]{}=,.:'\"\\@*+-#x9 \n")))
@settings(max_examples=200, deadline=None)
def test_a_text_with_one_character_changed_is_refused_or_still_a_program(seed: int, at: int, char: str) -> None:
    source = random_generator(np.random.default_rng(seed % 50)).source
    at %= len(source)
    changed = source[:at] + char + source[at + 1 :]
    try:
        check_generator(changed)
    except ValueError:
        return
    called = {node.func.id for node in ast.walk(ast.parse(changed)) if isinstance(node, ast.Call)}
    assert called <= set(BUILDERS)
