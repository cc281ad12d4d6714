"""Write docs/generators.md and its pictures: every family with a program and what it draws, every builder.

Usage: python scripts/generator_docs.py [--check]. With --check nothing is written; exit code 1: a file is stale.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from arc_solver.grids import Grid
from arc_solver.omni.generators import BUILDERS, FAMILIES, InputGenerator, random_generator
from arc_solver.omni.generators.family import Family
from arc_solver.omni.generators.registry import Builder, Kind
from arc_solver.report.draw import PALETTE

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "generators.md"
PICTURES = DOCS / "pictures" / "generators"

N_PROGRAMS = 2
N_GRIDS = 3
MAX_CELLS = 150
_CELL, _GAP = 9, 12


def render() -> dict[Path, str]:
    """Every file and its text."""
    files: dict[Path, str] = {}
    parts = [_introduction()]
    for group, families in groupby(FAMILIES.values(), lambda family: family.group):
        parts += [f"## {group}", "", _summary(f"arc_solver.omni.generators.families.{group}"), ""]
        for family in families:
            programs = _programs(family)
            files[PICTURES / f"{family.name}.svg"] = _svg([[p.sample(s) for s in range(N_GRIDS)] for p in programs])
            parts.append(_family(family, programs[0]))
    parts += ["# Builders", ""]
    for group, builders in groupby(BUILDERS.values(), lambda builder: builder.group):
        parts += [f"## builders: {group}", "", _summary(f"arc_solver.omni.generators.{group}"), ""]
        parts += map(_builder, builders)
    files[PAGE] = "\n".join(parts)
    return files


def _introduction() -> str:
    return f"""# Generators of inputs

This page is written by `python scripts/generator_docs.py` from the docstrings of `arc_solver/omni/generators/`.

{len(FAMILIES)} families write random generator programs over {len(BUILDERS)} scene builders. A program is one function
`generate(rng)`; each of its lines is one call of a builder with literals: `(low, high)` is drawn for each grid, what
was drawn with the program is a plain number, so that the grids of one program look like the inputs of one task.
`random_generator(rng)` writes one, `run_generator(source, seed)` draws a grid with it. The text is checked and
interpreted, never executed, so a text that a model wrote can be handed over as well.

# Families

Each picture shows two programs of a family, one a row, with three grids each; the text is the first one's.
"""


def _summary(module: str) -> str:
    """The first sentence of a module's docstring."""
    return (inspect.getdoc(sys.modules[module]) or "").split(". ")[0].splitlines()[0].rstrip(".") + "."


def _programs(family: Family) -> list[InputGenerator]:
    """The first programs that draw grids which differ and are not of one colour."""
    return [program for _, program in zip(range(N_PROGRAMS), _telling(family), strict=False)]


def _telling(family: Family) -> Iterator[InputGenerator]:
    for seed in range(1000):
        # Seeds of the family's own, so that the pictures differ in colours, too.
        rng = np.random.default_rng([seed, *family.name.encode()])
        program = random_generator(rng, family=family.name, max_cells=MAX_CELLS)
        grids = [program.sample(sample_seed) for sample_seed in range(N_GRIDS)]
        differ = len({grid.tobytes() for grid in grids}) == N_GRIDS
        if differ and all((grid != grid[0, 0]).mean() > 0.05 for grid in grids):
            yield program


def _family(family: Family, program: InputGenerator) -> str:
    summary = " ".join((inspect.getdoc(family.write) or "").split())
    picture = f"![{family.name}](pictures/generators/{family.name}.svg)"
    return f"### {family.name}\n\n{summary}\n\n{picture}\n\n```python\n{program.source}```\n"


def _builder(builder: Builder) -> str:
    arguments = [
        f"{name}: {_kind(kind)}" + (f" = {builder.defaults[name]!r}" if name in builder.defaults else "")
        for name, kind in builder.parameters.items()
    ]
    signature = f"{builder.name}({', '.join(['rng', *arguments])}) -> {builder.result.name}"
    return f"`{signature}`  \n{' '.join((inspect.getdoc(builder.function) or '').split())}\n"


def _kind(kind: Kind) -> str:
    return " | ".join(f'"{choice}"' for choice in kind.choices) if kind.choices else kind.name


def _svg(rows: Sequence[Sequence[Grid]]) -> str:
    """Rows of grids; each colour of a grid is one path of horizontal runs, which keeps the files small."""
    parts, y, width = [], _GAP, 0
    for grids in rows:
        x = _GAP
        for grid in grids:
            parts.append(f'<g transform="translate({x} {y}) scale({_CELL})">{_paths(grid)}</g>')
            x += grid.shape[1] * _CELL + _GAP
        y += max(grid.shape[0] for grid in grids) * _CELL + _GAP
        width = max(width, x)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" width="{width}" height="{y}">'
    style = "<style>.l{stroke:#555;stroke-width:.06}</style>"
    return "\n".join([f'{head}{style}<path fill="#fff" d="M0 0H{width}V{y}H0z"/>', *parts, "</svg>"]) + "\n"


def _paths(grid: Grid) -> str:
    n_rows, n_cols = grid.shape
    runs: dict[int, list[str]] = {}
    for row, cells in enumerate(grid.tolist()):
        for color, run in groupby(enumerate(cells), lambda cell: cell[1]):
            cols = [col for col, _ in run]
            runs.setdefault(color, []).append(f"M{cols[0]} {row}h{len(cols)}v1h-{len(cols)}z")
    filled = [f'<path fill="{PALETTE[color]}" d="{"".join(run)}"/>' for color, run in sorted(runs.items())]
    lines = [f"M0 {row}h{n_cols}" for row in range(n_rows + 1)] + [f"M{col} 0v{n_rows}" for col in range(n_cols + 1)]
    return "".join([*filled, f'<path class="l" d="{"".join(lines)}"/>'])


def main(arguments: list[str]) -> int:
    """Write the files, or compare them with what would be written."""
    files = render()
    stale = [path for path in PICTURES.glob("*.svg") if path not in files]
    if "--check" in arguments:
        same = all(path.exists() and path.read_text(encoding="utf-8") == text for path, text in files.items())
        return 0 if same and not stale else 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.unlink()
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
