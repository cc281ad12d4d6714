"""Programs for ARC-AGI-1 training tasks: one file a task, `t_<task id>.py`, with one function `task(grid)`.

The files are data as much as code: they are read as text, shown to the model as text, and run where programs run. So
nothing here is imported; a file's docstring is the rule in words. Knows nothing of pairs: whether a program is right is
`omni.verify`'s to say.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

MAX_LINES = 30
"""Lines that a solver may have, its signature included; blank lines do not count."""

FOLDER = Path(__file__).parent
_PREFIX = "t_"
_IMPORT = "from arc_solver.dsl import *"


@dataclass(frozen=True, slots=True)
class Solver:
    """A program for one training task.

    Attributes:
        task_id: The task.
        summary: The rule in one sentence.
        source: Python source that defines `task(grid)`; `arc_solver.dsl` names and `np` are in scope.
    """

    task_id: str
    summary: str
    source: str

    @property
    def n_lines(self) -> int:
        """Lines of the source that are not blank."""
        return sum(bool(line.strip()) for line in self.source.splitlines())


def load_solvers() -> Mapping[str, Solver]:
    """All solvers by task id, in the order of the ids.

    Raises:
        ValueError: A file is not of the form described above; the message names it and says what is wrong.
    """
    return _load(FOLDER)


@cache
def load_unsolved() -> Mapping[str, str]:
    """Training tasks without a solver: task id -> why, in the order of the ids."""
    tasks = tomllib.loads((FOLDER / "unsolved.toml").read_text(encoding="utf-8"))["tasks"]
    return MappingProxyType(dict(sorted(tasks.items())))


@cache
def _load(folder: Path) -> Mapping[str, Solver]:
    solvers = (read_solver(path) for path in sorted(folder.glob(f"{_PREFIX}*.py")))
    return MappingProxyType({solver.task_id: solver for solver in solvers})


def read_solver(path: Path) -> Solver:
    """The solver in one file.

    Raises:
        ValueError: As `load_solvers`.
    """
    text = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise ValueError(f"{path.name}, line {error.lineno}: {error.msg}") from None
    match tree.body:
        case [ast.Expr(), ast.ImportFrom() as line, ast.FunctionDef(name="task") as function]:
            summary = (ast.get_docstring(tree) or "").strip()
            if not summary or ast.unparse(line) != _IMPORT or [one.arg for one in function.args.args] != ["grid"]:
                raise ValueError(f"{path.name}: wanted are a docstring, `{_IMPORT}` and `def task(grid)`")
        case _:
            raise ValueError(f"{path.name}: wanted are a docstring, `{_IMPORT}` and one function `task`, nothing else")
    source = "\n".join(text.splitlines()[function.lineno - 1 :]).rstrip() + "\n"
    solver = Solver(path.stem.removeprefix(_PREFIX), " ".join(summary.split()), source)
    if solver.n_lines > MAX_LINES:
        raise ValueError(f"{path.name}: {solver.n_lines} lines, at most {MAX_LINES} are allowed")
    return solver
