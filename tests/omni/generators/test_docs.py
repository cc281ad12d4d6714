"""docs/generators.md and its pictures are what the families and builders say; the pictures are small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from arc_solver.omni.generators import BUILDERS, FAMILIES

ROOT = Path(__file__).parents[3]
PICTURES = ROOT / "docs" / "pictures" / "generators"


def test_page_and_pictures_are_up_to_date() -> None:
    script = str(ROOT / "scripts" / "generator_docs.py")
    result = subprocess.run([sys.executable, script, "--check"], timeout=60, check=False)
    assert result.returncode == 0, "run python scripts/generator_docs.py"


def test_every_family_has_a_small_picture_and_every_builder_a_line() -> None:
    pictures = {path.stem: path for path in PICTURES.glob("*.svg")}
    assert set(pictures) == set(FAMILIES)
    assert all(path.stat().st_size < 30_000 for path in pictures.values())
    page = (ROOT / "docs" / "generators.md").read_text()
    assert all(f"`{name}(rng" in page for name in BUILDERS)
