"""The trap of an old torchao: peft refuses to load or make any adapter beside one that is older than 0.16.

It would not even use it here, and Kaggle's image has such a one, so it is made to look as if it were not installed.
Imports neither.
"""

from __future__ import annotations

import sys
from importlib import metadata

OLDEST_TORCHAO = (0, 16)
"""The oldest torchao beside which peft works."""


def hide_old_torchao() -> None:
    """Call it before peft is used."""
    try:
        numbers = metadata.version("torchao").split(".")
        if (int(numbers[0]), int(numbers[1])) < OLDEST_TORCHAO:
            sys.modules["torchao"] = None  # type: ignore[assignment]  # so an import of it fails, and a search finds none
    except (metadata.PackageNotFoundError, ValueError, IndexError):
        return
