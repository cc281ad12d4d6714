"""Generated parts of pages that people write: what stands between two marks is replaced, the rest is left alone."""

from __future__ import annotations

from pathlib import Path

from arc_solver.errors import InputError


def marks(name: str) -> tuple[str, str]:
    """The lines between which an experiment's part stands."""
    return f"<!-- experiment {name}: written by `arc-solver experiment table` -->", f"<!-- end of {name} -->"


def with_part(page: str, name: str, part: str, where: str) -> str:
    """`page` with what stands between the marks of `name` replaced by `part`.

    Raises:
        InputError: The marks are not there, each once and in order.
    """
    start, end = marks(name)
    if page.count(start) != 1 or page.count(end) != 1 or page.index(start) > page.index(end):
        raise InputError(f"{where}: must hold the line {start} and after it the line {end}, each once")
    before, _, rest = page.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}\n\n{part.strip()}\n\n{end}{after}"


def replace_part(path: Path, name: str, part: str) -> bool:
    """Replace a part of a file; False if it said the same before.

    Raises:
        InputError: The file cannot be read or written, or lacks the marks.
    """
    try:
        page = path.read_text(encoding="utf-8")
        new = with_part(page, name, part, str(path))
        if new == page:
            return False
        temporary = path.with_name(path.name + ".new")
        temporary.write_text(new, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    return True
