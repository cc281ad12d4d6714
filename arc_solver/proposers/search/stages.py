"""The story of one task: quick solvers and a short enumeration, then rules and a longer one, then ever longer ones.

Knows the order of the stages and nothing of what they do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from arc_solver.budget import Deadline
from arc_solver.proposers.search.alike import viewed
from arc_solver.proposers.search.analysis import Analysis, analyse
from arc_solver.proposers.search.answers import color_answers, count_answers
from arc_solver.proposers.search.edited import edited
from arc_solver.proposers.search.enumerate import Bank, Enumeration, enumerated_drafts
from arc_solver.proposers.search.examples import Draft, Examples, TimeUp
from arc_solver.proposers.search.inverse import undone
from arc_solver.proposers.search.prior import load_prior
from arc_solver.proposers.search.second_step import recolored, ruled
from arc_solver.proposers.search.settings import QUICK_PROGRAMS
from arc_solver.proposers.search.solvers import CHEAP_SOLVERS, LIST_SOLVERS, cell_rules
from arc_solver.proposers.search.stability import stable_drafts
from arc_solver.proposers.search.stacking import layers, side_by_side
from arc_solver.proposers.search.values import Value
from arc_solver.proposers.search.vocabulary import operations
from arc_solver.tasks import Task

MAX_DRAFTS = 10
"""Of each stage: every draft is run twice in the sandbox."""
MAX_COST = 18.0
"""Dearer programs explain the pairs by heart: of 38 such first candidates on training tasks none was right."""
SLOW_SOLVERS = frozenset(
    {
        "growth",
        "object_actions",
        "drawing",
        "rebased",
        "figures",
        "fitting",
        "reflections",
        "lattice_rules",
        "territories",
        "boxes",
        "rooms",
    }
)
"""Solvers that may take longer than a tenth of a second: for the second pass, as rules for cells are."""

VIEW_SOLVERS = {name: one for name, one in CHEAP_SOLVERS.items() if name not in ("rebased", "growth")}
VIEW_SOLVERS |= {"cell_rules": cell_rules.solve}
"""Solvers to ask again in views of the task. The others take long, and turns or colours hardly matter to them."""

EDITORS = {name: CHEAP_SOLVERS[name] for name in ("object_actions", "drawing")}
EDITED_ABOVE = 7.0
"""They edit what has the right size, where no program so cheap was written."""

APPLIES: dict[str, Callable[[Analysis], bool]] = {
    "recolor": lambda known: known.same_size,
    "tiling": lambda known: not known.same_size,
    "color_answers": lambda known: known.plain,
}
"""Stages that the analysis can rule out; those that are not here look for themselves."""


@dataclass(slots=True)
class TaskSearch:
    """The search for one task, pass after pass.

    Args:
        task: The task. What the prior knows of this very task is left out.
        deadline: A cut-off only: what is found does not depend on it before it passes.
    """

    task: Task
    deadline: Deadline
    examples: Examples = field(init=False)
    analysis: Analysis = field(init=False)
    _written: dict[str, float] = field(default_factory=dict)
    _stages_with_drafts: set[str] = field(default_factory=set)
    _least_cost: float = math.inf
    _viewed: bool = False

    def __post_init__(self) -> None:
        self.examples = Examples.of_task(self.task, self.deadline)
        self.analysis = analyse(self.examples)

    def quick(self, max_programs: int) -> list[Draft]:
        """The first pass: solvers that need nothing but the examples, and a short enumeration.

        Args:
            max_programs: Programs that the enumerator may evaluate.
        """
        bank = self._bank(max_programs)
        return self._drafts((*self._solvers(slow=False), *self._built_on(bank, LIST_SOLVERS)))

    def thorough(self, max_programs: int) -> list[Draft]:
        """The second pass: rules for cells, then a longer enumeration and all that builds on it."""
        bank = self._bank(max_programs)
        solvers = (*self._solvers(slow=True), cell_rules.solve(self.examples))
        drafts = self._drafts((*solvers, *self._built_on(bank, LIST_SOLVERS)))
        if not bank.fitting and "cell_rules" not in self._stages_with_drafts:
            drafts += self._drafts((ruled(self.examples, bank.values.get("grid", ())),))
        if not bank.fitting and self._least_cost > EDITED_ABOVE:
            drafts += self._drafts((edited(self.examples, EDITORS),))
        return drafts

    def deeper(self, max_programs: int) -> list[Draft]:
        """A further pass: what the solvers find in views of the task, and what a much longer enumeration finds."""
        drafts = [] if self._viewed else self._drafts((viewed(self.examples, VIEW_SOLVERS, self.deadline),))
        self._viewed = True
        return drafts + self._drafts(self._built_on(self._bank(max_programs), {}))

    def _bank(self, max_programs: int) -> Bank:
        words = {operation.word for operation in operations()}
        prices = load_prior().prices(self.analysis.features, words, without=self.task.task_id)
        return Enumeration(self.examples, max_programs, self.deadline, prices).run()

    def _solvers(self, slow: bool) -> Iterator[Iterator[Draft]]:
        for name, solve in CHEAP_SOLVERS.items():
            if (name in SLOW_SOLVERS) == slow and self._applies(name):
                yield stable_drafts(solve, self.examples)

    def _built_on(
        self, bank: Bank, solvers: dict[str, Callable[[Examples, Sequence[Value]], Iterator[Draft]]]
    ) -> Iterator[Iterator[Draft]]:
        examples, grids = self.examples, bank.values.get("grid", ())
        lists = sorted((*bank.values.get("grids", ()), *bank.values.get("objects", ())), key=lambda value: value.cost)
        yield enumerated_drafts(examples, bank)
        yield from (solve(examples, lists) for name, solve in solvers.items() if self._applies(name))
        yield recolored(examples, grids)
        yield undone(examples, grids)
        yield side_by_side(examples, grids)
        yield layers(examples, grids)
        if self._applies("color_answers"):
            yield color_answers(examples, bank.values.get("color", ()))
        yield count_answers(examples, bank.values.get("count", ()))

    def _applies(self, stage: str) -> bool:
        return stage not in APPLIES or APPLIES[stage](self.analysis)

    def _drafts(self, stages: Iterable[Iterator[Draft]]) -> list[Draft]:
        """The simplest drafts of each stage that are new, or cheaper than before; one for each source."""
        found: dict[str, Draft] = {}
        for stage in stages:
            if self.deadline.passed():
                break
            for draft in sorted(self._until_deadline(stage), key=_simplicity)[:MAX_DRAFTS]:
                self._stages_with_drafts.add(draft.stage)
                if draft.stage != "enumerate":
                    # Those of the enumerator may be near misses.
                    self._least_cost = min(self._least_cost, draft.cost)
                if draft.cost <= MAX_COST and draft.cost < self._written.get(draft.source, MAX_COST + 1):
                    self._written[draft.source] = draft.cost
                    found[draft.source] = draft
        return list(found.values())

    def _until_deadline(self, stage: Iterator[Draft]) -> Iterator[Draft]:
        try:
            for draft in stage:
                yield draft
                self.examples.check_time()
        except TimeUp:
            # What the stage found so far counts.
            return


def find_drafts(task: Task, max_programs: int, deadline: Deadline) -> list[Draft]:
    """Every draft of the first two passes."""
    search = TaskSearch(task, deadline)
    return search.quick(min(max_programs, QUICK_PROGRAMS)) + search.thorough(max_programs)


def _simplicity(draft: Draft) -> tuple[float, str]:
    return draft.cost, draft.source
