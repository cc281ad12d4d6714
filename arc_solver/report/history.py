"""What happened when: a run's course as its journal tells it, as far as it does.

Journals of older runs know no times, no costs and no faults; then there is nothing to show, which is not the same as
zero. Knows nothing of pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from arc_solver.candidates import Candidate, Scored
from arc_solver.grids import Grid, grids_equal
from arc_solver.tasks import Challenges, Task
from arc_solver.voting import RankedGrid, rank_outputs

MAX_POINTS = 80
"""So many moments of a run are voted on again at most: a picture has no room for more."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a run's answers grew.

    Attributes:
        moments_s: Seconds since the start, ascending.
        found: At each moment the tasks whose right answers had all been proposed; where no right answers are known,
            those that a program fits.
        chosen: At each moment the tasks that the votes would have got right; None where no right answers are known.
        end_s: When the run ended.
    """

    moments_s: tuple[float, ...]
    found: tuple[int, ...]
    chosen: tuple[int, ...] | None
    end_s: float


def course(
    challenges: Challenges,
    found: Sequence[tuple[float, Candidate]],
    scores: Sequence[tuple[float, Scored]] = (),
    truth: Mapping[str, Sequence[Grid]] | None = None,
    end_s: float = 0.0,
) -> Course | None:
    """How many tasks were solved by when.

    Args:
        challenges: The tasks.
        found: Candidates with the second at which each came.
        scores: Opinions of models with the second at which each came.
        truth: The right answers, None where they are not known.
        end_s: When the run ended; when the last of these came, if that was later.

    Returns:
        The course, None where nothing was found at a known time.
    """
    tasks = {task.task_id: task for task in challenges.tasks}
    said: list[tuple[float, Candidate | Scored]] = [*found, *scores]
    events = sorted((event for event in said if event[1].task_id in tasks), key=lambda event: event[0])
    if not events:
        return None
    end_s = max(end_s, events[-1][0])
    moments = sorted({min(end_s, end_s * step / MAX_POINTS) for step in range(1, MAX_POINTS + 1)})
    state = _Standing(tasks, truth)
    counts, place = [], 0
    for moment in moments:
        changed = set()
        while place < len(events) and events[place][0] <= moment:
            state.add(events[place][1])
            changed.add(events[place][1].task_id)
            place += 1
        state.judge(changed)
        counts.append((len(state.found), len(state.chosen)))
    return Course(
        (0.0, *moments),
        (0, *(n_found for n_found, _ in counts)),
        (0, *(n_chosen for _, n_chosen in counts)) if truth is not None else None,
        end_s,
    )


class _Standing:
    """What is known up to a moment."""

    def __init__(self, tasks: Mapping[str, Task], truth: Mapping[str, Sequence[Grid]] | None) -> None:
        self.found: set[str] = set()
        self.chosen: set[str] = set()
        self._tasks, self._truth = tasks, truth
        self._candidates: dict[str, list[Candidate]] = {}
        self._scores: dict[str, list[Scored]] = {}

    def add(self, event: Candidate | Scored) -> None:
        if isinstance(event, Candidate):
            self._candidates.setdefault(event.task_id, []).append(event)
        else:
            self._scores.setdefault(event.task_id, []).append(event)

    def judge(self, task_ids: set[str]) -> None:
        """Vote again on tasks about which something new came."""
        for task_id in task_ids:
            ranked = rank_outputs(
                self._tasks[task_id], self._candidates.get(task_id, ()), self._scores.get(task_id, ())
            )
            if self._truth is None:
                _put(self.found, task_id, all(found and found[0].kind == "program" for found in ranked))
            elif true := self._truth.get(task_id):
                _put(self.found, task_id, _right(ranked, true, lambda found: found))
                _put(self.chosen, task_id, _right(ranked, true, lambda found: found[:2]))


def _put(where: set[str], task_id: str, is_in: bool) -> None:
    (where.add if is_in else where.discard)(task_id)


def _right(
    ranked: Sequence[tuple[RankedGrid, ...]],
    truth: Sequence[Grid],
    seen: Callable[[tuple[RankedGrid, ...]], tuple[RankedGrid, ...]],
) -> bool:
    return len(ranked) == len(truth) and all(
        any(grids_equal(entry.grid, true) for entry in seen(found)) for found, true in zip(ranked, truth, strict=True)
    )
