"""The work of a run in slices: what waits, what is out at which node, what goes back, what nobody can do.

Pure bookkeeping. Nothing said is ever taken back: a slice whose node is lost comes back without the tasks that were
finished. Knows nothing of Ray, processes or time.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from arc_solver.tasks import Task

Lane = Literal["search", "model"]

MAX_FAILURES = 2
"""A slice on which lanes of so many nodes broke is given up: it would break them all."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Some tasks for some proposers of one lane.

    Attributes:
        proposers: In the order in which they run.
        tasks: What they are asked.
        failed_on: Nodes on which it broke something.
        again: It holds what was cut short once; cut short again, it is left as it is.
    """

    proposers: tuple[str, ...]
    tasks: tuple[Task, ...]
    failed_on: frozenset[str] = frozenset()
    again: bool = False

    @property
    def lane(self) -> Lane:
        return "search" if self.proposers == ("search",) else "model"


class Ledger:
    """Who still has to say what about which task.

    Args:
        proposers: Names, in the order in which they run.
        tasks: All tasks.
        done: (proposer, task id) that an earlier run finished.
        n_model_slices: Into how many slices the model's tasks are cut; the search gets one task at a time.

    Attributes:
        done: (proposer, task id) of what is finished.
        n_given_up: Proposer -> tasks that nobody can do.
        breakages: Proposer -> what broke last.
    """

    def __init__(
        self,
        proposers: Sequence[str],
        tasks: Sequence[Task],
        done: Collection[tuple[str, str]],
        n_model_slices: int,
    ) -> None:
        self.done = set(done)
        self.n_given_up: Counter[str] = Counter()
        self.breakages: dict[str, str] = {}
        self._waiting: dict[Lane, deque[Slice]] = {"search": deque(), "model": deque()}
        self._out: dict[tuple[str, str], Slice] = {}
        if "search" in proposers:
            for task in tasks:
                self._put(Slice(("search",), (task,)))
        asking = tuple(name for name in proposers if name != "search")
        if asking:
            n_slices = max(1, min(n_model_slices, len(tasks)))
            for index in range(n_slices):
                self._put(Slice(asking, tuple(tasks[index::n_slices])))

    def n_waiting(self, lane: Lane) -> int:
        return len(self._waiting[lane])

    def finished(self) -> bool:
        """Nothing waits and nothing is out."""
        return not self._out and not any(self._waiting.values())

    def is_open(self, proposer: str) -> bool:
        """Whether a slice of this proposer waits or is out."""
        return any(proposer in item.proposers for item in chain(self._out.values(), *self._waiting.values()))

    def take(self, lane: Lane, node: str, slot: str, refused: Collection[str]) -> Slice | None:
        """The next slice that this slot of a node may have, without the proposers that the node refuses."""
        queue = self._waiting[lane]
        for item in queue:
            able = tuple(name for name in item.proposers if name not in refused)
            if able and node not in item.failed_on:
                queue.remove(item)
                if able != item.proposers:
                    rest = tuple(name for name in item.proposers if name in refused)
                    self._put(replace(item, proposers=rest))
                self._out[node, slot] = taken = replace(item, proposers=able)
                return taken
        return None

    def hear_done(self, proposer: str, task_id: str) -> None:
        self.done.add((proposer, task_id))

    def end(self, node: str, slot: str, failures: Mapping[str, str]) -> int:
        """A slot is through with its slice. What a proposer left is asked once more; what broke it goes to others.

        Args:
            node: The node.
            slot: The slot on it.
            failures: Proposer -> what broke.

        Returns:
            How many tasks other nodes have to take over.
        """
        item = self._out.pop((node, slot))
        n_back = 0
        for name in item.proposers:
            one = replace(item, proposers=(name,))
            if name in failures:
                n_back += self._fail(one, node, failures[name])
            elif not item.again:
                self._put(replace(one, again=True))
        return n_back

    def lose_slot(self, node: str, slot: str, message: str) -> int:
        """The lane of a slot died over its slice; how many tasks go to others."""
        return self._fail(self._out.pop((node, slot)), node, message)

    def lose_node(self, node: str) -> int:
        """A node is gone, by no fault of its slices; how many tasks go to others."""
        slots = [key for key in self._out if key[0] == node]
        return sum(self._put(self._out.pop(key), first=True) for key in slots)

    def give_up_where(self, lane: Lane, nodes: Mapping[str, Collection[str]]) -> None:
        """Give up the slices that failed on, or whose proposers are refused by, each of these nodes.

        Args:
            lane: Which.
            nodes: Every node that has this lane -> the proposers that it refuses.
        """
        for item in tuple(self._waiting[lane]):
            able = [
                node
                for node, refused in nodes.items()
                if node not in item.failed_on and not set(item.proposers) <= set(refused)
            ]
            if not able:
                self._waiting[lane].remove(item)
                self._give_up(item)

    def _fail(self, item: Slice, node: str, message: str) -> int:
        self.breakages |= dict.fromkeys(item.proposers, message)
        failed = replace(item, failed_on=item.failed_on | {node})
        if len(failed.failed_on) < MAX_FAILURES:
            return self._put(failed)
        self._give_up(failed)
        return 0

    def _give_up(self, item: Slice) -> None:
        for name in item.proposers:
            self.n_given_up[name] += len(self._unfinished(item, name))

    def _put(self, item: Slice, *, first: bool = False) -> int:
        """Let what is unfinished of a slice wait; how many tasks that is."""
        names = tuple(name for name in item.proposers if self._unfinished(item, name))
        tasks = tuple(task for task in item.tasks if any((name, task.task_id) not in self.done for name in names))
        if tasks:
            queue = self._waiting[item.lane]
            (queue.appendleft if first else queue.append)(replace(item, proposers=names, tasks=tasks))
        return len(tasks)

    def _unfinished(self, item: Slice, proposer: str) -> list[Task]:
        return [task for task in item.tasks if (proposer, task.task_id) not in self.done]
