"""The program that runs in a lane: `python -m arc_solver.lanes`, specs on standard input (one, in a run on one
machine, and after it news of the pool if it says so), messages on standard output.

The one place where proposers, engines and the sandbox are put together. It knows nothing of votes, journals or the
submission.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from arc_solver.allocation.shares import CELL_MODEL_WEIGHT, share
from arc_solver.budget import Deadline, MonotonicClock
from arc_solver.config import RunConfig
from arc_solver.engines.base import Engine
from arc_solver.engines.opening import open_engines, plan_engines
from arc_solver.engines.plans import EnginePlan, Wishes
from arc_solver.errors import ArcSolverError, ModelError, SandboxError
from arc_solver.lanes.beating import beat
from arc_solver.lanes.learning import LearningRoom, learns
from arc_solver.lanes.listening import lines_of, listen
from arc_solver.lanes.wire import (
    LaneFault,
    LaneSpec,
    Message,
    Note,
    ProposerDone,
    ProposerFailed,
    Spent,
    decode_spec,
    encode,
)
from arc_solver.memory import volunteer
from arc_solver.processes import die_with_parent, give_way, take_standard_output
from arc_solver.proposers.base import Proposer, TaskDone, TaskStarted
from arc_solver.proposers.pool import SharedPool
from arc_solver.sandbox.pool import Sandbox
from arc_solver.streams import forgive_standard_streams

Say = Callable[[Message], None]

_SEEDS_OF_THE_FIRST_TIME = 1_000_003


def main() -> None:
    """Read specs, one a line, until there are no more; run the proposers of each one after the other, say what they
    find. What the first spec needed (sandbox, engine) stays for those that follow, which have its configuration.
    """
    die_with_parent()
    volunteer()
    forgive_standard_streams()
    write = take_standard_output()

    def say(message: Message) -> None:
        write(encode(message))

    beat(say)
    lines = lines_of(sys.stdin.fileno())
    with ExitStack() as stack:
        rooms: _Rooms | None = None
        for line in lines:
            spec = decode_spec(line)
            if os.getppid() != spec.parent_pid:
                return  # it died before we asked to be told
            config = RunConfig.from_json(spec.config)
            rooms = rooms or _Rooms(config, stack, say)
            if spec.fed:
                listen(lines, rooms.pool)
            _follow(spec, config, rooms, say)
            if spec.fed:
                return


def _follow(spec: LaneSpec, config: RunConfig, rooms: _Rooms, say: Say) -> None:
    deadline = Deadline(MonotonicClock(), spec.end_s)
    names, more = list(spec.proposers), "induction" in spec.proposers and rooms.has_more_to_ask()
    others = [name for name in names if name != "induction"]
    if more and others and all((name, task.task_id) in spec.done for name in others for task in spec.tasks):
        names = []  # an earlier life of this lane was through with it, and asked for more
    for index, name in enumerate(names):
        # What one proposer leaves of its share, the next ones get.
        part = _share(config, names[index:])
        is_last = not (more and name == "induction")
        works = _run(name, rooms, spec, deadline.within(part * deadline.remaining_s()), say, is_last=is_last)
        more = more and (works or name != "induction")
    if more:
        rooms.ask_for_more(len(spec.done))
        _run("induction", rooms, spec, deadline, say)


def _share(config: RunConfig, waiting: Sequence[str]) -> float:
    """The first proposer's share of the lane's time that is left; the cell model gets more beside the bundled one."""
    weight = CELL_MODEL_WEIGHT if config.is_bundled() else 1.0
    return share([weight if name == "cells" else 1.0 for name in waiting])


class _Rooms:
    """Builds each room once, on first use: the sandbox before anything imports torch, so that its zygotes stay
    small. Where it cannot be had, what needs none still runs.

    Attributes:
        pool: What the parent tells of the board; empty where it tells nothing.
    """

    def __init__(self, config: RunConfig, stack: ExitStack, say: Say) -> None:
        self.pool = SharedPool()
        self._config, self._stack, self._say = config, stack, say
        self._engine: Engine | None = None
        self._adapter, self._max_loras = config.adapter, 1
        stack.callback(self._close_model)
        self._learning: LearningRoom | None = None
        if learns(config):
            self._learning = LearningRoom(
                config, stack, self._model_with, self._close_model, lambda text: say(Note(text)), say
            )
        self._n_zygotes_lost = 0
        self._sandbox: Sandbox | SandboxError
        try:
            self._sandbox = stack.enter_context(Sandbox(config.sandbox, tell=self._tell_of_zygote))
            self._isolation = self._sandbox.describe()
        except SandboxError as error:
            self._sandbox = error
            say(Note(f"no sandbox: {error}"))
        else:
            say(Note(self._isolation.text()))

    def _tell_of_zygote(self, how: str) -> None:
        """One that was lost is a fault; of many, as hostile programs can make them, fewer and fewer are told."""
        self._n_zygotes_lost += 1
        n = self._n_zygotes_lost
        if n & (n - 1) == 0:
            count = f" ({n} so far)" if n > 1 else ""
            self._say(LaneFault("sandbox", f"a zygote {how}{count}", "another took its place and ran the job again"))

    def _tell_of_engine(self, text: str) -> None:
        what, _, done = text.partition("; ")
        self._say(LaneFault("engine", what, done))

    def proposer(self, name: str) -> Proposer:
        config = self._config
        if name == "search":
            from arc_solver.proposers.search import SearchProposer

            # At any grade: its programs are made of our own vocabulary alone.
            beside_a_model = config.proposers != ("search",)
            return SearchProposer(
                self._started_sandbox(), config.search, give_way=give_way if beside_a_model else lambda: None
            )
        if name == "induction":
            from arc_solver.proposers.induction import InductionProposer

            sandbox = self._sandbox_for_unknown_programs()
            if self._learning is not None:
                return self._learning.induction(sandbox)
            return InductionProposer(self._model(), sandbox, config.induction, config.seed, pool=self.pool)
        if name == "cells":
            if config.cells is None or not config.has_cells():
                raise ModelError(f"there is no cell model in {config.cells or 'the setting `cells`'}")
            self._close_model()  # both would not fit one GPU
            from arc_solver.proposers.cells import CellProposer

            return CellProposer(
                config.cells,
                config.cell_model,
                config.seed,
                n_threads=config.model_threads(),
                say=lambda text: self._say(Note(text)),
                pool=self.pool,
                decide=self._say,
            )
        if self._learning is not None:
            return self._learning.transduction()
        from arc_solver.proposers.transduction import TransductionProposer

        return TransductionProposer(self._model(), config.transduction, config.seed, pool=self.pool)

    def has_more_to_ask(self) -> bool:
        """Whether the induction shall ask for further programs in the end. A model that learned the run's
        demonstrations does not.
        """
        return self._config.induction.n_more > 0 and self._learning is None

    def ask_for_more(self, n_done: int) -> None:
        """From here on the induction asks for further programs, with other seeds than before.

        Args:
            n_done: Pieces of work that earlier lives of this lane finished, so that each has its own seeds.
        """
        induction = self._config.induction
        more = dataclasses.replace(induction, n_samples=induction.n_more, n_more=0)
        seed = self._config.seed + _SEEDS_OF_THE_FIRST_TIME + n_done
        self._config = dataclasses.replace(self._config, induction=more, seed=seed)

    def _close_model(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _started_sandbox(self) -> Sandbox:
        if isinstance(self._sandbox, SandboxError):
            raise self._sandbox
        return self._sandbox

    def _sandbox_for_unknown_programs(self) -> Sandbox:
        """The sandbox, unless it is too weak for what a model writes and nobody said to run it all the same."""
        sandbox = self._started_sandbox()
        if self._isolation.grade == "C" and not self._config.allow_unsafe_sandbox:
            raise SandboxError(
                "none of the model's programs is run, because in a sandbox of grade C they could read and change this "
                "user's files, reach the network and end other processes; --allow-unsafe-sandbox (setting "
                "allow_unsafe_sandbox) runs them all the same"
            )
        return sandbox

    def _model_with(self, adapter: Path | None, max_loras: int) -> Engine:
        """The model with this adapter; one that is open with another is closed."""
        if (adapter, max_loras) != (self._adapter, self._max_loras):
            self._close_model()
            self._adapter, self._max_loras = adapter, max_loras
        return self._model()

    def _model(self) -> Engine:
        """The engine; where the adapter cannot be used, the base goes on without it."""
        if self._engine is None:
            settings = self._config.engine
            started = time.monotonic()
            wishes = Wishes(
                settings.kind, settings.device, settings.dtype, settings.max_batch_size, settings.context_length
            )
            plans = [
                dataclasses.replace(plan, max_loras=self._max_loras)
                for plan in plan_engines(self._config.model, wishes)
            ]
            try:
                self._engine = self._opened(plans)
            except ModelError as error:
                if self._adapter is None or self._adapter != self._config.adapter:
                    raise  # one that was just learned: whoever made it goes on with the one before
                without = "the base goes on without its adapter"
                self._say(LaneFault("model", f"the adapter cannot be used: {error}", without))
                self._adapter = None
                self._engine = self._opened(plans)
            self._say(Note(f"{self._engine.describe()} ready after {time.monotonic() - started:.1f}s"))
        return self._engine

    def _opened(self, plans: Sequence[EnginePlan]) -> Engine:
        return open_engines(
            plans,
            self._config.model,
            self._adapter,
            n_threads=self._config.model_threads(),
            tell=self._tell_of_engine,
        )


def _run(name: str, rooms: _Rooms, spec: LaneSpec, deadline: Deadline, say: Say, *, is_last: bool = True) -> bool:
    """Run a proposer and say what it finds; that it is through only if it is not asked again. False if it broke."""
    started = time.monotonic()
    todo = [task for task in spec.tasks if (name, task.task_id) not in spec.done]
    try:
        if todo and not deadline.passed():
            say(Spent(time.process_time()))
            for event in rooms.proposer(name).propose(todo, deadline):
                if isinstance(event, TaskStarted | TaskDone):
                    say(Spent(time.process_time()))
                say(event)
            say(Spent(time.process_time()))
    except Exception as error:  # noqa: BLE001  (the lane's boundary: one broken proposer must not cost the next one its turn)
        traceback.print_exc()
        kind = "" if isinstance(error, ArcSolverError) else f"{type(error).__name__}: "
        silent = "out of memory" if isinstance(error, MemoryError) else "no message"
        say(ProposerFailed(name, f"{kind}{str(error).splitlines()[0] if str(error) else silent}"))
        return False
    if is_last:
        say(ProposerDone(name, time.monotonic() - started))
    return True


if __name__ == "__main__":
    main()
