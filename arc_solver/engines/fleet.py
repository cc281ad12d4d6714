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
from itertools import count
from pathlib import Path

from arc_solver.budget import Clock, Deadline, MonotonicClock
from arc_solver.engines.base import Completion, Finish, IsWanted, Request
from arc_solver.engines.checks import check_requests
from arc_solver.engines.degrading import Failure, failure_of
from arc_solver.engines.fleet_members import Assignment, Call, Member, Patience
from arc_solver.engines.ordering import prefix_order
from arc_solver.engines.plans import EnginePlan
from arc_solver.engines.worker_process import WORKER_COMMAND, Arrival, Garbage, WorkerProcess
from arc_solver.engines.worker_wire import Broken, Open
from arc_solver.errors import EngineError, ModelError
from arc_solver.prompts.base import Prompt

_POLL_S = 0.2
_CLOSE_S = 3.0
_OUT_OF_CONTEXT = Completion("", (), 0.0, Finish.LENGTH)


class EngineFleet:
    """Engines that share one queue of requests.

    Args:
        plans: One for each engine.
        model: The model's folder.
        adapter: A LoRA for it, or None.
        encode: Token ids of a rendered prompt (`PromptEncoder.encode`).
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
        clock = clock or MonotonicClock()
        self._encode, self._tell = encode, tell
        self._arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._calls: list[Call] = []
        self._numbers = count(1)
        self._failure: EngineError | ModelError = EngineError("the fleet has no engines")

        def make_worker(plan: EnginePlan) -> WorkerProcess:
            return WorkerProcess(Open(plan, model, adapter, n_threads), self._arrivals, clock, command)

        self._members = [
            Member(f"engine {index}", plan, make_worker, patience or Patience(), clock)
            for index, plan in enumerate(plans)
        ]
        while not self._ready():
            self._check_alive()
            self._attend()
        self._promised_context = self.context_length

    @property
    def context_length(self) -> int:
        return min((member.context_length for member in self._ready()), default=0)

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
        return tuple(member.pid for member in self._alive())

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
        return self._answers(Call(deadline, is_wanted, n_tokens, by_id, deque(ordered)))

    def describe(self) -> str:
        """One line for people."""
        distinct = list(dict.fromkeys(member.description for member in self._ready()))
        return f"{len(self._members)} x {distinct[0]}" if len(distinct) == 1 else "; ".join(distinct)

    def close(self) -> None:
        """End all engines; the fleet cannot be used afterwards."""
        self._failure = EngineError("the engine was closed")
        for member in self._members:
            member.close(_CLOSE_S)

    # -- one call ----------------------------------------------------------------------------------------------------

    def _answers(self, call: Call) -> Iterator[tuple[str, Completion]]:
        self._calls.append(call)
        try:
            call.forget_unwanted()
            while call.open or call.inbox:
                if call.inbox:
                    while call.inbox:
                        yield call.inbox.popleft()
                    call.forget_unwanted()  # only what it works on can change the caller's mind
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
                if member.assignment is not None and member.assignment.call is call:
                    member.stop()

    def _feed(self) -> None:
        """Give work to every engine that has none, and take unwanted work from those that have some."""
        for member in self._alive():
            if member.assignment is not None:
                requests = member.assignment.requests
                member.drop([requests[key] for key in requests if key not in member.assignment.call.open])
        idle = [member for member in self._ready() if member.assignment is None]
        for position, member in enumerate(idle):
            for call in self._calls:
                share = self._share(call, member, len(idle) - position) or self._take_over(call, member)
                if share:
                    by_id = {request.request_id: request for request in share}
                    member.assign(Assignment(next(self._numbers), call, by_id))
                    break

    def _share(self, call: Call, member: Member, n_idle: int) -> list[Request]:
        """This engine's part of what nobody works on: as much as each idle engine gets, of what it has the context
        for. What no engine has the context for any more ends here, as a completion that reached it.
        """
        others_may = not all(other.is_ready for other in self._alive())
        longest = max(other.context_length for other in self._ready())
        share: list[Request] = []
        passed_on: list[Request] = []
        n_wanted = -(-len(call.waiting) // n_idle)
        while call.waiting and len(share) < n_wanted:
            request = call.waiting.popleft()
            if request.request_id not in call.open:
                continue
            n_tokens = call.n_tokens[request.prompt]
            if n_tokens < member.context_length:
                share.append(request)
            elif n_tokens < longest or others_may:
                passed_on.append(request)
            else:
                call.deliver(request.request_id, _OUT_OF_CONTEXT)
        call.waiting.extendleft(reversed(passed_on))
        return share

    def _take_over(self, call: Call, member: Member) -> list[Request]:
        """Half of what the busiest other engine has not begun."""
        n_most, busiest = 0, member
        for other in self._alive():
            if other.assignment is not None and other.assignment.call is call:
                n_waiting = len(other.assignment.requests) - other.plan.max_sequences
                if n_waiting > n_most:
                    n_most, busiest = n_waiting, other
        if busiest.assignment is None:
            return []
        waiting = list(busiest.assignment.requests.values())[-n_most:]
        fitting = [request for request in waiting if call.n_tokens[request.prompt] < member.context_length]
        share = fitting[len(fitting) // 2 :]
        busiest.drop(share)
        return share

    # -- the engines -------------------------------------------------------------------------------------------------

    def _attend(self) -> None:
        """Wait a moment for news, take all that there is, and give up engines that were silent for too long."""
        try:
            self._take(self._arrivals.get(timeout=_POLL_S))
            while True:
                self._take(self._arrivals.get_nowait())
        except queue.Empty:
            pass
        for member in self._alive():
            silent_s = member.overdue_s()
            if silent_s is not None:
                self._lose(member, Failure.DIED, f"no sign of work for {silent_s:.0f}s")

    def _take(self, arrival: Arrival) -> None:
        member = next((member for member in self._members if member.owns(arrival.worker)), None)
        report = arrival.report
        if member is None:
            return  # a process that was given up
        if report is None:
            failure = Failure.DIED if member.is_ready else Failure.START
            self._lose(member, failure, f"it died ({arrival.worker.exit_text()})")
        elif isinstance(report, Broken) and report.by_model:
            self._take_back(member.kill())
            self._failure = ModelError(report.message)
            self._tell(f"{member.name} is given up: {report.message}")
        elif isinstance(report, Broken):
            self._lose(member, failure_of(report.message, started=member.is_ready), report.message)
        elif isinstance(report, Garbage):
            self._tell(f"{member.name}: it wrote garbage on its channel; that was dropped, and the engine goes on")
        else:
            member.hear(report, arrival.time_s)

    def _lose(self, member: Member, failure: Failure, why: str) -> None:
        """End its process, put its requests back into the queue, and start it again."""
        n_back = self._take_back(member.kill())
        what = f"{member.name} ({member.plan.text()}): {why}; {n_back} requests go back into the queue"
        plan = member.plan_after(failure)
        if plan is None:
            self._failure = EngineError(f"{member.name}: {why}")
            self._tell(f"{what}; it is given up: nothing is left to try")
            return
        self._tell(f"{what}; it starts again: {'as it was' if plan is member.plan else plan.reasons[-1]}")
        member.start(plan)

    @staticmethod
    def _take_back(assignment: Assignment | None) -> int:
        """What a lost engine worked on comes last in the queue, since one of these may have been the cause."""
        if assignment is None:
            return 0
        call = assignment.call
        back = [request for request in assignment.requests.values() if request.request_id in call.open]
        call.waiting.extend(back)
        return len(back)

    def _alive(self) -> list[Member]:
        return [member for member in self._members if member.is_alive]

    def _ready(self) -> list[Member]:
        return [member for member in self._alive() if member.is_ready]

    def _check_alive(self) -> None:
        if not self._alive():
            raise self._failure
