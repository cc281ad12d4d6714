"""How far an experiment is, and how long it will yet take. Knows durations; nothing of what is done in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from arc_solver.budget import format_duration
from arc_solver.experiments.jobs import Job


class Outlook:
    """Expects a job to take as long as those of its kind took so far, earlier calls included.

    Args:
        jobs: All jobs of the experiment.
        n_at_once: How many run at the same time.
    """

    def __init__(self, jobs: Sequence[Job], n_at_once: int) -> None:
        self._n_jobs = len({job.key for job in jobs})
        self._n_at_once = max(1, n_at_once)
        self._of_key = {job.key: job for job in jobs}
        self._seconds: dict[str, list[float]] = {}
        for job in self._of_key.values():
            seconds = job.stamp().get("seconds")
            if job.is_done() and isinstance(seconds, int | float):
                self.took(job, float(seconds))

    def took(self, job: Job, seconds: float) -> None:
        """A job ended well after so many seconds."""
        self._seconds.setdefault(job.kind, []).append(seconds)

    def to_go_s(self, waiting: Iterable[Job], elapsed: Mapping[str, float]) -> float | None:
        """Seconds until all is done; None while a kind of job is ahead of which none has ended yet."""
        left = [max(0.0, self._expected(self._of_key[key]) - spent) for key, spent in elapsed.items()]
        left += [self._expected(job) for job in waiting]
        total = sum(left)
        return None if total == float("inf") else max([total / self._n_at_once, *left])

    def line(self, waiting: Sequence[Job] | Iterable[Job], elapsed: Mapping[str, float]) -> str:
        """One line of plain text."""
        waiting = list(waiting)
        to_go_s = self.to_go_s(waiting, elapsed)
        ahead = f"{len(waiting) + len(elapsed)} of {self._n_jobs} jobs to go"
        if not waiting and not elapsed:
            return "nothing to go"
        return ahead if to_go_s is None else f"{ahead}, about {format_duration(to_go_s)}"

    def _expected(self, job: Job) -> float:
        known = self._seconds.get(job.kind)
        return sum(known) / len(known) if known else float("inf")
