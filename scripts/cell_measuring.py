"""How a cell model does on held-out training tasks: adapt to their demonstrations, answer, score, compare.

    python scripts/cell_measuring.py --model weights/cells --corpus corpus.npz --time-limit 15m

It holds solutions, as `evaluation` does, and is for held-out training tasks only. Knows nothing of how a base was
trained.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import click
import numpy as np

from arc_solver.augment import IDENTITY, View
from arc_solver.budget import Deadline, MonotonicClock, parse_duration
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.adapting import answer_in_views, views
from arc_solver.finetune.cells.checkpoint import load_compact
from arc_solver.finetune.cells.corpus import Corpus
from arc_solver.finetune.cells.decoding import Answer, inference_copy
from arc_solver.finetune.cells.device import prepare, torch_dtype
from arc_solver.finetune.cells.joint import Dropped, adapt_jointly
from arc_solver.finetune.cells.model import CellModel
from arc_solver.finetune.cells.scoring import Question, score
from arc_solver.grids import Grid, as_grid, grid_key, grids_equal
from arc_solver.proposers.cells import CellSettings
from arc_solver.tasks import Task

_MAX_POOL = 8
_VIEWS_TOGETHER = 2


def ranked(answers: Sequence[Answer]) -> list[Grid]:
    """Different grids, most views first, then the likelier."""
    votes: dict[bytes, list[Answer]] = defaultdict(list)
    for one in answers:
        votes[grid_key(one.grid)].append(one)
    order = sorted(votes.values(), key=lambda group: (-len(group), -max(one.logprob for one in group)))
    return [as_grid(group[0].grid) for group in order]


def measure(
    model: CellModel,
    corpus: Corpus,
    *,
    n_views: int = 8,
    n_re_arc: int = 5,
    slots: dict[str, int] | None = None,
    is_over: Callable[[], bool] = lambda: False,
    log: Callable[[dict[str, Any]], None] = lambda record: None,
) -> dict[str, Any]:
    """Exact answers on the tests of held-out tasks: voted over views, and the pooled ones scored in every view; then on
    generated examples, in one view.

    Args:
        model: On its device, adapted.
        corpus: With the groups `held-tests` and `held-re-arc`.
        n_views: Views of each test input, at most.
        n_re_arc: Generated examples a task.
        slots: Task id -> number of its token, counted from TASK; the corpus's own numbers by default.
        is_over: Asked between views, before scoring and before the generated examples: what is left is left out. The
            first views are always answered.
        log: Told of each stage.
    """
    asked, wanted = _questions(corpus, "held-tests", 9, slots)
    chosen, found = views(n_views, 0), [[] for _ in wanted]
    n_done = 0
    while n_done < n_views and not (n_done and is_over()):
        part = chosen[n_done : n_done + _VIEWS_TOGETHER]
        for answers, more in zip(found, _answered(model, asked, part), strict=True):
            answers += more
        n_done += len(part)
        log({"views_done": n_done, **_counts([ranked(answers) for answers in found], wanted)})
    pools = [ranked(answers) for answers in found]
    result: dict[str, Any] = {"n_tests": len(wanted), "n_views": n_done}
    result["first_view"] = sum(grids_equal(a[0].grid, w) for a, w in zip(found, wanted, strict=True))
    result |= _counts(pools, wanted)
    if not is_over():
        result |= _scored_counts(model, asked, pools, chosen[:n_done], wanted)
    if n_re_arc and not is_over():
        asked, wanted = _questions(corpus, "held-re-arc", n_re_arc, slots)
        right = [grids_equal(a[0].grid, w) for a, w in zip(_answered(model, asked, (IDENTITY,)), wanted, strict=True)]
        result |= {"re_arc": round(float(np.mean(right)), 4), "n_re_arc": len(right)}
    return result


def _questions(
    corpus: Corpus, group: str, limit: int, slots: dict[str, int] | None
) -> tuple[list[tuple[int, Grid]], list[Grid]]:
    """Task token and input of each pair of a group, and the outputs; of tasks that have a token."""
    asked, wanted = [], []
    for entry in corpus.groups[group].tolist():
        task_id = corpus.names[entry].split("/", 1)[1]
        slot = int(corpus.numbers[entry]) + 1 if slots is None else slots.get(task_id, 0)
        for index in range(min(limit, corpus.n_pairs(entry))):
            pair = corpus.pair(entry, index)
            asked.append((words.TASK + slot, pair.input))
            wanted.append(pair.output)
    return asked, wanted


def _answered(model: CellModel, asked: Sequence[tuple[int, Grid]], chosen: Sequence[View]) -> list[list[Answer]]:
    return answer_in_views(model, [(token, (), given) for token, given in asked], chosen)


def _scored_counts(
    model: CellModel,
    asked: Sequence[tuple[int, Grid]],
    pools: Sequence[Sequence[Grid]],
    chosen: Sequence[View],
    wanted: Sequence[Grid],
) -> dict[str, Any]:
    """`scored_1` and `scored_2`; a failure is told, for it must not cost the figures before it."""
    try:
        counts = _counts(_rescored(model, asked, pools, chosen), wanted)
    except RuntimeError as error:
        return {"scoring_failed": str(error)[:300]}
    return {"scored_1": counts["vote_1"], "scored_2": counts["vote_2"]}


def _rescored(
    model: CellModel, asked: Sequence[tuple[int, Grid]], pools: Sequence[Sequence[Grid]], chosen: Sequence[View]
) -> list[list[Grid]]:
    """The grids of each pool by their mean log-probability over the views."""
    several = [number for number, pool in enumerate(pools) if len(pool) > 1]
    totals = {number: np.zeros(min(_MAX_POOL, len(pools[number]))) for number in several}
    for view in chosen:
        made = [Question(asked[n][0], view, asked[n][1], tuple(pools[n][:_MAX_POOL])) for n in several]
        for number, scores in zip(several, score(model, made), strict=True):
            totals[number] += [one.logprob for one in scores]
    order = {number: np.argsort(-total, kind="stable").tolist() for number, total in totals.items()}
    return [[pool[at] for at in order[n]] if n in order else list(pool) for n, pool in enumerate(pools)]


def _counts(pools: Sequence[Sequence[Grid]], wanted: Sequence[Grid]) -> dict[str, int]:
    """How often the solution is among the first, the first two, and all grids."""
    places = [
        next((at for at, grid in enumerate(pool) if grids_equal(grid, solution)), None)
        for pool, solution in zip(pools, wanted, strict=True)
    ]
    known = [place for place in places if place is not None]
    return {"vote_1": sum(p < 1 for p in known), "vote_2": sum(p < 2 for p in known), "pass_n": len(known)}


def held_tasks(corpus: Corpus) -> list[Task]:
    """The held-out tasks, without solutions."""
    tests = {corpus.names[e].split("/", 1)[1]: e for e in corpus.groups["held-tests"].tolist()}
    tasks = []
    for entry in corpus.groups["held-demonstrations"].tolist():
        task_id = corpus.names[entry].split("/", 1)[1]
        given = tuple(pair.input for pair in corpus.pairs(tests[task_id]))
        tasks.append(Task(task_id, corpus.pairs(entry), given))
    return tasks


@click.command()
@click.option("--model", "folder", type=click.Path(path_type=Path), required=True, help="Folder of a compact model.")
@click.option("--corpus", "path", type=click.Path(path_type=Path), required=True)
@click.option("--time-limit", default="15m", show_default=True, help="Of adaptation and answers; halved between them.")
@click.option("--views", "n_views", default=8, show_default=True)
@click.option("--threads", default=1, show_default=True)
@click.option("--lr", type=float, help="Peak rate of matrices while adapting [default: the package's].")
@click.option("--table-lr", type=float, help="Likewise of tables.")
@click.option("--rows", type=int, help="Rows of 2,048 tokens a step.")
@click.option("--passes", type=float, help="Passes over the demonstrations.")
@click.option("--optimizer", type=click.Choice(["adamw", "muon"]), help="While adapting.")
@click.option("--precision", "wanted", type=click.Choice(["bf16", "fp16", "fp32"]), help="Of adaptation and answers.")
@click.option("--seed", default=0, show_default=True)
def main(
    folder: Path, path: Path, time_limit: str, n_views: int, threads: int, lr: float | None, table_lr: float | None,
    rows: int | None, passes: float | None, optimizer: str | None, wanted: str | None, seed: int,
) -> None:  # fmt: skip
    """Adapt a compact cell model to the held-out training tasks and print how many tests it answers."""
    device, precision = prepare(threads)
    precision = wanted or precision
    corpus, model = Corpus.load(path), load_compact(folder).to(device)
    deadline = Deadline.after(parse_duration(time_limit), MonotonicClock())
    learning = deadline.within(0.5 * deadline.remaining_s())
    asked = {"lr": lr, "table_lr": table_lr, "n_rows": rows, "max_passes": passes, "optimizer": optimizer}
    config = replace(CellSettings().joint_on(device), precision=precision)
    config = replace(config, **{name: value for name, value in asked.items() if value is not None})
    tasks = held_tasks(corpus)
    started = time.monotonic()
    found = adapt_jointly(model, tasks, learning, config, seed, log=_to_stderr, clock=time.monotonic)
    learned = time.monotonic()
    if isinstance(found, Dropped):
        raise click.ClickException(found.reason)
    figures = measure(
        inference_copy(model, torch_dtype(precision)),
        corpus,
        n_views=n_views,
        n_re_arc=0,
        slots=dict(found.slots),
        is_over=deadline.passed,
        log=lambda record: _to_stderr(json.dumps(record)),
    )
    losses = {"loss_before": found.loss_before, "loss_after": found.loss_after, "n_tokens": found.n_tokens}
    losses |= {"learned_s": round(learned - started, 1), "answered_s": round(time.monotonic() - learned, 1)}
    click.echo(json.dumps({**figures, "steps": found.steps, **losses}))


def _to_stderr(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
