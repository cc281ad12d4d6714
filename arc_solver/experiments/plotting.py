"""Figures as a picture, PNG or SVG: each point with its interval, the repeats behind it, the baseline as a line.

matplotlib is imported inside, since nothing else needs it. Knows nothing of runs or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arc_solver.errors import InputError
from arc_solver.experiments.measuring import GroupFigures
from arc_solver.experiments.plan import Experiment

SUFFIXES = (".png", ".svg")
# Of Okabe and Ito: apart for every kind of colour vision.
_COLORS = ("#0072B2", "#D55E00", "#009E73")
_MAX_METRICS = len(_COLORS)


def plot(experiment: Experiment, groups: Sequence[GroupFigures], path: Path) -> None:
    """Draw the first metrics of every group.

    Raises:
        InputError: Nothing is finished, matplotlib is missing, or the file is neither a PNG nor an SVG, or cannot be
            written.
    """
    if path.suffix not in SUFFIXES:
        raise InputError(f"{path}: write a picture to a file that ends in {' or '.join(SUFFIXES)}")
    drawn = [group for group in groups if group.points and group.metrics]
    if not drawn:
        raise InputError(f"experiment {experiment.name}: no run is finished yet, so there is nothing to draw")
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(f"pictures need matplotlib: pip install matplotlib (extra `plot`) ({error})") from error
    height = 1.4 + 0.55 * max(len(group.points) for group in drawn)
    # Words stay words in an SVG, and the same figures give the same file.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": experiment.name, "font.size": 9}):
        figure = Figure(figsize=(1.2 + 4.6 * len(drawn), height), layout="constrained")
        axes = figure.subplots(1, len(drawn), squeeze=False)[0]
        for axis, group in zip(axes, drawn, strict=True):
            _draw(axis, experiment, group)
        figure.suptitle(experiment.question or experiment.name)
        metadata = {"Date": None} if path.suffix == ".svg" else {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, dpi=150, metadata=metadata)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def _draw(axis: Any, experiment: Experiment, group: GroupFigures) -> None:
    metrics = group.metrics[:_MAX_METRICS]
    for number, metric in enumerate(metrics):
        shift = 0.22 * (number - (len(metrics) - 1) / 2)
        for row, point in enumerate(group.points):
            if metric not in point.figures:
                continue
            at = row + shift
            figure, color = point.figures[metric], _COLORS[number]
            axis.plot([100 * figure.low, 100 * figure.high], [at, at], color=color, linewidth=2, alpha=0.6)
            axis.plot([100 * figure.value], [at], "o", color=color, label=metric if row == 0 else None)
            repeats = [100 * value for value in point.by_repeat[metric]]
            axis.plot(repeats, [at] * len(repeats), "|", color=color, markersize=8)
            if point.name == experiment.baseline and number == 0:
                axis.axvline(100 * figure.value, color=color, linewidth=0.8, linestyle=":")
    axis.set_yticks(range(len(group.points)), [point.name for point in group.points])
    axis.invert_yaxis()
    axis.set_xlim(left=0)
    axis.set_xlabel(f"% of {group.n_tasks} {group.name} tasks, 95% intervals; ticks: single runs")
    axis.grid(axis="x", alpha=0.3)
    axis.legend(loc="best", frameon=False)
