"""Kaggle's entry: solve the competition's tasks, or the public evaluation set where there is no competition.

    python make_submission.py                    the bundled model on this machine's CPU, about ten minutes
    python make_submission.py --help             everything that can be set

It is `arc-solver solve` under a name that needs no installation: the package beside this file is used as it is. In a
dataset of `arc-solver package` the package is installed and the weights lie beside this file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
os.environ.setdefault("ARC_SOLVER_WEIGHTS", str(HERE / "weights"))

from arc_solver.entry import make_submission  # noqa: E402  (the package is found, and reads the variable, only now)

if __name__ == "__main__":
    make_submission()
