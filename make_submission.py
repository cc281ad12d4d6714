"""Kaggle's entry: solve the competition's tasks, or the public evaluation set where there is no competition.

    python make_submission.py                    the bundled model on this machine's CPU, about ten minutes
    python make_submission.py --help             everything that can be set

It is `arc-solver solve` under a name that needs no installation: the package beside this file is used as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from arc_solver.cli import solve

if __name__ == "__main__":
    solve(prog_name="make_submission.py")
