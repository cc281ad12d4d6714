"""`python -m arc_solver.cli.tied PARENT ...` is `arc-solver ...` in a process that does not outlive the one that wants
it.
"""

from __future__ import annotations

import os
import sys

from arc_solver.processes import die_with_parent


def run() -> None:
    """Tie this process to its parent, then be `arc-solver`."""
    parent = int(sys.argv.pop(1))
    die_with_parent()
    if os.getppid() != parent:
        sys.exit(1)  # it died before we asked to be told
    from arc_solver.cli import main

    main()


if __name__ == "__main__":
    run()
