"""What a run's parts cost here, told from a trial; what it could not tell is taken from a shipped profile, and said so.

Times of the search and of the cell model are processor time, so that other work on the machine does not spoil them.
Knows nothing of simulations.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arc_solver.allocation import load_chances
from arc_solver.allocation.sampling import sample_cost
from arc_solver.candidates import Candidate
from arc_solver.choices import TEXT_PROPOSERS
from arc_solver.config import RunConfig
from arc_solver.dry_run.choosing import n_cells
from arc_solver.dry_run.observing import Timeline
from arc_solver.finetune.test_time.settings import OFF
from arc_solver.grids import grid_key
from arc_solver.journal import JournalContents, Work
from arc_solver.proposers.cells.learned import DROPPED, LOADED, Learned
from arc_solver.proposers.search.prospects import prospect_at
from arc_solver.simulation.pricing import view_price
from arc_solver.simulation.profiles import TOKENS_A_TASK, Profile

ENGINE_READY = re.compile(r".* ready after (?P<seconds>[\d.]+)s")
"""What is said once an engine's weights are loaded."""
_FEWEST_PASSES, _FEWEST_VIEWS, _FEWEST_TOKENS, _FEWEST_SAMPLES = 5, 8, 4096, 20
"""Less than this says nothing."""
_LEAST_CPU_S = 1.0
_LONGEST_KILL_S = 60.0

WORDS: Mapping[str, tuple[str, str]] = {
    "n_cores": ("cores", ""),
    "core_speed": ("speed of a core in the search, to the recorded one", "x"),
    "start_s": ("until the search works", "s"),
    "load_s": ("until the model answers or learns", "s"),
    "learn_s": ("learning a task's demonstrations once, processor time", "s"),
    "view_scale": ("price of an answer in a view, to the recorded one", "x"),
    "n_engines": ("engines", ""),
    "tokens_per_s": ("tokens of answers a second, of an engine", "/s"),
    "wave_tail_s": ("engines wait at the end of a wave", "s"),
    "vote_s": ("last vote and write", "s"),
    "kill_s": ("ending all lanes", "s"),
}
"""Field of a profile -> what it is, and its unit."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One figure of a profile.

    Attributes:
        name: The field.
        value: The figure.
        measured: Here and now; else it is guessed.
        how: Where it comes from.
    """

    name: str
    value: float
    measured: bool
    how: str

    @property
    def what(self) -> str:
        """In words."""
        return WORDS[self.name][0]

    def shown(self) -> str:
        """The figure with its unit."""
        unit = WORDS[self.name][1]
        number = f"{self.value:.0f}" if self.value >= 100 or not unit else f"{self.value:.2f}"
        return f"{number}{' ' if unit == 's' else ''}{unit}"


Found = tuple[float, str] | None
"""A figure and how it was found; None where nothing was."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a trial left that tells of costs.

    Attributes:
        config: With which it was run.
        journal: Its journal.
        timeline: Its processes; empty where nothing is seen of them.
        n_engines: Engines that it ran.
    """

    config: RunConfig
    journal: JournalContents
    timeline: Timeline
    n_engines: int

    def said_s(self, matches: Callable[[str], object]) -> float | None:
        """When a lane first said such a line."""
        return next((at_s for at_s, text in self.said() if matches(text)), None)

    def said(self) -> list[tuple[float, str]]:
        """(seconds, line) of what lanes said."""
        return [
            (at_s, str(note.content.get("text", "")))
            for at_s, note in self.journal.timed_notes()
            if note.kind == "said"
        ]

    @property
    def stopped_s(self) -> float:
        """When the lanes were ended, or through."""
        found = [at_s for at_s, decision in self.journal.decisions if decision.what == "stopped"]
        return found[-1] if found else self.journal.end_s

    def lanes(self) -> dict[str, list[int]]:
        """Name of a lane -> its processes; empty where they cannot be told apart."""
        names = [one.about for _, one in self.journal.decisions if one.what in ("started", "restarted")]
        pids = self.timeline.lanes()
        found: dict[str, list[int]] = {}
        if len(names) == len(pids):
            for name, pid in zip(names, pids, strict=True):
                found.setdefault(name, []).append(pid)
        return found

    def model_cpu_s(self, since_s: float, until_s: float) -> float:
        """Processor time of the lane of the model."""
        return sum(self.timeline.cpu_s(pid, since_s, until_s) for pid in self.lanes().get("model", ()))

    @property
    def answers_by_cells(self) -> bool:
        """Whether the cell model is asked."""
        return self.config.uses_cells()

    def answering_since(self) -> float | None:
        """When the cell model turned to answering."""
        if self.config.cell_model.ttft == OFF:
            return self.said_s(LOADED.fullmatch)
        return self.said_s(lambda text: Learned.from_text(text) or text.startswith(DROPPED))

    def sampling(self) -> tuple[str, ...]:
        """Proposers that have a text model write."""
        return tuple(name for name in self.config.proposers if name in TEXT_PROPOSERS)


def search_speed(evidence: Evidence) -> Found:
    """Speed of a core in the search, relative to the recorded one."""
    works = _whole_passes(evidence)
    if len(works) < _FEWEST_PASSES:
        return None
    tasks = {task.task_id: task for task in evidence.journal.challenges.tasks}
    chances, budgets = load_chances(), evidence.config.search.budgets()
    expected_s = wall_s = 0.0
    for _, work in works:
        index = min(int(work.phase.split()[1]) - 1, len(budgets) - 1)
        expected_s += chances.of(prospect_at(index, budgets[index], n_cells(tasks[work.task_id]), ())).seconds
        wall_s += work.wall_s
    share = _cpu_share(evidence, min(at_s - work.wall_s for at_s, work in works))
    cpu_s = wall_s * (1.0 if share is None else share)
    if cpu_s < _LEAST_CPU_S:
        return None
    kind = "wall time" if share is None else "processor time"
    return expected_s / cpu_s, f"{len(works)} passes of the search: {expected_s:.1f}s expected, {cpu_s:.1f}s of {kind}"


def start_s(evidence: Evidence) -> Found:
    """Until a search lane turns to its first task."""
    begun = [at_s - work.wall_s for at_s, work in evidence.journal.work if work.proposer == "search" and work.task_id]
    return (max(0.0, min(begun)), "the first pass of the search") if begun else None


def load_s(evidence: Evidence) -> Found:
    """Until a model is loaded."""
    if evidence.sampling():
        at_s = evidence.said_s(ENGINE_READY.fullmatch)
        return None if at_s is None else (at_s, "the first engine was ready then")
    at_s = evidence.said_s(LOADED.fullmatch)
    return None if at_s is None else (at_s, "the cell model was loaded then")


def learn_s(evidence: Evidence) -> Found:
    """Processor time in which the cell model learns the demonstrations of a task once."""
    found = [(at_s, learned) for at_s, text in evidence.said() if (learned := Learned.from_text(text))]
    loaded_s = evidence.said_s(LOADED.fullmatch)
    if not found or loaded_s is None or found[0][1].n_tokens < _FEWEST_TOKENS:
        return None
    until_s, learned = found[0]
    cpu_s = evidence.model_cpu_s(loaded_s, until_s)
    if cpu_s < _LEAST_CPU_S:
        return None
    how = f"{learned.n_tokens:,} tokens learned in {cpu_s:.0f}s of processor time, {TOKENS_A_TASK:,} tokens a task"
    return cpu_s / learned.n_tokens * TOKENS_A_TASK, how


def view_scale(evidence: Evidence) -> Found:
    """Price of a view of the cell model, relative to the recorded ones."""
    answers = _answers(evidence)
    began_s = evidence.answering_since()
    if len(answers) < _FEWEST_VIEWS or began_s is None:
        return None
    cpu_s = evidence.model_cpu_s(began_s, answers[-1][0])
    price_s = _price_of(evidence, [candidate for _, candidate in answers])
    if cpu_s < _LEAST_CPU_S or price_s <= 0:
        return None
    return cpu_s / price_s, f"{len(answers)} answers: {price_s:.1f}s expected, {cpu_s:.1f}s of processor time"


def tokens_per_s(evidence: Evidence) -> Found:
    """What an engine writes a second, in the tokens that a sample is reckoned to cost."""
    ready_s = evidence.said_s(ENGINE_READY.fullmatch)
    names = evidence.sampling()
    if ready_s is None or not names or not evidence.n_engines:
        return None
    tasks = {task.task_id: task for task in evidence.journal.challenges.tasks}
    counts = _samples(evidence.journal, names)
    n_samples = sum(counts.values())
    ends = [at_s for at_s, work in evidence.journal.work if work.proposer in names and not work.task_id]
    until_s = max(ends) if len(ends) == len(names) else evidence.stopped_s
    if n_samples < _FEWEST_SAMPLES or until_s - ready_s < _LEAST_CPU_S:
        return None
    tokens = sum(n * sample_cost(n_cells(tasks[task_id])) for task_id, n in counts.items() if task_id in tasks)
    how = f"{n_samples} samples in {until_s - ready_s:.0f}s; few tasks fill an engine less than many: at least so much"
    return tokens / (until_s - ready_s) / evidence.n_engines, how


def kill_s(evidence: Evidence) -> Found:
    """What it took to end the lanes at their deadline; nothing where they were through before."""
    deadline_s = evidence.config.time_limit_s - evidence.config.reserve_s
    late_s = evidence.stopped_s - deadline_s
    is_told = any(one.what == "stopped" for _, one in evidence.journal.decisions)
    if not is_told or not 0.0 <= late_s < _LONGEST_KILL_S:
        return None
    return late_s, "from the lanes' deadline until the last one was gone"


def measure(evidence: Evidence | None, shipped: Profile, known: Mapping[str, Found]) -> tuple[Cost, ...]:
    """Every figure of a profile that matters for this configuration: measured, else guessed.

    Args:
        evidence: Of the trial; None where it left none.
        shipped: Where guesses come from.
        known: Field -> what was found elsewhere.
    """
    tried: dict[str, Callable[[Evidence], Found]] = {
        "core_speed": search_speed,
        "start_s": start_s,
        "load_s": load_s,
        "learn_s": learn_s,
        "view_scale": view_scale,
        "tokens_per_s": tokens_per_s,
        "kill_s": kill_s,
    }
    costs = []
    for name in WORDS:
        found = known.get(name)
        if found is None and evidence is not None and name in tried:
            found = tried[name](evidence)
        if found is None:
            costs.append(Cost(name, float(getattr(shipped, name)), False, f"of the profile {shipped.name}"))
        else:
            costs.append(Cost(name, float(found[0]), True, found[1]))
    return tuple(costs)


def profile_of(costs: Sequence[Cost], shipped: Profile) -> Profile:
    """The machine that the costs describe."""
    values: dict[str, Any] = {
        one.name: int(one.value) if one.name in ("n_cores", "n_engines") else one.value for one in costs
    }
    return dataclasses.replace(shipped, **values, notes="a rehearsal")


def that_matter(costs: Sequence[Cost], config: RunConfig, n_engines: int) -> tuple[Cost, ...]:
    """Those that decide anything with this configuration."""
    asking = config.asks_text() or config.uses_cells()
    learns = config.cell_model.ttft != OFF
    needless = set()
    if n_engines or not config.uses_cells():
        needless |= {"learn_s", "view_scale"}
    if not learns:
        needless.add("learn_s")
    if not (n_engines and asking):
        needless |= {"n_engines", "tokens_per_s", "wave_tail_s"}
    if not asking:
        needless.add("load_s")
    if "search" not in config.proposers:
        needless |= {"start_s"}
    return tuple(one for one in costs if one.name not in needless)


def _whole_passes(evidence: Evidence) -> list[tuple[float, Work]]:
    """Passes of the search that were not cut."""
    known = {task.task_id for task in evidence.journal.challenges.tasks}
    return [
        (at_s, work)
        for at_s, work in evidence.journal.work
        if work.proposer == "search"
        and work.task_id in known
        and work.phase.startswith("pass ")
        and at_s < evidence.stopped_s
    ]


def _cpu_share(evidence: Evidence, since_s: float) -> float | None:
    """Processor time a second that a search lane got while it worked; None where that was not seen."""
    ends = {work.phase: at_s for at_s, work in evidence.journal.work if work.proposer == "search" and not work.task_id}
    cpu_s = wall_s = 0.0
    for name, pids in evidence.lanes().items():
        if name.startswith("search"):
            until_s = ends.get(name, evidence.stopped_s)
            cpu_s += sum(evidence.timeline.cpu_s(pid, since_s, until_s) for pid in pids)
            wall_s += max(0.0, until_s - since_s)
    return cpu_s / wall_s if cpu_s > 0 and wall_s > 0 else None


def _answers(evidence: Evidence) -> list[tuple[float, Candidate]]:
    """What the cell model wrote, in order."""
    found = [(at_s, one) for at_s, one in evidence.journal.timed_candidates() if one.origin.proposer == "cells"]
    return sorted(found, key=lambda pair: pair[0])


def _price_of(evidence: Evidence, answers: Sequence[Candidate]) -> float:
    tasks = {task.task_id: task for task in evidence.journal.challenges.tasks}
    seen: set[tuple[str, int, bytes]] = set()
    price_s = 0.0
    for one in answers:
        for index, grid in one.outputs.items():
            which = (one.task_id, index, grid_key(grid))
            n_input = tasks[one.task_id].test_inputs[index].size
            price_s += view_price(n_input, grid.size, evidence.config.cell_model.n_drafts, again=which in seen)
            seen.add(which)
    return price_s


def _samples(journal: JournalContents, names: Sequence[str]) -> dict[str, int]:
    """Task -> samples that came back: each is a candidate, or it was rejected or counted."""
    counts: dict[str, int] = {}
    for one in journal.candidates:
        if one.origin.proposer in names:
            counts[one.task_id] = counts.get(one.task_id, 0) + 1
    for (task_id, proposer, _), count in journal.rejected_of.items():
        if proposer in names:
            counts[task_id] = counts.get(task_id, 0) + count
    for (task_id, proposer), count in journal.surplus.items():
        if proposer in names:
            counts[task_id] = counts.get(task_id, 0) + count
    return counts
