"""Several zygotes with the same hash seed: hands out jobs, replaces what dies. Knows nothing of verdicts."""

from __future__ import annotations

import selectors
import time
from collections import deque
from collections.abc import Callable, Collection

from arc_solver.budget import Deadline
from arc_solver.errors import SandboxError
from arc_solver.sandbox.frames import READY, Answer
from arc_solver.sandbox.layers import Isolation
from arc_solver.sandbox.worker import Job, LostError, Worker

_JOBS_IN_FLIGHT = 2
_MAX_LOSSES_IN_A_ROW = 16
_POLL_S = 1.0

# Before another try where no child came up. A machine may be out of processes for a moment, because of others, or
# because of a program that nothing limits (all layers off): with one try, at once, the hostile suite failed there once.
_PAUSES_S = (0.0, 0.2, 1.0)

Accept = Callable[[Job, Answer | None], None]
Tell = Callable[[str], None]


def say_nothing(text: str) -> None:
    """For who does not want to hear of zygotes that are lost."""


class Fleet:
    """Zygotes that are started on `start` and replaced when they die.

    Args:
        n_workers: Number of zygotes.
        hash_seed: PYTHONHASHSEED of all of them.
        disabled: Isolation layers that are left off.
        tell: Gets what a zygote did whenever one is lost, such as `was killed by signal 9`.
    """

    def __init__(
        self, n_workers: int, hash_seed: int, disabled: Collection[str] = (), tell: Tell = say_nothing
    ) -> None:
        self._n_workers = n_workers
        self._hash_seed = hash_seed
        self._disabled = disabled
        self._tell = tell
        self._workers: list[Worker] = []
        self._n_losses_in_a_row = 0

    @property
    def isolation(self) -> Isolation:
        """Which layers hold; the fleet must have been started."""
        return self._workers[0].isolation

    def start(self) -> None:
        """Start what is not running.

        Raises:
            SandboxError: A zygote does not start.
        """
        while len(self._workers) < self._n_workers:
            self._workers.append(Worker(self._hash_seed, self._disabled))

    def close(self) -> None:
        """End every zygote."""
        while self._workers:
            self._workers.pop().stop()

    def process_ids(self) -> tuple[int, ...]:
        """Process ids of the zygotes that run now."""
        return tuple(worker.pid for worker in self._workers)

    def drive(self, queue: deque[Job], accept: Accept, deadline: Deadline | None = None) -> None:
        """Work until the queue is empty and everything is answered, or until the deadline.

        Args:
            queue: Jobs to do; `accept` may add to it.
            accept: Called with every job and its answer, or with None where the job was lost twice together with its
                zygote, although fresh zygotes work.
            deadline: When to drop what is not answered; zygotes that are at work then are ended.

        Raises:
            SandboxError: Zygotes do not start, cannot fork, or die again and again.
        """
        try:
            while queue or any(worker.jobs for worker in self._workers):
                if deadline is not None and deadline.passed():
                    self._abandon(queue)
                    return
                self._step(queue, accept, _POLL_S if deadline is None else min(_POLL_S, deadline.remaining_s()))
        except BaseException:
            # Answers of an abandoned run must not meet the jobs of the next.
            self.close()
            raise

    def _abandon(self, queue: deque[Job]) -> None:
        queue.clear()
        for worker in [worker for worker in self._workers if worker.jobs]:
            self._workers.remove(worker)
            worker.stop()

    def _step(self, queue: deque[Job], accept: Accept, wait_s: float) -> None:
        self.start()
        with selectors.DefaultSelector() as selector:
            for worker in self._workers:
                while queue and len(worker.jobs) < _JOBS_IN_FLIGHT:
                    worker.submit(queue.popleft())
                if worker.jobs:
                    write = selectors.EVENT_WRITE if worker.wants_to_write() else 0
                    selector.register(worker, selectors.EVENT_READ | write, worker)
            for key, events in selector.select(wait_s):
                self._talk(key.data, events, queue, accept)
        for worker in [worker for worker in self._workers if worker.overdue()]:
            self._lose(worker, queue, accept, f"hung: no answer within {worker.jobs[0].longest_s:.0f}s")

    def _talk(self, worker: Worker, events: int, queue: deque[Job], accept: Accept) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                worker.write()
            answers = worker.read() if events & selectors.EVENT_READ else []
        except LostError as error:
            self._lose(worker, queue, accept, str(error))
            return
        for job, answer in answers:
            if answer.results.startswith(READY):
                self._n_losses_in_a_row = 0
                accept(job, answer)
            elif job.n_false_starts == len(_PAUSES_S):
                raise SandboxError("the sandbox cannot start a process for programs")
            else:
                time.sleep(_PAUSES_S[job.n_false_starts])
                job.n_false_starts += 1
                queue.appendleft(job)

    def _lose(self, worker: Worker, queue: deque[Job], accept: Accept, how: str) -> None:
        """Replace a zygote; the job that it was at is retried once, what waited behind is not blamed."""
        self._workers.remove(worker)
        jobs = list(worker.jobs)
        worker.stop()
        self._tell(how)
        self._n_losses_in_a_row += 1
        if self._n_losses_in_a_row > _MAX_LOSSES_IN_A_ROW:
            raise SandboxError("the processes of the sandbox die again and again")
        # Starting runs a trivial program: if that works, the sandbox is not at fault.
        self.start()
        queue.extendleft(reversed(jobs[1:]))
        if jobs:
            jobs[0].n_losses += 1
            if jobs[0].n_losses > 1:
                accept(jobs[0], None)
            else:
                queue.appendleft(jobs[0])
