"""How a cell model does on held-out training tasks: adapt to their demonstrations, answer, compare.

It holds solutions, as `evaluation` does, and is for held-out training tasks only. Knows nothing of how a base was
trained.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from arc_solver.augment import IDENTITY
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.adapting import answer_in_views, views
from arc_solver.finetune.cells.corpus import Corpus
from arc_solver.finetune.cells.decoding import Answer
from arc_solver.finetune.cells.model import CellModel
from arc_solver.grids import Grid, grid_key, grids_equal
from arc_solver.tasks import Pair


def ranked(answers: Sequence[Answer]) -> list[Grid]:
    """Different grids, most views first, then the likelier."""
    votes: dict[bytes, list[Answer]] = defaultdict(list)
    for one in answers:
        votes[grid_key(one.grid)].append(one)
    order = sorted(votes.values(), key=lambda group: (-len(group), -max(one.logprob for one in group)))
    return [group[0].grid for group in order]


@torch.no_grad()
def measure(
    model: CellModel,
    corpus: Corpus,
    *,
    n_views: int = 8,
    with_context: bool = False,
    is_unknown: bool = False,
    n_re_arc: int = 5,
    group: str = "held",
) -> dict[str, Any]:
    """Exact answers on tests (in views, voted) and on generated examples (one view) of the tasks of a group.

    Args:
        model: On its device.
        corpus: With the groups `<group>-demonstrations`, `-tests` and `-re-arc`.
        n_views: Views of each test input.
        with_context: Demonstrations are shown before the input.
        is_unknown: The token of unknown tasks is used.
        n_re_arc: Generated examples a task.
        group: Which tasks.
    """
    demonstrations = {int(corpus.numbers[e]): corpus.pairs(int(e)) for e in corpus.groups[f"{group}-demonstrations"]}

    def questions(name: str, limit: int) -> tuple[list[tuple[int, Sequence[Pair], Grid]], list[Grid]]:
        asked: list[tuple[int, Sequence[Pair], Grid]] = []
        wanted = []
        for entry in corpus.groups[f"{group}-{name}"].tolist():
            number = int(corpus.numbers[entry])
            for index in range(min(limit, corpus.n_pairs(entry))):
                pair = corpus.pair(entry, index)
                token = words.TASK if is_unknown else words.TASK + 1 + number
                asked.append((token, demonstrations.get(number, ()) if with_context else (), pair.input))
                wanted.append(pair.output)
        return asked, wanted

    asked, wanted = questions("tests", 9)
    found = answer_in_views(model, asked, views(n_views, 0))
    lists = [ranked(answers) for answers in found]
    result: dict[str, Any] = {
        "n_tests": len(wanted),
        "first_view": sum(grids_equal(a[0].grid, w) for a, w in zip(found, wanted, strict=True)),
        "mean_view": round(
            sum(grids_equal(one.grid, w) for a, w in zip(found, wanted, strict=True) for one in a) / n_views, 1
        ),
        "vote_1": sum(grids_equal(options[0], w) for options, w in zip(lists, wanted, strict=True)),
        "vote_2": sum(any(grids_equal(o, w) for o in options[:2]) for options, w in zip(lists, wanted, strict=True)),
        "pass_n": sum(any(grids_equal(o, w) for o in options) for options, w in zip(lists, wanted, strict=True)),
    }
    if n_re_arc:
        asked, wanted = questions("re-arc", n_re_arc)
        found = answer_in_views(model, asked, (IDENTITY,))
        right = [grids_equal(a[0].grid, w) for a, w in zip(found, wanted, strict=True)]
        result |= {"re_arc": round(float(np.mean(right)), 4), "n_re_arc": len(right)}
    return result
