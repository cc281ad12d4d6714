"""The lane of a run on a Ray cluster: `python -m arc_solver.lanes.ray_child`, a spec on standard input, messages on
standard output, as of any lane; it has the work done by lanes on other machines.

Knows how to begin and when to end; nothing of how work is shared.
"""

from __future__ import annotations

import os
import sys
import traceback

from arc_solver.budget import Deadline, MonotonicClock
from arc_solver.config import RunConfig
from arc_solver.errors import InputError
from arc_solver.lanes.beating import beat
from arc_solver.lanes.ray_cluster import RayCluster
from arc_solver.lanes.sharing import Sharing
from arc_solver.lanes.wire import Message, ProposerFailed, decode_spec, encode
from arc_solver.processes import die_with_parent, take_standard_output

RAY_COMMAND = (sys.executable, "-m", "arc_solver.lanes.ray_child")
"""The program of the one lane that a run on a cluster has."""

_MAX_PARTING_S = 3.0
_PARTING_SHARE = 0.05


def main() -> None:
    """Read the spec, have it done, say what is found."""
    die_with_parent()
    write = take_standard_output()

    def say(message: Message) -> None:
        write(encode(message))

    beat(say)
    spec = decode_spec(sys.stdin.buffer.readline())
    if os.getppid() != spec.parent_pid:
        return  # it died before we asked to be told
    deadline = Deadline(MonotonicClock(), spec.end_s)
    # Last messages have a way to go, and leaving the cluster takes a moment.
    deadline = deadline.minus(min(_MAX_PARTING_S, _PARTING_SHARE * deadline.remaining_s()))
    address = RunConfig.from_json(spec.config).ray_address
    try:
        cluster = RayCluster(address)
    except InputError as error:
        for name in spec.proposers:
            say(ProposerFailed(name, str(error)))
        return
    try:
        Sharing(cluster, spec, deadline, say).run()
    except OSError as error:  # Ray on this machine is gone, and with it the way to the others
        traceback.print_exc()
        for name in spec.proposers:
            say(ProposerFailed(name, f"Ray on this machine ended ({error}); start it again and go on with --resume"))
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
