"""How often the model is asked for programs, in which words and views, and what is kept. Knows nothing of how."""

from __future__ import annotations

from dataclasses import dataclass

from arc_solver.engines.base import Sampling
from arc_solver.prompts.encoders import get_encoder
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES, CODE_REPAIR, get_template

NAME = "induction"


@dataclass(frozen=True, slots=True)
class InductionSettings:
    """How often and how the model is asked, and what is kept.

    Attributes:
        n_samples: Programs asked for, a task.
        wave_size: Programs of a task that are asked for together, after the first; they share a view and a prompt.
        n_more: Further programs, a task, when all other proposers of the lane are through and time is left.
        temperature: Of all samples, but for the first if that is greedy.
        greedy_first: The first sample of a task takes the likeliest token at every step.
        top_p: Nucleus of sampling.
        min_p: Tokens less probable than this share of the likeliest one are never chosen; 0 drops none.
        encoder: How grids are written; what the model was trained on.
        version: Prompt version; what the model was trained on.
        max_pairs: Most training pairs that a prompt shows, 0 for all. Programs are run on all of them.
        max_new_tokens: Upper bound on a program.
        symmetries: Waves after the first may show the task rotated or mirrored; the program then runs on it as shown,
            and its outputs are turned back.
        colors: They may show it recoloured.
        keep_background: Colour 0 stays 0 in recoloured views.
        stop_after: A task is done once so many different programs pass all its training pairs.
        max_partial: Programs that pass only some pairs are kept up to this number a task, later ones only if they pass
            more than all before.
        stop_at_miss: A program that is wrong on the first training pair is not run on the others. Few of those that are
            dropped would have been right (docs/log.md).
        repair_rounds: After each wave the best of its programs that are wrong on a training pair are asked for again,
            with what they did wrong; so often, each time for what came of the time before. 0 for never: the
            bundled model did not learn it.
        max_repairs: Programs of a task that are asked for again in a round.
        execute_batch: Programs that are run together.
        reserve_s: Sampling ends this long before the deadline, so that the last programs can still be run.
        use_stop_strings: For models that were not trained on our prompts and go on talking after the program.

    Raises:
        ValueError: A setting that makes no sense.
        InputError: No such encoder or prompt version.
    """

    n_samples: int = 8
    wave_size: int = 4
    n_more: int = 0
    temperature: float = 0.8
    greedy_first: bool = True
    top_p: float = 1.0
    min_p: float = 0.0
    encoder: str = "numbered"
    version: str = "brief"
    max_pairs: int = 4
    max_new_tokens: int = 300
    symmetries: bool = False
    colors: bool = False
    keep_background: bool = True
    stop_after: int = 4
    max_partial: int = 3
    stop_at_miss: bool = True
    repair_rounds: int = 0
    max_repairs: int = 2
    execute_batch: int = 16
    reserve_s: float = 1.0
    use_stop_strings: bool = False

    def __post_init__(self) -> None:
        if min(self.n_samples, self.wave_size, self.stop_after, self.execute_batch, self.max_repairs) < 1:
            raise ValueError("n_samples, wave_size, stop_after, execute_batch and max_repairs must be at least 1")
        if min(self.n_more, self.max_pairs, self.max_partial, self.repair_rounds, self.reserve_s) < 0:
            raise ValueError("n_more, max_pairs, max_partial, repair_rounds and reserve_s must be at least 0")
        Sampling(self.max_new_tokens, self.temperature, self.top_p, min_p=self.min_p)
        get_encoder(self.encoder)
        get_template(CODE_FROM_EXAMPLES, self.version)
        if self.repair_rounds:
            get_template(CODE_REPAIR, self.version)
