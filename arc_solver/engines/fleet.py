"""Several engines behind the seam of one: a process each, fed from one queue.

Requests are handed out in the order of their prompts, so that those which begin alike meet in one engine's prefix
cache; an engine that has nothing left takes over what another has not begun. An engine that dies, hangs or breaks loses
nothing: its open requests go back into the queue, and it is started again, one step down the ladder of `degrading.py`.
Whoever reads the answers may work on them meanwhile, the engines go on.

Knows plans, requests and processes; nothing of models, CUDA or ARC.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from arc_solver.budget import Clock, Deadline, MonotonicClock
from arc_solver.engines.base import Completion, Finish, IsWanted, Request
from arc_solver.engines.checks import check_requests
from arc_solver.engines.degrading import Failure, failure_of, next_step
from arc_solver.engines.ordering import prefix_order
from arc_solver.engines.plans import EnginePlan
from arc_solver.engines.worker_process import WORKER_COMMAND, Arrival, WorkerProcess
from arc_solver.engines.worker_wire import Answered, Ask, Beat, Broken, Drop, Open, Ready, Report, Stop, Through
from arc_solver.errors import EngineError, ModelError
from arc_solver.prompts.base import Prompt

_POLL_S = 0.2
_CLOSE_S = 3.0
_OUT_OF_CONTEXT = Completion("", (), 0.0, Finish.LENGTH)


@dataclass(frozen=True, slots=True)
class Patience:
    """When a silent engine is given up.

    Attributes:
        start_s: For loading and compiling.
        least_s: Without a step, at least.
        factor: Without a step, at least so many times the longest that it took so far.
    """

    start_s: float = 900.0
    least_s: float = 120.0
    factor: float = 20.0


@dataclass(slots=True, eq=False)
class _Call:
    """One call of `generate` that is being read."""

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
        if self.is_wanted is not None:
            for request_id in [request_id for request_id in self.open if not self.is_wanted(request_id)]:
                del self.open[request_id]


@dataclass(slots=True, eq=False)
class _Assignment:
    """What one engine works on."""

    number: int
    call: _Call
    requests: dict[str, Request]

    def n_open(self) -> int:
        return len(self.requests)


@dataclass(slots=True, eq=False)
class _Member:
    """One engine of the fleet, over all its processes."""

    name: str
    plan: EnginePlan
    worker: WorkerProcess | None = None
    is_ready: bool = False
    context_length: int = 0
    description: str = ""
    assignment: _Assignment | None = None
    n_answered: int = 0
    n_answered_before_start: int = 0
    n_second_chances: int = 2
    n_looks: int = 0
    sign_s: float = 0.0
    longest_step_s: float = 0.0


class EngineFleet:
    """Engines that share one queue of requests.

    Args:
        plans: One for each engine.
        model: The model's folder.
        adapter: A LoRA for it, or None.
        encode: Token ids of a rendered prompt (`rendering.PromptEncoder.encode`).
        n_threads: CPU threads of each engine.
        tell: Gets a line whenever an engine is lost, started again or given up.
        patience: When a silent engine is given up.
        clock: Tells how long an engine has been silent.
        command: The program of a worker; tests put their own in its place.

    Raises:
        ModelError: Model or adapter cannot be loaded.
        EngineError: No engine started; the last failure.
    """

    def __init__(
        self,
        plans: Sequence[EnginePlan],
        model: Path,
        adapter: Path | None,
        encode: Callable[[Prompt], Sequence[int]],
        *,
        n_threads: int = 1,
        tell: Callable[[str], None] = lambda text: None,
        patience: Patience | None = None,
        clock: Clock | None = None,
        command: Sequence[str] = WORKER_COMMAND,
    ) -> None:
        self._model, self._adapter, self._encode, self._n_threads = model, adapter, encode, n_threads
        self._tell, self._patience, self._clock = tell, patience or Patience(), clock or MonotonicClock()
        self._command = command
        self._arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._calls: list[_Call] = []
        self._numbers = count(1)
        self._failure: EngineError | ModelError = EngineError("the fleet has no engines")
        self._members = [_Member(f"engine {index}", plan) for index, plan in enumerate(plans)]
        for member in self._members:
            self._start(member)
        while not any(member.is_ready for member in self._alive()):
            self._check_alive()
            self._attend()
        self._promised_context = self.context_length

    @property
    def context_length(self) -> int:
        return min((member.context_length for member in self._alive() if member.is_ready), default=0)

    @property
    def n_answered(self) -> tuple[int, ...]:
        """Completions of each engine so far."""
        return tuple(member.n_answered for member in self._members)

    @property
    def plans(self) -> tuple[EnginePlan, ...]:
        """How each engine runs now."""
        return tuple(member.plan for member in self._members)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The processes of the engines that have one."""
        return tuple(member.worker.pid for member in self._members if member.worker is not None)

    def count_tokens(self, prompt: Prompt) -> int:
        return len(self._encode(prompt))

    def generate(
        self, requests: Sequence[Request], deadline: Deadline, is_wanted: IsWanted | None = None
    ) -> Iterator[tuple[str, Completion]]:
        self._check_alive()
        ids = {prompt: tuple(self._encode(prompt)) for prompt in dict.fromkeys(r.prompt for r in requests)}
        # An engine that had to shorten its context meanwhile does not make the caller's prompts wrong.
        check_requests(requests, lambda prompt: len(ids[prompt]), max(self._promised_context, self.context_length))
        ordered = [requests[index] for index in prefix_order([ids[request.prompt] for request in requests])]
        n_tokens = {prompt: len(tokens) for prompt, tokens in ids.items()}
        by_id = {request.request_id: request for request in ordered}
        return self._answers(_Call(deadline, is_wanted, n_tokens, by_id, deque(ordered)))

    def describe(self) -> str:
        """One line for people."""
        descriptions = [member.description for member in self._alive() if member.is_ready]
        distinct = list(dict.fromkeys(descriptions))
        return f"{len(self._members)} x {distinct[0]}" if len(distinct) == 1 else "; ".join(distinct)

    def close(self) -> None:
        """End all engines; the fleet cannot be used afterwards."""
        self._failure = EngineError("the engine was closed")
        for member in self._alive():
            if member.worker is not None:
                member.worker.close(_CLOSE_S)
                member.worker = None

    # -- one call ----------------------------------------------------------------------------------------------------

    def _answers(self, call: _Call) -> Iterator[tuple[str, Completion]]:
        self._calls.append(call)
        try:
            while call.open or call.inbox:
                while call.inbox:
                    yield call.inbox.popleft()
                call.forget_unwanted()
                if call.refusal:
                    raise ModelError(call.refusal)
                if call.deadline.passed():
                    return
                if call.open:
                    self._check_alive()
                    self._feed()
                    self._attend()
        finally:
            self._calls.remove(call)
            for member in self._alive():
                if member.worker is not None and member.assignment is not None and member.assignment.call is call:
                    member.worker.send(Stop(member.assignment.number))

    def _feed(self) -> None:
        """Give work to every engine that has none, and take unwanted work from those that have some."""
        for member in self._alive():
            if member.assignment is not None:
                self._drop_settled(member, member.assignment)
        idle = [member for member in self._alive() if member.is_ready and member.assignment is None]
        for position, member in enumerate(idle):
            for call in self._calls:
                share = self._share(call, member, len(idle) - position) or self._take_over(call, member)
                if share and member.worker is not None:
                    number = next(self._numbers)
                    member.assignment = _Assignment(number, call, {request.request_id: request for request in share})
                    member.worker.send(Ask(number, tuple(share)))
                    member.sign_s = self._clock.now_s()
                    break

    def _share(self, call: _Call, member: _Member, n_idle: int) -> list[Request]:
        """This engine's part of what nobody works on: as much as each idle engine gets, of what it has the context
        for. What no engine has the context for any more ends here, as a completion that reached it.
        """
        longest = max((other.context_length for other in self._alive() if other.is_ready), default=0)
        is_last = all(other.is_ready for other in self._alive())
        share: list[Request] = []
        passed_on: list[Request] = []
        n_wanted = -(-len(call.waiting) // n_idle)
        while call.waiting and len(share) < n_wanted:
            request = call.waiting.popleft()
            if request.request_id not in call.open:
                continue
            if call.n_tokens[request.prompt] < member.context_length:
                share.append(request)
            elif call.n_tokens[request.prompt] < longest or not is_last:
                passed_on.append(request)
            else:
                call.deliver(request.request_id, _OUT_OF_CONTEXT)
        call.waiting.extendleft(reversed(passed_on))
        return share

    def _take_over(self, call: _Call, member: _Member) -> list[Request]:
        """Half of what the busiest other engine has not begun."""
        busy = [
            (other.assignment.n_open() - other.plan.max_sequences, other, other.assignment)
            for other in self._alive()
            if other.assignment is not None and other.assignment.call is call
        ]
        n_waiting, other, assignment = max(busy, key=lambda entry: entry[0], default=(0, member, None))
        if assignment is None or n_waiting < 1 or other.worker is None:
            return []
        fitting = [
            request
            for request in list(assignment.requests.values())[-n_waiting:]
            if call.n_tokens[request.prompt] < member.context_length
        ]
        share = fitting[len(fitting) // 2 :]
        for request in share:
            del assignment.requests[request.request_id]
        other.worker.send(Drop(assignment.number, tuple(request.request_id for request in share)))
        return share

    def _drop_settled(self, member: _Member, assignment: _Assignment) -> None:
        """Requests that their caller does not want any more, or that somebody else answered."""
        settled = [request_id for request_id in assignment.requests if request_id not in assignment.call.open]
        for request_id in settled:
            del assignment.requests[request_id]
        if settled and member.worker is not None:
            member.worker.send(Drop(assignment.number, tuple(settled)))

    # -- the workers -------------------------------------------------------------------------------------------------

    def _attend(self) -> None:
        """Wait a moment for news, take all that there is, and give up engines that were silent for too long."""
        try:
            self._take(self._arrivals.get(timeout=_POLL_S))
            while True:
                self._take(self._arrivals.get_nowait())
        except queue.Empty:
            pass
        now_s = self._clock.now_s()
        for member in self._alive():
            patience_s = self._patience_s(member)
            if now_s - member.sign_s > patience_s:
                self._lose(member, Failure.DIED, f"no sign of work for {patience_s:.0f}s")

    def _patience_s(self, member: _Member) -> float:
        if not member.is_ready:
            return self._patience.start_s
        if member.assignment is None:
            return float("inf")
        return max(self._patience.least_s, self._patience.factor * member.longest_step_s)

    def _take(self, arrival: Arrival) -> None:
        member = next((member for member in self._members if member.worker is arrival.worker), None)
        if member is None:
            return  # a worker that was given up
        report = arrival.report
        if report is None:
            how = arrival.worker.exit_text()
            self._lose(member, Failure.DIED if member.is_ready else Failure.START, f"it died ({how})")
        elif isinstance(report, Broken):
            if report.by_model:
                self._give_up(member, ModelError(report.message))
            else:
                self._lose(member, failure_of(report.message, started=member.is_ready), report.message)
        else:
            self._hear(member, report, arrival.time_s)

    def _hear(self, member: _Member, report: Report, time_s: float) -> None:
        if isinstance(report, Beat):
            if report.n_looks == member.n_looks and member.is_ready:
                return  # it lives, but its engine does not step
            member.n_looks = report.n_looks
        if member.is_ready and member.assignment is not None:
            member.longest_step_s = max(member.longest_step_s, time_s - member.sign_s)
        assignment = member.assignment
        if isinstance(report, Ready):
            member.is_ready = True
            member.context_length, member.description = report.context_length, report.description
        elif isinstance(report, Answered) and assignment is not None and assignment.number == report.number:
            member.n_answered += 1
            assignment.requests.pop(report.request_id, None)
            assignment.call.deliver(report.request_id, report.completion)
        elif isinstance(report, Through) and assignment is not None and assignment.number == report.number:
            member.assignment = None
            assignment.call.refusal = assignment.call.refusal or report.refusal
            assignment.call.waiting.extend(assignment.requests.values())  # none, but after a refusal
        if not isinstance(report, Beat) or member.is_ready:
            member.sign_s = time_s

    def _start(self, member: _Member) -> None:
        opening = Open(member.plan, self._model, self._adapter, self._n_threads)
        member.is_ready, member.n_looks = False, 0
        member.n_answered_before_start = member.n_answered
        member.sign_s = self._clock.now_s()
        member.worker = WorkerProcess(opening, self._arrivals, self._clock, self._command)

    def _lose(self, member: _Member, failure: Failure, why: str) -> None:
        """End its process, put its requests back, and start it again, weaker unless it had worked before."""
        n_back = self._end(member)
        had_worked = failure is Failure.DIED and member.n_answered > member.n_answered_before_start
        had_worked = had_worked and member.n_second_chances > 0
        member.n_second_chances -= had_worked
        weaker = member.plan if had_worked else next_step(member.plan, failure)
        what = f"{member.name} ({member.plan.text()}): {why}; {n_back} requests go back into the queue"
        if weaker is None:
            self._failure = EngineError(f"{member.name}: {why}")
            self._tell(f"{what}; it is given up: nothing is left to try")
            return
        self._tell(f"{what}; it starts again: {'as it was' if had_worked else weaker.reasons[-1]}")
        member.plan = weaker
        self._start(member)

    def _give_up(self, member: _Member, error: ModelError) -> None:
        self._end(member)
        self._failure = error
        self._tell(f"{member.name} is given up: {error}")

    def _end(self, member: _Member) -> int:
        """Kill its process; its open requests come last in the queue, since one of them may have been the cause."""
        assert member.worker is not None
        member.worker.kill()
        member.worker, member.is_ready = None, False
        assignment, member.assignment = member.assignment, None
        if assignment is None:
            return 0
        back = [request for request in assignment.requests.values() if request.request_id in assignment.call.open]
        assignment.call.waiting.extend(back)
        return len(back)

    def _alive(self) -> list[_Member]:
        return [member for member in self._members if member.worker is not None]

    def _check_alive(self) -> None:
        if not self._alive():
            raise self._failure
