"""Where a run's time goes: to the task and the step with the highest estimated chance of a new solve per second.

Pure: no processes, no time of its own, no tasks. `chances` estimates, `queue` chooses, `dealing` deals tasks to lanes;
`arc_solver.simulation` plays whole runs on a virtual clock with this very code.
"""

from arc_solver.allocation.chances import Chances, Estimate, Estimator, Prospect, load_chances
from arc_solver.allocation.queue import StepQueue

__all__ = ["Chances", "Estimate", "Estimator", "Prospect", "StepQueue", "load_chances"]
