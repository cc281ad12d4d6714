"""Which shipped profile stands in for what a trial cannot measure, and what a trial can run on this machine.

Knows nothing of tasks.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from arc_solver.config import RunConfig
from arc_solver.simulation import PROFILES, Profile

_OF_PRESET = {profile.preset: name for name, profile in PROFILES.items()}
_ONE_ENGINE = ("kaggle-p100",)
_TEXT_ON_A_CPU_PER_S = 30.0


@dataclass(frozen=True, slots=True)
class Stand:
    """How a configuration stands to this machine.

    Attributes:
        shipped: Where guesses come from; its engines are those that are expected.
        n_engines: Engines that run here.
        is_elsewhere: The configuration is for GPUs, and there is none that works here: a trial can only search.
        remarks: What people should know of it.
    """

    shipped: Profile
    n_engines: int
    is_elsewhere: bool
    remarks: tuple[str, ...] = ()


def stand_of(config: RunConfig, preset: str, n_gpus: int, n_engines: int, n_cores: int) -> Stand:
    """How a configuration stands to a machine.

    Args:
        config: Of the long run.
        preset: Its name, or a file.
        n_gpus: That work.
        n_engines: That would be run on them.
        n_cores: Of the machine.
    """
    asks = config.asks_text() or config.uses_cells()
    wants_gpus = asks and config.engine.device != "cpu" and (config.engine.device == "cuda" or n_gpus > 0)
    name = Path(preset).stem
    if not wants_gpus:
        return _on_cpus(config, asks, n_cores)
    shipped = PROFILES[_OF_PRESET.get(name, "t4x2") if name != "cpu" else "t4x2"]
    if name in _ONE_ENGINE:
        shipped = dataclasses.replace(shipped, n_engines=1)
    if n_gpus:
        return Stand(dataclasses.replace(shipped, n_cores=n_cores, n_engines=n_engines), n_engines, False)
    here = "no GPU works here: the short run only searches, and what models cost is guessed"
    return Stand(shipped, 0, True, (here,))


def _on_cpus(config: RunConfig, asks: bool, n_cores: int) -> Stand:
    shipped = dataclasses.replace(PROFILES["cpu"], n_cores=n_cores)
    if not asks or config.uses_cells():
        both = "the text model is run, but not simulated: the cell model gets its time"
        return Stand(shipped, 0, False, (both,) if asks and config.asks_text() else ())
    text = dataclasses.replace(shipped, n_engines=1, tokens_per_s=_TEXT_ON_A_CPU_PER_S, wave_tail_s=5.0)
    return Stand(text, 1, False)
