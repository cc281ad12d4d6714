"""What is sent to a language model: text in the roles of a chat, and the start of its answer.

Knows nothing of tokens, templates of a model, or what the text is about.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question.

    Attributes:
        user: The user's turn.
        system: The system's turn; empty for none.
        prefill: The start of the assistant's turn, which the model continues (an opening code fence, say).
    """

    user: str
    system: str = ""
    prefill: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One supervised training sample: loss is taken on `completion` (and the end token) only.

    Attributes:
        recipe: Name of the learning task, for statistics and held-out figures.
        task_id: The task that it was made from (a synthetic task has an id of its own).
        prompt: The question; `prompt.prefill` belongs to the question, not to the completion.
        completion: The right continuation of `prompt.prefill`.
    """

    recipe: str
    task_id: str
    prompt: Prompt
    completion: str
