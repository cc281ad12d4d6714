"""What a hostile program is to the tests: a source, the verdicts that are right for it, and what keeps it from harm."""

from __future__ import annotations

from dataclasses import dataclass

SAME, OTHER = "returned its input", "returned another grid"
CPU, WALL, MEMORY = "program: timeout cpu", "program: timeout wall", "program: memory"
SYNTAX, NO_TASK, TOO_LARGE = "program: syntax", "program: no function task", "program: source too large"
GARBLED = "program: crashed (wrote to the result pipe)"
TOOK_ZYGOTE_DOWN = "program: crashed (took its zygote down)"
NONDETERMINISTIC = "program: nondeterministic"


def raised(kind: str) -> str:
    return f"program: raised {kind}"


def invalid(why: str) -> str:
    return f"program: invalid output ({why})"


def signal(number: int) -> str:
    return f"program: crashed (signal {number})"


def exited(status: int) -> str:
    return f"program: exit {status}"


NO_GRID = invalid("no grid")
DENIED, NO_MODULE = raised("PermissionError"), raised("ModuleNotFoundError")
NO_FILE = (DENIED, raised("FileNotFoundError"), raised("OSError"))


@dataclass(frozen=True, slots=True)
class Hostile:
    """A program that means harm, or is merely bad.

    Attributes:
        name: Unique.
        source: `@CANARY@`, `@FOLDER@`, `@TCP@`, `@UDP@` and `@PARENT@` stand for what it is after: see `witness`.
        verdicts: Reasons of the verdicts that are right with all layers on; `SAME` and `OTHER` stand for Ok. More than
            one where machines differ in what stops it, none where what it does has no defined result.
        stopped_by: Layers each of which keeps it from harming what no test may harm. With none of them it does not run.
    """

    name: str
    source: str
    verdicts: tuple[str, ...]
    stopped_by: tuple[str, ...] = ()

    def may_end_with(self, reason: str) -> bool:
        """Whether that is a right verdict."""
        return not self.verdicts or reason in self.verdicts


def body(*lines: str) -> str:
    """A program whose function consists of these lines."""
    return "def task(grid):\n" + "".join(f"    {line}\n" for line in lines)
