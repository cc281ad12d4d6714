"""Whole runs on a virtual clock: the product's own decisions, on tasks, machines and mishaps that are drawn.

`profiles` says what machines can do, `cases` draws tasks from recorded ones, `mishaps` what goes wrong, `running` plays
a run. No process is started and no time passes.
"""

from arc_solver.simulation.cases import Case, draw_cases
from arc_solver.simulation.mishaps import Mishap, Weather, draw_mishaps
from arc_solver.simulation.profiles import PROFILES, Profile
from arc_solver.simulation.running import Outcome, simulate

__all__ = ["PROFILES", "Case", "Mishap", "Outcome", "Profile", "Weather", "draw_cases", "draw_mishaps", "simulate"]
