"""What a page says of a whole run: figures, who contributed what, the course, what went wrong.

Knows nothing of single tasks' grids and of how it is drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from arc_solver.evaluation import Evaluation, Scores
from arc_solver.report import chronicle
from arc_solver.report.answers import FALLBACK, Run, TaskAnswers
from arc_solver.report.history import course
from arc_solver.report.outcomes import Group
from arc_solver.report.task_content import behind
from arc_solver.tasks import Challenges, Solutions

_CARDS = (
    ("kaggle_score", "Kaggle score", "of all outputs, right within two attempts"),
    ("vote_1", "First attempt", "right at the first attempt"),
    ("vote_2", "Two attempts", "right within two attempts"),
    ("pass_n", "Found at all", "right answer among everything that was found"),
)


def overview(
    run: Run,
    challenges: Challenges,
    answers: Mapping[str, TaskAnswers],
    truth: Solutions | None,
    evaluation: Evaluation | None,
    groups: Mapping[str, Group],
    names: Sequence[str],
) -> dict[str, Any]:
    """What a page says of a run, by part; `journal` says whether there is one."""
    alone = _by_proposer(answers, evaluation, names)
    return {
        "name": run.name,
        "journal": run.journal is not None,
        "cards": _cards(evaluation.together) if evaluation is not None else _counts(groups),
        "proposers": _proposers(run, answers, evaluation, names, alone),
        "overlap": _overlap(challenges, alone, names),
        "verdicts": chronicle.rejected(run.journal, names),
        "course": _course(run, challenges, truth),
        "time": chronicle.time_spent(run.journal, names),
        "faults": chronicle.faults(run.journal),
        "decisions": chronicle.decisions(run.journal),
        "settings": chronicle.settings(run.journal),
        "remarks": _remarks(run, challenges, evaluation),
    }


def _cards(scores: Scores) -> list[dict[str, Any]]:
    low, high = scores.tasks_solved_interval
    n_tasks = max(1, scores.n_tasks)
    cards: list[dict[str, Any]] = [
        {
            "label": "Tasks solved",
            "about": "all outputs right within two attempts",
            "count": scores.tasks_solved,
            "of": scores.n_tasks,
            "share": scores.tasks_solved / n_tasks,
            "low": low / n_tasks,
            "high": high / n_tasks,
        }
    ]
    for name, label, about in _CARDS:
        figure = scores.figures[name]
        cards.append({"label": label, "about": about, "share": figure.value, "low": figure.low, "high": figure.high})
    return cards


def _counts(groups: Mapping[str, Group]) -> list[dict[str, Any]]:
    counts = Counter(groups.values())
    return [
        {"label": group.label, "about": group.about, "count": n, "of": len(groups), "share": n / len(groups)}
        for group, n in counts.most_common()
    ]


def _by_proposer(
    answers: Mapping[str, TaskAnswers], evaluation: Evaluation | None, names: Sequence[str]
) -> dict[str, set[str]]:
    """Proposer -> the tasks that its own votes solve; where no right answers are known, those that it answers."""
    if evaluation is None:
        return {name: {task_id for task_id, said in answers.items() if name in behind(said)} for name in names}
    found: dict[str, set[str]] = {name: set() for name in names}
    for name, scores in evaluation.proposers.items():
        found[name] = {task.task_id for task in scores.tasks if task.solved}
    by_somebody = set().union(*found.values())
    for task in evaluation.together.tasks:
        said = answers[task.task_id]
        if task.solved and task.task_id not in by_somebody and _says_fallback(said):
            found[FALLBACK].add(task.task_id)
    return found


def _says_fallback(said: TaskAnswers) -> bool:
    return any(one.is_fallback for pair in said.attempts for one in pair)


def _proposers(
    run: Run,
    answers: Mapping[str, TaskAnswers],
    evaluation: Evaluation | None,
    names: Sequence[str],
    alone: Mapping[str, set[str]],
) -> list[dict[str, Any]]:
    n_candidates: Counter[str] = Counter()
    n_answered: Counter[str] = Counter()
    for said in answers.values():
        found = [one.origin.proposer for one in said.candidates]
        n_candidates.update(found)
        n_answered.update(set(found))
    for (_, proposer), n in run.journal.surplus.items() if run.journal is not None else ():
        n_candidates[proposer] += n
    rows = []
    for place, name in enumerate(names):
        others = set().union(*(tasks for other, tasks in alone.items() if other != name))
        scores = evaluation.proposers.get(name) if evaluation is not None else None
        rows.append(
            {
                "by": place,
                "candidates": n_candidates[name],
                "answered": n_answered[name],
                "solved": len(alone[name]),
                "interval": [round(bound, 1) for bound in scores.tasks_solved_interval] if scores else None,
                "alone": len(alone[name] - others),
            }
        )
    return rows


def _overlap(challenges: Challenges, alone: Mapping[str, set[str]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Which tasks are solved by exactly whom: the largest sets first."""
    sets: dict[tuple[int, ...], list[int]] = {}
    for index, task_id in enumerate(challenges.order):
        who = tuple(place for place, name in enumerate(names) if task_id in alone[name])
        if who:
            sets.setdefault(who, []).append(index)
    return [
        {"by": list(who), "tasks": tasks} for who, tasks in sorted(sets.items(), key=lambda one: (-len(one[1]), one[0]))
    ]


def _course(run: Run, challenges: Challenges, truth: Solutions | None) -> dict[str, Any] | None:
    if run.journal is None:
        return None
    outputs = truth.outputs if truth is not None else None
    journal = run.journal
    grown = course(challenges, journal.timed_candidates(), journal.timed_scores(), outputs, journal.end_s)
    if grown is None:
        return None
    return {
        "moments_s": [round(moment, 3) for moment in grown.moments_s],
        "found": list(grown.found),
        "chosen": None if grown.chosen is None else list(grown.chosen),
        "end_s": round(grown.end_s, 3),
    }


def _remarks(run: Run, challenges: Challenges, evaluation: Evaluation | None) -> list[str]:
    """What a reader should know about the figures, in whole sentences."""
    said = []
    if run.journal is None:
        said.append("There is no journal: who found what, and why it was chosen, is not known.")
    else:
        if run.journal.n_damaged:
            said.append(f"{run.journal.n_damaged} damaged lines of the journal were passed over.")
        if run.journal.torn:
            said.append("The journal's last line is cut off: the run was killed, or is still going on.")
        if not chronicle.tells_course(run.journal):
            said.append("The journal is of an older kind: it tells no times, and not what broke.")
    if run.submission is None:
        said.append("There is no submission: the attempts are those that the journal's votes give.")
    else:
        n_left_out = sum(task_id not in run.submission for task_id in challenges.order)
        if n_left_out:
            said.append(f"{n_left_out} tasks are not in the submission; they count as not answered.")
        n_others = len(set(run.submission) - set(challenges.order))
        if n_others:
            said.append(f"{n_others} tasks of the submission are not among the challenges; they are not shown.")
    if evaluation is not None and evaluation.together.n_tasks < len(challenges.order):
        n_unknown = len(challenges.order) - evaluation.together.n_tasks
        said.append(f"Of {n_unknown} tasks the right answers are not known; they are not part of the figures.")
    return said
