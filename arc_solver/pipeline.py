"""The story of a run: tasks -> proposers -> candidates -> votes -> submission.json, under one deadline.

A valid file stands before the first lane starts and only gets better. This process never imports torch and
runs no proposer: what can hang, crash or eat the memory lives in lanes, and no lane's end can keep the answers from
being written. It never sees a solution.
"""

from __future__ import annotations

import hashlib
import json
import os
import selectors
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from arc_solver.board import Board
from arc_solver.budget import Clock, Deadline
from arc_solver.candidates import Candidate, Rejected, Scored
from arc_solver.config import RunConfig
from arc_solver.datasets import challenges_hash
from arc_solver.journal import Journal, earlier_path
from arc_solver.lanes.process import LANE_COMMAND, LaneProcess
from arc_solver.lanes.weights import fingerprints
from arc_solver.lanes.wire import LaneSpec, Message, Note, ProposerDone, ProposerFailed
from arc_solver.progress import Progress, Status
from arc_solver.proposers.base import TaskDone
from arc_solver.submission import build, write_atomic
from arc_solver.tasks import Challenges, Task

_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Where a run writes: the answers, and beside them what it needs to go on and to be understood."""

    submission: Path

    @property
    def journal(self) -> Path:
        return self.submission.with_name(f"{self.submission.stem}.journal.jsonl")

    @property
    def log(self) -> Path:
        return self.submission.with_name(f"{self.submission.stem}.log")


@dataclass(slots=True)
class RunResult:
    """What a run can tell at its end.

    Attributes:
        board: Every candidate, with its votes.
        seconds: Wall time.
        proposer_seconds: Time of each proposer that returned; of several lanes the longest.
        failures: Proposer or lane -> what broke, in one line.
        resumed: Candidates taken over from the journal of an earlier run.
        interrupted: Ended by Ctrl-C or SIGTERM.
    """

    board: Board
    seconds: float = 0.0
    proposer_seconds: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    resumed: int = 0
    interrupted: bool = False


def solve(
    challenges: Challenges,
    config: RunConfig,
    files: RunFiles,
    *,
    resume: bool,
    clock: Clock,
    progress: Progress,
    lane_command: Sequence[str] = LANE_COMMAND,
) -> RunResult:
    """Run the proposers on the tasks and leave the best submission that the time allows.

    Args:
        challenges: The tasks.
        config: What to run, and for how long.
        files: Where to write.
        resume: Take over the journal of an earlier run on the same tasks with the same settings.
        clock: The machine's monotonic clock (lanes compare their deadline with their own).
        progress: Where to report.
        lane_command: The program that runs in a lane.

    Raises:
        InputError: The journal to resume belongs to another run, or the output folder cannot be written.
    """
    started_s = clock.now_s()
    deadline = Deadline(clock, started_s + config.time_limit_s)
    run = _Run(challenges, config, files, clock, started_s, progress)
    with run.open_journal(resume):
        run.write()
        try:
            working = deadline.minus(config.reserve_s)
            run.attend(run.start_lanes(working, lane_command), working)
        except KeyboardInterrupt:
            run.result.interrupted = True
            progress.say("interrupted: keeping every answer found so far")
        finally:
            run.stop_lanes()
            run.write()
    run.result.seconds = clock.now_s() - started_s
    return run.result


class _Run:
    """The moving parts of one call of `solve`."""

    def __init__(
        self,
        challenges: Challenges,
        config: RunConfig,
        files: RunFiles,
        clock: Clock,
        started_s: float,
        progress: Progress,
    ) -> None:
        self.board = Board(challenges)
        self.result = RunResult(self.board)
        self._config, self._files, self._clock, self._started_s = config, files, clock, started_s
        self._progress = progress
        self._lanes: list[LaneProcess] = []
        self._written_s = float("-inf")
        self._notes: set[str] = set()
        self._complete = False

    def open_journal(self, resume: bool) -> Journal:
        key = run_key(self.board.challenges, self._config)
        self._journal, earlier = Journal.open(self._files.journal, key, resume=resume)
        for candidate in earlier.candidates:
            self.result.resumed += self.board.add(candidate)
        for score in earlier.scores:
            self.board.add(score)
        for proposer, task_id in sorted(earlier.done):
            self.board.add(TaskDone(task_id, proposer))
        if not resume and earlier_path(self._files.journal).exists():
            self._progress.say(f"the journal of the run before is kept as {earlier_path(self._files.journal)}")
        if resume:
            self._progress.say(
                f"resumed: {self.result.resumed} candidates, {len(self.board.done)} finished pieces of work"
                + (f", {earlier.n_damaged} damaged lines skipped" if earlier.n_damaged else "")
            )
        return self._journal

    def start_lanes(self, deadline: Deadline, command: Sequence[str]) -> list[LaneProcess]:
        """Start every lane that has something to do."""
        config, done = self._config, frozenset(self.board.done)
        for name, proposers, tasks in plan_lanes(self.board.challenges, config):
            if tasks and not deadline.passed():
                fed = wants_news(proposers, config)
                spec = LaneSpec(proposers, tasks, done, deadline.end_s, config.to_json(), os.getpid(), fed)
                self._lanes.append(LaneProcess(name, spec, self._files.log, config.model_threads(), command))
        return self._lanes

    def attend(self, lanes: Sequence[LaneProcess], deadline: Deadline) -> None:
        """Listen to the lanes until all have ended or the time is over, writing what is new."""
        with selectors.DefaultSelector() as selector:
            for lane in lanes:
                selector.register(lane.channel, selectors.EVENT_READ, lane)
            while selector.get_map() and not deadline.passed():
                for key, _ in selector.select(min(_POLL_S, deadline.remaining_s())):
                    lane = key.data
                    messages = lane.read()
                    if messages is None:
                        selector.unregister(lane.channel)
                        self._ended(lane)
                    else:
                        self._take(messages)
                if self._clock.now_s() - self._written_s >= self._config.refresh_s:
                    self.write()
                    self._tell_lanes()
                self._progress.show(self._status())

    def _tell_lanes(self) -> None:
        """Tell lanes that want to know what stands on the board since the last vote."""
        news = self.board.news()
        for lane in self._lanes:
            lane.tell(news)

    def stop_lanes(self) -> None:
        for lane in self._lanes:
            lane.stop()
            if lane.garbage:
                self.result.failures.setdefault(lane.name, f"{lane.garbage} unreadable messages were dropped")

    def write(self) -> None:
        """Bring journal and submission up to date."""
        self._written_s = self._clock.now_s()
        with self._worked_around("submission"):
            self._journal.flush()
            if self.board.changed or not self._complete:
                self._complete = False
                write_atomic(self._files.submission, build(self.board.challenges, self.board.attempts()))
                self._complete = True

    @contextmanager
    def _worked_around(self, what: str) -> Iterator[None]:
        """A full disk costs what it costs and no more: the run goes on, and the next write may find room again."""
        try:
            yield
        except OSError as error:
            message = f"cannot be written: {error.strerror or error}"
            if self.result.failures.get(what) != message:
                self._progress.say(f"{what} {message}; the run goes on and tries again")
            self.result.failures[what] = message
        else:
            self.result.failures.pop(what, None)

    def _take(self, messages: Sequence[Message]) -> None:
        news = []
        for message in messages:
            if isinstance(message, Candidate | Scored | Rejected | TaskDone):
                if self.board.add(message):
                    news.append(message)
            elif isinstance(message, ProposerDone):
                seconds = self.result.proposer_seconds
                seconds[message.proposer] = max(message.seconds, seconds.get(message.proposer, 0.0))
            elif isinstance(message, ProposerFailed):
                self.result.failures[message.proposer] = message.message
                self._progress.say(f"{message.proposer} failed, the others go on: {message.message}")
            elif isinstance(message, Note) and message.text not in self._notes:
                self._notes.add(message.text)
                self._progress.say(message.text)
        with self._worked_around("journal"):
            self._journal.append(*news)

    def _ended(self, lane: LaneProcess) -> None:
        status = lane.ended()
        # On a busy machine Python may take longer to leave than we wait.
        if status != 0 and not (status is None and lane.through):
            how = "hangs at its end" if status is None else f"signal {-status}" if status < 0 else f"exit {status}"
            self.result.failures[lane.name] = f"the lane of {', '.join(lane.proposers)} died ({how})"
            self._progress.say(f"{self.result.failures[lane.name]}; the others go on, see {self._files.log}")

    def _status(self) -> Status:
        done = Counter(proposer for proposer, _ in self.board.done)
        return Status(
            elapsed_s=self._clock.now_s() - self._started_s,
            limit_s=self._config.time_limit_s,
            n_tasks=len(self.board.challenges.tasks),
            n_fitting=self.board.n_fitting(),
            n_candidates=self.board.n_candidates().total(),
            done={proposer: done[proposer] for proposer in self._config.proposers},
        )


def plan_lanes(challenges: Challenges, config: RunConfig) -> list[tuple[str, tuple[str, ...], tuple[Task, ...]]]:
    """Lanes as (name, proposers, tasks): the search on every core, each lane with its share of the tasks, and beside it
    the proposers that need the model, one after the other in one process, so that they share its weights. On a cluster
    one lane for everything, which has it done elsewhere.
    """
    tasks = challenges.tasks
    if config.ray_address:
        return [("cluster", config.proposers, tasks)]
    lanes: list[tuple[str, tuple[str, ...], tuple[Task, ...]]] = []
    if "search" in config.proposers:
        n_lanes = max(1, min(config.n_search_lanes or os.cpu_count() or 1, len(tasks)))
        lanes = [(f"search {index}", ("search",), tasks[index::n_lanes]) for index in range(n_lanes)]
    asking = tuple(name for name in config.proposers if name != "search")
    if asking:
        lanes.append(("model", asking, tasks))
    return lanes


def wants_news(proposers: Sequence[str], config: RunConfig) -> bool:
    """Whether a lane is told what stands on the board: the cell model's is. Not on a cluster: the way is too long."""
    return "transduction" in proposers and config.uses_cells() and not config.ray_address


def run_key(challenges: Challenges, config: RunConfig) -> str:
    """What a journal belongs to: the tasks, the weights and every setting that decides the answers."""
    settings = json.dumps(config.decides(), sort_keys=True)
    return hashlib.sha256(f"{challenges_hash(challenges)} {settings} {fingerprints(config)}".encode()).hexdigest()
