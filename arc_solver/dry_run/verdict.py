"""Would the long run finish? Why not, what to change, and what else is worth knowing. Pure; prints nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from arc_solver.budget import format_duration
from arc_solver.dry_run.resources import Expected
from arc_solver.dry_run.scenarios import SLOW, Scenario
from arc_solver.dry_run.trial import Trial
from arc_solver.dry_run.writing import Written

_LATE_S = 5.0
"""So much after its limit a process may be seen to end: what it did was done."""
_MANY_OTHERS = 0.25
_MIB = 1 << 20
_MOST_FAULTS = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rehearsal comes to.

    Attributes:
        would_finish: Whether valid answers would be there in time.
        reasons: Why not.
        advice: What to change then.
        remarks: What else is worth knowing.
    """

    would_finish: bool
    reasons: tuple[str, ...]
    advice: tuple[str, ...]
    remarks: tuple[str, ...]

    def line(self) -> str:
        """The last line."""
        return f"would finish: {'yes' if self.would_finish else 'no'}"


def judge(
    trial: Trial,
    scenarios: Sequence[Scenario],
    expected: Expected,
    written: Written | None,
    *,
    reserve_s: float,
    load_s: float,
    others_share: float | None,
) -> Verdict:
    """Weigh everything.

    Args:
        trial: The short run.
        scenarios: The long one, simulated.
        expected: What it takes of disk and memory.
        written: Its answers, written once; None where the trial left nothing to write.
        reserve_s: What it keeps for its end.
        load_s: Until its model works; 0 without one.
        others_share: Share of the processors that others took while it was measured; None where nobody says.
    """
    found = [*_of_trial(trial, written), *_of_time(scenarios, reserve_s), *_of_resources(expected)]
    reasons, advice = (
        (tuple(dict.fromkeys(filter(None, part))) for part in zip(*found, strict=True)) if found else ((), ())
    )
    remarks = (*_broken(trial), *_worth_knowing(scenarios, load_s, others_share))
    return Verdict(not reasons, reasons, advice, remarks)


def _of_trial(trial: Trial, written: Written | None) -> list[tuple[str, str]]:
    found = []
    if trial.exit_code != 0:
        how = f"exit code {trial.exit_code}" if trial.exit_code > 0 else f"signal {-trial.exit_code}"
        found.append(
            (f"the short run failed ({how}): {trial.last_line()}", "see what it says, and `arc-solver doctor`")
        )
    figures = trial.figures
    for name, what in (figures.get("failures") or {}).items():
        # Lanes and files that broke for a while are faults like others; a proposer that never got through would not.
        if name in (figures.get("candidates") or {}) and name not in (figures.get("proposer_seconds") or {}):
            found.append((f"{name} broke in the short run: {what}", f"mend it, or go on without {name} (--proposers)"))
    if trial.seconds > trial.time_limit_s + _LATE_S:
        late = format_duration(trial.seconds - trial.time_limit_s)
        found.append((f"the short run ended {late} after its limit", f"give a --time-limit that is {late} shorter"))
    if written is None:
        found.append(("the short run left no journal, so that there was nothing to write", ""))
    elif written.problem:
        found.append((f"the answers cannot be written: {written.problem}", "write to another folder (--output)"))
    return found


def _of_time(scenarios: Sequence[Scenario], reserve_s: float) -> list[tuple[str, str]]:
    found = []
    latest_s = max((one.latest_s - one.limit_s for one in scenarios), default=0.0)
    wanted_s = math.ceil(reserve_s + latest_s) + 1
    for one in scenarios:
        if one.n_late:
            late_s = one.latest_s - one.limit_s
            late = format_duration(late_s)
            reason = f"{one.name}: {one.n_late} of {one.n_runs} runs end up to {late} after the limit"
            keep = f"keep {wanted_s}s for the end instead of {reserve_s:.0f}s (reserve_s in a preset of your own)"
            short = format_duration(math.ceil(latest_s) + 1)
            found.append((reason, f"{keep}, or give a --time-limit {short} below what you really have"))
    return found


def _of_resources(expected: Expected) -> list[tuple[str, str]]:
    found = []
    if expected.lacks_disk:
        needed, free = expected.disk_bytes / _MIB, (expected.disk_free_bytes or 0) / _MIB
        reason = f"too little disk: up to {needed:.0f} MiB are needed, {free:.0f} MiB are free"
        found.append((reason, "free some, or write to another disk (--output)"))
    if expected.lacks_memory:
        needed, free = (expected.memory_bytes or 0) / _MIB, (expected.memory_free_bytes or 0) / _MIB
        reason = f"too little memory: up to {needed:.0f} MiB are needed, {free:.0f} MiB are free"
        advice = "end other programs, or ask for less in a preset (n_search_lanes, batch_size, fewer --proposers)"
        found.append((reason, advice))
    return found


def _broken(trial: Trial) -> list[str]:
    faults = trial.figures.get("faults") or []
    told = [f"broke in the short run: {one.get('where')}: {one.get('what')}" for one in faults[:_MOST_FAULTS]]
    return told + ([f"and {len(faults) - _MOST_FAULTS} more faults"] if len(faults) > _MOST_FAULTS else [])


def _worth_knowing(scenarios: Sequence[Scenario], load_s: float, others_share: float | None) -> list[str]:
    found = []
    if others_share is not None and others_share > _MANY_OTHERS:
        share = f"{others_share:.0%} of the processors"
        found.append(f"others took {share} while this was measured: where that goes on, expect the slow row")
    for one in scenarios[:1]:
        if load_s * SLOW > one.limit_s:
            found.append(
                f"on a slow device the model would hardly be loaded by the end ({format_duration(load_s)} here)"
            )
        if one.n_unasked:
            what = f"the model would not come to {one.n_unasked} of the tasks that no program fits"
            found.append(f"{what}: give more time, learn less (--ttft off) or ask for fewer samples")
        if one.ran_out_s is not None:
            at = format_duration(one.ran_out_s)
            found.append(f"the model has nothing left to do after {at}: ask for more samples or views in a preset")
    return found
