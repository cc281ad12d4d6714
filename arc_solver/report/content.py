"""The content of a report: everything that the page shows, as one JSON value.

The figures are `evaluation`'s, the attempts those of the submission, the rest is the journal's. Knows nothing of HTML,
of how a picture is drawn or of where files are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from arc_solver import __version__
from arc_solver.evaluation import Evaluation, TaskScore, evaluate_submission
from arc_solver.report import chronicle
from arc_solver.report.answers import FALLBACK, Run, TaskAnswers, answers_of, submission_of
from arc_solver.report.highlighting import used_words
from arc_solver.report.outcomes import (
    ANSWERED,
    EMPTY,
    FITTED,
    GUESSED,
    MALFORMED,
    SCORED,
    UNFOUND,
    UNKNOWN,
    UNSCORED,
    Group,
    outcome,
)
from arc_solver.report.overview import overview
from arc_solver.report.task_content import TaskContent
from arc_solver.tasks import Challenges, MalformedTask, Solutions, Task

FORMAT = 1


def report_content(
    run: Run, challenges: Challenges, truth: Solutions | None = None, *, where: str = "", seed: int = 0
) -> dict[str, Any]:
    """The content of a run's report.

    Args:
        run: What the run left behind.
        challenges: The tasks; those that the run left out count as not answered.
        truth: The right answers, None where they are not known. Those of other tasks do not count.
        where: What the tasks are, for people.
        seed: Of the bootstrap.
    """
    answers = answers_of(run, challenges)
    names = proposer_names([answers], [run])
    known = known_truth(truth, challenges)
    evaluation = score_run(run, answers, challenges, known, seed) if known is not None else None
    groups = _groups(challenges, answers, known, evaluation)
    tasks = task_contents(challenges, known, groups, [run], [answers], names)
    told = SCORED if evaluation is not None else UNSCORED
    return {
        **page_head("report", run.name, challenges, where),
        "scored": evaluation is not None,
        "proposers": names,
        "groups": used_groups(told, groups),
        "runs": [overview(run, challenges, answers, known, evaluation, groups, names)],
        **tasks,
    }


def page_head(kind: str, title: str, challenges: Challenges, where: str) -> dict[str, Any]:
    """What every page says of itself."""
    return {
        "format": FORMAT,
        "kind": kind,
        "title": title,
        "generator": f"arc-solver {__version__}",
        "where": where,
        "n_tasks": len(challenges.order),
        "n_outputs": challenges.n_outputs(),
    }


def known_truth(truth: Solutions | None, challenges: Challenges) -> Solutions | None:
    """The right answers of these tasks only; None where there are none."""
    if truth is None:
        return None
    kept = {task_id: truth.outputs[task_id] for task_id in challenges.order if task_id in truth.outputs}
    return Solutions(kept) if kept else None


def score_run(
    run: Run, answers: Mapping[str, TaskAnswers], challenges: Challenges, truth: Solutions, seed: int = 0
) -> Evaluation:
    """The run's figures."""
    candidates = run.journal.candidates if run.journal else None
    scores = run.journal.scores if run.journal else ()
    return evaluate_submission(submission_of(run, answers), truth, candidates, challenges, scores, seed=seed)


def proposer_names(answers: Iterable[Mapping[str, TaskAnswers]], runs: Iterable[Run]) -> list[str]:
    """Everybody who is named in the runs, the fall-back last."""
    names = {one.origin.proposer for found in answers for task in found.values() for one in task.candidates}
    for run in runs:
        if run.journal is not None:
            names |= {proposer for proposer, _ in run.journal.rejected}
            names |= {one.proposer for _, one in run.journal.work}
    return [*sorted(names), FALLBACK]


def used_groups(order: Sequence[Group], groups: Mapping[str, Group]) -> list[dict[str, str]]:
    """The groups that some task is in, in order."""
    used = set(groups.values())
    return [group.to_json() for group in order if group in used]


def task_contents(
    challenges: Challenges,
    truth: Solutions | None,
    groups: Mapping[str, Group],
    runs: Sequence[Run],
    answers: Sequence[Mapping[str, TaskAnswers]],
    names: Sequence[str],
) -> dict[str, Any]:
    """`tasks`, in the file's order, and `words`: what the vocabulary's words in their programs mean."""
    place_of = {name: place for place, name in enumerate(names)}
    courses = [_courses(run, place_of) for run in runs]
    tasks = []
    for task_id, task in challenges.by_id().items():
        true = truth.outputs.get(task_id) if truth is not None else None
        content = TaskContent(task, true, groups[task_id], place_of).build([found[task_id] for found in answers])
        tasks.append(content | {"courses": [told.get(task_id) for told in courses]})
    words = used_words([piece for task in tasks for program in task["programs"] for piece in program["code"]])
    return {"tasks": tasks, "words": words}


def _courses(run: Run, place_of: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Task -> the time that was spent on it and what was rejected, where the journal tells."""
    spent, refused = chronicle.time_on_tasks(run.journal), chronicle.rejected_of_tasks(run.journal)
    return {
        task_id: {
            "time": [[place_of[name], seconds] for name, seconds in sorted(spent.get(task_id, {}).items())],
            "rejected": [[place_of[name], reason, n] for name, reason, n in refused.get(task_id, ())],
        }
        for task_id in {**spent, **refused}
    }


def _groups(
    challenges: Challenges,
    answers: Mapping[str, TaskAnswers],
    truth: Solutions | None,
    evaluation: Evaluation | None,
) -> dict[str, Group]:
    scores = {one.task_id: one for one in evaluation.together.tasks} if evaluation is not None else {}
    groups = {}
    for task_id, task in challenges.by_id().items():
        if truth is not None:
            groups[task_id] = scored_group(task, answers[task_id], truth, scores.get(task_id))
        else:
            groups[task_id] = _unscored_group(task, answers[task_id])
    return groups


def scored_group(task: Task | MalformedTask, said: TaskAnswers, truth: Solutions, score: TaskScore | None) -> Group:
    """What became of a task, where right answers are known at all."""
    is_malformed = isinstance(task, MalformedTask)
    if score is None:
        return MALFORMED if is_malformed else UNKNOWN
    attempts = [[None if one.is_fallback else one.grid for one in pair] for pair in said.attempts]
    true = truth.outputs[task.task_id]
    return outcome(score, true, attempts[: len(true)], malformed=is_malformed)


def _unscored_group(task: Task | MalformedTask, said: TaskAnswers) -> Group:
    if isinstance(task, MalformedTask):
        return MALFORMED
    if not any(first.proposers for first, _ in said.attempts):
        return ANSWERED if any(first.grid is not None for first, _ in said.attempts) else EMPTY
    if all(first.programs and first.programs[0].program.passes_all for first, _ in said.attempts):
        return FITTED
    return UNFOUND if all(first.is_fallback for first, _ in said.attempts) else GUESSED
