"""One engine of a fleet over all the processes that it has had: its plan, its work, its signs of life.

Knows nothing of the other engines, nor of what happens to the work of one that is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from arc_solver.advancing import step
from arc_solver.budget import Clock, Deadline
from arc_solver.engines.base import Completion, IsWanted, Request
from arc_solver.engines.degrading import Failure, next_step
from arc_solver.engines.plans import EnginePlan
from arc_solver.engines.worker_process import WorkerProcess
from arc_solver.engines.worker_wire import Answered, Ask, Beat, Drop, Ready, Report, Stop, Through
from arc_solver.prompts.base import Prompt

_N_SECOND_CHANCES = 2


@dataclass(frozen=True, slots=True)
class Patience:
    """When a silent engine is given up.

    Attributes:
        start_s: For loading and compiling.
        least_s: Without a step, at least.
        factor: Without a step, at least so many times the longest that it took so far.
    """

    start_s: float = 900.0
    least_s: float = 300.0
    factor: float = 20.0


@dataclass(slots=True, eq=False)
class Call:
    """One call of `generate` that is being read.

    Attributes:
        open: What has no answer yet and is wanted, by id.
        waiting: Of it, what no engine works on; ids that are not open any more may be left in it.
        inbox: Answers that the caller has not taken.
        refusal: Why it cannot be answered at all; empty while it can.
    """

    deadline: Deadline
    is_wanted: IsWanted | None
    n_tokens: dict[Prompt, int]
    open: dict[str, Request]
    waiting: deque[Request]
    inbox: deque[tuple[str, Completion]] = field(default_factory=deque)
    refusal: str = ""

    def deliver(self, request_id: str, completion: Completion) -> None:
        """The first answer counts: a request that changed hands may get two, and they are the same."""
        if self.open.pop(request_id, None) is not None:
            self.inbox.append((request_id, completion))

    def forget_unwanted(self) -> None:
        """Ask the caller what it still wants."""
        if self.is_wanted is not None:
            for request_id in [request_id for request_id in self.open if not self.is_wanted(request_id)]:
                del self.open[request_id]


@dataclass(slots=True, eq=False)
class Assignment:
    """What one engine works on: requests in the order in which it got them."""

    number: int
    call: Call
    requests: dict[str, Request]


class Member:
    """One engine.

    Args:
        name: For messages to people.
        plan: How it is started first.
        make_worker: Starts a process for a plan.
        patience: When it is given up.
        clock: Tells how long it has been silent.

    Attributes:
        plan: How it runs now.
        is_alive: Whether it has a process.
        is_ready: Whether its engine has started.
        context_length: Of its engine.
        description: Of its engine, one line.
        assignment: What it works on, or None.
        n_answered: Completions so far.
    """

    def __init__(
        self,
        name: str,
        plan: EnginePlan,
        make_worker: Callable[[EnginePlan], WorkerProcess],
        patience: Patience,
        clock: Clock,
    ) -> None:
        self.name, self.plan = name, plan
        self._make_worker, self._patience, self._clock = make_worker, patience, clock
        self.context_length, self.description = 0, ""
        self.n_answered = 0
        self._n_second_chances = _N_SECOND_CHANCES
        self._longest_step_s = 0.0
        self.start(plan)

    @property
    def is_alive(self) -> bool:
        return self._worker is not None

    @property
    def pid(self) -> int:
        """Its process; it must be alive."""
        assert self._worker is not None
        return self._worker.pid

    def owns(self, worker: WorkerProcess) -> bool:
        """Whether this is its process, not one that it had before."""
        return self._worker is worker

    def start(self, plan: EnginePlan) -> None:
        """Start it, as planned, in a new process."""
        self.plan = plan
        self.is_ready = False
        self.assignment: Assignment | None = None
        self._n_looks = 0
        self._n_answered_before = self.n_answered
        self._sign_s = self._clock.now_s()
        self._worker: WorkerProcess | None = self._make_worker(plan)

    def assign(self, assignment: Assignment) -> None:
        """Give it work."""
        self.assignment = assignment
        self._sign_s = self._clock.now_s()
        self._send(Ask(assignment.number, tuple(assignment.requests.values())))

    def drop(self, requests: list[Request]) -> None:
        """Take some of its work away."""
        if self.assignment is not None and requests:
            for request in requests:
                del self.assignment.requests[request.request_id]
            self._send(Drop(self.assignment.number, tuple(request.request_id for request in requests)))

    def stop(self) -> None:
        """Nothing of what it works on is wanted; it says when it is through."""
        if self.assignment is not None:
            self._send(Stop(self.assignment.number))

    def hear(self, report: Report, time_s: float) -> None:
        """Take note of a report."""
        if isinstance(report, Beat):
            if report.n_looks == self._n_looks or not self.is_ready:
                return  # it lives, but its engine does not step
            self._n_looks = report.n_looks
        step()
        assignment = self.assignment
        if self.is_ready and assignment is not None:
            self._longest_step_s = max(self._longest_step_s, time_s - self._sign_s)
        self._sign_s = time_s
        if isinstance(report, Ready):
            self.is_ready = True
            self.context_length, self.description = report.context_length, report.description
        elif isinstance(report, Answered) and assignment is not None and assignment.number == report.number:
            self.n_answered += 1
            assignment.requests.pop(report.request_id, None)
            assignment.call.deliver(report.request_id, report.completion)
        elif isinstance(report, Through) and assignment is not None and assignment.number == report.number:
            self.assignment = None
            assignment.call.refusal = assignment.call.refusal or report.refusal
            # None is left, but for what was taken away again or stopped; what is still wanted must not be forgotten.
            assignment.call.waiting.extend(assignment.requests.values())

    def overdue_s(self) -> float | None:
        """How long it has been silent, if that is too long."""
        if self.assignment is None and self.is_ready:
            return None
        patience_s = self._patience.start_s
        if self.is_ready:
            patience_s = max(self._patience.least_s, self._patience.factor * self._longest_step_s)
        silent_s = self._clock.now_s() - self._sign_s
        return silent_s if silent_s > patience_s else None

    def plan_after(self, failure: Failure) -> EnginePlan | None:
        """How it should start again: weaker, unless it died and had worked before; None if nothing is left to try."""
        has_worked = failure is Failure.DIED and self.n_answered > self._n_answered_before
        if has_worked and self._n_second_chances > 0:
            self._n_second_chances -= 1
            return self.plan
        return next_step(self.plan, failure)

    def kill(self) -> Assignment | None:
        """End its process and give back what it worked on."""
        assert self._worker is not None
        self._worker.kill()
        self._worker, self.is_ready = None, False
        assignment, self.assignment = self.assignment, None
        return assignment

    def close(self, patience_s: float) -> None:
        """Let its process end."""
        if self._worker is not None:
            self._worker.close(patience_s)
            self._worker = None

    def _send(self, order: Ask | Drop | Stop) -> None:
        if self._worker is not None:
            self._worker.send(order)
