"""What a view of the cell model costs, in CPU-seconds of the core on which views were recorded (docs/log.md).

An answer that came before is only read again; drafts are read in each view. Knows nothing of runs.
"""

from __future__ import annotations

WRITTEN_A_S, READ_A_S = 190.0, 3000.0
"""Cells that one core writes and reads in a second."""
N_AROUND_GRID = 3
"""Tokens of an answer besides its cells."""


def view_price(n_input_cells: int, n_cells: int, n_drafts: int, *, again: bool) -> float:
    """CPU-seconds of one view of a test input.

    Args:
        n_input_cells: Cells of the input.
        n_cells: Cells of the answer.
        n_drafts: Grids that are read beside it.
        again: The answer came in an earlier view.
    """
    n_read = n_input_cells + n_drafts * n_cells
    return (0.0 if again else (n_cells + N_AROUND_GRID) / WRITTEN_A_S) + n_read / READ_A_S
