"""Figures as Markdown, with what can and what cannot be told from them. Knows nothing of runs or files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from arc_solver.budget import format_duration
from arc_solver.experiments.measuring import GroupFigures, PointFigures
from arc_solver.experiments.plan import Experiment
from arc_solver.statistics import Comparison, Figure

_FALSE_ALARM = 0.05
_LOWER_IS_BETTER = ("unanswered",)


def experiment_markdown(
    experiment: Experiment, groups: Sequence[GroupFigures], *, command: str, picture: str = ""
) -> str:
    """The question, a table for each group of tasks, what they say, and how they came about.

    Args:
        experiment: What was asked.
        groups: What was found.
        command: What made the runs.
        picture: Path of the plot, as the page reaches it; "" for none.
    """
    n_wanted = len(experiment.points) * len(experiment.seeds)
    n_runs = sum(point.n_repeats for point in groups[0].points) if groups else 0
    parts = [f"**{experiment.question}**" if experiment.question else ""]
    parts += [f"The seed: {experiment.seed_says}" if experiment.seed_says else ""]
    if not n_runs:
        parts.append("Not run yet.")
    else:
        for group in groups:
            parts += [
                f"On {_group_name(group)}:" if group.points else "",
                group_table(group, experiment.baseline),
                verdict(experiment, group),
            ]
        parts.append(f"![{experiment.name}]({picture})" if picture else "")
        parts.append(f"Conclusion: {experiment.conclusion}" if experiment.conclusion else "")
    parts.append(_provenance(experiment, groups, n_runs, n_wanted, command))
    return "\n\n".join(part for part in parts if part) + "\n"


def group_table(group: GroupFigures, baseline: str) -> str:
    """A row for each point: every metric with its interval; of the first the difference from the baseline."""
    if not group.points:
        return ""
    recipes = _shared_recipes(group.points)
    first = group.metrics[0] if group.metrics else ""
    heads = ["", "runs", *group.metrics, f"{first} - baseline", "tasks better / worse", "p"]
    heads += [f"loss, {recipe}" for recipe in recipes]
    heads += ["cut short"] if any(point.n_cut_short for point in group.points) else []
    rows = [_row(point, group, first, baseline, recipes, len(heads)) for point in group.points]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def verdict(experiment: Experiment, group: GroupFigures) -> str:
    """What the intervals say, in words: also that they say nothing."""
    told = []
    n_compared = 0
    for metric in group.metrics:
        compared = [(point.name, point.comparisons[metric]) for point in group.points if metric in point.comparisons]
        n_compared += len(compared)
        for name, comparison in compared:
            if comparison.can_tell:
                is_better = (comparison.difference.value > 0) == (metric not in _LOWER_IS_BETTER)
                which = "better" if is_better else "worse"
                told.append(f"{name} is {which} than {experiment.baseline} in {metric} ({_points(comparison)})")
    if not n_compared:
        return ""
    by_chance = f"{n_compared} comparisons were made, of which {_FALSE_ALARM * n_compared:.1f} would show a difference "
    by_chance += "by chance alone."
    if not told:
        return f"No difference from {experiment.baseline} can be told from chance. {by_chance}"
    return f"The interval leaves out 0: {'; '.join(told)}. {by_chance}"


def _row(
    point: PointFigures, group: GroupFigures, first: str, baseline: str, recipes: Sequence[str], n_cells: int
) -> list[str]:
    cells = [point.name.replace("|", "\\|"), str(point.n_repeats)]
    cells += [_percent(point.figures[metric]) if metric in point.figures else "" for metric in group.metrics]
    comparison = point.comparisons.get(first)
    if comparison is None:
        cells += ["baseline" if point.name == baseline else "", "", ""]
    else:
        p_value = f"{comparison.p_value:.3f}" if comparison.p_value >= 0.001 else "< 0.001"
        cells += [_points(comparison), f"{comparison.n_better} / {comparison.n_worse}", p_value]
    cells += [f"{point.losses[recipe]:.4f}" if recipe in point.losses else "" for recipe in recipes]
    cells += [str(point.n_cut_short)] if len(cells) < n_cells else []
    return cells


def _shared_recipes(points: Iterable[PointFigures]) -> list[str]:
    """Learning tasks of which more than one point has a loss: only those can be compared."""
    counts: dict[str, int] = {}
    for point in points:
        for recipe in point.losses:
            counts[recipe] = counts.get(recipe, 0) + 1
    return [recipe for recipe, count in counts.items() if count > 1]


def _percent(figure: Figure) -> str:
    return f"{100 * figure.value:.2f}% [{100 * figure.low:.1f}, {100 * figure.high:.1f}]"


def _points(comparison: Comparison) -> str:
    figure = comparison.difference
    return f"{100 * figure.value:+.2f} [{100 * figure.low:+.1f}, {100 * figure.high:+.1f}]"


def _group_name(group: GroupFigures) -> str:
    names = {
        "held-out": "training tasks that were never trained on",
        "trained": "training tasks whose other inputs were trained on",
        "made": "tasks made of a word or two of the DSL",
    }
    return (
        f"{group.n_tasks} {names[group.name]}" if group.name in names else f"the {group.n_tasks} tasks of {group.name}"
    )


def _provenance(
    experiment: Experiment, groups: Sequence[GroupFigures], n_runs: int, n_wanted: int, command: str
) -> str:
    n_seeds = len(experiment.seeds)
    lines = [f"`{command}`; {n_runs} of {n_wanted} runs ({len(experiment.points)} points, {n_seeds} seeds)"]
    if n_runs:
        seconds = [point.seconds for point in groups[0].points]
        lines.append(f"a run took {format_duration(min(seconds))} to {format_duration(max(seconds))}")
        lines.append(
            "in brackets 95% intervals, by a bootstrap over tasks and repeats; differences in points, over the same "
            "tasks; p: exact sign test over the tasks that differ (McNemar's where there is one repeat)"
        )
    return "; ".join(lines) + "."
