"""What the allocation of time is worth: `python benchmarks/allocation.py --help`.

Two parts, both on a virtual clock. The replay takes what was recorded of held-out training tasks (passes of the search,
views of the cell model) and asks how many are solved within a budget, in the real order and in turns. The simulation
plays whole runs of 240 such tasks and twelve hours on three machines, with mishaps.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from typing import Any, Literal

import click
import numpy as np

from arc_solver.allocation import Prospect, StepQueue, load_chances
from arc_solver.allocation.records import TaskRecord, load_records
from arc_solver.config import RunConfig, load_preset
from arc_solver.simulation import PROFILES, Outcome, Profile, Weather, draw_cases, draw_mishaps, simulate

BUDGETS_S = (0.1, 0.2, 0.5, 1.0, 2.0)
"""CPU-seconds a task."""
_BOOTSTRAPS = 2000


Way = Literal["chance", "size", "turns"]
"""How the next pass is chosen: as now; small grids first in all passes but the first, as it was before; by turns."""


def replayed(records: Sequence[TaskRecord], way: Way) -> list[float]:
    """The CPU-seconds after which each task was solved by the recorded search on one core; infinite if never."""
    solved_s = [float("inf")] * len(records)
    used_s = 0.0
    for index, place in _order(records, way):
        step = records[index].steps["search"][place]
        used_s += step.seconds
        if step.solved:
            solved_s[index] = min(solved_s[index], used_s)
    return solved_s


def _order(records: Sequence[TaskRecord], way: Way) -> Sequence[tuple[int, int]]:
    """Which pass of which task comes when."""
    steps = [record.steps["search"] for record in records]
    if way != "chance":
        by_size = sorted(range(len(steps)), key=lambda index: records[index].n_cells)
        later = by_size if way == "size" else range(len(steps))
        passes = [range(len(steps)), *[later] * (max(map(len, steps)) - 1)]
        return [(index, place) for place, order in enumerate(passes) for index in order if place < len(steps[index])]
    queue: StepQueue[tuple[int, int]] = StepQueue(load_chances())

    def put(index: int, place: int) -> None:
        step = steps[index][place]
        queue.put((index, place), Prospect(step.name, records[index].n_cells, step.features), first=place == 0)

    for index in range(len(records)):
        put(index, 0)
    order = []
    while (taken := queue.take()) is not None:
        (index, place), _ = taken
        order.append((index, place))
        if place + 1 < len(steps[index]):
            put(index, place + 1)
    return order


def replay(seed: int, n_orders: int) -> dict[str, Any]:
    """The search's order against the others, which take the tasks of the first pass in many random orders."""
    records = load_records("held-out")
    rng = np.random.default_rng(seed)
    total_s = sum(step.seconds for record in records for step in record.steps["search"])
    orders = [rng.permutation(len(records)) for _ in range(n_orders)]
    ours = np.array(replayed(records, "chance"))
    figures: dict[str, Any] = {"n_tasks": len(records), "cpu_s": round(total_s, 1)}
    figures["solved"] = wanted = int(np.isfinite(ours).sum())
    nine_of_ten = int(0.9 * wanted)
    figures["cpu_s_to_90%"] = round(float(np.sort(ours)[nine_of_ten - 1]), 1)
    for budget in BUDGETS_S:
        figures[f"solved_at_{budget:g}"] = int((ours <= budget * len(records)).sum())
    samples = rng.integers(len(records), size=(_BOOTSTRAPS, len(records)))
    for way in ("size", "turns"):
        others = np.array([_by_task(records, order.tolist(), way) for order in orders])
        figures[f"{way}_solved"] = int(np.isfinite(others[0]).sum())
        figures[f"{way}_cpu_s_to_90%"] = round(float(np.sort(others, axis=1)[:, nine_of_ten - 1].mean()), 1)
        for budget in BUDGETS_S:
            solved = (others <= budget * len(records)).sum(axis=1)
            figures[f"{way}_solved_at_{budget:g}"] = round(float(solved.mean()), 1)
        # Over the time in which the others solve most of what they solve.
        until_s = figures[f"{way}_cpu_s_to_90%"]
        areas = np.array([_areas(ours, until_s), _areas(others, until_s).mean(axis=0)])
        figures[f"area_ratio_to_{way}"] = round(float(areas[0].sum() / areas[1].sum()), 3)
        figures[f"area_ratio_to_{way}_95"] = _interval(areas, samples)
    return figures


def _by_task(records: Sequence[TaskRecord], order: Sequence[int], way: Way) -> list[float]:
    """The tasks in another order; the times are given back in their own."""
    found = replayed([records[index] for index in order], way)
    times = [0.0] * len(records)
    for index, at_s in zip(order, found, strict=True):
        times[index] = at_s
    return times


def _areas(solved_s: Any, until_s: float) -> Any:
    return np.maximum(0.0, until_s - solved_s) / until_s


def config_for(profile: Profile, hours: float) -> RunConfig:
    """What a run of so many hours would be started with."""
    config = load_preset(profile.preset)
    return config.lasting(hours * 3600.0)


def simulated(profile: Profile, hours: float, n_tasks: int, seeds: Sequence[int]) -> dict[str, Any]:
    """Runs with mishaps and without, allocated and in turns."""
    records = load_records("held-out")
    config = config_for(profile, hours)
    ours: list[Outcome] = []
    turns: list[Outcome] = []
    calm: list[Outcome] = []
    for seed in seeds:
        rng = np.random.default_rng([seed, sum(profile.name.encode())])
        cases = draw_cases(records, n_tasks, rng)
        weather = draw_mishaps(profile, config.time_limit_s, rng)
        ours.append(simulate(profile, config, cases, weather))
        turns.append(simulate(profile, config, cases, weather, allocated=False))
        calm.append(simulate(profile, config, cases, Weather(slowness=weather.slowness)))
    rng = np.random.default_rng(0)
    samples = rng.integers(len(ours), size=(_BOOTSTRAPS, len(ours)))
    solved = np.array([[one.n_solved for one in ours], [one.n_solved for one in turns]], dtype=float)
    until_s = config.time_limit_s
    means = np.array([[one.mean_solved(until_s) for one in ours], [one.mean_solved(until_s) for one in turns]])
    return {
        "runs": len(ours),
        "over_the_limit": sum(not one.in_time for one in (*ours, *turns, *calm)),
        "least_seconds_left": round(min(one.limit_s - one.end_s for one in ours), 1),
        "used": _mean(ours, lambda one: one.used),
        "used_5%": round(float(np.quantile([one.used for one in ours], 0.05)), 3),
        "used_without_mishaps": _mean(calm, lambda one: one.used),
        "turns_used": _mean(turns, lambda one: one.used),
        "on_unsolved_tasks": _mean(ours, lambda one: one.useful),
        "turns_on_unsolved_tasks": _mean(turns, lambda one: one.useful),
        "ran_out_of_work": sum(one.ran_out_s < float("inf") for one in calm),
        "restarts": _mean(ours, lambda one: one.n_restarts),
        "solved": _mean(ours, lambda one: one.n_solved),
        "turns_solved": _mean(turns, lambda one: one.n_solved),
        "solved_ratio": round(float(solved[0].sum() / solved[1].sum()), 3),
        "solved_ratio_95": _interval(solved, samples),
        "mean_solved_ratio": round(float(means[0].sum() / means[1].sum()), 3),
        "mean_solved_ratio_95": _interval(means, samples),
    }


def _mean(outcomes: Sequence[Outcome], what: Callable[[Outcome], float]) -> float:
    return round(statistics.fmean(map(what, outcomes)), 3)


def _interval(pairs: Any, samples: Any) -> list[float]:
    ratios = pairs[0][samples].sum(axis=1) / pairs[1][samples].sum(axis=1)
    return [round(float(one), 3) for one in np.quantile(ratios, (0.025, 0.975))]


@click.command(context_settings={"max_content_width": 110})
@click.option("--seeds", "n_seeds", default=1000, show_default=True, help="Simulated runs of each machine.")
@click.option("--tasks", "n_tasks", default=240, show_default=True)
@click.option("--hours", default=12.0, show_default=True)
@click.option("--profile", "names", multiple=True, type=click.Choice(sorted(PROFILES)), help="[default: all]")
@click.option("--orders", default=200, show_default=True, help="Orders of tasks that turns are replayed in.")
@click.option("--seed", default=0, show_default=True)
def main(n_seeds: int, n_tasks: int, hours: float, names: tuple[str, ...], orders: int, seed: int) -> None:
    """Replay recorded searches of held-out training tasks, then simulate whole runs; turns are the baseline.

    "used" is the share of the scarce device's time (engines; cores where there are none) in which it worked: the mean
    over all runs, the share that all but 5% of them reach, and the mean without mishaps ("calm"). The last line is one
    JSON object. Takes about ten minutes of one core.
    """
    figures: dict[str, Any] = {"seed": seed, "replay": replay(seed, orders)}
    told = figures["replay"]
    click.echo(f"search of {told['n_tasks']} held-out tasks, replayed: {told['solved']} solved")
    click.echo(f"{'CPU-seconds a task':<22}{'by chance':>10}{'by size':>10}{'in turns':>10}")
    for budget in BUDGETS_S:
        counts = [told[f"{way}solved_at_{budget:g}"] for way in ("", "size_", "turns_")]
        click.echo(f"{budget:<22g}{counts[0]:>10}{counts[1]:>10}{counts[2]:>10}")
    for way in ("size", "turns"):
        click.echo(
            f"area under solved over time, to {way}: {told[f'area_ratio_to_{way}']} {told[f'area_ratio_to_{way}_95']}"
        )
    click.echo(
        f"\n{'machine':<9}{'runs':>6}{'over':>6}{'used':>7}{'5%':>7}{'calm':>7}{'turns':>7}{'solved':>8}{'turns':>7}"
        "  ratio"
    )
    for name in names or PROFILES:
        found = simulated(PROFILES[name], hours, n_tasks, range(seed, seed + n_seeds))
        figures[name] = found
        click.echo(
            f"{name:<9}{found['runs']:>6}{found['over_the_limit']:>6}{found['used']:>7.3f}{found['used_5%']:>7.3f}"
            f"{found['used_without_mishaps']:>7.3f}{found['turns_used']:>7.3f}{found['solved']:>8.1f}"
            f"{found['turns_solved']:>7.1f}  {found['solved_ratio']} {found['solved_ratio_95']}"
        )
    click.echo(json.dumps(figures))


if __name__ == "__main__":
    main()
