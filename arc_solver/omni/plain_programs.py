"""Does a program compute grids and nothing else? Told from its text, nothing is run.

A program from a file is run in this process once it is training data, whoever wrote it. So it may use the vocabulary,
plain functions of numpy, and what every program needs; no other attribute or built-in. Knows nothing of files or
tasks.
"""

from __future__ import annotations

import ast
import builtins

from arc_solver import dsl

_BUILTINS = """
abs all any bool dict divmod enumerate Exception filter float frozenset IndexError int iter KeyError len list map max
min next pow range reversed round set slice sorted str sum tuple ValueError zip
"""
_OF_OBJECTS_AND_ARRAYS = """
accumulate add all any append argmax argmin argsort astype at bottom cells center clip col color colors cols copy
count cumsum diagonal difference discard extend fill flat flatten fromkeys get grid height index insert intersection
items itemsize join keys left mask max mean min ndim nonzero outer pop prod ptp ravel reduce remove repeat reshape
reverse right row rows setdefault shape size sort squeeze sum swapaxes T take tobytes tolist top transpose union
update values width
"""
_OF_NUMPY = """
abs absolute append apply_along_axis arange argwhere array array_equal asarray ascontiguousarray atleast_2d bincount
bitwise_and bitwise_or bitwise_xor block bool_ broadcast_to column_stack concatenate convolve count_nonzero cross
delete diag diff divmod dot dsplit dstack equal expand_dims eye fix flatnonzero flip fliplr flipud floor full
full_like gcd greater hsplit hstack identity indices inf int16 int32 int64 int8 intersect1d intp isin kron lcm less
linspace logical_and logical_not logical_or logical_xor maximum median meshgrid minimum mod moveaxis multiply ndarray
ndenumerate ndindex newaxis ogrid ones ones_like pad put putmask ravel_multi_index roll rot90 searchsorted setdiff1d
sign split sqrt stack subtract take_along_axis tile trace tril triu uint8 union1d unique unravel_index vsplit vstack
where zeros zeros_like
"""
_ATTRIBUTES = frozenset((_OF_OBJECTS_AND_ARRAYS + _OF_NUMPY).split())
_NAMES = frozenset(_BUILTINS.split()) | set(dsl.__all__) | {"np"}
_STATEMENTS = (
    *(ast.Import, ast.ImportFrom, ast.ClassDef, ast.Global, ast.Nonlocal, ast.With, ast.Delete),
    *(ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await),
)


def beyond_vocabulary(source: str) -> str:
    """What a program does that no program over the vocabulary and numpy's plain functions does; empty if nothing.

    Such a program can compute grids and nothing else, whatever it was that wrote it.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "is no Python"
    known = _NAMES | _names_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, _STATEMENTS):
            return f"has a statement that is not allowed: {type(node).__name__.lower()}"
        if isinstance(node, ast.Attribute) and (node.attr not in _ATTRIBUTES or not isinstance(node.ctx, ast.Load)):
            return f"uses .{node.attr}"
        if isinstance(node, ast.Name) and (node.id not in known or node.id.startswith("__")):
            return f"uses {node.id}"
    return ""


def _names_of(tree: ast.Module) -> set[str]:
    """The names that a program binds itself, as far as no built-in has them."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ExceptHandler):
            names.add(node.name or "")
    # `_` is nobody's, though an interactive prompt or a translation may have left something there.
    return names - (set(dir(builtins)) - {"_"})
