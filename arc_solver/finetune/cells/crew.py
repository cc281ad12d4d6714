"""Two threads that compute side by side, each on half of the cores, instead of one that shares every product among all.

The model's matrices are small: two cores that work on one product wait for each other more than two that work on one
product each (`benchmarks/cell_training.py`). Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

N_WORKERS = 2
"""However many cores there are: a step has about four parts, so more threads would wait for the slowest."""


class Crew:
    """Threads that compute on the CPU, or nobody but the caller where there is one core or a GPU.

    Args:
        device: Where is computed.

    Attributes:
        n_workers: How many pieces of work are done at once.
    """

    def __init__(self, device: torch.device) -> None:
        self._n_cores = torch.get_num_threads()
        alone = device.type != "cpu" or self._n_cores < N_WORKERS
        self.n_workers = 1 if alone else N_WORKERS
        self._pool = None if alone else ThreadPoolExecutor(N_WORKERS, initializer=self._settle)

    def _settle(self) -> None:
        # For the thread that says so; new threads would use as many as the whole process may.
        torch.set_num_threads(self._n_cores // N_WORKERS)

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """What `work` gives for each item, in order.

        Raises:
            Exception: What the first failing piece of work raised, after all have ended.
        """
        if self._pool is None:
            return [work(item) for item in items]
        waiting = [self._pool.submit(work, item) for item in items]
        for one in waiting:
            one.exception()
        return [one.result() for one in waiting]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            # Some libraries have one number of threads for the whole process.
            torch.set_num_threads(self._n_cores)
