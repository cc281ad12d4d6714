"""Outputs of one colour throughout: the colour of the one object that a feature singles out.

Knows nothing of how objects are found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arc_solver.dsl.registry import Object
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.crops import choices

STAGE = "answering"
CHANCE_COST = 1.0
MAX_DRAFTS = 6


def solve(examples: Examples) -> Iterator[Draft]:
    """Answer with a colour.

    Args:
        examples: Any; nothing is yielded unless the outputs have one size and one colour each, not always the same.
    """
    outputs = examples.outputs
    shapes = {output.shape for output in outputs}
    wanted = [int(output[0, 0]) for output in outputs]
    if len(shapes) != 1 or len(set(wanted)) == 1 or any(output.min() != output.max() for output in outputs):
        return
    shape = next(iter(shapes))
    found = []
    for choice in choices(examples, _may_fit):
        if [obj.color for obj in choice.objects[: len(wanted)]] == wanted:
            body = (*choice.statements, f"return np.full({(int(shape[0]), int(shape[1]))}, obj.color)")
            found.append(examples.draft(STAGE, body, choice.cost + CHANCE_COST))
    yield from sorted(found, key=lambda draft: (draft.cost, draft.source))[:MAX_DRAFTS]


def _may_fit(examples: Examples, lists: Sequence[Sequence[Object]]) -> bool:
    """True if every output's colour is that of some object, and not of every one."""
    for objects, output in zip(lists, examples.outputs, strict=False):
        colors = {obj.color for obj in objects}
        if int(output[0, 0]) not in colors or len(colors) < 2:
            return False
    return True
