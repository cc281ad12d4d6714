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
from arc_solver.packaging.wheel import find_outside_source

NOTEBOOK_SOURCE = "notebook.py"


def make_notebook(manifest: Mapping[str, Any]) -> str:
    """The text of the `.ipynb` file that uses the bundle of this manifest.

    Raises:
        InputError: The source of the notebook cannot be imported.
    """
    path = find_outside_source(NOTEBOOK_SOURCE)
    if path is None:
        return _text(_smallest(manifest))
    spec = importlib.util.spec_from_file_location("arc_solver_kaggle_notebook", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return _text(module.notebook(dict(manifest)))


def _text(notebook: Mapping[str, Any]) -> str:
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _smallest(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Install and run, nothing else."""
    folder = f"/kaggle/input/{manifest['parts'][0]['id'].partition('/')[2]}"
    options = " ".join((*manifest["install_options"], *manifest["install"]))
    lines = f"!pip install -q --find-links {folder}/wheels {options}\n!python {folder}/make_submission.py"
    cell = {"cell_type": "code", "execution_count": None, "id": "run", "metadata": {}, "outputs": [], "source": lines}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
