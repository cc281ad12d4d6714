"""The forms of a statement that chooses: a loop over objects, a branch, painted cells; and the list of all forms.

Each says which simpler statements would do if what it adds were for nothing. Knows nothing of whole programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from arc_solver.dsl.registry import Cells, Color, Grid, Object, Places
from arc_solver.omni.synthesis.conditions import condition_on, condition_on_cells
from arc_solver.omni.synthesis.forms import (
    BRANCH,
    CELLS,
    LOOP,
    Draft,
    Form,
    call_forms,
    choice_forms,
    comprehension_forms,
    list_kinds,
    n_features,
    n_variants,
    pair_forms,
)
from arc_solver.omni.synthesis.scope import Sample, Scope, Variable
from arc_solver.omni.synthesis.vocabulary import N_LITERALS, Vocabulary


def forms_of(words: Vocabulary) -> tuple[Form, ...]:
    """All forms that a vocabulary allows."""
    simple = (*call_forms(words), *choice_forms(words), *pair_forms(words), *comprehension_forms(words))
    return (*simple, *_loops(words), *_branches(words), *_cells(words))


# ---- loops: `for obj in objects:` / `if object_size(obj) > 2:` / `result = paint_object(result, ...)`


def _loops(words: Vocabulary) -> list[Form]:
    listed = list[Object]
    if not words.paintings or listed not in list_kinds(words):
        return []
    changes = words.between(Object, Object).things
    n_loops = n_variants(words.paintings) * max(1.0, n_variants(changes)) * n_features(words, Object)
    loops = [Form(LOOP, "", takes, Grid, n_loops, _loop, True) for takes in ((listed,), (listed, Grid))]
    return [*loops, Form(LOOP, "", (Places,), Grid, N_LITERALS[Color], _painted_places)]


def _loop(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
    objects = next(use for use in uses if use.kind != Grid)
    grids = [use for use in uses if use.kind == Grid] or [v for v in scope.variables if v.kind == Grid]
    grid = scope.one_of(grids)
    one = scope.new_variable(Object, offset=1)
    start = _start(scope, grid, objects)
    drawn = next((found for found in (_action(scope, target, one) for _ in range(3)) if found is not None), None)
    if drawn is None:
        return None
    action, plain = drawn
    condition = condition_on(scope, one, scope.elements_of(objects)) if scope.chance(0.8) else None
    other = _action(scope, target, one) if condition is not None and scope.chance(0.4) else None

    def text(start: str, action: str, condition: str | None, other: str | None) -> str:
        lines = [f"{target.name} = {start}", f"for {one.name} in {objects.name}:"]
        if condition is None:
            return "\n".join([*lines, f"    {target.name} = {action}"])
        lines += [f"    if {condition}:", f"        {target.name} = {action}"]
        return "\n".join(lines + ["    else:", f"        {target.name} = {other}"] * (other is not None))

    rules: list[tuple[str | None, str | None]] = [(None, None)]
    if condition is not None:
        rules += [(condition, None), (condition, other[0] if other else None)]
    written = text(start, action, *rules[-1])
    choices = product((start, grid.name), (action, plain), rules)
    lesser = {text(where, how, *rule) for where, how, rule in choices}
    lesser |= {text(where, other[0], None, None) for where in (start, grid.name) if other}
    lesser |= {f"{target.name} = {start}"} if start != grid.name else set()
    return Draft(written, tuple(sorted(lesser - {written}, key=lambda one: (len(one), one))))


def _painted_places(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft:
    grid = scope.one_of([variable for variable in scope.variables if variable.kind == Grid]).name
    lines = (f"{target.name} = {grid}.copy()", f"for row, col in {uses[0].name}:")
    return Draft("\n".join((*lines, f"    {target.name}[row, col] = {scope.literal(Color)}")))


def _start(scope: Scope, grid: Variable, objects: Variable) -> str:
    """What the loop paints on: the grid, or what a word makes of the grid and all objects, like removing them."""
    emptying = [word for word in scope.words.words if word.gives == Grid and set(word.values) == {Grid, objects.kind}]
    if emptying and scope.chance(0.4):
        text = scope.call(scope.one_of(emptying), [grid, objects])
        if text is not None:
            return text
    return grid.name


def _action(scope: Scope, target: Variable, one: Variable) -> tuple[str, str] | None:
    """What is done with an object, and the same with the object as it is."""
    if scope.chance(0.35):
        # A word that knows no objects, but numbers: a ray from the object's place in the object's color.
        text = scope.call(scope.words.between(Grid, Grid).draw(scope.rng), [target], about=one)
        return (text, text) if text is not None and one.name in text else None
    changes = scope.words.between(Object, Object)
    word = scope.one_of(scope.words.paintings)
    plain = scope.call(word, [target, one])
    if plain is None or not changes or scope.chance(0.15):
        return None if plain is None else (plain, plain)
    changed = scope.call(changes.draw(scope.rng), [one])
    return None if changed is None else (plain.replace(one.name, changed, 1), plain)


# ---- branches: `if height(grid) > width(grid):`


def _branches(words: Vocabulary) -> list[Form]:
    n_both = n_variants(words.between(Grid, Grid).things) * n_features(words, Grid)
    listed = list[Object]
    return [
        Form(BRANCH, "", (Grid,), Grid, n_both, _branch),
        Form(BRANCH, "", (Grid, Grid), Grid, n_features(words, Grid), _choice, True),
        Form(BRANCH, "", (listed,), Color, n_features(words, listed) * N_LITERALS[Color], _chosen_color),
        *(
            Form(BRANCH, "", (kind,), Grid, n_variants(words.between(Grid, Grid).things), _branch)
            for kind in N_LITERALS
        ),
    ]


def _branch(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
    number = next((use for use in uses if use.kind in N_LITERALS), None)
    about = number or scope.one_of(scope.variables)
    condition = condition_on(scope, about, _whole(scope, about), None if number is None else (number.name, number.kind))
    grid = next((use for use in uses if use.kind == Grid), scope.grid)
    first, second = scope.changed(grid), scope.changed(grid)
    if condition is None or first is None or second is None or first == second:
        return None
    text = f"if {condition}:\n    {target.name} = {first}\nelse:\n    {target.name} = {second}"
    return Draft(text, (f"{target.name} = {first}", f"{target.name} = {second}"))


def _choice(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
    about = scope.one_of([*uses, scope.grid])
    condition = condition_on(scope, about, _whole(scope, about))
    if condition is None:
        return None
    return Draft(f"{target.name} = {uses[0].name} if {condition} else {uses[1].name}")


def _chosen_color(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
    condition = condition_on(scope, uses[0], _whole(scope, uses[0]))
    first, second = scope.literal(Color), scope.literal(Color)
    if condition is None or first == second:
        return None
    return Draft(f"{target.name} = {first} if {condition} else {second}")


def _whole(scope: Scope, variable: Variable) -> list[Sample]:
    return [Sample(index, value) for index, value in enumerate(scope.values_of(variable))]


# ---- cells: `result[component_size(grid) == 3] = 2`


def _cells(words: Vocabulary) -> list[Form]:
    n_conditions = 4 * (n_variants(words.maps.things) + n_variants(words.between(Grid, Grid).things))
    n_paintings = n_conditions * N_LITERALS[Color]
    return [
        Form(CELLS, "", (Grid, Color), Grid, n_paintings, _painted),
        Form(CELLS, "", (Cells, Color), Grid, N_LITERALS[Color], _painted_cells),
        Form(CELLS, "", (Grid, Grid), Grid, n_conditions, _merged),
        Form(CELLS, "", (Grid,), Cells, n_conditions, _chosen_cells),
    ]


def _painted(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
    grid = next((use for use in uses if use.kind == Grid), scope.grid)
    color = next((use.name for use in uses if use.kind == Color), None)
    if color is None and scope.chance(0.3):
        color = scope.feature(grid, Color)
    color = color or scope.literal(Color)
    conditions = _conditions(scope, grid)
    texts = [f"{target.name} = {grid.name}.copy()\n{target.name}[{one}] = {color}" for one in conditions]
    return Draft(texts[0], tuple(texts[1:])) if texts else None


def _painted_cells(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
    cells = next((use.name for use in uses if use.kind == Cells), None)
    if cells is None:
        return None
    grid = scope.one_of([variable for variable in scope.variables if variable.kind == Grid])
    color = next((use.name for use in uses if use.kind == Color), None) or scope.literal(Color)
    return Draft(f"{target.name} = {grid.name}.copy()\n{target.name}[{cells}] = {color}")


def _chosen_cells(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
    conditions = _conditions(scope, uses[0])
    texts = [f"{target.name} = {one}" for one in conditions]
    return Draft(texts[0], tuple(texts[1:])) if texts else None


def _merged(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
    others = [variable.name for variable in scope.variables if variable.kind == Grid and variable not in uses]
    second = uses[1].name if len(uses) == 2 else scope.one_of(others) if others else scope.changed(uses[0])
    if second is None:
        return None
    conditions = _conditions(scope, uses[0])
    texts = [f"{target.name} = np.where({one}, {uses[0].name}, {second})" for one in conditions]
    return Draft(texts[0], tuple(texts[1:])) if texts else None


def _conditions(scope: Scope, painted: Variable) -> list[str]:
    """A condition on cells, then those that it is made of, if it is made of two; none if chance found none."""
    grids = [variable for variable in scope.variables if variable.kind == Grid]
    is_whole = scope.chance(0.65)
    texts = []
    for _ in range(2 - is_whole):
        subject = painted if scope.chance(0.6) else scope.one_of(grids)
        text = condition_on_cells(scope, painted, subject, is_whole)
        if text is None or text in texts:
            return []
        texts.append(text)
    return texts if is_whole else [f"({texts[0]}) {scope.one_of('&|')} ({texts[1]})", *texts]
