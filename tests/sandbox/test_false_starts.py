"""A child that does not come up is tried again, a few times: machines run out of processes for a moment."""

from __future__ import annotations

import selectors
from collections import deque

import pytest

from arc_solver.errors import SandboxError
from arc_solver.sandbox import fleet as rooms
from arc_solver.sandbox.fleet import Fleet
from arc_solver.sandbox.frames import READY, Answer, End
from arc_solver.sandbox.worker import Job


class Refusing:
    """Stands for a zygote that cannot fork so many times, and then can."""

    def __init__(self, n_refusals: int) -> None:
        self.n_refusals = n_refusals
        self.job = Job(1, False, (0,), b"", 1.0)

    def read(self) -> list[tuple[Job, Answer]]:
        self.n_refusals -= 1
        if self.n_refusals >= 0:
            return [(self.job, Answer(1, End.NO_CHILD, 0, b""))]
        return [(self.job, Answer(1, End.EXITED, 0, READY))]


def talk(n_refusals: int) -> list[Job]:
    """What a fleet accepts of it, as often as it is given the job again."""
    worker, queue, accepted = Refusing(n_refusals), deque(), []
    queue.append(worker.job)
    while queue:
        queue.popleft()
        Fleet(1, 0)._talk(worker, selectors.EVENT_READ, queue, lambda job, answer: accepted.append(job))
    return accepted


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_PAUSES_S", (0.0,) * len(rooms._PAUSES_S))


@pytest.mark.parametrize("n_refusals", [0, 1, 2, 3])
def test_a_few_false_starts_cost_nothing(n_refusals: int) -> None:
    assert [job.n_losses for job in talk(n_refusals)] == [0]


def test_more_are_a_broken_sandbox() -> None:
    with pytest.raises(SandboxError, match="cannot start a process"):
        talk(4)
