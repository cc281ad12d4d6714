"""The story of a run: tasks -> proposers -> candidates -> votes -> submission.json, under one deadline.

A valid file stands before the first lane starts and only gets better. This process never imports torch and
runs no proposer: what can hang, crash or eat the memory lives in lanes, and no lane's end can keep the answers from
being written. What breaks is a `Fault`, told at the end, and the run goes on. It never sees a solution.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from arc_solver.board import Board
from arc_solver.budget import Clock, Deadline
from arc_solver.candidates import Candidate, Rejected, Scored
from arc_solver.config import RunConfig
from arc_solver.datasets import challenges_hash
from arc_solver.faults import Fault, Faults
from arc_solver.journal import Decision, Journal, Record, Work, earlier_path
from arc_solver.journal import Note as JournalNote
from arc_solver.lanes.keeping import Lanes
from arc_solver.lanes.planning import plan_lanes, wants_news, with_threads
from arc_solver.lanes.process import LANE_COMMAND, LaneProcess
from arc_solver.lanes.weights import fingerprints
from arc_solver.lanes.wire import LaneFault, LaneSpec, Message, Note, ProposerDone, ProposerFailed
from arc_solver.oversight import Supervised
from arc_solver.progress import Progress, Status
from arc_solver.proposers.base import Decided, PoolState, TaskDone
from arc_solver.recording import Meter, run_record
from arc_solver.submission import SubmissionFile, build, largest_bytes
from arc_solver.tasks import Challenges, Task

__all__ = ["RunFiles", "RunResult", "plan_lanes", "run_key", "solve", "tail_s", "wants_news"]

_POLL_S = 0.5
_MAX_NOTES = 1000
_TAIL_WRITES = 3.0
_MAX_TAIL_SHARE, _MAX_TAIL_S = 0.1, 60.0
_ROOM = 2
"""Times the largest answers that are possible: the new file stands beside the old one for a moment."""


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
        answers: Where the newest answers are, None if they could be written nowhere.
        failures: Proposer, lane or file -> what broke last, in one line.
        faults: Everything that broke, in order, with what was done about it.
        resumed: Candidates taken over from the journal of an earlier run.
        interrupted: Ended by Ctrl-C or SIGTERM.
    """

    board: Board
    answers: Path | None = None
    seconds: float = 0.0
    proposer_seconds: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
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
    tasks_from: str = "",
    supervised: Supervised | None = None,
    closing: Callable[[], None] = lambda: None,
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
        tasks_from: Where the tasks come from, for the journal.
        supervised: This process's end of the guard: when the run began, what a supervisor before this one left, and who
            is told that this one lives. None for a run that begins now, without a guard.
        closing: Called before the last vote, which nothing may interrupt.

    Raises:
        InputError: The journal to resume belongs to another run, or the output folder cannot be written.
    """
    supervised = supervised or Supervised(began_s=clock.now_s())
    end_s = supervised.began_s + config.time_limit_s
    deadline = Deadline(clock, end_s if supervised.end_s is None else min(end_s, supervised.end_s))
    config = with_threads(challenges, config)
    run = _Run(challenges, config, files, clock, supervised, progress, lane_command)
    try:
        with run.open_journal(resume, tasks_from):
            try:
                run.write()
                run.attend(deadline.minus(config.reserve_s))
            except KeyboardInterrupt:
                run.result.interrupted = True
                progress.say("interrupted: keeping every answer found so far")
            finally:
                closing()
                run.finish()
        supervised.written()
    finally:
        run.clear()
    run.result.seconds = clock.now_s() - supervised.began_s
    return run.result


class _Run:
    """The moving parts of one call of `solve`: what its lanes say, on the board, in the journal and in the file."""

    def __init__(
        self,
        challenges: Challenges,
        config: RunConfig,
        files: RunFiles,
        clock: Clock,
        supervised: Supervised,
        progress: Progress,
        lane_command: Sequence[str],
    ) -> None:
        self.board = Board(challenges)
        self.result = RunResult(self.board, interrupted=supervised.interrupted)
        self._config, self._files, self._clock, self._supervised = config, files, clock, supervised
        self._started_s = supervised.began_s
        self._progress, self._lane_command = progress, lane_command
        self._lanes: Lanes | None = None
        self._lane_end_s = self._started_s
        self._proposers: dict[str, tuple[str, ...]] = {}
        self._n_tests = {task.task_id: len(task.test_inputs) for task in challenges.tasks}
        self._n_strange: Counter[str] = Counter()
        self._meter = Meter()
        self._begun: set[str] = set()
        self._known: dict[str, PoolState] = {}
        self._written_s = float("-inf")
        self._slowness_s = 0.0  # so much earlier than at the reserve is the last vote due
        self._notes: set[str] = set()
        self._complete = False
        self._found = False
        self._file = SubmissionFile(files.submission, _ROOM * largest_bytes(challenges))

    # -- the story -----------------------------------------------------------------------------------------------------

    def open_journal(self, resume: bool, tasks_from: str) -> Journal:
        key = run_key(self.board.challenges, self._config)
        started_s = None if resume else self._started_s
        journal, earlier = Journal.open(self._files.journal, key, resume=resume, clock=self._clock, started_s=started_s)
        self._journal = journal
        self._supervised.begin()
        self.result.resumed = self.board.take_over(earlier)
        if not resume and earlier_path(self._files.journal).exists():
            self._progress.say(f"the journal of the run before is kept as {earlier_path(self._files.journal)}")
        if resume:
            self._progress.say(
                f"resumed: {self.result.resumed} candidates, {len(self.board.done)} finished pieces of work"
                + (f", {earlier.n_damaged} damaged lines skipped" if earlier.n_damaged else "")
            )
        with self._worked_around("journal"):
            journal.begin_run(run_record(self.board.challenges, self._config, tasks_from), self.board.challenges)
        for fault in self._supervised.earlier:
            self.result.failures[fault.where] = fault.what
            self.result.faults.add(fault)
        # Who died could not write down of what.
        self._record(*(fault for fault in self._supervised.earlier if fault not in earlier.faults))
        return journal

    def attend(self, deadline: Deadline) -> None:
        """Keep the lanes at work until all have ended or the time is over, writing what is new."""
        self._lane_end_s = deadline.end_s
        self._lanes = lanes = Lanes(self, self._config.patience, deadline)
        for name, proposers, tasks in plan_lanes(self.board.challenges, self._config):
            self._proposers[name] = proposers
            lanes.add(name, proposers, tasks)
        while lanes.busy and deadline.remaining_s() > self._slowness_s:
            lanes.listen(min(_POLL_S, deadline.remaining_s()))
            self._supervised.step(found=self._found)
            if self._clock.now_s() - self._written_s >= self._config.refresh_s:
                self.write()
                self._tell_lanes(lanes)
            self._progress.show(self._status())

    def finish(self) -> None:
        """End the lanes; leave everything that is known in the file. Nothing in here may wait for anybody."""
        if self._lanes is not None:
            self._lanes.stop()
            for name, count in self._lanes.garbage.items():
                self._fault(name, f"{count} unreadable messages were dropped")
            why = "interrupted" if self.result.interrupted else "the time is over, or all is done"
            self._record(Decision("stopped", "lanes", why), *filter(None, map(self._meter_ended, self._proposers)))
        for name, count in self._n_strange.items():
            self._fault(name, f"{count} messages about what it was not asked were dropped")
        self.write()
        self._file.close()

    def clear(self) -> None:
        """Bury the lanes, with all that they left behind: once the answers stand, since that may take a while."""
        if self._lanes is not None:
            self._lanes.bury()

    def write(self) -> None:
        """Bring journal and submission up to date."""
        self._written_s = now_s = self._clock.now_s()
        self._record(*self.board.surplus())
        with self._worked_around("journal"):
            self._journal.flush()
        if self.board.changed or not self._complete:
            self._file.write(build(self.board.challenges, self.board.attempts()))
            self._complete = not self._file.trouble
            self.result.answers = self._file.path
            self._trouble("submission", self._file.trouble, self._where_answers_are())
            took_s = self._clock.now_s() - now_s
            self._supervised.wrote(took_s)
            self._slowness_s = tail_s(self._config, took_s) - self._config.reserve_s

    # -- what lanes say ------------------------------------------------------------------------------------------------

    def start_lane(self, name: str, proposers: tuple[str, ...], tasks: tuple[Task, ...]) -> LaneProcess:
        config, done = self._config, frozenset(self.board.done)
        fed = wants_news(proposers, config)
        spec = LaneSpec(proposers, tasks, done, self._lane_end_s, config.to_json(), os.getpid(), fed)
        lane = LaneProcess(name, spec, self._files.log, config.model_threads(), self._lane_command)
        lane.tell(self._known.values())
        about = {"proposers": list(proposers), "n_tasks": len(tasks), "n_done": len(done)}
        what, why = ("restarted", "it has work left") if name in self._begun else ("started", "it has work to do")
        self._begun.add(name)
        self._record(Decision(what, name, why, content=about))
        return lane

    def finished(self) -> Collection[tuple[str, str]]:
        return self.board.done

    def lane_failed(self, name: str, what: str, what_was_done: str) -> None:
        self._record(*filter(None, [self._meter_ended(name)]))
        self._fault(name, what, what_was_done)
        self._progress.say(f"{what}; {what_was_done}; the others go on, see {self._files.log}")

    def take(self, name: str, messages: Sequence[Message]) -> None:
        news: list[Record] = []
        for message in messages:
            if work := self._meter.hear(name, message, self._clock.now_s()):
                news.append(work)
            if isinstance(message, Candidate | Scored | Rejected | TaskDone):
                if not self._belongs(name, message):
                    self._n_strange[name] += 1
                elif self.board.add(message):
                    news.append(message)
            elif isinstance(message, ProposerDone):
                seconds = self.result.proposer_seconds
                seconds[message.proposer] = max(message.seconds, seconds.get(message.proposer, 0.0))
            elif isinstance(message, Decided):
                content = {"seconds": round(message.seconds, 3)}
                news.append(Decision(message.what, message.about, message.why, message.task_id, content))
            elif isinstance(message, ProposerFailed):
                self._fault(message.proposer, message.message)
                self._progress.say(f"{message.proposer} failed, the others go on: {message.message}")
            elif isinstance(message, LaneFault):
                self._fault(message.where, message.what, message.what_was_done)
                self._say_once(f"{message.where}: {message.what}; {message.what_was_done}")
            elif isinstance(message, Note):
                self._say_once(message.text)
        self._found = self._found or bool(news)
        self._record(*news)

    def _meter_ended(self, name: str) -> Work | None:
        return self._meter.end(name, self._clock.now_s())

    def _belongs(self, name: str, message: Candidate | Scored | Rejected | TaskDone) -> bool:
        """Whether it is about a task of this run, by a proposer of this lane, and fits the task."""
        proposer = message.origin.proposer if isinstance(message, Candidate) else message.proposer
        n_tests = self._n_tests.get(message.task_id, 0)
        if not n_tests or proposer not in self._proposers[name]:
            return False
        if isinstance(message, Candidate):
            return bool(message.outputs) and all(0 <= index < n_tests for index in message.outputs)
        return not isinstance(message, Scored) or message.test_index < n_tests

    def _say_once(self, text: str) -> None:
        if text not in self._notes and len(self._notes) < _MAX_NOTES:
            self._notes.add(text)
            self._progress.say(text)
            self._record(JournalNote("said", {"text": text}))

    def _tell_lanes(self, lanes: Lanes) -> None:
        """Tell lanes that want to know what stands on the board since the last vote."""
        news = self.board.news()
        self._known.update((state.task_id, state) for state in news)
        lanes.tell(news)

    # -- what breaks ---------------------------------------------------------------------------------------------------

    def _fault(self, where: str, what: str, what_was_done: str = "") -> None:
        """Something broke: it is kept, and the run goes on."""
        self.result.failures[where] = what
        fault = Fault(where, what, self._clock.now_s() - self._started_s, what_was_done)
        if self.result.faults.add(fault):
            self._supervised.fault(fault)
            self._record(fault)

    def _record(self, *records: Record) -> None:
        with self._worked_around("journal"):
            self._journal.append(*records)

    @contextmanager
    def _worked_around(self, what: str) -> Iterator[None]:
        """A full disk costs what it costs and no more: the run goes on, and the next write may find room again."""
        try:
            yield
        except OSError as error:
            self._trouble(what, f"cannot be written: {error.strerror or error}", "the run goes on and tries again")
        else:
            self._trouble(what, "")

    def _trouble(self, what: str, message: str, what_was_done: str = "") -> None:
        """Trouble with a file, which lasts until there is none; it is told when it begins."""
        if not message:
            self.result.failures.pop(what, None)
        elif self.result.failures.get(what) != message:
            self.result.failures[what] = message
            fault = Fault(what, message, self._clock.now_s() - self._started_s, what_was_done)
            self.result.faults.add(fault)
            self._supervised.fault(fault)
            self._progress.say(fault.text())

    def _where_answers_are(self) -> str:
        if self._file.path in (None, self._files.submission):
            return "the last answers that were written stay; the run goes on and tries again"
        return f"the answers are in {self._file.path}; the run goes on and tries again"

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


def tail_s(config: RunConfig, write_s: float) -> float:
    """How long before the end the last vote is due: the reserve, or three times what voting and writing took last, but
    that no more than a minute and a tenth of all the time.
    """
    return max(config.reserve_s, min(_TAIL_WRITES * write_s, _MAX_TAIL_SHARE * config.time_limit_s, _MAX_TAIL_S))


def run_key(challenges: Challenges, config: RunConfig) -> str:
    """What a journal belongs to: the tasks, the weights and every setting that decides the answers."""
    settings = json.dumps(config.decides(), sort_keys=True)
    return hashlib.sha256(f"{challenges_hash(challenges)} {settings} {fingerprints(config)}".encode()).hexdigest()
