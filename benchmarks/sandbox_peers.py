"""How others run generated programs, written anew for comparison: a process of some kind for every program.

Each function takes a workload and gives the outputs of every program; `n_workers` threads keep that many processes
busy. None of these is a sandbox: nothing here keeps a program from files, from the network or from its parent. Knows
nothing of `arc_solver.sandbox`.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import numpy as np
from sandbox_programs import Workload

from arc_solver.grids import Grid

TIMEOUT_S = 3.0

Outputs = list[list[Grid]]
_Rows = list[list[list[int]]]

_SPAWNED = """
import json, sys
import numpy as np
source, grids = json.load(sys.stdin)
scope = {"np": np}
exec(source, scope)
outputs = [np.asarray(scope["task"](np.array(grid, dtype=np.int8))).tolist() for grid in grids]
print(json.dumps(outputs))
"""


def spawn(workload: Workload, n_workers: int) -> Outputs:
    """A new interpreter that imports numpy, for every program."""
    return _each(workload, n_workers, _spawn_one)


def human_eval_style(workload: Workload, n_workers: int) -> Outputs:
    """Forked process, `exec` under SIGALRM, results through a manager started for every program: the usual harness."""
    return _each(workload, n_workers, _manager_one)


def fork_and_pipe(workload: Workload, n_workers: int) -> Outputs:
    """The same with a pipe in the place of the manager: the kindest reading of that harness."""
    return _each(workload, n_workers, partial(_pipe_one, multiprocessing.get_context("fork")))


def forkserver(workload: Workload, n_workers: int) -> Outputs:
    """The standard library's forkserver with numpy loaded beforehand, a process for every program."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["numpy", __name__])
    # Otherwise every process would run the main script and load this module again, which is not to be measured.
    main = mock.patch.object(sys.modules["__main__"], "__file__", None)
    with main, mock.patch.dict(os.environ, PYTHONPATH=str(Path(__file__).parent)):
        return _each(workload, n_workers, partial(_pipe_one, context))


def _each(workload: Workload, n_workers: int, run_one: Callable[[str, _Rows], _Rows]) -> Outputs:
    grids = [grid.tolist() for grid in workload.grids]
    with ThreadPoolExecutor(n_workers) as threads:
        return [
            [np.array(rows, dtype=np.int8) for rows in outputs]
            for outputs in threads.map(lambda source: run_one(source, grids), workload.sources)
        ]


def _spawn_one(source: str, grids: _Rows) -> _Rows:
    done = subprocess.run(
        [sys.executable, "-c", _SPAWNED],
        input=json.dumps([source, grids]),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S + 10,
        check=True,
    )
    outputs: _Rows = json.loads(done.stdout)
    return outputs


def _manager_one(source: str, grids: _Rows) -> _Rows:
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        results: Any = manager.list()
        process = context.Process(target=_execute, args=(source, grids, results.append))
        process.start()
        process.join(TIMEOUT_S + 1)
        _end(process)
        return list(results[0]) if len(results) else []


def _pipe_one(context: Any, source: str, grids: _Rows) -> _Rows:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_execute_and_send, args=(source, grids, sender))
    process.start()
    sender.close()
    try:
        outputs: _Rows = receiver.recv() if receiver.poll(TIMEOUT_S + 1) else []
    finally:
        process.join(TIMEOUT_S + 1)
        _end(process)
        receiver.close()
    return outputs


def _end(process: Any) -> None:
    if process.is_alive():
        process.kill()
    # A thread that starts a process reaps others' children by the way: for a moment an ended one counts as alive.
    while process.exitcode is None:
        process.join(0.1)
    process.close()


def _execute_and_send(source: str, grids: _Rows, sender: Connection) -> None:
    _execute(source, grids, sender.send)


def _execute(source: str, grids: _Rows, give: Callable[[_Rows], object]) -> None:
    """What runs in the process: an alarm that raises, no output, `exec`."""
    signal.signal(signal.SIGALRM, _raise_timeout)
    signal.setitimer(signal.ITIMER_REAL, TIMEOUT_S)
    outputs: _Rows = []
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            scope: dict[str, Any] = {"np": np}
            exec(source, scope)  # noqa: S102
            outputs = [np.asarray(scope["task"](np.array(grid, dtype=np.int8))).tolist() for grid in grids]
    except Exception:  # noqa: BLE001
        outputs = []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    give(outputs)


def _raise_timeout(number: int, frame: FrameType | None) -> None:
    raise TimeoutError
