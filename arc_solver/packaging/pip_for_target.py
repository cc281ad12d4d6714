"""pip, but with the environment markers of the machine that the wheels are for. A script: `pip_process` starts it.

    python -P pip_for_target.py '{"python_version": "3.12", ...}' install --dry-run ...

pip's own --python-version and --platform choose between wheels, but what a wheel requires pip still decides by the
markers of the Python that runs it: on another Python or system it leaves out packages that are needed there, and
says that all is well. So the vendored `packaging` of pip is told of the other machine before pip starts.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def main() -> int:
    """Change what markers are compared with, make sure that it worked, and be pip."""
    from pip._internal.cli.main import main as pip_main

    # By name: what its types are differs from one pip to the next.
    markers: Any = importlib.import_module("pip._vendor.packaging.markers")
    environment = json.loads(sys.argv[1])
    markers.default_environment = lambda: dict(environment)
    for name, value in environment.items():
        if value and not markers.Marker(f"{name} == '{value}'").evaluate():
            sys.stdout.write(f"ERROR: this pip does not let {name} be set to {value}: use another version of pip\n")
            return 2
    return int(pip_main(sys.argv[2:]) or 0)


if __name__ == "__main__":
    sys.exit(main())
