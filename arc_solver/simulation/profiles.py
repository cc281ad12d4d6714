"""What machines can do: measured where somebody measured it, else guessed, and said which.

Knows nothing of tasks and runs.
"""

from __future__ import annotations

from dataclasses import dataclass

TOKENS_A_TASK = 1420
"""Of the demonstrations of a task, as the cell model learns them; the mean over the held-out training tasks."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A machine with its model.

    Attributes:
        name: For people.
        preset: The preset that runs there.
        n_cores: CPU cores.
        core_speed: Of a core, relative to the one on which the search was recorded.
        n_engines: Engines that sample text, one a GPU; 0 where the cell model answers on the CPU.
        tokens_per_s: Output tokens of one engine, prompts included in the price of a sample.
        start_s: Until a lane works that loads no model.
        load_s: Until one works that does.
        wave_tail_s: At the end of a wave, while its last answers are written and engines wait.
        learn_s: CPU-seconds in which the cell model makes one pass over the demonstrations of a task.
        view_scale: Price of a view, relative to the recorded ones.
        vote_s: Of the last vote and write.
        kill_s: To end all lanes.
        notes: Where the figures come from.
    """

    name: str
    preset: str
    n_cores: int
    core_speed: float
    n_engines: int
    tokens_per_s: float
    start_s: float
    load_s: float
    wave_tail_s: float
    learn_s: float
    view_scale: float
    vote_s: float
    kill_s: float
    notes: str


PROFILES = {
    "t4x2": Profile(
        "t4x2",
        "kaggle-t4x2",
        n_cores=4,
        core_speed=0.8,
        n_engines=2,
        tokens_per_s=700.0,
        start_s=3.0,
        load_s=150.0,
        wave_tail_s=15.0,
        learn_s=0.0,
        view_scale=0.0,
        vote_s=1.0,
        kill_s=0.5,
        notes="cores, engines: field notes; starting vLLM from fresh wheels 25 to 50 s: measured, loading 7B: guessed; "
        "tokens/s of 7B in fp16 with 128 sequences: guessed",
    ),
    "l4x4": Profile(
        "l4x4",
        "kaggle-l4x4",
        n_cores=24,
        core_speed=1.0,
        n_engines=4,
        tokens_per_s=1800.0,
        start_s=3.0,
        load_s=120.0,
        wave_tail_s=10.0,
        learn_s=0.0,
        view_scale=0.0,
        vote_s=1.0,
        kill_s=0.5,
        notes="engines: field notes; cores guessed; tokens/s of 7B in bf16 with 256 sequences: guessed",
    ),
    "cpu": Profile(
        "cpu",
        "cpu",
        n_cores=2,
        core_speed=1.0,
        n_engines=0,
        tokens_per_s=0.0,
        start_s=2.0,
        load_s=8.0,
        wave_tail_s=0.0,
        learn_s=1.95,
        view_scale=1.5,
        vote_s=1.0,
        kill_s=0.5,
        notes="search and views: recorded; learning 1,420 tokens a task at 730 tokens a core-second: measured for 19M "
        "parameters (1,100), 1.5 times as dear for 34M; vote and write of 240 tasks: measured below 1 s",
    ),
}
