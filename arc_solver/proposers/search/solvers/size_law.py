"""How the output's size follows from the input: relations between sizes, and formulas for heights and widths.

Knows nothing of what is in the grids but what can be counted there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from arc_solver.grids import MAX_SIDE
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers.formulas import formula, formulas, values_of

Shape = tuple[int, ...]
Relation = tuple[str, int, int]

MAX_FACTOR = 5
MAX_GROWTH = 2


def relations(shape: Shape, wanted: Shape) -> Iterator[Relation]:
    """Every simple relation between two sizes: equal, turned, a multiple, a part, a little larger or smaller."""
    if shape == wanted:
        yield ("same", 0, 0)
        return
    if shape == wanted[::-1]:
        yield ("turned", 0, 0)
    (rows, cols), (high, wide) = shape, wanted
    if high % rows == 0 and wide % cols == 0 and max(high // rows, wide // cols) <= MAX_FACTOR:
        yield ("times", high // rows, wide // cols)
    if rows % high == 0 and cols % wide == 0 and high * wide > 1 and max(rows // high, cols // wide) <= MAX_FACTOR:
        yield ("over", rows // high, cols // wide)
    if rows * wide == cols * high and rows % high == 0 and high * wide > 1:
        # The factor may be another one in every pair.
        yield ("shrunk", 0, 0)
    for kind, tall, broad in (("grown", high, wide), ("framed", high - 2, wide - 2)):
        larger = tall > rows or kind == "framed"
        if rows * cols > 1 and tall > 0 and larger and rows * broad == cols * tall and tall % rows == 0:
            yield (kind, 0, 0)
    if max(abs(high - rows), abs(wide - cols)) <= MAX_GROWTH:
        yield ("plus", high - rows, wide - cols)


@dataclass(frozen=True, slots=True)
class SideLaw:
    """A formula for one side of the output.

    Attributes:
        source: Python in terms of `grid`.
        sides: Its value for every input, training first.
        cost: Description length.
    """

    source: str
    sides: tuple[int, ...]
    cost: float


NUMBERS = formulas(
    "grid",
    (
        ("count_colors(grid)", 0.9),
        ("len(np.unique(grid))", 0.9),
        ("len(find_objects(grid))", 1.0),
        ("len(find_objects(grid, False))", 1.1),
        ("np.count_nonzero(grid)", 0.9),
        ("np.count_nonzero(grid == 0)", 1.1),
        ("int(np.bincount(grid[grid > 0]).max())", 1.3),
        ("max(obj.size for obj in find_objects(grid))", 1.2),
        ("max(obj.height for obj in find_objects(grid))", 1.3),
        ("max(obj.width for obj in find_objects(grid))", 1.3),
    ),
)


def side_laws(examples: Examples, axis: int) -> list[SideLaw]:
    """Formulas for the output's height (axis 0) or width (axis 1), the simplest first, one for each behaviour.

    Args:
        examples: Any task.
        axis: Which side.
    """
    wanted = [output.shape[axis] for output in examples.outputs]
    laws: dict[tuple[int, ...], SideLaw] = {}
    for law in sorted(_side_laws(examples, axis, wanted), key=lambda law: (law.cost, law.source)):
        if all(1 <= side <= MAX_SIDE for side in law.sides) and list(law.sides[: len(wanted)]) == wanted:
            laws.setdefault(law.sides, law)
    return list(laws.values())


def _side_laws(examples: Examples, axis: int, wanted: Sequence[int]) -> Iterator[SideLaw]:
    inputs = examples.inputs
    if len(set(wanted)) == 1:
        yield SideLaw(str(wanted[0]), (wanted[0],) * len(inputs), 0.4)
    own = [grid.shape[axis] for grid in inputs]
    other = [grid.shape[1 - axis] for grid in inputs]
    for name, sides, cost in ((f"grid.shape[{axis}]", own, 0.2), (f"grid.shape[{1 - axis}]", other, 0.7)):
        yield from _linear(name, sides, wanted, cost)
    for number in NUMBERS:
        values = values_of(number, inputs)
        if values is None:
            continue
        counts = [int(value) for value in values]
        if len(set(counts[: len(wanted)])) > 1:
            yield from _linear(number.source, counts, wanted, number.cost)
            products = tuple(side * count for side, count in zip(own, counts, strict=True))
            yield SideLaw(f"grid.shape[{axis}] * {number.source}", products, 0.5 + number.cost)


def _linear(name: str, sides: Sequence[int], wanted: Sequence[int], cost: float) -> Iterator[SideLaw]:
    """The multiple, part, sum or difference that the first pair asks for."""
    first, goal = sides[0], wanted[0]
    yield SideLaw(name, tuple(sides), cost)
    if first and goal % first == 0:
        factor = goal // first
        yield SideLaw(f"{name} * {factor}", tuple(side * factor for side in sides), cost + 0.4)
    if first and first % goal == 0:
        factor = first // goal
        yield SideLaw(f"{name} // {factor}", tuple(side // factor for side in sides), cost + 0.4)
    shift = goal - first
    sign = "+" if shift > 0 else "-"
    yield SideLaw(f"{name} {sign} {abs(shift)}", tuple(side + shift for side in sides), cost + 0.6)
    yield SideLaw(f"{name} * 3 // 2", tuple(side * 3 // 2 for side in sides), cost + 0.8)
    for factor in range(2, MAX_FACTOR):
        rest = goal - factor * first
        if abs(rest) in {1, factor - 1}:
            shifted = tuple(factor * side + rest for side in sides)
            yield SideLaw(f"{name} * {factor} {'+' if rest > 0 else '-'} {abs(rest)}", shifted, cost + 0.8)


def factor_laws(examples: Examples) -> list[tuple[SideLaw, SideLaw]]:
    """Formulas for how many times the output is as high and as wide as the input."""
    found: list[list[SideLaw]] = [[], []]
    for axis in (0, 1):
        pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
        if any(output.shape[axis] % grid.shape[axis] for grid, output in pairs):
            return []
        wanted = [output.shape[axis] // grid.shape[axis] for grid, output in pairs]
        options = [SideLaw(str(wanted[0]), (wanted[0],) * len(examples.inputs), 0.4)]
        for number in (*NUMBERS, formula("grid", f"grid.shape[{axis}]", 0.4)):
            values = values_of(number, examples.inputs)
            if values is not None and len(set(values[: len(wanted)])) > 1:
                options.append(SideLaw(number.source, tuple(map(int, values)), number.cost))
        found[axis] = [
            law for law in options if list(law.sides[: len(wanted)]) == wanted and all(0 < n <= 30 for n in law.sides)
        ]
    same = [(a, b) for a in found[0] for b in found[1] if a.source == b.source]
    rest = [(a, b) for a in found[0] for b in found[1] if a.source != b.source]
    return same + rest
