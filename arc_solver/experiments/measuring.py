"""From finished runs to figures: means, intervals, differences. Knows values by task; nothing of answers or grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from arc_solver.config import RunConfig
from arc_solver.evaluation.runs import RunValues, Score
from arc_solver.experiments.jobs import Repeat
from arc_solver.experiments.plan import Experiment, Point
from arc_solver.finetune.test_time.settings import OFF
from arc_solver.json_files import optional_json
from arc_solver.pipeline import RunFiles
from arc_solver.shelf import ShelfLimits
from arc_solver.statistics import Comparison, Figure, Floats, bootstrap_mean, compare

MAX_SAMPLES = min(ShelfLimits().n_passing, ShelfLimits().n_voted) // 2
"""A journal has every sample up to here; of more that agree some are only counted."""

_SEED = 0


@dataclass(frozen=True, slots=True)
class PointFigures:
    """One point on one group of tasks.

    Attributes:
        name: Of the point.
        n_repeats: Finished runs behind the figures.
        figures: Metric -> mean over tasks and repeats with its interval; a metric that the point has no value of is
            missing.
        by_repeat: Metric -> the mean of each repeat.
        comparisons: Metric -> the point against the baseline; none for the baseline itself.
        n_cut_short: Pieces of work that the time did not suffice for, of all repeats.
        losses: Learning task -> held-out loss after training, nats a token, mean over the repeats; empty where nothing
            was trained.
        seconds: Mean time of a run.
    """

    name: str
    n_repeats: int
    figures: Mapping[str, Figure]
    by_repeat: Mapping[str, tuple[float, ...]]
    comparisons: Mapping[str, Comparison]
    n_cut_short: int
    losses: Mapping[str, float]
    seconds: float


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """All points on one group of tasks.

    Attributes:
        name: Of the group.
        n_tasks: How many they are.
        metrics: In order, pass@k last; those that some point has.
        points: In the order of the file, those with a finished run.
    """

    name: str
    n_tasks: int
    metrics: tuple[str, ...]
    points: tuple[PointFigures, ...]


def measure(
    experiment: Experiment, repeats: Sequence[Repeat], groups: Mapping[str, Sequence[str]], score: Score
) -> tuple[GroupFigures, ...]:
    """The figures of what is finished.

    Args:
        experiment: What was asked.
        repeats: Its runs, finished or not.
        groups: Group of tasks -> their ids.
        score: Knows the answers.
    """
    return tuple(_group(experiment, repeats, name, ids, score) for name, ids in groups.items())


def drawn_samples(config: RunConfig) -> dict[str, int]:
    """Proposer -> samples for each test output, of those that ask a text model; pass@k can be told of these."""
    samples = {}
    for name in config.proposers:
        if name == "induction":
            samples[name] = config.induction.n_samples
        elif name == "transduction":
            samples[name] = config.transduction.n_samples
    return samples


def can_estimate(config: RunConfig) -> bool:
    """Whether the samples of a run are what pass@k supposes: of one proposer, a text model, and none was left out."""
    names = config.proposers
    if "induction" in names and config.ttft.mode != OFF and config.ttft.n_programs:
        return False  # programs that were written before anything was learned are among them
    if max(drawn_samples(config).values(), default=0) > MAX_SAMPLES:
        return False
    if names == ("transduction",):
        return True
    induction = config.induction
    return names == ("induction",) and induction.stop_after >= induction.n_samples and not induction.repair_rounds


def _group(
    experiment: Experiment, repeats: Sequence[Repeat], name: str, ids: Sequence[str], score: Score
) -> GroupFigures:
    asked = experiment.measure
    found: dict[str, list[RunValues]] = {}
    for repeat in repeats:
        if repeat.job.is_done():
            config = repeat.point.config
            ks = asked.pass_at if can_estimate(config) else ()
            journal = RunFiles(repeat.job.submission).journal
            values = score(journal, ids, asked.metrics, drawn_samples(config), ks)
            found.setdefault(repeat.point.name, []).append(values)
    columns = (*asked.metrics, *(f"pass@{k}" for k in asked.pass_at))
    used = tuple(c for c in columns if any(c in run.values for runs in found.values() for run in runs))
    matrices = {point: {c: _stacked(runs, c) for c in used if c in runs[0].values} for point, runs in found.items()}
    points = []
    for point in experiment.points:
        if point.name in found:
            baseline = matrices.get(experiment.baseline, {}) if point.name != experiment.baseline else {}
            own = matrices[point.name]
            points.append(_point(point, repeats, found[point.name], own, baseline))
    return GroupFigures(name, len(ids), used, tuple(points))


def _point(
    point: Point,
    repeats: Sequence[Repeat],
    runs: Sequence[RunValues],
    own: Mapping[str, Floats],
    baseline: Mapping[str, Floats],
) -> PointFigures:
    figures = {metric: bootstrap_mean(values, _rng()) for metric, values in own.items()}
    by_repeat = {metric: tuple(map(float, values.mean(axis=1))) for metric, values in own.items()}
    comparisons = {metric: compare(own[metric], baseline[metric], _rng()) for metric in own if metric in baseline}
    jobs = [repeat.job for repeat in repeats if repeat.point.name == point.name and repeat.job.is_done()]
    seconds = [float(job.stamp().get("seconds", 0.0)) for job in jobs]
    n_cut_short = sum(run.n_cut_short for run in runs)
    losses = _held_out_losses([job.needs.result for job in jobs if job.needs])
    return PointFigures(
        point.name, len(runs), figures, by_repeat, comparisons, n_cut_short, losses, float(np.mean(seconds))
    )


def _held_out_losses(records: Sequence[Path]) -> dict[str, float]:
    """Learning task -> mean held-out loss, of those that every record has."""
    found = [optional_json(record).get("held_out_loss") or {} for record in records]
    shared = [name for name in (found[0] if found else {}) if all(name in losses for losses in found)]
    return {name: float(np.mean([losses[name] for losses in found])) for name in shared}


def _stacked(runs: Sequence[RunValues], metric: str) -> Floats:
    return np.stack([run.values[metric] for run in runs])


def _rng() -> np.random.Generator:
    # The same resamples for every figure, so that a table does not change when it is written again.
    return np.random.default_rng(_SEED)
