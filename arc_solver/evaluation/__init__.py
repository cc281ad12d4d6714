"""What answers are worth: `scores` of a submission and its candidates, `samples` of what a model was asked for."""

from arc_solver.evaluation.scores import (
    METRICS,
    Evaluation,
    Scores,
    TaskScore,
    evaluate_submission,
    render_table,
    score_candidates,
    to_json,
)
from arc_solver.statistics import Figure

__all__ = [
    "METRICS",
    "Evaluation",
    "Figure",
    "Scores",
    "TaskScore",
    "evaluate_submission",
    "render_table",
    "score_candidates",
    "to_json",
]
