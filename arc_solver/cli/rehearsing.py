"""`solve --rehearse N`: words and flags of a rehearsal (`dry_run`): a short real run, a simulated long one, a verdict.

Not to be taken for `scripts/rehearse-kaggle`, which plays the notebook, and for the try of a model's precision before a
run (`engines.rehearsal`).
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from arc_solver.budget import format_duration
from arc_solver.choices import default_preset
from arc_solver.cli.common import read_challenges
from arc_solver.cli.running import Asked, configure
from arc_solver.config import RunConfig
from arc_solver.doctor.planning import plan_for
from arc_solver.dry_run.choosing import first, spread, training_tasks
from arc_solver.dry_run.costs import Cost, Evidence, Found, measure, profile_of, that_matter
from arc_solver.dry_run.machines import Stand, stand_of
from arc_solver.dry_run.resources import Expected, expect
from arc_solver.dry_run.scenarios import N_SEEDS, Scenario, play
from arc_solver.dry_run.trial import Trial, run_trial
from arc_solver.dry_run.verdict import Verdict, judge
from arc_solver.dry_run.writing import Written, write_many
from arc_solver.engines.devices import probe
from arc_solver.engines.plans import Refusal
from arc_solver.errors import InputError
from arc_solver.interrupting import Interrupt
from arc_solver.memory import read_memory
from arc_solver.submission import check_output_path, write_json
from arc_solver.tasks import Challenges

N_MEASURED = 12
MEASURED_S, MEASURED_WITH_ENGINES_S = 180.0, 600.0
_PLAIN_EVERY_S = 20.0
_SIMULATION_S = 10.0
"""Expected of all simulated runs, until the first were played."""
_MIB = 1 << 20
_REFUSED = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for.

    Attributes:
        n_tasks: Of the long run.
        measured_s: Length of the short one; None for the usual.
        dataset: Where its tasks come from.
        challenges: Likewise.
        limit: How many of them; None for some of all sizes.
        flags: Those of the run, without tasks.
    """

    n_tasks: int
    measured_s: float | None
    dataset: str | None
    challenges: Path | None
    limit: int | None
    flags: dict[str, Any]


def rehearse(wanted: Wanted, console: Console) -> None:
    """Measure, simulate, tell.

    Raises:
        InputError: It cannot be rehearsed, or the short run was refused.
        SystemExit: With 1 if the long run would not finish.
    """
    _check(wanted)
    tasks, where = _tasks(wanted)
    asked = Asked(tasks=tasks, where=where, public_name=None, **wanted.flags)
    config = configure(asked)
    stand = _stand(asked, config)
    measured_s = wanted.measured_s or (MEASURED_WITH_ENGINES_S if stand.n_engines else MEASURED_S)
    short = configure(dataclasses.replace(asked, time_limit=measured_s))
    if stand.is_elsewhere:
        short = dataclasses.replace(short, proposers=("search",))
    _introduce(console, wanted, config, stand, len(tasks.tasks), where, measured_s)
    memory, disk_free = read_memory(), _free_bytes(asked.output)
    with Interrupt(), _Progress(console) as progress, _folder_beside(asked.output) as folder:
        arguments = _arguments(asked, short)
        trial = run_trial(tasks, arguments, measured_s, Path(folder), lambda at_s: progress.measuring(at_s, measured_s))
        if trial.exit_code == _REFUSED:
            raise InputError(f"the short run was refused: {trial.last_line().removeprefix('error: ')}")
        evidence = None
        written = None
        if trial.journal is not None:
            evidence = Evidence(short, trial.journal, trial.timeline, stand.n_engines)
            written = write_many(
                tasks, (*trial.journal.candidates, *trial.journal.scores), wanted.n_tasks, Path(folder)
            )
        expected = expect(trial, evidence, config, wanted.n_tasks, written.n_bytes if written else 0, disk_free, memory)
        costs = measure(evidence, stand.shipped, _known(stand, trial, expected, written))
        profile = profile_of(costs, stand.shipped)
        scenarios = list(play(profile, config, wanted.n_tasks, asked.seed, tell=progress.simulating))
    matter = that_matter(costs, config, profile.n_engines)
    others = trial.timeline.others_share(os.cpu_count() or 1)
    load_s = profile.load_s if set(config.proposers) - {"search"} else 0.0
    verdict = judge(trial, scenarios, expected, written, reserve_s=config.reserve_s, load_s=load_s, others_share=others)
    verdict = dataclasses.replace(verdict, remarks=(*stand.remarks, *verdict.remarks))
    _tell(console, trial, matter, scenarios, expected, verdict)
    if asked.json_file is not None:
        figures = _figures(wanted, config, trial, costs, scenarios, expected, written, verdict, others)
        try:
            write_json(asked.json_file, figures)
        except OSError as error:
            console.print(f"figures {asked.json_file}: cannot be written: {error.strerror or error}", markup=False)
    if not verdict.would_finish:
        sys.exit(1)


def _check(wanted: Wanted) -> None:
    if os.environ.get("KAGGLE_IS_COMPETITION_RERUN"):
        raise InputError("--rehearse: this is Kaggle's scoring run, where every hour counts and answers are wanted")
    for name in ("resume", "ray_address", "programs_file", "solutions"):
        if wanted.flags.get(name):
            flag = {"ray_address": "ray", "programs_file": "export-programs"}.get(name, name)
            raise InputError(
                f"--rehearse and --{flag} exclude each other: nothing is solved, and on this machine alone"
            )
    check_output_path(wanted.flags["output"])


def _tasks(wanted: Wanted) -> tuple[Challenges, str]:
    """What the short run is asked."""
    if wanted.dataset is None and wanted.challenges is None:
        found, where = training_tasks()
    else:
        found, where, _ = read_challenges(wanted.dataset, wanted.challenges)
        if wanted.limit is not None:
            found = first(found, wanted.limit)
    chosen = spread(found, wanted.limit or N_MEASURED)
    if not chosen.tasks:
        raise InputError(f"{where}: no task to measure on can be read")
    return chosen, where


def _stand(asked: Asked, config: RunConfig) -> Stand:
    n_cores, preset = os.cpu_count() or 1, asked.preset or default_preset()
    n_gpus = n_engines = 0
    if config.engine.device != "cpu" and set(config.proposers) - {"search"}:
        machine = probe()
        n_gpus = len(machine.working_gpus)
        plan = plan_for(config, machine) if n_gpus else None
        n_engines = 0 if plan is None or isinstance(plan, Refusal) else len(plan.engines)
    stand = stand_of(config, preset, n_gpus, n_engines, n_cores)
    if stand.is_elsewhere and "search" not in config.proposers:
        raise InputError("no GPU works here, and without the search nothing of this configuration can be measured")
    return stand


def _arguments(asked: Asked, short: RunConfig) -> list[str]:
    """The flags of the run, for the short one."""
    flags = {
        "--preset": asked.preset,
        "--proposers": asked.proposers,
        "--model": asked.model,
        "--adapter": asked.adapter,
        "--engine": asked.engine,
        "--dtype": asked.dtype,
        "--ttft": asked.ttft,
        "--seed": asked.seed,
    }
    if short.proposers == ("search",):
        flags["--proposers"] = "search"
    given = [text for flag, value in flags.items() if value is not None for text in (flag, str(value))]
    return given + (["--allow-unsafe-sandbox"] if asked.allow_unsafe_sandbox else [])


def _known(stand: Stand, trial: Trial, expected: Expected, written: Written | None) -> dict[str, Found]:
    """What is known without looking into the journal."""
    found: dict[str, Found] = {}
    if not stand.is_elsewhere:
        found["n_cores"] = (float(stand.shipped.n_cores), "of this machine")
        found["n_engines"] = (float(stand.shipped.n_engines), "that run here")
    if written is not None and not written.problem:
        # Votes take as much longer as there is more to vote on; the journal tells how much more.
        now = max(1, sum(trial.kind_bytes.values()) + trial.log_bytes) / max(1, trial.n_tasks)
        then = expected.journal_bytes / max(1, written.n_tasks)
        more = max(1.0, then / now)
        how = f"{written.n_tasks} tasks: {written.vote_s:.2f}s of votes, {more:.0f} times as many findings, and a write"
        found["vote_s"] = (written.vote_s * more + written.write_s, f"{how} of {written.write_s:.2f}s")
    return found


# -- words -------------------------------------------------------------------------------------------------------------


def _introduce(
    console: Console, wanted: Wanted, config: RunConfig, stand: Stand, n_tasks: int, where: str, measured_s: float
) -> None:
    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    limit = format_duration(config.time_limit_s)
    line(f"rehearsal of a run of {wanted.n_tasks} tasks in {limit} ({', '.join(config.proposers)}); nothing is solved")
    line(f"1. a real run of {n_tasks} tasks from {where}, {format_duration(measured_s)} at most: what things cost here")
    line(f"2. {wanted.n_tasks} answers, written once; then {3 * N_SEEDS} simulated runs")
    for text in stand.remarks:
        line(text)


def _tell(
    console: Console,
    trial: Trial,
    costs: Iterable[Cost],
    scenarios: Iterable[Scenario],
    expected: Expected,
    verdict: Verdict,
) -> None:
    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    short = f"{format_duration(trial.seconds)} of {format_duration(trial.time_limit_s)}"
    line(f"the short run: {trial.n_tasks} tasks, ended after {short}")
    console.print(_cost_table(costs))
    console.print(_scenario_table(scenarios))
    line(f"journal and log: up to {expected.journal_bytes / _MIB:.1f} MiB; {_disk_line(expected)}")
    line(_memory_line(expected))
    for text in verdict.remarks:
        line(f"note: {text}")
    for text in verdict.reasons:
        line(f"why not: {text}")
    for text in verdict.advice:
        line(f"what to do: {text}")
    line(verdict.line())


def _cost_table(costs: Iterable[Cost]) -> Table:
    table = Table(box=None, title_justify="left", pad_edge=False)
    for name in ("cost", "", "", "from"):
        table.add_column(name, justify="right" if not name else "left", overflow="fold")
    for one in costs:
        table.add_row(one.what, one.shown(), "measured" if one.measured else "GUESSED", one.how)
    return table


def _scenario_table(scenarios: Iterable[Scenario]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("simulated", "runs", "ends by", "spare", "late", "time used", "out of work", "restarts", "left out"):
        table.add_column(name, justify="left" if name == "simulated" else "right")
    for one in scenarios:
        table.add_row(
            one.name,
            str(one.n_runs),
            format_duration(one.latest_s),
            f"{one.limit_s - one.latest_s:.1f}s",
            str(one.n_late),
            f"{one.used:.0%}",
            "never" if one.ran_out_s is None else format_duration(one.ran_out_s),
            f"{one.n_restarts:.1f}",
            str(one.n_left_out),
        )
    return table


def _disk_line(expected: Expected) -> str:
    free = expected.disk_free_bytes
    needed = f"disk: up to {expected.disk_bytes / _MIB:.1f} MiB with the answers"
    return needed if free is None else f"{needed}, {free / _MIB:.0f} MiB are free"


def _memory_line(expected: Expected) -> str:
    if expected.memory_bytes is None:
        return "memory: not seen"
    named = {
        "supervisor": expected.supervisor_bytes,
        "search": expected.search_bytes,
        "model": expected.model_bytes,
    }
    parts = ", ".join(f"{name} {held / _MIB:.0f}" for name, held in named.items() if held is not None)
    free = "" if expected.memory_free_bytes is None else f"; {expected.memory_free_bytes / _MIB:.0f} MiB are free"
    return f"memory: up to {expected.memory_bytes / _MIB:.0f} MiB ({parts}){free}"


def _figures(
    wanted: Wanted,
    config: RunConfig,
    trial: Trial,
    costs: Iterable[Cost],
    scenarios: Iterable[Scenario],
    expected: Expected,
    written: Written | None,
    verdict: Verdict,
    others_share: float | None,
) -> dict[str, Any]:
    """The same for programs."""
    return {
        "rehearsed": {"n_tasks": wanted.n_tasks, "time_limit_s": config.time_limit_s, "config": config.to_json()},
        "trial": {
            "n_tasks": trial.n_tasks,
            "time_limit_s": trial.time_limit_s,
            "seconds": round(trial.seconds, 2),
            "exit_code": trial.exit_code,
            "faults": trial.figures.get("faults", []),
            "supervisor_peak_mb": trial.figures.get("supervisor_peak_mb"),
            "others_share": None if others_share is None else round(others_share, 3),
        },
        "costs": [dataclasses.asdict(one) for one in costs],
        "written": None if written is None else dataclasses.asdict(written),
        "scenarios": [one.to_json() for one in scenarios],
        "expected": expected.to_json(),
        "would_finish": verdict.would_finish,
        "reasons": list(verdict.reasons),
        "advice": list(verdict.advice),
        "remarks": list(verdict.remarks),
    }


class _Progress:
    """What is being done and how long it will take: a live line on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None
        self._next_s = self._simulating_since_s = 0.0

    def __enter__(self) -> _Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def measuring(self, at_s: float, of_s: float) -> None:
        """So many seconds of the short run are over."""
        left = format_duration(max(0.0, of_s - at_s) + _SIMULATION_S)
        self._show(f"measuring: {format_duration(at_s)} of {format_duration(of_s)}, about {left} to go")

    def simulating(self, n_done: int, of: int) -> None:
        """So many runs were simulated."""
        now_s = time.monotonic()
        self._simulating_since_s = self._simulating_since_s or now_s
        left = (now_s - self._simulating_since_s) / n_done * (of - n_done)
        self._show(f"simulating: {n_done} of {of} runs, about {format_duration(left)} to go")

    def _show(self, text: str) -> None:
        if self._live:
            self._live.update(Text(text))
        elif time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + _PLAIN_EVERY_S
            self._console.print(text, markup=False, highlight=False)


def _folder_beside(output: Path) -> tempfile.TemporaryDirectory[str]:
    """On the disk of the answers, and gone afterwards."""
    folder = Path(os.path.realpath(output)).parent
    return tempfile.TemporaryDirectory(prefix=".rehearsal-", dir=folder, ignore_cleanup_errors=True)


def _free_bytes(output: Path) -> int | None:
    try:
        return shutil.disk_usage(Path(os.path.realpath(output)).parent).free
    except OSError:
        return None
