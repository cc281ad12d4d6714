"""Makes the notebook from its readable source, `kaggle/notebook.py` of a clone, which our wheel carries along.

That source is one function, `notebook(manifest)`, which returns the notebook as JSON values (nbformat 4). Knows nothing
of what it does.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from typing import Any

from arc_solver.errors import InputError
from arc_solver.packaging.wheel import outside_source

NOTEBOOK_SOURCE = "notebook.py"


def make_notebook(manifest: Mapping[str, Any]) -> str:
    """The text of the `.ipynb` file that uses the bundle of this manifest.

    Raises:
        InputError: The source of the notebook is not here, or cannot be imported.
    """
    path = outside_source(NOTEBOOK_SOURCE)
    spec = importlib.util.spec_from_file_location("arc_solver_kaggle_notebook", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return json.dumps(module.notebook(dict(manifest)), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
