"""Lets the tests of this folder, and the scripts that they start, share the programs in `hostile`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
