"""The parent's end of learning: start the process, read what it says, end it in time, say what came of it.

That it dies, hangs or finds nothing is an outcome here, never an exception. Imports no torch. Knows nothing of engines.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arc_solver.advancing import step
from arc_solver.budget import Deadline, format_duration
from arc_solver.errors import one_line
from arc_solver.finetune.test_time.settings import PER_TASK
from arc_solver.finetune.test_time.wire import (
    ALL_TASKS,
    Advanced,
    Dropped,
    Learned,
    LearnSpec,
    Report,
    Said,
    Through,
    decode_report,
    encode_spec,
)
from arc_solver.watching import Watch

LEARN_COMMAND = (sys.executable, "-m", "arc_solver.finetune.test_time.child")
"""The program that learns; tests put worse ones in its place."""

GRACE_S = 5.0
"""How long after its deadline a process may still save what it learned."""

STUCK_S = 1800.0
_STUCK_FACTOR = 10.0
"""Without a step for so long, and for so many times the longest that one took, it is given up."""

_MAX_LINE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What the model is asked with.

    Attributes:
        adapter: The adapter of all tasks that have none of their own; None for no adapter.
        by_task: Task id -> its own adapter.
        learned: What was learned.
        dropped: What was not, and why.
        seconds: What it took.
    """

    adapter: Path | None
    by_task: Mapping[str, Path] = field(default_factory=dict)
    learned: tuple[Learned, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    seconds: float = 0.0


def learn(
    spec: LearnSpec, deadline: Deadline, say: Callable[[str], None], *, command: Sequence[str] = LEARN_COMMAND
) -> Adaptation:
    """Let a process learn what `spec` says until the deadline, and see what came of it.

    Args:
        spec: What to learn; its folder must be there.
        deadline: When the process is to be through. Soon after it is killed.
        say: Told in lines for people what was learned and what was dropped.
        command: The program.
    """
    started_s = deadline.clock.now_s()
    learned: list[Learned] = []
    dropped: list[Dropped] = []
    ending = ""
    for report in _reports(spec, deadline, command):
        if isinstance(report, Said):
            say(f"test-time fine-tuning: {report.text}")
        elif isinstance(report, Learned):
            learned.append(report)
        elif isinstance(report, Dropped):
            dropped.append(report)
        elif isinstance(report, Advanced):
            step()
        elif isinstance(report, str):
            ending = report
    seconds = deadline.clock.now_s() - started_s
    if ending:
        dropped.append(Dropped(ALL_TASKS, "process ended", ending, seconds))
    folders = {report.task_id: spec.folder / report.name for report in learned}
    shared = folders.pop(ALL_TASKS, spec.adapter)
    found = Adaptation(shared, folders, tuple(learned), tuple(dropped), seconds)
    for line in summary(spec, found):
        say(f"test-time fine-tuning: {line}")
    return found


def summary(spec: LearnSpec, found: Adaptation) -> Iterator[str]:
    """What was learned and what was not, a few lines for people."""
    as_it_was = "the model answers as it was"
    for report in found.learned:
        if report.task_id == ALL_TASKS:
            yield (
                f"{report.n_steps} steps, {report.n_tokens:,} tokens in {format_duration(report.seconds)}; loss on "
                f"demonstrations kept apart {report.loss_before:.3f} -> {report.loss_after:.3f}"
            )
    for drop in found.dropped:
        if drop.task_id == ALL_TASKS:
            yield f"DROPPED ({drop.kind}) after {format_duration(drop.seconds)}: {drop.reason}; {as_it_was}"
    if spec.settings.mode != PER_TASK:
        return
    own = [report for report in found.learned if report.task_id != ALL_TASKS]
    if own:
        n = len(own)
        before, after = sum(r.loss_before for r in own) / n, sum(r.loss_after for r in own) / n
        yield (
            f"{n} of {len(spec.tasks)} tasks have an adapter of their own: loss on what was kept apart {before:.3f} -> "
            f"{after:.3f}, {format_duration(sum(r.seconds for r in own) / n)} each"
        )
    kinds = Counter(drop.kind for drop in found.dropped if drop.task_id != ALL_TASKS)
    for kind, count in kinds.most_common():
        example = next(drop for drop in found.dropped if drop.kind == kind and drop.task_id != ALL_TASKS)
        yield f"{count} tasks have none ({kind}); {example.task_id}: {example.reason}"


def _reports(spec: LearnSpec, deadline: Deadline, command: Sequence[str]) -> Iterator[Report | str]:
    """What the process says; at the end, where it did not end well, how it ended."""
    path = spec.folder / "spec.json"
    try:
        path.write_bytes(encode_spec(spec))
        process = subprocess.Popen([*command, str(path)], stdout=subprocess.PIPE, env=_environment(spec), bufsize=0)
    except OSError as error:
        yield one_line(f"the process that learns cannot be started: {error}")
        return
    is_through, why = False, ""
    watch = Watch(deadline.clock.now_s(), STUCK_S, _STUCK_FACTOR)
    try:
        for line in _lines(process, deadline, watch):
            try:
                report = decode_report(line)
            except ValueError:
                continue  # a library wrote on the channel, or it died in the middle of a line
            watch.hear()
            is_through = isinstance(report, Through)
            yield report
        if watch.overdue:
            why = f"it made no step for {watch.silent_s:.0f}s"
        elif process.poll() is None and deadline.clock.now_s() >= deadline.end_s + GRACE_S:
            why = "it was not through in time"
    finally:
        process.kill()
        status = process.wait()
        assert process.stdout is not None
        process.stdout.close()
        with contextlib.suppress(OSError):
            path.unlink()
    if not is_through:
        how = why or (f"signal {-status}" if status < 0 else f"exit {status}")
        yield f"the process that learns ended too soon ({how})"


def _lines(process: subprocess.Popen[bytes], deadline: Deadline, watch: Watch) -> Iterator[bytes]:
    """Lines until the process closes its channel, is late or makes no step any more."""
    assert process.stdout is not None
    rest = b""
    while (left_s := deadline.end_s + GRACE_S - deadline.clock.now_s()) > 0:
        watch.look(deadline.clock.now_s())
        if watch.overdue:
            return
        ready, _, _ = select.select([process.stdout], [], [], min(1.0, left_s))
        if not ready:
            continue
        data = os.read(process.stdout.fileno(), 1 << 16)
        if not data:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=2.0)
            return
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > _MAX_LINE_BYTES:
            rest = b""
        yield from lines


def _environment(spec: LearnSpec) -> dict[str, str]:
    """Our package from where it is, bounded threads that do not spin, no network."""
    package_root = str(Path(__file__).resolve().parents[3])
    paths = [package_root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": str(spec.n_threads),
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUNBUFFERED": "1",
    }
