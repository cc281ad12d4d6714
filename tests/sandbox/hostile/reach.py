"""Programs that reach out of their process: other processes, files, the network, descriptors."""

from __future__ import annotations

from hostile.base import (
    CPU,
    DENIED,
    GARBLED,
    NO_FILE,
    NO_MODULE,
    OTHER,
    SAME,
    TOOK_ZYGOTE_DOWN,
    WALL,
    Hostile,
    body,
    exited,
    raised,
    signal,
)

_OTHER_USER = ("seccomp", "setuid", "landlock")
"""Each of them keeps signals and tracing from processes that are not the program's own."""

_FILES = ("seccomp", "setuid", "landlock")
"""Each of them keeps even root from what lies outside the tests' folder, also where chroot holds."""

_DAEMON = """
import os, time
def task(grid):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: time.sleep(0.1)
        os._exit(0)
    return grid
"""
_RAW_FORK = """
import ctypes, os
def task(grid):
    me = os.getpid()
    for number in (57, 58, 220):
        ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)
        if os.getpid() != me: os._exit(0)
    return grid
"""
_ESCAPE_CHROOT = """
import os
def task(grid):
    os.mkdir('x')
    os.chroot('x')
    for _ in range(99): os.chdir('..')
    os.chroot('.')
    open('@CANARY@', 'w').write('x')
    return grid
"""
_CONNECT = """
import ctypes, os, struct
def task(grid):
    c = ctypes.CDLL(None)
    c.close(0)
    fd = c.socket(2, {kind}, 0)
    address = struct.pack('=H', 2) + struct.pack('>H', {port}) + bytes((127, 0, 0, 1)) + bytes(8)
    c.connect(fd, address, 16)
    c.send(fd, b'x', 1, 0)
    return grid
"""
_UNIX = """
import ctypes, os, struct
def task(grid):
    c = ctypes.CDLL(None)
    c.close(0)
    fd = c.socket(1, 1, 0)
    address = struct.pack('=H', 1) + b'\\0arc-solver-@TCP@'
    c.connect(fd, address, len(address))
    c.send(fd, b'x', 1, 0)
    return grid
"""
_EVERY_DESCRIPTOR = ("for fd in range(64):", "    try: os.write(fd, {bytes})", "    except OSError: pass")

PROCESSES = [
    Hostile(
        "forks",
        body("import os, time", "for _ in range(50):", "    if os.fork() == 0: time.sleep(1000)", "return grid"),
        (DENIED, raised("BlockingIOError"), SAME),
    ),
    Hostile(
        "forks for ever",
        body(
            "import os", "for _ in range(2000):", "    try: os.fork()", "    except OSError: pass", "while True: pass"
        ),
        (CPU,),
        ("seccomp", "rlimits"),
    ),
    Hostile("forks by number", _RAW_FORK, (SAME, signal(31))),
    Hostile("becomes a daemon", _DAEMON, (DENIED, raised("BlockingIOError"), SAME)),
    Hostile(
        "threads",
        body(
            "import threading, time",
            "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
            "return grid",
        ),
        (raised("RuntimeError"), SAME),
    ),
    Hostile(
        "many threads",
        body(
            "import _thread",
            "def spin():",
            "    while True: pass",
            "for _ in range(99): _thread.start_new_thread(spin, ())",
            "return grid",
        ),
        (raised("RuntimeError"), raised("error"), CPU),
    ),
    Hostile("starts a shell", body("import os", "os.execv('/bin/sh', ['sh', '-c', 'sleep 1000'])"), (*NO_FILE, WALL)),
    Hostile(
        "starts a shell quietly", body("import os", "os.system('echo x > @FOLDER@/shell')", "return grid"), (SAME,)
    ),
    Hostile(
        "spawns",
        body("import os", "os.posix_spawn('/bin/sh', ['sh', '-c', 'echo x > @FOLDER@/spawned'], {})", "return grid"),
        (*NO_FILE, raised("BlockingIOError")),
    ),
    Hostile("subprocess", "import subprocess\nsubprocess.run(['sleep', '1000'])", (NO_MODULE,)),
    Hostile("multiprocessing", "import multiprocessing\nmultiprocessing.Process().start()", (NO_MODULE,)),
    Hostile("imports what is not there", "import scipy.ndimage\ndef task(grid): return grid", (NO_MODULE,)),
    Hostile(
        "kills its parent",
        body("import os, signal", "os.kill(os.getppid(), signal.SIGKILL)", "return grid"),
        (DENIED, TOOK_ZYGOTE_DOWN),
    ),
    Hostile(
        "stops its parent",
        body("import os, signal", "os.kill(os.getppid(), signal.SIGTERM)", "while True: pass"),
        (DENIED, TOOK_ZYGOTE_DOWN),
    ),
    Hostile(
        "kills the parent's parent",
        body("import os", "os.kill(@PARENT@, 9)", "return grid"),
        (DENIED, raised("ProcessLookupError")),
        _OTHER_USER,
    ),
    Hostile(
        "kills everything",
        body("import os", "os.kill(-1, 9)", "return grid"),
        (DENIED, raised("ProcessLookupError"), SAME),
        _OTHER_USER,
    ),
    Hostile("kills its group", body("import os", "os.killpg(0, 9)", "return grid"), (DENIED, signal(9))),
    Hostile("kills itself", body("import os", "os.kill(os.getpid(), 9)", "return grid"), (DENIED, signal(9))),
    Hostile("leaves its group", body("import os", "os.setsid()", "while True: pass"), (DENIED, CPU)),
    Hostile(
        "raises its limits",
        body("import resource", "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))", "return grid"),
        (DENIED, raised("ValueError")),
    ),
    Hostile(
        "limits its parent",
        body("import os, resource", "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (0, 0))", "return grid"),
        (DENIED, TOOK_ZYGOTE_DOWN),
    ),
    Hostile(
        "limits the parent's parent",
        body("import resource", "resource.prlimit(@PARENT@, resource.RLIMIT_NOFILE, (9, 9))", "return grid"),
        (DENIED, raised("ProcessLookupError")),
        ("seccomp", "setuid"),
    ),
    Hostile("gets in front", body("import os", "os.nice(-20)", "return grid"), (DENIED, raised("OSError"), SAME)),
    Hostile(
        "traces its parent",
        body("import ctypes, os", "ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)", "return grid"),
        (SAME,),
        _OTHER_USER,
    ),
]

FILES = [
    Hostile("writes a file", body("open('@FOLDER@/new', 'w').write('x')", "return grid"), NO_FILE),
    Hostile(
        "overwrites a file",
        body("import os", "fd = os.open('@CANARY@', os.O_WRONLY | os.O_TRUNC)", "os.write(fd, b'x')", "return grid"),
        NO_FILE,
    ),
    Hostile(
        "overwrites a file through a free descriptor",
        body("import os", "os.closerange(0, 1)", "open('@CANARY@', 'w').write('x')", "return grid"),
        NO_FILE,
    ),
    Hostile(
        "overwrites a file quietly",
        body(
            "import os",
            "try:",
            "    os.closerange(0, 1)",
            "    np.ones(9).tofile('@CANARY@')",
            "except: pass",
            "return grid",
        ),
        (SAME,),
    ),
    Hostile("removes a file", body("import os", "os.unlink('@CANARY@')", "return grid"), NO_FILE),
    Hostile("moves a file", body("import os", "os.rename('@CANARY@', '@FOLDER@/moved')", "return grid"), NO_FILE),
    Hostile("links a file", body("import os", "os.link('@CANARY@', '@FOLDER@/linked')", "return grid"), NO_FILE),
    Hostile("changes a mode", body("import os", "os.chmod('@CANARY@', 0)", "return grid"), NO_FILE),
    Hostile("cuts a file off", body("import os", "os.truncate('@CANARY@', 0)", "return grid"), NO_FILE),
    Hostile("makes a folder", body("import os", "os.mkdir('@FOLDER@/made')", "return grid"), NO_FILE),
    Hostile("makes a folder where it is", body("import os", "os.mkdir('made')", "return grid"), NO_FILE, _FILES),
    Hostile("breaks out of chroot", _ESCAPE_CHROOT, NO_FILE, _FILES),
    Hostile("reads a file", body("open('/etc/passwd').read()", "return grid"), NO_FILE),
    Hostile("reads a file with numpy", body("np.fromfile('/etc/passwd', dtype=np.int8)", "return grid"), NO_FILE),
    Hostile("maps a file", body("np.memmap('@CANARY@', mode='r+')[:] = 0", "return grid"), NO_FILE),
    Hostile("lists a folder", body("import os", "return [[len(os.listdir('/'))]]"), (*NO_FILE, OTHER)),
    Hostile("reads the memory of its parent", body("open('/proc/@PARENT@/mem', 'rb').read(1)", "return grid"), NO_FILE),
    Hostile(
        "writes the memory of its parent",
        body("import os", "open(f'/proc/{os.getppid()}/mem', 'r+b').write(b'x')", "return grid"),
        NO_FILE,
    ),
    Hostile("writes its own memory", body("open('/proc/self/mem', 'r+b').write(b'x')", "return grid"), NO_FILE),
    Hostile("reads an environment", body("open('/proc/@PARENT@/environ').read()", "return grid"), NO_FILE),
    Hostile("lists descriptors", body("import os", "os.listdir('/proc/@PARENT@/fd')", "return grid"), NO_FILE),
    Hostile(
        "shields itself from the end of memory",
        body("open('/proc/self/oom_score_adj', 'w').write('-1000')", "return grid"),
        NO_FILE,
    ),
    Hostile(
        "imports a file",
        body("import sys", "sys.path.insert(0, '@FOLDER@')", "import canary_module", "return grid"),
        (NO_MODULE,),
    ),
    Hostile(
        "shares memory by name",
        body("import _posixshmem", "_posixshmem.shm_open('/arc-solver', 66)", "return grid"),
        (NO_MODULE, *NO_FILE),
    ),
]

NETWORK = [
    Hostile(
        "opens a socket",
        body("import _socket", "_socket.socket()", "return grid"),
        (DENIED, raised("OSError"), NO_MODULE),
    ),
    Hostile("imports the network", "import urllib.request\nurllib.request.urlopen('http://127.0.0.1')", (NO_MODULE,)),
    Hostile("connects", _CONNECT.format(kind=1, port="@TCP@"), (SAME,)),
    Hostile("sends a datagram", _CONNECT.format(kind=2, port="@UDP@"), (SAME,)),
    Hostile("connects to a socket without a file", _UNIX, (SAME,)),
]

DESCRIPTORS = [
    Hostile("prints megabytes", body("for _ in range(200): print('x' * 100000)", "return grid"), (SAME,)),
    Hostile("closes descriptors", body("import os", "os.closerange(0, 100)", "return grid"), (exited(1),)),
    Hostile("closes the result pipe and waits", body("import os, time", "os.close(3)", "time.sleep(1000)"), (WALL,)),
    Hostile(
        "closes the result pipe and works",
        body("import os", "os.close(3)", "while True: pass"),
        (CPU,),
    ),
    Hostile(
        "writes to every descriptor",
        body("import os", *(line.format(bytes="b'\\xff' * 999") for line in _EVERY_DESCRIPTOR), "return grid"),
        (GARBLED,),
    ),
    Hostile(
        "floods every descriptor",
        body("import os", "while True:", *(f"    {line.format(bytes=repr(b'x' * 99))}" for line in _EVERY_DESCRIPTOR)),
        (GARBLED,),
    ),
    Hostile(
        "writes an endless length", body("import os", "os.write(3, b'\\xff\\xff\\xff\\xff')", "return grid"), (GARBLED,)
    ),
    Hostile("writes zeros", body("import os", "os.write(3, bytes(99))", "return grid"), (GARBLED,)),
    Hostile(
        "drips bytes",
        body("import os, time", "while True:", "    os.write(3, b'x')", "    time.sleep(0.05)"),
        (WALL, GARBLED),
    ),
    Hostile(
        "redirects what it prints",
        body("import os", "os.dup2(3, 1)", "print('x' * 100000, flush=True)", "return grid"),
        (DENIED, GARBLED),
    ),
    Hostile("reads the result pipe", body("import os", "os.read(3, 99)", "return grid"), (raised("OSError"), WALL)),
    Hostile(
        "reads every descriptor", body("import os", "return [[len(os.read(0, 9) + os.read(1, 9))]]"), (*NO_FILE, OTHER)
    ),
]
