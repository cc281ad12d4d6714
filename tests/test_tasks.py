from __future__ import annotations

from arc_solver.grids import as_grid
from arc_solver.tasks import Challenges, MalformedTask, Pair, Task

GRID = as_grid([[1, 2]])


def test_outputs_are_counted_over_good_and_bad_tasks():
    good = Task("b", (Pair(GRID, GRID),), (GRID, GRID))
    bad = MalformedTask("a", "task a: has no 'train'", (None, GRID, None))
    challenges = Challenges((good,), (bad,), ("a", "b"))
    assert challenges.n_outputs() == 5
    assert Challenges((), (), ()).n_outputs() == 0


def test_tasks_come_by_id_in_the_order_of_the_file():
    good = [Task(name, (Pair(GRID, GRID),), (GRID,)) for name in "ac"]
    bad = MalformedTask("b", "task b: is ill", (None,))
    found = Challenges(tuple(good), (bad,), ("c", "b", "a")).by_id()
    assert list(found) == ["c", "b", "a"]
    assert found["b"] is bad
    assert found["a"] is good[0]
