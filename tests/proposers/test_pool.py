"""A pool tells the newest that it was told, and nothing of what it knows nothing of."""

from __future__ import annotations

from arc_solver.grids import as_grid
from arc_solver.proposers.base import Pool, PooledGrid, PoolState
from arc_solver.proposers.pool import SharedPool

GRID = PooledGrid(as_grid([[1]]), "program", 2, ("search",))


def test_nothing_is_known_of_a_task_before_it_is_told() -> None:
    pool: Pool = SharedPool()
    state = pool.state("t")
    assert state == PoolState("t")
    assert not state.solved
    assert state.of(0) == state.of(3) == ()


def test_the_newest_state_of_each_task_is_told() -> None:
    pool = SharedPool()
    old, new, other = PoolState("t", ((GRID,),)), PoolState("t", ((GRID,), ()), 2), PoolState("u")
    for state in (old, other, new):
        pool.put(state)
    assert pool.state("t") is new
    assert pool.state("t").solved
    assert pool.state("t").of(0) == (GRID,)
    assert pool.state("t").of(1) == pool.state("t").of(2) == ()
    assert pool.state("u") is other
