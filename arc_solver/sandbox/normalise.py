"""One digest for sources that can only do the same: comments, spacing, docstrings and local names do not count.

Runs inside the sandbox only, because a hostile source can crash or hang a parser. Nothing is executed. A false
"different" costs a run and a false "same" loses a program, so whatever could see its own text (frames, `locals`,
messages of exceptions, attributes that begin with an underscore) is compared by its bytes. Knows nothing of processes;
standard library only.

Why renaming is safe: an identifier is renamed only where it is bound in functions and nowhere else (not by a module,
a class, an import, `global`, a keyword, a pattern or a handler), and is neither built in nor in the vocabulary. Every
occurrence of it then means a local of the outermost function around it, or is unbound under any name. Within that
function all occurrences are renamed alike, and different identifiers stay different.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection
from enum import Enum
from typing import Any

DIGEST_BYTES = 16

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OWN_LOCALS = frozenset({*_FUNCTIONS, ast.Lambda})
_WITH_DOCSTRING = frozenset({ast.Module, ast.ClassDef, *_FUNCTIONS})
_SILENT_FIELDS = frozenset({"ctx", "type_comment", "type_ignores", "kind"})
_AUDIBLE_FIELDS = {
    kind: tuple(field for field in reversed(kind._fields) if field not in _SILENT_FIELDS)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
"""For every kind of node the fields that count, the last first."""

_HARMLESS_MODULE_NAMES = """
    __future__ arc_solver bisect cmath collections copy dataclasses decimal enum fractions functools heapq itertools
    math numpy operator queue random re statistics string typing
"""
_HARMLESS_MODULES = frozenset(_HARMLESS_MODULE_NAMES.split())
# Names and attributes through which a program can see its own names, lines or docstrings.
_REFLECTIVE_NAMES = """
    Formatter attrgetter breakpoint builtins compile delattr dir eval exc_info exec format format_map getattr
    getfullargspec get_annotations get_type_hints globals hasattr help info inspect locals methodcaller setattr
    signature source sys testing traceback types vars warnings
"""
_REFLECTIVE = frozenset(_REFLECTIVE_NAMES.split())
_FRAME_PREFIXES = ("_", "f_", "co_", "tb_", "gi_", "cr_", "ag_")
_TYPE_STATEMENTS = frozenset({"TypeAlias", "TypeVar", "ParamSpec", "TypeVarTuple"})  # their values show their names
_TELLING = frozenset({ast.Import, ast.ImportFrom, ast.ExceptHandler, ast.MatchClass, ast.keyword})
_READS_EXCEPTIONS = frozenset({"__exit__", "__aexit__"})


class _Scope(Enum):
    """What an assignment binds here."""

    OUTSIDE = 0
    CLASS = 1
    FUNCTION = 2


def digest(source: str, vocabulary: Collection[str]) -> bytes | None:
    """The digest of a source, None if it cannot be parsed.

    Args:
        source: Anything.
        vocabulary: Names that are in scope in every program, the built-in ones among them; they are never renamed.

    Returns:
        `DIGEST_BYTES` bytes, equal for sources that differ only in comments, spacing, docstrings and local names.
    """
    try:
        tree = ast.parse(source)
        local_names = _Survey(tree, vocabulary).local_names()
        if local_names is not None:
            tokens = "\n".join(_tokens(tree, local_names))
            return _hashed(b"tree", tokens.encode("utf-8", "surrogatepass"))
    except (SyntaxError, UnicodeError):
        return None
    except (RecursionError, MemoryError, ValueError) as error:
        # Too deep for a tree of Python objects, or a number too long to write; the compiler may still take it.
        if isinstance(error, ValueError) and "\0" in source:
            return None
    return _hashed(b"bytes", source.encode("utf-8", "surrogatepass"))


def _hashed(person: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES, person=person).digest()


class _Survey:
    """Reads a tree once: which identifiers are locals and nothing else, and whether the program looks at itself."""

    def __init__(self, tree: ast.Module, vocabulary: Collection[str]) -> None:
        self._vocabulary = vocabulary
        self._local: set[str] = set()
        self._kept: set[str] = set()
        self._parameters: set[str] = set()
        self._loaded: set[str] = set()
        self._handlers: set[str] = set()
        self._looks_at_itself = False
        self._calls_by_mapping = False
        self._pending: list[tuple[ast.AST, _Scope]] = [(tree, _Scope.OUTSIDE)]
        while self._pending:
            self._visit(*self._pending.pop())

    def local_names(self) -> frozenset[str] | None:
        """Identifiers that may be renamed, None if the program may look at itself."""
        if self._looks_at_itself or self._handlers & self._loaded:
            return None
        kept = self._kept | self._parameters if self._calls_by_mapping else self._kept
        return frozenset(name for name in self._local - kept if name not in self._vocabulary)

    def _visit(self, node: ast.AST, scope: _Scope) -> None:
        kind = node.__class__
        if isinstance(node, ast.Name):
            self._visit_name(node, scope)
        elif isinstance(node, ast.Attribute):
            self._doubt(node.attr.startswith(_FRAME_PREFIXES) or node.attr in _REFLECTIVE)
            self._pending.append((node.value, scope))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            self._visit_function(node, scope)
        elif kind is not ast.Constant:
            if kind in _TELLING or kind.__name__ in _TYPE_STATEMENTS:
                self._visit_telling(node)
            self._visit_fields(node, scope, _Scope.CLASS if kind is ast.ClassDef else scope)

    def _visit_name(self, node: ast.Name, scope: _Scope) -> None:
        name = node.id
        self._doubt((name.startswith("__") and name != "__name__") or name in _REFLECTIVE)
        if isinstance(node.ctx, ast.Load):
            self._loaded.add(name)
        elif scope is _Scope.FUNCTION:
            self._local.add(name)
        else:
            self._kept.add(name)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: _Scope) -> None:
        arguments = node.args
        is_magic = False
        if not isinstance(node, ast.Lambda):
            self._kept.add(node.name)
            self._doubt(node.name in _READS_EXCEPTIONS)
            is_magic = node.name.startswith("__")
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        parameters += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        names = {each.arg for each in parameters}
        self._doubt(any(name.startswith("__") for name in names))
        self._local |= names
        self._parameters |= names
        if is_magic:
            self._kept |= names  # the interpreter or numpy calls it, perhaps by keyword
        # Defaults, annotations and decorators belong to the scope around the function.
        outer = [*arguments.defaults, *arguments.kw_defaults, *(each.annotation for each in parameters)]
        if not isinstance(node, ast.Lambda):
            outer += [*node.decorator_list, node.returns, *getattr(node, "type_params", ())]
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        self._pending += [(each, scope) for each in outer if each is not None]
        self._pending += [(each, _Scope.FUNCTION) for each in body]

    def _visit_telling(self, node: ast.AST) -> None:
        self._doubt(type(node).__name__ in _TYPE_STATEMENTS)
        match node:
            case ast.Import():
                self._doubt(any(_root(alias.name) not in _HARMLESS_MODULES for alias in node.names))
            case ast.ImportFrom():
                self._doubt(bool(node.level) or _root(node.module or "") not in _HARMLESS_MODULES)
                self._doubt(any(alias.name.startswith("_") or alias.name in _REFLECTIVE for alias in node.names))
                # What a star brings is unknown, but for the vocabulary, whose names are never renamed.
                self._doubt(any(alias.name == "*" for alias in node.names) and node.module != "arc_solver.dsl")
            case ast.ExceptHandler(name=str(name)):
                self._handlers.add(name)
            case ast.MatchClass():
                self._doubt(bool(node.kwd_attrs))
            case ast.keyword(arg=None):
                self._calls_by_mapping = True

    def _visit_fields(self, node: ast.AST, scope: _Scope, body_scope: _Scope) -> None:
        """Everything below a node; identifiers that are plain text in it are never renamed."""
        for field in _AUDIBLE_FIELDS[node.__class__]:
            value = getattr(node, field, None)
            inner = body_scope if field == "body" else scope
            for each in value if value.__class__ is list else (value,):
                if isinstance(each, ast.AST):
                    self._pending.append((each, inner))
                elif each.__class__ is str:
                    self._kept.update(each.split("."))

    def _doubt(self, reason: bool) -> None:
        self._looks_at_itself |= reason


def _root(module: str) -> str:
    return module.partition(".")[0]


def _tokens(tree: ast.Module, local_names: Collection[str]) -> list[str]:
    """The tree as words, from which it could be read back up to what does not count.

    Without recursion: a deep tree is no reason to compare bytes.
    """
    words: list[str] = []
    pending: list[tuple[Any, dict[str, str] | None]] = [(tree, None)]
    while pending:
        item, renamed = pending.pop()
        kind = item.__class__
        if kind is ast.Name:
            words += ("Name", _new_name(item.id, local_names, renamed))
        elif kind is ast.Constant:
            words.append(f"Constant {item.value!r}")
        elif kind is ast.arg:
            words += ("arg", _new_name(item.arg, local_names, renamed))
            pending.append((item.annotation, renamed))
        elif kind is list:
            words.append(f"[{len(item)}")
            pending += [(each, renamed) for each in reversed(item)]
        elif isinstance(item, ast.AST):
            if renamed is None and kind in _OWN_LOCALS:
                renamed = {}  # an outermost function: its locals are its own
            words.append(kind.__name__)
            for field in _AUDIBLE_FIELDS[kind]:
                value = getattr(item, field, None)
                if field == "body" and kind in _WITH_DOCSTRING:
                    value = _without_docstring(value)
                pending.append((value, renamed))
        else:
            # An identifier, a number, or nothing; which of them is clear from where it stands.
            words.append(str(item))
    return words


def _new_name(name: str, local_names: Collection[str], renamed: dict[str, str] | None) -> str:
    if renamed is None or name not in local_names:
        return name
    # No identifier begins with a dollar.
    return renamed.setdefault(name, f"${len(renamed)}")


def _without_docstring(statements: Any) -> Any:
    match statements:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return statements
