"""Programs that break what they run in: crashes, exits, traps in what they return, changes to what neighbours share."""

from __future__ import annotations

from hostile.base import (
    CPU,
    DENIED,
    NO_GRID,
    NO_MODULE,
    OTHER,
    SAME,
    WALL,
    Hostile,
    body,
    exited,
    invalid,
    raised,
    signal,
)

_NOT_INTEGERS = (invalid("not integers"),)
_EVIL_EXCEPTION = """
class M(type):
    def __getattribute__(cls, name):
        while True: pass

class X(Exception, metaclass=M):
    def __str__(self):
        while True: pass

"""
_LIAR = """
class Liar:
    __class__ = np.ndarray
    ndim, shape, dtype = 2, (1, 1), np.dtype(np.int8)
    def tobytes(self): raise SystemExit
    def __getattr__(self, name): raise SystemExit
def task(grid): return Liar()
"""
_EVIL_EQUAL = """
class E:
    def __eq__(self, other):
        while True: pass
    __ne__ = __eq__
    __hash__ = None
def task(grid):
    np.flipud = E()
    return grid
"""
_TRAPS = """
class E:
    def __getattr__(self, name): raise SystemExit
    def __iter__(self):
        while True: yield 1
    def __len__(self): return 1 << 60
    def __index__(self): raise SystemExit
    def __int__(self): raise SystemExit
    def __bool__(self): raise SystemExit
    def __eq__(self, other): raise SystemExit
    def __hash__(self): raise SystemExit
    def __str__(self):
        while True: pass
    __repr__ = __str__
    def __array__(self, *a, **k):
        while True: pass
    def __del__(self): raise SystemExit
"""

CRASHES = [
    Hostile("null pointer", body("import ctypes", "ctypes.string_at(0)"), (signal(11),)),
    Hostile("null pointer in module", "import ctypes\nctypes.string_at(0)", (signal(11),)),
    Hostile("writes to address 0", body("import ctypes", "ctypes.memset(0, 1, 9)"), (signal(11),)),
    Hostile(
        "overwrites its own interpreter",
        body("import ctypes", "ctypes.memset(id(type), 0, 4096)", "return grid"),
        (),
    ),
    Hostile(
        "frees what is not its own",
        body("import ctypes", "ctypes.CDLL(None).free(ctypes.c_void_p(id(grid)))", "return grid + 0"),
        (),
    ),
    Hostile("strides", body("return np.lib.stride_tricks.as_strided(grid, (9, 9), (1 << 40, 1))"), (signal(11),)),
    Hostile(
        "writes through strides",
        body("a = np.lib.stride_tricks.as_strided(grid, (1 << 30,), (1,))", "a[:] = 0", "return grid"),
        (signal(11), signal(6), CPU),
    ),
    Hostile(
        "code out of thin air",
        body("f = (lambda: 0).__code__.replace(co_code=bytes([100, 250] * 8))", "return eval(f)"),
        (),
    ),
    Hostile("abort", body("import os", "os.abort()"), (signal(11), signal(6))),
    Hostile(
        "fatal error",
        body("import ctypes", "ctypes.pythonapi.Py_FatalError(b'x')", "return grid"),
        (signal(11), signal(6)),
    ),
    Hostile("_exit", body("import os", "os._exit(3)"), (exited(3),)),
    Hostile("_exit 0", body("import os", "os._exit(0)"), (exited(0),)),
    Hostile("_exit in module", "import os\nos._exit(0)", (exited(0),)),
    Hostile("exit in C", body("import ctypes", "ctypes.CDLL(None)._exit(5)"), (exited(5),)),
    Hostile("sys.exit", body("import sys", "sys.exit(4)"), (exited(4),)),
    Hostile("sys.exit behind", body("import sys", "try: sys.exit(4)", "finally: sys.exit(5)"), (exited(5),)),
    Hostile("exit in module", "raise SystemExit('bye')", (exited(1),)),
    Hostile(
        "exit with a trap",
        body("class E(SystemExit):", "    code = property(lambda self: 1 / 0)", "raise E"),
        (exited(1), raised("E"), raised("ZeroDivisionError")),
    ),
    Hostile(
        "exit in a finalizer",
        body("class T:", "    def __del__(self): raise SystemExit", "T()", "return grid"),
        (SAME,),
    ),
    Hostile(
        "leaves work for the end",
        body("import threading", "threading._register_atexit(lambda: exec('while True: pass'))", "return grid"),
        (SAME,),
    ),
    Hostile("KeyboardInterrupt", body("raise KeyboardInterrupt"), (raised("KeyboardInterrupt"),)),
    Hostile("GeneratorExit", body("raise GeneratorExit"), (raised("GeneratorExit"),)),
    Hostile("StopIteration", body("raise StopIteration"), (raised("StopIteration"),)),
    Hostile("exception group", body("raise ExceptionGroup('a', [ValueError()] * 9)"), (raised("ExceptionGroup"),)),
    Hostile("evil exception", _EVIL_EXCEPTION + body("raise X()"), (raised("X"),)),
    Hostile("exception named oddly", body("raise type('a b\\n' * 999, (Exception,), {})"), (raised("Exception"),)),
    Hostile("exception in another alphabet", body("raise type('Ж' * 99, (Exception,), {})"), (raised("Exception"),)),
    Hostile("raises no exception", body("raise grid"), (raised("TypeError"),)),
]

VALUES = [
    Hostile("ragged", body("return [[1, 2], [3]]"), (invalid("ragged"),)),
    Hostile("31 wide", body("return np.zeros((3, 31), dtype=int)"), (invalid("side above 30"),)),
    Hostile("31 high", body("return [[0]] * 31"), (invalid("side above 30"),)),
    Hostile("a list of a million rows", body("return [[0]] * 10**6"), (invalid("side above 30"),)),
    Hostile("value 10", body("return grid * 0 + 10"), (invalid("symbol outside 0..9"),)),
    Hostile("value 256", body("return np.full((2, 2), 256)"), (invalid("symbol outside 0..9"),)),
    Hostile("value 2 ** 64", body("return [[1 << 64]]"), (invalid("symbol outside 0..9"),)),
    Hostile("negative", body("return [[-1]]"), (invalid("symbol outside 0..9"),)),
    Hostile("floats", body("return grid * 1.0"), _NOT_INTEGERS),
    Hostile("not a number", body("return grid * np.nan"), _NOT_INTEGERS),
    Hostile("complex", body("return grid * 1j"), _NOT_INTEGERS),
    Hostile("list of floats", body("return [[1.0]]"), _NOT_INTEGERS),
    Hostile("truth values in a list", body("return [[True]]"), (*_NOT_INTEGERS, OTHER)),
    Hostile("objects", body("return np.array([[object()]])"), _NOT_INTEGERS),
    Hostile("text in an array", body("return np.array([['1']])"), _NOT_INTEGERS),
    Hostile("dates", body("return np.zeros((2, 2), dtype='M8[s]')"), _NOT_INTEGERS),
    Hostile("records", body("return np.zeros((2, 2), dtype='i1,i1')"), _NOT_INTEGERS),
    Hostile("masked", body("return np.ma.masked_equal(grid, 1)"), (NO_GRID,)),
    Hostile("matrix", body("return np.asmatrix(grid)"), (NO_GRID,)),
    Hostile("None", body("return None"), (NO_GRID,)),
    Hostile("text", body("return 'grid'"), (NO_GRID,)),
    Hostile("bytes", body("return b'123'"), (NO_GRID,)),
    Hostile("a class", body("return list"), (NO_GRID,)),
    Hostile("a module", body("return np"), (NO_GRID,)),
    Hostile("a number", body("return 1"), (NO_GRID,)),
    Hostile("empty", body("return []"), (invalid("empty"),)),
    Hostile("empty rows", body("return np.zeros((0, 3), dtype=int)"), (invalid("empty"),)),
    Hostile("3-D", body("return np.zeros((1, 1, 1), dtype=int)"), (invalid("not 2 dimensions"),)),
    Hostile("0-D", body("return np.array(1)"), (invalid("not 2 dimensions"),)),
    Hostile("64-D", body("return np.zeros((1,) * 64, dtype=int)"), (invalid("not 2 dimensions"),)),
    Hostile("list in itself", body("a = []", "a.append(a)", "return a"), (invalid("empty"), *_NOT_INTEGERS)),
    Hostile(
        "list in itself, longer", body("a = [[1]]", "a.append(a)", "return a"), (invalid("ragged"), *_NOT_INTEGERS)
    ),
    Hostile("other byte order", body("return grid.astype('>i8')"), (SAME,)),
    Hostile("broadcast", body("return np.broadcast_to(np.int64(10**12), (30, 30))"), (invalid("symbol outside 0..9"),)),
    Hostile("mixed rows", body("return [grid[0], tuple(grid[1].tolist())]"), (SAME,)),
]

TRAPS = [
    Hostile("endless iterator", body("import itertools", "return itertools.count()"), (NO_GRID,)),
    Hostile("endless generator", body("while True: yield 1"), (NO_GRID,)),
    Hostile("endless rows", body("import itertools", "return [itertools.count()]"), (invalid("not 2 dimensions"),)),
    Hostile("every trap", _TRAPS + "def task(grid): return E()", (NO_GRID,)),
    Hostile("every trap as a row", _TRAPS + "def task(grid): return [E()]", (invalid("not 2 dimensions"),)),
    Hostile("every trap as a cell", _TRAPS + "def task(grid): return [[E()]]", _NOT_INTEGERS),
    Hostile(
        "every trap as an object",
        _TRAPS + "def task(grid): return np.array([[E(), 1]], dtype=object)",
        (*_NOT_INTEGERS, exited(0)),
    ),
    Hostile("every trap as a task", _TRAPS + "task = E()", ("program: no function task",)),
    Hostile(
        "every trap as a callable",
        _TRAPS + "class F(E):\n    def __call__(self, grid): return self\ntask = F()",
        (NO_GRID,),
    ),
    Hostile("every trap, raised", _TRAPS + "class F(Exception, E): pass\ndef task(grid): raise F", (raised("F"),)),
    Hostile(
        "evil list", body("class L(list):", "    def __len__(self): raise SystemExit", "return L([[1]])"), (NO_GRID,)
    ),
    Hostile(
        "evil rows",
        body("class L(list):", "    def __iter__(self): return iter(int, 1)", "return [L([1])]"),
        (invalid("not 2 dimensions"),),
    ),
    Hostile(
        "evil int", body("class I(int):", "    def __lt__(self, o): raise SystemExit", "return [[I(1)]]"), _NOT_INTEGERS
    ),
    Hostile(
        "evil array",
        body("class A(np.ndarray):", "    def tobytes(self): raise SystemExit", "return grid.view(A)"),
        (NO_GRID,),
    ),
    Hostile("evil class", _LIAR, (NO_GRID,)),
    Hostile("evil __eq__ for the guard", _EVIL_EQUAL, (SAME, CPU)),
    Hostile(
        "evil name",
        "class N(str):\n    def __eq__(self, o): raise SystemExit\n    __hash__ = str.__hash__\n"
        "globals()[N('task')] = 1\ndef task(grid): return grid",
        (SAME, exited(1), exited(0)),
    ),
    Hostile(
        "task that is replaced",
        body("global task", "task = None", "return grid"),
        (SAME,),
    ),
]

TAMPERING = [
    Hostile("patches numpy", body("np.array = np.flipud = None", "return grid"), (SAME,)),
    Hostile("patches numpy's functions", body("np.ndarray.sum = None"), (raised("TypeError"),)),
    Hostile(
        "patches built-ins",
        body("import builtins", "builtins.AssertionError = builtins.len = None", "return grid"),
        (SAME,),
    ),
    Hostile(
        "removes built-ins", body("import builtins", "vars(builtins).clear()", "return grid"), (SAME, exited(1), CPU)
    ),
    Hostile("patches import", body("import builtins", "builtins.__import__ = None", "return grid"), (SAME,)),
    Hostile("patches the vocabulary", body("import arc_solver.dsl as d", "vars(d).clear()", "return grid"), (SAME,)),
    Hostile("patches its names", body("__builtins__['np'] = None", "return grid"), (SAME,)),
    Hostile("removes its names", body("__builtins__.clear()", "return grid"), (SAME,)),
    Hostile("patches the child", body("import os", "os.write = os._exit = lambda *a: 0", "return grid"), (SAME,)),
    Hostile(
        "patches the child from within",
        body("import arc_solver.sandbox.child as c", "c._write = c._exit = lambda *a: 0", "return grid"),
        (SAME, CPU, WALL, exited(1), exited(0), NO_MODULE, raised("ImportError")),
    ),
    Hostile(
        "removes the child from within",
        body("import sys", "for m in list(sys.modules.values()): vars(m).clear()", "return grid"),
        (SAME, exited(1), signal(11), CPU, raised("TypeError"), raised("AttributeError"), raised("NameError")),
    ),
    Hostile("swaps modules", body("import sys", "sys.modules['numpy'] = None", "return grid"), (SAME,)),
    Hostile("removes modules", body("import sys", "sys.modules.clear()", "return grid"), (SAME,)),
    Hostile("closes what is printed to", body("import sys", "sys.stdout.close()", "return grid"), (SAME,)),
    Hostile("patches what is printed to", body("import sys", "sys.stdout = None", "return grid"), (SAME,)),
    Hostile(
        "error handling",
        body("np.seterr(all='raise')", "import warnings", "warnings.simplefilter('error')", "return grid"),
        (SAME,),
    ),
    Hostile("print options", body("np.set_printoptions(threshold=1, formatter={'all': None})", "return grid"), (SAME,)),
    Hostile("collects no more", body("import gc", "gc.disable()", "return grid"), (SAME,)),
    Hostile(
        "collects with a trap",
        body("import gc", "gc.callbacks.append(lambda *a: exec('while True: pass'))", "return grid"),
        (SAME, CPU),
    ),
    Hostile(
        "traces",
        body("import sys", "def t(*a): raise ValueError", "sys.setprofile(t)", "sys.settrace(t)", "return grid"),
        (raised("ValueError"), SAME),
    ),
    Hostile(
        "audits",
        body("import sys", "def t(*a): raise ValueError", "sys.addaudithook(t)", "return grid"),
        (SAME, raised("ValueError"), raised("AttributeError")),
    ),
    Hostile(
        "lowers the recursion limit",
        body("import sys", "sys.setrecursionlimit(20)", "return grid"),
        (SAME, raised("RecursionError")),
    ),
    Hostile("shares its decimals", body("import decimal", "decimal.getcontext().prec = 1", "return grid"), (SAME,)),
    Hostile("seeds", body("import random", "random.seed(0)", "np.random.seed(0)", "return grid"), (SAME,)),
    Hostile("changes its input", body("grid[:] = 9", "return grid"), (OTHER,)),
    Hostile(
        "grows its input", body("grid.resize((30, 30), refcheck=False)", "return grid"), (OTHER, raised("ValueError"))
    ),
    Hostile(
        "unlocks its input",
        body("grid.base[:] = bytes(6)", "return grid"),
        (OTHER, raised("TypeError"), raised("ValueError"), raised("AttributeError")),
    ),
    Hostile("denies that it may write", body("grid.flags.writeable = False", "return grid"), (SAME,)),
    Hostile(
        "wakes somebody on signals",
        body("import signal", "signal.set_wakeup_fd(1)", "return grid"),
        (SAME, raised("ValueError"), DENIED),
    ),
]

SPOILERS = [
    Hostile(
        "changes the number five",
        body("import ctypes", "ctypes.memset(id(5) + 24, 6, 1)", "return grid"),
        (SAME, OTHER, signal(11), signal(6), CPU, invalid("symbol outside 0..9")),
    ),
    Hostile(
        "answers for its neighbours",
        body(
            "import os",
            "from arc_solver.sandbox.frames import encode_result",
            "for i in range(200): os.write(3, encode_result(i, 1, outputs=[bytes((1, 1, 7))]))",
            "os._exit(0)",
        ),
        ("program: crashed (wrote to the result pipe)", OTHER),
    ),
    Hostile(
        "lies to the guard",
        body("class L:", "    __eq__ = lambda self, other: True", "np.flipud = L()", "return grid"),
        (SAME,),
    ),
]
"""Programs that can spoil the screening of their neighbours, but not what is confirmed."""
