"""All hostile programs, and a script that runs them: `python suite.py --without 'seccomp|setuid'`.

It prints one JSON object, and ends with 1 if anything was harmed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from hostile.base import Hostile
from hostile.harm import CRASHES, TAMPERING, TRAPS, VALUES
from hostile.reach import DESCRIPTORS, FILES, NETWORK, PROCESSES
from hostile.witness import GOOD, GRID, Witness, is_unharmed, reason_of
from hostile.work import MEMORIES, SOURCES, TIME

from arc_solver.sandbox.layers import Isolation
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Program

HOSTILES = (
    *TIME, *MEMORIES, *SOURCES, *CRASHES, *PROCESSES, *FILES, *NETWORK, *DESCRIPTORS, *VALUES, *TRAPS, *TAMPERING
)  # fmt: skip
LIMITS = Limits(cpu_s=0.1, solo_cpu_s=0.3, memory_mb=64)


def is_contained(hostile: Hostile, isolation: Isolation) -> bool:
    """Whether the program can be let loose: it harms nobody, or a layer that stops it holds."""
    return not hostile.stopped_by or any(_holds(layer, isolation) for layer in hostile.stopped_by)


def _holds(layer: str, isolation: Isolation) -> bool:
    # Landlock keeps signals from others since Linux 6.12 (its sixth version).
    if layer == "landlock" and tuple(map(int, os.uname().release.split(".")[:2])) < (6, 12):
        return False
    return layer in isolation.active


def run_between_neighbours(
    sandbox: Sandbox, witness: Witness, hostiles: Sequence[Hostile]
) -> tuple[dict[str, str], list[str]]:
    """Run every program with a good one before and after it.

    Returns:
        Name -> reason of its verdict, and the reasons of good programs that did not get what is due to them.
    """
    programs = [GOOD]
    for hostile in hostiles:
        programs += [Program(witness.aim(hostile.source), (GRID,)), GOOD]
    verdicts = sandbox.run(programs)
    reasons = {hostile.name: reason_of(verdict) for hostile, verdict in zip(hostiles, verdicts[1::2], strict=True)}
    after = ["the beginning", *(hostile.name for hostile in hostiles)]
    harmed = [
        f"after {name}: {reason_of(verdict)}"
        for name, verdict in zip(after, verdicts[::2], strict=True)
        if not is_unharmed(verdict)
    ]
    return reasons, harmed


def left_behind() -> list[str]:
    """Processes of this process that are still there, by name; as process 1's only grandchild, all there are."""
    mine = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    if os.getppid() == 1:
        mine += [pid.name for pid in Path("/proc").iterdir() if pid.name.isdigit()]
    return [pid for pid in dict.fromkeys(mine) if int(pid) not in (1, os.getpid())]


def conduct(without: Collection[str], names: Collection[str], portable: bool) -> dict[str, Any]:
    """Run the suite here and say what became of everything."""
    started = time.monotonic()
    with Witness() as witness:
        with Sandbox(LIMITS, n_workers=2, without=without, portable=portable) as sandbox:
            isolation = sandbox.describe()
            chosen = [hostile for hostile in HOSTILES if hostile.name in names or not names]
            loose = [hostile for hostile in chosen if is_contained(hostile, isolation)]
            reasons, harmed = run_between_neighbours(sandbox, witness, loose)
        by_name = {hostile.name: hostile for hostile in loose}
        return {
            "grade": isolation.grade,
            "active": isolation.active,
            "missing": isolation.missing,
            "uid": os.getuid(),
            "reasons": reasons,
            "unexpected": {name: reason for name, reason in reasons.items() if not by_name[name].may_end_with(reason)},
            "harmed_neighbours": harmed,
            "harm": witness.harm(),
            "left_behind": left_behind(),
            "too_dangerous": [hostile.name for hostile in chosen if hostile not in loose],
            "seconds": round(time.monotonic() - started, 1),
        }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--without", default="")
    parser.add_argument("--names", default="")
    parser.add_argument("--portable", action="store_true")
    args = parser.parse_args()
    without, names = ([name for name in text.split("|") if name] for text in (args.without, args.names))
    told = conduct(without, names, args.portable)
    print(json.dumps(told))
    sys.exit(1 if told["harmed_neighbours"] or told["harm"] or told["left_behind"] else 0)


if __name__ == "__main__":
    main()
