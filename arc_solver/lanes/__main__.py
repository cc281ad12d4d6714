"""`python -m arc_solver.lanes`: a lane that dies with its parent from the first moment, before anything that takes long
is imported.
"""

from __future__ import annotations

from arc_solver.processes import die_with_parent


def main() -> None:
    """Be a lane."""
    die_with_parent()
    from arc_solver.lanes.child import main as be_a_lane

    be_a_lane()


if __name__ == "__main__":
    main()
