"""docs/settings.md is what the settings say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from arc_solver.config import load_preset

ROOT = Path(__file__).parent.parent


def test_the_page_is_up_to_date() -> None:
    script = str(ROOT / "scripts" / "settings_docs.py")
    result = subprocess.run([sys.executable, script, "--check"], timeout=120, check=False)
    assert result.returncode == 0, "run python scripts/settings_docs.py"


def test_the_example_on_the_page_can_be_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(page.split("```toml\n")[1].split("```")[0])
    config = load_preset(str(tmp_path / "mine.toml"))
    assert (config.time_limit_s, config.engine.context_length, config.engine.device) == (3600.0, 8192, "cpu")
