"""The forked child: puts the limits on itself, runs the programs of one batch, writes one frame each.

Everything here shares an interpreter with unknown code. Names are therefore bound once, at import, and nothing is
looked up in `builtins`, `os` or `numpy` after a program has run; and still nothing that a child says is believed beyond
its frame.
Knows nothing of expected outputs. Numpy and the standard library only.
"""

from __future__ import annotations

import builtins
import contextvars
import gc
import importlib
import os
import pkgutil
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from arc_solver.sandbox.frames import READY, Kind, Request, Why, decode_programs, encode_result
from arc_solver.sandbox.layers import Plan
from arc_solver.sandbox.normalise import digest

RESULT_FD = 3
_PRELOADED = """
    abc array ast base64 bisect builtins cmath collections collections.abc contextlib copy dataclasses datetime decimal
    enum fractions functools gc hashlib heapq inspect io itertools json math numbers operator pprint queue random re
    statistics string struct sys textwrap threading time traceback types typing uuid warnings weakref zlib
    numpy.fft numpy.lib.stride_tricks numpy.linalg numpy.ma numpy.polynomial numpy.random numpy.typing
"""
_GUARDED = """
    builtins collections copy functools itertools math numpy numpy.lib.stride_tricks numpy.linalg operator os random
    re sys typing
"""
_MAX_SIDE = 30
_SYMBOLS = bytes(range(10))

# Bound here because a program may replace them where they came from.
_all, _exec, _compile, _callable, _len, _list, _map, _max, _min, _str, _type, _zip = (
    all, exec, compile, callable, len, list, map, max, min, str, type, zip,
)  # fmt: skip
_BaseException, _Exception, _MemoryError, _SystemExit = BaseException, Exception, MemoryError, SystemExit
_bool, _bytes, _int, _tuple, _ndarray = bool, bytes, int, tuple, np.ndarray
_bytearray, _frombuffer, _int8 = bytearray, np.frombuffer, np.int8
_exit, _write = os._exit, os.write
# Windows has no such timer: there, in the portable worker, only the wall limit ends a program.
_set_timer: Callable[..., object] = getattr(signal, "setitimer", lambda timer, seconds: None)
_timer: int = getattr(signal, "ITIMER_PROF", 0)
_timer_signal: int = getattr(signal, "SIGPROF", signal.SIGTERM)
_get_handler, _default_action = signal.getsignal, signal.SIG_DFL
_copy_context, _threads = contextvars.copy_context, sys._current_frames
_recursion_limit, _set_recursion_limit = sys.getrecursionlimit, sys.setrecursionlimit
_trace, _profile = sys.gettrace, sys.getprofile
_collector_callbacks, _stdout, _stderr = gc.callbacks, sys.stdout, sys.stderr
_class_name: Callable[[type], str] = type.__dict__["__name__"].__get__
_INTEGERS = frozenset((int, *(np.dtype(code).type for code in "bBhHiIlLqQ")))


def load_vocabulary() -> dict[str, Any]:
    """Import everything that a program may import; afterwards nothing else can be.

    Returns:
        The names that are in scope in every program: those of `arc_solver.dsl`, `np` and the built-in ones. Programs
        see them as built-ins, below an empty scope of their own: nothing is copied for a program.
    """
    for name in _PRELOADED.split():
        importlib.import_module(name)
    dsl = importlib.import_module("arc_solver.dsl")
    for module in pkgutil.iter_modules(dsl.__path__):
        importlib.import_module(f"arc_solver.dsl.{module.name}")
    names = getattr(dsl, "__all__", [name for name in vars(dsl) if not name.startswith("_")])
    # Whether a file could be opened must not decide what can be imported: the same program, the same verdict.
    sys.path.clear()
    sys.meta_path[:] = [finder for finder in sys.meta_path if getattr(finder, "__name__", "") == "BuiltinImporter"]
    warnings.simplefilter("ignore")
    return vars(builtins) | {name: getattr(dsl, name) for name in names} | {"np": np}


class Guard:
    """Notices that a program changed what its neighbours share, so that they can be run elsewhere.

    This keeps neighbours from harm by accident; a program that wants to deceive it can, and then at most spoils a
    screening.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        modules = [sys.modules[name] for name in _GUARDED.split()]
        modules += [module for name, module in sys.modules.items() if name.startswith("arc_solver.dsl")]
        self._dicts = [names, *map(vars, modules)]
        self._values = [_list(names.values()) for names in self._dicts]
        self._modules = _list(sys.modules.values())
        self._filters = _list(warnings.filters)
        self._recursion_limit = _recursion_limit()

    def tampered(self) -> bool:
        """True if the child should not run another program."""
        if _recursion_limit() != self._recursion_limit:
            _set_recursion_limit(self._recursion_limit)
        try:
            for names, values in _zip(self._dicts, self._values, strict=True):
                if _list(names.values()) != values:
                    return True
            if _list(sys.modules.values())[: _len(self._modules)] != self._modules:
                return True
            if _list(warnings.filters) != self._filters or _trace() is not None or _profile() is not None:
                return True
            if _collector_callbacks or _stdout.closed or _stderr.closed:
                return True
            return _len(_threads()) > 1 or _get_handler(_timer_signal) != _default_action
        except _Exception:
            return True


def run_child(
    request: Request, body: bytes, result_fd: int, plan: Plan, parent_pid: int, names: dict[str, Any], guard: Guard
) -> NoReturn:
    """Run the programs of `body` and end the process. Nothing that was on the stack of the zygote runs after this."""
    code = 1
    try:
        _confine(request, result_fd, plan, parent_pid)
        _write(RESULT_FD, READY)
        run_all(request, body, names, guard, tell_outputs=request.n_programs == 1)
        code = 0
    finally:
        _exit(code)


def _confine(request: Request, result_fd: int, plan: Plan, parent_pid: int) -> None:
    os.setpgid(0, 0)
    plan.apply_before_limits()
    os.dup2(result_fd, RESULT_FD)
    plan.die_with_parent(parent_pid)
    plan.apply_limits(request.memory_bytes, _int(request.n_programs * request.cpu_s) + 2)
    plan.apply_after_limits()


def run_all(request: Request, body: bytes, names: dict[str, Any], guard: Guard, *, tell_outputs: bool = False) -> None:
    """Run the programs of `body` in this process, or only parse them, and write a frame for each; and one for each
    output but the last, so that it outlives the process, if `tell_outputs`.
    """
    if request.parse_only:
        _parse_all(request, body, names)
        return
    for index, (source, inputs) in enumerate(decode_programs(body, request.n_programs)):
        _set_timer(_timer, request.cpu_s)
        # numpy keeps error handling and print options in context variables.
        kind, detail, outputs, name = _copy_context().run(_run_program, source, inputs, names, tell_outputs)
        _set_timer(_timer, 0)
        # Looking at everything copies hundreds of shared pages: not for a program that nobody follows.
        stop = index + 1 < request.n_programs and (kind is Kind.MEMORY or guard.tampered())
        write_whole(encode_result(index, kind, detail, stop, outputs, name))
        if stop:
            return


def _parse_all(request: Request, body: bytes, names: dict[str, Any]) -> None:
    """Normalise every source. Nothing of it runs, so nobody needs a guard."""
    for index, (source, _) in enumerate(decode_programs(body, request.n_programs)):
        _set_timer(_timer, request.cpu_s)
        found = digest(source.decode(), names)
        _set_timer(_timer, 0)
        kind = Kind.SYNTAX if found is None else Kind.DIGEST
        write_whole(encode_result(index, kind, name=found or b""))


def write_whole(frame: bytes) -> None:
    """Write all of it to the result pipe."""
    while frame:
        frame = frame[_write(RESULT_FD, frame) :]


def _run_program(
    source: bytes, inputs: list[tuple[int, int, bytes]], names: dict[str, Any], tell_outputs: bool
) -> tuple[Kind, int, list[bytes], bytes]:
    outputs: list[bytes] = []
    try:
        code = _compile(_str(source, "utf-8"), "<program>", "exec", dont_inherit=True)
    except _Exception:
        # SyntaxError, but also ValueError for NUL, RecursionError and MemoryError for nesting.
        return Kind.SYNTAX, 0, outputs, b""
    scope: dict[str, Any] = {"__builtins__": names, "__name__": "program"}
    try:
        _exec(code, scope)
        task = scope.get("task")
        if not _callable(task):
            return Kind.SYNTAX, 1, outputs, b""
        for n_rows, n_columns, cells in inputs:
            grid = _frombuffer(_bytearray(cells), dtype=_int8).reshape(n_rows, n_columns)
            why, output = grid_bytes(task(grid))
            if why is not None:
                return Kind.INVALID, why, outputs, b""
            outputs.append(output)
            if tell_outputs and _len(outputs) < _len(inputs):
                write_whole(encode_result(0, Kind.OUTPUT, outputs=(output,)))
    except _MemoryError:
        return Kind.MEMORY, 0, outputs, b""
    except _SystemExit as error:
        return Kind.EXIT, _exit_code(error), outputs, b""
    except _BaseException as error:
        # Also KeyboardInterrupt and GeneratorExit: whatever it raised is its verdict.
        return Kind.RAISED, 0, outputs, _class_name(_type(error)).encode("ascii", "replace")[:64]
    finally:
        # Finalizers run now, on this program's time.
        scope.clear()
    return Kind.OK, 0, outputs, b""


def _exit_code(error: SystemExit) -> int:
    code: Any = error.code if _type(error) is _SystemExit else 1
    if code is None:
        return 0
    return _int(code & 0xFF) if _type(code) is _int else 1


def grid_bytes(value: Any) -> tuple[Why | None, bytes]:
    """Why a program's output is no grid, or None and its rows, columns and cells in bytes.

    Only exact types are looked at: a subclass could run its own code here.
    """
    if _type(value) is _ndarray:
        return _array_bytes(value)
    if _type(value) is not _list and _type(value) is not _tuple:
        return Why.TYPE, b""
    return _rows_bytes(value)


def _array_bytes(array: Any) -> tuple[Why | None, bytes]:
    if array.ndim != 2:
        return Why.DIMENSIONS, b""
    n_rows, n_columns = array.shape
    if not n_rows or not n_columns:
        return Why.EMPTY, b""
    if n_rows > _MAX_SIDE or n_columns > _MAX_SIDE:
        return Why.TOO_LARGE, b""
    if array.dtype.kind not in "iub":
        return Why.NOT_INTEGERS, b""
    if array.dtype.itemsize > 1:
        if array.min() < 0 or array.max() > 9:
            return Why.SYMBOL, b""
        array = array.astype(_int8)
    cells = array.tobytes()
    if cells.translate(None, _SYMBOLS):
        return Why.SYMBOL, b""
    return None, _bytes((n_rows, n_columns)) + cells


def _rows_bytes(rows: Any) -> tuple[Why | None, bytes]:
    n_rows = _len(rows)
    if not n_rows:
        return Why.EMPTY, b""
    if n_rows > _MAX_SIDE:
        return Why.TOO_LARGE, b""
    cells: list[int] = []
    n_columns = -1
    for row in rows:
        if _type(row) is _ndarray and row.ndim == 1 and row.dtype.kind in "iu":
            row = row.tolist()
        if _type(row) is not _list and _type(row) is not _tuple:
            return Why.DIMENSIONS, b""
        if n_columns not in (-1, _len(row)):
            return Why.RAGGED, b""
        n_columns = _len(row)
        if n_columns > _MAX_SIDE:
            return Why.TOO_LARGE, b""
        cells.extend(row)
    if not cells:
        return Why.EMPTY, b""
    if not _all(_map(_INTEGERS.__contains__, _map(_type, cells))):
        return Why.NOT_INTEGERS, b""
    if _min(cells) < 0 or _max(cells) > 9:
        return Why.SYMBOL, b""
    return None, _bytes((n_rows, n_columns)) + _bytes(cells)
