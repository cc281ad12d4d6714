"""Candidates: what every proposer makes and everything after it reads.

A candidate is one guess at *all* test outputs of a task, or at some of them, with where it came from (`Origin`) and
why one should believe it (`Evidence`). Voting, journal and report see only this; they know nothing of search trees,
prompts or models. `Scored` is what a model thinks of one output, whoever proposed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from sys import intern
from typing import Any

from arc_solver.grids import Grid, grid_key, read_grid, to_text


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a candidate came from.

    Attributes:
        proposer: `search`, `induction` or `transduction`.
        detail: What within it, for people and reports: a stage of the search, a view of the task, a prompt version.
        seed: The seed of the sample, 0 where nothing was sampled.
    """

    proposer: str
    detail: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ProgramEvidence:
    """A program: its source, and how many training pairs it reproduces exactly.

    Attributes:
        source: Python source with a function `task(grid)`, for the task in the view that `view` names.
        n_train_passed: Pairs reproduced, 0..n_train.
        n_train: Training pairs of the task.
        cost: Description length in the proposer's own units; smaller is simpler.
        logprob: Log-probability of the source where a model wrote it, in nats, else None.
        view: In which view the task was shown to whoever wrote the source (`augment.View.text`): run on the task as it
            is, the source gives other grids. Empty where the source is for the task as it is.
    """

    source: str
    n_train_passed: int
    n_train: int
    cost: float
    logprob: float | None = None
    view: str = ""

    @property
    def passes_all(self) -> bool:
        return self.n_train > 0 and self.n_train_passed == self.n_train


@dataclass(frozen=True, slots=True)
class GridEvidence:
    """A grid that a model wrote.

    Attributes:
        logprob: Sum of the log-probabilities of its tokens, in nats.
        n_tokens: Number of those tokens.
    """

    logprob: float
    n_tokens: int


Evidence = ProgramEvidence | GridEvidence


@dataclass(frozen=True, slots=True)
class Candidate:
    """One guess at the outputs of a task's test inputs.

    Attributes:
        task_id: The task.
        outputs: Test index -> output grid. A transduction candidate holds one index, a program usually all.
        origin: Where it came from.
        evidence: Why to believe it.
    """

    task_id: str
    outputs: Mapping[int, Grid]
    origin: Origin
    evidence: Evidence

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` is its exact inverse."""
        evidence = self.evidence
        return {
            "task_id": self.task_id,
            "outputs": {str(index): to_text(grid) for index, grid in sorted(self.outputs.items())},
            "origin": {"proposer": self.origin.proposer, "detail": self.origin.detail, "seed": self.origin.seed},
            "evidence": {"kind": _KIND_OF[type(evidence)]}
            | {name: getattr(evidence, name) for name in evidence.__slots__},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Candidate:
        """The candidate that `to_json` wrote; grids may be lists of rows too, as they once were written.

        Raises:
            KeyError, TypeError, ValueError, GridError: The value was not written by `to_json`.
        """
        fields = dict(value["evidence"])
        evidence: Evidence = _EVIDENCE[fields.pop("kind")](**fields)
        outputs = {int(index): read_grid(grid) for index, grid in value["outputs"].items()}
        # Of thousands of candidates few have a task, a proposer or a view of their own.
        names = {name: intern(value["origin"][name]) for name in ("proposer", "detail")}
        return cls(intern(value["task_id"]), outputs, Origin(**(value["origin"] | names)), evidence)


_EVIDENCE: dict[str, type[ProgramEvidence] | type[GridEvidence]] = {"program": ProgramEvidence, "grid": GridEvidence}
_KIND_OF = {kind: name for name, kind in _EVIDENCE.items()}


@dataclass(frozen=True, slots=True)
class Scored:
    """How much a model believes in one output of one test input.

    Attributes:
        task_id: The task.
        test_index: The test input.
        grid: The output, as it is (turned back from every view).
        logprob: Mean over the views of the grid's total log-probability under the model, in nats.
        n_views: How many views that is the mean of.
        proposer: Whose model it is; scores of different proposers cannot be compared.

    Raises:
        ValueError: No view, or no such test input.
    """

    task_id: str
    test_index: int
    grid: Grid
    logprob: float
    n_views: int
    proposer: str

    def __post_init__(self) -> None:
        if self.n_views < 1 or self.test_index < 0:
            raise ValueError("a score needs a view and a test input")

    @property
    def what(self) -> tuple[str, str, int, bytes]:
        """Equal for scores that one model gives the same output."""
        return (self.proposer, self.task_id, self.test_index, grid_key(self.grid))

    def is_better_than(self, other: Scored) -> bool:
        """Whether it is to be kept in the other's place: more views, then what does not depend on who came first."""
        return (self.n_views, self.logprob) > (other.n_views, other.logprob)

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` is its exact inverse."""
        return {
            "task_id": self.task_id,
            "test_index": self.test_index,
            "grid": to_text(self.grid),
            "logprob": self.logprob,
            "n_views": self.n_views,
            "proposer": self.proposer,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Scored:
        """The score that `to_json` wrote; its grid may be a list of rows too.

        Raises:
            KeyError, TypeError, ValueError, GridError: The value was not written by `to_json`.
        """
        return cls(
            intern(value["task_id"]),
            int(value["test_index"]),
            read_grid(value["grid"]),
            float(value["logprob"]),
            int(value["n_views"]),
            intern(value["proposer"]),
        )


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something a model wrote, or a program did, that cannot become a candidate. Counted by reason, never raised.

    Attributes:
        task_id: The task.
        proposer: Who asked for it.
        reason: A short, countable phrase such as `grid: ragged` or `program: timeout cpu`; no task-specific detail.
        seed: Of a sample that only repeats another: its own seed. Such a sample is no new candidate, but whoever counts
            how many samples were right counts it too. 0 for all else.
        repeats: The seed of the sample that it repeats, 0 if it repeats none.
    """

    task_id: str
    proposer: str
    reason: str
    seed: int = 0
    repeats: int = 0
