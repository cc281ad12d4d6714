"""docs/dsl.md is what the registry says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_page_is_up_to_date() -> None:
    result = subprocess.run([sys.executable, str(ROOT / "scripts" / "dsl_docs.py"), "--check"], timeout=60, check=False)
    assert result.returncode == 0, "run python scripts/dsl_docs.py"
