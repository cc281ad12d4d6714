"""What `solve --export-programs` does: programs of a run on training tasks become training data.

Only tasks of ARC-AGI-1's training set are taken, known by their grids whatever file they come from: what is exported is
trained on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from arc_solver.candidates import Candidate, ProgramEvidence
from arc_solver.datasets import challenges_hash, load_named_challenges
from arc_solver.errors import InputError
from arc_solver.omni.found import LIMITS, FoundProgram, faults, write_programs
from arc_solver.omni.sources import TrainingTasks
from arc_solver.sandbox.pool import Sandbox
from arc_solver.submission import check_output_path
from arc_solver.tasks import Challenges, Task

TRAINING_SET = "arc1-train"


def check_export(path: Path, tasks: Challenges) -> None:
    """Refuse before any time is spent what cannot be exported.

    Raises:
        InputError: One of the tasks is none of the training set, or the file cannot be written.
    """
    known = {task.task_id: task for task in load_named_challenges(TRAINING_SET).tasks}
    others = [task_id for task_id, task in tasks.by_id().items() if not _is_same(task, known.get(task_id))]
    if others:
        raise InputError(
            f"--export-programs: exports are trained on, so every task must be one of {TRAINING_SET}; "
            f"{len(others)} of {len(tasks.order)} are not, such as {others[0]}"
        )
    check_output_path(path)


def export_programs(candidates: Mapping[str, Sequence[Candidate]], path: Path) -> str:
    """Write every program that is right on all pairs of its task, demonstrations and tests.

    Args:
        candidates: What a run found, by task.
        path: The file.

    Returns:
        A line for people: how many programs, how many were left out and why.

    Raises:
        InputError: The file cannot be written.
    """
    fitting = [program for found in candidates.values() for program in _fitting(found)]
    with Sandbox(LIMITS) as sandbox:
        told = list(faults(fitting, TrainingTasks(), sandbox))
    right = [program for program, fault in zip(fitting, told, strict=True) if not fault]
    write_programs(path, right)
    left_out = Counter("are wrong on a test" if "pairs" in fault else fault for fault in told if fault)
    why = "".join(f"; {count} {reason}" for reason, count in left_out.most_common())
    n_tasks = len({program.task_id for program in right})
    return f"{path}: {len(right)} programs of {n_tasks} tasks, right on every pair{why}"


def _fitting(candidates: Sequence[Candidate]) -> list[FoundProgram]:
    """The programs of one task that reproduce its training pairs, the simplest first, one for each source.

    A program for a view of the task is none for the task.
    """
    found: dict[str, FoundProgram] = {}
    for one in candidates:
        evidence = one.evidence
        if isinstance(evidence, ProgramEvidence) and evidence.passes_all and not evidence.view:
            program = FoundProgram(
                one.task_id, evidence.source, one.origin.proposer, one.origin.detail, float(evidence.cost)
            )
            if program.source not in found or program.cost < found[program.source].cost:
                found[program.source] = program
    return sorted(found.values(), key=lambda program: (program.cost, program.source))


def _is_same(task: object, other: Task | None) -> bool:
    if not isinstance(task, Task) or other is None:
        return False
    return _fingerprint(task) == _fingerprint(other)


def _fingerprint(task: Task) -> str:
    return challenges_hash(Challenges((task,), (), (task.task_id,)))
