"""Same-size tasks: objects act. Each is recoloured, erased, filled, outlined, moved, copied or shoots rays.

Finds rules that are true of the training pairs, combines as few as explain every change, and writes them as loops over
objects. Knows nothing of single actions or features; those live next door.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.object_canvas import Canvas, Rule, bits_of, cells_of
from arc_solver.proposers.search.solvers.object_marks import marks, own_cells
from arc_solver.proposers.search.solvers.object_motions import motions
from arc_solver.proposers.search.solvers.object_pointers import aimed_marks
from arc_solver.proposers.search.solvers.object_rules import AS_IS, SceneRules
from arc_solver.proposers.search.solvers.object_scenes import Scene, scenes

STAGE = "object_actions"
MAX_CELLS = 6000
MAX_MARKED = 30
MAX_DRAFTS = 6
MAX_POOL = 150
MAX_RULES = 5
MAX_LAST = 3
MAX_COST = 13.0
"""Dearer ones explain the pairs by heart."""


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain all changes by what objects do.

    Args:
        examples: Any; nothing is yielded unless all outputs have their inputs' sizes.
    """
    if not examples.same_size() or sum(grid.size for grid in examples.train_inputs) > MAX_CELLS:
        return
    canvas = _canvas(examples)
    if not canvas.changed:
        return
    finders = [_finder(scene, examples, canvas) for scene in scenes(examples)]
    pool = _distinct([rule for finder in examples.in_time(finders) for rule in finder.explain()])
    found = list(_covers(pool, canvas.changed)) or list(_layers(finders, pool, canvas))
    for rules, cost in sorted(found, key=lambda one: one[1])[:MAX_DRAFTS]:
        if cost <= MAX_COST:
            yield examples.draft(STAGE, _program(rules), cost)


def _canvas(examples: Examples) -> Canvas:
    source = np.concatenate([grid.ravel() for grid in examples.train_inputs])
    target = np.concatenate([grid.ravel() for grid in examples.outputs])
    sizes = [grid.size for grid in examples.outputs]
    starts = tuple(int(start) for start in np.cumsum([0, *sizes[:-1]]))
    return Canvas(source, target, starts, bits_of(source != target))


def _finder(scene: Scene, examples: Examples, canvas: Canvas) -> SceneRules:
    """A scene with all marks that promise something."""
    finder = SceneRules(scene, canvas, examples.n_train)
    finder.consider(own_cells(), False)
    if max(len(things) for things in scene.things) > MAX_MARKED:
        return finder
    for mark in examples.in_time(marks()):
        if not scene.is_ground or mark.is_filling:
            finder.consider(mark, False)
    if not scene.is_ground:
        only_adds = _only_adds(scene, examples)
        acting = itertools.chain(motions(scene, examples.outputs), aimed_marks(scene, examples.outputs))
        for mark in examples.in_time(acting):
            finder.consider(mark, not only_adds and mark.copied is not None)
    return finder


def _only_adds(scene: Scene, examples: Examples) -> bool:
    """True if no training pair loses what is not background."""
    pairs = zip(scene.things, examples.train_inputs, examples.outputs, strict=False)
    return all((before == after)[before != things[0].background].all() for things, before, after in pairs)


def _distinct(pool: Sequence[Rule]) -> list[Rule]:
    """The cheapest rules, of those that do the same in the same scene one."""
    kept: dict[tuple[Any, ...], Rule] = {}
    n_alike: dict[tuple[int, int], int] = {}
    for rule in sorted(pool, key=lambda one: one.cost):
        key = (rule.right, rule.wrong)
        n_alike[key] = n_alike.get(key, 0) + 1
        if n_alike[key] <= 3:
            kept[(*key, n_alike[key])] = rule
    return list(kept.values())[:MAX_POOL]


Cover = tuple[tuple[Rule, ...], float]


def _covers(pool: Sequence[Rule], todo: int) -> Iterator[Cover]:
    """The shortest sequences of rules that explain every change and leave nothing wrong."""
    singles = [((rule,), rule.cost + 1.0) for rule in pool if not rule.wrong and todo & ~rule.right == 0]
    for found in (singles, _pairs(pool, todo), _triples(pool, todo), _greedy(pool, todo)):
        covers: list[Cover] = list(found)
        if covers:
            yield from covers
            return


def _layers(finders: Sequence[SceneRules], pool: Sequence[Rule], canvas: Canvas) -> Iterator[Cover]:
    """Rules that hold where a last rule does not paint over them."""
    sound = [rule for rule in pool if not rule.wrong]
    for last in sorted(sound, key=lambda rule: _worth(rule, canvas.changed))[:MAX_LAST]:
        hidden = cells_of(last.right, len(canvas.target))
        fresh = [rule for finder in finders for rule in finder.explain(hidden) if not rule.wrong & ~last.right]
        under = [*fresh, *(rule for rule in pool if not rule.wrong & ~last.right)]
        rest = canvas.changed & ~last.right
        for rules in _few(_distinct(under), rest):
            yield (*rules, last), _joint_cost((*rules, last))


def _worth(rule: Rule, todo: int) -> tuple[int, float]:
    return -(rule.right & todo).bit_count(), rule.cost


def _few(pool: Sequence[Rule], todo: int) -> Iterator[tuple[Rule, ...]]:
    """One or two rules that explain the rest."""
    singles = [(rule,) for rule in pool if todo & ~rule.right == 0]
    yield from singles
    if not singles:
        for i, first in enumerate(pool):
            yield from ((first, second) for second in pool[i + 1 :] if todo & ~(first.right | second.right) == 0)


def _pairs(pool: Sequence[Rule], todo: int) -> Iterator[Cover]:
    for last in pool:
        if last.wrong:
            continue
        for first in pool:
            if first is last or todo & ~(first.right | last.right) or first.wrong & ~last.right:
                continue
            if not first.wrong and first.cost > last.cost:
                continue
            if todo & ~last.right == 0:
                continue
            yield (first, last), _joint_cost((first, last))


def _triples(pool: Sequence[Rule], todo: int) -> Iterator[Cover]:
    sound = [rule for rule in pool if not rule.wrong][: MAX_POOL // 2]
    for i, first in enumerate(sound):
        for j in range(i + 1, len(sound)):
            rest = todo & ~(first.right | sound[j].right)
            for third in sound[j + 1 :]:
                if rest & ~third.right == 0:
                    rules = (first, sound[j], third)
                    yield rules, _joint_cost(rules)


def _greedy(pool: Sequence[Rule], todo: int) -> Iterator[Cover]:
    """More rules of one scene, each explaining as much of the rest as possible."""
    sound = [rule for rule in pool if not rule.wrong]
    for scene in {id(rule.scene): rule.scene for rule in sound}.values():
        rest = todo
        chosen: list[Rule] = []
        mine = [rule for rule in sound if rule.scene is scene]
        while rest and mine and len(chosen) < MAX_RULES:
            best = max(mine, key=lambda rule: ((rest & rule.right).bit_count(), -rule.cost))
            if not rest & best.right:
                break
            chosen.append(best)
            rest &= ~best.right
        if not rest:
            yield tuple(chosen), _joint_cost(chosen)


def _joint_cost(rules: Sequence[Rule]) -> float:
    shared = sum(rule.scene.cost for rule in rules) - sum({id(r.scene): r.scene.cost for r in rules}.values())
    return 1.0 + sum(rule.cost for rule in rules) + 0.5 * (len(rules) - 1) - shared


def _program(rules: Sequence[Rule]) -> tuple[str, ...]:
    """The statements of `task(grid)`."""
    lines = ["out = grid.copy()"]
    for scene, parts in itertools.groupby(rules, key=lambda rule: rule.scene):
        body = _scene_lines(list(parts))
        listing = [line for line in body if "objects" in line]
        if len(listing) == 1:
            lines += [line.replace("in objects:", f"in {scene.expression}:") for line in body]
        else:
            lines += [f"objects = {scene.expression}", *body]
    return (*lines, "return out")


def _scene_lines(rules: Sequence[Rule]) -> list[str]:
    """Loops over `objects`; rules that do not depend on their order share one, and share conditions."""
    lines: list[str] = []
    shared, condition = False, ""
    for rule in rules:
        sound = not rule.wrong and not rule.table and not rule.erases
        if not (shared and sound):
            if rule.table:
                lines.append(f"colors = {rule.table}")
            if rule.erases:
                lines += _loop(rule, [f"out = erase_object(out, obj, {rule.scene.background})"])
            lines += _loop(rule, _painting_lines(rule))
        elif rule.condition and rule.condition == condition:
            lines += ["        " + line for line in _painting_lines(rule)]
        else:
            lines += _loop(rule, _painting_lines(rule))[1:]
        shared, condition = not rule.wrong, rule.condition
    return lines


def _loop(rule: Rule, inner: Sequence[str]) -> list[str]:
    lines = ["for obj in objects:"]
    depth = 1
    if rule.condition:
        lines.append(f"    if {rule.condition}:")
        depth = 2
    return lines + ["    " * depth + line for line in inner]


def _painting_lines(rule: Rule) -> list[str]:
    mark, ground = rule.mark, rule.scene.background
    canvas = "grid" if mark.sees_input else "out"
    source = mark.copied if rule.color == AS_IS and mark.copied else mark.source
    source = source.replace("{out}", canvas).replace("{color}", rule.color).replace("BACKGROUND", ground)
    lines: list[str] = []
    depth = 0
    for header in mark.frame:
        lines.append("    " * depth + header.replace("BACKGROUND", ground))
        depth += header.endswith(":")
    if mark.sees_input:
        inner = [f"ray = {source}", "out = np.where(ray != grid, ray, out)"]
    elif rule.restricted:
        inner = [f"out = np.where(grid == {ground}, {source}, out)"]
    else:
        inner = [f"out = {source}"]
    return lines + ["    " * depth + line for line in inner]
